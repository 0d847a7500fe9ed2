//! Groups of objects as a state keeps them: namespaces and applications, and the edges between them, counted.

use super::Entry;
use super::write::in_two_passes;
use crate::application::Application;
use crate::symbols::Sym;
use imbl::{OrdMap, OrdSet};
use model::graph::{Layer, NodeState, Relation};
use model::level::{GroupEdgeKey, GroupId, Level};
use model::{Health, KindId, NodeId};
use std::sync::Arc;

/// What makes a group the group it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// Its namespace; `None` for what has none.
    pub namespace: Option<Sym>,
    /// The application; `None` for the whole namespace.
    pub application: Option<Application>,
}

impl GroupKey {
    /// Its level.
    pub fn level(&self) -> Level {
        match self.application {
            Some(_) => Level::Application,
            None => Level::Namespace,
        }
    }
}

/// The groups that a node is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub application: GroupId,
    pub namespace: GroupId,
}

impl Place {
    pub fn groups(self) -> [GroupId; 2] {
        [self.application, self.namespace]
    }
}

/// What is in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// The group.
    pub key: GroupKey,
    /// Live objects by kind, sorted; none is 0.
    pub counts: Vec<(KindId, u32)>,
    /// Live objects by own health, in the order of [`Health::ALL`].
    pub healths: [u32; 6],
    /// Places of objects that are not there.
    pub missing: u32,
    /// Places of objects of which nobody can say.
    pub hidden: u32,
    /// Nodes that are no objects.
    pub virtuals: u32,
    /// Of a namespace: its applications.
    pub applications: u32,
    /// What is worse than healthy: the worst.
    pub worst: Option<(Health, NodeId)>,
}

impl Members {
    fn new(key: GroupKey) -> Self {
        Self {
            key,
            counts: Vec::new(),
            healths: [0; 6],
            missing: 0,
            hidden: 0,
            virtuals: 0,
            applications: 0,
            worst: None,
        }
    }

    /// The nodes in it, live or not.
    pub fn len(&self) -> u32 {
        self.healths.iter().sum::<u32>() + self.missing + self.hidden + self.virtuals
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The worst health in it; unknown if it has no live object.
    pub fn health(&self) -> Health {
        let mut well = Health::ALL.into_iter().zip(self.healths).rev();
        match self.worst {
            Some((worst, _)) => worst,
            None => well
                .find(|(_, count)| *count > 0)
                .map_or(Health::Unknown, |(health, _)| health),
        }
    }

    /// Counts a node in, or out.
    pub(crate) fn count(&mut self, entry: &Entry, by: i32) {
        let add = |count: &mut u32| *count = count.saturating_add_signed(by);
        match entry.state() {
            NodeState::Missing => return add(&mut self.missing),
            NodeState::Hidden => return add(&mut self.hidden),
            NodeState::Virtual => return add(&mut self.virtuals),
            // A group is no entry of its own.
            NodeState::Live | NodeState::Group => {}
        }
        let (kind, health) = (entry.key().kind, entry.health());
        if let Some(place) = Health::ALL.iter().position(|own| *own == health)
            && let Some(count) = self.healths.get_mut(place)
        {
            add(count);
        }
        match self.counts.binary_search_by_key(&kind, |(own, _)| *own) {
            Ok(place) => {
                if let Some((_, count)) = self.counts.get_mut(place) {
                    add(count);
                    if *count == 0 {
                        self.counts.remove(place);
                    }
                }
            }
            Err(place) => self.counts.insert(place, (kind, by.unsigned_abs())),
        }
    }
}

/// How many edges lead from the objects of one group to those of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// All of them.
    pub edges: u32,
    /// Those that are broken.
    pub unhealthy: u32,
}

/// The groups of a state.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    members: OrdMap<GroupId, Arc<Members>>,
    ids: OrdMap<GroupKey, GroupId>,
    sums: OrdMap<GroupEdgeKey, Sum>,
    /// The sums by target.
    reverse: OrdSet<(GroupId, GroupEdgeKey)>,
}

