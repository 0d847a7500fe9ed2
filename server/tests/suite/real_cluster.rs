//! The same against a real control plane, with kubectl as the oracle.

use crate::harness::{Kept, PATIENCE, TestServer};
use control_plane::{ControlPlane, User};
use model::ErrorCode;
use model::graph::GraphQuery;
use model::list::ListQuery;
use model::stream::{Snapshot, Topic, TopicState};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// As many columns of a list are compared with kubectl's.
const COMPARED: usize = 4;

async fn shared() -> &'static ControlPlane {
    tokio::task::spawn_blocking(|| ControlPlane::shared().expect("a control plane"))
        .await
        .unwrap()
}

/// Runs kubectl without holding the runtime up.
async fn kubectl(plane: &'static ControlPlane, args: &[&str]) -> String {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    tokio::task::spawn_blocking(move || plane.run_kubectl(args).unwrap())
        .await
        .unwrap()
}

async fn namespace(plane: &'static ControlPlane, prefix: &'static str) -> String {
    tokio::task::spawn_blocking(move || plane.namespace(prefix).unwrap())
        .await
        .unwrap()
}

async fn apply(plane: &'static ControlPlane, namespace: &str, manifest: Value) {
    let namespace = namespace.to_owned();
    tokio::task::spawn_blocking(move || plane.apply(&namespace, &manifest.to_string()).unwrap())
        .await
        .unwrap();
}

async fn start(plane: &ControlPlane, user: User) -> (TestServer, String) {
    let kubeconfig: PathBuf = plane.kubeconfig(user);
    let server = TestServer::start(&kubeconfig).await;
    let id = server.synced().await;
    (server, id)
}

