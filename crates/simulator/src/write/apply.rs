//! Server-side apply, from the request to the store.

use serde_json::{Value, json};

use super::{Ownership, Validation, Write, Written, create, rules, update};
use crate::access::{User, authorize};
use crate::http::request::{Attributes, Query};
use crate::managed;
use crate::managed::apply::{Failure, apply as apply_to, still_applied};
use crate::schema::decode::decode;
use crate::schema::strict::strict;
use crate::status::{Cause, Refusal};
use crate::store::Key;

/// What `kubectl apply` writes on objects, and keeps up to date when it applies on the server's side.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Applies a configuration: creates the object, or changes what differs.
pub(super) fn apply(write: &Write<'_>, text: &[u8], query: &Query, user: &User) -> Result<Written, Refusal> {
    let resource = write.resource;
    rules::writable(resource)?;
    if query.get("fieldManager").is_none() {
        let cause = Cause::required("fieldManager", "is required for apply patch");
        return Err(Refusal::invalid("meta.k8s.io", "PatchOptions", "", vec![cause]));
    }
    let patch: Value = serde_yaml_ng::from_slice(text)
        .map_err(|error| Refusal::bad_request(format!("error decoding YAML: {error}")))?;
    if !patch.is_object() {
        return Err(Refusal::unsupported("applying what is no object"));
    }
    let key = Key::new(write.namespace, write.name);
    let exists = write.shared.store.lock().get(resource.id, &key).is_some();
    if !exists {
        may_create(write, user)?;
    }
    let warnings = sent_twice(write, text)?;
    let mut store = write.shared.store.lock();
    let live = match store.get(resource.id, &key) {
        Some((_, text)) => Some(update::read(resource, &text)?),
        None if !write.manager.subresource.is_empty() => {
            return Err(Refusal::not_found(resource, write.name));
        }
        None => None,
    };
    let mut empty = managed::empty(resource);
    empty["metadata"] = json!({});
    let (object, managers) = merged(
        write,
        live.as_ref().unwrap_or(&empty),
        &patch,
        query.flag("force"),
    )?;
    check_name(write, &object)?;
    let ownership = Ownership::Applied(managers);
    match &live {
        Some(old) if object["metadata"]["uid"] != old["metadata"]["uid"] => Err(other_uid(write, &object)),
        Some(old) => update::replace(write, &mut store, old, object, warnings, ownership),
        None if object["metadata"]["resourceVersion"].is_string()
            || object["metadata"]["uid"].is_string() =>
        {
            Err(Refusal::unsupported(
                "applying a certain version of an object that does not exist",
            ))
        }
        None => create::insert(write, &mut store, object, warnings, ownership),
    }
}

/// What is to be said of fields that a patch has twice. Only what is sent as JSON is looked at: the API server names
/// the line of the YAML.
fn sent_twice(write: &Write<'_>, text: &[u8]) -> Result<Vec<String>, Refusal> {
    match strict(text, &[]).is_empty() || write.validation == Validation::Ignore {
        true => Ok(Vec::new()),
        false => Err(Refusal::unsupported("applying an object that has a field twice")),
    }
}

/// The real server finds this twice and says it once.
fn other_uid(write: &Write<'_>, object: &Value) -> Refusal {
    let cause = Cause::invalid("metadata.uid", &object["metadata"]["uid"], "field is immutable");
    let (group, kind) = (&write.resource.group, &write.resource.kind);
    let mut refusal = Refusal::invalid(group, kind, write.name, vec![cause]);
    if let Some(causes) = refusal.details.as_mut().and_then(|d| d["causes"].as_array_mut()) {
        causes.extend(causes.clone());
    }
    refusal
}

/// Who applies something new has to be allowed to create it.
fn may_create(write: &Write<'_>, user: &User) -> Result<(), Refusal> {
    if !write.manager.subresource.is_empty() {
        return Ok(());
    }
    let asked = Attributes {
        verb: "create".to_owned(),
        group: write.resource.group.clone(),
        resource: write.resource.plural.clone(),
        namespace: write.namespace.to_owned(),
        name: write.name.to_owned(),
        ..Attributes::default()
    };
    authorize(write.shared, user, &asked)
}

