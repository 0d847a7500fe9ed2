//! Jobs: pods until enough of them succeeded.

use serde_json::{Value, json};

use super::json::{condition, int, is_going, is_ready, is_true, key, set_condition, text, time, uid};
use super::kind::Kind;
use super::pods;
use super::recorder::record;
use super::world::World;
use crate::store::Key;

const COMPONENT: &str = "job-controller";

/// Creates pods, counts them, and ends a Job. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let job = world.get(Kind::Job, place)?;
    if is_going(&job) {
        return None;
    }
    if ended(&job).is_some() {
        return expire(world, &job);
    }
    identify(world, &job);
    let job = world.get(Kind::Job, place)?;
    let pods = world.owned_by(uid(&job), Kind::Pod);
    let phase = |wanted: &str| {
        pods.iter()
            .filter(|pod| text(pod, "/status/phase") == wanted)
            .count()
    };
    let (succeeded, failed) = (number(phase("Succeeded")), number(phase("Failed")));
    let active = pods.iter().filter(|pod| super::json::is_active(pod)).count();
    let going = pods.iter().filter(|pod| is_going(pod)).count();
    let ready = pods.iter().filter(|pod| is_ready(pod) && !is_going(pod)).count();
    let completions = int(&job, "/spec/completions").unwrap_or(1);
    let limit = int(&job, "/spec/backoffLimit").unwrap_or(6);
    let mut next = Value::clone(&job);
    let suspended = is_true(&job, "/spec/suspend");
    if next["status"]["startTime"].is_null() && !suspended {
        next["status"]["startTime"] = json!(world.stamp());
    }
    let status = &mut next["status"];
    for (field, count) in [
        ("active", number(active)),
        ("succeeded", succeeded),
        ("failed", failed),
    ] {
        status[field] = json!(count);
        if count == 0 {
            super::json::remove(status, "", field);
        }
    }
    status["ready"] = json!(ready);
    status["terminating"] = json!(going);
    status["uncountedTerminatedPods"] = json!({});
    let start = time(&next, "/status/startTime").unwrap_or(world.now);
    let deadline = int(&job, "/spec/activeDeadlineSeconds").map(|seconds| start + seconds);
    if succeeded >= completions {
        finish(
            world,
            next,
            "Complete",
            "CompletionsReached",
            "Reached expected number of succeeded pods",
        );
        return Some(world.now + 1);
    }
    if failed > limit {
        finish(
            world,
            next,
            "Failed",
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
        );
        return Some(world.now + 1);
    }
    if deadline.is_some_and(|deadline| world.now >= deadline) {
        finish(
            world,
            next,
            "Failed",
            "DeadlineExceeded",
            "Job was active longer than specified deadline",
        );
        return Some(world.now + 1);
    }
    suspend(world, &mut next, suspended);
    world.update(Kind::Job, next);
    if suspended {
        for pod in pods.iter().filter(|pod| super::json::is_active(pod)) {
            pods::delete(world, Kind::Job, &job, pod, COMPONENT);
        }
        return None;
    }
    let again = create(
        world,
        &job,
        &pods,
        completions - succeeded,
        number(active),
        failed,
    );
    again.into_iter().chain(deadline).min()
}

/// Says whether a Job rests, once it has ever rested.
fn suspend(world: &mut World, job: &mut Value, suspended: bool) {
    let was = condition(job, "Suspended").map(|condition| condition["status"] == "True");
    let (state, reason, event) = match (was, suspended) {
        (None | Some(false), true) => ("True", "JobSuspended", "Suspended"),
        (Some(true), false) => ("False", "JobResumed", "Resumed"),
        _ => return,
    };
    let message = if suspended { "Job suspended" } else { "Job resumed" };
    let now = world.stamp();
    let new = json!({
        "type": "Suspended", "status": state, "reason": reason, "message": message, "lastProbeTime": now,
    });
    set_condition(job, new, world.now);
    if suspended {
        super::json::remove(job, "/status", "startTime");
    }
    let about = job.clone();
    record(world, Kind::Job, &about, "Normal", event, COMPONENT, message);
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or_default()
}

