//! The pods of a Job: as many at a time as it likes, those of indexes that are left, and none too soon after a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::tally::{FAILURES, INDEX, TRACKING, Tally, failures_before, index_of, is_indexed};
use super::{COMPONENT, number};
use crate::controllers::json::{int, is_active, is_going, is_ready, list, name, text, time};
use crate::controllers::kind::Kind;
use crate::controllers::pods;
use crate::controllers::world::World;

/// The longest pause after a failure.
const LONGEST: i64 = 600;

/// Brings the number of active pods to what it should be. Returns when to look again.
pub(super) fn manage(world: &mut World, job: &Value, own: &[Arc<Value>], tally: &Tally) -> Option<i64> {
    let mut active: Vec<_> = own.iter().filter(|pod| is_active(pod)).cloned().collect();
    let going = own
        .iter()
        .filter(|pod| is_going(pod) && !super::super::json::is_ended(pod))
        .count();
    let parallelism = int(job, "/spec/parallelism").unwrap_or(1);
    let wanted = match int(job, "/spec/completions") {
        Some(completions) => parallelism.min(completions - tally.succeeded - number(tally.lost.len())),
        // A queue: once one has succeeded, there is nothing left to take from it.
        None if tally.succeeded > 0 => parallelism.min(number(active.len())),
        None => parallelism,
    }
    .max(0);
    let surplus = usize::try_from(number(active.len()) - wanted).unwrap_or_default();
    if surplus > 0 {
        active.sort_by_key(|pod| pods::deletion_rank(pod));
        for pod in active.iter().take(surplus) {
            pods::delete(world, Kind::Job, job, pod, COMPONENT);
        }
        return None;
    }
    let waits_for_ends = text(job, "/spec/podReplacementPolicy") == "Failed";
    let occupied = number(active.len()) + if waits_for_ends { number(going) } else { 0 };
    let missing = wanted - occupied;
    if missing <= 0 {
        return None;
    }
    if is_indexed(job) {
        return indexed(world, job, own, tally, missing, waits_for_ends);
    }
    let until = pause(own.iter().map(|pod| &**pod), None);
    if until > world.now {
        return Some(until);
    }
    for _ in 0..missing {
        if !create(world, job, None) {
            return Some(world.now + 15);
        }
    }
    None
}

fn indexed(
    world: &mut World,
    job: &Value,
    own: &[Arc<Value>],
    tally: &Tally,
    missing: i64,
    waits_for_ends: bool,
) -> Option<i64> {
    let busy: BTreeSet<i64> = own
        .iter()
        .filter(|pod| is_active(pod) || (waits_for_ends && !super::super::json::is_ended(pod)))
        .filter_map(|pod| index_of(pod))
        .collect();
    let mut failures: BTreeMap<i64, Vec<&Value>> = BTreeMap::new();
    for pod in own.iter().filter(|pod| text(pod, "/status/phase") == "Failed") {
        failures
            .entry(index_of(pod).unwrap_or_default())
            .or_default()
            .push(pod);
    }
    let per_index = !job["spec"]["backoffLimitPerIndex"].is_null();
    let general = pause(own.iter().map(|pod| &**pod), None);
    let completions = int(job, "/spec/completions").unwrap_or_default();
    let left = (0..completions).filter(|index| {
        !busy.contains(index) && !tally.completed.contains(index) && !tally.lost.contains(index)
    });
    let left: Vec<i64> = left.take(usize::try_from(missing).unwrap_or_default()).collect();
    let mut later = None;
    for index in left {
        let failed = failures.get(&index).map(Vec::as_slice).unwrap_or_default();
        let before = failed
            .iter()
            .map(|pod| failures_before(pod) + 1)
            .max()
            .unwrap_or_default();
        let until = match per_index {
            true => pause(failed.iter().copied(), Some(before)),
            false => general,
        };
        if until > world.now {
            later = Some(later.map_or(until, |later: i64| later.min(until)));
        } else if !create(world, job, Some((index, per_index.then_some(before)))) {
            return Some(world.now + 15);
        }
    }
    later
}

/// When the next pod may be made: 10 s, 20 s, 40 s ... after failures that came one after the other.
fn pause<'a>(own: impl Iterator<Item = &'a Value>, failures: Option<i64>) -> i64 {
    let (mut failed, mut success) = (Vec::new(), 0);
    for pod in own {
        match text(pod, "/status/phase") {
            "Failed" => failed.push(finished(pod)),
            "Succeeded" => success = success.max(finished(pod)),
            _ => {}
        }
    }
    failed.retain(|at| *at > success);
    let Some(last) = failed.iter().max() else {
        return 0;
    };
    let count = failures.unwrap_or(number(failed.len()));
    last + (10_i64 << (count - 1).clamp(0, 6)).min(LONGEST)
}

/// When the last container of a pod ended.
fn finished(pod: &Value) -> i64 {
    let ends = list(pod, "/status/containerStatuses")
        .iter()
        .filter_map(|status| time(status, "/state/terminated/finishedAt"));
    ends.max()
        .or_else(|| time(pod, "/metadata/deletionTimestamp"))
        .or_else(|| time(pod, "/metadata/creationTimestamp"))
        .unwrap_or_default()
}

/// Creates a pod, for an index with the number of its failures if it counts them.
fn create(world: &mut World, job: &Value, index: Option<(i64, Option<i64>)>) -> bool {
    let template = &job["spec"]["template"];
    let shape = |pod: &mut Value| {
        pods::push(&mut pod["metadata"], "finalizers", json!(TRACKING));
        let Some((index, failures)) = index else { return };
        let text = json!(index.to_string());
        pod["metadata"]["annotations"][INDEX] = text.clone();
        if let Some(failures) = failures {
            pod["metadata"]["annotations"][FAILURES] = json!(failures.to_string());
        }
        pod["metadata"]["labels"][INDEX] = text;
        if pod["spec"]["hostname"].is_null() {
            pod["spec"]["hostname"] = json!(format!("{}-{index}", name(job)));
        }
        let field = format!("metadata.labels['{INDEX}']");
        let variable = json!({"name": "JOB_COMPLETION_INDEX",
            "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": field}}});
        for containers in ["initContainers", "containers"] {
            for container in super::super::json::items_mut(&mut pod["spec"], containers) {
                pods::push(container, "env", variable.clone());
            }
        }
    };
    let base = index.map(|(index, _)| format!("{}-{index}-", name(job)));
    pods::create_with_prefix(world, Kind::Job, job, template, base, COMPONENT, shape)
}

/// How many active pods there are, how many of them are ready, and how many are on their way out.
pub(super) fn counts(own: &[Arc<Value>]) -> (i64, i64, i64) {
    let count = |test: &dyn Fn(&Value) -> bool| number(own.iter().filter(|pod| test(pod)).count());
    (
        count(&|pod| is_active(pod)),
        count(&|pod| is_active(pod) && is_ready(pod)),
        count(&|pod| is_going(pod) && !super::super::json::is_ended(pod)),
    )
}
