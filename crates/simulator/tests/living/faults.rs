//! What goes wrong, and how the cluster says so.

use serde_json::{Value, json};

use crate::cluster::{Cluster, condition, container};

fn deployment(template: &str) -> String {
    let head = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
";
    format!("{head}{template}")
}

async fn pod(cluster: &Cluster) -> Value {
    cluster.list("api/v1/pods").await.remove(0)
}

#[tokio::test]
async fn a_missing_key_blocks_the_container_until_it_is_there() {
    let cluster = Cluster::of(&format!(
        "{}---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: settings}}, data: {{other: x}}}}",
        deployment(
            "    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: 'app:1', env: [{name: A, valueFrom: {configMapKeyRef: {name: settings, key: host}}}]}]}
"
        )
    ))
    .await;
    cluster.running.pass(30);
    let before = pod(&cluster).await;
    let waiting = &container(&before)["state"]["waiting"];
    assert_eq!(waiting["reason"], "CreateContainerConfigError");
    assert_eq!(
        waiting["message"],
        "couldn't find key host in ConfigMap default/settings"
    );
    assert_eq!(before["status"]["phase"], "Pending");
    let change = |map: &mut Value| map["data"]["host"] = json!("mail");
    cluster
        .edit("api/v1/namespaces/default/configmaps/settings", change)
        .await;
    cluster.running.pass(30);
    assert_eq!(pod(&cluster).await["status"]["phase"], "Running");
}

#[tokio::test]
async fn restarts_come_after_longer_and_longer_pauses() {
    let crash = "    metadata: {labels: {app: app}, annotations: {simulator.kubilitics.io/crash-after: 5s}}
    spec: {containers: [{name: app, image: 'app:1'}]}
";
    let cluster = Cluster::of(&deployment(crash)).await;
    let mut restarts = Vec::new();
    let mut seen = 0;
    for second in 0..260 {
        cluster.running.pass(1);
        let pod = pod(&cluster).await;
        let count = container(&pod)["restartCount"].as_i64().unwrap_or_default();
        if count > seen {
            restarts.push(second);
            seen = count;
        }
    }
    // It runs for 5 s, and the pauses are 0, 10, 20, 40 and 80 s.
    let gaps: Vec<i32> = restarts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps, [15, 25, 45, 85]);
    let pod = pod(&cluster).await;
    let status = container(&pod);
    assert_eq!(status["lastState"]["terminated"]["reason"], "Error");
    assert_eq!(status["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert!(
        status["state"]["waiting"]["message"]
            .as_str()
            .unwrap()
            .starts_with("back-off 2m40s restarting failed")
    );
}

#[tokio::test]
async fn an_image_that_is_nowhere_is_tried_again() {
    let missing = "    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: 'registry.invalid/app:1'}]}
";
    let cluster = Cluster::of(&deployment(missing)).await;
    cluster.running.pass(60);
    let pod = pod(&cluster).await;
    assert_eq!(container(&pod)["state"]["waiting"]["reason"], "ImagePullBackOff");
    let events = cluster.list("api/v1/events").await;
    let back_off = events.iter().find(|e| e["reason"] == "BackOff").unwrap();
    assert_eq!(
        back_off["message"],
        "Back-off pulling image \"registry.invalid/app:1\""
    );
    assert_eq!(back_off["count"], 3, "one object with a count");
}

#[tokio::test]
async fn a_pod_waits_for_room() {
    let large = "    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: 'app:1', resources: {requests: {cpu: '6'}}}]}
";
    let cluster = Cluster::of(&deployment(large)).await;
    cluster.running.pass(10);
    let before = pod(&cluster).await;
    let scheduled = condition(&before, "PodScheduled");
    assert_eq!(scheduled["reason"], "Unschedulable");
    assert_eq!(
        scheduled["message"],
        "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are \
         available: 2 Preemption is not helpful for scheduling."
    );
    let grow = |node: &mut Value| node["status"]["allocatable"]["cpu"] = json!("16");
    cluster.edit("api/v1/nodes/two", grow).await;
    cluster.running.pass(10);
    assert_eq!(pod(&cluster).await["spec"]["nodeName"], "two");
}

