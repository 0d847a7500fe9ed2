//! What a Deployment's status says of its rollout.

use serde_json::{Value, json};

use super::{Rollout, wanted};
use crate::controllers::json::{condition, int, is_true, list, name, set_condition, text, time};
use crate::controllers::kind::Kind;
use crate::controllers::world::World;

fn sum(rollout: &Rollout, field: &str) -> i64 {
    let path = format!("/status/{field}");
    rollout.all().map(|set| int(set, &path).unwrap_or_default()).sum()
}

fn updated(rollout: &Rollout) -> i64 {
    rollout
        .current
        .as_ref()
        .and_then(|set| int(set, "/status/replicas"))
        .unwrap_or_default()
}

/// Whether everything is new and available and nothing old is left.
pub(super) fn is_complete(rollout: &Rollout) -> bool {
    rollout.current.is_some()
        && updated(rollout) == rollout.desired
        && sum(rollout, "replicas") == rollout.desired
        && sum(rollout, "availableReplicas") == rollout.desired
}

/// Writes the status. Returns when a rollout without progress is overdue.
pub(super) fn write(world: &mut World, rollout: &Rollout) -> Option<i64> {
    let old = &rollout.deployment;
    let (total, ready, up) = (
        sum(rollout, "replicas"),
        sum(rollout, "readyReplicas"),
        sum(rollout, "availableReplicas"),
    );
    let spec_total: i64 = rollout.all().map(|set| wanted(set)).sum();
    let mut status = json!({
        "observedGeneration": old["metadata"]["generation"],
        "terminatingReplicas": sum(rollout, "terminatingReplicas"),
    });
    for (field, number) in [
        ("replicas", total),
        ("updatedReplicas", updated(rollout)),
        ("readyReplicas", ready),
        ("availableReplicas", up),
        ("unavailableReplicas", (spec_total - up).max(0)),
    ] {
        if number > 0 {
            status[field] = json!(number);
        }
    }
    if let Some(conditions) = old.pointer("/status/conditions") {
        status["conditions"] = conditions.clone();
    }
    let mut next = Value::clone(old);
    next["status"] = status;
    let enough = up >= rollout.desired - rollout.unavailable;
    let (state, reason, message) = if enough {
        (
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        )
    } else {
        (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    };
    put(&mut next, "Available", state, reason, message, world.now);
    let later = progress(world, rollout, &mut next);
    world.update(Kind::Deployment, next);
    later
}

fn progress(world: &World, rollout: &Rollout, next: &mut Value) -> Option<i64> {
    let now = world.now;
    let old = &rollout.deployment;
    if is_true(old, "/spec/paused") {
        put(
            next,
            "Progressing",
            "Unknown",
            "DeploymentPaused",
            "Deployment is paused",
            now,
        );
        return None;
    }
    let set = rollout.current.as_ref()?;
    let before = condition(old, "Progressing");
    let reason = before
        .map(|condition| text(condition, "/reason"))
        .unwrap_or_default();
    if is_complete(rollout) {
        let message = format!("ReplicaSet \"{}\" has successfully progressed.", name(set));
        if reason != "NewReplicaSetAvailable" || before.is_some_and(|b| text(b, "/message") != message) {
            put(
                next,
                "Progressing",
                "True",
                "NewReplicaSetAvailable",
                &message,
                now,
            );
        }
        return None;
    }
    // A rollout that was through stays so while pods merely come and go.
    if reason == "NewReplicaSetAvailable" && before.is_some_and(|b| text(b, "/message").contains(name(set))) {
        return None;
    }
    let count = |field: &str| {
        (
            int(old, &format!("/status/{field}")),
            int(next, &format!("/status/{field}")),
        )
    };
    let rose = |field: &str| {
        let (before, after) = count(field);
        after.unwrap_or_default() > before.unwrap_or_default()
    };
    let old_replicas = |status: &Value| {
        int(status, "/status/replicas").unwrap_or_default()
            - int(status, "/status/updatedReplicas").unwrap_or_default()
    };
    let moved = rose("updatedReplicas")
        || rose("readyReplicas")
        || rose("availableReplicas")
        || old_replicas(next) < old_replicas(old);
    let is_new = before.is_none_or(|b| !text(b, "/message").contains(name(set)));
    let deadline = int(old, "/spec/progressDeadlineSeconds").unwrap_or(600);
    if is_new || moved {
        let message = format!("ReplicaSet \"{}\" is progressing.", name(set));
        put(next, "Progressing", "True", "ReplicaSetUpdated", &message, now);
        return Some(now + deadline);
    }
    if reason == "ProgressDeadlineExceeded" {
        return None;
    }
    let since = before.and_then(|b| time(b, "/lastUpdateTime")).unwrap_or(now);
    if since + deadline > now {
        return Some(since + deadline);
    }
    let message = format!("ReplicaSet \"{}\" has timed out progressing.", name(set));
    put(
        next,
        "Progressing",
        "False",
        "ProgressDeadlineExceeded",
        &message,
        now,
    );
    None
}

/// Sets a condition; it carries the time of its last change besides that of its last transition.
fn put(next: &mut Value, kind: &str, state: &str, reason: &str, message: &str, now: i64) {
    let old = list(next, "/status/conditions")
        .iter()
        .find(|condition| condition["type"] == kind);
    let same =
        old.is_some_and(|old| old["status"] == state && old["reason"] == reason && old["message"] == message);
    let progressing = reason == "ReplicaSetUpdated";
    if same && !progressing {
        return;
    }
    let condition = json!({
        "type": kind, "status": state, "reason": reason, "message": message, "lastUpdateTime": crate::clock::stamp(now),
    });
    set_condition(next, condition, now);
}
