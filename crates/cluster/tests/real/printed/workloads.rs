//! Workloads, what scales and protects them, and their accounts.

use serde_json::{Value, json};

use super::ago;
use super::api::{deleted, object};

/// A template of pods with these labels.
fn template(labels: &Value) -> Value {
    json!({"metadata": {"labels": labels}, "spec": {
        "nodeSelector": {"kubernetes.io/os": "linux", "disk": "ssd"},
        "containers": [{"name": "main", "image": "example/main:1"}, {"name": "log", "image": "example/log:2"}]}})
}

/// Of a Job: its pods are not restarted.
fn task() -> Value {
    json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "run", "image": "example/run:1"}]}})
}

/// A workload with a selector of every kind.
fn workload(kind: &str, name: &str, spec: Value, status: Value) -> Value {
    let labels = json!({"app": "shop", "tier": "web", "zone": "a"});
    let mut all = json!({
        "template": template(&labels),
        "selector": {"matchLabels": {"app": "shop"}, "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["web", "api"]}, {"key": "zone", "operator": "NotIn", "values": ["c", "b"]},
            {"key": "app", "operator": "Exists"}, {"key": "old", "operator": "DoesNotExist"}]},
    });
    if kind == "ReplicationController" {
        all["selector"] = json!({"app": "shop", "tier": "web"});
    }
    for (field, value) in spec.as_object().unwrap() {
        all[field] = value.clone();
    }
    object(kind, name, json!({"spec": all, "status": status}))
}

pub fn all() -> Vec<Value> {
    let counts = json!({"observedGeneration": 1, "replicas": 4, "updatedReplicas": 3, "readyReplicas": 2,
                        "availableReplicas": 1, "unavailableReplicas": 3});
    let set = json!({"observedGeneration": 1, "replicas": 4, "fullyLabeledReplicas": 4, "readyReplicas": 2, "availableReplicas": 1});
    let stateful = json!({"observedGeneration": 1, "replicas": 3, "readyReplicas": 2, "currentReplicas": 1, "updatedReplicas": 2,
                          "availableReplicas": 1, "currentRevision": "a", "updateRevision": "b"});
    let daemons = json!({"observedGeneration": 1, "currentNumberScheduled": 5, "desiredNumberScheduled": 6, "numberAvailable": 2,
                         "numberMisscheduled": 1, "numberReady": 3, "numberUnavailable": 4, "updatedNumberScheduled": 4});
    let none = json!({"observedGeneration": 0, "replicas": 0});
    let no_daemons = json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0});
    let mut all = vec![
        workload("Deployment", "rolling", json!({"replicas": 4}), counts.clone()),
        workload(
            "Deployment",
            "paused",
            json!({"replicas": 5, "paused": true}),
            counts.clone(),
        ),
        workload("Deployment", "unsaid", json!({}), none.clone()),
        workload("Deployment", "zero", json!({"replicas": 0}), none.clone()),
        deleted(workload("Deployment", "going", json!({"replicas": 4}), counts)),
        workload("ReplicaSet", "some", json!({"replicas": 4}), set.clone()),
        workload("ReplicaSet", "unsaid", json!({}), none.clone()),
        deleted(workload(
            "ReplicaSet",
            "going",
            json!({"replicas": 0}),
            set.clone(),
        )),
        workload("ReplicationController", "some", json!({"replicas": 4}), set),
        workload("ReplicationController", "unsaid", json!({}), none.clone()),
        workload(
            "StatefulSet",
            "some",
            json!({"replicas": 3, "serviceName": "x"}),
            stateful,
        ),
        workload("StatefulSet", "unsaid", json!({"serviceName": "x"}), none),
        workload("DaemonSet", "some", json!({}), daemons),
        workload("DaemonSet", "none", json!({}), no_daemons),
    ];
    all.extend(jobs());
    all.extend(cron_jobs());
    all.extend(autoscalers());
    all.extend(budgets());
    all.extend([
        object(
            "ServiceAccount",
            "with-secrets",
            json!({"secrets": [{"name": "a"}, {"name": "b"}]}),
        ),
        object("ServiceAccount", "without", json!({})),
    ]);
    all
}

