//! kubectl's status words, health and reasons, case by case.

#![allow(clippy::unwrap_used, reason = "a test may")]

use model::{Health, KindId};
use serde_json::{Value, json};
use topology::{Facts, Symbols, kinds};

fn read(kind: &str, mut object: Value) -> Facts {
    let kind = KindId::of(kind).unwrap();
    for (field, value) in [("name", "x"), ("namespace", "shop"), ("uid", "1")] {
        object["metadata"][field] = value.into();
    }
    kinds::read(kind, object.to_string().as_bytes(), &mut Symbols::new()).unwrap()
}

fn container(state: Value) -> Value {
    json!({"name": "app", "ready": false, "restartCount": 0, "state": state})
}

fn waiting(reason: &str) -> Value {
    container(json!({"waiting": {"reason": reason, "message": "because"}}))
}

fn ended(code: i32, reason: &str, signal: i32) -> Value {
    container(json!({"terminated": {"exitCode": code, "reason": reason, "signal": signal}}))
}

fn running(ready: bool, restarts: u32) -> Value {
    json!({"name": "app", "ready": ready, "started": true, "restartCount": restarts,
           "state": {"running": {"startedAt": "2026-01-31T10:00:10Z"}}})
}

/// A running pod with these containers.
fn pod(containers: Value) -> Value {
    json!({"spec": {"containers": [{"name": "app"}]}, "status": {"phase": "Running", "containerStatuses": containers}})
}

fn with(mut object: Value, pointer: &str, value: Value) -> Value {
    let mut at = &mut object;
    for part in pointer.split('.') {
        at = &mut at[part];
    }
    *at = value;
    object
}

fn condition(kind: &str, status: &str, reason: &str, at: &str) -> Value {
    json!([{"type": kind, "status": status, "reason": reason, "message": "because", "lastTransitionTime": at}])
}

/// A pod with two init containers and the states of those that have begun.
fn initializing(init: Value) -> Value {
    json!({
        "spec": {"containers": [{"name": "app"}], "initContainers": [{"name": "one"}, {"name": "two"}]},
        "status": {
            "phase": "Pending", "initContainerStatuses": init,
            "containerStatuses": [waiting("PodInitializing")],
        },
    })
}

fn init(name: &str, state: Value) -> Value {
    json!({"name": name, "ready": false, "restartCount": 1, "state": state})
}

