//! Deleting objects: preconditions, finalizers, and what is answered.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Write, Written, body, followed, rules, update};
use crate::clock::stamp;
use crate::controllers::Controller;
use crate::custom::{definition, life};
use crate::http::request::Query;
use crate::selector::Selectors;
use crate::status::Refusal;
use crate::store::object::text_of;
use crate::store::{Inner, Key};

/// Kinds of which the object is answered instead of a Status.
const ANSWERED_WITH_OBJECT: &[&str] = &[
    "serviceaccounts",
    "pods",
    "services",
    "persistentvolumes",
    "persistentvolumeclaims",
    "podtemplates",
    "resourcequotas",
    "storageclasses",
];

fn options(write: &Write<'_>, content_type: &str, text: &[u8], query: &Query) -> Result<Value, Refusal> {
    let mut options = if text.is_empty() {
        json!({})
    } else {
        parse(content_type, text)?
    };
    if let Some(policy) = query.get("propagationPolicy") {
        options["propagationPolicy"] = json!(policy);
    }
    if let Some(seconds) = query.number("gracePeriodSeconds")? {
        options["gracePeriodSeconds"] = json!(seconds);
    }
    match options["propagationPolicy"].as_str() {
        None | Some("Background") => Ok(options),
        Some("Foreground" | "Orphan")
            if write.shared.has(Controller::GarbageCollector) && write.resource.custom.is_none() =>
        {
            Ok(options)
        }
        // Both need the garbage collector to take its finalizer away again.
        Some(policy @ ("Foreground" | "Orphan")) => {
            Err(Refusal::unsupported(&format!("the propagation policy {policy}")))
        }
        Some(other) => {
            let cause = crate::status::Cause {
                reason: "FieldValueNotSupported",
                message: format!(
                    "Unsupported value: {other:?}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
                ),
                field: "propagationPolicy".to_owned(),
            };
            Err(Refusal::invalid("meta.k8s.io", "DeleteOptions", "", vec![cause]))
        }
    }
}

fn parse(content_type: &str, text: &[u8]) -> Result<Value, Refusal> {
    if !matches!(content_type, "" | "application/json") {
        return Err(Refusal::unsupported(&format!("DeleteOptions as {content_type}")));
    }
    let options: Value =
        serde_json::from_slice(text).map_err(|error| Refusal::bad_request(error.to_string()))?;
    if !options.is_object() {
        let why = body::not_an_object(&options);
        return Err(Refusal::bad_request(format!(
            "couldn't get version/kind; json parse error: {why}"
        )));
    }
    if let Some(kind) = options["kind"]
        .as_str()
        .filter(|kind| !matches!(*kind, "" | "DeleteOptions"))
    {
        let version = options["apiVersion"].as_str().unwrap_or_default();
        return Err(Refusal::bad_request(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
        )));
    }
    if options["orphanDependents"].is_boolean() {
        return Err(Refusal::unsupported(
            "orphanDependents, deprecated in favour of propagationPolicy",
        ));
    }
    Ok(options)
}

/// Whether nothing is to be deleted: the query says so, or the options in the body.
fn is_dry(write: &Write<'_>, options: &Value) -> bool {
    let in_body = options["dryRun"].as_array().into_iter().flatten();
    write.dry_run || in_body.into_iter().any(|run| run == "All")
}

/// Deletes one object.
pub(super) fn delete(
    write: &Write<'_>,
    content_type: &str,
    text: &[u8],
    query: &Query,
) -> Result<Written, Refusal> {
    let resource = write.resource;
    deletable(write)?;
    let options = options(write, content_type, text, query)?;
    let dry_run = is_dry(write, &options);
    let mut store = write.shared.store.lock();
    let old = update::current(write, &mut store)?;
    check_preconditions(write, &options, &old)?;
    let (object, gone) = remove(write, &mut store, old, &options, dry_run);
    if !gone || ANSWERED_WITH_OBJECT.contains(&resource.plural.as_str()) {
        return Ok(Written::object(StatusCode::OK, object, Vec::new()));
    }
    let mut details = resource.details(write.name);
    details["uid"] = object["metadata"]["uid"].clone();
    Ok(Written::plain(json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
    })))
}

fn deletable(write: &Write<'_>) -> Result<(), Refusal> {
    rules::writable(write.resource)?;
    let kept = matches!(write.name, "default" | "kube-system" | "kube-public");
    if write.resource.qualified() == "namespaces" && kept {
        let why = "this namespace may not be deleted";
        return Err(Refusal::forbidden_object(write.resource, write.name, why));
    }
    if write.resource.plural == "namespaces" && !write.shared.has(Controller::Namespace) {
        return Err(Refusal::unsupported(
            "deleting namespaces: nobody would empty them",
        ));
    }
    Ok(())
}

pub(super) fn check_preconditions(write: &Write<'_>, options: &Value, old: &Value) -> Result<(), Refusal> {
    let wanted = |field: &str| options["preconditions"][field].as_str();
    let own = |field: &str| old["metadata"][field].as_str().unwrap_or_default();
    if let Some(uid) = wanted("uid").filter(|uid| *uid != own("uid")) {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been \
             deleted and then recreated",
            own("uid")
        );
        return Err(Refusal::precondition(write.resource, write.name, &why));
    }
    if let Some(version) = wanted("resourceVersion").filter(|version| *version != own("resourceVersion")) {
        let why = format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). \
             The object might have been modified",
            own("resourceVersion")
        );
        return Err(Refusal::precondition(write.resource, write.name, &why));
    }
    Ok(())
}

