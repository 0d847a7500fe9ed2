//! Health and reasons of what is no pod, case by case.

#![allow(clippy::unwrap_used, reason = "a test may")]

use model::Health::{self, Healthy, Progressing, Suspended, Unhealthy, Unknown, Warning};
use model::KindId;
use serde_json::{Value, json};
use topology::{Symbols, kinds};

/// Reads each object and compares health and reason.
fn check(kind: &str, table: Vec<(Value, Health, &str)>) {
    let id = KindId::of(kind).unwrap();
    for (mut object, health, reason) in table {
        for (field, value) in [("name", "x"), ("namespace", "shop"), ("uid", "1")] {
            object["metadata"][field] = value.into();
        }
        let facts = kinds::read(id, object.to_string().as_bytes(), &mut Symbols::new()).unwrap();
        let said = facts.status.reason.as_deref().unwrap_or_default();
        assert_eq!((facts.status.health, said), (health, reason), "{kind} {object}");
    }
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": format!("{kind} is {status}")})
}

fn with_conditions(conditions: Value) -> Value {
    json!({"status": {"conditions": conditions}})
}

fn deleting(mut object: Value) -> Value {
    object["metadata"]["deletionTimestamp"] = "2026-01-31T10:00:00Z".into();
    object
}

#[test]
fn daemon_sets() {
    let set = |[desired, updated, available]: [i32; 3], observed: i64, strategy: &str| {
        json!({
            "metadata": {"generation": 2}, "spec": {"updateStrategy": {"type": strategy}},
            "status": {"observedGeneration": observed, "desiredNumberScheduled": desired,
                       "updatedNumberScheduled": updated, "numberAvailable": available},
        })
    };
    let rolling = |counts| set(counts, 2, "RollingUpdate");
    check(
        "DaemonSet",
        vec![
            (rolling([3, 3, 3]), Healthy, ""),
            (rolling([3, 1, 3]), Progressing, "1 of 3 pods updated"),
            (rolling([3, 3, 2]), Progressing, "2 of 3 pods available"),
            (rolling([0, 0, 0]), Suspended, "No node is to run it"),
            (
                set([3, 3, 3], 1, "RollingUpdate"),
                Progressing,
                "The controller has not seen the latest change yet",
            ),
            (set([3, 1, 3], 2, "OnDelete"), Healthy, ""),
            (
                set([3, 1, 2], 2, "OnDelete"),
                Progressing,
                "2 of 3 pods available",
            ),
            (deleting(rolling([3, 3, 3])), Progressing, "It is being deleted"),
        ],
    );
}

#[test]
fn replica_sets_and_controllers() {
    let set = |desired: i32, replicas: i32, available: i32, conditions: Value| {
        json!({
            "spec": {"replicas": desired},
            "status": {"replicas": replicas, "availableReplicas": available, "conditions": conditions},
        })
    };
    for kind in ["ReplicaSet", "ReplicationController"] {
        check(
            kind,
            vec![
                (set(2, 2, 2, json!([])), Healthy, ""),
                (set(2, 2, 1, json!([])), Progressing, "1 of 2 pods available"),
                (set(0, 0, 0, json!([])), Suspended, "It is scaled to zero"),
                (
                    set(
                        2,
                        0,
                        0,
                        json!([condition("ReplicaFailure", "True", "FailedCreate")]),
                    ),
                    Unhealthy,
                    "Pods cannot be made: ReplicaFailure is True",
                ),
            ],
        );
    }
}

#[test]
fn autoscalers() {
    let active = || condition("ScalingActive", "True", "ValidMetricFound");
    let able = || condition("AbleToScale", "True", "ReadyForNewScale");
    check(
        "HorizontalPodAutoscaler",
        vec![
            (json!({}), Healthy, ""),
            (with_conditions(json!([able(), active()])), Healthy, ""),
            (
                with_conditions(json!([
                    able(),
                    condition("ScalingActive", "False", "FailedGetResourceMetric")
                ])),
                Warning,
                "ScalingActive is False",
            ),
            (
                with_conditions(json!([
                    able(),
                    condition("ScalingActive", "False", "ScalingDisabled")
                ])),
                Suspended,
                "ScalingActive is False",
            ),
            (
                with_conditions(json!([condition("AbleToScale", "False", "FailedGetScale")])),
                Warning,
                "AbleToScale is False",
            ),
            (
                with_conditions(json!([
                    able(),
                    active(),
                    condition("ScalingLimited", "True", "TooManyReplicas")
                ])),
                Warning,
                "ScalingLimited is True",
            ),
            (
                with_conditions(json!([
                    able(),
                    active(),
                    condition("ScalingLimited", "True", "TooFewReplicas")
                ])),
                Healthy,
                "",
            ),
            (
                with_conditions(json!([
                    able(),
                    active(),
                    condition("ScalingLimited", "False", "DesiredWithinRange")
                ])),
                Healthy,
                "",
            ),
        ],
    );
}

