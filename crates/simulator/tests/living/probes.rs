//! Probes that fail, and containers that start before the others and stay.

use serde_json::{Value, json};

use crate::cluster::{Cluster, container};

const POD: &str = "api/v1/namespaces/default/pods/a";

async fn reasons(cluster: &Cluster) -> Vec<(String, String)> {
    let events = cluster.list("api/v1/events").await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    events
        .iter()
        .map(|event| (text(&event["reason"]), text(&event["message"])))
        .collect()
}

#[tokio::test]
async fn a_file_that_goes_fails_the_liveness_probe() {
    let cluster = Cluster::of(
        "
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
  - name: liveness
    image: 'busybox:1'
    args: [/bin/sh, -c, 'touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600']
    livenessProbe: {exec: {command: [cat, /tmp/healthy]}, initialDelaySeconds: 5, periodSeconds: 5}
",
    )
    .await;
    cluster.running.pass(30);
    assert_eq!(container(&cluster.get(POD).await)["restartCount"], 0);
    cluster.running.pass(25);
    let pod = cluster.get(POD).await;
    assert_eq!(container(&pod)["restartCount"], 1);
    assert_eq!(container(&pod)["lastState"]["terminated"]["exitCode"], 137);
    assert_eq!(container(&pod)["ready"], true);
    let said = reasons(&cluster).await;
    let has = |reason: &str, message: &str| said.contains(&(reason.to_owned(), message.to_owned()));
    assert!(
        has(
            "Killing",
            "Container liveness failed liveness probe, will be restarted"
        ),
        "{said:?}"
    );
    assert!(
        has(
            "Unhealthy",
            "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n"
        ),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_startup_probe_holds_the_others_back_and_gives_up() {
    let pod = |after: &str| {
        format!(
            "
apiVersion: v1
kind: Pod
metadata: {{name: a, annotations: {{simulator.kubilitics.io/starts-after: {after}}}}}
spec:
  containers:
  - {{name: c, image: 'c:1', startupProbe: {{httpGet: {{port: 80}}, periodSeconds: 5, failureThreshold: 4}}}}
"
        )
    };
    let slow = Cluster::of(&pod("12s")).await;
    slow.running.pass(10);
    assert_eq!(container(&slow.get(POD).await)["started"], false);
    slow.running.pass(15);
    assert_eq!(container(&slow.get(POD).await)["started"], true);
    assert_eq!(container(&slow.get(POD).await)["ready"], true);
    let never = Cluster::of(&pod("1h")).await;
    never.running.pass(30);
    assert_eq!(container(&never.get(POD).await)["restartCount"], 1);
    let message = "Container c failed startup probe, will be restarted".to_owned();
    assert!(reasons(&never).await.contains(&("Killing".to_owned(), message)));
}

#[tokio::test]
async fn sidecars_start_first_and_end_last() {
    let cluster = Cluster::of(
        "
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  restartPolicy: Never
  initContainers:
  - {name: proxy, image: 'proxy:1', restartPolicy: Always}
  - {name: prepare, image: 'prepare:1', command: [sleep, '3']}
  containers:
  - {name: work, image: 'work:1', command: [sleep, '10']}
",
    )
    .await;
    cluster.running.pass(15);
    let pod = cluster.get(POD).await;
    let init = |pod: &Value, index: usize| pod["status"]["initContainerStatuses"][index]["state"].clone();
    assert!(init(&pod, 0)["running"].is_object(), "{pod}");
    assert_eq!(init(&pod, 1)["terminated"]["exitCode"], 0);
    assert_eq!(pod["status"]["phase"], "Running");
    cluster.running.pass(30);
    let pod = cluster.get(POD).await;
    assert_eq!(init(&pod, 0)["terminated"]["exitCode"], json!(0));
    assert_eq!(pod["status"]["phase"], "Succeeded");
}
