//! Evictions and what guards against them; tokens of ServiceAccounts.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Case, Step, case, get, merge_patch, post};
use crate::run::compare;

const CORE: &str = "/api/v1/namespaces/{ns}";
const BUDGETS: &str = "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets";
const ACCOUNTS: &str = "/api/v1/namespaces/{ns}/serviceaccounts";
const REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";

/// A pod that nobody schedules or runs, with the status that is wanted.
fn pod(name: &str, status: Value) -> Vec<Step> {
    let spec = json!({"serviceAccountName": "robot", "automountServiceAccountToken": false, "schedulerName": "nobody",
        "containers": [{"name": "c", "image": "x"}]});
    let body = json!({"metadata": {"name": name, "labels": {"app": "a"}}, "spec": spec});
    vec![
        post(ACCOUNTS, json!({"metadata": {"name": "robot"}})).quiet(),
        post(&format!("{CORE}/pods"), body).quiet(),
        merge_patch(&format!("{CORE}/pods/{name}/status"), json!({"status": status})).quiet(),
    ]
}

fn running(ready: &str) -> Value {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]})
}

/// A budget, once it counts what the real one's controller will find.
fn budget(name: &str, spec: Value, healthy: i64, desired: i64, allowed: i64) -> Vec<Step> {
    let mut spec = spec;
    spec["selector"] = json!({"matchLabels": {"app": "a"}});
    let status = json!({"observedGeneration": 1, "currentHealthy": healthy, "desiredHealthy": desired,
        "expectedPods": 1, "disruptionsAllowed": allowed});
    let path = format!("{BUDGETS}/{name}");
    vec![
        post(BUDGETS, json!({"metadata": {"name": name}, "spec": spec})).quiet(),
        merge_patch(&format!("{path}/status"), json!({"status": status})).quiet(),
        get(&path).until("/body/status/expectedPods", json!(1)).quiet(),
        get(&path)
            .until("/body/status/currentHealthy", json!(healthy))
            .quiet(),
        get(&path)
            .until("/body/status/disruptionsAllowed", json!(allowed))
            .quiet(),
    ]
}

fn evict(name: &str, options: Value) -> Step {
    let mut body = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}});
    if !options.is_null() {
        body["deleteOptions"] = options;
    }
    post(&format!("{CORE}/pods/{name}/eviction"), body)
}

fn guarded(name: &'static str, parts: impl IntoIterator<Item = Vec<Step>>) -> Case {
    case(name, parts.into_iter().flatten())
}

