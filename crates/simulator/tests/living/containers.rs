//! Logs, sessions, metrics, evictions and tokens, with kube-rs as their client and a clock that the test drives.

use futures::{AsyncBufReadExt as _, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{AttachParams, LogParams};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::cluster::Cluster;

const TEAM: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: team}}";

fn pod(name: &str, annotations: &str, container: &str) -> String {
    format!(
        "{TEAM}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: team, annotations: {{{annotations}}}}}\n\
         spec: {{containers: [{{name: c, image: 'shop/web:1', {container}}}]}}\n"
    )
}

/// A cluster with one pod, some time after it began.
async fn with_pod(annotations: &str, container: &str, seconds: i64) -> (Cluster, Api<Pod>) {
    let cluster = Cluster::of(&pod("p", annotations, container)).await;
    cluster.running.pass(seconds);
    let pods = Api::namespaced(cluster.client.clone(), "team");
    (cluster, pods)
}

fn previous() -> LogParams {
    LogParams {
        previous: true,
        ..LogParams::default()
    }
}

#[tokio::test]
async fn a_log_grows_with_the_clock_and_nothing_of_it_changes() {
    let (cluster, pods) = with_pod("", "ports: [{containerPort: 80}]", 60).await;
    let early = pods.logs("p", &LogParams::default()).await.unwrap();
    assert!(early.starts_with("[simulated] log of team/p/c: "), "{early}");
    cluster.running.pass(600);
    let late = pods.logs("p", &LogParams::default()).await.unwrap();
    assert!(late.starts_with(&early) && late.lines().count() > early.lines().count() + 250);
    let tail = LogParams {
        tail_lines: Some(7),
        ..LogParams::default()
    };
    let tail = pods.logs("p", &tail).await.unwrap();
    assert_eq!(tail.lines().count(), 7);
    assert!(late.ends_with(&tail));
    let recent = LogParams {
        since_seconds: Some(600),
        ..LogParams::default()
    };
    let recent = pods.logs("p", &recent).await.unwrap();
    assert_eq!(format!("{early}{recent}"), late);
}

#[tokio::test]
async fn the_log_before_is_that_of_the_run_before() {
    let (cluster, pods) = with_pod("simulator.kubilitics.io/crash-after: 20s", "", 15).await;
    let missing = pods.logs("p", &previous()).await.unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("previous terminated container \"c\" in pod \"p\" not found")
    );
    let first = pods.logs("p", &LogParams::default()).await.unwrap();
    cluster.running.pass(20);
    let restarted = cluster.get("api/v1/namespaces/team/pods/p").await;
    assert_eq!(restarted["status"]["containerStatuses"][0]["restartCount"], 1);
    let before = pods.logs("p", &previous()).await.unwrap();
    assert!(
        before.starts_with(&first) && before.contains("panic: web: cannot go on, exit code 1"),
        "{before}"
    );
    let now = pods.logs("p", &LogParams::default()).await.unwrap();
    assert!(!now.contains("panic"), "{now}");
}

#[tokio::test]
async fn a_container_that_waits_has_no_log_and_says_for_what() {
    let (_cluster, pods) = with_pod("simulator.kubilitics.io/pull: not-found", "", 30).await;
    let refused = pods.logs("p", &LogParams::default()).await.unwrap_err();
    let expected = "container \"c\" in pod \"p\" is waiting to start: trying and failing to pull image";
    assert!(
        matches!(&refused, kube::Error::Api(status) if status.code == 400 && status.message == expected),
        "{refused}"
    );
}

#[tokio::test]
async fn who_follows_sees_what_the_clock_brings_and_the_end() {
    let (cluster, pods) = with_pod("simulator.kubilitics.io/crash-after: 5m", "", 10).await;
    let follow = LogParams {
        follow: true,
        tail_lines: Some(0),
        ..LogParams::default()
    };
    let mut lines = pods.log_stream("p", &follow).await.unwrap().lines();
    cluster.running.pass(60);
    assert!(lines.next().await.unwrap().unwrap().contains("task done"));
    cluster.running.pass(300);
    let rest: Vec<String> = lines.try_collect().await.unwrap();
    assert!(
        rest.len() > 50 && rest.last().unwrap().contains("main.go"),
        "{rest:?}"
    );
}

