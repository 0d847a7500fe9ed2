//! The graph from further away.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

#[path = "scale/cluster.rs"]
mod cluster;

use model::graph::{GraphQuery, Layer, NodeState, Relation};
use model::level::{Group, Groups, Level, Picture, PictureDelta};
use model::{ApiError, ErrorCode, Health};
use topology::view::{NODE_BUDGET, parse_level};
use topology::{Index, LevelView};

fn query(namespaces: &[&str]) -> GraphQuery {
    GraphQuery {
        namespaces: namespaces.iter().map(ToString::to_string).collect(),
        ..GraphQuery::default()
    }
}

fn groups(index: &Index, query: &GraphQuery, level: Level) -> Groups {
    let mut view = LevelView::parse(query, Some(level), NODE_BUDGET).unwrap();
    match view.snapshot(&index.state()).unwrap() {
        Picture::Groups(groups) => groups,
        Picture::Objects(_) => panic!("groups were asked for"),
    }
}

fn find<'g>(groups: &'g Groups, key: &str) -> &'g Group {
    let mut all = groups.groups.values();
    let found = all.find(|group| group.key.to_string() == key);
    found.unwrap_or_else(|| panic!("there is no {key} in {:?}", groups.groups))
}

fn crash(index: &mut Index, pod: usize) {
    let facts = cluster::read("Pod", &cluster::pod(pod, 3), index.symbols());
    index.upsert(facts);
}

#[test]
fn groups_have_true_counts_and_the_worst_with_its_cause() {
    let mut index = cluster::index(510);
    crash(&mut index, 7);
    let whole = groups(&index, &query(&[]), Level::Cluster);
    let all = find(&whole, "Cluster/all");
    assert_eq!(
        (all.counts["Pod"], all.counts["Node"], all.counts["ConfigMap"]),
        (510, 11, 53)
    );
    let worst = all.worst.as_ref().unwrap();
    assert_eq!(all.health, Health::Warning);
    assert_eq!(worst.cause.to_string(), "Pod/team-0/app-0-7c5b8d9f6-7");
    let spaces = groups(&index, &query(&[]), Level::Namespace);
    let keys: Vec<String> = spaces
        .groups
        .values()
        .map(|group| group.key.to_string())
        .collect();
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert_eq!(find(&spaces, "Namespace/team-0").counts["Pod"], 500);
    assert_eq!(find(&spaces, "Namespace/team-1").counts["Pod"], 10);
    assert_eq!(find(&spaces, "Cluster/none").counts["Node"], 11);
    let runs = spaces
        .edges
        .values()
        .find(|edge| edge.edges == 500 && edge.key.relation == Relation::RunsOn);
    assert_eq!(
        runs.map(|edge| (edge.unhealthy, edge.key.layer)),
        Some((0, Layer::Scheduling))
    );
}

#[test]
fn applications_are_instances_or_the_roots_of_owners() {
    let mut index = cluster::index(20);
    crash(&mut index, 13);
    let apps = groups(&index, &query(&[]), Level::Application);
    let pods = find(&apps, "Application/team-0/platform%2Fapp-1");
    assert_eq!(
        (pods.name.as_str(), pods.part_of.as_deref()),
        ("app-1", Some("platform"))
    );
    assert_eq!((pods.counts["Pod"], pods.health), (10, Health::Warning));
    let root = find(&apps, "Application/team-0/Deployment:app-1");
    assert_eq!(root.root.as_ref().unwrap().to_string(), "Deployment/team-0/app-1");
    assert_eq!(
        root.counts["ReplicaSet"], 1,
        "what it owns is with it, as far as it has no label"
    );
    assert_eq!(
        root.worst.as_ref().unwrap().cause.to_string(),
        "Pod/team-0/app-1-7c5b8d9f6-13",
        "what it owns elsewhere counts"
    );
    let owns = apps
        .edges
        .values()
        .find(|edge| edge.key.source == root.id && edge.key.target == pods.id);
    assert_eq!(
        owns.map(|edge| (edge.key.relation, edge.edges)),
        Some((Relation::Owns, 10))
    );
}

#[test]
fn a_namespace_shows_its_groups_and_what_they_lead_to() {
    let index = cluster::index(510);
    let one = groups(&index, &query(&["team-1"]), Level::Namespace);
    let outside = |key: &str| find(&one, key).outside;
    assert!(!outside("Namespace/team-1") && outside("Cluster/none"));
    assert_eq!(one.groups.len(), 2);
    let whole = groups(&index, &query(&["team-1"]), Level::Cluster);
    assert_eq!(
        find(&whole, "Cluster/all").counts["Pod"],
        10,
        "of what was asked for"
    );
}