#[tokio::test]
async fn a_cluster_connects_and_counts() {
    let plane = shared().await;
    let (server, id) = start(plane, User::Admin).await;
    let cluster = server.get(&format!("/api/v1/clusters/{id}")).await.json();
    assert_eq!(cluster["status"], "connected", "{cluster}");
    assert_eq!(cluster["version"], "v1.36.3");
    let nodes = kubectl(plane, &["get", "nodes", "--output", "name"]).await;
    assert_eq!(cluster["counts"]["nodes"], nodes.lines().count());
    assert_eq!(cluster["sync"]["denied"].as_array().unwrap().len(), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_deployment_is_drawn_with_the_proof_of_each_edge() {
    let plane = shared().await;
    let ns = namespace(plane, "graph").await;
    kubectl(
        plane,
        &[
            "-n",
            &ns,
            "create",
            "deployment",
            "web",
            "--image=app:1",
            "--replicas=2",
        ],
    )
    .await;
    kubectl(plane, &["-n", &ns, "expose", "deployment", "web", "--port=80"]).await;
    kubectl(
        plane,
        &["-n", &ns, "rollout", "status", "deployment/web", "--timeout=60s"],
    )
    .await;
    let (server, id) = start(plane, User::Admin).await;
    let path = format!("/api/v1/clusters/{id}/topology?namespace={ns}");
    let of = |topology: &Value, relation: &str, from: &str, to: &str| -> Vec<Value> {
        let edges = topology["edges"].as_array().unwrap().iter();
        edges
            .filter(|edge| {
                edge["relationshipType"] == relation
                    && edge["source"].as_str().unwrap().starts_with(from)
                    && edge["target"].as_str().unwrap().starts_with(to)
            })
            .cloned()
            .collect()
    };
    let complete = |topology: &Value| {
        of(topology, "runs-on", "Pod/", "Node/").len() == 2
            && of(topology, "targets", "EndpointSlice/", "Pod/").len() == 2
            && topology["metadata"]["isComplete"] == true
    };
    let topology = server
        .get_until(&path, |answer| complete(&answer.json()))
        .await
        .json();
    let expected = [
        (
            "owns",
            "Deployment/",
            "ReplicaSet/",
            1,
            "metadata.ownerReferences[0]",
        ),
        ("owns", "ReplicaSet/", "Pod/", 2, "metadata.ownerReferences[0]"),
        ("selects", "Service/", "Pod/", 2, "spec.selector"),
        (
            "publishes",
            "Service/",
            "EndpointSlice/",
            1,
            "metadata.labels[\"kubernetes.io/service-name\"]",
        ),
        ("runs-on", "Pod/", "Node/", 2, "spec.nodeName"),
        ("runs-as", "Pod/", "ServiceAccount/", 2, "spec.serviceAccountName"),
    ];
    for (relation, from, to, count, field) in expected {
        let found = of(&topology, relation, from, to);
        assert_eq!(found.len(), count, "{relation} {from} {to} in {topology}");
        for edge in found {
            let fields = edge["metadata"]["sourceFields"].as_array().unwrap();
            assert!(
                fields.iter().any(|proof| proof["path"] == field),
                "{field} in {edge}"
            );
        }
    }
    assert_eq!(topology["metadata"]["totals"]["Pod"], 2);
    assert_eq!(topology["metadata"]["isComplete"], true);
    server.stop().await;
}

#[tokio::test]
async fn a_list_reads_as_kubectl_prints_it() {
    let plane = shared().await;
    let ns = namespace(plane, "list").await;
    kubectl(
        plane,
        &[
            "-n",
            &ns,
            "create",
            "deployment",
            "web",
            "--image=app:1",
            "--replicas=3",
        ],
    )
    .await;
    kubectl(
        plane,
        &["-n", &ns, "rollout", "status", "deployment/web", "--timeout=60s"],
    )
    .await;
    let (server, id) = start(plane, User::Admin).await;
    for kind in ["pods", "deployments.apps"] {
        let path = format!("/api/v1/clusters/{id}/resources/{kind}?namespace={ns}");
        // In any order: kubectl has pod-10 before pod-9. Asked anew each time: pods change after they were printed.
        let same = async {
            loop {
                let printed = kubectl(plane, &["-n", &ns, "get", kind, "--no-headers"]).await;
                let printed: BTreeSet<Vec<String>> = printed.lines().map(words).collect();
                let list = server.get(&path).await.json();
                let shown: BTreeSet<Vec<String>> =
                    list["items"].as_array().unwrap().iter().map(cells).collect();
                if shown == printed {
                    return list["metadata"]["matched"] == printed.len();
                }
                eprintln!("{kind}: kubectl prints {printed:?}, the list shows {shown:?}");
            }
        };
        assert!(tokio::time::timeout(PATIENCE, same).await.expect(kind), "{kind}");
    }
    server.stop().await;
}

/// The first columns of a line of kubectl.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace()
        .take(COMPARED)
        .map(str::to_owned)
        .collect()
}

/// The same of an item of a list.
fn cells(item: &Value) -> Vec<String> {
    let text = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
    let cells = item["cells"].as_array().unwrap().iter();
    cells.take(COMPARED).map(text).collect()
}

#[tokio::test]
async fn a_new_deployment_arrives_as_a_delta() {
    let plane = shared().await;
    let ns = namespace(plane, "delta").await;
    let (server, id) = start(plane, User::Admin).await;
    let topic = Topic::Graph {
        cluster: id.as_str().into(),
        query: GraphQuery {
            namespaces: vec![ns.clone()],
            ..GraphQuery::default()
        },
    };
    let mut client = server.client().await;
    client.subscribe(1, topic.clone(), None).await;
    let mut kept = Kept::default();
    kept.until(&mut client, 1, |kept| kept.state == Some(TopicState::Live))
        .await;
    kubectl(
        plane,
        &["-n", &ns, "create", "deployment", "web", "--image=app:1"],
    )
    .await;
    let running = |kept: &Kept| match &kept.content {
        Some(Snapshot::Graph(graph)) => graph
            .nodes
            .values()
            .any(|node| node.key.kind == "Pod" && node.status.word == "Running"),
        _ => false,
    };
    kept.until(&mut client, 1, running).await;
    assert_eq!(kept.snapshots, 1, "by deltas alone");

    // The cluster goes on meanwhile: a state that a new client gets may be one that this one has passed, or passes over.
    let mut is_same = false;
    for _ in 0..20 {
        let mut other = server.client().await;
        other.subscribe(1, topic.clone(), None).await;
        let mut fresh = Kept::default();
        fresh.until(&mut other, 1, |kept| kept.content.is_some()).await;
        let same = |kept: &Kept| kept.content == fresh.content;
        let wait = tokio::time::timeout(Duration::from_secs(1), kept.until(&mut client, 1, same));
        if wait.await.is_ok() {
            is_same = true;
            break;
        }
    }
    assert!(is_same, "the state by deltas is never that of a new client");
    server.stop().await;
}

#[tokio::test]
async fn a_user_without_rights_on_secrets_sees_the_rest() {
    let plane = shared().await;
    let (server, id) = start(plane, User::NoSecrets).await;
    let answer = server
        .get(&format!("/api/v1/clusters/{id}/resources/secrets"))
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    assert_eq!(answer.json()["details"]["resource"], "secrets");
    let cluster = server.get(&format!("/api/v1/clusters/{id}")).await.json();
    assert_eq!(cluster["status"], "connected");
    assert_eq!(cluster["sync"]["denied"][0]["resource"], "secrets");
    assert_eq!(
        server
            .get(&format!("/api/v1/clusters/{id}/resources/nodes"))
            .await
            .json()["metadata"]["total"],
        kubectl(plane, &["get", "nodes", "--output", "name"])
            .await
            .lines()
            .count()
    );
    let page = server.get(&format!("/c/{id}/secrets")).await;
    assert_eq!(page.status, 403);
    server.stop().await;
}

#[tokio::test]
async fn who_may_see_one_namespace_is_shown_that_and_told_so() {
    let plane = shared().await;
    let other = namespace(plane, "unseen").await;
    for ns in ["team-a", &other] {
        let create = ["create", "deployment", "only", "--image=app:1", "--namespace", ns];
        kubectl(plane, &create).await;
    }
    let (server, id) = start(plane, User::TeamA).await;
    let cluster = server.get(&format!("/api/v1/clusters/{id}")).await.json();
    assert_eq!(cluster["status"], "connected", "{cluster}");
    assert_eq!(cluster["counts"]["nodes"], Value::Null, "unknown is not zero");
    assert!(cluster["counts"]["pods"].is_number(), "{cluster}");
    let limited = cluster["sync"]["limited"].as_array().unwrap();
    let pods = limited.iter().find(|limit| limit["resource"] == "pods").unwrap();
    assert_eq!(pods["namespaces"], json!(["team-a"]));

    let path = format!("/api/v1/clusters/{id}/resources/deployments");
    let list = server
        .get_until(&path, |answer| answer.json()["metadata"]["total"] == 1)
        .await;
    assert!(!list.text().contains(&other), "{}", list.text());
    let list = list.json();
    assert_eq!(list["metadata"]["isComplete"], false);
    assert_eq!(list["metadata"]["warnings"][0]["code"], "limited", "{list}");
    let own = server.get(&format!("{path}?namespace=team-a")).await.json();
    assert_eq!(own["metadata"]["isComplete"], true, "{own}");
    let foreign = server.get(&format!("{path}?namespace={other}")).await;
    assert_eq!(foreign.status, 403);
    assert_eq!(foreign.json()["details"]["namespace"], other.as_str());

    let topology = server.get(&format!("/api/v1/clusters/{id}/topology")).await;
    assert!(!topology.text().contains(&other));
    let topology = topology.json();
    let ids: Vec<&str> = topology["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|node| node["id"].as_str())
        .collect();
    assert!(ids.contains(&"Deployment/team-a/only"), "{ids:?}");
    let warnings = topology["metadata"]["warnings"].as_array().unwrap();
    assert!(
        warnings.iter().any(|warning| warning["code"] == "limited"),
        "{warnings:?}"
    );
    server.stop().await;
    for ns in ["team-a", &other] {
        kubectl(plane, &["delete", "deployment", "only", "--namespace", ns]).await;
    }
}

#[tokio::test]
async fn a_kind_defined_while_it_runs_is_listed_followed_and_drawn() {
    let plane = shared().await;
    let ns = namespace(plane, "custom").await;
    let plural = format!("gadgets.{ns}.example.org");
    let (server, id) = start(plane, User::Admin).await;
    let path = format!("/api/v1/clusters/{id}/resources/{plural}");
    assert_eq!(server.get(&path).await.code(), "kind_not_found");
    let query: ListQuery = serde_json::from_value(json!({"kind": plural, "sort": ["-size"]})).unwrap();
    let topic = Topic::List {
        cluster: id.as_str().into(),
        query,
    };
    let mut client = server.client().await;
    client.subscribe(1, topic, None).await;
    let mut kept = Kept::default();
    let unknown = |kept: &Kept| {
        kept.error
            .as_ref()
            .is_some_and(|error| error.code == ErrorCode::KindNotFound)
    };
    kept.until(&mut client, 1, unknown).await;

    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": plural},
        "spec": {
            "group": format!("{ns}.example.org"), "scope": "Namespaced",
            "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"},
            "versions": [{
                "name": "v1alpha1", "served": true, "storage": true,
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    });
    apply(plane, "default", definition).await;
    let crd = format!("crd/{plural}");
    kubectl(plane, &["wait", "--for=condition=Established", &crd]).await;
    for (name, size) in [("small", 2), ("large", 10)] {
        let gadget = json!({
            "apiVersion": format!("{ns}.example.org/v1alpha1"), "kind": "Gadget", "metadata": {"name": name},
            "spec": {"size": size, "otherRef": {"kind": "Gadget", "name": "small"}},
        });
        apply(plane, &ns, gadget).await;
    }
    let names = |kept: &Kept| -> Vec<String> {
        match &kept.content {
            Some(Snapshot::List(window)) => window.rows.iter().map(|row| row.key.name.clone()).collect(),
            _ => Vec::new(),
        }
    };
    kept.until(&mut client, 1, |kept| names(kept) == ["large", "small"])
        .await;
    assert_eq!(kept.error, None);

    let list = server
        .get_until(&path, |answer| answer.json()["metadata"]["total"] == 2)
        .await
        .json();
    let columns: Vec<&Value> = list["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| &column["name"])
        .collect();
    assert_eq!(columns, ["Name", "Size"]);
    assert_eq!(list["items"][0]["cells"], json!(["large", 10]));
    assert_eq!(
        list["items"][0]["apiVersion"],
        format!("{ns}.example.org/v1alpha1")
    );
    let sorted = server
        .get(&format!("{path}?sort=size&filter=size%3C5"))
        .await
        .json();
    assert_eq!(sorted["metadata"]["matched"], 1, "{sorted}");
    let wrong = server.get(&format!("{path}?sort=colour")).await;
    assert_eq!(
        (wrong.status, wrong.json()["details"]["allowed"].clone()),
        (400, json!("use one of name, size, namespace, health"))
    );

    let topology = server
        .get(&format!("/api/v1/clusters/{id}/topology?namespace={ns}"))
        .await
        .json();
    let address = |name: &str| format!("Gadget.{ns}.example.org/{ns}/{name}");
    let edges = topology["edges"].as_array().unwrap();
    let edge = edges
        .iter()
        .find(|edge| edge["source"] == address("large").as_str())
        .unwrap();
    assert_eq!(edge["relationshipType"], "refers");
    assert_eq!(edge["target"], address("small").as_str());
    assert_eq!(edge["metadata"]["sourceFields"][0]["path"], "spec.otherRef.name");
    assert_eq!(
        topology["metadata"]["totals"][format!("Gadget.{ns}.example.org")],
        2
    );

    kubectl(plane, &["delete", &crd]).await;
    kept.until(&mut client, 1, unknown).await;
    server.get_until(&path, |answer| answer.status == 404).await;
    server.stop().await;
}
