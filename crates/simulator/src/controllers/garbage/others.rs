//! Objects of kinds that no controller knows, custom resources above all: they go with their owners, too.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::owner_of;
use crate::controllers::json::{is_going, list, text, uid};
use crate::controllers::kind::Kind;
use crate::controllers::world::World;
use crate::custom::life;
use crate::resources::Resource;
use crate::store::object::text_of;
use crate::store::{Inner, Key};

/// The resources of such kinds, each once however many versions it has.
pub(crate) fn resources(world: &World) -> Vec<Arc<Resource>> {
    let mut seen = BTreeSet::new();
    let unknown = |resource: &Arc<Resource>| Kind::of(&resource.api_version(), &resource.kind).is_none();
    let all = world.shared.resources.iter();
    all.filter(|resource| resource.is_stored() && unknown(resource) && seen.insert(resource.id))
        .collect()
}

/// The newest change of any of them.
pub(crate) fn version(world: &World) -> u64 {
    let mut store = world.shared.store.lock();
    let versions = resources(world)
        .into_iter()
        .map(|resource| store.changed(resource.id));
    versions.max().unwrap_or_default()
}

/// Whether an owner is there; none if its kind is not served, and nobody can say.
pub(super) fn is_there(world: &World, space: &str, owner: &Value) -> Option<bool> {
    let (api_version, kind) = (text(owner, "/apiVersion"), text(owner, "/kind"));
    if let Some(kind) = Kind::of(api_version, kind) {
        return Some(owner_of(world, kind, space, owner).is_some());
    }
    let resource = world.shared.resources.of_kind(api_version, kind)?;
    let space = if resource.namespaced { space } else { "" };
    let mut store = world.shared.store.lock();
    let found = store.get(resource.id, &Key::new(space, text(owner, "/name")));
    let found: Option<Value> = found.and_then(|(_, text)| serde_json::from_slice(&text).ok());
    Some(found.is_some_and(|found| uid(&found) == text(owner, "/uid")))
}

/// Those of them that have owners.
fn owned(world: &World) -> Vec<(Arc<Resource>, Key, Value)> {
    let mut owned = Vec::new();
    for resource in resources(world) {
        let snapshot = world.shared.store.lock().snapshot(resource.id);
        for (key, stored) in snapshot.from("", None) {
            let object: Value =
                serde_json::from_slice(&snapshot.dictionary.unpack(stored)).unwrap_or_default();
            if !list(&object, "/metadata/ownerReferences").is_empty() {
                owned.push((resource.clone(), key.clone(), object));
            }
        }
    }
    owned
}

/// Deletes those of them whose owners have all gone.
pub(crate) fn sweep(world: &World) {
    for (resource, key, object) in owned(world) {
        let mut owners = list(&object, "/metadata/ownerReferences").iter();
        if !owners.any(|owner| is_there(world, &key.namespace, owner) != Some(false)) {
            let mut store = world.shared.store.lock();
            // One that has changed meanwhile is looked at again.
            let now = store
                .get(resource.id, &key)
                .map(|(now, _)| now.version.to_string());
            if now.as_deref() == Some(text(&object, "/metadata/resourceVersion")) {
                end(world, &mut store, &resource, &key, object);
            }
        }
    }
}

/// Lets the dependents of an owner be without it.
pub(super) fn orphan(world: &World, owner: &str) {
    for (resource, key, mut object) in owned(world) {
        let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() else {
            continue;
        };
        let before = owners.len();
        owners.retain(|own| text(own, "/uid") != owner);
        let (left, changed) = (owners.len(), owners.len() < before);
        if left == 0 {
            crate::controllers::json::remove(&mut object, "/metadata", "ownerReferences");
        }
        if changed {
            let mut store = world.shared.store.lock();
            store.put(resource.id, key, |version| {
                object["metadata"]["resourceVersion"] = json!(version.to_string());
                text_of(&object)
            });
        }
    }
}

/// Deletes one of them. Returns whether its finalizers hold it.
pub(crate) fn end(world: &World, store: &mut Inner, resource: &Resource, key: &Key, mut last: Value) -> bool {
    let held = !list(&last, "/metadata/finalizers").is_empty();
    if held && is_going(&last) {
        return true;
    }
    if held {
        last["metadata"]["deletionTimestamp"] = json!(world.stamp());
        last["metadata"]["deletionGracePeriodSeconds"] = json!(0);
    }
    let text = |version: u64| {
        last["metadata"]["resourceVersion"] = json!(version.to_string());
        text_of(&last)
    };
    if held {
        store.put(resource.id, key.clone(), text);
    } else {
        store.remove(resource.id, key, text);
        if let Some(custom) = &resource.custom {
            life::end_if_due(&world.shared, store, &custom.definition);
        }
    }
    held
}
