//! Replacing an object.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Ownership, Write, Written, admission, escalation, followed, names, rules, settle, subresource};
use crate::custom::definition::{self, is_definition};
use crate::resources::Resource;
use crate::status::{Cause, Refusal};
use crate::store::object::text_of;
use crate::store::{Inner, Key};

/// What clients cannot change.
const KEPT: &[&str] = &[
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "namespace",
];

/// Replaces an object by the one that was sent.
pub(super) fn update(write: &Write<'_>, object: Value, warnings: Vec<String>) -> Result<Written, Refusal> {
    let mut object = object;
    rules::writable(write.resource)?;
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        names::check_namespace(write, metadata)?;
        let name = metadata.get("name").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() {
            let message = format!(
                "the name of the object ({} based on URL) was undeterminable: name must be provided",
                write.name
            );
            return Err(Refusal::bad_request(message));
        }
        if name != write.name {
            let message = format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                write.name
            );
            return Err(Refusal::bad_request(message));
        }
    }
    let mut store = write.shared.store.lock();
    let old = current(write, &mut store)?;
    let version = object["metadata"]["resourceVersion"].as_str();
    let needs_version = write.resource.custom.is_some() || is_definition(write.resource);
    if needs_version && version.is_none_or(str::is_empty) {
        let why = "must be specified for an update";
        let cause = Cause::invalid("metadata.resourceVersion", &json!(0), why);
        let (group, plural) = (&write.resource.group, &write.resource.plural);
        return Err(Refusal::invalid(group, plural, write.name, vec![cause]));
    }
    replace(write, &mut store, &old, object, warnings, Ownership::Update)
}

/// The object as it is.
pub(super) fn current(write: &Write<'_>, store: &mut Inner) -> Result<Value, Refusal> {
    let found = store.get(write.resource.id, &Key::new(write.namespace, write.name));
    let (_, text) = found.ok_or_else(|| Refusal::not_found(write.resource, write.name))?;
    read(write.resource, &text)
}

/// An object as it is stored, in the version of a resource.
pub(super) fn read(resource: &Resource, text: &[u8]) -> Result<Value, Refusal> {
    let mut object = serde_json::from_slice(text).map_err(|error| Refusal::bad_request(error.to_string()))?;
    if let Some(custom) = &resource.custom {
        custom.incoming(&mut object);
    }
    Ok(object)
}

/// What is being deleted gets no more finalizers. The real server finds this twice and says it once.
fn new_finalizers(write: &Write<'_>, old: &Value, new: &Value) -> Result<(), Refusal> {
    let list = |object: &Value| {
        object["metadata"]["finalizers"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let known = list(old);
    let added = list(new).into_iter().filter(|own| !known.contains(own));
    let mut added: Vec<String> = added.map(|own| own.to_string()).collect();
    if added.is_empty() {
        return Ok(());
    }
    added.sort();
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    let cause = Cause::forbidden("metadata.finalizers", &why);
    let (group, kind) = (&write.resource.group, &write.resource.kind);
    let mut refusal = Refusal::invalid(group, kind, write.name, vec![cause]);
    if let Some(causes) = refusal.details.as_mut().and_then(|d| d["causes"].as_array_mut()) {
        causes.extend(causes.clone());
    }
    Err(refusal)
}

/// Puts `new` in the place of `old`, if the rules allow it.
pub(super) fn replace(
    write: &Write<'_>,
    store: &mut Inner,
    old: &Value,
    mut new: Value,
    mut warnings: Vec<String>,
    ownership: Ownership,
) -> Result<Written, Refusal> {
    let resource = write.resource;
    let given = |field: &str| new["metadata"][field].as_str().unwrap_or_default().to_owned();
    let (uid, version) = (given("uid"), given("resourceVersion"));
    let (old_uid, old_version) = (&old["metadata"]["uid"], &old["metadata"]["resourceVersion"]);
    if !uid.is_empty() && *old_uid != uid {
        let key =
            format!("/registry/{}/{}/{}", resource.plural, write.namespace, write.name).replace("//", "/");
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition \
             failed: UID in precondition: {uid}, UID in object meta: {}",
            old_uid.as_str().unwrap_or_default()
        );
        return Err(Refusal::conflict(resource, write.name, &why));
    }
    if !version.is_empty() && *old_version != version {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Refusal::conflict(resource, write.name, why));
    }
    let part = write.manager.subresource;
    if part == "status" {
        new = subresource::with_status(resource, old, &new)?;
    }
    for field in KEPT {
        match old["metadata"].get(field) {
            Some(value) => new["metadata"][field] = value.clone(),
            None => {
                if let Some(metadata) = new["metadata"].as_object_mut() {
                    metadata.remove(*field);
                }
            }
        }
    }
    if old["metadata"]["deletionTimestamp"].is_string() {
        new_finalizers(write, old, &new)?;
    }
    new["metadata"]["name"] = json!(write.name);
    new["metadata"]["resourceVersion"] = old_version.clone();
    // A client that sends an empty list takes all managers away; one that sends none leaves them.
    let keep_managers = new["metadata"].get("managedFields").is_none();
    if let Some(managers) = old["metadata"].get("managedFields").filter(|_| keep_managers) {
        new["metadata"]["managedFields"] = managers.clone();
    }
    rules::fill(resource, &mut new);
    rules::prepare(resource, Some(old), &mut new);
    escalation::check(write, store, Some(old), &new)?;
    let mut causes = Vec::new();
    if part != "status" {
        admission::updated(write, store, old, &mut new)?;
        causes = names::check(resource, &new);
        causes.extend(rules::check(write, Some(old), &new)?);
    } else if resource.custom.is_some() {
        causes = rules::check(write, Some(old), &new)?;
    }
    if !causes.is_empty() {
        return Err(Refusal::invalid(
            &resource.group,
            &resource.kind,
            write.name,
            causes,
        ));
    }
    if is_definition(resource) && part != "status" {
        warnings.extend(definition::warnings(Some(old), &new));
    }
    settle(write, Some(old), &mut new, ownership);
    if new == *old {
        return Ok(Written::object(StatusCode::OK, new, warnings));
    }
    let finalizers = new["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    let last = new["metadata"].get("deletionTimestamp").is_some() && !finalizers;
    let key = Key::new(write.namespace, write.name);
    if !write.dry_run {
        if let Some(custom) = &resource.custom {
            custom.outgoing(&mut new);
        }
        let text = |version: u64| {
            new["metadata"]["resourceVersion"] = json!(version.to_string());
            text_of(&new)
        };
        // The last finalizer is gone, and so is the object.
        if last {
            store.remove(resource.id, &key, text);
        } else {
            store.put(resource.id, key, text);
        }
        followed(write, store, write.name);
    }
    Ok(Written::object(StatusCode::OK, new, warnings))
}
