//! The stream on a scripted cluster: what a client keeps equals what the server would send anew.

use crate::fake_cluster::{FakeCluster, crashing, pod, service};
use crate::harness::{Client, Kept, PATIENCE, TestServer};
use model::graph::{GraphQuery, Layer};
use model::level::Level;
use model::list::{ListQuery, Sort};
use model::map::{Map, MapQuery};
use model::search::SearchQuery;
use model::stream::{ClientMessage, Format, ServerMessage, Snapshot, Topic, TopicId, TopicState};
use model::{ErrorCode, NodeKey};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::time::timeout;

fn list(kind: &str) -> ListQuery {
    ListQuery {
        kind: kind.to_owned(),
        namespaces: Vec::new(),
        selector: String::new(),
        filter: String::new(),
        sort: Vec::new(),
        offset: 0,
        len: 100,
    }
}

fn pods() -> Topic {
    Topic::List {
        cluster: "fake".into(),
        query: list("pods"),
    }
}

fn graph(query: GraphQuery) -> Topic {
    Topic::Graph {
        cluster: "fake".into(),
        query,
    }
}

/// One topic of every sort and of the options that change how it is followed.
fn topics() -> Vec<Topic> {
    let list = |change: fn(&mut ListQuery)| {
        let mut query = list("pods");
        change(&mut query);
        Topic::List {
            cluster: "fake".into(),
            query,
        }
    };
    vec![
        Topic::Clusters,
        graph(GraphQuery::default()),
        graph(GraphQuery {
            namespaces: vec!["shop".to_owned()],
            layers: vec![Layer::Network],
            ..GraphQuery::default()
        }),
        graph(GraphQuery {
            focus: Some(NodeKey::new("Service", Some("shop"), "cart")),
            depth: 2,
            ..GraphQuery::default()
        }),
        pods(),
        list(|query| query.filter = "crash".to_owned()),
        list(|query| {
            query.sort = vec!["-name".parse::<Sort>().unwrap()];
            (query.offset, query.len) = (1, 3);
        }),
        list(|query| query.namespaces = vec!["bank".to_owned()]),
        Topic::List {
            cluster: "fake".into(),
            query: list_of_services(),
        },
        search("cart"),
        search("pod shop"),
        search("crash"),
        at(Level::Cluster),
        at(Level::Namespace),
        at(Level::Application),
        map(&[]),
        map(&["shop"]),
    ]
}

fn map(namespaces: &[&str]) -> Topic {
    Topic::Map {
        cluster: "fake".into(),
        query: MapQuery {
            namespaces: namespaces.iter().map(ToString::to_string).collect(),
        },
    }
}

fn search(text: &str) -> Topic {
    Topic::Search {
        cluster: "fake".into(),
        query: SearchQuery {
            text: text.to_owned(),
            limit: 3,
            namespaces: Vec::new(),
        },
    }
}

/// The graph from further away.
fn at(level: Level) -> Topic {
    graph(GraphQuery {
        level: Some(level),
        ..GraphQuery::default()
    })
}

fn list_of_services() -> ListQuery {
    list("services")
}

fn has_pods(count: u32) -> impl Fn(&Kept) -> bool {
    move |kept| matches!(&kept.content, Some(Snapshot::List(window)) if window.total == count)
}

/// Reads until the list of pods has a total, and keeps all other topics up on the way.
async fn follow(
    client: &mut Client,
    kept: &mut BTreeMap<u32, Kept>,
    marker: u32,
    wanted: impl Fn(&Kept) -> bool,
) {
    let until = async {
        while !wanted(&kept[&marker]) {
            let message = client.next().await;
            for (id, topic) in kept.iter_mut() {
                topic.take(*id, message.clone());
            }
        }
    };
    timeout(PATIENCE, until).await.expect("the marker in time");
}

