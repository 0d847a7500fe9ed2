//! A CustomResourceDefinition: which resources it makes, and how its state follows from what is served.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::columns::columns;
use super::path::Path;
use super::schema::{Fault, Schema};
use super::{Custom, Scale, document, types};
use crate::clock::stamp;
use crate::data::{GroupVersionKind, SubresourceEntry};
use crate::managed::{self, Manager};
use crate::resources::Resource;
use crate::shared::Shared;
use crate::store::object::text_of;
use crate::store::{Inner, Key, ResourceId};

/// The finalizer that holds a definition until its objects are gone.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";
/// The resource of definitions.
const KIND: (&str, &str) = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
const VERBS: [&str; 8] = [
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "create",
    "update",
    "watch",
];

/// Whether a resource is that of definitions.
pub(crate) fn is_definition(resource: &Resource) -> bool {
    resource.group == "apiextensions.k8s.io" && resource.plural == "customresourcedefinitions"
}

/// The resources that a definition makes, one for each version that is served. Their objects are stored under `id`.
pub(crate) fn resources(shared: &Shared, definition: &Value, id: ResourceId) -> Result<Vec<Resource>, Fault> {
    let ended = CancellationToken::new();
    let spec = &definition["spec"];
    let versions = spec["versions"].as_array().into_iter().flatten();
    let schema_of = |version: &Value| version["schema"]["openAPIV3Schema"].clone();
    let storage = versions.clone().find(|version| version["storage"] == true);
    let storage = storage.map(schema_of).unwrap_or_default();
    // The API server takes a schema that all versions share out of them before it looks at it.
    let shared_schema = versions.clone().all(|version| schema_of(version) == storage);
    let place = |index: usize| match shared_schema {
        true => "spec.validation.openAPIV3Schema".to_owned(),
        false => format!("spec.versions[{index}].schema.openAPIV3Schema"),
    };
    let index = versions.clone().position(|version| version["storage"] == true);
    let stored = Arc::new(Schema::read(&storage, &place(index.unwrap_or_default()), false)?);
    let mut resources = Vec::new();
    let common = shared
        .resources
        .of_kind(KIND.0, KIND.1)
        .map(|kind| kind.columns.clone())
        .unwrap_or_default();
    for (index, version) in versions.enumerate() {
        let path = format!("spec.versions[{index}]");
        let schema = schema_of(version);
        let read = Schema::read(&schema, &place(index), false)?;
        let unsupported = |field: &str| Fault::Unsupported(format!("{path}.{field}"));
        if version["selectableFields"].is_array() {
            return Err(unsupported("selectableFields"));
        }
        let (columns, column_definitions) =
            columns(version, &common).ok_or_else(|| unsupported("additionalPrinterColumns"))?;
        let scale = scale(version).ok_or_else(|| unsupported("subresources.scale"))?;
        let custom = Custom {
            definition: text(definition, "/metadata/name"),
            holds: types::whole(&read),
            converted: schema != storage,
            stored: stored.clone(),
            changed: definition["metadata"]["generation"]
                .as_i64()
                .is_some_and(|count| count > 1),
            schema: read,
            given: schema,
            columns,
            scale,
            ended: ended.clone(),
        };
        if version["served"] == true {
            resources.push(resource(spec, version, id, custom, column_definitions));
        }
    }
    resources.sort_by_key(|resource| priority(&resource.version));
    Ok(resources)
}