#[test]
fn pods() {
    use Health::{Healthy, Progressing, Suspended, Unhealthy, Unknown, Warning};
    let deleting = |object| {
        with(
            object,
            "metadata.deletionTimestamp",
            "2026-01-31T10:00:00Z".into(),
        )
    };
    let done = || json!({"terminated": {"exitCode": 0, "reason": "Completed"}});
    let with_phase = |phase: &str, object| with(object, "status.phase", phase.into());
    let ready = |status: &str, at: &str, object| {
        with(object, "status.conditions", condition("Ready", status, "", at))
    };
    let sidecar = json!({
        "spec": {
            "containers": [{"name": "app"}],
            "initContainers": [{"name": "one", "restartPolicy": "Always"}, {"name": "two"}],
        },
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [
                {"name": "one", "ready": true, "started": true, "restartCount": 0, "state": {"running": {}}},
                {"name": "two", "ready": false, "restartCount": 0, "state": {"running": {}}},
            ],
        },
    });
    let early = "2026-01-31T10:00:00Z";
    let late = "2026-01-31T10:05:00Z";
    let table = [
        (
            pod(json!([waiting("CrashLoopBackOff")])),
            "CrashLoopBackOff",
            Unhealthy,
            "Container app keeps crashing: it ends again and again, not restarted",
        ),
        (
            pod(json!([waiting("ImagePullBackOff")])),
            "ImagePullBackOff",
            Unhealthy,
            "Container app cannot get its image: because",
        ),
        (
            pod(json!([waiting("ErrImagePull")])),
            "ErrImagePull",
            Unhealthy,
            "Container app cannot get its image: because",
        ),
        (
            pod(json!([waiting("CreateContainerConfigError")])),
            "CreateContainerConfigError",
            Unhealthy,
            "Container app cannot be started: because",
        ),
        (
            pod(json!([waiting("NewFault")])),
            "NewFault",
            Unhealthy,
            "Container app waits, NewFault: because",
        ),
        (
            with_phase("Pending", pod(json!([waiting("ContainerCreating")]))),
            "ContainerCreating",
            Progressing,
            "",
        ),
        (
            pod(json!([ended(1, "Error", 0)])),
            "Error",
            Unhealthy,
            "Container app ended: exit code 1 (Error), not restarted",
        ),
        (
            pod(json!([ended(137, "OOMKilled", 0)])),
            "OOMKilled",
            Unhealthy,
            "Container app ended: exit code 137 (OOMKilled), not restarted",
        ),
        (
            pod(json!([ended(2, "", 0)])),
            "ExitCode:2",
            Unhealthy,
            "Container app ended: exit code 2, not restarted",
        ),
        (
            pod(json!([ended(137, "", 9)])),
            "Signal:9",
            Unhealthy,
            "Container app ended: signal 9, not restarted",
        ),
        (
            with_phase("Succeeded", pod(json!([container(done())]))),
            "Completed",
            Suspended,
            "It is complete",
        ),
        (
            with_phase("Failed", pod(json!([ended(1, "Error", 0)]))),
            "Error",
            Unhealthy,
            "Container app ended: exit code 1 (Error), not restarted",
        ),
        (
            json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}}),
            "Evicted",
            Unhealthy,
            "Evicted: The node was low on resource: memory.",
        ),
        (
            ready("True", early, pod(json!([running(true, 3)]))),
            "Running",
            Healthy,
            "",
        ),
        (
            ready("False", early, pod(json!([running(false, 0)]))),
            "Running",
            Progressing,
            "Container app is not ready yet",
        ),
        (
            ready("False", late, pod(json!([running(false, 0)]))),
            "Running",
            Warning,
            "Container app was ready and no longer is",
        ),
        (
            ready("False", early, pod(json!([running(false, 2)]))),
            "Running",
            Warning,
            "Container app is not ready, 2 restarts",
        ),
        (
            ready("True", early, pod(json!([container(done()), running(true, 0)]))),
            "Running",
            Healthy,
            "",
        ),
        (
            ready("False", early, pod(json!([container(done()), running(true, 0)]))),
            "NotReady",
            Progressing,
            "Container app has completed, others still run",
        ),
        (
            deleting(pod(json!([running(true, 0)]))),
            "Terminating",
            Progressing,
            "It is being deleted",
        ),
        (
            deleting(with_phase("Succeeded", pod(json!([container(done())])))),
            "Completed",
            Progressing,
            "It is being deleted",
        ),
        (
            with(
                with(
                    deleting(pod(json!([running(true, 0)]))),
                    "status.reason",
                    "NodeLost".into(),
                ),
                "spec.nodeName",
                "n1".into(),
            ),
            "Unknown",
            Unhealthy,
            "Node n1 has stopped reporting",
        ),
        (
            json!({"status": {"phase": "Pending", "conditions": condition("PodScheduled", "False", "SchedulingGated", early)}}),
            "SchedulingGated",
            Progressing,
            "It waits for its scheduling gates to open",
        ),
        (
            json!({"status": {"phase": "Pending", "conditions": condition("PodScheduled", "False", "Unschedulable", early)}}),
            "Pending",
            Unhealthy,
            "It fits on no node: because",
        ),
        (
            json!({"status": {"phase": "Pending"}}),
            "Pending",
            Progressing,
            "",
        ),
        (json!({"status": {"phase": "Unknown"}}), "Unknown", Unknown, ""),
        (
            initializing(json!([init("one", json!({"running": {}}))])),
            "Init:0/2",
            Progressing,
            "Init container one is running",
        ),
        (
            initializing(json!([init("one", done()), init("two", json!({"running": {}}))])),
            "Init:1/2",
            Progressing,
            "Init container two is running",
        ),
        (
            initializing(json!([init(
                "one",
                json!({"waiting": {"reason": "PodInitializing"}})
            )])),
            "Init:0/2",
            Progressing,
            "",
        ),
        (
            initializing(json!([init("one", done()), init("two", done())])),
            "PodInitializing",
            Progressing,
            "",
        ),
        (
            initializing(json!([init(
                "one",
                json!({"waiting": {"reason": "CrashLoopBackOff"}})
            )])),
            "Init:CrashLoopBackOff",
            Unhealthy,
            "Init container one keeps crashing: it ends again and again, 1 restart",
        ),
        (
            initializing(json!([init(
                "one",
                json!({"terminated": {"exitCode": 3, "reason": "Error"}})
            )])),
            "Init:Error",
            Unhealthy,
            "Init container one ended: exit code 3 (Error), 1 restart",
        ),
        (
            initializing(json!([init("one", json!({"terminated": {"exitCode": 3}}))])),
            "Init:ExitCode:3",
            Unhealthy,
            "Init container one ended: exit code 3, 1 restart",
        ),
        (
            initializing(json!([init(
                "one",
                json!({"terminated": {"exitCode": 137, "signal": 9}})
            )])),
            "Init:Signal:9",
            Unhealthy,
            "Init container one ended: signal 9, 1 restart",
        ),
        (sidecar, "Init:1/2", Progressing, "Init container two is running"),
    ];
    for (object, word, health, reason) in table {
        let facts = read("Pod", object.clone());
        let said = facts.status.reason.as_deref().unwrap_or_default();
        assert_eq!(
            (&*facts.status.word, facts.status.health, said),
            (word, health, reason),
            "{object}"
        );
    }
}