/// How long a kubelet has to end a pod: only pods on a node that did not end by themselves get any time.
fn grace(write: &Write<'_>, object: &Value, options: &Value) -> i64 {
    let on_node = object["spec"]["nodeName"]
        .as_str()
        .is_some_and(|node| !node.is_empty());
    let ended = matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if write.resource.qualified() != "pods" || !on_node || ended {
        return 0;
    }
    let wanted = options["gracePeriodSeconds"].as_i64();
    let own = object["spec"]["terminationGracePeriodSeconds"].as_i64();
    wanted.or(own).unwrap_or(30).max(0)
}

/// Removes an object, or marks it while finalizers or a kubelet hold it. Returns its last state and whether it is gone.
fn remove(
    write: &Write<'_>,
    store: &mut Inner,
    mut object: Value,
    options: &Value,
    dry_run: bool,
) -> (Value, bool) {
    let id = write.resource.id;
    let key = Key::new(
        object["metadata"]["namespace"].as_str().unwrap_or_default(),
        object["metadata"]["name"].as_str().unwrap_or_default(),
    );
    let is_definition = definition::is_definition(write.resource);
    if object["metadata"].get("deletionTimestamp").is_none() {
        guard(&mut object, options);
        if is_definition {
            life::terminate(write.shared, &mut object);
        }
    }
    let is_namespace = write.resource.qualified() == "namespaces";
    let has_finalizers = object["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    let grace = grace(write, &object, options);
    let held = has_finalizers || is_namespace || grace > 0;
    let earlier = object["metadata"]["deletionGracePeriodSeconds"].as_i64();
    if held && object["metadata"].get("deletionTimestamp").is_some() && earlier.unwrap_or(0) <= grace {
        return (object, false);
    }
    if held {
        object["metadata"]["deletionTimestamp"] = json!(stamp(write.shared.clock.seconds() + grace));
        if !is_namespace {
            object["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
        }
        if is_namespace {
            object["status"]["phase"] = json!("Terminating");
        }
        if let Some(generation) = object["metadata"]["generation"]
            .as_i64()
            .filter(|_| earlier.is_none() && !is_definition)
        {
            object["metadata"]["generation"] = json!(generation + 1);
        }
    }
    if !dry_run {
        let mut last = object.clone();
        let text = |version: u64| {
            last["metadata"]["resourceVersion"] = json!(version.to_string());
            text_of(&last)
        };
        if held {
            store.put(id, key.clone(), text);
            object = last;
        } else {
            store.remove(id, &key, text);
        }
        followed(write, store, &key.name);
    }
    (object, !held)
}

/// Adds the finalizer with which the garbage collector holds an object until its dependents are gone, or free.
fn guard(object: &mut Value, options: &Value) {
    let finalizer = match options["propagationPolicy"].as_str() {
        Some("Foreground") => "foregroundDeletion",
        Some("Orphan") => "orphan",
        _ => return,
    };
    let metadata = &mut object["metadata"];
    match metadata.get_mut("finalizers").and_then(Value::as_array_mut) {
        Some(finalizers) => finalizers.push(json!(finalizer)),
        None => metadata["finalizers"] = json!([finalizer]),
    }
}

/// Deletes all objects that are selected.
pub(super) fn collection(
    write: &Write<'_>,
    content_type: &str,
    text: &[u8],
    query: &Query,
) -> Result<Written, Refusal> {
    let resource = write.resource;
    deletable(write)?;
    let options = options(write, content_type, text, query)?;
    if options.get("preconditions").is_some() || query.has("limit") || query.has("continue") {
        return Err(Refusal::unsupported(
            "deletecollection with preconditions or in pages",
        ));
    }
    let selectors = Selectors::of(resource, query)?;
    let dry_run = is_dry(write, &options);
    let mut store = write.shared.store.lock();
    let snapshot = store.snapshot(resource.id);
    let mut items = Vec::new();
    for (key, stored) in snapshot.from(write.namespace, None) {
        let text = snapshot.dictionary.unpack(stored);
        if !selectors.is_empty() && !selectors.matches(key, &text) {
            continue;
        }
        let Ok(object) = serde_json::from_slice::<Value>(&text) else {
            continue;
        };
        let (mut object, _) = remove(write, &mut store, object, &options, dry_run);
        if resource.custom.is_some() {
            object["kind"] = json!(resource.kind);
            object["apiVersion"] = json!(resource.api_version());
        }
        items.push(object);
    }
    let mut list = Map::new();
    list.insert("kind".to_owned(), json!(resource.list_kind));
    list.insert("apiVersion".to_owned(), json!(resource.api_version()));
    let mut metadata = json!({"resourceVersion": snapshot.version.to_string()});
    if resource.custom.is_some() {
        metadata["continue"] = json!("");
    }
    list.insert("metadata".to_owned(), metadata);
    list.insert("items".to_owned(), Value::Array(items));
    Ok(Written::plain(Value::Object(list)))
}
