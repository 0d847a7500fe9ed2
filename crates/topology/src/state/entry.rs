//! A node as a state keeps it.

use super::{Place, State};
use crate::facts::{Facts, Key, Labels};
use model::graph::{Node, NodeState, OwnedHealth, Status};
use model::list::Row;
use model::{Health, NodeId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A node as a state keeps it: an object's facts, or the place of an object that is named and not there.
///
/// Its id stands for one life of the address: the time in which it has one UID, or in which it is absent. An object that
/// is made where one was missing, or deleted while others still name it, changes the id.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    id: NodeId,
    body: Body,
    owned: Option<Owned>,
    place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq)]
enum Body {
    Live(Arc<Facts>),
    /// With the number of edges that are broken because it is not there.
    Absent {
        key: Arc<Key>,
        hidden: bool,
        broken: u32,
    },
    Virtual {
        key: Arc<Key>,
    },
}

/// The worst health among what a node owns. Of equally bad ones the furthest down the signal path, then the one known
/// longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The worst.
    pub health: Health,
    /// The object that has it.
    pub cause: NodeId,
    /// How far down the signal path that is.
    pub(crate) rank: u8,
}

impl Entry {
    pub(crate) fn live(id: NodeId, facts: Arc<Facts>) -> Self {
        Self {
            id,
            body: Body::Live(facts),
            owned: None,
            place: None,
        }
    }

    /// The place of an object that is not there; `hidden` if it cannot be known whether it is. What is no object is
    /// neither.
    pub(crate) fn absent(id: NodeId, key: Key, hidden: bool) -> Self {
        let (is_virtual, key) = (key.kind.is_virtual(), Arc::new(key));
        Self {
            id,
            body: if is_virtual {
                Body::Virtual { key }
            } else {
                let broken = 0;
                Body::Absent { key, hidden, broken }
            },
            owned: None,
            place: None,
        }
    }

    pub(crate) fn with_place(&self, place: Option<Place>) -> Self {
        Self {
            place,
            ..self.clone()
        }
    }

    /// The groups it is in; `None` before the end of the event that brought it, and for Events.
    pub(crate) fn place(&self) -> Option<Place> {
        self.place
    }

    pub(crate) fn with_facts(&self, facts: Arc<Facts>) -> Self {
        Self {
            body: Body::Live(facts),
            ..self.clone()
        }
    }

    pub(crate) fn with_owned(&self, owned: Option<Owned>) -> Self {
        Self {
            owned,
            ..self.clone()
        }
    }

    /// The same place, of an object that is absent, with what is known of whether it may exist.
    pub(crate) fn with_hidden(&self, hidden: bool) -> Self {
        let mut entry = self.clone();
        if let Body::Absent { hidden: own, .. } = &mut entry.body {
            *own = hidden;
        }
        entry
    }

    /// The same with one broken edge more or fewer; `None` of what is there, or is no object.
    pub(crate) fn with_broken(&self, more: bool) -> Option<Self> {
        let mut entry = self.clone();
        let Body::Absent { broken, .. } = &mut entry.body else {
            return None;
        };
        *broken = if more {
            *broken + 1
        } else {
            broken.saturating_sub(1)
        };
        Some(entry)
    }

    /// Whether something is broken because it is not there.
    pub(crate) fn is_lacking(&self) -> bool {
        matches!(
            self.body,
            Body::Absent {
                hidden: false,
                broken: 1..,
                ..
            }
        )
    }

    /// Its number.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Its address.
    pub fn key(&self) -> &Key {
        match &self.body {
            Body::Live(facts) => &facts.key,
            Body::Absent { key, .. } | Body::Virtual { key } => key,
        }
    }

    /// What is kept of the object; `None` if it is not there.
    pub fn facts(&self) -> Option<&Facts> {
        self.shared_facts().map(|facts| &**facts)
    }

    pub(crate) fn shared_facts(&self) -> Option<&Arc<Facts>> {
        match &self.body {
            Body::Live(facts) => Some(facts),
            Body::Absent { .. } | Body::Virtual { .. } => None,
        }
    }

    /// Whether it exists.
    pub fn state(&self) -> NodeState {
        match &self.body {
            Body::Live(_) => NodeState::Live,
            Body::Absent { hidden: true, .. } => NodeState::Hidden,
            Body::Absent { hidden: false, .. } => NodeState::Missing,
            Body::Virtual { .. } => NodeState::Virtual,
        }
    }

    /// Its own health; unknown if it is not there.
    pub fn health(&self) -> Health {
        self.facts().map_or(Health::Unknown, |facts| facts.status.health)
    }

    /// The worst health among what it owns; `None` if it owns nothing.
    pub fn owned(&self) -> Option<Owned> {
        self.owned
    }

    /// The node as it travels, read in the state that has it.
    pub fn node(&self, state: &State, outside: bool) -> Node {
        let facts = self.facts();
        Node {
            id: self.id,
            key: self.key().node_key(),
            api_version: state.api_version(self.key().kind),
            state: self.state(),
            outside,
            uid: facts.map(|facts| facts.uid.to_string()).unwrap_or_default(),
            created_at: facts.and_then(|facts| facts.created),
            labels: facts.map(|facts| label_map(&facts.labels)).unwrap_or_default(),
            status: self.status(state),
            members: None,
        }
    }

    /// Its status as it travels, read in the state that has it.
    pub fn status(&self, state: &State) -> Status {
        let owned = self.owned.and_then(|owned| {
            let cause = state.node(owned.cause)?;
            Some(OwnedHealth {
                health: owned.health,
                reason: cause
                    .facts()
                    .and_then(|facts| facts.status.reason.as_ref())
                    .map(ToString::to_string),
                cause: cause.key().node_key(),
            })
        });
        let Some(facts) = self.facts() else {
            return Status {
                health: if self.is_lacking() {
                    Health::Unhealthy
                } else {
                    Health::Unknown
                },
                owned,
                ..Status::default()
            };
        };
        let own = &facts.status;
        Status {
            word: own.word.to_string(),
            health: own.health,
            reason: own.reason.as_ref().map(ToString::to_string),
            owned,
            restarts: own.restarts,
            replicas: own.replicas,
        }
    }

    /// The object's row; `None` if it is not there.
    pub fn row(&self) -> Option<Row> {
        let facts = self.facts()?;
        Some(Row {
            id: self.id,
            key: facts.key.node_key(),
            uid: facts.uid.to_string(),
            created_at: facts.created,
            cells: facts.cells.unpack(),
            health: facts.status.health,
            reason: facts.status.reason.as_ref().map(ToString::to_string),
            labels: label_map(&facts.labels),
        })
    }
}

fn label_map(labels: &Labels) -> BTreeMap<String, String> {
    labels
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}