#[tokio::test]
async fn a_command_has_output_errors_and_a_code() {
    let (_cluster, pods) = with_pod("", "env: [{name: GREETING, value: hello}]", 30).await;
    let script = ["sh", "-c", "echo $GREETING; nonsense; exit 4"];
    let mut session = pods.exec("p", script, &AttachParams::default()).await.unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    session.stdout().unwrap().read_to_string(&mut out).await.unwrap();
    session.stderr().unwrap().read_to_string(&mut err).await.unwrap();
    let status = session.take_status().unwrap().await.unwrap();
    session.join().await.unwrap();
    assert_eq!(out, "hello\n");
    assert!(err.contains("nonsense: not found"));
    assert_eq!(status.reason.as_deref(), Some("NonZeroExitCode"));
    let cause = &status.details.unwrap().causes.unwrap()[0];
    assert_eq!(
        (cause.reason.as_deref(), cause.message.as_deref()),
        (Some("ExitCode"), Some("4"))
    );
}

#[tokio::test]
async fn a_session_ends_with_its_container() {
    let (cluster, pods) = with_pod("", "", 30).await;
    let params = AttachParams::interactive_tty();
    let mut session = pods.exec("p", ["sh"], &params).await.unwrap();
    let mut input = session.stdin().unwrap();
    let mut output = session.stdout().unwrap();
    input.write_all(b"hostname\r").await.unwrap();
    let mut seen = String::new();
    while !seen.contains("p\r\n/ # ") {
        let mut bytes = [0; 64];
        let count = output.read(&mut bytes).await.unwrap();
        seen.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    let status = session.take_status().unwrap();
    let path = "api/v1/namespaces/team/pods/p";
    cluster
        .ask(
            "DELETE",
            path,
            "application/json",
            &json!({"gracePeriodSeconds": 0}),
        )
        .await;
    let status = status.await.unwrap();
    assert_eq!(
        status.details.unwrap().causes.unwrap()[0].message.as_deref(),
        Some("137")
    );
}

const SCALED: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: team}
spec:
  replicas: 3
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: c, image: 'a:1', resources: {requests: {cpu: 200m, memory: 64Mi}, limits: {memory: 128Mi}}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: app, namespace: team}
spec:
  minReplicas: 3
  maxReplicas: 9
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: app}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: app, namespace: team}
spec: {minAvailable: 2, selector: {matchLabels: {app: app}}}
";

async fn scaled() -> Cluster {
    let cluster = Cluster::of(&format!("{TEAM}\n---{SCALED}")).await;
    cluster.running.pass(300);
    cluster
}

fn number(usage: &Value, field: &str, suffix: &str) -> i64 {
    usage[field]
        .as_str()
        .unwrap()
        .trim_end_matches(suffix)
        .parse()
        .unwrap()
}

