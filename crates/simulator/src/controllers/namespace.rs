//! Namespaces: what each of them gets, and how they are emptied.

use serde_json::{Value, json};

use super::garbage::others;
use super::json::{is_going, name};
use super::kind::Kind;
use super::world::World;
use crate::store::Key;

/// The bundle that pods trust. Nobody here signs anything, so there is no certificate in it.
const BUNDLE: &str = "# The simulator has no certificate authority.\n";

/// Gives a namespace its account and bundle, or empties it. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let namespace = world.get(Kind::Namespace, place)?;
    let space = name(&namespace).to_owned();
    if is_going(&namespace) {
        return empty(world, &namespace, &space);
    }
    if world.find(Kind::ServiceAccount, &space, "default").is_none() {
        let account = json!({"metadata": {"name": "default", "namespace": space}});
        world.create(Kind::ServiceAccount, account);
    }
    if world.find(Kind::ConfigMap, &space, "kube-root-ca.crt").is_none() {
        let about = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such \
            as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of \
            Kubernetes clusters.";
        let map = json!({
            "metadata": {
                "name": "kube-root-ca.crt", "namespace": space, "annotations": {"kubernetes.io/description": about},
            },
            "data": {"ca.crt": BUNDLE},
        });
        world.create(Kind::ConfigMap, map);
    }
    None
}

fn empty(world: &mut World, namespace: &Value, space: &str) -> Option<i64> {
    if namespace["status"]["phase"] != "Terminating" {
        let mut next = namespace.clone();
        next["status"]["phase"] = json!("Terminating");
        world.update(Kind::Namespace, next);
    }
    let mut left = false;
    for kind in Kind::all() {
        let objects: Vec<Key> = world
            .list(kind, space)
            .map(|object| super::json::key(object))
            .collect();
        for key in objects {
            // Events and the like of objects that go are written while they go.
            world.delete(kind, &key);
            left |= world.get(kind, &key).is_some();
        }
    }
    left |= empty_others(world, space);
    if left {
        return Some(world.now + 1);
    }
    world.erase(Kind::Namespace, &Key::new("", space));
    None
}

/// Deletes the objects of kinds that no controller knows. Returns whether finalizers hold some of them.
fn empty_others(world: &World, space: &str) -> bool {
    if world.past {
        return false;
    }
    let shared = world.shared.clone();
    let mut left = false;
    for resource in others::resources(world).into_iter().filter(|r| r.namespaced) {
        let mut store = shared.store.lock();
        let snapshot = store.snapshot(resource.id);
        for (key, stored) in snapshot.from(space, None) {
            let Ok(last) = serde_json::from_slice::<Value>(&snapshot.dictionary.unpack(stored)) else {
                continue;
            };
            left |= others::end(world, &mut store, &resource, key, last);
        }
    }
    left
}
