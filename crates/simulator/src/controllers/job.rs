//! Jobs: pods until enough of them succeeded, or until too many failed.

use std::sync::Arc;

use serde_json::{Value, json};

use super::json::{
    condition, controller_of, int, is_active, is_going, is_true, key, list, name, set_condition, text, time,
    uid,
};
use super::kind::Kind;
use super::recorder::record;
use super::world::World;
use crate::store::Key;

mod indexes;
mod pods;
mod policy;
mod tally;

use tally::{Tally, is_indexed};

const COMPONENT: &str = "job-controller";

/// Why a Job is about to end: the first of the two conditions of its end.
struct Target {
    /// `Complete` or `Failed`.
    end: &'static str,
    reason: String,
    message: String,
}

/// Creates pods, counts them, and ends a Job. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let Some(job) = world.get(Kind::Job, place) else {
        release(world, place, None);
        return None;
    };
    if is_going(&job) {
        release(world, place, Some(&job));
        return None;
    }
    if ended(&job).is_some() {
        release(world, place, Some(&job));
        return expire(world, &job);
    }
    identify(world, &job);
    let job = world.get(Kind::Job, place)?;
    let own = world.owned_by(uid(&job), Kind::Pod);
    let tally = Tally::of(world, &job, &own);
    let suspended = is_true(&job, "/spec/suspend");
    let mut next = Value::clone(&job);
    if next["status"]["startTime"].is_null() && !suspended {
        next["status"]["startTime"] = json!(world.stamp());
    }
    tally.write(&mut next);
    let (active, ready, going) = pods::counts(&own);
    let status = &mut next["status"];
    status["active"] = json!(active);
    if active == 0 {
        super::json::remove(status, "", "active");
    }
    status["ready"] = json!(ready);
    status["terminating"] = json!(going);
    status["uncountedTerminatedPods"] = json!({});
    let start = time(&next, "/status/startTime").unwrap_or(world.now);
    let deadline = int(&job, "/spec/activeDeadlineSeconds").map(|seconds| start + seconds);
    let late = !suspended && deadline.is_some_and(|deadline| world.now >= deadline);
    if let Some(target) = target(&job).or_else(|| decide(&job, &own, &tally, active, late)) {
        return finish(world, next, &own, tally, &target);
    }
    suspend(world, &mut next, suspended);
    if !world.update(Kind::Job, next) {
        return None;
    }
    let job = world.get(Kind::Job, place)?;
    if suspended {
        tally.settle(world);
        for pod in own.iter().filter(|pod| is_active(pod)) {
            super::pods::delete(world, Kind::Job, &job, pod, COMPONENT);
        }
        return None;
    }
    let again = pods::manage(world, &job, &own, &tally);
    tally.settle(world);
    again.into_iter().chain(deadline).min()
}

/// Pods of a Job that has ended or gone need not be counted any more.
fn release(world: &mut World, place: &Key, job: Option<&Value>) {
    let of_job = |pod: &Arc<Value>| match controller_of(pod) {
        Some((Kind::Job, owner, own)) => owner == &*place.name && job.is_none_or(|job| uid(job) == own),
        _ => text(pod, "/metadata/labels/batch.kubernetes.io~1job-name") == &*place.name && job.is_none(),
    };
    let tracked: Vec<_> = world
        .list(Kind::Pod, &place.namespace)
        .filter(|pod| tally::is_tracked(pod) && of_job(pod))
        .cloned()
        .collect();
    for pod in tracked {
        tally::untrack(world, &pod);
    }
}

/// What a Job is about to end as, once that was decided.
fn target(job: &Value) -> Option<Target> {
    let of = |kind: &str, end| {
        let condition = condition(job, kind).filter(|condition| condition["status"] == "True")?;
        Some(Target {
            end,
            reason: text(condition, "/reason").to_owned(),
            message: text(condition, "/message").to_owned(),
        })
    };
    of("FailureTarget", "Failed").or_else(|| of("SuccessCriteriaMet", "Complete"))
}