#[tokio::test]
async fn pods_use_what_their_autoscaler_sees_and_nodes_what_their_pods_use() {
    let cluster = scaled().await;
    let metrics = "apis/metrics.k8s.io/v1beta1";
    let scaler = cluster
        .get("apis/autoscaling/v2/namespaces/team/horizontalpodautoscalers/app")
        .await;
    let seen = scaler["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"]
        .as_i64()
        .unwrap();
    let pods = cluster
        .list(&format!("{metrics}/namespaces/team/pods?labelSelector=app=app"))
        .await;
    assert_eq!(pods.len(), 3);
    let mut all = 0;
    for pod in &pods {
        let usage = &pod["containers"][0]["usage"];
        // Nanocores of a request of 200m.
        let percent = number(usage, "cpu", "n") / 2_000_000;
        assert!((percent - seen).abs() <= 1 + seen / 20, "{percent} and {seen}");
        assert!(number(usage, "memory", "Ki") <= 128 * 1024);
        all += number(usage, "cpu", "n");
    }
    let nodes = cluster.list(&format!("{metrics}/nodes")).await;
    let of_nodes: i64 = nodes.iter().map(|node| number(&node["usage"], "cpu", "n")).sum();
    assert!(of_nodes > all && nodes.len() == 2);
    let name = pods[0]["metadata"]["name"].as_str().unwrap();
    let one = cluster
        .get(&format!("{metrics}/namespaces/team/pods/{name}"))
        .await;
    assert_eq!(one["kind"], "PodMetrics");
    assert_eq!(one["containers"], pods[0]["containers"]);
    assert!(
        cluster
            .list(&format!("{metrics}/pods?labelSelector=app=none"))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn where_nothing_runs_nothing_is_measured() {
    let cluster = Cluster::start(simulator::Simulator::new()).await;
    let groups = cluster.get("apis").await;
    let has = |name: &str| {
        groups["groups"]
            .as_array()
            .unwrap()
            .iter()
            .any(|group| group["name"] == name)
    };
    assert!(has("apps") && !has("metrics.k8s.io"));
}

#[tokio::test]
async fn a_budget_lets_as_many_go_as_it_can_spare() {
    let cluster = scaled().await;
    let pods = cluster.list("api/v1/namespaces/team/pods").await;
    let evict = async |pod: &Value| {
        let name = pod["metadata"]["name"].as_str().unwrap();
        let body = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}});
        let path = format!("/api/v1/namespaces/team/pods/{name}/eviction");
        let request = http::Request::post(path)
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&body).unwrap())
            .unwrap();
        cluster.client.request::<Value>(request).await
    };
    assert_eq!(evict(&pods[0]).await.unwrap()["status"], "Success");
    cluster.running.settle();
    let refused = evict(&pods[1]).await.unwrap_err();
    let kube::Error::Api(status) = refused else {
        panic!("{refused}")
    };
    assert_eq!(status.code, 429);
    let cause = &status.details.as_ref().unwrap().causes[0];
    assert_eq!(
        cause.message,
        "The disruption budget app needs 2 healthy pods and has 2 currently"
    );
    // Its successor is ready, and another may go.
    cluster.running.pass(30);
    assert!(evict(&pods[1]).await.is_ok());
}

#[tokio::test]
async fn a_token_ends_by_the_clock_and_with_its_account() {
    let cluster = Cluster::of(TEAM).await;
    cluster.running.settle();
    let accounts = "api/v1/namespaces/team/serviceaccounts";
    cluster
        .ask(
            "POST",
            accounts,
            "application/json",
            &json!({"metadata": {"name": "robot"}}),
        )
        .await;
    let path = format!("{accounts}/robot/token");
    let token = async || {
        let request = json!({"spec": {"expirationSeconds": 600}});
        let answer = cluster.ask("POST", &path, "application/json", &request).await;
        answer["status"]["token"].as_str().unwrap().to_owned()
    };
    let holder = async |token: &str| {
        let review = json!({"spec": {"token": token}});
        let path = "apis/authentication.k8s.io/v1/tokenreviews";
        let review = cluster.ask("POST", path, "application/json", &review).await;
        review["status"]["user"]["username"].as_str().map(str::to_owned)
    };
    let first = token().await;
    assert_eq!(
        holder(&first).await.as_deref(),
        Some("system:serviceaccount:team:robot")
    );
    // Clocks may differ by a minute.
    cluster.running.pass(660);
    assert!(holder(&first).await.is_some());
    cluster.running.pass(1);
    assert!(holder(&first).await.is_none());
    let second = token().await;
    cluster
        .ask(
            "DELETE",
            &format!("{accounts}/robot"),
            "application/json",
            &json!({}),
        )
        .await;
    assert!(holder(&second).await.is_none());
}

#[tokio::test]
async fn many_follow_a_log_and_a_line_costs_no_task() {
    const FOLLOWERS: usize = 100;
    let (cluster, pods) = with_pod("", "", 10).await;
    let follow = LogParams {
        follow: true,
        ..LogParams::default()
    };
    let mut all = Vec::new();
    for _ in 0..FOLLOWERS {
        let mut lines = pods.log_stream("p", &follow).await.unwrap().lines();
        assert!(lines.next().await.unwrap().unwrap().starts_with("[simulated]"));
        all.push(lines);
    }
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    cluster.running.pass(3600);
    for lines in &mut all {
        // A line every five seconds.
        for _ in 0..700 {
            lines.next().await.unwrap().unwrap();
        }
    }
    assert!(tasks() <= before, "{} and {before}", tasks());
}