#[tokio::test]
async fn what_is_kept_equals_what_is_sent_anew() {
    let cluster = FakeCluster::start().await;
    cluster.put("pods", pod("shop", "cart"));
    cluster.put("services", service("shop", "cart", "cart"));
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server.synced().await;
    let mut client = server.client().await;
    let mut kept: BTreeMap<u32, Kept> = BTreeMap::new();
    for (id, topic) in topics().into_iter().enumerate() {
        let id = u32::try_from(id).unwrap();
        client.subscribe(id, topic, None).await;
        kept.insert(id, Kept::default());
    }
    let marker = 4;
    follow(&mut client, &mut kept, marker, has_pods(1)).await;

    for round in 0..40_u32 {
        let name = format!("extra-{}", round % 7);
        match round % 5 {
            0 => cluster.put("pods", pod("shop", &name)),
            1 => cluster.put("pods", crashing("shop", &name)),
            2 => cluster.put("pods", pod("bank", &name)),
            3 => cluster.put("services", service("shop", &name, &name)),
            _ => cluster.put("pods", crashing("shop", "cart")),
        }
    }
    // A marker of its own closes each phase, so that nothing is compared in the middle.
    cluster.put("pods", pod("end", "first"));
    let objects = |kept: &Kept, name: &str| match &kept.content {
        Some(Snapshot::List(window)) => window.rows.iter().any(|row| row.key.name == name),
        _ => false,
    };
    follow(&mut client, &mut kept, marker, |kept| objects(kept, "first")).await;
    for round in 0..7 {
        let deleted = format!("extra-{round}");
        if round % 2 == 0 {
            cluster.put("services", service("shop", &deleted, "cart"));
        }
    }
    cluster.delete("pods", "shop", "cart");
    cluster.delete("pods", "end", "first");
    cluster.put("pods", pod("end", "second"));
    follow(&mut client, &mut kept, marker, |kept| {
        objects(kept, "second") && !objects(kept, "first")
    })
    .await;

    // Every topic anew on a second socket, at the last epoch of each.
    let mut other = server.client().await;
    for (id, topic) in topics().into_iter().enumerate() {
        let id = u32::try_from(id).unwrap();
        let mut fresh = Kept::default();
        other.subscribe(id, topic, None).await;
        fresh.until(&mut other, id, |kept| kept.content.is_some()).await;
        // The registry's summary is published on its own clock: it is followed until it agrees.
        follow(&mut client, &mut kept, id, |kept| kept.content == fresh.content).await;
        let mine = &kept[&id];
        if id != 0 {
            assert_eq!(mine.snapshots, 1, "topic {id} was followed by deltas alone");
        }
    }
    assert!(kept[&1].deltas > 0 && kept[&marker].deltas > 0 && kept[&6].deltas > 0);
    server.stop().await;
}

