//! PersistentVolumes, their claims, and StorageClasses.

use serde_json::{Value, json};

use super::{Causes, entries, items, quantity};
use crate::status::{Cause, Refusal};

const MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];
/// Fields of a volume's spec that are no source of it.
const NO_SOURCE: &[&str] = &[
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// A claim.
pub(super) fn claim(causes: &mut Causes, old: Option<&Value>, object: &Value) -> Result<(), Refusal> {
    let spec = &object["spec"];
    if spec["accessModes"].as_array().is_none_or(Vec::is_empty) {
        let why = "at least 1 access mode is required";
        causes.0.push(Cause::required("spec.accessModes", why));
    }
    modes(causes, spec);
    let storage = &spec["resources"]["requests"]["storage"];
    if causes.required("spec.resources[storage]", storage) && quantity(storage) <= 0 {
        causes.invalid("spec.resources[storage]", storage, "must be greater than zero");
    }
    match old {
        Some(old) if old["spec"] != *spec && !binds(&old["spec"], spec) => Err(Refusal::unsupported(
            "changes of the spec of a claim: most are forbidden",
        )),
        _ => Ok(()),
    }
}

/// A claim gets its volume once.
fn binds(old: &Value, new: &Value) -> bool {
    let mut bound = old.clone();
    bound["volumeName"] = new["volumeName"].clone();
    old["volumeName"].is_null() && bound == *new
}

fn modes(causes: &mut Causes, spec: &Value) {
    for (_, mode) in items(&spec["accessModes"]) {
        causes.one_of("spec.accessModes", mode, MODES);
    }
}

/// A volume.
pub(super) fn volume(causes: &mut Causes, old: Option<&Value>, object: &Value) -> Result<(), Refusal> {
    let spec = &object["spec"];
    if spec["accessModes"].as_array().is_none_or(Vec::is_empty) {
        causes.0.push(Cause::required("spec.accessModes", ""));
    }
    modes(causes, spec);
    let capacity = &spec["capacity"];
    if capacity.as_object().is_none_or(|fields| fields.is_empty()) {
        causes.0.push(Cause::required("spec.capacity", ""));
    }
    if capacity["storage"].is_null() {
        causes
            .0
            .push(Cause::unsupported("spec.capacity", capacity, &["storage"]));
    } else if quantity(&capacity["storage"]) <= 0 {
        causes.invalid(
            "spec.capacity[storage]",
            &capacity["storage"],
            "must be greater than zero",
        );
    }
    let sources: Vec<&String> = entries(spec)
        .map(|(name, _)| name)
        .filter(|name| !NO_SOURCE.contains(&name.as_str()))
        .collect();
    match sources.as_slice() {
        [] => causes
            .0
            .push(Cause::required("spec", "must specify a volume type")),
        [_] => {}
        [first, rest @ ..] => {
            if first.as_str() != "hostPath" {
                return Err(Refusal::unsupported("volumes of several types"));
            }
            for name in rest {
                let why = "may not specify more than 1 volume type";
                causes.0.push(Cause::forbidden(format!("spec.{name}"), why));
            }
        }
    }
    let source = |spec: &Value| sources.first().map(|name| spec[name.as_str()].clone());
    match old {
        Some(old) if source(&old["spec"]) != source(spec) => Err(Refusal::unsupported(
            "changes of the source of a volume: it is immutable",
        )),
        _ => Ok(()),
    }
}

/// A class.
pub(super) fn class(causes: &mut Causes, old: Option<&Value>, object: &Value) -> Result<(), Refusal> {
    causes.required(
        "provisioner",
        &json!(object["provisioner"].as_str().unwrap_or_default()),
    );
    let Some(old) = old else { return Ok(()) };
    if old["provisioner"] != object["provisioner"] {
        causes.invalid("provisioner", &object["provisioner"], "field is immutable");
    }
    let fixed = ["parameters", "reclaimPolicy", "volumeBindingMode"];
    if fixed.iter().any(|field| old[*field] != object[*field]) {
        return Err(Refusal::unsupported(
            "changes of fields of a StorageClass that are immutable",
        ));
    }
    Ok(())
}