/// Whether a Job is to end, and why.
fn decide(job: &Value, own: &[Arc<Value>], tally: &Tally, active: i64, late: bool) -> Option<Target> {
    let end = |end: &'static str, reason: &str, message: &str| {
        Some(Target {
            end,
            reason: reason.to_owned(),
            message: message.to_owned(),
        })
    };
    let failed = |reason: &str, message: &str| end("Failed", reason, message);
    if let Some(why) = &tally.fails {
        return failed("PodFailurePolicy", why);
    }
    let limit = int(job, "/spec/backoffLimit").unwrap_or(6);
    if tally.failed > limit || restarts(job, own).is_some_and(|count| count > 0 && count >= limit) {
        return failed(
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
        );
    }
    if late {
        return failed(
            "DeadlineExceeded",
            "Job was active longer than specified deadline",
        );
    }
    let lost = number(tally.lost.len());
    if int(job, "/spec/maxFailedIndexes").is_some_and(|most| lost > most) {
        let why = "Job has exceeded the specified maximal number of failed indexes";
        return failed("MaxFailedIndexesExceeded", why);
    }
    let completions = int(job, "/spec/completions");
    if is_indexed(job)
        && lost > 0
        && active == 0
        && completions.is_some_and(|all| tally.succeeded + lost >= all)
    {
        return failed("FailedIndexes", "Job has failed indexes");
    }
    if let Some(why) = policy::success(job, &tally.completed).filter(|_| is_indexed(job)) {
        return end("Complete", "SuccessPolicy", &why);
    }
    let enough = match completions {
        Some(completions) => tally.succeeded >= completions,
        None => tally.succeeded > 0 && active == 0,
    };
    enough
        .then(|| {
            end(
                "Complete",
                "CompletionsReached",
                "Reached expected number of succeeded pods",
            )
        })
        .flatten()
}

/// How often containers were restarted in place: that is what counts as a failure where pods stay.
fn restarts(job: &Value, own: &[Arc<Value>]) -> Option<i64> {
    if text(job, "/spec/template/spec/restartPolicy") != "OnFailure" {
        return None;
    }
    let alive = own
        .iter()
        .filter(|pod| matches!(text(pod, "/status/phase"), "Running" | "Pending"));
    let statuses = alive.flat_map(|pod| {
        ["/status/containerStatuses", "/status/initContainerStatuses"]
            .into_iter()
            .flat_map(|path| list(pod, path))
    });
    Some(statuses.filter_map(|status| int(status, "/restartCount")).sum())
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
    let (own, name) = (uid(job).to_owned(), name(job).to_owned());
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

fn put(world: &World, job: &mut Value, kind: &str, target: &Target) {
    let now = world.stamp();
    let new = json!({
        "type": kind, "status": "True", "reason": target.reason, "message": target.message, "lastProbeTime": now,
    });
    set_condition(job, new, world.now);
}

/// Ends a Job: it says so at once, and has ended when the last of its pods has.
fn finish(
    world: &mut World,
    mut job: Value,
    own: &[Arc<Value>],
    tally: Tally,
    target: &Target,
) -> Option<i64> {
    let is_complete = target.end == "Complete";
    let first = if is_complete {
        "SuccessCriteriaMet"
    } else {
        "FailureTarget"
    };
    if condition(&job, first).is_none() {
        put(world, &mut job, first, target);
    }
    let over = own.iter().all(|pod| super::json::is_ended(pod));
    if over {
        put(world, &mut job, target.end, target);
        if is_complete {
            job["status"]["completionTime"] = json!(world.stamp());
        }
    }
    if !world.update(Kind::Job, job.clone()) {
        return None;
    }
    tally.settle(world);
    for pod in own.iter().filter(|pod| is_active(pod)) {
        super::pods::delete(world, Kind::Job, &job, pod, COMPONENT);
    }
    if !over {
        return None;
    }
    let (level, event, said) = match is_complete {
        true => ("Normal", "Completed", "Job completed"),
        false => ("Warning", target.reason.as_str(), target.message.as_str()),
    };
    record(world, Kind::Job, &job, level, event, COMPONENT, said);
    Some(world.now + 1)
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
