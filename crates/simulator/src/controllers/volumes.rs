//! Claims and volumes: a claim of a class gets a volume, the default class is that of claims that name none.

use serde_json::{Value, json};

use super::json::{annotation, is_going, list, name, namespace, text, uid};
use super::kind::Kind;
use super::recorder::record;
use super::world::World;
use crate::quantity::millis;
use crate::store::Key;

mod volume;

const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const COMPONENT: &str = "persistentvolume-controller";
const PROTECTION: &str = "kubernetes.io/pvc-protection";
/// The provisioner of classes whose volumes an administrator makes.
const NOBODY: &str = "kubernetes.io/no-provisioner";

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

/// Looks at a claim or a volume. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, kind: Kind, place: &Key) -> Option<i64> {
    match kind {
        Kind::Volume => {
            volume::reconcile(world, place);
            None
        }
        _ => claim(world, place),
    }
}

/// Binds a claim, or says why not.
fn claim(world: &mut World, place: &Key) -> Option<i64> {
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
    if matches!(text(&claim, "/status/phase"), "Bound" | "Lost") {
        lose(world, &claim);
        return None;
    }
    let class = class_of(world, &claim);
    let waits = class
        .as_ref()
        .is_some_and(|class| text(class, "/volumeBindingMode") == "WaitForFirstConsumer");
    let selected = annotation(&claim, SELECTED_NODE).map(str::to_owned);
    let wanted = text(&claim, "/spec/volumeName").to_owned();
    if waits && selected.is_none() && wanted.is_empty() {
        let consumer = consumer(world, &claim);
        let (reason, why) = match consumer {
            Some(pod) => (
                "WaitForPodScheduled",
                format!("waiting for pod {pod} to be scheduled"),
            ),
            None => {
                let why = "waiting for first consumer to be created before binding";
                ("WaitForFirstConsumer", why.to_owned())
            }
        };
        return complain(world, &claim, "Normal", reason, &why);
    }
    let node = selected.and_then(|node| world.find(Kind::Node, "", &node));
    if let Some(volume) = matching(world, &claim, node.as_deref()) {
        bind(world, &claim, &volume);
        return None;
    }
    if !wanted.is_empty() {
        let other = world.find(Kind::Volume, "", &wanted);
        let taken = other.is_some_and(|volume| !is_for(&volume, &claim));
        if taken {
            let why = "volume already bound to a different claim.";
            return complain(world, &claim, "Warning", "FailedBinding", why);
        }
        return None;
    }
    match (text(&claim, "/spec/storageClassName"), class) {
        ("", _) => {
            let why = "no persistent volumes available for this claim and no storage class is set";
            complain(world, &claim, "Normal", "FailedBinding", why)
        }
        (wanted, None) => {
            let why = format!("storageclass.storage.k8s.io {wanted:?} not found");
            complain(world, &claim, "Warning", "ProvisioningFailed", &why)
        }
        (_, Some(class)) if text(&class, "/provisioner") == NOBODY => {
            let why = format!("no volume plugin matched name: {NOBODY}");
            complain(world, &claim, "Warning", "ProvisioningFailed", &why)
        }
        (_, Some(class)) => {
            provision(world, &claim, &class);
            None
        }
    }
}

/// A claim that is bound to a volume that is not there any more has lost it.
fn lose(world: &mut World, claim: &Value) {
    let volume = world.find(Kind::Volume, "", text(claim, "/spec/volumeName"));
    if volume.is_some() || text(claim, "/status/phase") == "Lost" {
        return;
    }
    let mut next = claim.clone();
    next["status"] = json!({"phase": "Lost"});
    world.update(Kind::Claim, next);
    let why = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
    record(world, Kind::Claim, claim, "Warning", "ClaimLost", COMPONENT, why);
}

