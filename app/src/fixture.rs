//! A small cluster for tests: a shop whose cart cannot start, and payments that can.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

use crate::source::{Source, TopicView};
use model::cluster::{ConnectionProblem, Counts, KindProblem, StatusReason, Sync};
use model::graph::{
    Derivation, Edge, EdgeKey, End, Graph, GraphQuery, Layer, Node, NodeState, OwnedHealth, Relation,
    Replicas, SourceField, Status,
};
use model::level::GroupId;
use model::list::ColumnFormat;
use model::list::{Cell, ListQuery, ListWindow, Row};
use model::map::{Cells, Map, MapApplication, MapSpace};
use model::stream::{Sealed, Snapshot, Topic, TopicState};
use model::{
    ApiError, Cluster, ClusterId, ClusterStatus, Epoch, ErrorCode, Health, KindId, NodeId, NodeKey, Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};

/// When the fixture is.
pub const NOW: Timestamp = Timestamp(1_790_000_000_000);

const MINUTE: i64 = 60_000;

/// A name that would be markup, were it not text.
pub const HOSTILE: &str = "<img src=x onerror=alert(1)>";

pub fn cluster(name: &str) -> Cluster {
    Cluster {
        id: ClusterId::from_context(name, |_| false),
        name: name.into(),
        context: name.into(),
        source: "/home/ops/.kube/config".into(),
        server: "https://10.0.0.1:6443".into(),
        status: ClusterStatus::Connected,
        status_reason: None,
        version: Some("v1.36.3".into()),
        stale_since: None,
        sync: Sync {
            kinds: 17,
            synced: 17,
            complete: true,
            ..Sync::default()
        },
        counts: Some(Counts {
            pods: Some(412),
            nodes: Some(6),
            namespaces: Some(3),
            unhealthy: 9,
        }),
    }
}

pub fn broken_cluster(name: &str) -> Cluster {
    Cluster {
        status: ClusterStatus::Error,
        status_reason: Some(StatusReason {
            code: ConnectionProblem::Refused,
            message: "Nothing listens at https://10.9.0.1:6443.".into(),
            next:
                "Start the cluster, or correct the server address of the context in /home/ops/.kube/config."
                    .into(),
        }),
        version: None,
        counts: None,
        sync: Sync::default(),
        ..cluster(name)
    }
}

pub fn denied(kind: &str, resource: &str) -> KindProblem {
    KindProblem {
        kind: kind.into(),
        verb: "list".into(),
        group: String::new(),
        resource: resource.into(),
        namespace: None,
        seen_in: Vec::new(),
        message: format!("{resource} is forbidden: User \"ops\" cannot list resource \"{resource}\""),
    }
}

pub fn failing_pod() -> NodeKey {
    NodeKey::new("Pod", Some("shop"), "cart-7c5b8-x2kqz")
}

pub fn edge(source: NodeId, target: NodeId, relation: Relation, path: &str) -> Edge {
    let on = if relation == Relation::Owns {
        End::Target
    } else {
        End::Source
    };
    Edge {
        key: EdgeKey {
            source,
            target,
            relation,
        },
        layer: match relation {
            Relation::Owns => Layer::Ownership,
            Relation::RunsOn => Layer::Scheduling,
            Relation::RunsAs => Layer::Identity,
            Relation::Mounts | Relation::Reads => Layer::Config,
            Relation::Binds => Layer::Storage,
            _ => Layer::Network,
        },
        healthy: true,
        reason: None,
        derivation: if relation == Relation::Owns {
            Derivation::Owner
        } else {
            Derivation::Reference
        },
        confidence: 1.0,
        count: 1,
        fields: vec![SourceField {
            path: path.into(),
            on,
            default: false,
        }],
    }
}

#[derive(Default)]
struct Build {
    graph: Graph,
}