/// The object after the patch, as the server reads it, and its managers.
fn merged(write: &Write<'_>, live: &Value, patch: &Value, force: bool) -> Result<(Value, Value), Refusal> {
    let (resource, schemas) = (write.resource, &write.shared.schemas);
    let text = |field: &str| patch[field].as_str().unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if kind.is_empty() {
        return Err(Refusal::unsupported("applying an object without a kind"));
    }
    let expected = resource.api_version();
    let shown_kind = if api_version.contains('/') {
        format!("{api_version}, Kind={kind}")
    } else {
        format!("/{api_version}, Kind={kind}")
    };
    if api_version != expected || kind != resource.kind {
        return Err(Refusal::bad_request(format!("invalid object type: {shown_kind}")));
    }
    if !patch["metadata"]["managedFields"].is_null() {
        return Err(Refusal::bad_request("metadata.managedFields must be nil"));
    }
    if !write.manager.subresource.is_empty() {
        for field in ["labels", "annotations", "finalizers", "ownerReferences"] {
            if !patch["metadata"][field].is_null() {
                return Err(Refusal::unsupported(&format!(
                    "applying metadata.{field} by way of the status"
                )));
            }
        }
    }
    let mut done = apply_to(schemas, resource, live, patch, &write.manager, force);
    if write.manager.name == "kubectl"
        && let Err(Failure::Conflicts(conflicts)) = &mut done
        && let Some(last) = last_of(live)
    {
        // What kubectl itself has set, applying on its own side, is its own.
        let applied = still_applied(schemas, resource, live, &last);
        conflicts.retain(|(_, path)| !applied.contains(path));
        if conflicts.is_empty() {
            done = apply_to(schemas, resource, live, patch, &write.manager, true);
        }
    }
    let done = done.map_err(|failure| failure.refusal(&shown(patch, &shown_kind)))?;
    let mut object = if done.same {
        let mut object = live.clone();
        for field in ["name", "namespace"] {
            if let Some(given) = patch["metadata"].get(field) {
                object["metadata"][field] = given.clone();
            }
        }
        object
    } else {
        let mut object = done.object;
        object["apiVersion"] = json!(expected);
        object["kind"] = json!(kind);
        let mut object = decode(schemas, resource, object)?.object;
        for field in ["apiVersion", "kind"] {
            object.as_object_mut().map(|fields| fields.remove(field));
        }
        object
    };
    for field in ["uid", "resourceVersion"] {
        if let Some(given) = patch["metadata"].get(field) {
            object["metadata"][field] = given.clone();
        }
    }
    if write.manager.name == "kubectl" && !live["metadata"]["annotations"][LAST_APPLIED].is_null() {
        object["metadata"]["annotations"][LAST_APPLIED] = json!(last_applied(patch));
    }
    Ok((object, done.managers))
}

/// What the API server calls an object that somebody applies.
fn shown(patch: &Value, kind: &str) -> String {
    let of = |field: &str| patch["metadata"][field].as_str().unwrap_or_default();
    format!("{}/{}; {kind}", of("namespace"), of("name"))
}

fn check_name(write: &Write<'_>, object: &Value) -> Result<(), Refusal> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if name == write.name {
        return Ok(());
    }
    let message = match name {
        "" => format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            write.name
        ),
        name => format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            write.name
        ),
    };
    Err(Refusal::bad_request(message))
}

/// What kubectl applied on its own side the last time.
fn last_of(live: &Value) -> Option<Value> {
    let last = live["metadata"]["annotations"][LAST_APPLIED].as_str()?;
    serde_json::from_str(last).ok()
}

fn last_applied(patch: &Value) -> String {
    let mut patch = patch.clone();
    if let Some(annotations) = patch["metadata"]["annotations"].as_object_mut() {
        annotations.remove(LAST_APPLIED);
    }
    format!("{patch}\n")
}

/// Whether a body is a patch of this kind.
pub(super) fn is_apply(content_type: &str) -> bool {
    content_type == "application/apply-patch+yaml"
}
