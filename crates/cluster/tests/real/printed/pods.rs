//! Pods in every state that has a word of its own.

use serde_json::{Value, json};

use super::ago;
use super::api::{deleted, object};

/// A container's status.
pub fn container(name: &str, state: Value) -> Value {
    json!({"name": name, "image": "example/x:1", "imageID": "", "ready": false, "restartCount": 0, "state": state})
}

fn waiting(reason: &str) -> Value {
    json!({"waiting": {"reason": reason}})
}

fn ended(code: i32, signal: i32, reason: &str) -> Value {
    json!({"terminated": {"exitCode": code, "signal": signal, "reason": reason, "finishedAt": ago(300)}})
}

fn running() -> Value {
    json!({"running": {"startedAt": ago(400)}})
}

fn done() -> Value {
    ended(0, 0, "Completed")
}

/// A container that is ready.
fn ready(name: &str) -> Value {
    with(
        with(container(name, running()), "ready", true.into()),
        "started",
        true.into(),
    )
}

fn with(mut of: Value, field: &str, value: Value) -> Value {
    of[field] = value;
    of
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "lastTransitionTime": ago(60)})
}

/// A pod with two containers, `a` and `b`.
fn pod(name: &str, spec: Value, status: Value) -> Value {
    let mut all = json!({
        "containers": [{"name": "a", "image": "example/a:1"}, {"name": "b", "image": "example/b:1"}],
    });
    for (field, value) in spec.as_object().unwrap() {
        all[field] = value.clone();
    }
    object("Pod", name, json!({"spec": all, "status": status}))
}

fn plain(name: &str, phase: &str, containers: Value) -> Value {
    pod(
        name,
        json!({}),
        json!({"phase": phase, "containerStatuses": containers}),
    )
}

/// With init containers `one`, `two`, of which `one` may be a sidecar, before `a` and `b` have begun.
fn initializing(name: &str, sidecar: bool, init: Value) -> Value {
    let mut one = json!({"name": "one", "image": "example/one:1"});
    if sidecar {
        one["restartPolicy"] = "Always".into();
    }
    let spec = json!({"initContainers": [one, {"name": "two", "image": "example/two:1"}]});
    let begun = [
        container("a", waiting("PodInitializing")),
        container("b", waiting("PodInitializing")),
    ];
    pod(
        name,
        spec,
        json!({"phase": "Pending", "initContainerStatuses": init, "containerStatuses": begun}),
    )
}

pub fn all() -> Vec<Value> {
    let of_one =
        |name: &str, state: Value| plain(name, "Running", json!([ready("a"), container("b", state)]));
    let of_init = |name: &str, state: Value| initializing(name, false, json!([container("one", state)]));
    let reasons = [
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "PodInitializing",
        "ContainerCreating",
        "",
    ];
    let ends = [
        (0, 0, "Completed"),
        (0, 0, ""),
        (1, 0, "Error"),
        (137, 0, "OOMKilled"),
        (3, 0, ""),
        (137, 9, ""),
        (128, 0, "StartError"),
        (128, 0, "ContainerCannotRun"),
        (143, 15, "Error"),
        (0, 0, "DeadlineExceeded"),
    ];
    let mut pods = Vec::new();
    for (index, reason) in reasons.into_iter().enumerate() {
        pods.push(of_one(&format!("waiting-{index}"), waiting(reason)));
        pods.push(of_init(&format!("init-waiting-{index}"), waiting(reason)));
    }
    for (index, (code, signal, reason)) in ends.into_iter().enumerate() {
        let state = || ended(code, signal, reason);
        pods.push(of_one(&format!("ended-beside-{index}"), state()));
        pods.push(of_init(&format!("init-ended-{index}"), state()));
        for phase in ["Succeeded", "Failed", "Running"] {
            let name = format!("ended-{}-{index}", phase.to_lowercase());
            pods.push(plain(
                &name,
                phase,
                json!([container("a", state()), container("b", done())]),
            ));
            let name = format!("ended-last-{}-{index}", phase.to_lowercase());
            pods.push(plain(
                &name,
                phase,
                json!([container("a", done()), container("b", state())]),
            ));
        }
        let both = json!([ready("a"), container("b", state())]);
        let status = json!({"phase": "Running", "conditions": [condition("Ready", "True", "")], "containerStatuses": both});
        pods.push(pod(&format!("ended-ready-{index}"), json!({}), status));
    }
    for (index, reason) in ["Evicted", "NodeLost", "NodeAffinity", "Terminated", "OutOfcpu"]
        .into_iter()
        .enumerate()
    {
        let status = json!({"phase": "Failed", "reason": reason, "message": "because"});
        pods.push(pod(&format!("reason-{index}"), json!({}), status.clone()));
        pods.push(deleted(pod(
            &format!("reason-deleted-{index}"),
            json!({}),
            status,
        )));
    }
    for phase in ["Pending", "Running", "Succeeded", "Failed", "Unknown"] {
        let name = phase.to_lowercase();
        pods.push(pod(&format!("phase-{name}"), json!({}), json!({"phase": phase})));
        pods.push(deleted(pod(
            &format!("phase-deleted-{name}"),
            json!({}),
            json!({"phase": phase}),
        )));
        pods.push(deleted(plain(
            &format!("deleted-{name}"),
            phase,
            json!([ready("a"), ready("b")]),
        )));
    }
    pods.extend(sidecars());
    pods.extend(others());
    pods
}