impl Build {
    fn node(
        &mut self,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
        word: &str,
        health: Health,
    ) -> NodeId {
        let id = NodeId(u32::try_from(self.graph.nodes.len()).unwrap());
        let key = NodeKey::new(kind, namespace, name);
        let api_version = KindId::of(kind)
            .map(|kind| kind.get().api_version())
            .unwrap_or_default();
        let status = Status {
            word: word.into(),
            health,
            ..Status::default()
        };
        let node = Node {
            id,
            key,
            api_version,
            state: NodeState::Live,
            outside: false,
            uid: format!("uid-{}", id.0),
            created_at: Some(Timestamp(NOW.0 - 41 * MINUTE - i64::from(id.0) * 977_000)),
            labels: namespace
                .map(|_| ("app".to_owned(), name.split('-').next().unwrap().to_owned()))
                .into_iter()
                .collect(),
            status,
            members: None,
        };
        self.graph.nodes.insert(id, node);
        id
    }

    fn tie(&mut self, source: NodeId, relation: Relation, target: NodeId, path: &str) -> &mut Edge {
        let edge = edge(source, target, relation, path);
        let key = edge.key;
        self.graph.edges.entry(key).or_insert(edge)
    }

    fn status(&mut self, id: NodeId) -> &mut Status {
        &mut self.graph.nodes.get_mut(&id).unwrap().status
    }

    /// A deployment with its replica set and pods; answers deployment and pods.
    fn workload(
        &mut self,
        namespace: &str,
        name: &str,
        hash: &str,
        pods: &[(&str, &str, Health)],
        why: Option<&str>,
    ) -> (NodeId, Vec<NodeId>) {
        let desired = u32::try_from(pods.len()).unwrap();
        let ready = u32::try_from(pods.iter().filter(|pod| pod.2 == Health::Healthy).count()).unwrap();
        let health = if ready == desired {
            Health::Healthy
        } else if ready == 0 {
            Health::Unhealthy
        } else {
            Health::Warning
        };
        let word = format!("{ready}/{desired}");
        let deployment = self.node("Deployment", Some(namespace), name, &word, health);
        let set = self.node(
            "ReplicaSet",
            Some(namespace),
            &format!("{name}-{hash}"),
            &word,
            health,
        );
        self.tie(deployment, Relation::Owns, set, "metadata.ownerReferences[0]");
        let replicas = Some(Replicas {
            desired,
            ready,
            available: ready,
        });
        let pods: Vec<NodeId> = pods
            .iter()
            .map(|(suffix, word, health)| {
                let pod = self.node(
                    "Pod",
                    Some(namespace),
                    &format!("{name}-{hash}-{suffix}"),
                    word,
                    *health,
                );
                let status = self.status(pod);
                status.restarts = Some(if *health == Health::Unhealthy { 14 } else { 0 });
                status.reason = why.filter(|_| *health == Health::Unhealthy).map(str::to_owned);
                self.tie(set, Relation::Owns, pod, "metadata.ownerReferences[0]");
                pod
            })
            .collect();
        for id in [deployment, set] {
            self.status(id).replicas = replicas;
            if health > Health::Healthy {
                let cause = self.graph.nodes[&pods[0]].key.clone();
                self.status(id).reason = Some(format!("{ready} of {desired} pods are ready."));
                self.status(id).owned = Some(OwnedHealth {
                    health,
                    reason: why.map(str::to_owned),
                    cause,
                });
            }
        }
        (deployment, pods)
    }

    fn service(
        &mut self,
        namespace: &str,
        name: &str,
        pods: &[NodeId],
        word: &str,
        health: Health,
    ) -> NodeId {
        let service = self.node("Service", Some(namespace), name, word, health);
        for pod in pods {
            self.tie(service, Relation::Selects, *pod, "spec.selector")
                .derivation = Derivation::Selector;
        }
        service
    }
}

const WHY: &str = "Starts without REDIS_URL. ConfigMap cart-config has no key REDIS_URL.";

