//! Golden frames: what protocol version 1 looks like, byte for byte and as JSON.
//!
//! A changed frame is a changed protocol: clients of the same version number would misread it. Raise
//! `stream::VERSION` and add new golden files instead of changing these, once the version has been released.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use model::cluster::{Cluster, ClusterStatus, ConnectionProblem, Counts, StatusReason, Sync};
use model::graph::{
    Derivation, Edge, EdgeKey, End, Graph, GraphDelta, GraphQuery, Layer, Node, NodeState, OwnedHealth,
    Relation, Replicas, SourceField, Status,
};
use model::level::{GroupId, Level};
use model::list::{Cell, ListDelta, ListQuery, Row};
use model::map::{Cells, Map, MapApplication, MapCell, MapDelta, MapQuery, MapSpace};
use model::search::SearchQuery;
use model::stream::{
    ClientMessage, ClustersDelta, Delta, Format, Limits, Sealed, ServerMessage, Snapshot, Topic, TopicId,
    TopicState,
};
use model::{ApiError, ClusterId, Epoch, ErrorCode, Health, NodeId, NodeKey, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::fmt::Debug;

const EPOCH: Epoch = Epoch::starting_at(1_790_000_000);
const TIME: Timestamp = Timestamp(1_790_000_000_042);

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, message: &T) {
    let binary = Format::Binary.encode(message).unwrap();
    assert_eq!(
        &Format::Binary.decode::<T>(&binary).unwrap(),
        message,
        "{name} in binary"
    );
    let json = Format::Json.encode(message).unwrap();
    assert_eq!(
        &Format::Json.decode::<T>(&json).unwrap(),
        message,
        "{name} in JSON"
    );
    let hex: String = binary.iter().map(|byte| format!("{byte:02x}")).collect();
    insta::assert_snapshot!(format!("{name}_binary"), hex);
    insta::assert_json_snapshot!(format!("{name}_json"), message);
}

fn pod() -> Node {
    Node {
        id: NodeId(7),
        key: NodeKey::new("Pod", Some("shop"), "cart-0"),
        api_version: "v1".into(),
        state: NodeState::Live,
        outside: false,
        uid: "0c6c7f2e".into(),
        created_at: Some(TIME),
        labels: BTreeMap::from([("app".into(), "cart".into())]),
        status: crashing(),
        members: None,
    }
}

fn crashing() -> Status {
    Status {
        word: "CrashLoopBackOff".into(),
        health: Health::Unhealthy,
        reason: Some("Container cart keeps crashing".into()),
        owned: Some(OwnedHealth {
            health: Health::Warning,
            reason: None,
            cause: NodeKey::new("Pod", Some("shop"), "cart-1"),
        }),
        restarts: Some(14),
        replicas: Some(Replicas {
            desired: 2,
            ready: 1,
            available: 0,
        }),
    }
}

fn edge() -> Edge {
    Edge {
        key: EdgeKey {
            source: NodeId(7),
            target: NodeId(300),
            relation: Relation::Reads,
        },
        layer: Layer::Config,
        healthy: false,
        reason: Some("ConfigMap cart-config does not exist".into()),
        derivation: Derivation::Reference,
        confidence: 1.0,
        count: 1,
        fields: vec![SourceField {
            path: "spec.containers[0].envFrom[1].configMapRef.name".into(),
            on: End::Source,
            default: false,
        }],
    }
}

fn cluster() -> Cluster {
    Cluster {
        id: ClusterId::from("kind-dev"),
        name: "kind-dev".into(),
        context: "kind-dev".into(),
        source: "~/.kube/config".into(),
        server: "https://127.0.0.1:6443".into(),
        status: ClusterStatus::Disconnected,
        status_reason: Some(StatusReason {
            code: ConnectionProblem::Refused,
            message: "127.0.0.1:6443 refuses connections".into(),
            next: "Check that the API server runs".into(),
        }),
        version: Some("v1.36.3".into()),
        stale_since: Some(TIME),
        sync: Sync {
            kinds: 17,
            synced: 17,
            complete: true,
            ..Sync::default()
        },
        counts: Some(Counts {
            pods: Some(412),
            nodes: Some(6),
            namespaces: Some(6),
            unhealthy: 4,
        }),
    }
}

