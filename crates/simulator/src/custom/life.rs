//! The life of a CustomResourceDefinition: what is served follows it, its conditions say so, and its end is that of its
//! objects.

use serde_json::{Value, json};

use super::checks;
use super::definition::{KIND, resources, text};
use crate::clock::stamp;
use crate::managed::{self, Manager};
use crate::resources::Resource;
use crate::shared::Shared;
use crate::store::object::text_of;
use crate::store::{Inner, Key};

/// The finalizer that holds a definition until its objects are gone.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

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
    let id = shared.resources.id_of(name);
    // Definitions that cannot be served are refused before they are stored.
    let Ok(resources) = resources(shared, &definition, id) else {
        return;
    };
    let same =
        served.len() == resources.len() && served.iter().zip(&resources).all(|(old, new)| is_same(old, new));
    if !same {
        store.begin(id);
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
        && checks::is_protected(&text(&definition, "/spec/group"))
    {
        let (status, reason, message) = checks::approval(approval);
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
    fn given(resource: &Resource) -> Option<(&Value, &str, bool, bool, Option<&str>)> {
        let custom = resource.custom.as_ref();
        custom.map(|custom| {
            (
                &custom.given,
                custom.stored_version.as_str(),
                custom.converted,
                custom.changed,
                custom.deprecated.as_deref(),
            )
        })
    }
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
