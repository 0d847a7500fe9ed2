//! The parts of an object that have an address of their own: `status`, `scale`, and the `binding` of a pod.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Ownership, Write, Written, update};
use crate::custom::{Path, Scale};
use crate::managed::Manager;
use crate::resources::Resource;
use crate::selector::label_text;
use crate::status::{Cause, Refusal};
use crate::store::object::text_of;
use crate::store::{Inner, Key};

/// Kinds that can be scaled.
const SCALED: &[&str] = &["deployments.apps", "replicasets.apps", "statefulsets.apps"];

/// What else might be changed with the status of an object.
const METADATA: &[&str] = &["labels", "annotations", "finalizers", "ownerReferences"];

/// An object whose status is `new`'s and whose rest is as it was.
pub(super) fn with_status(resource: &Resource, old: &Value, new: &Value) -> Result<Value, Refusal> {
    let fields: &[&str] = if resource.custom.is_some() { &[] } else { METADATA };
    for field in fields {
        let sent = new["metadata"].get(*field);
        if sent.is_some() && sent != old["metadata"].get(*field) {
            return Err(Refusal::unsupported(&format!(
                "changes of metadata.{field} by way of the status"
            )));
        }
    }
    let mut object = old.clone();
    match new.get("status") {
        Some(status) => object["status"] = status.clone(),
        None => {
            object.as_object_mut().map(|fields| fields.remove("status"));
        }
    }
    Ok(object)
}

/// Refuses the resources that have no scale here.
pub(crate) fn check_scaled(resource: &Resource) -> Result<(), Refusal> {
    let custom = resource
        .custom
        .as_ref()
        .is_some_and(|custom| custom.scale.is_some());
    if custom || SCALED.contains(&resource.qualified().as_str()) {
        Ok(())
    } else {
        Err(Refusal::unsupported(&format!("{}/scale", resource.qualified())))
    }
}

/// The scale of an object.
pub(crate) fn scale_of(resource: &Resource, object: &Value) -> Value {
    let metadata = &object["metadata"];
    if let Some(scale) = resource.custom.as_ref().and_then(|custom| custom.scale.as_ref()) {
        return custom_scale(scale, object);
    }
    let replicas = |part: &str| object[part]["replicas"].as_i64().unwrap_or_default();
    let spec = match replicas("spec") {
        0 => json!({}),
        replicas => json!({"replicas": replicas}),
    };
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": spec,
        "status": {"replicas": replicas("status"), "selector": label_text(&object["spec"]["selector"])},
    })
}

/// The scale of a custom resource: its definition says where the fields are.
fn custom_scale(scale: &Scale, object: &Value) -> Value {
    let metadata = &object["metadata"];
    let number = |path: &Path| path.find(object).and_then(Value::as_i64).unwrap_or_default();
    let spec = match number(&scale.replicas) {
        0 => json!({}),
        replicas => json!({"replicas": replicas}),
    };
    let mut status = json!({"replicas": number(&scale.status)});
    let selector = scale.selector.as_ref().and_then(|path| path.find(object));
    if let Some(selector) = selector.and_then(Value::as_str).filter(|text| !text.is_empty()) {
        status["selector"] = json!(selector);
    }
    let mut shown = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {}, "spec": spec, "status": status,
    });
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = metadata.get(field) {
            shown["metadata"][field] = value.clone();
        }
    }
    shown
}

/// Replaces or merges the scale of an object: `change` makes the new scale of the old one.
pub(super) fn scale(
    write: &Write<'_>,
    change: impl FnOnce(Value) -> Result<Value, Refusal>,
) -> Result<Written, Refusal> {
    check_scaled(write.resource)?;
    let mut store = write.shared.store.lock();
    let old = update::current(write, &mut store)?;
    let scale = change(scale_of(write.resource, &old))?;
    let replicas = match &scale["spec"]["replicas"] {
        Value::Null => 0,
        replicas => replicas
            .as_i64()
            .ok_or_else(|| Refusal::unsupported("scales whose replicas are no number"))?,
    };
    if replicas < 0 {
        let cause = Cause::invalid(
            "spec.replicas",
            &json!(replicas),
            "must be greater than or equal to 0",
        );
        return Err(Refusal::invalid("autoscaling", "Scale", write.name, vec![cause]));
    }
    let mut new = old.clone();
    match write
        .resource
        .custom
        .as_ref()
        .and_then(|custom| custom.scale.as_ref())
    {
        Some(scale) => scale.replicas.set(&mut new, json!(replicas)),
        None => new["spec"]["replicas"] = json!(replicas),
    }
    for field in ["uid", "resourceVersion"] {
        if let Some(given) = scale["metadata"][field]
            .as_str()
            .filter(|given| !given.is_empty())
        {
            new["metadata"][field] = json!(given);
        }
    }
    // Who scales is recorded without a time.
    let write = Write {
        manager: Manager {
            time: "",
            ..write.manager.clone()
        },
        ..*write
    };
    let written = update::replace(&write, &mut store, &old, new, Vec::new(), Ownership::Update)?;
    Ok(Written::plain(scale_of(write.resource, &written.object)))
}