#[test]
fn client_messages() {
    check("hello", &ClientMessage::Hello { version: 1 });
    let query = GraphQuery {
        namespaces: vec!["shop".into()],
        layers: vec![Layer::Network],
        focus: Some(NodeKey::new("Node", None, "node-1")),
        depth: 3,
        level: None,
    };
    check(
        "subscribe_graph",
        &ClientMessage::Subscribe {
            id: TopicId(1),
            topic: Topic::Graph {
                cluster: ClusterId::from("kind-dev"),
                query,
            },
            since: Some(EPOCH),
        },
    );
    let query = ListQuery {
        kind: "deployments.apps".into(),
        namespaces: vec![],
        selector: "app in (web, cart)".into(),
        filter: "status:Running -web".into(),
        sort: vec!["-restarts".parse().unwrap()],
        offset: 0,
        len: 200,
    };
    check(
        "subscribe_list",
        &ClientMessage::Subscribe {
            id: TopicId(2),
            topic: Topic::List {
                cluster: ClusterId::from("kind-dev"),
                query,
            },
            since: None,
        },
    );
    check(
        "subscribe_search",
        &ClientMessage::Subscribe {
            id: TopicId(4),
            topic: Topic::Search {
                cluster: ClusterId::from("kind-dev"),
                query: SearchQuery {
                    text: "pod \"cart\"".into(),
                    limit: 50,
                    namespaces: vec!["shop".into()],
                },
            },
            since: None,
        },
    );
    check(
        "subscribe_diagnostics",
        &ClientMessage::Subscribe {
            id: TopicId(5),
            topic: Topic::Diagnostics {
                cluster: ClusterId::from("kind-dev"),
            },
            since: None,
        },
    );
    let query = MapQuery {
        namespaces: vec!["shop".into()],
    };
    check(
        "subscribe_map",
        &ClientMessage::Subscribe {
            id: TopicId(6),
            topic: Topic::Map {
                cluster: ClusterId::from("kind-dev"),
                query: query.clone(),
            },
            since: None,
        },
    );
    check(
        "subscribe_cell",
        &ClientMessage::Subscribe {
            id: TopicId(7),
            topic: Topic::Cell {
                cluster: ClusterId::from("kind-dev"),
                query,
                application: GroupId(300),
                slot: 17,
            },
            since: None,
        },
    );
    check(
        "subscribe_clusters",
        &ClientMessage::Subscribe {
            id: TopicId(3),
            topic: Topic::Clusters,
            since: None,
        },
    );
    check(
        "window",
        &ClientMessage::Window {
            id: TopicId(2),
            offset: 500,
            len: 100,
        },
    );
    check("unsubscribe", &ClientMessage::Unsubscribe { id: TopicId(2) });
    check("ping", &ClientMessage::Ping { nonce: 99 });
}