/// Whether and how a Job ended.
pub(crate) fn ended(job: &Value) -> Option<&'static str> {
    ["Complete", "Failed"]
        .into_iter()
        .find(|kind| condition(job, kind).is_some_and(|condition| condition["status"] == "True"))
}

/// The labels by which a Job knows its pods.
fn identify(world: &mut World, job: &Value) {
    if !job["spec"]["selector"].is_null() {
        return;
    }
    let mut next = job.clone();
    let (own, name) = (uid(job).to_owned(), super::json::name(job).to_owned());
    next["spec"]["selector"] = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": own}});
    let labels = [
        ("batch.kubernetes.io/controller-uid", &own),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &own),
        ("job-name", &name),
    ];
    for (label, value) in labels {
        next["spec"]["template"]["metadata"]["labels"][label] = json!(value);
        next["metadata"]["labels"][label] = json!(value);
    }
    world.update_quietly(Kind::Job, next);
}

fn create(
    world: &mut World,
    job: &Value,
    pods: &[std::sync::Arc<Value>],
    left: i64,
    active: i64,
    failed: i64,
) -> Option<i64> {
    let parallel = int(job, "/spec/parallelism").unwrap_or(1).min(left);
    if active >= parallel {
        return None;
    }
    // After a failure the next pod waits: 10 s, 20 s, 40 s ...
    let ends = pods.iter().filter(|pod| text(pod, "/status/phase") == "Failed");
    let last = ends
        .filter_map(|pod| time(pod, "/status/containerStatuses/0/state/terminated/finishedAt"))
        .max();
    if let Some(last) = last {
        let until = last + (10 << (failed - 1).clamp(0, 6)).min(600);
        if world.now < until {
            return Some(until);
        }
    }
    for _ in active..parallel {
        let template = &job["spec"]["template"];
        if !pods::create(world, Kind::Job, job, template, None, COMPONENT, |_| {}) {
            return Some(world.now + 15);
        }
    }
    None
}

fn finish(world: &mut World, mut job: Value, kind: &str, reason: &str, message: &str) {
    let (first, event) = if kind == "Complete" {
        ("SuccessCriteriaMet", "Completed")
    } else {
        ("FailureTarget", reason)
    };
    for kind in [first, kind] {
        super::pods::push(
            &mut job["status"],
            "conditions",
            json!({
                "type": kind, "status": "True", "reason": reason, "message": message,
                "lastProbeTime": crate::clock::stamp(world.now), "lastTransitionTime": crate::clock::stamp(world.now),
            }),
        );
    }
    if kind == "Complete" {
        job["status"]["completionTime"] = json!(world.stamp());
    }
    super::json::remove(&mut job, "/status", "active");
    job["status"]["ready"] = json!(0);
    let pods = world.owned_by(uid(&job), Kind::Pod);
    if world.update(Kind::Job, job.clone()) {
        let (level, said) = if kind == "Complete" {
            ("Normal", "Job completed")
        } else {
            ("Warning", message)
        };
        record(world, Kind::Job, &job, level, event, COMPONENT, said);
    }
    for pod in pods.iter().filter(|pod| super::json::is_active(pod)) {
        world.delete(Kind::Pod, &key(pod));
    }
}

/// Deletes a Job some time after it ended, if it says so.
fn expire(world: &mut World, job: &Value) -> Option<i64> {
    let seconds = int(job, "/spec/ttlSecondsAfterFinished")?;
    let end = condition(job, ended(job)?).and_then(|condition| time(condition, "/lastTransitionTime"))?;
    if world.now < end + seconds {
        return Some(end + seconds);
    }
    world.delete(Kind::Job, &key(job));
    None
}