/// None if a path is not understood.
fn scale(version: &Value) -> Option<Option<Scale>> {
    let Some(given) = version["subresources"].get("scale") else {
        return Some(None);
    };
    let path = |field: &str| Path::parse(given[field].as_str()?);
    let selector = match given["labelSelectorPath"].as_str() {
        None | Some("") => None,
        Some(text) => Some(Path::parse(text)?),
    };
    Some(Some(Scale {
        replicas: path("specReplicasPath")?,
        status: path("statusReplicasPath")?,
        selector,
    }))
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Sorts `v2` before `v1` before `v1beta1` before anything else.
fn priority(version: &str) -> (u8, std::cmp::Reverse<(u64, u64)>, String) {
    let number = |text: &str| text.parse::<u64>().ok();
    let parsed = version.strip_prefix('v').and_then(|rest| {
        for (stage, word) in [(1, "beta"), (2, "alpha")] {
            if let Some((major, minor)) = rest.split_once(word) {
                return Some((stage, (number(major)?, number(minor)?)));
            }
        }
        Some((0, (number(rest)?, 0)))
    });
    let (stage, numbers) = parsed.unwrap_or((3, (0, 0)));
    (stage, std::cmp::Reverse(numbers), version.to_owned())
}

fn resource(spec: &Value, version: &Value, id: ResourceId, custom: Custom, columns: Value) -> Resource {
    let names = &spec["names"];
    let kind = text(names, "/kind");
    let verbs = |verbs: &[&str]| verbs.iter().map(|verb| (*verb).to_owned()).collect::<Vec<_>>();
    let mut subresources = Vec::new();
    let mut add = |name: &str, group: &str, version: &str, kind: &str| {
        subresources.push(SubresourceEntry {
            subresource: name.to_owned(),
            response_kind: GroupVersionKind {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: kind.to_owned(),
            },
            verbs: verbs(&["get", "patch", "update"]),
        });
    };
    if version["subresources"].get("status").is_some() {
        add("status", "", "", &kind);
    }
    if custom.scale.is_some() {
        add("scale", "autoscaling", "v1", "Scale");
    }
    let mut resource = Resource {
        id,
        group: text(spec, "/group"),
        version: text(version, "/name"),
        plural: text(names, "/plural"),
        singular: text(names, "/singular"),
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        list_kind: text(names, "/listKind"),
        kind,
        namespaced: spec["scope"] == "Namespaced",
        verbs: verbs(&VERBS),
        subresources,
        columns,
        empty: json!({}),
        discovery: Value::Null,
        custom: Some(Arc::new(custom)),
    };
    resource.discovery = document::discovery(&resource);
    resource
}

/// Lets the server follow a definition that was written or is gone: what is served, its conditions, and the end of
/// its objects. Also called when an object of a definition is gone.
pub(crate) fn follow(shared: &Shared, store: &mut Inner, name: &str) {
    let Some(kind) = shared.resources.of_kind(KIND.0, KIND.1) else {
        return;
    };
    let key = Key::new("", name);
    let Some((_, stored)) = store.get(kind.id, &key) else {
        withdraw(shared, name);
        return;
    };
    let Ok(definition) = serde_json::from_slice::<Value>(&stored) else {
        return;
    };
    if definition["metadata"]["deletionTimestamp"].is_string() {
        end(shared, store, &kind, &key, definition);
    } else {
        serve(shared, store, &kind, &key, definition);
    }
}

/// The same after an object of the definition has changed: it may have been the last that held its definition.
pub(crate) fn end_if_due(shared: &Shared, store: &mut Inner, name: &str) {
    let Some(kind) = shared.resources.of_kind(KIND.0, KIND.1) else {
        return;
    };
    let found = store.get(kind.id, &Key::new("", name));
    let definition = found.and_then(|(_, text)| serde_json::from_slice::<Value>(&text).ok());
    if definition.is_some_and(|it| it["metadata"]["deletionTimestamp"].is_string()) {
        follow(shared, store, name);
    }
}

/// Marks a definition that is to be deleted.
pub(crate) fn terminate(shared: &Shared, definition: &mut Value) {
    let metadata = &mut definition["metadata"];
    match metadata["finalizers"].as_array_mut() {
        Some(list) if list.iter().any(|own| own == CLEANUP) => {}
        Some(list) => list.push(json!(CLEANUP)),
        None => metadata["finalizers"] = json!([CLEANUP]),
    }
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    let condition = json!({"type": "Terminating", "status": "True", "reason": "InstanceDeletionPending",
        "message": message, "lastTransitionTime": stamp(shared.clock.seconds())});
    match definition["status"]["conditions"].as_array_mut() {
        Some(list) => list.push(condition),
        None => definition["status"]["conditions"] = json!([condition]),
    }
}

fn withdraw(shared: &Shared, name: &str) {
    let served = shared.resources.of_definition(name);
    shared.resources.define(name, Vec::new());
    for custom in served.iter().filter_map(|resource| resource.custom.as_ref()) {
        custom.ended.cancel();
    }
}

/// Serves what a definition says, and writes its conditions.
fn serve(shared: &Shared, store: &mut Inner, kind: &Resource, key: &Key, definition: Value) {
    let name = &*key.name;
    let served = shared.resources.of_definition(name);
    let id = served
        .first()
        .map_or_else(|| shared.resources.new_id(), |resource| resource.id);
    // Definitions that cannot be served are refused before they are stored.
    let Ok(resources) = resources(shared, &definition, id) else {
        return;
    };
    let same =
        served.len() == resources.len() && served.iter().zip(&resources).all(|(old, new)| is_same(old, new));
    if !same {
        shared.resources.define(name, resources);
        for custom in served.iter().filter_map(|resource| resource.custom.as_ref()) {
            custom.ended.cancel();
        }
    }
    let mut next = definition.clone();
    // Definitions that a cluster starts with were always served.
    let now = match definition["metadata"]["managedFields"].is_array() {
        true => stamp(shared.clock.seconds()),
        false => text(&definition, "/metadata/creationTimestamp"),
    };
    next["status"]["acceptedNames"] = definition["spec"]["names"].clone();
    let mut established = vec![
        (
            "NamesAccepted",
            "True",
            "NoConflicts",
            "no conflicts found".to_owned(),
        ),
        (
            "Established",
            "True",
            "InitialNamesAccepted",
            "the initial names have been accepted".to_owned(),
        ),
    ];
    if let Some(approval) = definition["metadata"]["annotations"]["api-approved.kubernetes.io"].as_str()
        && super::rules::is_protected(&text(&definition, "/spec/group"))
    {
        let (status, reason, message) = super::rules::approval(approval);
        let kind = "KubernetesAPIApprovalPolicyConformant";
        established.push((kind, status, reason, message));
    }
    let conditions = &mut next["status"]["conditions"];
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    for (kind, status, reason, message) in established {
        let known = conditions
            .as_array()
            .into_iter()
            .flatten()
            .any(|c| c["type"] == kind);
        if let Some(list) = conditions.as_array_mut().filter(|_| !known) {
            list.push(
                json!({"type": kind, "status": status, "reason": reason, "message": message,
                "lastTransitionTime": now}),
            );
        }
    }
    if next == definition {
        return;
    }
    // Objects that were there from the start have no managers, and get none.
    if definition["metadata"]["managedFields"].is_array() {
        let by = Manager {
            name: "kube-apiserver",
            subresource: "status",
            time: &now,
        };
        managed::update(&shared.schemas, kind, Some(&definition), &mut next, &by);
    }
    store.put(kind.id, key.clone(), |version| {
        next["metadata"]["resourceVersion"] = json!(version.to_string());
        text_of(&next)
    });
}

fn is_same(old: &Resource, new: &Resource) -> bool {
    let given = |resource: &Resource| {
        let custom = resource.custom.as_ref();
        custom.map(|custom| (custom.given.clone(), custom.converted, custom.changed))
    };
    old.discovery == new.discovery
        && old.version == new.version
        && old.columns == new.columns
        && old.list_kind == new.list_kind
        && given(old) == given(new)
}

/// Deletes the objects of a definition, and the definition once they are gone.
fn end(shared: &Shared, store: &mut Inner, kind: &Resource, key: &Key, mut definition: Value) {
    let served = shared.resources.of_definition(&key.name);
    let mut held = false;
    if let Some(id) = served.first().map(|resource| resource.id) {
        let snapshot = store.snapshot(id);
        for (key, stored) in snapshot.from("", None) {
            let text = snapshot.dictionary.unpack(stored);
            let Ok(mut object) = serde_json::from_slice::<Value>(&text) else {
                continue;
            };
            let finalizers = object["metadata"]["finalizers"].as_array();
            let stays = finalizers.is_some_and(|list| !list.is_empty());
            held |= stays;
            if stays && object["metadata"]["deletionTimestamp"].is_string() {
                continue;
            }
            if stays {
                object["metadata"]["deletionTimestamp"] = json!(stamp(shared.clock.seconds()));
                object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
                let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
                object["metadata"]["generation"] = json!(generation + 1);
            }
            let text = |version: u64| {
                object["metadata"]["resourceVersion"] = json!(version.to_string());
                text_of(&object)
            };
            if stays {
                store.put(id, key.clone(), text);
            } else {
                store.remove(id, key, text);
            }
        }
    }
    if held {
        return;
    }
    let finalizers = definition["metadata"]["finalizers"].as_array_mut();
    let others = finalizers.is_some_and(|list| {
        list.retain(|finalizer| finalizer != CLEANUP);
        !list.is_empty()
    });
    if others {
        store.put(kind.id, key.clone(), |version| {
            definition["metadata"]["resourceVersion"] = json!(version.to_string());
            text_of(&definition)
        });
        return;
    }
    withdraw(shared, &key.name);
    store.remove(kind.id, key, |version| {
        definition["metadata"]["resourceVersion"] = json!(version.to_string());
        text_of(&definition)
    });
}