/// Assigns a pod to a node.
pub(super) fn bind(write: &Write<'_>, binding: &Value) -> Result<Written, Refusal> {
    let given = binding["metadata"]["name"].as_str().unwrap_or_default();
    if given != write.name {
        return Err(Refusal::bad_request(
            "name in URL does not match name in Binding object",
        ));
    }
    let target = &binding["target"];
    let node = target["name"].as_str().unwrap_or_default();
    if node.is_empty() || !matches!(target["kind"].as_str(), None | Some("" | "Node")) {
        return Err(Refusal::unsupported("bindings to something else than a node"));
    }
    let mut store = write.shared.store.lock();
    let mut pod = update::current(write, &mut store)?;
    if let Some(own) = pod["spec"]["nodeName"].as_str().filter(|own| !own.is_empty()) {
        let message = format!(
            "Operation cannot be fulfilled on pods/binding \"{0}\": pod {0} is already assigned to node \"{own}\"",
            write.name
        );
        let details = json!({"name": write.name, "kind": "pods/binding"});
        return Err(Refusal::other(
            StatusCode::CONFLICT,
            "Conflict",
            message,
            Some(details),
        ));
    }
    pod["spec"]["nodeName"] = json!(node);
    super::admission::place(write, &mut store, &mut pod);
    for (key, value) in binding["metadata"]["annotations"]
        .as_object()
        .into_iter()
        .flatten()
    {
        pod["metadata"]["annotations"][key] = value.clone();
    }
    let condition = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null,
        "lastTransitionTime": write.manager.time});
    let conditions = &mut pod["status"]["conditions"];
    match conditions.as_array_mut() {
        Some(list) => match list.iter_mut().find(|own| own["type"] == "PodScheduled") {
            Some(own) => *own = condition,
            None => list.push(condition),
        },
        None => *conditions = json!([condition]),
    }
    put(write, &mut store, &mut pod);
    let mut written = Written::plain(json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201,
    }));
    written.code = StatusCode::CREATED;
    Ok(written)
}

/// Replaces the finalizers in the spec of a namespace. One that is being deleted and has none left is gone.
pub(super) fn finalize(write: &Write<'_>, sent: &Value) -> Result<Written, Refusal> {
    if sent["metadata"]["name"] != write.name {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            sent["metadata"]["name"].as_str().unwrap_or_default(),
            write.name
        )));
    }
    let mut store = write.shared.store.lock();
    let mut namespace = update::current(write, &mut store)?;
    let version = sent["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    if !version.is_empty() && namespace["metadata"]["resourceVersion"] != version {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Refusal::conflict(write.resource, write.name, why));
    }
    match &sent["spec"]["finalizers"] {
        Value::Array(finalizers) if !finalizers.is_empty() => {
            namespace["spec"]["finalizers"] = json!(finalizers);
        }
        _ => {
            namespace["spec"]
                .as_object_mut()
                .map(|spec| spec.remove("finalizers"));
        }
    }
    let metadata = &namespace["metadata"];
    let is_over = !metadata["deletionTimestamp"].is_null()
        && metadata["finalizers"].as_array().is_none_or(Vec::is_empty)
        && namespace["spec"]["finalizers"].is_null();
    if is_over && !write.dry_run {
        store.remove(write.resource.id, &Key::new("", write.name), |version| {
            namespace["metadata"]["resourceVersion"] = json!(version.to_string());
            text_of(&namespace)
        });
    } else if !is_over {
        put(write, &mut store, &mut namespace);
    }
    Ok(Written::object(StatusCode::OK, namespace, Vec::new()))
}

fn put(write: &Write<'_>, store: &mut Inner, object: &mut Value) {
    if !write.dry_run {
        store.put(
            write.resource.id,
            Key::new(write.namespace, write.name),
            |version| {
                object["metadata"]["resourceVersion"] = json!(version.to_string());
                text_of(object)
            },
        );
    }
}
