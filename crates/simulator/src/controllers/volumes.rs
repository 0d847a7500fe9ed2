//! Claims and volumes: a claim of a class gets a volume, the default class is that of claims that name none.

use serde_json::{Value, json};

use super::json::{annotation, is_going, key, list, name, namespace, text, uid};
use super::kind::Kind;
use super::recorder::record;
use super::world::World;
use crate::quantity::millis;
use crate::store::Key;

const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const COMPONENT: &str = "persistentvolume-controller";
const PROTECTION: &str = "kubernetes.io/pvc-protection";

fn class_of(world: &World, claim: &Value) -> Option<std::sync::Arc<Value>> {
    world.find(Kind::StorageClass, "", text(claim, "/spec/storageClassName"))
}

/// Whether a claim is bound only once a pod that uses it has a node.
pub(crate) fn waits_for_consumer(world: &World, claim: &Value) -> bool {
    class_of(world, claim).is_some_and(|class| text(&class, "/volumeBindingMode") == "WaitForFirstConsumer")
}

/// Tells the claims of a pod on which node it will run.
pub(crate) fn select_node(world: &mut World, pod: &Value, node: &str) {
    for volume in list(pod, "/spec/volumes") {
        let wanted = text(volume, "/persistentVolumeClaim/claimName");
        let Some(claim) = world.find(Kind::Claim, namespace(pod), wanted) else {
            continue;
        };
        if waits_for_consumer(world, &claim) && annotation(&claim, SELECTED_NODE).is_none() {
            let mut next = Value::clone(&claim);
            next["metadata"]["annotations"][SELECTED_NODE] = json!(node);
            world.update(Kind::Claim, next);
        }
    }
}

/// Binds a claim, or says why not. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let claim = world.get(Kind::Claim, place)?;
    if is_going(&claim) {
        return unprotect(world, &claim);
    }
    let mut next = Value::clone(&claim);
    crate::scenario::defaults::claim(&mut next);
    if list(&next, "/metadata/finalizers").is_empty() {
        next["metadata"]["finalizers"] = json!([PROTECTION]);
    }
    if next["spec"]["storageClassName"].is_null() {
        let mut classes = world.list(Kind::StorageClass, "");
        if let Some(class) = classes.find(|class| annotation(class, DEFAULT) == Some("true")) {
            next["spec"]["storageClassName"] = json!(name(class));
        }
    }
    world.update(Kind::Claim, next);
    let claim = world.get(Kind::Claim, place)?;
    if text(&claim, "/status/phase") == "Bound" {
        return None;
    }
    if let Some(volume) = matching(world, &claim) {
        bind(world, &claim, &volume);
        return None;
    }
    match (text(&claim, "/spec/storageClassName"), class_of(world, &claim)) {
        ("", _) => {
            let why = "no persistent volumes available for this claim and no storage class is set";
            complain(world, &claim, "Normal", "FailedBinding", why)
        }
        (wanted, None) => {
            let why = format!("storageclass.storage.k8s.io {wanted:?} not found");
            complain(world, &claim, "Warning", "ProvisioningFailed", &why)
        }
        (_, Some(class)) => {
            let waits = text(&class, "/volumeBindingMode") == "WaitForFirstConsumer";
            if waits && annotation(&claim, SELECTED_NODE).is_none() {
                let why = "waiting for first consumer to be created before binding";
                return complain(world, &claim, "Normal", "WaitForFirstConsumer", why);
            }
            provision(world, &claim, &class);
            None
        }
    }
}

fn complain(world: &mut World, claim: &Value, level: &str, reason: &str, why: &str) -> Option<i64> {
    if claim["status"]["phase"].is_null() {
        let mut next = claim.clone();
        next["status"] = json!({"phase": "Pending"});
        world.update(Kind::Claim, next);
    }
    let due = world.retry_due(uid(claim), "bind");
    if world.now < due {
        return Some(due);
    }
    record(world, Kind::Claim, claim, level, reason, COMPONENT, why);
    // The real one repeats itself every 15 seconds.
    let pause = if world.past { 900 } else { 15 };
    let again = world.now + pause;
    world.retry_at(uid(claim), "bind", again);
    Some(again)
}

