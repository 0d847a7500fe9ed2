//! Pictures: deterministic, aligned, without overlap, and quick.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

#[path = "scale/cluster.rs"]
mod cluster;

use model::graph::{EdgeKey, Graph, GraphQuery, Node, NodeState, Relation, Status};
use model::{Health, KindId, NodeId, NodeKey};
use proptest::prelude::*;
use std::collections::BTreeMap;
use topology::layout::{COLUMN_PITCH, NODE_HEIGHT, NODE_WIDTH, ROW_PITCH, layout, layout_seed};

fn node(id: u32, key: &str) -> Node {
    Node {
        id: NodeId(id),
        key: key.parse().unwrap(),
        api_version: "v1".to_owned(),
        state: NodeState::Live,
        outside: false,
        uid: String::new(),
        created_at: None,
        labels: BTreeMap::new(),
        status: Status::default(),
        members: None,
    }
}

fn edge(source: u32, relation: Relation, target: u32) -> model::graph::Edge {
    model::graph::Edge {
        key: EdgeKey {
            source: NodeId(source),
            target: NodeId(target),
            relation,
        },
        layer: model::graph::Layer::Network,
        healthy: true,
        reason: None,
        derivation: model::graph::Derivation::Reference,
        confidence: 1.0,
        fields: Vec::new(),
        count: 1,
    }
}

fn graph(nodes: Vec<Node>, edges: Vec<model::graph::Edge>) -> Graph {
    Graph {
        level: model::level::Level::Object,
        nodes: nodes.into_iter().map(|node| (node.id, node)).collect(),
        edges: edges.into_iter().map(|edge| (edge.key, edge)).collect(),
    }
}

/// An ingress to two services, each to a deployment's pod on one node, and a namespace with one ConfigMap.
fn shop() -> Graph {
    let keys = [
        "Ingress/shop/front",
        "Service/shop/api",
        "Service/shop/web",
        "Pod/shop/web-1",
        "Pod/shop/api-1",
        "ConfigMap/payments/settings",
        "Node/node-1",
    ];
    let nodes = keys.iter().zip(0..).map(|(key, id)| node(id, key)).collect();
    let edges = vec![
        edge(0, Relation::Routes, 1),
        edge(0, Relation::Routes, 2),
        edge(1, Relation::Selects, 4),
        edge(2, Relation::Selects, 3),
        edge(3, Relation::RunsOn, 6),
    ];
    graph(nodes, edges)
}

#[test]
fn the_signal_path_reads_from_left_to_right() {
    let graph = shop();
    let picture = layout(&graph);
    let at = |id: u32| picture.positions[&NodeId(id)];
    assert_eq!(
        at(1).x - at(0).x,
        COLUMN_PITCH,
        "a Service is one column after its Ingress"
    );
    assert_eq!(
        at(3).x - at(1).x,
        3.0 * COLUMN_PITCH,
        "a pod is three after a Service"
    );
    assert_eq!((at(1).x, at(3).x), (at(2).x, at(4).x));
    assert_eq!(
        (at(1).y, at(2).y),
        (at(4).y, at(3).y),
        "each pod is beside its Service"
    );
    let ids: Vec<&str> = picture.groups.iter().map(|group| group.id.as_str()).collect();
    assert_eq!(ids, ["namespace/payments", "namespace/shop", "cluster"]);
    let shop = &picture.groups[1];
    assert_eq!(
        (shop.node_count, shop.unhealthy, shop.label.as_str()),
        (5, 0, "shop")
    );
}

#[test]
fn a_node_stands_beside_what_leads_to_it() {
    let keys = ["Service/a/one", "Service/a/three", "Service/a/two", "Pod/a/two-1"];
    let nodes = keys.iter().zip(0..).map(|(key, id)| node(id, key)).collect();
    let picture = layout(&graph(nodes, vec![edge(2, Relation::Selects, 3)]));
    let at = |id: u32| picture.positions[&NodeId(id)];
    assert_eq!(at(3).y, at(2).y);
    assert!(at(3).y > at(0).y, "it is not moved up to the first row");
}

#[test]
fn a_full_column_does_not_grow_to_stand_beside_what_leads_to_it() {
    let services = (0..16).map(|id| node(id, &format!("Service/a/s{id:02}")));
    let pods = (16..32).map(|id| node(id, &format!("Pod/a/p{id:02}")));
    // Twelve pods beside their Services; four that all want to stand beside the last.
    let selects = (16..32).map(|id| edge(if id < 28 { id - 16 } else { 15 }, Relation::Selects, id));
    let picture = layout(&graph(services.chain(pods).collect(), selects.collect()));
    let mut rows: Vec<f32> = (16..32).map(|id| picture.positions[&NodeId(id)].y).collect();
    rows.sort_by(f32::total_cmp);
    assert!(
        rows.windows(2).all(|pair| pair[1] - pair[0] == ROW_PITCH),
        "{rows:?}"
    );
}

#[test]
fn health_moves_nothing_and_is_counted() {
    let before = shop();
    let mut after = before.clone();
    after.nodes.get_mut(&NodeId(3)).unwrap().status.health = Health::Unhealthy;
    assert_eq!(layout(&before).positions, layout(&after).positions);
    assert_eq!(layout(&after).groups[1].unhealthy, 1);
    assert_eq!(layout_seed(&before), layout_seed(&after));
}

