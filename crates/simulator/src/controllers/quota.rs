//! ResourceQuotas and LimitRanges: what a namespace uses, what it may use, and what containers ask for by default.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::json::{is_ended, list, name, namespace, text};
use super::kind::Kind;
use super::world::World;
use crate::quantity::{Quantity, millis};
use crate::store::Key;

/// What the containers of a pod request (`requests`) or are limited to (`limits`) of a resource, in thousandths.
pub(crate) fn total(pod: &Value, which: &str, resource: &str) -> i64 {
    let of = |container: &Value| millis(&container["resources"][which][resource]);
    let running: i64 = list(pod, "/spec/containers").iter().map(of).sum();
    let starting = list(pod, "/spec/initContainers").iter().map(of).max();
    running.max(starting.unwrap_or_default())
}

/// `Guaranteed`, `Burstable` or `BestEffort`.
pub(crate) fn qos_class(spec: &Value) -> &'static str {
    let containers = || {
        list(spec, "/containers")
            .iter()
            .chain(list(spec, "/initContainers"))
    };
    let has =
        |container: &Value, which: &str, resource: &str| millis(&container["resources"][which][resource]) > 0;
    let asks = |container: &Value| {
        ["requests", "limits"].iter().any(|which| {
            ["cpu", "memory"]
                .iter()
                .any(|resource| has(container, which, resource))
        })
    };
    if !containers().any(asks) {
        return "BestEffort";
    }
    let guaranteed = |container: &Value| {
        ["cpu", "memory"].iter().all(|resource| {
            let limit = millis(&container["resources"]["limits"][resource]);
            limit > 0 && millis(&container["resources"]["requests"][resource]) == limit
        })
    };
    if containers().all(guaranteed) {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

/// Lets containers ask for what the LimitRanges of their namespace say, where they say nothing themselves.
pub(crate) fn apply_limit_ranges(world: &World, pod: &mut Value) {
    let ranges: Vec<_> = world.list(Kind::LimitRange, namespace(pod)).cloned().collect();
    for limit in ranges.iter().flat_map(|range| list(range, "/spec/limits")) {
        if text(limit, "/type") != "Container" {
            continue;
        }
        for kind in ["initContainers", "containers"] {
            for container in super::json::items_mut(&mut pod["spec"], kind) {
                for (which, from) in [("limits", "default"), ("requests", "defaultRequest")] {
                    for (resource, quantity) in limit[from].as_object().into_iter().flatten() {
                        if container["resources"][which][resource].is_null() {
                            container["resources"][which][resource] = quantity.clone();
                        }
                    }
                }
            }
        }
    }
    // A limit without a request is the request too.
    for kind in ["initContainers", "containers"] {
        for container in super::json::items_mut(&mut pod["spec"], kind) {
            let limits = container["resources"]["limits"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            for (resource, quantity) in limits {
                if container["resources"]["requests"][&resource].is_null() {
                    container["resources"]["requests"][&resource] = quantity;
                }
            }
            if container["resources"]["limits"].is_null() {
                super::json::remove(container, "/resources", "limits");
            }
            if container["resources"]["requests"].is_null() {
                super::json::remove(container, "/resources", "requests");
            }
        }
    }
}

/// What a namespace uses of something that a quota counts.
fn used(world: &World, space: &str, resource: &str) -> Option<i64> {
    let pods = || world.list(Kind::Pod, space).filter(|pod| !is_ended(pod));
    let count = |kind: Kind| Some(i64::try_from(world.list(kind, space).count()).unwrap_or_default() * 1000);
    match resource {
        "pods" | "count/pods" => Some(i64::try_from(pods().count()).unwrap_or_default() * 1000),
        "cpu" | "memory" => Some(pods().map(|pod| total(pod, "requests", resource)).sum()),
        "services" | "count/services" => count(Kind::Service),
        "configmaps" | "count/configmaps" => count(Kind::ConfigMap),
        "secrets" | "count/secrets" => count(Kind::Secret),
        "persistentvolumeclaims" | "count/persistentvolumeclaims" => count(Kind::Claim),
        "count/deployments.apps" => count(Kind::Deployment),
        "count/jobs.batch" => count(Kind::Job),
        "requests.storage" => Some(
            world
                .list(Kind::Claim, space)
                .map(|claim| millis(&claim["spec"]["resources"]["requests"]["storage"]))
                .sum(),
        ),
        _ => {
            let (which, resource) = resource.split_once('.')?;
            matches!(which, "requests" | "limits")
                .then(|| pods().map(|pod| total(pod, which, resource)).sum())
        }
    }
}

fn is_binary(resource: &str) -> bool {
    resource.ends_with("memory") || resource.ends_with("storage")
}

/// Why a quota refuses a pod, in the words of the API server.
pub(crate) fn refusal(world: &World, pod: &Value) -> Option<String> {
    for quota in world.list(Kind::Quota, namespace(pod)) {
        let mut over: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::new();
        let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (resource, limit) in quota["spec"]["hard"].as_object().into_iter().flatten() {
            let asked = match resource.as_str() {
                "pods" | "count/pods" => 1000,
                "cpu" | "memory" => total(pod, "requests", resource),
                other => match other.split_once('.') {
                    Some((which @ ("requests" | "limits"), of)) if of != "storage" => {
                        let silent = list(pod, "/spec/containers")
                            .iter()
                            .filter(|container| container["resources"][which][of].is_null());
                        for container in silent {
                            missing
                                .entry(resource)
                                .or_default()
                                .push(text(container, "/name"));
                        }
                        total(pod, which, of)
                    }
                    _ => continue,
                },
            };
            let used = used(world, namespace(pod), resource).unwrap_or_default();
            let limit = millis(limit);
            if asked > 0 && used + asked > limit {
                over.insert(resource, (asked, used, limit));
            }
        }
        if !missing.is_empty() {
            let parts: Vec<String> = missing
                .iter()
                .map(|(resource, containers)| format!("{resource} for: {}", containers.join(",")))
                .collect();
            return Some(format!(
                "failed quota: {}: must specify {}",
                name(quota),
                parts.join("; ")
            ));
        }
        if !over.is_empty() {
            let part = |which: fn(&(i64, i64, i64)) -> i64| {
                let parts: Vec<String> = over
                    .iter()
                    .map(|(resource, numbers)| {
                        format!(
                            "{resource}={}",
                            Quantity::of_millis(which(numbers), is_binary(resource)).canonical()
                        )
                    })
                    .collect();
                parts.join(",")
            };
            return Some(format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                name(quota),
                part(|n| n.0),
                part(|n| n.1),
                part(|n| n.2)
            ));
        }
    }
    None
}

/// Writes what a namespace uses into a quota's status.
pub(crate) fn reconcile(world: &mut World, key: &Key) {
    let Some(quota) = world.get(Kind::Quota, key) else {
        return;
    };
    let mut usage = Map::new();
    for (resource, _) in quota["spec"]["hard"].as_object().into_iter().flatten() {
        if let Some(used) = used(world, &key.namespace, resource) {
            usage.insert(
                resource.clone(),
                json!(Quantity::of_millis(used, is_binary(resource)).canonical()),
            );
        }
    }
    let mut next = Value::clone(&quota);
    next["status"] = json!({"hard": quota["spec"]["hard"], "used": usage});
    world.update(Kind::Quota, next);
}