#[test]
fn volumes_and_claims() {
    let volume = |phase: &str| {
        json!({"spec": {"persistentVolumeReclaimPolicy": "Retain", "claimRef": {"namespace": "shop", "name": "data"}},
               "status": {"phase": phase, "message": "the disk is gone"}})
    };
    check(
        "PersistentVolume",
        vec![
            (volume("Available"), Healthy, ""),
            (volume("Bound"), Healthy, ""),
            (volume("Pending"), Progressing, ""),
            (
                volume("Released"),
                Warning,
                "Its claim shop/data is gone and its reclaim policy is Retain",
            ),
            (volume("Failed"), Unhealthy, "the disk is gone"),
            (volume(""), Unknown, ""),
            (deleting(volume("Bound")), Progressing, "It is being deleted"),
            (deleting(volume("Failed")), Unhealthy, "the disk is gone"),
        ],
    );
    let claim = |phase: &str| json!({"spec": {"volumeName": "v"}, "status": {"phase": phase}});
    check(
        "PersistentVolumeClaim",
        vec![
            (claim("Bound"), Healthy, ""),
            (claim("Pending"), Progressing, "It waits for a volume"),
            (claim("Lost"), Unhealthy, "Its volume v is gone"),
            (deleting(claim("Bound")), Progressing, "It is being deleted"),
            (deleting(claim("Lost")), Unhealthy, "Its volume v is gone"),
        ],
    );
}

#[test]
fn nodes() {
    let ready = || condition("Ready", "True", "KubeletReady");
    let cordoned = |mut node: Value| {
        node["spec"]["unschedulable"] = true.into();
        node
    };
    let of = |conditions: Value| with_conditions(conditions);
    check(
        "Node",
        vec![
            (of(json!([ready()])), Healthy, ""),
            (
                cordoned(of(json!([ready()]))),
                Warning,
                "No new pods are scheduled here",
            ),
            (
                of(json!([condition("MemoryPressure", "True", "x"), ready()])),
                Warning,
                "MemoryPressure: MemoryPressure is True",
            ),
            (
                cordoned(of(json!([ready(), condition("DiskPressure", "True", "x")]))),
                Warning,
                "DiskPressure: DiskPressure is True",
            ),
            (
                of(json!([ready(), condition("PIDPressure", "False", "x")])),
                Healthy,
                "",
            ),
            (
                of(json!([condition("Ready", "False", "x")])),
                Unhealthy,
                "Ready is False",
            ),
            (
                cordoned(of(json!([condition("Ready", "Unknown", "x")]))),
                Unhealthy,
                "Ready is Unknown",
            ),
            (of(json!([])), Unknown, "The node has not reported yet"),
        ],
    );
}

#[test]
fn custom_resources() {
    let ready = |status: &str| condition("Ready", status, "x");
    let reconciling = || condition("Reconciling", "True", "x");
    let of = |conditions: Value| with_conditions(conditions);
    check(
        "Kustomization.kustomize.toolkit.fluxcd.io",
        vec![
            (json!({}), Healthy, ""),
            (of(json!([ready("True")])), Healthy, ""),
            (of(json!([ready("False")])), Unhealthy, "Ready is False"),
            (of(json!([ready("Unknown")])), Progressing, "Ready is Unknown"),
            (
                of(json!([condition("Available", "False", "x")])),
                Unhealthy,
                "Available is False",
            ),
            (
                of(json!([ready("True"), condition("Available", "False", "x")])),
                Healthy,
                "",
            ),
            (
                of(json!([ready("False"), reconciling()])),
                Progressing,
                "Ready is False",
            ),
            (
                of(json!([ready("True"), reconciling()])),
                Progressing,
                "Reconciling is True",
            ),
            (of(json!([reconciling()])), Progressing, "Reconciling is True"),
            (
                of(json!([reconciling(), condition("Stalled", "True", "x")])),
                Unhealthy,
                "Stalled is True",
            ),
            (
                of(json!([ready("True"), condition("Stalled", "False", "x")])),
                Healthy,
                "",
            ),
            (
                deleting(of(json!([ready("True")]))),
                Progressing,
                "It is being deleted",
            ),
            (deleting(of(json!([ready("False")]))), Unhealthy, "Ready is False"),
        ],
    );
}

#[test]
fn jobs_that_have_met_their_criteria_are_on_their_way() {
    check(
        "Job",
        vec![(
            with_conditions(json!([condition("SuccessCriteriaMet", "True", "SuccessPolicy")])),
            Progressing,
            "Enough of it has succeeded; the rest of its pods are ended",
        )],
    );
}