#[tokio::test]
async fn evictions() -> Result<()> {
    let gone = || get(&format!("{CORE}/pods/a")).only(&["/code"]);
    let one = json!({"minAvailable": 1});
    let none = json!({"minAvailable": 0});
    compare(vec![
        guarded(
            "nothing guards it",
            [
                pod("a", running("True")),
                vec![
                    evict("b", Value::Null),
                    post(
                        &format!("{CORE}/pods/a/eviction"),
                        json!({"metadata": {"name": "b"}}),
                    ),
                    evict("a", json!({"dryRun": ["All"]})),
                    gone(),
                    post(
                        &format!("{CORE}/pods/a/eviction?dryRun=All"),
                        json!({"metadata": {"name": "a"}}),
                    ),
                    evict("a", json!({"preconditions": {"uid": "x"}})),
                    evict("a", json!({"preconditions": {"resourceVersion": "1"}})),
                    gone(),
                    evict("a", Value::Null),
                    gone(),
                ],
            ],
        ),
        guarded(
            "preconditions that hold",
            [
                pod("a", running("True")),
                vec![
                    get(&format!("{CORE}/pods/a")).quiet(),
                    evict("a", json!({"preconditions": {"resourceVersion": "{rv}"}})),
                    gone(),
                ],
            ],
        ),
        guarded(
            "what holds it is a finalizer",
            [
                pod("a", running("True")),
                vec![
                    merge_patch(
                        &format!("{CORE}/pods/a"),
                        json!({"metadata": {"finalizers": ["e.org/f"]}}),
                    )
                    .quiet(),
                    evict("a", Value::Null),
                    get(&format!("{CORE}/pods/a")).only(&[
                        "/code",
                        "/body/status",
                        "/body/metadata/finalizers",
                        "/body/metadata/deletionGracePeriodSeconds",
                    ]),
                    merge_patch(
                        &format!("{CORE}/pods/a"),
                        json!({"metadata": {"finalizers": null}}),
                    )
                    .quiet(),
                ],
            ],
        ),
        guarded(
            "a budget is against it",
            [
                pod("a", running("True")),
                budget("b", one.clone(), 1, 1, 0),
                vec![
                    evict("a", Value::Null),
                    evict("a", json!({"dryRun": ["All"]})),
                    gone(),
                ],
            ],
        ),
        guarded(
            "a budget allows it",
            [
                pod("a", running("True")),
                budget("b", none.clone(), 1, 0, 1),
                vec![
                    evict("a", json!({"dryRun": ["All"]})),
                    gone(),
                    evict("a", Value::Null),
                    gone(),
                ],
            ],
        ),
        guarded(
            "a pod that is not ready counts where nobody is healthy",
            [
                pod("a", running("False")),
                budget("b", one.clone(), 0, 1, 0),
                vec![evict("a", Value::Null), gone()],
            ],
        ),
        guarded(
            "a pod that is not ready may always go",
            [
                pod("a", running("False")),
                budget(
                    "b",
                    json!({"minAvailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}),
                    0,
                    1,
                    0,
                ),
                vec![evict("a", Value::Null), gone()],
            ],
        ),
        guarded(
            "a pod that has not begun is free",
            [
                pod("a", json!({"phase": "Pending"})),
                budget("b", one.clone(), 0, 1, 0),
                vec![evict("a", Value::Null), gone()],
            ],
        ),
        guarded(
            "two budgets",
            [
                pod("a", running("True")),
                budget("b", none.clone(), 1, 0, 1),
                budget("c", none, 1, 0, 1),
                vec![evict("a", Value::Null), gone()],
            ],
        ),
    ])
    .await
}

fn request(spec: Value) -> Step {
    post(
        &format!("{ACCOUNTS}/robot/token"),
        json!({"metadata": {}, "spec": spec}),
    )
}

fn review(token: &str, more: Value) -> Step {
    let mut spec = json!({"token": token});
    for (key, value) in more.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    post(REVIEWS, json!({"spec": spec}))
}

#[tokio::test]
async fn tokens() -> Result<()> {
    let robot = || post(ACCOUNTS, json!({"metadata": {"name": "robot"}})).quiet();
    let secret = || post(&format!("{CORE}/secrets"), json!({"metadata": {"name": "s"}})).quiet();
    let bound =
        |kind: &str, name: &str| json!({"boundObjectRef": {"apiVersion": "v1", "kind": kind, "name": name}});
    let whoami = || post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json!({})).bearer("{token}");
    compare(vec![
        case("a token", [
            request(json!({})),
            robot(),
            request(json!({})),
            whoami(),
            get(&format!("{CORE}/pods")).bearer("{token}"),
            get("/api/v1/nodes").bearer("x.y.z"),
            review("{token}", json!({})),
        ]),
        case("tokens for a time and for others", [
            robot(),
            request(json!({"expirationSeconds": 7200, "audiences": ["a", "b"]})),
            whoami(),
            review("{token}", json!({"audiences": ["b", "c"]})),
            review("{token}", json!({})).only(&["/code", "/body/status"]),
            request(json!({"expirationSeconds": 599})),
            request(json!({"expirationSeconds": 4294967297_u64})),
            post(&format!("{ACCOUNTS}/robot/token"), json!({"metadata": {"name": "other"}})),
            post(&format!("{ACCOUNTS}/robot/token"), json!({"metadata": {"uid": "1-2"}})),
        ]),
        case("tokens of a secret", [
            robot(),
            secret(),
            request(bound("Secret", "none")),
            request(bound("Secret", "s")),
            review("{token}", json!({})),
            request(json!({"boundObjectRef": {"apiVersion": "v1", "kind": "Secret", "name": "s", "uid": "1-2"}})),
            request(json!({"boundObjectRef": {"apiVersion": "v1", "kind": "ConfigMap", "name": "s"}})),
            request(json!({"boundObjectRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "s"}})),
        ]),
        guarded("tokens of a pod", [
            pod("a", running("True")),
            vec![
                request(bound("Pod", "a")),
                whoami(),
                post(ACCOUNTS, json!({"metadata": {"name": "other"}})).quiet(),
                post(&format!("{ACCOUNTS}/other/token"), json!({"spec": bound("Pod", "a")})),
            ],
        ]),
        case("no token", [
            review("", json!({})),
            review("abc", json!({})),
            post(REVIEWS, json!({"metadata": {}})),
        ]),
    ])
    .await
}