#[tokio::test]
async fn a_rollout_that_does_not_become_ready_runs_out_of_time() {
    let cluster = Cluster::of(&deployment(
        "    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: 'app:1', readinessProbe: {httpGet: {port: 80}}}]}
",
    ))
    .await;
    cluster.running.pass(30);
    let change = |d: &mut Value| {
        d["spec"]["template"]["metadata"]["annotations"] = json!({"simulator.kubilitics.io/ready": "false"});
    };
    let path = "apis/apps/v1/namespaces/default/deployments/app";
    cluster.edit(path, change).await;
    cluster.running.pass(300);
    assert_eq!(
        condition(&cluster.get(path).await, "Progressing")["reason"],
        "ReplicaSetUpdated"
    );
    cluster.running.pass(400);
    let after = cluster.get(path).await;
    assert_eq!(
        condition(&after, "Progressing")["reason"],
        "ProgressDeadlineExceeded"
    );
    assert_eq!(
        condition(&after, "Available")["status"],
        "True",
        "the old pod still works"
    );
    assert_eq!(cluster.list("api/v1/pods").await.len(), 2);
}

#[tokio::test]
async fn a_lost_node_loses_its_pods_after_five_minutes() {
    let cluster = Cluster::of(&deployment(
        "    metadata: {labels: {app: app}}
    spec: {nodeSelector: {kubernetes.io/hostname: one}, containers: [{name: app, image: 'app:1'}]}
",
    ))
    .await;
    cluster.running.pass(30);
    let lose =
        |node: &mut Value| node["metadata"]["annotations"]["simulator.kubilitics.io/ready"] = json!("false");
    cluster.edit("api/v1/nodes/one", lose).await;
    cluster.running.pass(60);
    let node = cluster.get("api/v1/nodes/one").await;
    assert_eq!(condition(&node, "Ready")["status"], "Unknown");
    assert_eq!(node["spec"]["taints"][0]["key"], "node.kubernetes.io/unreachable");
    let before = pod(&cluster).await;
    assert_eq!(condition(&before, "Ready")["status"], "False");
    assert!(before["metadata"]["deletionTimestamp"].is_null());
    cluster.running.pass(300);
    let pods = cluster.list("api/v1/pods").await;
    assert_eq!(pods.len(), 2, "the old one cannot go, the new one finds no node");
    assert!(
        pods.iter()
            .any(|pod| pod["metadata"]["deletionTimestamp"].is_string())
    );
    let find =
        |node: &mut Value| node["metadata"]["annotations"]["simulator.kubilitics.io/ready"] = json!("true");
    cluster.edit("api/v1/nodes/one", find).await;
    cluster.running.pass(60);
    let pods = cluster.list("api/v1/pods").await;
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0]["status"]["phase"], "Running");
}

#[tokio::test]
async fn a_quota_refuses_what_is_too_much() {
    let cluster = Cluster::of(&format!(
        "{}---\n{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: few}}, spec: {{hard: {{pods: '2'}}}}}}",
        deployment("    metadata: {labels: {app: app}}\n    spec: {containers: [{name: app, image: 'app:1'}]}\n")
            .replace("spec:\n  selector", "spec:\n  replicas: 3\n  selector")
    ))
    .await;
    cluster.running.pass(20);
    assert_eq!(cluster.list("api/v1/pods").await.len(), 2);
    let quota = cluster.get("api/v1/namespaces/default/resourcequotas/few").await;
    assert_eq!(quota["status"]["used"]["pods"], "2");
    let events = cluster.list("api/v1/events").await;
    let refused = events.iter().find(|e| e["reason"] == "FailedCreate").unwrap();
    let message = refused["message"].as_str().unwrap();
    assert!(
        message
            .ends_with("is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2")
    );
}

#[tokio::test]
async fn a_claim_without_a_class_waits() {
    let cluster = Cluster::of(
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {accessModes: [ReadWriteOnce], \
         storageClassName: '', resources: {requests: {storage: 1Gi}}}}",
    )
    .await;
    cluster.running.pass(5);
    let claim = cluster
        .get("api/v1/namespaces/default/persistentvolumeclaims/c")
        .await;
    assert_eq!(claim["status"]["phase"], "Pending");
    let events = cluster.list("api/v1/events").await;
    let why = "no persistent volumes available for this claim and no storage class is set";
    assert!(
        events
            .iter()
            .any(|e| e["reason"] == "FailedBinding" && e["message"] == why)
    );
}