fn jobs() -> Vec<Value> {
    let condition = |kind: &str, reason: &str| json!({"type": kind, "status": "True", "reason": reason, "message": "because", "lastTransitionTime": ago(60), "lastProbeTime": ago(60)});
    let job = |name: &str, spec: Value, status: Value| {
        let mut all = json!({"template": task()});
        for (field, value) in spec.as_object().unwrap() {
            all[field] = value.clone();
        }
        object("Job", name, json!({"spec": all, "status": status}))
    };
    let started = ago(500);
    let complete = json!({"startTime": started, "completionTime": ago(248), "succeeded": 1,
        "conditions": [condition("SuccessCriteriaMet", "CompletionsReached"), condition("Complete", "CompletionsReached")]});
    let failed = json!({"startTime": started, "failed": 7,
        "conditions": [condition("FailureTarget", "BackoffLimitExceeded"), condition("Failed", "BackoffLimitExceeded")]});
    let running = json!({"startTime": started, "active": 1, "failed": 2});
    let target = json!({"startTime": started, "active": 1, "conditions": [condition("FailureTarget", "BackoffLimitExceeded")]});
    let met = json!({"startTime": started, "active": 1, "succeeded": 1, "conditions": [condition("SuccessCriteriaMet", "SuccessPolicy")]});
    let indexed = json!({"completions": 3, "parallelism": 2, "completionMode": "Indexed"});
    vec![
        job("not-begun", json!({}), json!({})),
        job("running", json!({}), running.clone()),
        job("complete", json!({}), complete.clone()),
        job("failed", json!({}), failed.clone()),
        job("failure-target", json!({}), target.clone()),
        job("success-met", json!({}), met),
        job(
            "suspended",
            json!({"suspend": true}),
            json!({"conditions": [condition("Suspended", "JobSuspended")]}),
        ),
        job("suspended-unseen", json!({"suspend": true}), json!({})),
        job("queue", json!({"parallelism": 4}), running.clone()),
        job("queue-of-one", json!({"parallelism": 1}), running.clone()),
        job(
            "many",
            indexed,
            json!({"startTime": started, "active": 2, "succeeded": 1, "completedIndexes": "0"}),
        ),
        deleted(job("going", json!({}), running)),
        deleted(job("going-complete", json!({}), complete)),
        deleted(job("going-failed", json!({}), failed)),
        deleted(job("going-to-fail", json!({}), target)),
    ]
}

fn cron_jobs() -> Vec<Value> {
    let job = |name: &str, spec: Value, status: Value| {
        let mut all = json!({"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": task()}}});
        for (field, value) in spec.as_object().unwrap() {
            all[field] = value.clone();
        }
        object("CronJob", name, json!({"spec": all, "status": status}))
    };
    let active = json!([{"kind": "Job", "name": "a", "namespace": "x"}, {"kind": "Job", "name": "b", "namespace": "x"}]);
    vec![
        job("never", json!({}), json!({})),
        job(
            "active",
            json!({"timeZone": "Europe/Madrid", "suspend": false}),
            json!({"active": active, "lastScheduleTime": ago(250), "lastSuccessfulTime": ago(200)}),
        ),
        job(
            "suspended",
            json!({"suspend": true}),
            json!({"lastScheduleTime": ago(90_000)}),
        ),
    ]
}