#[test]
fn server_messages() {
    check(
        "welcome",
        &ServerMessage::Welcome {
            version: 1,
            session: "s-1".into(),
            limits: Limits {
                topics: 16,
                frame_bytes: 65_536,
                frame_interval_ms: 50,
            },
        },
    );
    let mut graph = Graph::default();
    graph.nodes.insert(NodeId(7), pod());
    graph.edges.insert(edge().key, edge());
    check(
        "snapshot_graph",
        &ServerMessage::Snapshot {
            id: TopicId(1),
            epoch: EPOCH,
            content: Snapshot::Graph(graph),
        },
    );
    let delta = GraphDelta {
        level: Level::Object,
        nodes: vec![pod()],
        statuses: vec![(NodeId(8), crashing())],
        removed_nodes: vec![NodeId(9)],
        edges: vec![edge()],
        removed_edges: vec![edge().key],
    };
    check(
        "delta_graph",
        &ServerMessage::Delta {
            id: TopicId(1),
            from: EPOCH,
            to: EPOCH.next(),
            seen_at: TIME,
            content: Delta::Graph(delta),
        },
    );
    let row = Row {
        id: NodeId(7),
        key: NodeKey::new("Pod", Some("shop"), "cart-0"),
        uid: "0c6c7f2e".into(),
        created_at: Some(TIME),
        cells: vec![
            Cell::text("cart-0"),
            Cell::Counted(14, TIME),
            Cell::Time(TIME),
            Cell::Duration(TIME, None),
            Cell::Number(3),
            Cell::None,
            Cell::Unknown,
        ],
        health: Health::Unhealthy,
        reason: Some("Container cart keeps crashing".into()),
        labels: BTreeMap::new(),
    };
    let delta = ListDelta {
        total: 412,
        matched: 17,
        rows: vec![row],
        order: Some(vec![NodeId(7)]),
    };
    check(
        "delta_list",
        &ServerMessage::Delta {
            id: TopicId(2),
            from: EPOCH,
            to: EPOCH.next(),
            seen_at: TIME,
            content: Delta::List(delta),
        },
    );
    check(
        "delta_clusters",
        &ServerMessage::Delta {
            id: TopicId(3),
            from: EPOCH,
            to: EPOCH.next(),
            seen_at: TIME,
            content: Delta::Clusters(ClustersDelta {
                clusters: vec![cluster()],
                removed: vec![ClusterId::from("old")],
            }),
        },
    );
    let space = MapSpace {
        id: GroupId(2),
        name: "shop".into(),
        x: 300,
        y: 12,
        width: 40,
        height: 27,
        header: 3,
    };
    let mut cells = vec![Some(Health::Healthy); 200];
    cells.extend([Some(Health::Unhealthy), None, None]);
    let application = MapApplication {
        id: GroupId(300),
        space: GroupId(2),
        name: "platform/cart".into(),
        x: 1,
        y: 4,
        columns: 20,
        cells: Cells(cells),
    };
    let map = Map {
        spaces: BTreeMap::from([(space.id, space.clone())]),
        applications: BTreeMap::from([(application.id, application.clone())]),
    };
    check(
        "snapshot_map",
        &ServerMessage::Snapshot {
            id: TopicId(6),
            epoch: EPOCH,
            content: Snapshot::Map(Sealed::new(map)),
        },
    );
    let cell = MapCell {
        application: GroupId(301),
        slot: 17,
        health: Some(Health::Unhealthy),
    };
    let delta = |content| ServerMessage::Delta {
        id: TopicId(6),
        from: EPOCH,
        to: EPOCH.next(),
        seen_at: TIME,
        content: Delta::Map(Sealed::new(content)),
    };
    check(
        "delta_map",
        &delta(MapDelta {
            spaces: vec![space],
            removed_spaces: vec![GroupId(3)],
            applications: vec![application],
            removed_applications: vec![GroupId(299)],
            cells: vec![cell, MapCell { health: None, ..cell }],
        }),
    );
    let one = delta(MapDelta {
        cells: vec![cell],
        ..MapDelta::default()
    });
    assert!(
        Format::Binary.encode(&one).unwrap().len() <= 60,
        "a pod that changes is a small frame"
    );
    check("delta_map_cell", &one);
    check(
        "state_stale",
        &ServerMessage::State {
            id: TopicId(1),
            state: TopicState::Stale { since: TIME },
        },
    );
    check(
        "state_live",
        &ServerMessage::State {
            id: TopicId(1),
            state: TopicState::Live,
        },
    );
    check(
        "error",
        &ServerMessage::Error {
            id: Some(TopicId(4)),
            error: ApiError::new(ErrorCode::ClusterNotFound, "No cluster `x`").with("field", "cluster"),
        },
    );
    check("pong", &ServerMessage::Pong { nonce: 99, at: TIME });
}

#[test]
fn foreign_frames_are_refused_by_name() {
    let refused = |frame: &[u8]| {
        Format::Binary
            .decode::<ServerMessage>(frame)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(&[]), "the frame is empty");
    assert_eq!(
        refused(&[9, 0]),
        "the frame is of protocol version 9, this side speaks 1"
    );
    assert!(refused(&[1, 200]).starts_with("the binary frame is not a message"));
    let json = Format::Json
        .decode::<ServerMessage>(b"{\"nope\":{}}")
        .unwrap_err()
        .to_string();
    assert!(json.contains("unknown variant `nope`"), "{json}");
}