impl Groups {
    /// A group.
    pub fn members(&self, id: GroupId) -> Option<&Members> {
        self.members.get(&id).map(|members| &**members)
    }

    /// The groups of a level, by namespace: of one, or of all and of none.
    pub fn of<'g>(
        &'g self,
        level: Level,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = (GroupId, &'g Members)> {
        let one = namespace.map(Sym::from);
        let start = GroupKey {
            namespace: one.clone(),
            application: None,
        };
        self.ids
            .range(start..)
            .take_while(move |(key, _)| one.is_none() || key.namespace == one)
            .filter(move |(key, _)| key.level() == level)
            .filter_map(|(_, id)| Some((*id, self.members(*id)?)))
    }

    /// The namespaces, each as a group, and what has none. Cost: them, not their applications.
    pub fn namespaces(&self) -> impl Iterator<Item = (GroupId, &Members)> {
        let mut from = None;
        std::iter::from_fn(move || {
            let start = GroupKey {
                namespace: from.clone(),
                application: None,
            };
            let (key, id) = self.ids.range(start..).next()?;
            // The least text after this one.
            let name = key.namespace.as_deref();
            let after = name.map_or(String::new(), |name| format!("{name}\0"));
            from = Some(Sym::from(after.as_str()));
            Some((*id, self.members(*id)?))
        })
    }

    /// What is counted of an edge between groups.
    pub fn sum(&self, key: &GroupEdgeKey) -> Option<Sum> {
        self.sums.get(key).copied()
    }

    /// The edges at a group, in both directions. Cost: those edges.
    pub fn around(&self, id: GroupId) -> impl Iterator<Item = (GroupEdgeKey, Sum)> {
        let first = |source, target| GroupEdgeKey {
            source,
            target,
            relation: Relation::Owns,
            layer: Layer::Ownership,
        };
        let outgoing = self
            .sums
            .range(first(id, GroupId(0))..)
            .take_while(move |(key, _)| key.source == id)
            .map(|(key, sum)| (*key, *sum));
        let incoming = self
            .reverse
            .range((id, first(GroupId(0), GroupId(0)))..)
            .take_while(move |(target, _)| *target == id)
            .filter_map(|(_, key)| Some((*key, self.sum(key)?)));
        outgoing.chain(incoming)
    }

    pub(crate) fn id(&self, key: &GroupKey) -> Option<GroupId> {
        self.ids.get(key).copied()
    }

    pub(crate) fn add(&mut self, id: GroupId, key: GroupKey) {
        self.ids.insert(key.clone(), id);
        self.members.insert(id, Arc::new(Members::new(key)));
    }

    pub(crate) fn take(&mut self, id: GroupId) -> Option<Arc<Members>> {
        let members = self.members.remove(&id)?;
        self.ids.remove(&members.key);
        Some(members)
    }

    /// See [`State::pack`](super::State::pack).
    pub(super) fn pack(&mut self) {
        self.members = in_two_passes(|| self.members.iter().map(|(id, members)| (*id, members.clone())));
        self.ids = in_two_passes(|| self.ids.iter().map(|(key, id)| (key.clone(), *id)));
        self.sums = in_two_passes(|| self.sums.iter().map(|(key, sum)| (*key, *sum)));
        self.reverse = in_two_passes(|| self.reverse.iter().copied());
    }

    pub(crate) fn members_mut(&mut self, id: GroupId) -> Option<&mut Members> {
        self.members.get_mut(&id).map(Arc::make_mut)
    }

    /// Counts an edge in, or out.
    pub(crate) fn count(&mut self, key: GroupEdgeKey, healthy: bool, by: i32) {
        let mut sum = self.sum(&key).unwrap_or_default();
        if sum.edges == 0 {
            self.reverse.insert((key.target, key));
        }
        sum.edges = sum.edges.saturating_add_signed(by);
        if !healthy {
            sum.unhealthy = sum.unhealthy.saturating_add_signed(by);
        }
        if sum.edges == 0 {
            self.sums.remove(&key);
            self.reverse.remove(&(key.target, key));
        } else {
            self.sums.insert(key, sum);
        }
    }
}