#[tokio::test]
async fn a_change_after_a_quiet_time_leaves_at_once() {
    let cluster = FakeCluster::start().await;
    cluster.put("pods", pod("shop", "cart"));
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server.synced().await;
    let mut client = server.client().await;
    client.subscribe(1, pods(), None).await;
    let mut kept = Kept::default();
    kept.until(&mut client, 1, |kept| kept.state == Some(TopicState::Live))
        .await;
    let mut quickest = PATIENCE;
    for round in 0..5 {
        tokio::time::sleep(server::stream::FRAME_INTERVAL * 2).await;
        let started = Instant::now();
        cluster.put("pods", pod("shop", &format!("extra-{round}")));
        kept.until(&mut client, 1, has_pods(round + 2)).await;
        quickest = quickest.min(started.elapsed());
    }
    assert!(quickest < server::stream::FRAME_INTERVAL, "{quickest:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_burst_becomes_few_frames() {
    let cluster = FakeCluster::start().await;
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server.synced().await;
    let mut client = server.client().await;
    client.subscribe(1, pods(), None).await;
    let mut kept = Kept::default();
    kept.until(&mut client, 1, |kept| kept.content.is_some()).await;
    let started = Instant::now();
    // Spread out, so that the engine publishes far more often than frames may leave.
    for number in 0..250 {
        cluster.put("pods", pod("shop", &format!("cart-{number}")));
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    kept.until(&mut client, 1, has_pods(250)).await;
    let intervals = started.elapsed().as_millis() / server::stream::FRAME_INTERVAL.as_millis();
    assert!(
        u128::from(kept.deltas) <= intervals + 2,
        "{} deltas in {intervals} intervals",
        kept.deltas
    );
    server.stop().await;
}

#[tokio::test]
async fn resuming_costs_only_what_changed() {
    let cluster = FakeCluster::start().await;
    cluster.put("pods", pod("shop", "cart"));
    cluster.put("services", service("shop", "cart", "cart"));
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server.synced().await;
    let focus = graph(GraphQuery {
        focus: Some(NodeKey::new("Service", Some("shop"), "cart")),
        depth: 2,
        ..GraphQuery::default()
    });
    for topic in [
        graph(GraphQuery::default()),
        focus,
        pods(),
        at(Level::Application),
    ] {
        let mut kept = Kept::default();
        let mut client = server.client().await;
        client.subscribe(1, topic.clone(), None).await;
        kept.until(&mut client, 1, |kept| kept.state == Some(TopicState::Live))
            .await;
        drop(client);

        // Nothing has changed: only the state is said, and deltas go on from there.
        let mut client = server.client().await;
        client.subscribe(1, topic.clone(), Some(kept.epoch)).await;
        kept.state = None;
        kept.until(&mut client, 1, |kept| kept.state == Some(TopicState::Live))
            .await;
        assert_eq!(kept.snapshots, 1, "{topic:?}");
        cluster.put("pods", crashing("shop", "cart"));
        kept.until(&mut client, 1, |kept| kept.deltas > 0).await;
        assert_eq!(kept.snapshots, 1, "{topic:?}");
        cluster.put("pods", pod("shop", "cart"));
        kept.until(&mut client, 1, |kept| kept.deltas > 1).await;

        // An epoch of another life gets a snapshot.
        client.subscribe(2, topic, Some(model::Epoch(7))).await;
        let mut other = Kept::default();
        other.until(&mut client, 2, |kept| kept.content.is_some()).await;
    }
    // What changed while nobody looked comes as one delta.
    let mut kept = Kept::default();
    let mut client = server.client().await;
    client.subscribe(1, graph(GraphQuery::default()), None).await;
    kept.until(&mut client, 1, |kept| kept.content.is_some()).await;
    drop(client);
    cluster.put("pods", pod("shop", "late"));
    server
        .get_until("/api/v1/clusters/fake/resources/pods", |answer| {
            answer.text().contains("late")
        })
        .await;
    let mut client = server.client().await;
    client
        .subscribe(1, graph(GraphQuery::default()), Some(kept.epoch))
        .await;
    kept.until(&mut client, 1, |kept| {
        matches!(&kept.content, Some(Snapshot::Graph(graph)) if graph.nodes.values().any(|node| node.key.name == "late"))
    })
    .await;
    assert_eq!((kept.snapshots, kept.deltas), (1, 1));
    server.stop().await;
}

#[tokio::test]
async fn a_window_moves() {
    let cluster = FakeCluster::start().await;
    for number in 0..9 {
        cluster.put("pods", pod("shop", &format!("cart-{number}")));
    }
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server.synced().await;
    let mut client = server.client().await;
    let mut query = list("pods");
    query.len = 3;
    let topic = Topic::List {
        cluster: "fake".into(),
        query,
    };
    client.subscribe(1, topic, None).await;
    let names = |kept: &Kept| match &kept.content {
        Some(Snapshot::List(window)) => window
            .rows
            .iter()
            .map(|row| row.key.name.clone())
            .collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let mut kept = Kept::default();
    kept.until(&mut client, 1, |kept| {
        names(kept) == ["cart-0", "cart-1", "cart-2"]
    })
    .await;
    client
        .say(&ClientMessage::Window {
            id: TopicId(1),
            offset: 7,
            len: 3,
        })
        .await;
    kept.until(&mut client, 1, |kept| names(kept) == ["cart-7", "cart-8"])
        .await;
    assert_eq!(kept.snapshots, 1);
    client
        .say(&ClientMessage::Window {
            id: TopicId(1),
            offset: 0,
            len: 1_000_000,
        })
        .await;
    kept.until(&mut client, 1, |kept| {
        kept.error
            .as_ref()
            .is_some_and(|error| error.code == ErrorCode::BadRequest)
    })
    .await;
    client
        .say(&ClientMessage::Window {
            id: TopicId(9),
            offset: 0,
            len: 1,
        })
        .await;
    assert!(matches!(
        client.next().await,
        ServerMessage::Error {
            id: Some(TopicId(9)),
            ..
        }
    ));
    server.stop().await;
}

#[tokio::test]
async fn how_far_to_trust_a_topic_is_said() {
    let cluster = FakeCluster::start().await;
    cluster.deny("secrets");
    cluster.hold("nodes");
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server
        .get_until("/api/v1/clusters/fake/resources/pods", |answer| {
            answer.status == 200
        })
        .await;
    let mut client = server.client().await;
    let of = |kind: &str| Topic::List {
        cluster: "fake".into(),
        query: list(kind),
    };
    let mut kept: Vec<Kept> = (0..3).map(|_| Kept::default()).collect();
    client.subscribe(0, of("secrets"), None).await;
    // First the whole is denied, then the namespace of the kubeconfig.
    let denied = |kept: &Kept| matches!(&kept.state, Some(TopicState::Denied { error }) if error.code == ErrorCode::Forbidden);
    kept[0].until(&mut client, 0, denied).await;
    client.subscribe(1, of("nodes"), None).await;
    kept[1].until(&mut client, 1, |kept| kept.state.is_some()).await;
    assert!(matches!(kept[1].state, Some(TopicState::Syncing { .. })));
    client.subscribe(2, graph(GraphQuery::default()), None).await;
    kept[2].until(&mut client, 2, |kept| kept.state.is_some()).await;
    assert!(matches!(kept[2].state, Some(TopicState::Syncing { .. })));

    for (topic, code) in [
        (of("nopes"), ErrorCode::KindNotFound),
        (
            Topic::List {
                cluster: "none".into(),
                query: list("pods"),
            },
            ErrorCode::ClusterNotFound,
        ),
        (
            graph(GraphQuery {
                focus: Some(NodeKey::new("Pod", None, "x")),
                depth: 99,
                ..GraphQuery::default()
            }),
            ErrorCode::BadRequest,
        ),
    ] {
        client.subscribe(7, topic, None).await;
        let mut kept = Kept::default();
        kept.until(&mut client, 7, |kept| kept.error.is_some()).await;
        assert_eq!(kept.error.unwrap().code, code);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_focus_may_go_and_come_back() {
    let cluster = FakeCluster::start().await;
    cluster.put("pods", pod("shop", "cart"));
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server.synced().await;
    let mut client = server.client().await;
    let focus = graph(GraphQuery {
        focus: Some(NodeKey::new("Pod", Some("shop"), "cart")),
        depth: 1,
        ..GraphQuery::default()
    });
    let nodes = |kept: &Kept| match &kept.content {
        Some(Snapshot::Graph(graph)) => graph.nodes.len(),
        _ => 0,
    };
    client.subscribe(1, focus, None).await;
    let mut kept = Kept::default();
    kept.until(&mut client, 1, |kept| nodes(kept) > 0).await;
    cluster.delete("pods", "shop", "cart");
    kept.until(&mut client, 1, |kept| {
        kept.error
            .as_ref()
            .is_some_and(|error| error.code == ErrorCode::ObjectNotFound)
    })
    .await;
    assert_eq!(nodes(&kept), 0);
    cluster.put("pods", pod("shop", "cart"));
    kept.until(&mut client, 1, |kept| nodes(kept) > 0 && kept.error.is_none())
        .await;
    server.stop().await;
}

#[tokio::test]
async fn the_registry_is_followed_as_its_files_change() {
    let cluster = FakeCluster::start().await;
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server.synced().await;
    let mut client = server.client().await;
    client.subscribe(1, Topic::Clusters, None).await;
    client.subscribe(2, pods(), None).await;
    let mut clusters = Kept::default();
    let mut rows = Kept::default();
    let ids = |kept: &Kept| match &kept.content {
        Some(Snapshot::Clusters(clusters)) => clusters.iter().map(|cluster| cluster.id.to_string()).collect(),
        _ => Vec::new(),
    };
    clusters.until(&mut client, 1, |kept| ids(kept) == ["fake"]).await;
    let path = cluster.kubeconfig();
    let before = std::fs::read_to_string(&path).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&before).unwrap();
    config["contexts"][0]["name"] = json!("renamed");
    std::fs::write(&path, config.to_string()).unwrap();
    let both = async {
        while ids(&clusters) != ["renamed"] || rows.state != Some(TopicState::Gone) {
            let message = client.next().await;
            clusters.take(1, message.clone());
            rows.take(2, message);
        }
    };
    timeout(PATIENCE, both)
        .await
        .expect("the registry follows its file");
    // And back: the topic that was gone has its rows again.
    std::fs::write(&path, before).unwrap();
    rows.state = None;
    rows.until(&mut client, 2, |kept| kept.state == Some(TopicState::Live))
        .await;
    server.stop().await;
}

#[tokio::test]
async fn both_forms_say_the_same() {
    let cluster = FakeCluster::start().await;
    cluster.put("pods", crashing("shop", "cart"));
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server.synced().await;
    let bearer = server.bearer();
    let auth = ("Authorization", bearer.as_str());
    let json_name = Format::Json.subprotocol();
    let binary_name = Format::Binary.subprotocol();
    let mut clients = vec![
        server.open("/api/v1/stream", &[auth]).await.ok().unwrap(),
        server
            .open("/api/v1/stream", &[auth, ("Sec-WebSocket-Protocol", binary_name)])
            .await
            .ok()
            .unwrap(),
        server
            .open("/api/v1/stream", &[auth, ("Sec-WebSocket-Protocol", json_name)])
            .await
            .ok()
            .unwrap(),
        server
            .open("/api/v1/stream?format=json", &[auth])
            .await
            .ok()
            .unwrap(),
    ];
    let formats: Vec<Format> = clients.iter().map(|client| client.format).collect();
    assert_eq!(
        formats,
        [Format::Binary, Format::Binary, Format::Json, Format::Json]
    );
    let mut contents = Vec::new();
    for client in &mut clients {
        assert!(matches!(client.next().await, ServerMessage::Welcome { .. }));
        client.say(&ClientMessage::Hello { version: 1 }).await;
        client.say(&ClientMessage::Ping { nonce: 7 }).await;
        assert!(matches!(
            client.next().await,
            ServerMessage::Pong { nonce: 7, .. }
        ));
        client.subscribe(1, pods(), None).await;
        let mut kept = Kept::default();
        kept.until(client, 1, |kept| kept.content.is_some()).await;
        contents.push(kept.content);
    }
    assert!(contents.windows(2).all(|two| two[0] == two[1]));
    let refused = server
        .open("/api/v1/stream", &[auth, ("Sec-WebSocket-Protocol", "other")])
        .await
        .err()
        .unwrap();
    assert_eq!(refused.status, 400);
    let refused = server
        .open("/api/v1/stream?format=xml", &[auth])
        .await
        .err()
        .unwrap();
    assert_eq!(refused.status, 400);
    server.stop().await;
}

#[tokio::test]
async fn whoever_does_not_speak_the_protocol_is_told_and_let_go() {
    let server = TestServer::empty().await;
    let bearer = server.bearer();
    for first in [
        ClientMessage::Hello { version: 9 },
        ClientMessage::Ping { nonce: 1 },
    ] {
        let mut client = server
            .open("/api/v1/stream", &[("Authorization", &bearer)])
            .await
            .ok()
            .unwrap();
        assert!(matches!(client.next().await, ServerMessage::Welcome { .. }));
        client.say(&first).await;
        assert!(matches!(
            client.next().await,
            ServerMessage::Error { id: None, .. }
        ));
        assert_eq!(client.close_code().await, Some(1002));
    }
    // Nonsense after the greeting is answered, and the socket stays.
    let mut client = server.client().await;
    futures::SinkExt::send(
        &mut client.socket,
        tokio_tungstenite::tungstenite::Message::Binary(vec![1, 255, 255].into()),
    )
    .await
    .unwrap();
    assert!(matches!(
        client.next().await,
        ServerMessage::Error { id: None, .. }
    ));
    client.say(&ClientMessage::Ping { nonce: 2 }).await;
    assert!(matches!(
        client.next().await,
        ServerMessage::Pong { nonce: 2, .. }
    ));
    server.stop().await;
}

#[tokio::test]
async fn diagnostics_follow_what_arrives() {
    let cluster = FakeCluster::start().await;
    cluster.put("pods", pod("shop", "cart"));
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server.synced().await;
    let mut client = server.client().await;
    let topic = Topic::Diagnostics {
        cluster: "fake".into(),
    };
    client.subscribe(1, topic, None).await;
    let mut kept = BTreeMap::from([(1, Kept::default())]);
    let pods = |count: i64| {
        move |kept: &Kept| match &kept.content {
            Some(Snapshot::List(window)) => window
                .rows
                .iter()
                .any(|row| row.key.name == "pods" && row.cells[2] == model::list::Cell::Number(count)),
            _ => false,
        }
    };
    follow(&mut client, &mut kept, 1, pods(1)).await;
    cluster.put("pods", pod("shop", "mail"));
    // Within a second, also if nothing else comes.
    follow(&mut client, &mut kept, 1, pods(2)).await;
    server.stop().await;
}

fn map_of(kept: &Kept) -> Option<Map> {
    match &kept.content {
        Some(Snapshot::Map(map)) => map.open().ok(),
        _ => None,
    }
}

#[tokio::test]
async fn a_map_is_one_for_all_who_look_and_says_what_lies_in_a_cell() {
    let cluster = FakeCluster::start().await;
    for name in ["a", "b", "c"] {
        cluster.put("pods", pod("shop", name));
    }
    let server = TestServer::start(&cluster.kubeconfig()).await;
    server.synced().await;
    let mut client = server.client().await;
    client.subscribe(1, map(&[]), None).await;
    let mut kept = BTreeMap::from([(1, Kept::default())]);
    let homes =
        |count: usize| move |kept: &Kept| map_of(kept).is_some_and(|map| map.applications.len() == count);
    follow(&mut client, &mut kept, 1, homes(3)).await;
    let before = map_of(&kept[&1]).unwrap();

    // One goes, another comes: a place is free, and taken.
    cluster.delete("pods", "shop", "a");
    follow(&mut client, &mut kept, 1, homes(2)).await;
    cluster.put("pods", crashing("shop", "d"));
    follow(&mut client, &mut kept, 1, homes(3)).await;
    let after = map_of(&kept[&1]).unwrap();
    for own in after.applications.values().filter(|own| own.name != "Pod:d") {
        assert_eq!(
            before.applications[&own.id], *own,
            "what did not change did not move"
        );
    }
    let new = after
        .applications
        .values()
        .find(|own| own.name == "Pod:d")
        .unwrap();
    assert_eq!(new.pods().worst(), model::Health::Unhealthy);

    // Whoever comes later sees the same, not the map that would be begun now.
    let mut other = server.client().await;
    other.subscribe(1, map(&[]), None).await;
    let mut fresh = Kept::default();
    fresh.until(&mut other, 1, |kept| map_of(kept).is_some()).await;
    assert_eq!(map_of(&fresh), Some(after.clone()));

    let cell = |slot| Topic::Cell {
        cluster: "fake".into(),
        query: MapQuery::default(),
        application: new.id,
        slot,
    };
    other.subscribe(2, cell(0), None).await;
    let mut found = Kept::default();
    found.until(&mut other, 2, |kept| kept.content.is_some()).await;
    let Some(Snapshot::Graph(graph)) = &found.content else {
        panic!("a graph was asked for");
    };
    assert!(graph.nodes.values().any(|node| node.key.name == "d"));
    other.subscribe(3, cell(1), None).await;
    let refused = async {
        loop {
            if let ServerMessage::Error {
                id: Some(TopicId(3)),
                error,
            } = other.next().await
            {
                return error;
            }
        }
    };
    let error = timeout(PATIENCE, refused).await.unwrap();
    assert_eq!(error.code, ErrorCode::ObjectNotFound);
    server.stop().await;
}
