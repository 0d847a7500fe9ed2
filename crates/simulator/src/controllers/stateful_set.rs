//! StatefulSets: pods with names and claims of their own, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::json::{available_at, int, is_going, is_ready, list, name, namespace, text, uid};
use super::kind::Kind;
use super::pods;
use super::recorder::record;
use super::revision;
use super::world::World;
use crate::store::Key;

const COMPONENT: &str = "statefulset-controller";
const REVISION: &str = "controller-revision-hash";

/// Brings a StatefulSet one step further. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let set = world.get(Kind::StatefulSet, place)?;
    if is_going(&set) {
        return None;
    }
    let hash = format!(
        "{}-{}",
        name(&set),
        revision::ensure(world, Kind::StatefulSet, &set)
    );
    let by_ordinal = ordinals(world, &set);
    step(world, &set, &hash, &by_ordinal);
    status(world, place, &hash)
}

fn ordinals(world: &World, set: &Value) -> BTreeMap<i64, Arc<Value>> {
    let prefix = format!("{}-", name(set));
    let pods = world.owned_by(uid(set), Kind::Pod).into_iter();
    pods.filter_map(|pod| Some((name(&pod).strip_prefix(&prefix)?.parse().ok()?, pod)))
        .collect()
}

fn step(world: &mut World, set: &Value, hash: &str, pods: &BTreeMap<i64, Arc<Value>>) {
    let wanted = int(set, "/spec/replicas").unwrap_or(1);
    let ordered = text(set, "/spec/podManagementPolicy") != "Parallel";
    for ordinal in 0..wanted {
        match pods.get(&ordinal) {
            None => {
                create(world, set, hash, ordinal);
                if ordered {
                    return;
                }
            }
            Some(pod) if matches!(text(pod, "/status/phase"), "Failed" | "Succeeded") => {
                pods::delete(world, Kind::StatefulSet, set, pod, COMPONENT);
                if ordered {
                    return;
                }
            }
            Some(pod) if ordered && (is_going(pod) || !is_ready(pod)) => return,
            Some(_) => {}
        }
    }
    // From the last to the first, one at a time.
    for (ordinal, pod) in pods.iter().rev() {
        if *ordinal < wanted {
            break;
        }
        if is_going(pod) {
            if ordered {
                return;
            }
            continue;
        }
        pods::delete(world, Kind::StatefulSet, set, pod, COMPONENT);
        if ordered {
            return;
        }
    }
    if text(set, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let partition = int(set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default();
    for (ordinal, pod) in pods.iter().rev() {
        if *ordinal < partition || *ordinal >= wanted {
            continue;
        }
        if is_going(pod) {
            return;
        }
        if pod["metadata"]["labels"][REVISION] != hash {
            pods::delete(world, Kind::StatefulSet, set, pod, COMPONENT);
            return;
        }
        if !is_ready(pod) {
            return;
        }
    }
}

fn create(world: &mut World, set: &Value, hash: &str, ordinal: i64) {
    let pod_name = format!("{}-{ordinal}", name(set));
    for template in list(set, "/spec/volumeClaimTemplates") {
        let claim = format!("{}-{pod_name}", text(template, "/metadata/name"));
        if world.find(Kind::Claim, namespace(set), &claim).is_some() {
            continue;
        }
        let mut labels = template["metadata"]["labels"].clone();
        for (key, value) in set["spec"]["selector"]["matchLabels"]
            .as_object()
            .into_iter()
            .flatten()
        {
            labels[key] = value.clone();
        }
        let object = json!({
            "metadata": {
                "name": claim, "namespace": namespace(set), "labels": labels,
                "finalizers": ["kubernetes.io/pvc-protection"],
            },
            "spec": template["spec"], "status": {"phase": "Pending"},
        });
        if world.create(Kind::Claim, object).is_some() {
            let message = format!(
                "create Claim {claim} Pod {pod_name} in StatefulSet {} success",
                name(set)
            );
            record(
                world,
                Kind::StatefulSet,
                set,
                "Normal",
                "SuccessfulCreate",
                COMPONENT,
                &message,
            );
        }
    }
    let shape = |pod: &mut Value| {
        let labels = &mut pod["metadata"]["labels"];
        labels[REVISION] = json!(hash);
        labels["statefulset.kubernetes.io/pod-name"] = json!(pod_name);
        labels["apps.kubernetes.io/pod-index"] = json!(ordinal.to_string());
        pod["metadata"]["generateName"] = json!(format!("{}-", name(set)));
        pod["spec"]["hostname"] = json!(pod_name);
        pod["spec"]["subdomain"] = set["spec"]["serviceName"].clone();
        for template in list(set, "/spec/volumeClaimTemplates") {
            let volume = text(template, "/metadata/name");
            let claim = json!({"name": volume, "persistentVolumeClaim": {"claimName": format!("{volume}-{pod_name}")}});
            pods::push(&mut pod["spec"], "volumes", claim);
        }
    };
    let template = &set["spec"]["template"];
    pods::create(
        world,
        Kind::StatefulSet,
        set,
        template,
        Some(pod_name.clone()),
        COMPONENT,
        shape,
    );
}

fn status(world: &mut World, place: &Key, hash: &str) -> Option<i64> {
    let set = world.get(Kind::StatefulSet, place)?;
    let pods = ordinals(world, &set);
    let wanted = usize::try_from(int(&set, "/spec/replicas").unwrap_or(1)).unwrap_or_default();
    let count = |test: &dyn Fn(&Value) -> bool| pods.values().filter(|pod| test(pod)).count();
    let min_ready = int(&set, "/spec/minReadySeconds").unwrap_or_default();
    let times: Vec<i64> = pods
        .values()
        .filter_map(|pod| available_at(pod, min_ready))
        .collect();
    let updated = count(&|pod| pod["metadata"]["labels"][REVISION] == *hash && !is_going(pod));
    let ready = count(&|pod| is_ready(pod) && !is_going(pod));
    let mut current = match text(&set, "/status/currentRevision") {
        "" => hash.to_owned(),
        current => current.to_owned(),
    };
    if updated == wanted && ready == wanted && pods.len() == wanted {
        current = hash.to_owned();
    }
    let on_current = count(&|pod| pod["metadata"]["labels"][REVISION] == *current && !is_going(pod));
    let mut status = json!({
        "availableReplicas": times.iter().filter(|time| **time <= world.now).count(), "collisionCount": 0,
        "currentRevision": current, "updateRevision": hash, "observedGeneration": set["metadata"]["generation"],
        "replicas": pods.len(),
    });
    for (field, number) in [
        ("readyReplicas", ready),
        ("currentReplicas", on_current),
        ("updatedReplicas", updated),
    ] {
        if number > 0 {
            status[field] = json!(number);
        }
    }
    let mut next = Value::clone(&set);
    next["status"] = status;
    world.update(Kind::StatefulSet, next);
    times.into_iter().filter(|time| *time > world.now).min()
}
