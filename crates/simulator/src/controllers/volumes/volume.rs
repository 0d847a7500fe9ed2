//! Volumes: free, somebody's, or left over.

use serde_json::{Value, json};

use super::{COMPONENT, annotation};
use crate::controllers::json::{is_going, key, list, name, text, uid};
use crate::controllers::kind::Kind;
use crate::controllers::recorder::record;
use crate::controllers::world::World;
use crate::store::Key;

const PROTECTION: &str = "kubernetes.io/pv-protection";

/// Sets the phase of a volume, and lets it go once nobody needs it.
pub(super) fn reconcile(world: &mut World, place: &Key) {
    let Some(volume) = world.get(Kind::Volume, place) else {
        return;
    };
    let reserved = &volume["spec"]["claimRef"];
    let claim = world.find(Kind::Claim, text(reserved, "/namespace"), text(reserved, "/name"));
    let own = text(reserved, "/uid");
    let is_used = claim.is_some_and(|claim| !own.is_empty() && uid(&claim) == own);
    if is_going(&volume) {
        if !is_used {
            unprotect(world, &volume);
        }
        return;
    }
    if reserved.is_null() || own.is_empty() {
        return phase(world, &volume, "Available", None);
    }
    if is_used {
        return phase(world, &volume, "Bound", None);
    }
    match text(&volume, "/spec/persistentVolumeReclaimPolicy") {
        "Delete" => reclaim(world, &volume),
        _ => phase(world, &volume, "Released", None),
    }
}

/// What was provisioned goes with its claim; nobody knows how to delete what an administrator made.
fn reclaim(world: &mut World, volume: &Value) {
    if annotation(volume, "pv.kubernetes.io/provisioned-by").is_some() {
        unprotect(world, volume);
        world.erase(Kind::Volume, &key(volume));
        return;
    }
    let path = text(volume, "/spec/hostPath/path");
    let why = match path.is_empty() {
        true => format!(
            "error getting deleter volume plugin for volume {:?}: no deletable volume plugin matched",
            name(volume)
        ),
        false => format!("host_path deleter only supports /tmp/.+ but received provided {path}"),
    };
    if text(volume, "/status/phase") != "Failed" {
        phase(world, volume, "Failed", Some(&why));
        record(
            world,
            Kind::Volume,
            volume,
            "Warning",
            "VolumeFailedDelete",
            COMPONENT,
            &why,
        );
    }
}

fn phase(world: &mut World, volume: &Value, phase: &str, message: Option<&str>) {
    if text(volume, "/status/phase") == phase {
        return;
    }
    let mut next = volume.clone();
    next["status"] = json!({"phase": phase, "lastPhaseTransitionTime": world.stamp()});
    if let Some(message) = message {
        next["status"]["message"] = json!(message);
    }
    world.update(Kind::Volume, next);
}

fn unprotect(world: &mut World, volume: &Value) {
    let mut next = volume.clone();
    if let Some(finalizers) = next["metadata"]["finalizers"].as_array_mut() {
        finalizers.retain(|one| one != PROTECTION);
    }
    if list(&next, "/metadata/finalizers").is_empty() {
        crate::controllers::json::remove(&mut next, "/metadata", "finalizers");
    }
    world.update(Kind::Volume, next);
}