#[test]
fn the_seed_is_over_addresses_and_edges_and_not_over_ids() {
    let mut renumbered = Graph::default();
    for (id, node) in shop().nodes {
        let id = NodeId(100 - id.0);
        renumbered.nodes.insert(id, Node { id, ..node });
    }
    for (key, edge) in shop().edges {
        let key = EdgeKey {
            source: NodeId(100 - key.source.0),
            target: NodeId(100 - key.target.0),
            ..key
        };
        renumbered.edges.insert(key, model::graph::Edge { key, ..edge });
    }
    assert_eq!(layout_seed(&shop()), layout_seed(&renumbered));
    let places = |graph: &Graph| -> BTreeMap<NodeKey, (u32, u32)> {
        let positions = layout(graph).positions;
        let place = |(id, at): (NodeId, topology::layout::Position)| {
            (graph.nodes[&id].key.clone(), (at.x.to_bits(), at.y.to_bits()))
        };
        positions.into_iter().map(place).collect()
    };
    assert_eq!(
        places(&shop()),
        places(&renumbered),
        "the same seed, the same picture"
    );
    let mut without = shop();
    without.edges.pop_first();
    assert_ne!(layout_seed(&shop()), layout_seed(&without));
    // printf 'Node/b\nPod/a/x\nPod/a/x|runs-on|Node/b\n' | sha256sum
    let small = graph(
        vec![node(0, "Pod/a/x"), node(1, "Node/b")],
        vec![edge(0, Relation::RunsOn, 1)],
    );
    assert_eq!(
        layout_seed(&small),
        "6281442f30a0949bcb1a02b8cd49112427735a5b67d4c5897157f7eb3df6fac9"
    );
}

#[test]
fn another_namespace_keeps_its_inner_picture() {
    let mut more = shop();
    more.nodes.insert(NodeId(50), node(50, "ConfigMap/payments/more"));
    let (before, after) = (layout(&shop()), layout(&more));
    let inner = |picture: &topology::layout::Layout, id: u32| {
        let at = picture.positions[&NodeId(id)];
        let corner = picture.groups[1].position;
        (at.x - corner.x, at.y - corner.y)
    };
    for id in 0..5 {
        assert_eq!(inner(&before, id), inner(&after, id));
    }
}

proptest! {
    #[test]
    fn nothing_overlaps_and_everything_is_in_its_box(
        nodes in prop::collection::btree_map((0..17_usize, 0..3_usize, 0..30_u8), any::<u16>(), 1..120),
        edges in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..200),
    ) {
        let kinds: Vec<KindId> = KindId::all().collect();
        let made: Vec<Node> = nodes
            .keys()
            .zip(0..)
            .map(|((kind, namespace, name), id)| {
                let kind = kinds[*kind].get();
                let name = format!("{namespace}{name}");
                match kind.namespaced {
                    true => node(id, &format!("{}/n{namespace}/{name}", kind.kind)),
                    false => node(id, &format!("{}/{name}", kind.kind)),
                }
            })
            .collect();
        let count = made.len();
        let edges = edges
            .iter()
            .map(|(a, b)| edge(a.index(count) as u32, Relation::Owns, b.index(count) as u32))
            .collect();
        let graph = graph(made, edges);
        let picture = layout(&graph);
        prop_assert_eq!(&picture, &layout(&graph));
        prop_assert_eq!(picture.positions.len(), count);
        let at: Vec<_> = picture.positions.iter().collect();
        for (place, (id, a)) in at.iter().enumerate() {
            for (_, b) in &at[..place] {
                let apart = (a.x - b.x).abs() >= NODE_WIDTH || (a.y - b.y).abs() >= NODE_HEIGHT;
                prop_assert!(apart, "{:?} and {:?}", a, b);
            }
            let group = topology::layout::group_of(&graph.nodes[id]);
            let own = picture.groups.iter().find(|own| own.id == group).unwrap();
            prop_assert!(a.x - NODE_WIDTH / 2.0 >= own.position.x);
            prop_assert!(a.y - NODE_HEIGHT / 2.0 >= own.position.y);
            prop_assert!(a.x + NODE_WIDTH / 2.0 <= own.position.x + own.width);
            prop_assert!(a.y + NODE_HEIGHT / 2.0 <= own.position.y + own.height);
        }
        for (place, a) in picture.groups.iter().enumerate() {
            // Sixteen rows hold as many nodes as are here.
            prop_assert!(a.height <= 88.0 + 15.0 * ROW_PITCH);
            prop_assert!(a.position.x + a.width <= picture.width && a.position.y + a.height <= picture.height);
            for b in &picture.groups[..place] {
                let apart = a.position.x >= b.position.x + b.width
                    || b.position.x >= a.position.x + a.width
                    || a.position.y >= b.position.y + b.height
                    || b.position.y >= a.position.y + a.height;
                prop_assert!(apart);
            }
        }
    }
}

/// `cargo test --release -p topology --test layout -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn ten_thousand_nodes() {
    let index = cluster::index(8_000);
    let mut view = topology::GraphView::parse(&GraphQuery::default()).unwrap();
    let graph = view.snapshot(&index.state()).unwrap();
    println!("{} nodes, {} edges", graph.nodes.len(), graph.edges.len());
    for _ in 0..5 {
        let start = cluster::processor_time();
        let picture = layout(&graph);
        let layout = cluster::processor_time() - start;
        let start = cluster::processor_time();
        layout_seed(&graph);
        println!(
            "layout {layout:?}, seed {:?}, {} x {}",
            cluster::processor_time() - start,
            picture.width,
            picture.height
        );
    }
}
