//! What a pod refers to: config maps, secrets and claims that have to be there.

use serde_json::Value;

use crate::controllers::json::{is_true, list, namespace, text};
use crate::controllers::kind::Kind;
use crate::controllers::world::World;

/// Why the volumes of a pod cannot be mounted.
pub(super) fn volumes(world: &World, pod: &Value) -> Option<String> {
    let space = namespace(pod);
    for volume in list(pod, "/spec/volumes") {
        let name = text(volume, "/name");
        let sources = std::iter::once(volume).chain(list(volume, "/projected/sources"));
        for source in sources {
            for (kind, field, called, by) in [
                (Kind::ConfigMap, "/configMap", "configmap", "/name"),
                (Kind::Secret, "/secret", "secret", "/secretName"),
            ] {
                let Some(reference) = source.pointer(field) else {
                    continue;
                };
                let wanted = match text(reference, by) {
                    "" => text(reference, "/name"),
                    wanted => wanted,
                };
                // The account's own bundle is there as soon as the namespace is.
                if is_true(reference, "/optional") || wanted == "kube-root-ca.crt" {
                    continue;
                }
                if world.find(kind, space, wanted).is_none() {
                    return Some(format!(
                        "MountVolume.SetUp failed for volume {name:?} : {called} {wanted:?} not found"
                    ));
                }
            }
        }
        let claim = text(volume, "/persistentVolumeClaim/claimName");
        if !claim.is_empty() {
            let bound = world
                .find(Kind::Claim, space, claim)
                .is_some_and(|claim| text(&claim, "/status/phase") == "Bound");
            if !bound {
                return Some(format!(
                    "Unable to attach or mount volumes: unmounted volumes=[{name}]: claim {claim:?} is not bound"
                ));
            }
        }
    }
    None
}

/// Why a container cannot be configured, in the kubelet's words.
pub(super) fn environment(world: &World, pod: &Value, container: &Value) -> Option<String> {
    let space = namespace(pod);
    let kinds = [
        (
            Kind::ConfigMap,
            "configMapKeyRef",
            "configMapRef",
            "configmap",
            "ConfigMap",
        ),
        (Kind::Secret, "secretKeyRef", "secretRef", "secret", "Secret"),
    ];
    for (kind, key_field, all_field, low, high) in kinds {
        for source in list(container, "/envFrom") {
            let Some(reference) = source.get(all_field) else {
                continue;
            };
            let wanted = text(reference, "/name");
            if !is_true(reference, "/optional") && world.find(kind, space, wanted).is_none() {
                return Some(format!("{low} {wanted:?} not found"));
            }
        }
        for variable in list(container, "/env") {
            let Some(reference) = variable.pointer(&format!("/valueFrom/{key_field}")) else {
                continue;
            };
            if is_true(reference, "/optional") {
                continue;
            }
            let (wanted, key) = (text(reference, "/name"), text(reference, "/key"));
            let Some(found) = world.find(kind, space, wanted) else {
                return Some(format!("{low} {wanted:?} not found"));
            };
            let has = ["data", "binaryData", "stringData"]
                .iter()
                .any(|field| found[*field].get(key).is_some());
            if !has {
                return Some(format!("couldn't find key {key} in {high} {space}/{wanted}"));
            }
        }
    }
    None
}