/// A pod that uses a claim and has no node yet.
fn consumer(world: &World, claim: &Value) -> Option<String> {
    let uses = |pod: &&std::sync::Arc<Value>| {
        let mut volumes = list(pod, "/spec/volumes").iter();
        text(pod, "/spec/nodeName").is_empty()
            && volumes.any(|volume| text(volume, "/persistentVolumeClaim/claimName") == name(claim))
    };
    let found = world.list(Kind::Pod, namespace(claim)).find(uses);
    found.map(|pod| name(pod).to_owned())
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

/// Whether a volume is nobody's, or reserved for this very claim.
fn is_for(volume: &Value, claim: &Value) -> bool {
    let reserved = &volume["spec"]["claimRef"];
    let own = text(reserved, "/uid");
    reserved.is_null()
        || (text(reserved, "/namespace") == namespace(claim)
            && text(reserved, "/name") == name(claim)
            && (own.is_empty() || own == uid(claim)))
}

/// A volume that is free and has what a claim asks for: one that is reserved for it first, then the smallest. For a pod
/// that has been given a node it has to be one that this node can reach.
fn matching(world: &World, claim: &Value, node: Option<&Value>) -> Option<std::sync::Arc<Value>> {
    let size = millis(&claim["spec"]["resources"]["requests"]["storage"]);
    let named = text(claim, "/spec/volumeName");
    let mode = |object: &Value| match text(object, "/spec/volumeMode") {
        "" => "Filesystem".to_owned(),
        mode => mode.to_owned(),
    };
    let selector = claim["spec"]
        .get("selector")
        .filter(|selector| selector.is_object());
    let fits = |volume: &&std::sync::Arc<Value>| {
        let reserved = !volume["spec"]["claimRef"].is_null();
        let modes = list(volume, "/spec/accessModes");
        (named.is_empty() || named == name(volume))
            && is_for(volume, claim)
            && !is_going(volume)
            && (matches!(text(volume, "/status/phase"), "" | "Available" | "Pending") || reserved)
            && text(volume, "/spec/storageClassName") == text(claim, "/spec/storageClassName")
            && mode(volume) == mode(claim)
            && list(claim, "/spec/accessModes")
                .iter()
                .all(|wanted| modes.contains(wanted))
            && selector.is_none_or(|selector| super::json::selects(selector, &volume["metadata"]["labels"]))
            && millis(&volume["spec"]["capacity"]["storage"]) >= size
            && node.is_none_or(|node| reaches(volume, node))
    };
    let volumes = world.list(Kind::Volume, "").filter(fits);
    volumes
        .min_by_key(|volume| {
            let free = volume["spec"]["claimRef"].is_null();
            (free, millis(&volume["spec"]["capacity"]["storage"]))
        })
        .cloned()
}

/// Whether a node is one from which a volume can be used.
fn reaches(volume: &Value, node: &Value) -> bool {
    let terms = list(volume, "/spec/nodeAffinity/required/nodeSelectorTerms");
    terms.is_empty() || terms.iter().any(|term| super::scheduler::meets(term, node))
}

/// Why the claims of a pod keep it from a node.
pub(crate) fn reachable(world: &World, pod: &Value, node: &Value) -> Result<(), &'static str> {
    for volume in list(pod, "/spec/volumes") {
        let wanted = text(volume, "/persistentVolumeClaim/claimName");
        let Some(claim) = world.find(Kind::Claim, namespace(pod), wanted) else {
            continue;
        };
        if text(&claim, "/status/phase") == "Bound" {
            let bound = world.find(Kind::Volume, "", text(&claim, "/spec/volumeName"));
            if bound.is_some_and(|bound| !reaches(&bound, node)) {
                return Err("node(s) didn't match PersistentVolume's node affinity");
            }
            continue;
        }
        let static_only = class_of(world, &claim).is_none_or(|class| text(&class, "/provisioner") == NOBODY);
        if static_only && matching(world, &claim, Some(node)).is_none() {
            return Err("node(s) didn't find available persistent volumes to bind");
        }
    }
    Ok(())
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
    // One that was reserved by name did not know yet which claim of that name it would be.
    bound["spec"]["claimRef"] = reference(claim);
    bound["status"]["phase"] = json!("Bound");
    bound["status"]["lastPhaseTransitionTime"] = json!(world.stamp());
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
            "accessModes": claim["spec"]["accessModes"], "volumeMode": claim["spec"]["volumeMode"],
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
        for prefix in ["volume", "volume.beta"] {
            let note = format!("{prefix}.kubernetes.io/storage-provisioner");
            annotated["metadata"]["annotations"][note] = json!(provisioner);
        }
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
    let mut next = claim.clone();
    if let Some(finalizers) = next["metadata"]["finalizers"].as_array_mut() {
        finalizers.retain(|one| one != PROTECTION);
    }
    if list(&next, "/metadata/finalizers").is_empty() {
        super::json::remove(&mut next, "/metadata", "finalizers");
    }
    world.update(Kind::Claim, next);
    None
}
