//! Namespaces and layers: what is in a view without a focus.

use crate::change::{Change, EdgeChange, Extent, NodeChange};
use crate::facts::Key;
use crate::state::{Entry, State};
use crate::symbols::Sym;
use model::graph::{EdgeKey, Graph, GraphDelta, Layer, Node};
use model::{KindId, NodeId};
use std::collections::BTreeMap;

/// The namespaces and layers that a view asks for.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Sorted; empty for all.
    namespaces: Vec<String>,
    layers: Vec<Layer>,
}

/// What a delta says of one node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Say {
    Status,
    Whole,
    Removed,
}

impl Scope {
    pub(super) fn new(namespaces: &[String], layers: &[Layer]) -> Self {
        let mut namespaces = namespaces.to_vec();
        namespaces.sort();
        namespaces.dedup();
        let mut layers = layers.to_vec();
        if layers.is_empty() {
            layers.extend(Layer::ALL.into_iter().filter(|layer| *layer != Layer::Events));
        }
        Self { namespaces, layers }
    }

    /// The namespaces asked for; empty for all.
    pub(super) fn namespaces(&self) -> &[String] {
        &self.namespaces
    }

    pub(super) fn has_layer(&self, layer: Layer) -> bool {
        self.layers.contains(&layer)
    }

    /// Whether a namespace is one of those asked for. What has no namespace is in only if all are.
    pub(super) fn has(&self, namespace: Option<&Sym>) -> bool {
        self.namespaces.is_empty()
            || namespace.is_some_and(|namespace| {
                self.namespaces
                    .binary_search_by(|name| (**name).cmp(namespace))
                    .is_ok()
            })
    }

    /// Whether objects of a kind are drawn. Events only with their layer: there may be more of them than of all else.
    fn draws(&self, kind: KindId) -> bool {
        kind.get().kind != "Event" || self.has_layer(Layer::Events)
    }

    pub(super) fn contains(&self, key: &Key) -> bool {
        self.has(key.namespace.as_ref()) && self.draws(key.kind)
    }

    fn contained(&self, node: &NodeChange) -> bool {
        self.has(node.namespace.as_ref()) && self.draws(node.kind)
    }

    pub(super) fn node(&self, state: &State, entry: &Entry) -> Node {
        entry.node(state, !self.contains(entry.key()))
    }

    fn contains_id(&self, state: &State, id: NodeId) -> bool {
        state.node(id).is_some_and(|entry| self.contains(entry.key()))
    }

    /// The edges at a node that the view shows: of its layers, with an end inside.
    fn edges_at<'a>(&'a self, state: &'a State, entry: &'a Entry) -> impl Iterator<Item = EdgeKey> + 'a {
        let inside = self.contains(entry.key());
        let id = entry.id();
        state
            .around(id)
            .filter(|(_, proof)| self.has_layer(proof.layer))
            .map(|(key, _)| key)
            .filter(move |key| {
                let other = if key.source == id { key.target } else { key.source };
                inside || self.contains_id(state, other)
            })
    }

    pub(super) fn snapshot(&self, state: &State) -> Graph {
        let mut graph = Graph::default();
        let inside: Vec<&Entry> = if self.namespaces.is_empty() {
            state
                .nodes()
                .filter(|entry| self.draws(entry.key().kind))
                .collect()
        } else {
            state
                .kinds()
                .filter(|kind| self.draws(*kind))
                .flat_map(|kind| state.nodes_of(kind, &self.namespaces))
                .collect()
        };
        for entry in inside {
            graph.nodes.insert(entry.id(), self.node(state, entry));
            for (key, proof) in state.around(entry.id()) {
                if !self.has_layer(proof.layer) || graph.edges.contains_key(&key) {
                    continue;
                }
                graph.edges.insert(key, proof.edge(key));
                for end in [key.source, key.target] {
                    if let Some(entry) = state.node(end).filter(|entry| !self.contains(entry.key())) {
                        graph.nodes.entry(end).or_insert_with(|| self.node(state, entry));
                    }
                }
            }
        }
        graph
    }

    pub(super) fn delta(&self, state: &State, change: &Change) -> GraphDelta {
        let mut delta = GraphDelta::default();
        let mut say: BTreeMap<NodeId, Say> = BTreeMap::new();
        let mut more = |id, what: Say| {
            let said = say.entry(id).or_insert(what);
            *said = (*said).max(what);
        };
        let inside = |id: NodeId| match change.node(id) {
            Some(node) => self.contained(node),
            None => self.contains_id(state, id),
        };
        for (key, what) in change.edges() {
            let (source, target) = (inside(key.source), inside(key.target));
            if !source && !target {
                continue;
            }
            match what {
                EdgeChange::Removed(layer) if !self.has_layer(layer) => continue,
                EdgeChange::Removed(_) => delta.removed_edges.push(key),
                EdgeChange::Upserted => match state.proof(&key) {
                    Some(proof) if self.has_layer(proof.layer) => delta.edges.push(proof.edge(key)),
                    _ => continue,
                },
            }
            for (end, _) in [(key.source, source), (key.target, target)]
                .iter()
                .filter(|(_, inside)| !inside)
            {
                match state.node(*end).map(|entry| self.joined(state, change, entry)) {
                    Some(Joined::Before) => {}
                    Some(Joined::Now) => more(*end, Say::Whole),
                    Some(Joined::No) | None => more(*end, Say::Removed),
                }
            }
        }
        for (id, node) in change.nodes() {
            let what = match node.extent {
                Extent::Cells => continue,
                Extent::Status => Say::Status,
                Extent::Whole => Say::Whole,
                Extent::Removed => Say::Removed,
            };
            // A removed node outside was there by its edges, and those have been dealt with.
            let shown = self.contained(node)
                || state
                    .node(id)
                    .is_some_and(|entry| self.edges_at(state, entry).next().is_some());
            if shown {
                more(id, what);
            }
        }
        for (id, what) in say {
            match (what, state.node(id)) {
                (Say::Status, Some(entry)) => delta.statuses.push((id, entry.status(state))),
                (Say::Whole, Some(entry)) => delta.nodes.push(self.node(state, entry)),
                _ => delta.removed_nodes.push(id),
            }
        }
        delta
    }

    /// Whether a node outside is in the view, and whether it was before the change.
    fn joined(&self, state: &State, change: &Change, entry: &Entry) -> Joined {
        let edges = self.edges_at(state, entry);
        Joined::by(edges.map(|edge| change.edge(&edge).is_some()))
    }
}

/// Whether what lies outside is in a view, and whether it was before a change.
pub(super) enum Joined {
    No,
    Now,
    Before,
}

impl Joined {
    /// Told by the edges that join it, whether each of them changed: it was there before if one did not.
    pub(super) fn by(changed: impl Iterator<Item = bool>) -> Self {
        let mut joined = Self::No;
        for changed in changed {
            if !changed {
                return Self::Before;
            }
            joined = Self::Now;
        }
        joined
    }
}