#[test]
fn restarts_are_those_kubectl_counts() {
    let last = |at: &str| json!({"terminated": {"exitCode": 1, "finishedAt": at}});
    let object = json!({
        "spec": {"containers": [{"name": "app"}], "initContainers": [{"name": "one"}, {"name": "two", "restartPolicy": "Always"}]},
        "status": {
            "phase": "Running",
            "initContainerStatuses": [
                {"name": "one", "restartCount": 5, "state": {"terminated": {"exitCode": 0}}, "lastState": last("2026-01-31T11:00:00Z")},
                {"name": "two", "restartCount": 2, "started": true, "ready": true, "state": {"running": {}}, "lastState": last("2026-01-31T10:00:00Z")},
            ],
            "containerStatuses": [
                {"name": "app", "ready": true, "restartCount": 1, "state": {"running": {}}, "lastState": last("2026-01-31T09:00:00Z")},
            ],
        },
    });
    let facts = read("Pod", object.clone());
    let at = "2026-01-31T10:00:00Z".parse().unwrap();
    assert_eq!(
        facts.status.restarts,
        Some(3),
        "init containers that are done do not count"
    );
    assert_eq!(facts.cells.get(3), Some(topology::facts::CellRef::Counted(3, at)));
    assert_eq!(facts.cells.get(1), Some(topology::facts::CellRef::Text("2/2")));
    let initializing = with(
        object,
        "status.initContainerStatuses",
        json!([
            {"name": "one", "restartCount": 5, "state": {"running": {}}},
        ]),
    );
    assert_eq!(read("Pod", initializing).status.restarts, Some(5));
}

#[test]
fn deployments_follow_the_rollout() {
    use Health::{Healthy, Progressing, Suspended, Unhealthy, Warning};
    let deployment = |desired: i32, [replicas, updated, available]: [i32; 3], conditions: Value| {
        json!({
            "metadata": {"generation": 2}, "spec": {"replicas": desired},
            "status": {"observedGeneration": 2, "replicas": replicas, "updatedReplicas": updated,
                       "readyReplicas": available, "availableReplicas": available, "conditions": conditions},
        })
    };
    let conditions = |available: &str, progressing: &str| json!([{"type": "Available", "status": available}, {"type": "Progressing", "status": "True", "reason": progressing}]);
    let complete = |available| conditions(available, "NewReplicaSetAvailable");
    let table = [
        (deployment(3, [3, 3, 3], complete("True")), Healthy, ""),
        (
            deployment(0, [0, 0, 0], complete("True")),
            Suspended,
            "It is scaled to zero",
        ),
        (
            deployment(0, [1, 0, 0], complete("True")),
            Progressing,
            "1 pod of the old version still there",
        ),
        (
            deployment(3, [3, 1, 3], conditions("True", "ReplicaSetUpdated")),
            Progressing,
            "1 of 3 pods updated",
        ),
        (
            deployment(3, [4, 3, 3], conditions("True", "ReplicaSetUpdated")),
            Progressing,
            "1 pod of the old version still there",
        ),
        (
            deployment(3, [3, 3, 2], conditions("True", "ReplicaSetUpdated")),
            Progressing,
            "2 of 3 pods available",
        ),
        (
            deployment(3, [3, 3, 2], complete("True")),
            Warning,
            "2 of 3 pods available",
        ),
        (
            deployment(3, [3, 3, 0], complete("False")),
            Unhealthy,
            "0 of 3 pods available",
        ),
        (
            deployment(3, [3, 1, 2], conditions("True", "ProgressDeadlineExceeded")),
            Unhealthy,
            "The rollout exceeded its deadline: ProgressDeadlineExceeded",
        ),
        (
            deployment(
                3,
                [0, 0, 0],
                json!([{"type": "ReplicaFailure", "status": "True", "message": "quota exceeded"}]),
            ),
            Unhealthy,
            "Pods cannot be made: quota exceeded",
        ),
        (
            with(
                deployment(3, [3, 1, 3], complete("True")),
                "spec.paused",
                true.into(),
            ),
            Suspended,
            "The rollout is paused: 1 of 3 pods updated",
        ),
        (
            with(
                deployment(3, [3, 3, 3], complete("True")),
                "metadata.generation",
                3.into(),
            ),
            Progressing,
            "The controller has not seen the latest change yet",
        ),
        (
            with(
                deployment(3, [3, 3, 3], complete("True")),
                "metadata.deletionTimestamp",
                "2026-01-31T10:00:00Z".into(),
            ),
            Progressing,
            "It is being deleted",
        ),
    ];
    for (object, health, reason) in table {
        let facts = read("Deployment", object.clone());
        let said = facts.status.reason.as_deref().unwrap_or_default();
        assert_eq!((facts.status.health, said), (health, reason), "{object}");
    }
}

