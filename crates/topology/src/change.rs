//! What changed between two states: ids only. What they are is read from the later state.

use crate::state::GroupKey;
use crate::symbols::Sym;
use model::graph::{EdgeKey, Layer};
use model::level::{GroupEdgeKey, GroupId, Level};
use model::{KindId, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// What changed from one state to a later one.
///
/// It may name something that is as it was (changed and changed back) or a removal of what the earlier state did not
/// have (added and removed); it never leaves out a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    nodes: BTreeMap<NodeId, NodeChange>,
    edges: BTreeMap<EdgeKey, EdgeChange>,
    groups: BTreeMap<GroupId, GroupChange>,
    sums: BTreeSet<GroupEdgeKey>,
}

/// What changed of a group. The place is kept because the later state does not have a group that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupChange {
    /// Its level.
    pub level: Level,
    /// Its namespace.
    pub namespace: Option<Sym>,
    /// It is gone.
    pub removed: bool,
}

/// What changed of a node. The place is kept because the later state does not have a node that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeChange {
    /// Its kind.
    pub kind: KindId,
    /// Its namespace.
    pub namespace: Option<Sym>,
    /// How much of it changed.
    pub extent: Extent,
}

/// How much of a node changed; of two changes the later or larger one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Cells of its row.
    Cells,
    /// Its status, and cells perhaps.
    Status,
    /// It is new, or more than the status changed.
    Whole,
    /// It is gone.
    Removed,
}

/// What happened to an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeChange {
    /// It is new, or its proof changed.
    Upserted,
    /// It is gone; the layer it was in.
    Removed(Layer),
}

impl Change {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.edges.is_empty()
    }

    /// The nodes that changed, by id.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &NodeChange)> {
        self.nodes.iter().map(|(id, change)| (*id, change))
    }

    /// What changed of a node.
    pub fn node(&self, id: NodeId) -> Option<&NodeChange> {
        self.nodes.get(&id)
    }

    /// The edges that changed, by key.
    pub fn edges(&self) -> impl Iterator<Item = (EdgeKey, EdgeChange)> {
        self.edges.iter().map(|(key, change)| (*key, *change))
    }

    /// What happened to an edge.
    pub fn edge(&self, key: &EdgeKey) -> Option<EdgeChange> {
        self.edges.get(key).copied()
    }

    /// The groups that changed, by id.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, &GroupChange)> {
        self.groups.iter().map(|(id, change)| (*id, change))
    }

    /// What changed of a group.
    pub fn group(&self, id: GroupId) -> Option<&GroupChange> {
        self.groups.get(&id)
    }

    /// The edges between groups that changed, came or went, at all levels.
    pub fn sums(&self) -> impl Iterator<Item = GroupEdgeKey> {
        self.sums.iter().copied()
    }

    /// Whether an edge between groups changed.
    pub fn has_sum(&self, key: &GroupEdgeKey) -> bool {
        self.sums.contains(key)
    }

    /// Whether an object of the kind changed, in one of the namespaces (empty for all).
    pub fn touches(&self, kind: KindId, namespaces: &[String]) -> bool {
        let within = |namespace: Option<&Sym>| {
            namespaces.is_empty()
                || namespace.is_some_and(|namespace| namespaces.iter().any(|name| **name == **namespace))
        };
        self.nodes
            .values()
            .any(|change| change.kind == kind && within(change.namespace.as_ref()))
    }

    /// Adds what changed after this: the change from a to b and the one from b to c become the one from a to c.
    pub fn merge(&mut self, later: &Change) {
        for (id, change) in &later.nodes {
            self.touch(*id, change.kind, change.namespace.as_ref(), change.extent);
        }
        self.edges
            .extend(later.edges.iter().map(|(key, change)| (*key, *change)));
        let groups = later.groups.iter();
        self.groups
            .extend(groups.map(|(id, change)| (*id, change.clone())));
        self.sums.extend(&later.sums);
    }

    pub(crate) fn touch_group(&mut self, id: GroupId, key: &GroupKey, removed: bool) {
        let change = GroupChange {
            level: key.level(),
            namespace: key.namespace.clone(),
            removed,
        };
        self.groups.insert(id, change);
    }

    pub(crate) fn touch_sum(&mut self, key: GroupEdgeKey) {
        self.sums.insert(key);
    }

    pub(crate) fn touch(&mut self, id: NodeId, kind: KindId, namespace: Option<&Sym>, extent: Extent) {
        let change = self.nodes.entry(id).or_insert_with(|| NodeChange {
            kind,
            namespace: namespace.cloned(),
            extent,
        });
        // Ids are never given twice, so nothing comes after a removal and the larger extent is also the later one.
        change.extent = change.extent.max(extent);
    }

    pub(crate) fn touch_edge(&mut self, key: EdgeKey, change: EdgeChange) {
        self.edges.insert(key, change);
    }
}