#[test]
fn auto_is_the_deepest_level_within_the_budget() {
    let index = cluster::index(510);
    let level = |budget| {
        let mut view = LevelView::parse(&query(&[]), None, budget).unwrap();
        let picture = view.snapshot(&index.state()).unwrap();
        let shown = match &picture {
            Picture::Objects(graph) => graph.nodes.len(),
            Picture::Groups(groups) => groups.groups.len(),
        };
        (view.level(), shown)
    };
    let (object, nodes) = level(NODE_BUDGET);
    assert_eq!(object, Level::Object);
    let nodes = u32::try_from(nodes).unwrap();
    assert_eq!(level(nodes).0, Level::Object);
    let (application, apps) = level(nodes - 1);
    assert_eq!(application, Level::Application);
    assert_eq!(level(u32::try_from(apps).unwrap() - 1), (Level::Namespace, 3));
    assert_eq!(level(2), (Level::Cluster, 1));
}

#[test]
fn a_view_that_grows_past_its_budget_is_replaced() {
    let mut index = cluster::index(20);
    let mut view = LevelView::parse(&query(&[]), None, 40).unwrap();
    let mut picture = view.snapshot(&index.state()).unwrap();
    index.take_change();
    assert_eq!(view.level(), Level::Object);
    for pod in 20..30 {
        crash(&mut index, pod);
    }
    let delta = view.delta(&index.state(), &index.take_change()).unwrap();
    assert!(matches!(delta, PictureDelta::Replaced(Picture::Groups(_))));
    assert!(picture.apply(&delta) && view.level() == Level::Application);
    assert_eq!(picture, view.snapshot(&index.state()).unwrap());
}

#[test]
fn what_happens_elsewhere_is_not_sent() {
    let mut index = cluster::index(510);
    let mut view = LevelView::parse(&query(&["team-1"]), Some(Level::Application), NODE_BUDGET).unwrap();
    view.snapshot(&index.state()).unwrap();
    index.take_change();
    crash(&mut index, 7);
    assert_eq!(view.delta(&index.state(), &index.take_change()), None);
    crash(&mut index, 503);
    let delta = view.delta(&index.state(), &index.take_change());
    let Some(PictureDelta::Groups(delta)) = delta else {
        panic!("{delta:?}");
    };
    let sent: Vec<&str> = delta.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(
        sent,
        ["app-50", "app-50"],
        "the instance, and the root of the owners"
    );
    assert!(delta.edges.is_empty() && delta.removed_groups.is_empty());
}

#[test]
fn groups_travel_as_nodes_and_what_is_between_them_as_one_edge() {
    let mut index = cluster::index(510);
    crash(&mut index, 7);
    let query = GraphQuery {
        level: Some(Level::Namespace),
        ..query(&[])
    };
    let graph = LevelView::of(&query).unwrap().graph(&index.state()).unwrap();
    assert_eq!(graph.level, Level::Namespace);
    let mut nodes = graph.nodes.values();
    let team = nodes
        .find(|node| node.key.to_string() == "Namespace/team-0")
        .unwrap();
    let members = team.members.as_ref().unwrap();
    assert_eq!((team.state, members.counts["Pod"]), (NodeState::Group, 500));
    let worst = team.status.owned.as_ref().unwrap();
    assert_eq!(worst.cause.to_string(), "Pod/team-0/app-0-7c5b8d9f6-7");
    assert_eq!(team.status.word, format!("{} objects", members.objects()));
    let of_team = graph.edges.values().filter(|edge| edge.key.source == team.id);
    let runs: Vec<u32> = of_team
        .filter(|edge| edge.key.relation == Relation::RunsOn)
        .map(|edge| edge.count)
        .collect();
    assert_eq!(runs, [500]);
}

#[test]
fn levels_that_make_no_sense_are_refused() {
    assert_eq!(parse_level("auto"), Ok(None));
    assert_eq!(parse_level("namespace"), Ok(Some(Level::Namespace)));
    assert_eq!(
        parse_level("galaxy").unwrap_err().to_string(),
        "level `galaxy` is not understood: one of auto, cluster, namespace, application, object"
    );
    let focus = GraphQuery {
        focus: Some("Pod/a/b".parse().unwrap()),
        depth: 1,
        ..GraphQuery::default()
    };
    let error = LevelView::parse(&focus, Some(Level::Namespace), NODE_BUDGET).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a focus is shown at level object, not namespace"
    );
    assert_eq!(ApiError::from(error).code, ErrorCode::BadRequest);
    assert_eq!(
        LevelView::parse(&focus, None, NODE_BUDGET).unwrap().level(),
        Level::Object
    );
}
