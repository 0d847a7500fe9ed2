//! What is in a view, and what is not sent to one.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "scale/cluster.rs"]
mod cluster;

use model::graph::{Graph, GraphQuery, Layer};
use model::{ApiError, ErrorCode, NodeKey};
use topology::{GraphView, Index, ViewError};

fn query(namespaces: &[&str]) -> GraphQuery {
    GraphQuery {
        namespaces: namespaces.iter().map(ToString::to_string).collect(),
        ..GraphQuery::default()
    }
}

fn focus(key: &str, depth: u8) -> GraphQuery {
    GraphQuery {
        focus: Some(key.parse().unwrap()),
        depth,
        ..GraphQuery::default()
    }
}

fn view(index: &Index, query: &GraphQuery) -> (GraphView, Graph) {
    let mut view = GraphView::parse(query).unwrap();
    let graph = view.snapshot(&index.state()).unwrap();
    (view, graph)
}

fn upsert(index: &mut Index, pod: &serde_json::Value) {
    let facts = cluster::read("Pod", pod, index.symbols());
    index.upsert(facts);
}

fn keys(graph: &Graph, outside: bool) -> Vec<String> {
    let nodes = graph.nodes.values().filter(|node| node.outside == outside);
    let mut keys: Vec<String> = nodes.map(|node| node.key.to_string()).collect();
    keys.sort();
    keys
}

#[test]
fn a_namespace_view_has_what_its_edges_reach_marked_as_outside() {
    let index = cluster::index(510);
    let (_, graph) = view(&index, &query(&["team-1"]));
    assert_eq!(keys(&graph, true), ["Node/node-10"]);
    assert_eq!(
        graph.nodes.len(),
        10 + 7 + 1,
        "ten pods, what belongs to them, and their node"
    );
    let (_, owners) = view(
        &index,
        &GraphQuery {
            layers: vec![Layer::Ownership],
            ..query(&["team-1"])
        },
    );
    assert!(
        keys(&owners, true).is_empty(),
        "no edge of the layer leads to the node"
    );
    assert_eq!(owners.nodes.len(), 17, "those inside need no edge");
    assert_eq!(owners.edges.len(), 11);
}

#[test]
fn what_happens_elsewhere_is_not_sent() {
    let mut index = cluster::index(510);
    let (mut team, _) = view(&index, &query(&["team-1"]));
    let (mut near, _) = view(&index, &focus("ReplicaSet/team-1/app-50-7c5b8d9f6", 1));
    index.take_change();
    let pod = cluster::read("Pod", &cluster::pod(3, 0), index.symbols());
    index.remove(pod.key.kind, Some("team-0"), &pod.key.name, None);
    upsert(&mut index, &cluster::pod(4, 2));
    let (state, change) = (index.state(), index.take_change());
    assert!(change.nodes().count() > 2);
    assert_eq!(team.delta(&state, &change), None);
    assert_eq!(near.delta(&state, &change), None);
    // One that is made again on a node that the view has: the node is not sent again.
    index.remove(pod.key.kind, Some("team-1"), "app-50-7c5b8d9f6-505", None);
    upsert(&mut index, &cluster::pod(505, 0));
    let delta = team.delta(&index.state(), &index.take_change()).unwrap();
    let sent: Vec<String> = delta.nodes.iter().map(|node| node.key.to_string()).collect();
    assert_eq!(sent, ["Pod/team-1/app-50-7c5b8d9f6-505"]);
}

#[test]
fn cells_alone_do_not_reach_a_graph() {
    let mut index = cluster::index(20);
    let (mut all, _) = view(&index, &query(&[]));
    index.take_change();
    let mut pod = cluster::pod(3, 0);
    pod["status"]["podIPs"][0]["ip"] = "10.9.9.9".into();
    upsert(&mut index, &pod);
    let change = index.take_change();
    assert!(!change.is_empty(), "its row changed");
    assert_eq!(all.delta(&index.state(), &change), None);
}

#[test]
fn a_focus_shows_its_neighbourhood() {
    let index = cluster::index(20);
    let (_, one) = view(&index, &focus("Service/team-0/app-1", 1));
    assert_eq!(one.nodes.len(), 12, "ten pods, the slice and the Service");
    assert_eq!(
        one.edges.len(),
        21,
        "the edges between the slice and the pods too"
    );
    let (_, two) = view(&index, &focus("Service/team-0/app-1", 2));
    assert!(two.nodes.len() > one.nodes.len());
}

#[test]
fn a_focus_that_goes_takes_the_view_with_it_and_brings_it_back() {
    let mut index = cluster::index(20);
    let (mut near, mut graph) = view(&index, &focus("Deployment/team-0/app-1", 2));
    index.take_change();
    let deployment = index
        .state()
        .node_by_key(&"Deployment/team-0/app-1".parse::<NodeKey>().unwrap())
        .unwrap()
        .facts()
        .cloned()
        .unwrap();
    index.remove(deployment.key.kind, Some("team-0"), "app-1", None);
    graph.apply(&near.delta(&index.state(), &index.take_change()).unwrap());
    assert_eq!((graph, near.is_gone()), (Graph::default(), true));
    index.upsert(deployment);
    let mut graph = Graph::default();
    graph.apply(&near.delta(&index.state(), &index.take_change()).unwrap());
    assert!(!near.is_gone() && graph.nodes.len() > 10);
}

#[test]
fn queries_that_make_no_sense_are_refused() {
    let index = cluster::index(20);
    for depth in [0, 11] {
        let error = GraphView::parse(&focus("Pod/a/b", depth)).unwrap_err();
        assert_eq!(error, ViewError::Depth(depth));
        assert_eq!(ApiError::from(error).code, ErrorCode::BadRequest);
    }
    for key in ["Pod/team-0/nothing", "Unicorn/x"] {
        let mut view = GraphView::parse(&focus(key, 1)).unwrap();
        let error = view.snapshot(&index.state()).unwrap_err();
        assert_eq!(error, ViewError::FocusNotFound(key.parse().unwrap()));
        assert_eq!(ApiError::from(error).code, ErrorCode::ObjectNotFound);
    }
}
