//! Namespaces: what each of them gets, and how they are emptied.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::garbage::others;
use super::json::{is_going, list, name, set_condition};
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

/// What is left in a namespace that is being emptied.
#[derive(Default)]
struct Left {
    /// How many objects of each resource (`configmaps.`, `deployments.apps`).
    resources: BTreeMap<String, usize>,
    /// How many of them each finalizer holds.
    finalizers: BTreeMap<String, usize>,
}

impl Left {
    fn add(&mut self, resource: String, object: &Value) {
        *self.resources.entry(resource).or_default() += 1;
        for finalizer in list(object, "/metadata/finalizers") {
            let finalizer = finalizer.as_str().unwrap_or_default().to_owned();
            *self.finalizers.entry(finalizer).or_default() += 1;
        }
    }
}

fn empty(world: &mut World, namespace: &Value, space: &str) -> Option<i64> {
    if namespace["status"]["phase"] != "Terminating" {
        let mut next = namespace.clone();
        next["status"]["phase"] = json!("Terminating");
        world.update(Kind::Namespace, next);
    }
    let mut left = Left::default();
    for kind in Kind::all() {
        let objects: Vec<Key> = world
            .list(kind, space)
            .map(|object| super::json::key(object))
            .collect();
        for key in objects {
            // Events and the like of objects that go are written while they go.
            world.delete(kind, &key);
            if let Some(object) = world.get(kind, &key) {
                let resource = world.shared.resources.of_kind(kind.api_version(), kind.name());
                let resource = resource.map(|one| format!("{}.{}", one.plural, one.group));
                left.add(resource.unwrap_or_default(), &object);
            }
        }
    }
    empty_others(world, space, &mut left);
    if !left.resources.is_empty() {
        explain(world, space, &left);
        return Some(world.now + 1);
    }
    // Who has put a finalizer of their own there takes it away by the subresource `finalize`.
    let own = Key::new("", space);
    let current = world.get(Kind::Namespace, &own)?;
    let others: Vec<Value> = list(&current, "/spec/finalizers")
        .iter()
        .filter(|one| *one != "kubernetes")
        .cloned()
        .collect();
    if others.is_empty() && list(&current, "/metadata/finalizers").is_empty() {
        world.erase(Kind::Namespace, &own);
        return None;
    }
    let mut next = Value::clone(&current);
    next["spec"]["finalizers"] = json!(others);
    world.update(Kind::Namespace, next);
    None
}

/// Says in the conditions of a namespace why it is still there.
fn explain(world: &mut World, space: &str, left: &Left) {
    let Some(namespace) = world.get(Kind::Namespace, &Key::new("", space)) else {
        return;
    };
    let texts = |of: &BTreeMap<String, usize>, between: &str| {
        let texts: Vec<String> = of
            .iter()
            .map(|(name, count)| format!("{name}{between} {count} resource instances"))
            .collect();
        texts.join(", ")
    };
    let remaining = format!("Some resources are remaining: {}", texts(&left.resources, " has"));
    let held = format!(
        "Some content in the namespace has finalizers remaining: {}",
        texts(&left.finalizers, " in")
    );
    let none = "All content-preserving finalizers finished".to_owned();
    let (waits, reason, held) = match left.finalizers.is_empty() {
        false => ("True", "SomeFinalizersRemain", held),
        true => ("False", "ContentHasNoFinalizers", none),
    };
    let fixed = [
        (
            "NamespaceDeletionDiscoveryFailure",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
    ];
    let fixed = fixed.map(|(kind, reason, message)| (kind, "False", reason, message.to_owned()));
    let mut next = Value::clone(&namespace);
    for (kind, status, reason, message) in fixed.into_iter().chain([
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            remaining,
        ),
        ("NamespaceFinalizersRemaining", waits, reason, held),
    ]) {
        let condition = json!({"type": kind, "status": status, "reason": reason, "message": message});
        set_condition(&mut next, condition, world.now);
    }
    world.update(Kind::Namespace, next);
}

/// Deletes the objects of kinds that no controller knows, but for those that finalizers hold.
fn empty_others(world: &World, space: &str, left: &mut Left) {
    if world.past {
        return;
    }
    let shared = world.shared.clone();
    for resource in others::resources(world).into_iter().filter(|r| r.namespaced) {
        let mut store = shared.store.lock();
        let snapshot = store.snapshot(resource.id);
        for (key, stored) in snapshot.from(space, None) {
            let Ok(last) = serde_json::from_slice::<Value>(&snapshot.dictionary.unpack(stored)) else {
                continue;
            };
            if others::end(world, &mut store, &resource, key, last.clone()) {
                left.add(format!("{}.{}", resource.plural, resource.group), &last);
            }
        }
    }
}
