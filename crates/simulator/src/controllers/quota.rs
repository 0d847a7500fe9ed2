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
    let (mut beside, mut most) = (0, 0);
    for container in list(pod, "/spec/initContainers") {
        // A sidecar goes on while those after it run.
        if text(container, "/restartPolicy") == "Always" {
            beside += of(container);
            most = most.max(beside);
        } else {
            most = most.max(beside + of(container));
        }
    }
    (running + beside).max(most)
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

pub(crate) fn is_binary(resource: &str) -> bool {
    resource.ends_with("memory") || resource.ends_with("storage")
}

/// What every container has to say once a quota counts it.
const SAID: [&str; 6] = [
    "cpu",
    "memory",
    "requests.cpu",
    "requests.memory",
    "limits.cpu",
    "limits.memory",
];

/// What an object takes of what a quota counts.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// By resource, in thousandths.
    pub(crate) amounts: BTreeMap<String, i64>,
    /// By resource, the containers that do not say how much they take.
    missing: BTreeMap<String, Vec<String>>,
}

impl Asked {
    /// Of an object of a kind (`pods`, `deployments.apps`), for the resources of a quota.
    pub(crate) fn of(kind: &str, object: &Value, hard: &Value) -> Self {
        let mut asked = Self::default();
        for (resource, _) in hard.as_object().into_iter().flatten() {
            let Some(amount) = amount(kind, object, resource) else {
                continue;
            };
            asked.amounts.insert(resource.clone(), amount);
            if kind == "pods" && SAID.contains(&resource.as_str()) {
                let (which, of) = resource.split_once('.').unwrap_or(("requests", resource));
                // A limit without a request is one, too; that was filled in before.
                let silent = ["/spec/containers", "/spec/initContainers"]
                    .iter()
                    .flat_map(|path| list(object, path))
                    .filter(|container| container["resources"][which][of].is_null());
                let mut names: Vec<String> = silent.map(|one| text(one, "/name").to_owned()).collect();
                names.sort();
                if !names.is_empty() {
                    asked.missing.insert(resource.clone(), names);
                }
            }
        }
        asked
    }
}

fn amount(kind: &str, object: &Value, resource: &str) -> Option<i64> {
    let own = matches!(
        kind,
        "pods" | "services" | "configmaps" | "secrets" | "persistentvolumeclaims" | "resourcequotas"
    );
    if resource.strip_prefix("count/") == Some(kind) || (own && resource == kind) {
        return Some(1000);
    }
    match (kind, resource) {
        ("pods", "cpu" | "memory") => Some(total(object, "requests", resource)),
        ("pods", _) => {
            let (which, of) = resource.split_once('.')?;
            let counts = matches!(which, "requests" | "limits") && of != "storage";
            counts.then(|| total(object, which, of))
        }
        ("persistentvolumeclaims", "requests.storage") => {
            Some(millis(&object["spec"]["resources"]["requests"]["storage"]))
        }
        ("services", "services.loadbalancers") => {
            Some(1000 * i64::from(text(object, "/spec/type") == "LoadBalancer"))
        }
        ("services", "services.nodeports") if text(object, "/spec/type") == "NodePort" => {
            let ports = i64::try_from(list(object, "/spec/ports").len()).unwrap_or_default();
            Some(1000 * ports)
        }
        _ => None,
    }
}

/// Why the quotas of its namespace refuse a pod, in the words of the API server.
pub(crate) fn refusal(world: &World, pod: &Value) -> Option<String> {
    world.list(Kind::Quota, namespace(pod)).find_map(|quota| {
        let asked = Asked::of("pods", pod, &quota["spec"]["hard"]);
        let used = |resource: &str| used(world, namespace(pod), resource).unwrap_or_default();
        refused(quota, &asked, used)
    })
}

/// Why a quota refuses what is asked for.
pub(crate) fn refused(quota: &Value, asked: &Asked, used: impl Fn(&str) -> i64) -> Option<String> {
    let name = name(quota);
    if !asked.missing.is_empty() {
        let parts: Vec<String> = asked
            .missing
            .iter()
            .map(|(resource, containers)| format!("{resource} for: {}", containers.join(",")))
            .collect();
        return Some(format!("failed quota: {name}: must specify {}", parts.join("; ")));
    }
    let limit = |resource: &str| millis(&quota["spec"]["hard"][resource]);
    let over: Vec<(&str, i64)> = asked
        .amounts
        .iter()
        .map(|(resource, amount)| (resource.as_str(), *amount))
        .filter(|(resource, amount)| *amount > 0 && used(resource) + amount > limit(resource))
        .collect();
    if over.is_empty() {
        return None;
    }
    let part = |which: &dyn Fn(&str, i64) -> i64| {
        let parts: Vec<String> = over
            .iter()
            .map(|(resource, amount)| {
                let quantity = Quantity::of_millis(which(resource, *amount), is_binary(resource));
                format!("{resource}={}", quantity.canonical())
            })
            .collect();
        parts.join(",")
    };
    Some(format!(
        "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
        part(&|_, amount| amount),
        part(&|resource, _| used(resource)),
        part(&|resource, _| limit(resource))
    ))
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