/// The graph of the fixture.
pub fn graph() -> Graph {
    use Health::{Healthy, Progressing, Suspended, Unhealthy};
    let mut b = Build::default();
    let shop = Some("shop");
    let node = b.node("Node", None, "node-4", "Ready", Healthy);
    b.node("Node", None, "node-6", "NotReady", Unhealthy);
    let ingress = b.node("Ingress", shop, "shop.example.com", "", Healthy);
    let running = |suffix| (suffix, "Running", Healthy);
    let (_, web) = b.workload(
        "shop",
        "web",
        "6d9f4",
        &[
            running("7hhqs"),
            running("bk8p2"),
            running("xq4vz"),
            ("zz9aa", "ContainerCreating", Progressing),
        ],
        None,
    );
    let crash = |suffix| (suffix, "CrashLoopBackOff", Unhealthy);
    let (_, cart) = b.workload(
        "shop",
        "cart",
        "7c5b8",
        &[crash("m8w4n"), crash("x2kqz")],
        Some(WHY),
    );
    let web_service = b.service("shop", "web", &web, "", Healthy);
    let cart_service = b.service("shop", "cart", &cart, "no endpoints", Unhealthy);
    b.status(cart_service).reason = Some("No pod behind it is ready.".into());
    let canary = b.node("Service", shop, "web-canary", "", Health::Unhealthy);
    b.graph.nodes.get_mut(&canary).unwrap().state = NodeState::Missing;
    b.tie(
        ingress,
        Relation::Routes,
        web_service,
        "spec.rules[0].http.paths[0].backend.service.name",
    );
    let broken = b.tie(
        ingress,
        Relation::Routes,
        canary,
        "spec.rules[0].http.paths[1].backend.service.name",
    );
    (broken.healthy, broken.reason) = (false, Some("Service web-canary does not exist.".into()));
    let config = b.node("ConfigMap", shop, "cart-config", "", Healthy);
    let account = b.node("ServiceAccount", shop, "cart", "", Healthy);
    for pod in &cart {
        let edge = b.tie(
            *pod,
            Relation::Reads,
            config,
            "spec.containers[0].env[3].valueFrom.configMapKeyRef.name",
        );
        (edge.healthy, edge.reason) = (false, Some("key REDIS_URL missing".into()));
        b.tie(*pod, Relation::RunsAs, account, "spec.serviceAccountName");
        b.tie(*pod, Relation::RunsOn, node, "spec.nodeName");
    }
    let redis = b.node("StatefulSet", shop, "redis", "1/1", Healthy);
    b.status(redis).replicas = Some(Replicas {
        desired: 1,
        ready: 1,
        available: 1,
    });
    let redis_pod = b.node("Pod", shop, "redis-0", "Running", Healthy);
    b.tie(redis, Relation::Owns, redis_pod, "metadata.ownerReferences[0]");
    let claim = b.node("PersistentVolumeClaim", shop, "data-redis-0", "Bound", Healthy);
    b.tie(
        redis_pod,
        Relation::Mounts,
        claim,
        "spec.volumes[0].persistentVolumeClaim.claimName",
    );
    b.service("shop", "redis", &[redis_pod], "", Healthy);
    let volume = b.node("PersistentVolume", None, "pvc-5b1c", "Bound", Healthy);
    b.tie(claim, Relation::Binds, volume, "spec.volumeName");
    let (_, api) = b.workload(
        "payments",
        "payments-api",
        "6c8f",
        &["2jqkd", "8x4lm", "fw9tt", "hv6bn", "tk2rc"].map(running),
        None,
    );
    b.service("payments", "payments-api", &api, "", Healthy);
    let secret = b.node("Secret", Some("payments"), "stripe", "", Healthy);
    for pod in &api {
        b.tie(
            *pod,
            Relation::Reads,
            secret,
            "spec.containers[0].envFrom[0].secretRef.name",
        );
        b.tie(*pod, Relation::RunsOn, node, "spec.nodeName");
    }
    b.node("CronJob", Some("payments"), "reconcile", "Suspended", Suspended);
    let hostile = b.node("ConfigMap", Some("payments"), HOSTILE, "", Healthy);
    b.graph
        .nodes
        .get_mut(&hostile)
        .unwrap()
        .labels
        .insert("home".into(), "javascript:alert(1)".into());
    b.graph
}

