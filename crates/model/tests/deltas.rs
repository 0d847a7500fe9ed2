//! The law of the stream: a delta from a to b applied to the state at a gives the state at b, for every topic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

use model::cluster::{Cluster, ClusterStatus, Sync};
use model::graph::{
    Derivation, Edge, EdgeKey, End, Graph, Layer, Node, NodeState, Relation, SourceField, Status,
};
use model::level::Level;
use model::list::{Cell, ListWindow, Row};
use model::stream::{ClustersDelta, Delta, Format, Snapshot};
use model::{ClusterId, Health, NodeId, NodeKey};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn health() -> impl Strategy<Value = Health> {
    proptest::sample::select(Health::ALL.as_slice())
}

fn node() -> impl Strategy<Value = Node> {
    (0..20_u32, health(), "[a-z]{0,3}").prop_map(|(id, health, word)| Node {
        id: NodeId(id),
        key: NodeKey::new("Pod", Some("shop"), format!("pod-{id}")),
        api_version: "v1".into(),
        state: NodeState::Live,
        outside: false,
        uid: id.to_string(),
        created_at: None,
        labels: BTreeMap::from([("app".to_owned(), word.clone())]),
        status: Status {
            word,
            health,
            ..Status::default()
        },
        members: None,
    })
}

fn graph() -> impl Strategy<Value = Graph> {
    (
        vec(node(), 0..20),
        vec((0..20_u32, 0..20_u32, any::<bool>()), 0..40),
    )
        .prop_map(|(nodes, edges)| {
            let nodes: BTreeMap<NodeId, Node> = nodes.into_iter().map(|node| (node.id, node)).collect();
            let edges = edges
                .into_iter()
                .filter(|(a, b, _)| nodes.contains_key(&NodeId(*a)) && nodes.contains_key(&NodeId(*b)))
                .map(|(source, target, healthy)| {
                    let key = EdgeKey {
                        source: NodeId(source),
                        target: NodeId(target),
                        relation: Relation::Owns,
                    };
                    let edge = Edge {
                        key,
                        layer: Layer::Ownership,
                        healthy,
                        reason: None,
                        derivation: Derivation::Owner,
                        confidence: 1.0,
                        count: 1,
                        fields: vec![SourceField {
                            path: "metadata.ownerReferences[0]".into(),
                            on: End::Target,
                            default: false,
                        }],
                    };
                    (key, edge)
                })
                .collect();
            Graph {
                level: Level::Object,
                nodes,
                edges,
            }
        })
}

fn window() -> impl Strategy<Value = ListWindow> {
    (btree_map(0..20_u32, 0..3_i64, 0..20), any::<bool>(), 0..50_u32).prop_map(|(rows, reverse, extra)| {
        let mut rows: Vec<Row> = rows
            .into_iter()
            .map(|(id, restarts)| Row {
                id: NodeId(id),
                key: NodeKey::new("Pod", Some("shop"), format!("pod-{id}")),
                uid: id.to_string(),
                created_at: None,
                cells: vec![Cell::Number(restarts), Cell::None],
                health: Health::Healthy,
                reason: None,
                labels: BTreeMap::new(),
            })
            .collect();
        if reverse {
            rows.reverse();
        }
        ListWindow {
            columns: Vec::new(),
            namespaced: true,
            total: rows.len() as u32 + extra,
            matched: rows.len() as u32,
            rows,
        }
    })
}

fn cluster(id: &str, version: Option<String>) -> Cluster {
    Cluster {
        id: ClusterId::from(id),
        name: id.into(),
        context: id.into(),
        source: "in-cluster".into(),
        server: "https://127.0.0.1:6443".into(),
        status: ClusterStatus::Connecting,
        status_reason: None,
        version,
        stale_since: None,
        sync: Sync::default(),
        counts: None,
    }
}

/// Clusters of one registry order, some of them there.
fn clusters() -> impl Strategy<Value = Vec<Cluster>> {
    vec(proptest::option::of(proptest::option::of("v1\\.[0-9]")), 6).prop_map(|slots| {
        slots
            .into_iter()
            .enumerate()
            .filter_map(|(place, version)| Some(cluster(&format!("c{place}"), version?)))
            .collect()
    })
}

fn by_id(mut clusters: Vec<Cluster>) -> Vec<Cluster> {
    clusters.sort_by(|a, b| a.id.cmp(&b.id));
    clusters
}

/// Both sides hold the same after either wire form.
fn over_the_wire(before: Snapshot, delta: &Delta) -> Snapshot {
    let mut ends: Vec<Snapshot> = [Format::Binary, Format::Json]
        .into_iter()
        .map(|format| {
            let mut state: Snapshot = format.decode(&format.encode(&before).unwrap()).unwrap();
            assert!(state.apply(&format.decode(&format.encode(delta).unwrap()).unwrap()));
            state
        })
        .collect();
    assert_eq!(ends[0], ends[1]);
    ends.remove(0)
}

proptest! {
    #[test]
    fn graph_deltas_lead_to_the_later_graph(a in graph(), b in graph()) {
        let delta = a.diff(&b);
        prop_assert_eq!(delta.is_empty(), a == b);
        let end = over_the_wire(Snapshot::Graph(a), &Delta::Graph(delta));
        prop_assert_eq!(end, Snapshot::Graph(b));
    }

    #[test]
    fn list_deltas_lead_to_the_later_window(a in window(), b in window()) {
        match a.diff(&b) {
            None => prop_assert_eq!(a, b),
            Some(delta) => {
                let end = over_the_wire(Snapshot::List(a), &Delta::List(delta));
                prop_assert_eq!(end, Snapshot::List(b));
            }
        }
    }

    #[test]
    fn cluster_deltas_lead_to_the_later_registry(a in clusters(), b in clusters()) {
        match ClustersDelta::between(&a, &b) {
            None => prop_assert_eq!(a, b),
            Some(delta) => {
                let Snapshot::Clusters(end) = over_the_wire(Snapshot::Clusters(a), &Delta::Clusters(delta)) else {
                    panic!("a clusters snapshot stays one")
                };
                prop_assert_eq!(by_id(end), b);
            }
        }
    }
}

#[test]
fn a_delta_of_another_topic_is_refused() {
    let mut state = Snapshot::Clusters(vec![cluster("dev", None)]);
    let before = state.clone();
    assert!(!state.apply(&Delta::Graph(a_graph_delta())));
    assert_eq!(state, before);
    let mut graph = Snapshot::Graph(model::graph::Graph {
        level: Level::Namespace,
        ..Default::default()
    });
    assert!(!graph.apply(&Delta::Graph(a_graph_delta())), "of another level");
}

fn a_graph_delta() -> model::graph::GraphDelta {
    model::graph::GraphDelta {
        removed_nodes: vec![NodeId(1)],
        ..Default::default()
    }
}
