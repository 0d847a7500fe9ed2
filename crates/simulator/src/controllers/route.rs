//! Which controllers have to look at what when an object has changed.

use serde_json::Value;

use super::json::{controller_of, is_going, key, list, name, namespace, text, uid};
use super::kind::Kind;
use super::world::Change;
use super::{Controller, Manager, endpoint_slice};
use crate::store::Key;

/// Queues what follows from a change.
pub(super) fn route(manager: &mut Manager, change: &Change) {
    if change.kind == Kind::Event {
        return;
    }
    owners(manager, change);
    garbage(manager, change);
    counted(manager, change);
    let key = || change.key.clone();
    match change.kind {
        Kind::Namespace => manager.add(Controller::Namespace, change.kind, key()),
        Kind::Deployment => manager.add(Controller::Deployment, change.kind, key()),
        Kind::ReplicaSet => manager.add(Controller::ReplicaSet, change.kind, key()),
        Kind::StatefulSet => manager.add(Controller::StatefulSet, change.kind, key()),
        Kind::DaemonSet => manager.add(Controller::DaemonSet, change.kind, key()),
        Kind::Job => manager.add(Controller::Job, change.kind, key()),
        Kind::CronJob => manager.add(Controller::CronJob, change.kind, key()),
        Kind::Service => manager.add(Controller::EndpointSlice, change.kind, key()),
        Kind::Autoscaler => manager.add(Controller::Autoscaler, change.kind, key()),
        Kind::Budget => manager.add(Controller::DisruptionBudget, change.kind, key()),
        Kind::Claim => {
            manager.add(Controller::Volume, change.kind, key());
            for claim in states(change) {
                let volume = Key::new("", text(claim, "/spec/volumeName"));
                if !volume.name.is_empty() {
                    manager.add(Controller::Volume, Kind::Volume, volume);
                }
            }
            unscheduled(manager, &change.key.namespace);
        }
        Kind::StorageClass => claims(manager),
        Kind::Volume => {
            manager.add(Controller::Volume, change.kind, key());
            for volume in states(change) {
                let claim = &volume["spec"]["claimRef"];
                if !claim.is_null() {
                    let claim = Key::new(text(claim, "/namespace"), text(claim, "/name"));
                    manager.add(Controller::Volume, Kind::Claim, claim);
                }
            }
            claims(manager);
            unscheduled(manager, "");
        }
        Kind::PriorityClass => {}
        Kind::Node => node(manager, change),
        Kind::Pod => pod(manager, change),
        _ => {}
    }
    emptied(manager, change);
}

fn states(change: &Change) -> impl Iterator<Item = &Value> {
    change.old.iter().chain(&change.new).map(|object| &**object)
}

/// The controller of an object looks whenever the object changes.
fn owners(manager: &mut Manager, change: &Change) {
    for object in states(change) {
        let Some((kind, owner, _)) = controller_of(object) else {
            continue;
        };
        let controller = match kind {
            Kind::Deployment => Controller::Deployment,
            Kind::ReplicaSet => Controller::ReplicaSet,
            Kind::StatefulSet => Controller::StatefulSet,
            Kind::DaemonSet => Controller::DaemonSet,
            Kind::Job => Controller::Job,
            Kind::CronJob => Controller::CronJob,
            Kind::Service => Controller::EndpointSlice,
            _ => continue,
        };
        manager.add(controller, kind, Key::new(namespace(object), owner));
    }
}

/// Dependents look when their owner goes, owners that wait when a dependent has gone, and everything once it has
/// owners at all.
fn garbage(manager: &mut Manager, change: &Change) {
    let going = change.new.as_ref().is_none_or(|new| is_going(new));
    if going {
        for object in change.old.iter().chain(&change.new) {
            for (kind, key) in manager.world.dependents(uid(object)) {
                manager.add(Controller::GarbageCollector, kind, key);
            }
            for owner in list(object, "/metadata/ownerReferences") {
                if let Some(kind) = Kind::of(text(owner, "/apiVersion"), text(owner, "/kind")) {
                    manager.add(
                        Controller::GarbageCollector,
                        kind,
                        Key::new(namespace(object), text(owner, "/name")),
                    );
                }
            }
        }
    }
    if let Some(new) = &change.new {
        let relevant = (is_going(new) && !list(new, "/metadata/finalizers").is_empty())
            || (change.old.is_none() && !list(new, "/metadata/ownerReferences").is_empty());
        if relevant {
            manager.add(Controller::GarbageCollector, change.kind, change.key.clone());
        }
    }
}