/// The graph's part that a query asks for.
fn view(query: &GraphQuery) -> Graph {
    let mut graph = graph();
    let keep: BTreeSet<NodeId> = match &query.focus {
        Some(focus) => {
            let mut near: BTreeSet<NodeId> = graph
                .nodes
                .values()
                .filter(|n| n.key == *focus)
                .map(|n| n.id)
                .collect();
            for _ in 0..query.depth {
                for key in graph.edges.keys() {
                    let (a, b) = (near.contains(&key.source), near.contains(&key.target));
                    if a || b {
                        near.extend([key.source, key.target]);
                    }
                }
            }
            near
        }
        None => graph
            .nodes
            .values()
            .filter(|n| {
                query.namespaces.is_empty()
                    || n.key
                        .namespace
                        .as_ref()
                        .is_some_and(|n| query.namespaces.contains(n))
            })
            .map(|n| n.id)
            .collect(),
    };
    graph.nodes.retain(|id, _| keep.contains(id));
    graph.edges.retain(|key, edge| {
        keep.contains(&key.source)
            && keep.contains(&key.target)
            && (query.layers.is_empty() || query.layers.contains(&edge.layer))
    });
    graph
}

fn cells(node: &Node, kind: KindId) -> Vec<Cell> {
    let status = &node.status;
    let cell = |name: &str, format: ColumnFormat| match (name, format) {
        (_, ColumnFormat::Name) => Cell::text(&node.key.name),
        ("Status", _) => Cell::text(&status.word),
        ("Ready", ColumnFormat::Text) => match status.replicas {
            Some(replicas) => Cell::text(format!("{}/{}", replicas.ready, replicas.desired)),
            None => Cell::text(if status.health == Health::Healthy {
                "1/1"
            } else {
                "0/1"
            }),
        },
        ("Restarts", _) => match status.restarts {
            Some(0) | None => Cell::Number(0),
            Some(restarts) => Cell::Counted(i64::from(restarts), Timestamp(NOW.0 - 2 * MINUTE)),
        },
        (_, ColumnFormat::Date) => node.created_at.map_or(Cell::Unknown, Cell::Time),
        (_, ColumnFormat::Number) => Cell::Number(1),
        ("IP", _) => Cell::text("10.0.3.17"),
        ("Node", _) => Cell::text("node-4"),
        _ => Cell::None,
    };
    topology::kinds::columns(kind)
        .iter()
        .map(|column| cell(&column.name, column.format))
        .collect()
}

fn list(query: &ListQuery) -> Result<ListWindow, ApiError> {
    let Some(kind) = KindId::of_plural(&query.kind) else {
        return Err(ApiError::new(ErrorCode::KindNotFound, "no such kind"));
    };
    let mut graph = graph();
    if kind.get().kind == "Namespace" {
        let mut b = Build {
            graph: Graph::default(),
        };
        for name in ["payments", "platform", "shop"] {
            b.node("Namespace", None, name, "Active", Health::Healthy);
        }
        graph = b.graph;
    }
    let all: Vec<Row> = graph
        .nodes
        .values()
        .filter(|node| node.key.kind == kind.get().id && node.state == NodeState::Live)
        .filter(|node| {
            query.namespaces.is_empty()
                || node
                    .key
                    .namespace
                    .as_ref()
                    .is_some_and(|n| query.namespaces.contains(n))
        })
        .map(|node| Row {
            id: node.id,
            key: node.key.clone(),
            uid: node.uid.clone(),
            created_at: node.created_at,
            cells: cells(node, kind),
            health: node.status.health,
            reason: node.status.reason.clone(),
            labels: BTreeMap::new(),
        })
        .collect();
    let total = u32::try_from(all.len()).unwrap();
    let mut rows: Vec<Row> = all
        .into_iter()
        .filter(|row| row.key.name.contains(&query.filter))
        .collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.health), row.key.clone()));
    Ok(ListWindow {
        columns: topology::kinds::columns(kind).to_vec(),
        namespaced: kind.get().namespaced,
        total,
        matched: u32::try_from(rows.len()).unwrap(),
        rows,
    })
}

