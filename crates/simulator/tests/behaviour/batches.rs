//! What Jobs and CronJobs may say, priorities and gates of pods.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{case, get, merge_patch, post};
use crate::run::compare;

const JOBS: &str = "/apis/batch/v1/namespaces/{ns}/jobs";
const CRON_JOBS: &str = "/apis/batch/v1/namespaces/{ns}/cronjobs";
const PODS: &str = "/api/v1/namespaces/{ns}/pods";

fn with(mut base: Value, more: Value) -> Value {
    for (field, value) in more.as_object().into_iter().flatten() {
        base[field] = value.clone();
    }
    base
}

fn template(restarts: &str) -> Value {
    json!({"spec": {"restartPolicy": restarts, "schedulerName": "nobody", "containers": [{"name": "a", "image": "a"}]}})
}

fn job(spec: Value) -> Value {
    let base = json!({"template": template("Never")});
    json!({"metadata": {"name": "x"}, "spec": with(base, spec)})
}

#[tokio::test]
async fn policies_of_jobs() -> Result<()> {
    let codes = |action: &str, codes: Value| json!({"rules": [{"action": action, "onExitCodes": codes}]});
    let three = json!({"operator": "In", "values": [3]});
    let indexed = |more: Value| with(json!({"completionMode": "Indexed", "completions": 3}), more);
    let refused = [
        json!({"completionMode": "Foo"}),
        json!({"backoffLimitPerIndex": 1}),
        indexed(json!({"maxFailedIndexes": 1})),
        indexed(json!({"backoffLimitPerIndex": 1, "maxFailedIndexes": 4})),
        indexed(json!({"parallelism": 100_001})),
        json!({"podFailurePolicy": codes("FailJob", three.clone()), "template": template("OnFailure")}),
        json!({"podFailurePolicy": codes("Explode", three.clone())}),
        json!({"podFailurePolicy": codes("FailIndex", three.clone())}),
        json!({"podFailurePolicy": codes("FailJob", json!({"operator": "In", "values": [0]}))}),
        json!({"podFailurePolicy": codes("FailJob", json!({"containerName": "z", "operator": "In", "values": [3]}))}),
        json!({"podFailurePolicy": {"rules": [{"action": "FailJob"}]}}),
        json!({"podFailurePolicy": codes("FailJob", three.clone()), "podReplacementPolicy": "TerminatingOrFailed"}),
        json!({"podReplacementPolicy": "Sometimes"}),
        json!({"completions": 3, "successPolicy": {"rules": [{"succeededCount": 1}]}}),
        indexed(json!({"successPolicy": {"rules": []}})),
        indexed(json!({"successPolicy": {"rules": [{}]}})),
        indexed(json!({"successPolicy": {"rules": [{"succeededIndexes": "0,5"}]}})),
        indexed(json!({"successPolicy": {"rules": [{"succeededIndexes": "0,2-2"}]}})),
        indexed(json!({"successPolicy": {"rules": [{"succeededIndexes": "2,1"}]}})),
        indexed(json!({"successPolicy": {"rules": [{"succeededIndexes": "0,"}]}})),
        indexed(json!({"successPolicy": {"rules": [{"succeededIndexes": "0-1-2"}]}})),
        indexed(json!({"successPolicy": {"rules": [{"succeededCount": 9}]}})),
    ];
    let taken = [
        json!({"completionMode": "Indexed"}),
        json!({"parallelism": 3}),
        indexed(json!({"backoffLimitPerIndex": 1, "maxFailedIndexes": 2})),
        json!({"podFailurePolicy": codes("Ignore", three)}),
        indexed(json!({"successPolicy": {"rules": [{"succeededIndexes": "0,2", "succeededCount": 1}]}})),
    ];
    let path = format!("{JOBS}?dryRun=All");
    let steps = refused.into_iter().map(|spec| post(&path, job(spec)));
    let specs = taken.into_iter().map(|spec| post(&path, job(spec)));
    let specs: Vec<_> = specs.map(|step| step.only(&SPEC)).collect();
    compare(vec![
        case("policies that are refused", steps),
        case("policies that are taken", specs),
    ])
    .await
}

/// Without the template and the selector, in which there is a uid.
const SPEC: [&str; 9] = [
    "/code",
    "/body/spec/completions",
    "/body/spec/parallelism",
    "/body/spec/backoffLimit",
    "/body/spec/backoffLimitPerIndex",
    "/body/spec/completionMode",
    "/body/spec/podReplacementPolicy",
    "/body/spec/podFailurePolicy",
    "/body/spec/successPolicy",
];

#[tokio::test]
async fn schedules() -> Result<()> {
    let cron = |schedule: &str, zone: Value| {
        let spec = json!({"schedule": schedule, "timeZone": zone, "jobTemplate": {"spec": {"template": template("Never")}}});
        let path = format!("{CRON_JOBS}?dryRun=All");
        post(&path, json!({"metadata": {"name": "x"}, "spec": spec})).only(&[
            "/code",
            "/body/message",
            "/body/spec/schedule",
        ])
    };
    let steps = [
        cron("0 9 * jan mon-FRI", Value::Null),
        cron("@every 1h30m", Value::Null),
        cron("*/5 0-6,20 ? * *", Value::Null),
        cron("0 0 * * *", json!("Europe/Berlin")),
        cron("0 0 * * *", json!("Europe/Atlantis")),
        cron("0 0 * * *", json!("Local")),
        cron("0 0 * * *", json!("")),
        cron("0 0 * *", Value::Null),
    ];
    compare(vec![case("schedules and their zones", steps)]).await
}

#[tokio::test]
async fn priorities_and_gates() -> Result<()> {
    let pod = |more: Value| {
        let spec = json!({"serviceAccountName": "default", "automountServiceAccountToken": false,
            "schedulerName": "nobody", "containers": [{"name": "c", "image": "x"}]});
        json!({"metadata": {"name": "p"}, "spec": with(spec, more)})
    };
    let path = format!("{PODS}?dryRun=All");
    let fields = [
        "/code",
        "/body/message",
        "/body/spec/priority",
        "/body/spec/preemptionPolicy",
        "/body/spec/priorityClassName",
    ];
    let account = || {
        let path = "/api/v1/namespaces/{ns}/serviceaccounts";
        [
            post(path, json!({"metadata": {"name": "default"}})).quiet(),
            get(&format!("{path}/default")).until("/code", json!(200)).quiet(),
        ]
    };
    let gated = json!({"schedulingGates": [{"name": "e.org/a"}, {"name": "e.org/b"}]});
    let one = format!("{PODS}/p");
    compare(vec![
        case(
            "classes of pods",
            account().into_iter().chain([
                post(&path, pod(json!({"priorityClassName": "system-node-critical"}))).only(&fields),
                post(&path, pod(json!({"priorityClassName": "nobody"}))).only(&fields),
                post(&path, pod(json!({"priority": 7}))).only(&fields),
                post(&path, pod(json!({}))).only(&fields),
            ]),
        ),
        case(
            "gates are only taken away",
            account().into_iter().chain([
                post(PODS, pod(gated)).only(&[
                    "/code",
                    "/body/spec/schedulingGates",
                    "/body/status/conditions/0/reason",
                ]),
                merge_patch(&one, json!({"spec": {"schedulingGates": [{"name": "e.org/b"}]}}))
                    .only(&["/code", "/body/spec/schedulingGates"]),
                merge_patch(&one, json!({"spec": {"schedulingGates": null}}))
                    .only(&["/code", "/body/spec/schedulingGates"]),
            ]),
        ),
    ])
    .await
}
