//! Where pods go, what makes room for them, and what drives them out.

use serde_json::{Value, json};

use crate::cluster::{Cluster, condition};

fn pod(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{app: a}}}}\nspec:\n  \
         containers: [{{name: c, image: 'c:1'}}]\n  {spec}\n---\n"
    )
}

async fn get(cluster: &Cluster, name: &str) -> Value {
    cluster
        .get(&format!("api/v1/namespaces/default/pods/{name}"))
        .await
}

async fn why(cluster: &Cluster, name: &str) -> String {
    let pod = get(cluster, name).await;
    assert_eq!(pod["spec"]["nodeName"], Value::Null, "{pod}");
    let condition = condition(&pod, "PodScheduled");
    condition["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn pods_that_must_not_be_scheduled_say_why() {
    let spread = "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, \
        labelSelector: {matchLabels: {app: a}}}]";
    let near = "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: \
        kubernetes.io/hostname, labelSelector: {matchLabels: {app: nobody}}}]}}";
    let manifests =
        pod("spread", spread) + &pod("near", near) + &pod("gated", "schedulingGates: [{name: e.org/g}]");
    let gpu = "apiVersion: v1\nkind: Pod\nmetadata: {name: gpu}\nspec: {containers: [{name: c, image: 'c:1', \
        resources: {limits: {e.org/gpu: 1}, requests: {e.org/gpu: 1}}}]}\n";
    let cluster = Cluster::of(&format!("{manifests}{gpu}")).await;
    cluster.running.pass(5);
    for (name, expected) in [
        (
            "spread",
            "2 node(s) didn't match pod topology spread constraints (missing required label).",
        ),
        ("near", "2 node(s) didn't match pod affinity rules."),
        ("gpu", "2 Insufficient e.org/gpu."),
        ("gated", "Scheduling is blocked due to non-empty scheduling gates"),
    ] {
        let said = why(&cluster, name).await;
        assert!(said.contains(expected), "{name}: {said}");
    }
    let open = json!({"spec": {"schedulingGates": null}});
    let path = "api/v1/namespaces/default/pods/gated";
    cluster
        .ask("PATCH", path, "application/merge-patch+json", &open)
        .await;
    cluster.running.pass(2);
    assert!(get(&cluster, "gated").await["spec"]["nodeName"].is_string());
}

#[tokio::test]
async fn pods_spread_over_domains_as_evenly_as_they_have_to() {
    let spread = "topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: \
        DoNotSchedule, labelSelector: {matchLabels: {app: a}}}]";
    let manifests: String = (0..6).map(|number| pod(&format!("p{number}"), spread)).collect();
    let cluster = Cluster::of(&manifests).await;
    cluster.running.pass(5);
    let pods = cluster.list("api/v1/pods").await;
    assert_eq!(
        pods.iter().filter(|pod| pod["spec"]["nodeName"] == "one").count(),
        3
    );
}

#[tokio::test]
async fn a_more_important_pod_takes_the_place_of_others() {
    let class =
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 1000\n---\n";
    let full = |name: &str, more: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: c, image: 'c:1', \
             resources: {{requests: {{cpu: '3'}}}}}}]{more}}}\n---\n"
        )
    };
    let cluster = Cluster::of(&format!("{class}{}{}", full("a", ""), full("b", ""))).await;
    cluster.running.pass(10);
    let spec = json!({"metadata": {"name": "vip"}, "spec": {"priorityClassName": "high", "containers": [
        {"name": "c", "image": "c:1", "resources": {"requests": {"cpu": "3"}}}]}});
    cluster
        .ask(
            "POST",
            "api/v1/namespaces/default/pods",
            "application/json",
            &spec,
        )
        .await;
    cluster.running.pass(1);
    let vip = get(&cluster, "vip").await;
    assert_eq!(vip["spec"]["priority"], 1000);
    assert!(vip["status"]["nominatedNodeName"].is_string(), "{vip}");
    cluster.running.pass(60);
    assert_eq!(get(&cluster, "vip").await["status"]["phase"], "Running");
    assert_eq!(cluster.list("api/v1/pods").await.len(), 2, "one had to go");
    let events = cluster.list("api/v1/events").await;
    assert_eq!(
        events
            .iter()
            .filter(|event| event["reason"] == "Preempted")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_taint_of_any_key_drives_out_who_does_not_tolerate_it() {
    let stays =
        "nodeSelector: {kubernetes.io/hostname: one}\n  tolerations: [{key: repair, operator: Exists}]";
    let short = "nodeSelector: {kubernetes.io/hostname: one}\n  tolerations: [{key: repair, operator: Exists, \
        effect: NoExecute, tolerationSeconds: 60}]";
    let manifests = pod("goes", "nodeSelector: {kubernetes.io/hostname: one}")
        + &pod("stays", stays)
        + &pod("short", short);
    let cluster = Cluster::of(&manifests).await;
    cluster.running.pass(10);
    let taint = json!({"spec": {"taints": [{"key": "repair", "effect": "NoExecute"}]}});
    cluster
        .ask(
            "PATCH",
            "api/v1/nodes/one",
            "application/merge-patch+json",
            &taint,
        )
        .await;
    let names = async || -> Vec<String> {
        let pods = cluster.list("api/v1/pods").await;
        pods.iter()
            .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    cluster.running.pass(20);
    assert_eq!(names().await, ["short", "stays"]);
    cluster.running.pass(80);
    assert_eq!(names().await, ["stays"]);
}

#[tokio::test]
async fn a_daemon_set_may_have_two_pods_on_a_node_while_it_rolls() {
    let cluster = Cluster::of(
        "
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 50%, maxUnavailable: 0}}
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: 'agent:1'}]}
",
    )
    .await;
    cluster.running.pass(20);
    let image =
        json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "agent:2"}]);
    let path = "apis/apps/v1/namespaces/default/daemonsets/agent";
    cluster
        .ask("PATCH", path, "application/json-patch+json", &image)
        .await;
    let mut most = 0;
    for _ in 0..60 {
        cluster.running.pass(1);
        let pods = cluster.list("api/v1/pods").await;
        let ready = pods
            .iter()
            .filter(|pod| condition(pod, "Ready")["status"] == "True")
            .count();
        assert!(ready >= 2, "never less than before");
        let here = pods
            .iter()
            .filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        most = most.max(here.count());
    }
    assert_eq!(most, 3);
    let set = cluster.get(path).await;
    assert_eq!(set["status"]["updatedNumberScheduled"], 2);
    assert_eq!(cluster.list("api/v1/pods").await.len(), 2);
}

#[tokio::test]
async fn a_cron_job_keeps_to_its_time_zone_and_to_its_policy() {
    // It is 12:00 UTC in November: 13:00 in Berlin.
    let cluster = Cluster::of(
        "
apiVersion: batch/v1
kind: CronJob
metadata: {name: berlin}
spec:
  schedule: '5 13 * * *'
  timeZone: Europe/Berlin
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'a:1'}]}}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: slow}
spec:
  schedule: '*/2 * * * *'
  concurrencyPolicy: Forbid
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'a:1', command: [sleep, '150']}]}}}}
",
    )
    .await;
    cluster.running.pass(4 * 60 + 30);
    let names = async || -> Vec<String> {
        let jobs = cluster.list("apis/batch/v1/jobs").await;
        jobs.iter()
            .map(|job| job["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names().await.len(), 1, "the second waits for the first");
    cluster.running.pass(60);
    let jobs = names().await;
    assert_eq!(
        jobs.iter().filter(|name| name.starts_with("berlin-")).count(),
        1,
        "{jobs:?}"
    );
    assert_eq!(
        jobs.iter().filter(|name| name.starts_with("slow-")).count(),
        2,
        "{jobs:?}"
    );
}
