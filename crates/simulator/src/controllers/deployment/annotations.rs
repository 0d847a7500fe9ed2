//! The annotations of a Deployment that its current ReplicaSet has too: `kubectl rollout history` shows them.

use serde_json::{Map, Value, json};

use super::REVISION;
use crate::controllers::json::annotation;

/// The revisions that a ReplicaSet had before.
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// What a ReplicaSet does not take over.
const OWN: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

/// What the ReplicaSets of a Deployment take over from it.
pub(super) fn inherited(deployment: &Value) -> Value {
    let all = deployment["metadata"]["annotations"].as_object();
    let taken = all.into_iter().flatten();
    let taken = taken.filter(|(key, _)| !OWN.contains(&key.as_str()));
    Value::Object(
        taken
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<Map<_, _>>(),
    )
}

/// Lets a ReplicaSet follow its Deployment, and have a revision. What was removed there stays here.
pub(super) fn keep_up(set: &mut Value, deployment: &Value, revision: i64) {
    let before = annotation(set, REVISION).map(str::to_owned);
    let history = annotation(set, HISTORY).unwrap_or_default().to_owned();
    let annotations = &mut set["metadata"]["annotations"];
    if let Value::Object(taken) = inherited(deployment) {
        for (key, value) in taken {
            annotations[key] = value;
        }
    }
    let revision = revision.to_string();
    if before.as_ref() == Some(&revision) {
        return;
    }
    annotations[REVISION] = json!(revision);
    if let Some(before) = before {
        annotations[HISTORY] = match history.as_str() {
            "" => json!(before),
            earlier => json!(format!("{earlier},{before}")),
        };
    }
}
