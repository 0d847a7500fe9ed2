//! Creating an object.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    Ownership, Write, Written, admission, escalation, followed, limits, names, quota, rules, settle,
};
use crate::custom::definition::{self, is_definition};
use crate::random;
use crate::status::{Cause, Refusal};
use crate::store::object::text_of;
use crate::store::{Inner, Key};

/// What generated names end with: no vowels, so that no words come about.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
/// Room for the random letters in a name of 63.
const LONGEST_BASE: usize = 58;

/// Creates an object.
pub(super) fn create(write: &Write<'_>, object: Value, warnings: Vec<String>) -> Result<Written, Refusal> {
    rules::writable(write.resource)?;
    let mut store = write.shared.store.lock();
    insert(write, &mut store, object, warnings, Ownership::Update)
}

/// Nothing new comes into a namespace that is being deleted.
fn terminating(write: &Write<'_>, name: &str) -> Refusal {
    let space = write.namespace;
    let why = format!("unable to create new content in namespace {space} because it is being terminated");
    let message = format!("{} {name:?} is forbidden: {why}", write.resource.qualified());
    let mut details = write.resource.details(name);
    details["causes"] = json!([{
        "reason": "NamespaceTerminating", "message": format!("namespace {space} is being terminated"),
        "field": "metadata.namespace",
    }]);
    Refusal::other(StatusCode::FORBIDDEN, "Forbidden", message, Some(details))
}

/// Adds an object to the store, if the rules allow it.
pub(super) fn insert(
    write: &Write<'_>,
    store: &mut Inner,
    mut object: Value,
    mut warnings: Vec<String>,
    ownership: Ownership,
) -> Result<Written, Refusal> {
    let resource = write.resource;
    let metadata = object.as_object_mut().and_then(|fields| {
        let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
        metadata.as_object_mut()
    });
    let metadata = metadata.ok_or_else(|| Refusal::bad_request("the object has no metadata"))?;
    names::check_namespace(write, metadata)?;
    if metadata
        .get("resourceVersion")
        .and_then(Value::as_str)
        .is_some_and(|v| !v.is_empty())
        && !write.dry_run
    {
        // Found out by the storage, which has no code for it.
        let message = "resourceVersion should not be set on objects to be created";
        return Err(Refusal::other(
            StatusCode::INTERNAL_SERVER_ERROR,
            "",
            message,
            None,
        ));
    }
    let base = metadata
        .get("generateName")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let named = metadata
        .get("name")
        .and_then(Value::as_str)
        .is_some_and(|name| !name.is_empty());
    if !named && !base.is_empty() {
        let base: String = base.chars().take(LONGEST_BASE).collect();
        metadata.insert(
            "name".to_owned(),
            json!(format!("{base}{}", random::letters(LETTERS, 5))),
        );
    }
    for given in [
        "resourceVersion",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
    ] {
        metadata.remove(given);
    }
    metadata.insert("uid".to_owned(), json!(random::uid()));
    metadata.insert("creationTimestamp".to_owned(), json!(write.manager.time));
    if resource.namespaced {
        metadata.insert("namespace".to_owned(), json!(write.namespace));
    } else {
        metadata.remove("namespace");
    }
    let name = metadata
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();

    rules::fill(resource, &mut object);
    // A status of its own is not looked at, and not kept.
    if resource.custom.is_some() && resource.has_subresource("status") {
        object.as_object_mut().map(|fields| fields.remove("status"));
    }
    let key = Key::new(write.namespace, &name);
    if let Some(namespaces) = write
        .shared
        .resources
        .core("namespaces")
        .filter(|_| resource.namespaced)
    {
        let found = store.get(namespaces.id, &Key::new("", write.namespace));
        let Some((_, text)) = found else {
            return Err(Refusal::not_found(&namespaces, write.namespace));
        };
        let namespace: Value = serde_json::from_slice(&text).unwrap_or_default();
        if !namespace["metadata"]["deletionTimestamp"].is_null() {
            return Err(terminating(write, &name));
        }
    }
    admission::admit(write, store, &object)?;
    escalation::check(write, store, None, &object)?;
    // Who writes manages what was sent, and not what is added from here on.
    settle(write, None, &mut object, ownership);
    limits::fill(write, store, &mut object);
    let mut causes: Vec<Cause> = names::check(resource, &object);
    causes.extend(names::check_ties(resource, &object));
    causes.extend(rules::check(write, None, &object)?);
    if !causes.is_empty() {
        return Err(Refusal::invalid(&resource.group, &resource.kind, &name, causes));
    }
    let own = match is_definition(resource) {
        true => definition::warnings(None, &object),
        false => Vec::new(),
    };
    limits::check(write, store, &object)?;
    let charged = quota::check(write, store, &object)?;
    if store.get(resource.id, &key).is_some() {
        return Err(Refusal::already_exists(resource, &name).with_warnings(own));
    }
    rules::prepare(resource, None, &mut object);
    admission::created(write, store, &mut object)?;
    if !write.dry_run {
        if let Some(custom) = &resource.custom {
            custom.outgoing(&mut object);
        }
        store.put(resource.id, key, |version| {
            object["metadata"]["resourceVersion"] = json!(version.to_string());
            text_of(&object)
        });
        quota::charge(write, store, charged);
        followed(write, store, &name);
    }
    warnings.extend(own);
    Ok(Written::object(StatusCode::CREATED, object, warnings))
}