/// A volume that is free, large enough and of the claim's class.
fn matching(world: &World, claim: &Value) -> Option<std::sync::Arc<Value>> {
    let size = millis(&claim["spec"]["resources"]["requests"]["storage"]);
    let class = text(claim, "/spec/storageClassName");
    let fits = |volume: &&std::sync::Arc<Value>| {
        let reserved = text(volume, "/spec/claimRef/uid");
        let for_claim = volume["spec"]["claimRef"].is_null() || reserved == uid(claim);
        let named = text(claim, "/spec/volumeName");
        (named.is_empty() || named == name(volume))
            && for_claim
            && matches!(text(volume, "/status/phase"), "" | "Available" | "Pending")
            && text(volume, "/spec/storageClassName") == class
            && millis(&volume["spec"]["capacity"]["storage"]) >= size
    };
    let volumes = world.list(Kind::Volume, "").filter(fits);
    volumes
        .min_by_key(|volume| millis(&volume["spec"]["capacity"]["storage"]))
        .cloned()
}

fn reference(claim: &Value) -> Value {
    json!({
        "kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": namespace(claim), "name": name(claim),
        "uid": uid(claim), "resourceVersion": claim["metadata"]["resourceVersion"],
    })
}

fn bind(world: &mut World, claim: &Value, volume: &Value) {
    let mut bound = volume.clone();
    if bound["spec"]["claimRef"].is_null() {
        bound["spec"]["claimRef"] = reference(claim);
        bound["metadata"]["annotations"]["pv.kubernetes.io/bound-by-controller"] = json!("yes");
    }
    bound["status"]["phase"] = json!("Bound");
    world.update(Kind::Volume, bound);
    let mut next = claim.clone();
    next["spec"]["volumeName"] = json!(name(volume));
    next["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] = json!("yes");
    next["metadata"]["annotations"]["pv.kubernetes.io/bound-by-controller"] = json!("yes");
    next["status"] = json!({
        "phase": "Bound", "accessModes": volume["spec"]["accessModes"], "capacity": volume["spec"]["capacity"],
    });
    world.update(Kind::Claim, next);
}

fn provision(world: &mut World, claim: &Value, class: &Value) {
    let provisioner = text(class, "/provisioner").to_owned();
    let volume_name = format!("pvc-{}", uid(claim));
    let policy = match text(class, "/reclaimPolicy") {
        "" => "Delete",
        policy => policy,
    };
    let mut volume = json!({
        "metadata": {
            "name": volume_name, "finalizers": ["kubernetes.io/pv-protection"],
            "annotations": {"pv.kubernetes.io/provisioned-by": provisioner},
        },
        "spec": {
            "accessModes": claim["spec"]["accessModes"], "volumeMode": "Filesystem",
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "claimRef": reference(claim), "persistentVolumeReclaimPolicy": policy, "storageClassName": name(class),
            "csi": {"driver": provisioner, "fsType": "ext4", "volumeHandle": format!("vol-{:016x}", super::json::hash(uid(claim)))},
        },
        "status": {"phase": "Bound"},
    });
    volume["status"]["lastPhaseTransitionTime"] = json!(world.stamp());
    let external = format!(
        "External provisioner is provisioning volume for claim \"{}/{}\"",
        namespace(claim),
        name(claim)
    );
    record(
        world,
        Kind::Claim,
        claim,
        "Normal",
        "Provisioning",
        &provisioner,
        &external,
    );
    if let Some(volume) = world.create(Kind::Volume, volume) {
        let mut annotated = claim.clone();
        annotated["metadata"]["annotations"]["volume.kubernetes.io/storage-provisioner"] = json!(provisioner);
        bind(world, &annotated, &volume);
        let done = format!("Successfully provisioned volume {volume_name}");
        record(
            world,
            Kind::Claim,
            claim,
            "Normal",
            "ProvisioningSucceeded",
            &provisioner,
            &done,
        );
    }
}

/// Lets a claim go once no pod uses it, and its volume with it.
fn unprotect(world: &mut World, claim: &Value) -> Option<i64> {
    let used = world.list(Kind::Pod, namespace(claim)).any(|pod| {
        let mut volumes = list(pod, "/spec/volumes").iter();
        !super::json::is_ended(pod)
            && volumes.any(|volume| text(volume, "/persistentVolumeClaim/claimName") == name(claim))
    });
    if used {
        return Some(world.now + 5);
    }
    let volume = world.find(Kind::Volume, "", text(claim, "/spec/volumeName"));
    let mut next = claim.clone();
    if let Some(finalizers) = next["metadata"]["finalizers"].as_array_mut() {
        finalizers.retain(|one| one != PROTECTION);
    }
    if list(&next, "/metadata/finalizers").is_empty() {
        super::json::remove(&mut next, "/metadata", "finalizers");
    }
    world.update(Kind::Claim, next);
    let volume = volume.filter(|_| world.get(Kind::Claim, &key(claim)).is_none())?;
    if text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Delete" {
        world.erase(Kind::Volume, &key(&volume));
    } else {
        let mut next = Value::clone(&volume);
        next["status"]["phase"] = json!("Released");
        world.update(Kind::Volume, next);
    }
    None
}