#[test]
fn stateful_sets_follow_the_rollout() {
    use Health::{Healthy, Progressing, Suspended};
    let set = |desired: i32, ready: i32, updated: i32, same: bool, strategy: Value| {
        json!({
            "metadata": {"generation": 1}, "spec": {"replicas": desired, "updateStrategy": strategy},
            "status": {"observedGeneration": 1, "replicas": desired, "readyReplicas": ready, "updatedReplicas": updated,
                       "currentRevision": "a", "updateRevision": if same { "a" } else { "b" }},
        })
    };
    let rolling =
        |partition: i32| json!({"type": "RollingUpdate", "rollingUpdate": {"partition": partition}});
    let table = [
        (set(3, 3, 3, true, rolling(0)), Healthy, ""),
        (set(0, 0, 0, true, rolling(0)), Suspended, "It is scaled to zero"),
        (set(3, 2, 3, true, rolling(0)), Progressing, "2 of 3 pods ready"),
        (
            set(3, 3, 1, false, rolling(0)),
            Progressing,
            "1 of 3 pods updated",
        ),
        (set(3, 3, 1, false, rolling(2)), Healthy, ""),
        (set(3, 3, 0, false, rolling(2)), Progressing, "0 of 1 pod updated"),
        (set(3, 3, 0, false, json!({"type": "OnDelete"})), Healthy, ""),
    ];
    for (object, health, reason) in table {
        let facts = read("StatefulSet", object.clone());
        let said = facts.status.reason.as_deref().unwrap_or_default();
        assert_eq!((facts.status.health, said), (health, reason), "{object}");
    }
}

#[test]
fn jobs_have_kubectls_words() {
    use Health::{Progressing, Suspended, Unhealthy, Warning};
    let job = |kind: &str| json!({"status": {"conditions": [{"type": kind, "status": "True", "message": "because"}]}});
    let table = [
        (job("Complete"), "Complete", Suspended, "It is complete"),
        (job("Failed"), "Failed", Unhealthy, "because"),
        (job("Suspended"), "Suspended", Suspended, "It is suspended"),
        (job("FailureTarget"), "FailureTarget", Unhealthy, "because"),
        (json!({"status": {}}), "Running", Progressing, ""),
        (
            json!({"status": {"failed": 2}}),
            "Running",
            Warning,
            "2 pods failed; it gives up after 7",
        ),
        (
            json!({"metadata": {"deletionTimestamp": "2026-01-31T10:00:00Z"}}),
            "Terminating",
            Progressing,
            "It is being deleted",
        ),
    ];
    for (object, word, health, reason) in table {
        let facts = read("Job", object.clone());
        let said = facts.status.reason.as_deref().unwrap_or_default();
        assert_eq!(
            (&*facts.status.word, facts.status.health, said),
            (word, health, reason),
            "{object}"
        );
    }
}
