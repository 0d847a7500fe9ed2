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
    retain(world, &set, &by_ordinal);
    step(world, &set, &hash, &by_ordinal);
    status(world, place, &hash)
}

fn ordinals(world: &World, set: &Value) -> BTreeMap<i64, Arc<Value>> {
    let prefix = format!("{}-", name(set));
    let pods = world.owned_by(uid(set), Kind::Pod).into_iter();
    pods.filter_map(|pod| Some((name(&pod).strip_prefix(&prefix)?.parse().ok()?, pod)))
        .collect()
}

/// The ordinals of the pods that are wanted.
fn wanted_ordinals(set: &Value) -> std::ops::Range<i64> {
    let start = int(set, "/spec/ordinals/start").unwrap_or_default();
    start..start + int(set, "/spec/replicas").unwrap_or(1)
}

fn is_available(world: &World, set: &Value, pod: &Value) -> bool {
    let min_ready = int(set, "/spec/minReadySeconds").unwrap_or_default();
    !is_going(pod) && available_at(pod, min_ready).is_some_and(|time| time <= world.now)
}

fn step(world: &mut World, set: &Value, hash: &str, pods: &BTreeMap<i64, Arc<Value>>) {
    let wanted = wanted_ordinals(set);
    let ordered = text(set, "/spec/podManagementPolicy") != "Parallel";
    for ordinal in wanted.clone() {
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
            Some(pod) if ordered && !is_available(world, set, pod) => return,
            Some(_) => {}
        }
    }
    // From the last to the first, one at a time.
    for (ordinal, pod) in pods.iter().rev() {
        if wanted.contains(ordinal) {
            continue;
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
    if text(set, "/spec/updateStrategy/type") != "OnDelete" {
        roll(world, set, hash, pods);
    }
}

/// Replaces pods of an old template, from the last to that of the partition, as many at a time as may be away.
fn roll(world: &mut World, set: &Value, hash: &str, pods: &BTreeMap<i64, Arc<Value>>) {
    let wanted = wanted_ordinals(set);
    let rolling = &set["spec"]["updateStrategy"]["rollingUpdate"];
    let first = wanted.start + int(rolling, "/partition").unwrap_or_default();
    let most = match &rolling["maxUnavailable"] {
        Value::Null => 1,
        share => super::deployment::share(share, wanted.end - wanted.start, false).max(1),
    };
    let away = pods
        .iter()
        .filter(|(ordinal, pod)| wanted.contains(ordinal) && !is_available(world, set, pod));
    let mut room = most - i64::try_from(away.count()).unwrap_or_default();
    for (ordinal, pod) in pods.iter().rev() {
        if *ordinal < first || !wanted.contains(ordinal) || is_going(pod) {
            continue;
        }
        if pod["metadata"]["labels"][REVISION] == hash {
            continue;
        }
        // One that does not work is no loss.
        if is_available(world, set, pod) {
            if room <= 0 {
                return;
            }
            room -= 1;
        } else if room < 0 {
            return;
        }
        pods::delete(world, Kind::StatefulSet, set, pod, COMPONENT);
    }
}

/// The revision that a pod is made of, and its template: below the partition it is the one before.
fn revision_for(world: &World, set: &Value, hash: &str, ordinal: i64) -> (String, Value) {
    let newest = (hash.to_owned(), set["spec"]["template"].clone());
    let current = text(set, "/status/currentRevision");
    if current.is_empty() || current == hash || text(set, "/spec/updateStrategy/type") == "OnDelete" {
        return newest;
    }
    let start = wanted_ordinals(set).start;
    let is_old = match int(set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default() {
        0 => ordinal < start + int(set, "/status/currentReplicas").unwrap_or_default(),
        partition => ordinal < start + partition,
    };
    let old = world
        .find(Kind::Revision, namespace(set), current)
        .filter(|_| is_old);
    match old.and_then(|old| old.pointer("/data/spec/template").cloned()) {
        Some(mut template) => {
            super::json::remove(&mut template, "", "$patch");
            (current.to_owned(), template)
        }
        None => newest,
    }
}

/// The claims of a pod by name, with their templates.
fn claims<'s>(set: &'s Value, pod_name: &str) -> Vec<(String, &'s Value)> {
    let templates = list(set, "/spec/volumeClaimTemplates").iter();
    templates
        .map(|template| {
            (
                format!("{}-{pod_name}", text(template, "/metadata/name")),
                template,
            )
        })
        .collect()
}

/// Lets claims belong to who takes them along when it goes: the set, the pod that is too many, or nobody.
fn retain(world: &mut World, set: &Value, pods: &BTreeMap<i64, Arc<Value>>) {
    let policy = |what: &str| text(&set["spec"]["persistentVolumeClaimRetentionPolicy"], what) == "Delete";
    let (with_set, with_scale) = (policy("/whenDeleted"), policy("/whenScaled"));
    let wanted = wanted_ordinals(set);
    for (ordinal, pod) in pods {
        let surplus = !wanted.contains(ordinal);
        let owner = match (with_set, with_scale) {
            (_, true) if surplus => super::json::owner_reference(Kind::Pod, pod),
            (true, _) => super::json::owner_reference(Kind::StatefulSet, set),
            _ => json!([]),
        };
        for (claim, _) in claims(set, name(pod)) {
            let Some(claim) = world.find(Kind::Claim, namespace(set), &claim) else {
                continue;
            };
            let is_own = |one: &Value| {
                let kind = text(one, "/kind");
                (kind == "StatefulSet" && text(one, "/name") == name(set))
                    || (kind == "Pod" && text(one, "/name") == name(pod))
            };
            let mut owners: Vec<Value> = list(&claim, "/metadata/ownerReferences").to_vec();
            owners.retain(|one| !is_own(one));
            owners.extend(owner.as_array().into_iter().flatten().cloned());
            if owners == list(&claim, "/metadata/ownerReferences") {
                continue;
            }
            let mut next = Value::clone(&claim);
            next["metadata"]["ownerReferences"] = json!(owners);
            if owners.is_empty() {
                super::json::remove(&mut next, "/metadata", "ownerReferences");
            }
            world.update(Kind::Claim, next);
        }
    }
}

fn create(world: &mut World, set: &Value, hash: &str, ordinal: i64) {
    let pod_name = format!("{}-{ordinal}", name(set));
    for (claim, template) in claims(set, &pod_name) {
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
                "Create Claim {claim} Pod {pod_name} in StatefulSet {} success",
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
    let (revision, template) = revision_for(world, set, hash, ordinal);
    let shape = |pod: &mut Value| {
        let labels = &mut pod["metadata"]["labels"];
        labels[REVISION] = json!(revision);
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
    pods::create(
        world,
        Kind::StatefulSet,
        set,
        &template,
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
    let rolls = text(&set, "/spec/updateStrategy/type") != "OnDelete";
    if rolls && updated == wanted && ready == wanted && pods.len() == wanted {
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
