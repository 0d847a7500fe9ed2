//! A graph with a signal for each node: a change of one object's status renders that object.

use crate::state::feed::Store;
use leptos::prelude::*;
use model::graph::{Graph, GraphDelta, Node, Relation};
use model::stream::{Delta, Snapshot};
use model::{NodeId, NodeKey};
use std::collections::HashMap;

/// A graph that changes.
#[derive(Clone, Copy, Debug)]
pub struct LiveGraph {
    graph: StoredValue<Graph>,
    nodes: StoredValue<HashMap<NodeId, ArcRwSignal<Node>>>,
    touched: StoredValue<Vec<NodeId>>,
    /// Counts every change.
    pub version: RwSignal<u64>,
    /// Counts the changes of which nodes there are and of their edges.
    pub shape: RwSignal<u64>,
    /// Counts the changes of which nodes there are and who owns them.
    pub family: RwSignal<u64>,
}

impl Default for LiveGraph {
    fn default() -> Self {
        Self {
            graph: StoredValue::new(Graph::default()),
            nodes: StoredValue::new(HashMap::new()),
            touched: StoredValue::new(Vec::new()),
            version: RwSignal::default(),
            shape: RwSignal::default(),
            family: RwSignal::default(),
        }
    }
}

impl LiveGraph {
    /// A node, as a signal of its own.
    pub fn node(&self, id: NodeId) -> Option<ArcRwSignal<Node>> {
        self.nodes.with_value(|nodes| nodes.get(&id).cloned())
    }

    /// Reads the graph. Follows nothing: whoever wants to be told of changes reads one of the counters.
    pub fn with<T>(&self, read: impl FnOnce(&Graph) -> T) -> T {
        self.graph.with_value(read)
    }

    /// The node of an address.
    pub fn find(&self, key: &NodeKey) -> Option<NodeId> {
        self.with(|graph| {
            graph
                .nodes
                .values()
                .find(|node| node.key == *key)
                .map(|node| node.id)
        })
    }

    /// The nodes of which the status changed since the last call.
    pub fn take_touched(&self) -> Vec<NodeId> {
        self.touched.try_update_value(std::mem::take).unwrap_or_default()
    }

    fn sync(&self, ids: impl Iterator<Item = NodeId>) {
        for id in ids {
            let Some(node) = self.with(|graph| graph.nodes.get(&id).cloned()) else {
                continue;
            };
            match self
                .node(id)
                .filter(|signal| signal.with_untracked(|before| before.key == node.key))
            {
                Some(signal) => {
                    if signal.with_untracked(|before| *before != node) {
                        signal.set(node);
                    }
                }
                // New, or a number that another server (or another cluster) gave to another object.
                None => self.nodes.update_value(|nodes| {
                    nodes.insert(id, ArcRwSignal::new(node));
                }),
            }
        }
    }

    fn forget_the_removed(&self) {
        self.graph.with_value(|graph| {
            self.nodes
                .update_value(|nodes| nodes.retain(|id, _| graph.nodes.contains_key(id)));
        });
    }
}

fn count(counter: RwSignal<u64>) {
    counter.update(|count| *count += 1);
}

impl Store for LiveGraph {
    fn replace(&self, snapshot: Snapshot) {
        let Snapshot::Graph(graph) = snapshot else { return };
        let ids: Vec<NodeId> = graph.nodes.keys().copied().collect();
        self.graph.set_value(graph);
        self.sync(ids.into_iter());
        count(self.family);
        count(self.shape);
        count(self.version);
        self.forget_the_removed();
    }

    fn clear(&self) {
        self.replace(Snapshot::Graph(Graph::default()));
    }

    fn apply(&self, delta: &Delta) {
        let Delta::Graph(delta) = delta else { return };
        let (shape, family) = self.with(|graph| (changes_shape(graph, delta), changes_family(graph, delta)));
        self.graph.update_value(|graph| graph.apply(delta));
        self.touched.update_value(|touched| {
            touched.extend(delta.statuses.iter().map(|(id, _)| *id));
            touched.extend(delta.nodes.iter().map(|node| node.id));
        });
        self.sync(
            delta
                .nodes
                .iter()
                .map(|node| node.id)
                .chain(delta.statuses.iter().map(|(id, _)| *id)),
        );
        if family {
            count(self.family);
        }
        if shape {
            count(self.shape);
        }
        count(self.version);
        if family {
            self.forget_the_removed();
        }
    }
}

fn changes_shape(graph: &Graph, delta: &GraphDelta) -> bool {
    // A group, or an object with another label, is where it was.
    let stays = |node: &Node| {
        let before = graph.nodes.get(&node.id);
        before.is_some_and(|before| {
            (&before.key, before.state, before.outside) == (&node.key, node.state, node.outside)
        })
    };
    !(delta.nodes.iter().all(stays)
        && delta.removed_nodes.is_empty()
        && delta.edges.is_empty()
        && delta.removed_edges.is_empty())
}

fn changes_family(graph: &Graph, delta: &GraphDelta) -> bool {
    let owns = |relation| relation == Relation::Owns;
    !delta.removed_nodes.is_empty()
        || delta.nodes.iter().any(|node| {
            graph
                .nodes
                .get(&node.id)
                .is_none_or(|before| before.key != node.key)
        })
        || delta.edges.iter().any(|edge| owns(edge.key.relation))
        || delta.removed_edges.iter().any(|key| owns(key.relation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use model::Health;
    use model::graph::Status;

    fn counters(graph: &LiveGraph) -> (u64, u64, u64) {
        (
            graph.version.get_untracked(),
            graph.shape.get_untracked(),
            graph.family.get_untracked(),
        )
    }

    #[test]
    fn a_status_touches_one_node_and_no_shape() {
        Owner::new().with(|| {
            let live = LiveGraph::default();
            live.replace(Snapshot::Graph(fixture::graph()));
            let pod = live.find(&fixture::failing_pod()).unwrap();
            let (signal, before) = (live.node(pod).unwrap(), counters(&live));
            let status = Status {
                word: "Running".into(),
                health: Health::Healthy,
                ..Status::default()
            };
            let delta = GraphDelta {
                statuses: vec![(pod, status)],
                ..GraphDelta::default()
            };
            live.apply(&Delta::Graph(delta));
            assert_eq!(signal.with_untracked(|node| node.status.word.clone()), "Running");
            assert_eq!(counters(&live), (before.0 + 1, before.1, before.2));
            assert_eq!(live.take_touched(), [pod]);
            assert!(live.take_touched().is_empty());
        });
    }

    #[test]
    fn deltas_lead_to_the_same_graph_and_leave_no_signal_behind() {
        Owner::new().with(|| {
            let live = LiveGraph::default();
            let before = fixture::graph();
            let mut later = before.clone();
            let gone = later
                .nodes
                .values()
                .find(|node| node.key == fixture::failing_pod())
                .unwrap()
                .id;
            later.nodes.remove(&gone);
            later
                .edges
                .retain(|key, _| key.source != gone && key.target != gone);
            live.replace(Snapshot::Graph(before.clone()));
            live.apply(&Delta::Graph(before.diff(&later)));
            live.with(|graph| assert_eq!(*graph, later));
            assert!(live.node(gone).is_none());
            let (_, shape, family) = counters(&live);
            assert_eq!((shape, family), (2, 2));
        });
    }
}