/// Nodes whose names have a text.
fn search(text: &str) -> Result<ListWindow, ApiError> {
    if text.contains('"') {
        return Err(ApiError::new(ErrorCode::BadRequest, "close the quotes").with("field", "q"));
    }
    let found = graph()
        .nodes
        .into_values()
        .filter(|node| node.key.name.contains(text));
    let rows: Vec<Row> = found
        .filter(|node| node.state == NodeState::Live)
        .map(|node| Row {
            id: node.id,
            cells: [&node.key.kind, &node.key.name, &node.status.word, "label app=x"]
                .map(|cell| Cell::Text(cell.into()))
                .into(),
            key: node.key,
            uid: node.uid,
            created_at: node.created_at,
            health: node.status.health,
            reason: node.status.reason,
            labels: BTreeMap::new(),
        })
        .collect();
    let total = u32::try_from(rows.len()).unwrap();
    Ok(ListWindow {
        columns: topology::search::columns(),
        namespaced: true,
        total,
        matched: total,
        rows,
    })
}

/// What a test's server says.
#[derive(Clone, Debug)]
pub struct Fixture {
    pub clusters: Vec<Cluster>,
    pub state: TopicState,
    pub problems: Vec<String>,
}

impl Default for Fixture {
    fn default() -> Self {
        Self {
            clusters: vec![cluster("demo"), broken_cluster("prod-eu")],
            state: TopicState::Live,
            problems: Vec::new(),
        }
    }
}

/// One application of three pods, one of them unhealthy.
fn map() -> Map {
    let space = MapSpace {
        id: GroupId(1),
        name: "shop".into(),
        width: 20,
        height: 12,
        header: 2,
        ..MapSpace::default()
    };
    let (healthy, unhealthy) = (Some(Health::Healthy), Some(Health::Unhealthy));
    let application = MapApplication {
        id: GroupId(2),
        space: space.id,
        name: format!("platform/{HOSTILE}"),
        x: 1,
        y: 3,
        columns: 4,
        cells: Cells(vec![healthy, unhealthy, healthy, None]),
    };
    Map {
        spaces: [(space.id, space)].into(),
        applications: [(application.id, application)].into(),
    }
}

impl Source for Fixture {
    fn read(&self, topic: &Topic) -> Result<TopicView, ApiError> {
        let known = |id: &ClusterId| match self.clusters.iter().any(|cluster| cluster.id == *id) {
            true => Ok(()),
            false => Err(ApiError::new(
                ErrorCode::ClusterNotFound,
                format!("There is no cluster `{id}` in the registry."),
            )),
        };
        let content = match topic {
            Topic::Clusters => Snapshot::Clusters(self.clusters.clone()),
            Topic::Graph { cluster, query } => {
                known(cluster)?;
                Snapshot::Graph(view(query))
            }
            Topic::List { cluster, query } => {
                known(cluster)?;
                Snapshot::List(list(query)?)
            }
            Topic::Search { cluster, query } => {
                known(cluster)?;
                Snapshot::List(search(&query.text)?)
            }
            Topic::Diagnostics { cluster } => {
                known(cluster)?;
                Snapshot::List(search("")?)
            }
            Topic::Map { cluster, .. } => {
                known(cluster)?;
                Snapshot::Map(Sealed::new(map()))
            }
            Topic::Cell { cluster, .. } => {
                known(cluster)?;
                Snapshot::Graph(graph())
            }
        };
        Ok(TopicView {
            epoch: Epoch(7),
            content,
            state: self.state.clone(),
        })
    }

    fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }
}