fn sidecars() -> Vec<Value> {
    let of = |name: &str, one: Value, two: Value| initializing(name, true, json!([one, two]));
    let two = || container("two", running());
    let restarted = |name: &str, count: u32, at: i64| {
        let last = json!({"terminated": {"exitCode": 1, "finishedAt": ago(at)}});
        with(with(ready(name), "restartCount", count.into()), "lastState", last)
    };
    let spec = json!({"initContainers": [
        {"name": "one", "image": "example/one:1", "restartPolicy": "Always"}, {"name": "two", "image": "example/two:1"}]});
    let two_done = || {
        with(
            with(container("two", done()), "restartCount", 4.into()),
            "lastState",
            ended(1, 0, "Error"),
        )
    };
    let up = |name: &str, conditions: Value| {
        pod(
            name,
            spec.clone(),
            json!({
                "phase": "Running", "conditions": conditions,
                "initContainerStatuses": [restarted("one", 2, 30), two_done()],
                "containerStatuses": [restarted("a", 1, 7000), ready("b")],
            }),
        )
    };
    vec![
        of("sidecar-started", ready("one"), two()),
        of(
            "sidecar-not-ready",
            with(ready("one"), "ready", false.into()),
            two(),
        ),
        of(
            "sidecar-not-started",
            with(container("one", running()), "started", false.into()),
            two(),
        ),
        of("sidecar-unsaid", container("one", running()), two()),
        of(
            "sidecar-crashing",
            container("one", waiting("CrashLoopBackOff")),
            two(),
        ),
        of("sidecar-ended", container("one", ended(1, 0, "Error")), two()),
        of("sidecar-done", container("one", done()), two()),
        of("sidecar-and-done", ready("one"), container("two", done())),
        up(
            "sidecar-up",
            json!([
                condition("Initialized", "True", ""),
                condition("Ready", "True", "")
            ]),
        ),
        up("sidecar-up-unsaid", json!([])),
        pod(
            "initialized-again",
            spec.clone(),
            json!({
                "phase": "Running", "conditions": [condition("Initialized", "True", "")],
                "initContainerStatuses": [container("one", running()), container("two", running())],
                "containerStatuses": [ready("a"), container("b", waiting("CrashLoopBackOff"))],
            }),
        ),
    ]
}

fn others() -> Vec<Value> {
    let gates = json!({"readinessGates": [{"conditionType": "example.org/one"}, {"conditionType": "example.org/two"}]});
    let gated = json!({"schedulingGates": [{"name": "example.org/later"}]});
    let conditions = |of: Value| json!({"phase": "Pending", "conditions": of});
    let restarts = |name: &str, ages: [Option<i64>; 2]| {
        let containers: Vec<Value> = ["a", "b"]
            .into_iter()
            .zip(ages)
            .map(|(name, age)| {
                let last = age.map(|age| json!({"terminated": {"exitCode": 1, "finishedAt": ago(age)}}));
                with(
                    with(ready(name), "restartCount", 3.into()),
                    "lastState",
                    last.unwrap_or(json!({})),
                )
            })
            .collect();
        plain(name, "Running", containers.into())
    };
    vec![
        pod("gates-none", gates.clone(), json!({"phase": "Running"})),
        pod(
            "gates-one",
            gates.clone(),
            conditions(json!([
                condition("example.org/one", "True", ""),
                condition("example.org/two", "False", "")
            ])),
        ),
        pod(
            "gates-both",
            gates,
            conditions(json!([
                condition("example.org/one", "True", ""),
                condition("example.org/two", "True", "")
            ])),
        ),
        pod(
            "gated",
            gated,
            conditions(json!([condition("PodScheduled", "False", "SchedulingGated")])),
        ),
        pod(
            "unschedulable",
            json!({}),
            conditions(json!([condition("PodScheduled", "False", "Unschedulable")])),
        ),
        pod(
            "bound",
            json!({"nodeName": "node-0"}),
            json!({
            "phase": "Running", "podIPs": [{"ip": "10.9.8.7"}, {"ip": "fd00::7"}], "podIP": "10.9.8.7", "hostIP": "10.0.0.1"}),
        ),
        pod(
            "nominated",
            json!({}),
            json!({"phase": "Pending", "nominatedNodeName": "node-1"}),
        ),
        pod(
            "debugged",
            json!({}),
            json!({
            "phase": "Running", "containerStatuses": [ready("a"), ready("b")],
            "ephemeralContainerStatuses": [container("debug", ended(1, 0, "Error"))]}),
        ),
        restarts("restarts", [Some(300), Some(90)]),
        restarts("restarts-unknown-when", [None, None]),
        restarts("restarts-tomorrow", [Some(-86_400), None]),
        restarts("restarts-long-ago", [Some(86_400 * 800), Some(86_400 * 9)]),
        plain(
            "all-complete",
            "Running",
            json!([container("a", done()), container("b", done())]),
        ),
        plain("not-begun", "Pending", json!([])),
    ]
}