/// What quotas and budgets count.
fn counted(manager: &mut Manager, change: &Change) {
    let space = change.key.namespace.clone();
    let came_or_went =
        change.old.is_none() || change.new.is_none() || matches!(change.kind, Kind::Pod | Kind::Quota);
    if came_or_went {
        let quotas: Vec<Key> = manager
            .world
            .list(Kind::Quota, &space)
            .map(|quota| key(quota))
            .collect();
        for quota in quotas
            .into_iter()
            .filter(|quota| !quota.namespace.is_empty() && quota.namespace == space)
        {
            manager.add(Controller::Quota, Kind::Quota, quota);
        }
    }
    if change.kind == Kind::Pod {
        let budgets: Vec<Key> = manager
            .world
            .list(Kind::Budget, &space)
            .map(|budget| key(budget))
            .collect();
        for budget in budgets {
            manager.add(Controller::DisruptionBudget, Kind::Budget, budget);
        }
    }
}

fn pod(manager: &mut Manager, change: &Change) {
    if let Some(pod) = &change.new {
        if text(pod, "/spec/nodeName").is_empty() {
            manager.add(Controller::Scheduler, Kind::Pod, change.key.clone());
        } else {
            manager.add(Controller::Kubelet, Kind::Pod, change.key.clone());
        }
    }
    let space = change.key.namespace.clone();
    let services: Vec<Key> = manager
        .world
        .list(Kind::Service, &space)
        .filter(|service| {
            states(change).any(|pod| endpoint_slice::selects(service, &pod["metadata"]["labels"]))
        })
        .map(|service| key(service))
        .collect();
    for service in services {
        manager.add(Controller::EndpointSlice, Kind::Service, service);
    }
    let ended = |pod: &Value| super::json::is_ended(pod);
    let freed = match (&change.old, &change.new) {
        (Some(_), None) => true,
        (Some(old), Some(new)) => !ended(old) && ended(new),
        _ => false,
    };
    if freed {
        unscheduled(manager, "");
    }
}

fn unscheduled(manager: &mut Manager, space: &str) {
    let pods: Vec<Key> = manager
        .world
        .list(Kind::Pod, space)
        .filter(|pod| text(pod, "/spec/nodeName").is_empty())
        .map(|pod| key(pod))
        .collect();
    for pod in pods {
        manager.add(Controller::Scheduler, Kind::Pod, pod);
    }
}

fn claims(manager: &mut Manager) {
    let claims: Vec<Key> = manager
        .world
        .list(Kind::Claim, "")
        .filter(|claim| text(claim, "/status/phase") != "Bound" || is_going(claim))
        .map(|claim| key(claim))
        .collect();
    for claim in claims {
        manager.add(Controller::Volume, Kind::Claim, claim);
    }
}

fn node(manager: &mut Manager, change: &Change) {
    manager.add(Controller::Node, Kind::Node, change.key.clone());
    let of = |object: &Value| {
        (
            object["spec"].clone(),
            object["metadata"]["labels"].clone(),
            object["metadata"]["annotations"].clone(),
            object["status"]["allocatable"].clone(),
        )
    };
    // A heartbeat is nothing that pods care about.
    let same = |old: &Value| change.new.as_ref().is_some_and(|new| of(old) == of(new));
    if change.old.as_ref().is_some_and(|old| same(old)) {
        return;
    }
    let sets: Vec<Key> = manager
        .world
        .list(Kind::DaemonSet, "")
        .map(|set| key(set))
        .collect();
    for set in sets {
        manager.add(Controller::DaemonSet, Kind::DaemonSet, set);
    }
    unscheduled(manager, "");
    let pods: Vec<Key> = manager
        .world
        .list(Kind::Pod, "")
        .filter(|pod| states(change).any(|node| text(pod, "/spec/nodeName") == name(node)))
        .map(|pod| key(pod))
        .collect();
    for pod in pods {
        manager.add(Controller::Kubelet, Kind::Pod, pod);
    }
}

/// A namespace that is emptied looks again whenever something in it goes, and one that lost what it is owed.
fn emptied(manager: &mut Manager, change: &Change) {
    let owed = matches!(change.kind, Kind::ServiceAccount | Kind::ConfigMap) && change.new.is_none();
    let space = Key::new("", &change.key.namespace);
    if change.key.namespace.is_empty() {
        return;
    }
    let going = manager
        .world
        .get(Kind::Namespace, &space)
        .is_some_and(|space| is_going(&space));
    if owed || going {
        manager.add(Controller::Namespace, Kind::Namespace, space);
    }
}
