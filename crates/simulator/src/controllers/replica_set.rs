//! ReplicaSets: as many pods as wanted.

use serde_json::{Value, json};

use super::json::{available_at, int, is_active, is_ended, is_going, is_ready, key, set_condition, text};
use super::kind::Kind;
use super::pods;
use super::world::World;
use crate::store::Key;

const COMPONENT: &str = "replicaset-controller";

/// Creates or deletes pods and counts them. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let set = world.get(Kind::ReplicaSet, place)?;
    if is_going(&set) {
        return None;
    }
    adopt(world, &set);
    let owned = world.owned_by(super::json::uid(&set), Kind::Pod);
    let mut active: Vec<_> = owned.iter().filter(|pod| is_active(pod)).cloned().collect();
    let wanted = usize::try_from(int(&set, "/spec/replicas").unwrap_or(1)).unwrap_or_default();
    let mut failed = false;
    if active.len() < wanted {
        for _ in active.len()..wanted {
            let template = &set["spec"]["template"];
            if !pods::create(world, Kind::ReplicaSet, &set, template, None, COMPONENT, |_| {}) {
                failed = true;
                break;
            }
        }
    } else if active.len() > wanted {
        active.sort_by_key(|pod| pods::deletion_rank(pod));
        let surplus = active.len() - wanted;
        for pod in active.iter().take(surplus) {
            pods::delete(world, Kind::ReplicaSet, &set, pod, COMPONENT);
        }
    }
    let later = count(world, place, failed);
    failed.then_some(world.now + 15).into_iter().chain(later).min()
}

/// Takes pods that the selector selects and that nobody controls.
fn adopt(world: &mut World, set: &Value) {
    let selector = &set["spec"]["selector"];
    let orphans: Vec<_> = world
        .list(Kind::Pod, super::json::namespace(set))
        .filter(|pod| super::json::controller_of(pod).is_none() && is_active(pod))
        .filter(|pod| super::json::selects(selector, &pod["metadata"]["labels"]))
        .cloned()
        .collect();
    for pod in orphans {
        let mut pod = Value::clone(&pod);
        pod["metadata"]["ownerReferences"] = super::json::owner_reference(Kind::ReplicaSet, set);
        world.update(Kind::Pod, pod);
    }
}

fn count(world: &mut World, place: &Key, failed: bool) -> Option<i64> {
    let set = world.get(Kind::ReplicaSet, place)?;
    let owned = world.owned_by(super::json::uid(&set), Kind::Pod);
    let active: Vec<_> = owned.iter().filter(|pod| is_active(pod)).collect();
    let terminating = owned.iter().filter(|pod| is_going(pod) && !is_ended(pod)).count();
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    let labeled = active
        .iter()
        .filter(|pod| super::json::has_labels(labels, &pod["metadata"]["labels"]))
        .count();
    let ready = active.iter().filter(|pod| is_ready(pod)).count();
    let min_ready = int(&set, "/spec/minReadySeconds").unwrap_or_default();
    let times: Vec<i64> = active
        .iter()
        .filter_map(|pod| available_at(pod, min_ready))
        .collect();
    let available = times.iter().filter(|time| **time <= world.now).count();
    let mut status = json!({
        "replicas": active.len(), "terminatingReplicas": terminating,
        "observedGeneration": set["metadata"]["generation"],
    });
    for (field, number) in [
        ("fullyLabeledReplicas", labeled),
        ("readyReplicas", ready),
        ("availableReplicas", available),
    ] {
        if number > 0 {
            status[field] = json!(number);
        }
    }
    let mut next = Value::clone(&set);
    next["status"] = status;
    if failed {
        let message = world
            .list(Kind::Event, &place.namespace)
            .filter(|event| {
                text(event, "/involvedObject/uid") == super::json::uid(&set)
                    && event["reason"] == "FailedCreate"
            })
            .map(|event| {
                text(event, "/message")
                    .trim_start_matches("Error creating: ")
                    .to_owned()
            })
            .last()
            .unwrap_or_default();
        let condition =
            json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message});
        if let Some(old) = set.pointer("/status/conditions") {
            next["status"]["conditions"] = old.clone();
        }
        set_condition(&mut next, condition, world.now);
    }
    world.update(Kind::ReplicaSet, next);
    times.into_iter().filter(|time| *time > world.now).min()
}

/// The active pods of a ReplicaSet.
pub(crate) fn active_pods(world: &World, set: &Value) -> Vec<std::sync::Arc<Value>> {
    let owned = world.owned_by(super::json::uid(set), Kind::Pod);
    owned.into_iter().filter(|pod| !is_ended(pod)).collect()
}

/// Asks for another number of replicas. Returns whether it is stored.
pub(crate) fn scale(world: &mut World, set: &Value, replicas: i64, desired: i64, most: i64) -> bool {
    let Some(current) = world.get(Kind::ReplicaSet, &key(set)) else {
        return false;
    };
    let mut next = Value::clone(&current);
    next["spec"]["replicas"] = json!(replicas);
    let annotations = &mut next["metadata"]["annotations"];
    annotations["deployment.kubernetes.io/desired-replicas"] = json!(desired.to_string());
    annotations["deployment.kubernetes.io/max-replicas"] = json!(most.to_string());
    world.update(Kind::ReplicaSet, next)
}
