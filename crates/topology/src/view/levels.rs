//! Views from further away, by the same contract as [`GraphView`]: snapshots, and deltas that lead from one to the next.

use super::scope::Scope;
use super::{GraphView, ViewError};
use crate::change::Change;
use crate::query::QueryError;
use crate::state::State;
use model::graph::{Graph, GraphDelta, GraphQuery, Layer};
use model::level::{Groups, GroupsDelta, Level, Picture, PictureDelta};
use picture::{WHOLE, whole};

mod drawn;
mod picture;

pub(super) use picture::address;

/// How many nodes are shown as objects before they are shown as groups.
pub const NODE_BUDGET: u32 = 1_500;

/// A view of a cluster's graph at some level.
///
/// Groups of the namespaces asked for, the edges between them in the layers asked for, and the groups that those edges
/// lead to, marked as outside. Edges within a group are not shown. At the level of objects it is a [`GraphView`].
#[derive(Clone, Debug)]
pub struct LevelView {
    scope: Scope,
    objects: GraphView,
    /// `None`: the deepest within the budget.
    wanted: Option<Level>,
    budget: u32,
    /// What the receiver has.
    level: Level,
}

/// Where a receiver goes from the state that it has.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewStep {
    /// By a delta.
    Delta(GraphDelta),
    /// The level is another now: to the whole view.
    Whole(Graph),
}

/// Reads a `level` as the API takes it; `None` is `auto`.
pub fn parse_level(text: &str) -> Result<Option<Level>, QueryError> {
    if text == "auto" {
        return Ok(None);
    }
    let found = Level::ALL.into_iter().find(|level| level.word() == text);
    found.map(Some).ok_or_else(|| {
        let words = Level::ALL.map(Level::word).join(", ");
        QueryError::new("level", text, format!("one of auto, {words}"))
    })
}

impl LevelView {
    /// The view that a query asks for, at a level, or at the deepest at which the nodes inside are no more than `budget`
    /// ([`NODE_BUDGET`]). A focus is shown as objects.
    pub fn parse(query: &GraphQuery, level: Option<Level>, budget: u32) -> Result<Self, ViewError> {
        let wanted = match (query.focus.is_some(), level) {
            (true, None | Some(Level::Object)) => Some(Level::Object),
            (true, Some(level)) => return Err(ViewError::FocusLevel(level)),
            (false, level) => level,
        };
        Ok(Self {
            scope: Scope::new(&query.namespaces, &query.layers),
            objects: GraphView::parse(query)?,
            wanted,
            budget,
            level: wanted.unwrap_or(Level::Cluster),
        })
    }

    /// The level of the last snapshot or delta.
    pub fn level(&self) -> Level {
        self.level
    }

    /// True for a view whose focus is gone.
    pub fn is_gone(&self) -> bool {
        self.objects.is_gone()
    }

    /// The view of a state, whole. Deltas go on from here.
    pub fn snapshot(&mut self, state: &State) -> Result<Picture, ViewError> {
        self.level = self.choose(state);
        Ok(match self.level {
            Level::Object => Picture::Objects(self.objects.snapshot(state)?),
            Level::Cluster => Picture::Groups(Groups {
                groups: [(WHOLE, whole(state, &self.scope))].into(),
                ..Groups::default()
            }),
            level => Picture::Groups(self.groups(state, level)),
        })
    }

    /// What changed in the view; `None` if nothing did. See [`GraphView::delta`].
    pub fn delta(&mut self, state: &State, change: &Change) -> Option<PictureDelta> {
        if self.choose(state) != self.level {
            return self.snapshot(state).ok().map(PictureDelta::Replaced);
        }
        if self.level == Level::Object {
            return self.objects.delta(state, change).map(PictureDelta::Objects);
        }
        let delta = match self.level {
            Level::Cluster => self.whole_delta(state, change),
            level => self.scope.groups_delta(state, change, level),
        };
        (!delta.is_empty()).then_some(PictureDelta::Groups(delta))
    }

    /// The level to show. Cost: the namespaces.
    fn choose(&self, state: &State) -> Level {
        if let Some(level) = self.wanted {
            return level;
        }
        let (mut nodes, mut applications, mut namespaces) = (0_u32, 0_u32, 0_u32);
        let event = model::KindId::of("Event").filter(|_| self.scope.has_layer(Layer::Events));
        for (_, members) in state.groups().namespaces() {
            let namespace = members.key.namespace.as_ref();
            if !self.scope.has(namespace) {
                continue;
            }
            let events = event.map_or(0, |kind| state.tally(kind, namespace.map(|name| &**name)).objects);
            nodes = nodes.saturating_add(members.len()).saturating_add(events);
            applications = applications.saturating_add(members.applications);
            namespaces = namespaces.saturating_add(1);
        }
        [
            (Level::Object, nodes),
            (Level::Application, applications),
            (Level::Namespace, namespaces),
        ]
        .into_iter()
        .find(|(_, count)| *count <= self.budget)
        .map_or(Level::Cluster, |(level, _)| level)
    }

    fn groups(&self, state: &State, level: Level) -> Groups {
        let mut picture = Groups::default();
        for id in self.scope.groups(state, level) {
            picture
                .groups
                .extend(self.scope.group(state, id).map(|group| (id, group)));
            for edge in self.scope.sums_at(state, id) {
                for end in [edge.key.source, edge.key.target] {
                    if !self.scope.contains_group(state, end) {
                        picture
                            .groups
                            .extend(self.scope.group(state, end).map(|group| (end, group)));
                    }
                }
                picture.edges.insert(edge.key, edge);
            }
        }
        picture
    }

    fn whole_delta(&self, state: &State, change: &Change) -> GroupsDelta {
        let touched = change
            .groups()
            .any(|(_, group)| group.level == Level::Namespace && self.scope.has(group.namespace.as_ref()));
        GroupsDelta {
            groups: touched.then(|| whole(state, &self.scope)).into_iter().collect(),
            ..GroupsDelta::default()
        }
    }
}
