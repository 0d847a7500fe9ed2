//! What workloads have in common.

use super::draft::Outcome;
use super::meta::{self, Condition};
use crate::pod_spec::PodSpec;
use model::Health;
use model::graph::Replicas;
use model::list::Cell;

/// Where the pod template of most workloads is.
pub(super) const TEMPLATE: &str = "spec.template.spec";

/// The cells `Containers` and `Images` of a template.
pub(super) fn image_cells(spec: &PodSpec<'_>) -> [Cell; 2] {
    let (names, images) = spec.names_and_images();
    [Cell::Text(names), Cell::Text(images)]
}

/// A number of pods.
pub(super) fn number(pods: i32) -> Cell {
    Cell::Number(pods.into())
}

/// Replicas from numbers that the API keeps signed.
pub(super) fn replicas(desired: i32, ready: i32, available: i32) -> Replicas {
    let count = |pods: i32| u32::try_from(pods).unwrap_or(0);
    Replicas {
        desired: count(desired),
        ready: count(ready),
        available: count(available),
    }
}

/// `2/3`: ready of desired.
pub(super) fn ready_word(replicas: Replicas) -> String {
    format!("{}/{}", replicas.ready, replicas.desired)
}

/// `1 pod`, `3 pods`.
pub(super) fn pods(count: i32) -> String {
    format!("{count} {}", if count == 1 { "pod" } else { "pods" })
}

/// The outcome of a workload of pods, with its word and replicas.
pub(super) fn outcome(replicas: Replicas, health: Health) -> Outcome {
    Outcome {
        replicas: Some(replicas),
        ..Outcome::new(ready_word(replicas), health)
    }
}

/// Nothing can be said of a spec that the controller has not seen.
pub(super) fn unobserved(replicas: Replicas) -> Outcome {
    outcome(replicas, Health::Progressing).because("The controller has not seen the latest change yet")
}

/// Pods cannot be made: quota, admission, service account.
pub(super) fn failure(conditions: &[Condition<'_>]) -> Option<String> {
    let failure = meta::holds(conditions, "ReplicaFailure")?;
    Some(format!("Pods cannot be made: {}", failure.words()))
}
