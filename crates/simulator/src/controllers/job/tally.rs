//! What has become of a Job's pods so far. A pod is counted once, and carries a finalizer until it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::indexes;
use super::policy::{self, Verdict};
use crate::controllers::json::{annotation, int, is_going, key, list, text, uid};
use crate::controllers::kind::Kind;
use crate::controllers::world::World;

/// Keeps a pod until it is counted.
pub(super) const TRACKING: &str = "batch.kubernetes.io/job-tracking";
/// Which index a pod works on.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// How often the index of a pod had failed before it.
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";

/// The counts of a Job.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) succeeded: i64,
    pub(super) failed: i64,
    pub(super) completed: BTreeSet<i64>,
    /// Indexes that failed for good.
    pub(super) lost: BTreeSet<i64>,
    /// Why the Job fails, by its policy.
    pub(super) fails: Option<String>,
    /// The pods that were counted just now.
    counted: Vec<Arc<Value>>,
}

/// Whether a Job's pods work on indexes.
pub(super) fn is_indexed(job: &Value) -> bool {
    text(job, "/spec/completionMode") == "Indexed"
}

pub(super) fn index_of(pod: &Value) -> Option<i64> {
    annotation(pod, INDEX)?.parse().ok()
}

pub(super) fn is_tracked(pod: &Value) -> bool {
    list(pod, "/metadata/finalizers")
        .iter()
        .any(|one| one == TRACKING)
}

impl Tally {
    /// What the status says, and what has ended since.
    pub(super) fn of(world: &World, job: &Value, pods: &[Arc<Value>]) -> Self {
        let mut tally = Self {
            succeeded: int(job, "/status/succeeded").unwrap_or_default(),
            failed: int(job, "/status/failed").unwrap_or_default(),
            completed: indexes::parse(text(job, "/status/completedIndexes")),
            lost: indexes::parse(text(job, "/status/failedIndexes")),
            ..Self::default()
        };
        for pod in pods {
            if is_tracked(pod) && world.retry_due(uid(pod), "counted") == 0 {
                tally.count(job, pod);
            }
        }
        tally
    }

    fn count(&mut self, job: &Value, pod: &Arc<Value>) {
        let index = index_of(pod).filter(|_| is_indexed(job));
        // A pod that was deleted before it had a node has no kubelet that could say how it ended.
        let lost = is_going(pod) && text(pod, "/spec/nodeName").is_empty();
        match text(pod, "/status/phase") {
            "Succeeded" => {
                let is_new = match index {
                    Some(index) => self.completed.insert(index),
                    None => !is_indexed(job),
                };
                self.succeeded += i64::from(is_new);
            }
            "Failed" => self.fail(job, pod, index),
            _ if lost && super::target(job).is_none() => self.fail(job, pod, index),
            _ if lost => {}
            _ => return,
        }
        self.counted.push(pod.clone());
    }

    fn fail(&mut self, job: &Value, pod: &Value, index: Option<i64>) {
        let mut is_lost = false;
        match policy::of_failure(job, pod) {
            Verdict::Ignore => return,
            Verdict::FailJob(why) => self.fails = self.fails.take().or(Some(why)),
            Verdict::FailIndex => is_lost = true,
            Verdict::Count => {
                let limit = int(job, "/spec/backoffLimitPerIndex");
                is_lost = limit.is_some_and(|limit| failures_before(pod) >= limit);
            }
        }
        self.failed += 1;
        if let Some(index) = index.filter(|_| is_lost) {
            self.lost.insert(index);
        }
    }

    /// Writes the counts into a status.
    pub(super) fn write(&self, job: &mut Value) {
        let indexed = is_indexed(job);
        let per_index = !job["spec"]["backoffLimitPerIndex"].is_null();
        let status = &mut job["status"];
        for (field, count) in [("succeeded", self.succeeded), ("failed", self.failed)] {
            match count {
                0 => super::super::json::remove(status, "", field),
                count => status[field] = json!(count),
            }
        }
        if indexed && !self.completed.is_empty() {
            status["completedIndexes"] = json!(indexes::format(&self.completed));
        }
        if indexed && per_index {
            status["failedIndexes"] = json!(indexes::format(&self.lost));
        }
    }

    /// The counts are stored: the pods that they include need not be kept any more.
    pub(super) fn settle(self, world: &mut World) {
        for pod in self.counted {
            world.retry_at(uid(&pod), "counted", 1);
            untrack(world, &pod);
        }
    }
}

/// How often the index of a pod had failed before it.
pub(super) fn failures_before(pod: &Value) -> i64 {
    annotation(pod, FAILURES)
        .and_then(|count| count.parse().ok())
        .unwrap_or_default()
}

/// Nobody counts a pod any more.
pub(super) fn untrack(world: &mut World, pod: &Value) {
    let Some(current) = world.get(Kind::Pod, &key(pod)).filter(|pod| is_tracked(pod)) else {
        return;
    };
    let mut next = Value::clone(&current);
    if let Some(finalizers) = next["metadata"]["finalizers"].as_array_mut() {
        finalizers.retain(|one| one != TRACKING);
    }
    if list(&next, "/metadata/finalizers").is_empty() {
        super::super::json::remove(&mut next, "/metadata", "finalizers");
    }
    let homeless = is_going(&next) && text(&next, "/spec/nodeName").is_empty();
    let bare = next["metadata"]["finalizers"].is_null();
    if world.update(Kind::Pod, next) && homeless && bare {
        world.erase(Kind::Pod, &key(pod));
    }
}