fn autoscalers() -> Vec<Value> {
    let autoscaler = |name: &str, metrics: Value, status: Value| {
        let mut spec = json!({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "rolling"}, "maxReplicas": 9});
        if !metrics.is_null() {
            spec["metrics"] = metrics;
        }
        object(
            "HorizontalPodAutoscaler",
            name,
            json!({"spec": spec, "status": status}),
        )
    };
    let resource =
        |name: &str, target: Value| json!({"type": "Resource", "resource": {"name": name, "target": target}});
    let now = |name: &str, current: Value| json!({"type": "Resource", "resource": {"name": name, "current": current}});
    let percent = json!({"type": "Utilization", "averageUtilization": 80});
    let amount = json!({"type": "AverageValue", "averageValue": "100Mi"});
    let value = json!({"type": "Value", "value": "10"});
    let metric = json!({"name": "requests"});
    let thing = json!({"apiVersion": "v1", "kind": "Service", "name": "x"});
    let pods = json!({"type": "Pods", "pods": {"metric": metric, "target": {"type": "AverageValue", "averageValue": "2500m"}}});
    let of_object = |target: &Value| json!({"type": "Object", "object": {"metric": metric, "describedObject": thing, "target": target}});
    let external =
        |target: &Value| json!({"type": "External", "external": {"metric": metric, "target": target}});
    let inside = json!({"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "main", "target": percent}});
    let status =
        |current: Value| json!({"currentReplicas": 2, "desiredReplicas": 3, "currentMetrics": current});
    let average = json!({"averageValue": "7", "value": "70"});
    vec![
        autoscaler("unsaid", Value::Null, json!({"desiredReplicas": 0})),
        autoscaler(
            "cpu",
            json!([resource("cpu", percent.clone())]),
            status(json!([now(
                "cpu",
                json!({"averageUtilization": 12, "averageValue": "30m"})
            )])),
        ),
        autoscaler(
            "cpu-unknown",
            json!([resource("cpu", percent.clone())]),
            json!({"desiredReplicas": 0}),
        ),
        autoscaler(
            "cpu-half-known",
            json!([resource("cpu", percent.clone())]),
            status(json!([now("cpu", json!({"averageValue": "30m"}))])),
        ),
        autoscaler(
            "memory",
            json!([resource("memory", amount.clone())]),
            status(json!([now("memory", json!({"averageValue": "52428800"}))])),
        ),
        autoscaler(
            "memory-unknown",
            json!([resource("memory", amount.clone())]),
            json!({"desiredReplicas": 0}),
        ),
        autoscaler(
            "pods",
            json!([pods.clone()]),
            status(json!([{"type": "Pods", "pods": {"metric": metric, "current": average}}])),
        ),
        autoscaler(
            "object",
            json!([of_object(&value)]),
            status(
                json!([{"type": "Object", "object": {"metric": metric, "describedObject": thing, "current": {"value": "7"}}}]),
            ),
        ),
        autoscaler(
            "object-average",
            json!([of_object(&amount)]),
            status(
                json!([{"type": "Object", "object": {"metric": metric, "describedObject": thing, "current": average}}]),
            ),
        ),
        autoscaler(
            "object-unknown",
            json!([of_object(&value)]),
            json!({"desiredReplicas": 0}),
        ),
        autoscaler(
            "external",
            json!([external(&value)]),
            status(
                json!([{"type": "External", "external": {"metric": metric, "current": {"value": "7500m"}}}]),
            ),
        ),
        autoscaler(
            "external-average",
            json!([external(&amount)]),
            status(json!([{"type": "External", "external": {"metric": metric, "current": average}}])),
        ),
        autoscaler(
            "external-unknown",
            json!([external(&amount)]),
            json!({"desiredReplicas": 0}),
        ),
        autoscaler(
            "inside",
            json!([inside.clone()]),
            status(
                json!([{"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "main", "current": {"averageUtilization": 5, "averageValue": "5m"}}}]),
            ),
        ),
        autoscaler("inside-unknown", json!([inside]), json!({"desiredReplicas": 0})),
        autoscaler(
            "many",
            json!([
                resource("cpu", percent),
                resource("memory", amount.clone()),
                pods,
                external(&amount)
            ]),
            status(json!([now(
                "cpu",
                json!({"averageUtilization": 12, "averageValue": "30m"})
            )])),
        ),
    ]
}

fn budgets() -> Vec<Value> {
    let budget = |name: &str, spec: Value| {
        let mut all = json!({"selector": {"matchLabels": {"app": "shop"}}});
        for (field, value) in spec.as_object().unwrap() {
            all[field] = value.clone();
        }
        let status = json!({"observedGeneration": 1, "disruptionsAllowed": 2, "currentHealthy": 3, "desiredHealthy": 1, "expectedPods": 3});
        object(
            "PodDisruptionBudget",
            name,
            json!({"spec": all, "status": status}),
        )
    };
    vec![
        budget("min", json!({"minAvailable": 1})),
        budget("percent", json!({"maxUnavailable": "30%"})),
        budget("neither", json!({})),
    ]
}
