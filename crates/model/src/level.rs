//! The graph from further away: groups of objects in place of objects, with true counts, the worst health and the edges
//! between groups, counted.

use crate::graph::{Graph, GraphDelta, Layer, OwnedHealth, Relation, values};
use crate::{Health, NodeKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far away the graph is seen from, far first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// One group.
    Cluster,
    /// A group for each namespace, and one for what has none.
    Namespace,
    /// A group for each application of a namespace.
    Application,
    /// Objects.
    #[default]
    Object,
}

impl Level {
    /// All levels, far first.
    pub const ALL: [Level; 4] = [
        Level::Cluster,
        Level::Namespace,
        Level::Application,
        Level::Object,
    ];

    /// The level's word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Level::Cluster => "cluster",
            Level::Namespace => "namespace",
            Level::Application => "application",
            Level::Object => "object",
        }
    }
}

/// What a group of objects has: on the node that stands for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Members {
    /// Objects by kind; Events are not counted.
    pub counts: BTreeMap<String, u32>,
    /// Objects by their own health.
    pub healths: BTreeMap<Health, u32>,
    /// Places of objects that are named and not there.
    pub missing: u32,
    /// Places of objects of which nobody can say.
    pub hidden: u32,
    /// What an application's instance is part of.
    pub part_of: Option<String>,
    /// The object at the root of the owners, where nothing else says what the objects are part of.
    pub root: Option<NodeKey>,
}

impl Members {
    /// How many objects.
    pub fn objects(&self) -> u32 {
        self.counts.values().sum()
    }

    /// How many of them are unhealthy themselves.
    pub fn unhealthy(&self) -> u32 {
        self.healths.get(&Health::Unhealthy).copied().unwrap_or_default()
    }
}

/// A group of one cluster. Dense, and never given to another group while the engine runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(pub u32);

/// A group of objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Its number, for edges and deltas.
    pub id: GroupId,
    /// Its address: `Cluster/all`, `Namespace/shop`, `Cluster/none` for what has no namespace,
    /// `Application/shop/cart`. The name of an application is that of its instance, `part-of/instance` where the
    /// instance is part of something larger, or `Kind:name` of the object at the root of the owners.
    pub key: NodeKey,
    /// Its level.
    pub level: Level,
    /// What is written on it.
    pub name: String,
    /// What its instance is part of.
    pub part_of: Option<String>,
    /// The object at the root of the owners, where nothing else says what the objects are part of.
    pub root: Option<NodeKey>,
    /// True if it lies outside the namespaces asked for and is here because an edge leads to it.
    pub outside: bool,
    /// Objects by kind; Events are not counted.
    pub counts: BTreeMap<String, u32>,
    /// Objects by their own health.
    pub healths: BTreeMap<Health, u32>,
    /// Places of objects that are named and not there.
    pub missing: u32,
    /// Places of objects of which nobody can say.
    pub hidden: u32,
    /// The worst health among its objects and what they own; unknown if it has none.
    pub health: Health,
    /// The object that is worse than healthy, and why; of several the worst.
    pub worst: Option<OwnedHealth>,
}

/// What makes an edge between groups the edge it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupEdgeKey {
    /// The group that has the sources.
    pub source: GroupId,
    /// The group that has the targets; another.
    pub target: GroupId,
    /// How.
    pub relation: Relation,
    /// The family.
    pub layer: Layer,
}

/// The edges of one relation and layer from the objects of one group to those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupEdge {
    /// Its ends, relation and layer.
    pub key: GroupEdgeKey,
    /// How many edges; never 0.
    pub edges: u32,
    /// How many of them are broken.
    pub unhealthy: u32,
}

/// A state of the graph, or of a view of it, as groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Groups {
    /// The groups.
    #[serde(with = "values")]
    pub groups: BTreeMap<GroupId, Group>,
    /// The edges. Both ends of each are in `groups`.
    #[serde(with = "values")]
    pub edges: BTreeMap<GroupEdgeKey, GroupEdge>,
}

/// What turns one state of the groups into a later one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupsDelta {
    /// Groups that are new or changed.
    pub groups: Vec<Group>,
    /// Groups that are gone. One that the receiver does not have is passed over.
    pub removed_groups: Vec<GroupId>,
    /// Edges that are new or changed.
    pub edges: Vec<GroupEdge>,
    /// Edges that are gone. One that the receiver does not have is passed over.
    pub removed_edges: Vec<GroupEdgeKey>,
}

/// A view at any level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Picture {
    /// At [`Level::Object`].
    Objects(Graph),
    /// At any other.
    Groups(Groups),
}

/// What turns one state of a view at any level into a later one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PictureDelta {
    /// Of objects.
    Objects(GraphDelta),
    /// Of groups.
    Groups(GroupsDelta),
    /// The level is another now: the whole view.
    Replaced(Picture),
}

impl GroupsDelta {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
            && self.removed_groups.is_empty()
            && self.edges.is_empty()
            && self.removed_edges.is_empty()
    }
}

impl Groups {
    /// Applies a delta. Cost: in proportion to the delta, times the logarithm of the groups.
    pub fn apply(&mut self, delta: &GroupsDelta) {
        for key in &delta.removed_edges {
            self.edges.remove(key);
        }
        for id in &delta.removed_groups {
            self.groups.remove(id);
        }
        for group in &delta.groups {
            self.groups.insert(group.id, group.clone());
        }
        for edge in &delta.edges {
            self.edges.insert(edge.key, *edge);
        }
    }
}

impl Picture {
    /// Applies a delta. One of another level than the view's changes nothing and answers false.
    pub fn apply(&mut self, delta: &PictureDelta) -> bool {
        match (self, delta) {
            (Self::Objects(graph), PictureDelta::Objects(delta)) => graph.apply(delta),
            (Self::Groups(groups), PictureDelta::Groups(delta)) => groups.apply(delta),
            (picture, PictureDelta::Replaced(by)) => picture.clone_from(by),
            _ => return false,
        }
        true
    }
}

impl values::Keyed for Group {
    type Key = GroupId;
    fn key(&self) -> GroupId {
        self.id
    }
}

impl values::Keyed for GroupEdge {
    type Key = GroupEdgeKey;
    fn key(&self) -> GroupEdgeKey {
        self.key
    }
}
