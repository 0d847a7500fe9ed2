//! What clients write, and what the controllers make of it.

use serde_json::{Value, json};

use crate::cluster::Cluster;

const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";

async fn cluster_with_app() -> Cluster {
    let cluster = Cluster::of("{apiVersion: v1, kind: Namespace, metadata: {name: team}}").await;
    cluster.running.settle();
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "app"}},
            "template": {
                "metadata": {"labels": {"app": "app"}},
                "spec": {"containers": [{"name": "app", "image": "app:1"}]},
            },
        },
    });
    let path = "apis/apps/v1/namespaces/team/deployments";
    cluster.ask("POST", path, JSON, &deployment).await;
    cluster.running.pass(20);
    cluster
}

const APP: &str = "apis/apps/v1/namespaces/team/deployments/app";
const PODS: &str = "api/v1/namespaces/team/pods";

#[tokio::test]
async fn a_deployment_that_is_created_and_scaled_runs() {
    let cluster = cluster_with_app().await;
    assert_eq!(cluster.get(APP).await["status"]["readyReplicas"], 2);
    let five = json!({"spec": {"replicas": 5}});
    cluster.ask("PATCH", APP, MERGE, &five).await;
    cluster.running.pass(20);
    let deployment = cluster.get(APP).await;
    assert_eq!(deployment["status"]["readyReplicas"], 5);
    assert_eq!(deployment["status"]["observedGeneration"], 2);
}

#[tokio::test]
async fn a_pod_that_is_deleted_ends_in_its_time_and_is_replaced() {
    let cluster = cluster_with_app().await;
    let name = cluster.list(PODS).await[0]["metadata"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("{PODS}/{name}");
    let answer = cluster.ask("DELETE", &path, JSON, &json!({})).await;
    assert_eq!(answer["metadata"]["deletionGracePeriodSeconds"], 30);
    cluster.running.settle();
    assert_eq!(
        cluster.list(PODS).await.len(),
        3,
        "its successor is there before it is gone"
    );
    cluster.running.pass(10);
    let left = cluster.list(PODS).await;
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|pod| pod["metadata"]["name"] != name.as_str()));
}

