//! Jobs with indexes, policies and pods that are taken away.

use serde_json::{Value, json};

use crate::cluster::{Cluster, condition};

const JOB: &str = "apis/batch/v1/namespaces/default/jobs/work";

/// A Job whose pods run a script of the shell.
async fn job(spec: &str, restarts: &str, script: &str) -> Cluster {
    Cluster::of(&format!(
        "
apiVersion: batch/v1
kind: Job
metadata: {{name: work}}
spec:
  {spec}
  template:
    spec:
      restartPolicy: {restarts}
      containers: [{{name: a, image: 'a:1', command: [sh, -c, '{script}']}}]
"
    ))
    .await
}

fn status(job: &Value, fields: &[&str]) -> Vec<Value> {
    fields.iter().map(|field| job["status"][*field].clone()).collect()
}

#[tokio::test]
async fn each_index_is_worked_on_until_it_succeeds_or_is_given_up() {
    let spec = "completionMode: Indexed\n  completions: 4\n  parallelism: 2\n  backoffLimitPerIndex: 1";
    let cluster = job(spec, "Never", "curl example.org && exit 3").await;
    // `curl` is not understood: nothing is known of the script, and all pods end well.
    cluster.running.pass(120);
    let all = cluster.get(JOB).await;
    assert_eq!(
        status(&all, &["succeeded", "completedIndexes", "failedIndexes"]),
        [json!(4), json!("0-3"), json!("")]
    );
    assert_eq!(condition(&all, "Complete")["reason"], "CompletionsReached");
    let mut indexes: Vec<String> = cluster
        .list("api/v1/pods")
        .await
        .iter()
        .map(|pod| pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"].to_string())
        .collect();
    indexes.sort();
    assert_eq!(indexes, ["\"0\"", "\"1\"", "\"2\"", "\"3\""]);
}

#[tokio::test]
async fn an_index_that_fails_too_often_fails_alone() {
    let spec = "completionMode: Indexed\n  completions: 3\n  parallelism: 3\n  backoffLimitPerIndex: 1";
    // Index 0 exits with 0, the others with their number.
    let cluster = job(spec, "Never", "sleep 1; exit $JOB_COMPLETION_INDEX").await;
    cluster.running.pass(10);
    let early = cluster.get(JOB).await;
    assert_eq!(
        status(&early, &["succeeded", "completedIndexes"]),
        [json!(1), json!("0")]
    );
    assert_eq!(condition(&early, "Failed"), &Value::Null);
    cluster.running.pass(120);
    let late = cluster.get(JOB).await;
    assert_eq!(
        status(
            &late,
            &["succeeded", "failed", "completedIndexes", "failedIndexes"]
        ),
        [json!(1), json!(4), json!("0"), json!("1,2")]
    );
    assert_eq!(condition(&late, "FailureTarget")["reason"], "FailedIndexes");
    assert_eq!(condition(&late, "Failed")["message"], "Job has failed indexes");
    let pods = cluster.list("api/v1/pods").await;
    assert_eq!(pods.len(), 5);
    assert!(
        pods.iter().all(|pod| pod["metadata"]["finalizers"].is_null()),
        "all are counted"
    );
}

#[tokio::test]
async fn a_policy_ends_a_job_at_the_exit_code_that_it_names() {
    let spec = "parallelism: 2\n  completions: 2\n  podFailurePolicy: {rules: [{action: FailJob, \
        onExitCodes: {operator: In, values: [42]}}]}";
    let cluster = job(spec, "Never", "sleep 3; exit 42").await;
    cluster.running.pass(30);
    let job = cluster.get(JOB).await;
    let why = condition(&job, "Failed");
    assert_eq!(why["reason"], "PodFailurePolicy");
    let message = why["message"].as_str().unwrap();
    assert!(
        message.starts_with("Container a for pod default/work-"),
        "{message}"
    );
    assert!(
        message.ends_with("failed with exit code 42 matching FailJob rule at index 0"),
        "{message}"
    );
}

#[tokio::test]
async fn what_a_policy_ignores_is_not_counted() {
    let spec = "backoffLimit: 0\n  podFailurePolicy: {rules: [{action: Ignore, \
        onExitCodes: {operator: In, values: [7]}}]}";
    let cluster = job(spec, "Never", "exit 7").await;
    cluster.running.pass(60);
    let job = cluster.get(JOB).await;
    assert_eq!(job["status"]["failed"], Value::Null);
    assert_eq!(condition(&job, "Failed"), &Value::Null);
    assert!(cluster.list("api/v1/pods").await.len() > 1, "it is tried again");
}

#[tokio::test]
async fn a_success_policy_ends_a_job_before_all_are_done() {
    let spec = "completionMode: Indexed\n  completions: 3\n  parallelism: 3\n  successPolicy: {rules: \
        [{succeededIndexes: \"0\"}]}";
    let cluster = job(spec, "Never", "sleep ${JOB_COMPLETION_INDEX}00").await;
    cluster.running.pass(60);
    let job = cluster.get(JOB).await;
    assert_eq!(
        condition(&job, "SuccessCriteriaMet")["message"],
        "Matched rules at index 0"
    );
    assert_eq!(condition(&job, "Complete")["reason"], "SuccessPolicy");
    assert_eq!(job["status"]["completedIndexes"], "0");
    assert_eq!(
        cluster.list("api/v1/pods").await.len(),
        1,
        "the others were deleted"
    );
}

#[tokio::test]
async fn a_queue_is_done_when_all_are_after_one_succeeded() {
    let cluster = job("parallelism: 3", "Never", "sleep 5").await;
    cluster.running.pass(60);
    let job = cluster.get(JOB).await;
    assert_eq!(job["spec"]["completions"], Value::Null);
    assert_eq!(job["status"]["succeeded"], 3);
    assert_eq!(condition(&job, "Complete")["status"], "True");
}

#[tokio::test]
async fn containers_restarted_in_place_count_against_the_limit() {
    let cluster = job("backoffLimit: 2", "OnFailure", "exit 1").await;
    cluster.running.pass(300);
    let job = cluster.get(JOB).await;
    assert_eq!(condition(&job, "Failed")["reason"], "BackoffLimitExceeded");
    assert_eq!(cluster.list("api/v1/pods").await.len(), 0, "the pod was deleted");
}

#[tokio::test]
async fn a_pod_that_somebody_deletes_stays_counted() {
    let cluster = job("completions: 2\n  parallelism: 1", "Never", "sleep 2").await;
    cluster.running.pass(8);
    let first = cluster.list("api/v1/pods").await;
    let done = first
        .iter()
        .find(|pod| pod["status"]["phase"] == "Succeeded")
        .expect("one is done");
    let path = format!(
        "api/v1/namespaces/default/pods/{}",
        done["metadata"]["name"].as_str().unwrap()
    );
    cluster.ask("DELETE", &path, "application/json", &json!({})).await;
    cluster.running.pass(30);
    let job = cluster.get(JOB).await;
    assert_eq!(job["status"]["succeeded"], 2);
    assert_eq!(condition(&job, "Complete")["status"], "True");
}

#[tokio::test]
async fn less_parallelism_takes_pods_away() {
    let cluster = job("completions: 9\n  parallelism: 4", "Never", "sleep 1000").await;
    cluster.running.pass(10);
    assert_eq!(cluster.get(JOB).await["status"]["active"], 4);
    let patch = json!({"spec": {"parallelism": 1}});
    cluster
        .ask("PATCH", JOB, "application/merge-patch+json", &patch)
        .await;
    cluster.running.pass(60);
    assert_eq!(cluster.get(JOB).await["status"]["active"], 1);
    assert_eq!(cluster.list("api/v1/pods").await.len(), 1);
}

#[tokio::test]
async fn a_job_that_somebody_makes_of_a_cron_job_is_none_of_its_own() {
    let cluster = Cluster::of(
        "
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: '0 0 1 1 *'
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'a:1', command: [sleep, '60']}]}}}}
",
    )
    .await;
    let path = "apis/batch/v1/namespaces/default/cronjobs/nightly";
    let cron = cluster.get(path).await;
    let owner = json!({"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "controller": true,
        "uid": cron["metadata"]["uid"]});
    let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "by-hand"}});
    job["metadata"]["ownerReferences"] = json!([owner]);
    job["spec"] = cron["spec"]["jobTemplate"]["spec"].clone();
    let jobs = "apis/batch/v1/namespaces/default/jobs";
    cluster.ask("POST", jobs, "application/json", &job).await;
    cluster.running.pass(10);
    assert_eq!(
        cluster.get(&format!("{jobs}/by-hand")).await["status"]["active"],
        1
    );
    assert_eq!(cluster.get(path).await["status"]["active"], Value::Null);
    let events = cluster.list("api/v1/namespaces/default/events").await;
    let said = events.iter().find(|event| event["reason"] == "UnexpectedJob");
    let message = "Saw a job that the controller did not create or forgot: by-hand";
    assert_eq!(said.map(|event| &event["message"]), Some(&json!(message)));
}

#[tokio::test]
async fn a_pod_that_listens_serves_also_if_it_is_not_to_be_restarted() {
    let cluster = Cluster::of(
        "
apiVersion: v1
kind: Pod
metadata: {name: server}
spec: {restartPolicy: Never, containers: [{name: a, image: 'a:1', ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: task}
spec: {restartPolicy: Never, containers: [{name: a, image: 'a:1'}]}
",
    )
    .await;
    cluster.running.pass(60);
    for (name, phase) in [("server", "Running"), ("task", "Succeeded")] {
        let pod = cluster
            .get(&format!("api/v1/namespaces/default/pods/{name}"))
            .await;
        assert_eq!(pod["status"]["phase"], phase, "{name}");
    }
}
