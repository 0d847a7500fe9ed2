//! The neighbourhood of one object.

use super::ViewError;
use super::scope::Scope;
use crate::change::{Change, EdgeChange, Extent};
use crate::state::State;
use model::graph::{Edge, EdgeKey, Graph, GraphDelta};
use model::level::Level;
use model::{NodeId, NodeKey};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};

/// A focus and what the view shows of its neighbourhood.
#[derive(Clone, Debug)]
pub(super) struct Focus {
    key: NodeKey,
    depth: u8,
    /// The nodes that the receiver has.
    members: FxHashSet<NodeId>,
}

impl Focus {
    pub(super) fn new(key: NodeKey, depth: u8) -> Self {
        Self {
            key,
            depth,
            members: FxHashSet::default(),
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn snapshot(&mut self, scope: &Scope, state: &State) -> Result<Graph, ViewError> {
        self.members = self.neighbourhood(scope, state);
        if self.members.is_empty() {
            return Err(ViewError::FocusNotFound(self.key.clone()));
        }
        let members = self.members.iter().filter_map(|id| state.node(*id));
        let nodes = members
            .map(|entry| (entry.id(), scope.node(state, entry)))
            .collect();
        let edges = self.members.iter().flat_map(|id| state.outgoing(*id));
        let edges = edges
            .filter(|(key, proof)| scope.has_layer(proof.layer) && self.members.contains(&key.target))
            .map(|(key, proof)| (key, proof.edge(key)))
            .collect();
        Ok(Graph {
            level: Level::Object,
            nodes,
            edges,
        })
    }

    pub(super) fn delta(&mut self, scope: &Scope, state: &State, change: &Change) -> GraphDelta {
        let touched = change.nodes().any(|(id, _)| self.members.contains(&id))
            || change
                .edges()
                .any(|(key, _)| self.members.contains(&key.source) || self.members.contains(&key.target))
            || (self.members.is_empty() && state.node_by_key(&self.key).is_some());
        if !touched {
            return GraphDelta::default();
        }
        let members = self.neighbourhood(scope, state);
        let before = std::mem::replace(&mut self.members, members);
        let after = &self.members;
        let mut delta = GraphDelta::default();
        for id in after {
            let Some(entry) = state.node(*id) else {
                continue;
            };
            match change.node(*id).map(|node| node.extent) {
                _ if !before.contains(id) => delta.nodes.push(scope.node(state, entry)),
                Some(Extent::Whole) => delta.nodes.push(scope.node(state, entry)),
                Some(Extent::Status) => delta.statuses.push((*id, entry.status(state))),
                _ => {}
            }
        }
        // The edges of who came and who left, as far as they are still there.
        let around = |id: &NodeId| {
            state
                .around(*id)
                .filter(|(_, proof)| scope.has_layer(proof.layer))
        };
        let both =
            |key: &EdgeKey, in_: &FxHashSet<NodeId>| in_.contains(&key.source) && in_.contains(&key.target);
        let mut edges: BTreeMap<EdgeKey, Edge> = after
            .difference(&before)
            .flat_map(around)
            .filter(|(key, _)| both(key, after))
            .map(|(key, proof)| (key, proof.edge(key)))
            .collect();
        let mut removed: BTreeSet<EdgeKey> = before
            .difference(after)
            .flat_map(around)
            .map(|(key, _)| key)
            .filter(|key| both(key, &before))
            .collect();
        delta.removed_nodes = before.difference(after).copied().collect();
        for (key, what) in change.edges() {
            match (what, state.proof(&key)) {
                (EdgeChange::Removed(layer), _) if scope.has_layer(layer) && both(&key, &before) => {
                    removed.insert(key);
                }
                (EdgeChange::Upserted, Some(proof)) if scope.has_layer(proof.layer) && both(&key, after) => {
                    edges.insert(key, proof.edge(key));
                }
                _ => {}
            }
        }
        delta.edges = edges.into_values().collect();
        delta.removed_edges = removed.into_iter().collect();
        delta.nodes.sort_by_key(|node| node.id);
        delta.statuses.sort_by_key(|(id, _)| *id);
        delta.removed_nodes.sort();
        delta
    }

    /// The nodes within reach of the focus; empty if it is not there.
    fn neighbourhood(&self, scope: &Scope, state: &State) -> FxHashSet<NodeId> {
        let Some(focus) = state.node_by_key(&self.key) else {
            return FxHashSet::default();
        };
        let mut members = FxHashSet::from_iter([focus.id()]);
        let mut edge_of_view = vec![focus.id()];
        for _ in 0..self.depth {
            let mut next = Vec::new();
            for id in edge_of_view {
                let around = state.around(id).filter(|(_, proof)| scope.has_layer(proof.layer));
                for end in around.flat_map(|(key, _)| [key.source, key.target]) {
                    if members.insert(end) {
                        next.push(end);
                    }
                }
            }
            edge_of_view = next;
        }
        members
    }
}