#[tokio::test]
async fn a_foreground_deletion_waits_for_the_pods() {
    let cluster = cluster_with_app().await;
    let options = json!({"propagationPolicy": "Foreground"});
    let answer = cluster.ask("DELETE", APP, JSON, &options).await;
    assert_eq!(answer["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    cluster.running.settle();
    assert!(!cluster.list("apis/apps/v1/deployments").await.is_empty());
    cluster.running.pass(10);
    for path in ["apis/apps/v1/deployments", "apis/apps/v1/replicasets", PODS] {
        assert!(cluster.list(path).await.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn orphans_stay() {
    let cluster = cluster_with_app().await;
    let options = json!({"propagationPolicy": "Orphan"});
    cluster.ask("DELETE", APP, JSON, &options).await;
    cluster.running.pass(10);
    assert!(cluster.list("apis/apps/v1/deployments").await.is_empty());
    let sets = cluster.list("apis/apps/v1/replicasets").await;
    assert!(sets[0]["metadata"]["ownerReferences"].is_null());
    assert_eq!(cluster.list(PODS).await.len(), 2);
}

#[tokio::test]
async fn a_namespace_that_is_deleted_is_emptied() {
    let cluster = cluster_with_app().await;
    let path = "api/v1/namespaces/team";
    let answer = cluster.ask("DELETE", path, JSON, &json!({})).await;
    assert_eq!(answer["status"]["phase"], "Terminating");
    cluster.running.pass(30);
    let spaces = cluster.list("api/v1/namespaces").await;
    assert!(spaces.iter().all(|space| space["metadata"]["name"] != "team"));
    for path in [
        PODS,
        "api/v1/namespaces/team/configmaps",
        "api/v1/namespaces/team/events",
    ] {
        assert!(cluster.list(path).await.is_empty(), "{path}");
    }
}

const WIDGETS: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: a, namespace: default}
---
{apiVersion: v1, kind: Namespace, metadata: {name: team}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: b, namespace: team}
";

#[tokio::test]
async fn the_end_of_a_definition_ends_its_watches() {
    let cluster = Cluster::of(WIDGETS).await;
    let definition = "apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com";
    let delete = async {
        cluster.ask("DELETE", definition, JSON, &json!({})).await;
    };
    let path = "apis/example.com/v1/widgets?watch=1&resourceVersion=0";
    let events = cluster.watch_while(path, delete).await;
    let seen: Vec<(&str, &str)> = events
        .iter()
        .map(|e| {
            (
                e["type"].as_str().unwrap(),
                e["object"]["metadata"]["name"].as_str().unwrap(),
            )
        })
        .collect();
    let begin = [("ADDED", "a"), ("ADDED", "b")];
    let end = [("DELETED", "a"), ("DELETED", "b")];
    assert_eq!(seen, [begin, end].concat());
}

#[tokio::test]
async fn a_namespace_is_emptied_of_custom_resources() {
    let cluster = Cluster::of(WIDGETS).await;
    cluster.running.settle();
    cluster
        .ask("DELETE", "api/v1/namespaces/team", JSON, &json!({}))
        .await;
    cluster.running.pass(5);
    let left = cluster.list("apis/example.com/v1/widgets").await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["metadata"]["namespace"], "default");
}

/// A widget or ConfigMap of the namespace `default`, with these owners.
fn owned(kind: &str, name: &str, owners: &[(&str, &Value)]) -> Value {
    let api_version = |kind: &str| if kind == "Widget" { "example.com/v1" } else { "v1" };
    let reference = |(kind, owner): &(&str, &Value)| {
        json!({"apiVersion": api_version(kind), "kind": kind, "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"]})
    };
    let owners: Vec<Value> = owners.iter().map(reference).collect();
    json!({"apiVersion": api_version(kind), "kind": kind, "metadata": {"name": name, "ownerReferences": owners}})
}

const WIDGETS_OF_DEFAULT: &str = "apis/example.com/v1/namespaces/default/widgets";
const MAPS_OF_DEFAULT: &str = "api/v1/namespaces/default/configmaps";

async fn names(cluster: &Cluster, path: &str) -> Vec<String> {
    let objects = cluster.list(path).await;
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    objects
        .iter()
        .map(name)
        .filter(|name| name != "kube-root-ca.crt")
        .collect()
}

#[tokio::test]
async fn what_a_custom_resource_owns_goes_with_it() {
    let cluster = Cluster::of(WIDGETS).await;
    cluster.running.settle();
    let widget = cluster.get(&format!("{WIDGETS_OF_DEFAULT}/a")).await;
    for (path, kind) in [(MAPS_OF_DEFAULT, "ConfigMap"), (WIDGETS_OF_DEFAULT, "Widget")] {
        cluster
            .ask("POST", path, JSON, &owned(kind, "child", &[("Widget", &widget)]))
            .await;
    }
    cluster.running.pass(5);
    assert_eq!(names(&cluster, MAPS_OF_DEFAULT).await, ["child"]);
    assert_eq!(names(&cluster, WIDGETS_OF_DEFAULT).await, ["a", "child"]);
    cluster
        .ask("DELETE", &format!("{WIDGETS_OF_DEFAULT}/a"), JSON, &json!({}))
        .await;
    cluster.running.pass(5);
    assert!(names(&cluster, MAPS_OF_DEFAULT).await.is_empty());
    assert!(names(&cluster, WIDGETS_OF_DEFAULT).await.is_empty());
}

#[tokio::test]
async fn a_custom_resource_goes_with_the_last_of_its_owners() {
    let cluster = Cluster::of(WIDGETS).await;
    let mut maps = Vec::new();
    for name in ["one", "two"] {
        maps.push(
            cluster
                .ask("POST", MAPS_OF_DEFAULT, JSON, &owned("ConfigMap", name, &[]))
                .await,
        );
    }
    let owners = [("ConfigMap", &maps[0]), ("ConfigMap", &maps[1])];
    cluster
        .ask(
            "POST",
            WIDGETS_OF_DEFAULT,
            JSON,
            &owned("Widget", "child", &owners),
        )
        .await;
    cluster.running.pass(5);
    for (name, left) in [("one", ["a", "child"].as_slice()), ("two", ["a"].as_slice())] {
        cluster
            .ask("DELETE", &format!("{MAPS_OF_DEFAULT}/{name}"), JSON, &json!({}))
            .await;
        cluster.running.pass(5);
        assert_eq!(names(&cluster, WIDGETS_OF_DEFAULT).await, left);
    }
}

#[tokio::test]
async fn a_custom_resource_that_is_orphaned_stays() {
    let cluster = Cluster::of(WIDGETS).await;
    let map = cluster
        .ask("POST", MAPS_OF_DEFAULT, JSON, &owned("ConfigMap", "owner", &[]))
        .await;
    cluster
        .ask(
            "POST",
            WIDGETS_OF_DEFAULT,
            JSON,
            &owned("Widget", "child", &[("ConfigMap", &map)]),
        )
        .await;
    cluster.running.settle();
    let options = json!({"propagationPolicy": "Orphan"});
    cluster
        .ask("DELETE", &format!("{MAPS_OF_DEFAULT}/owner"), JSON, &options)
        .await;
    cluster.running.pass(5);
    assert!(names(&cluster, MAPS_OF_DEFAULT).await.is_empty());
    let child = cluster.get(&format!("{WIDGETS_OF_DEFAULT}/child")).await;
    assert!(child["metadata"]["ownerReferences"].is_null());
    // Nobody would take the finalizer of a widget away again.
    let request = http::Request::delete(format!("/{WIDGETS_OF_DEFAULT}/a"))
        .header("content-type", JSON)
        .body(serde_json::to_vec(&options).unwrap())
        .unwrap();
    let refused = cluster.client.request::<Value>(request).await;
    assert!(
        matches!(&refused, Err(kube::Error::Api(status)) if status.code == 501),
        "{refused:?}"
    );
}
