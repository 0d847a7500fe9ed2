//! DaemonSets: a pod on every node that it is meant for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::deployment::share;
use super::json::{annotation, available_at, int, is_ended, is_going, is_ready, list, name, text, uid};
use super::kind::Kind;
use super::pods;
use super::revision;
use super::scheduler::{selected, tolerates};
use super::world::World;
use crate::store::Key;

const COMPONENT: &str = "daemonset-controller";
const REVISION: &str = "controller-revision-hash";
/// Taints that pods of DaemonSets tolerate by themselves.
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// Creates and deletes pods, and counts them. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let set = world.get(Kind::DaemonSet, place)?;
    if is_going(&set) {
        return None;
    }
    let hash = revision::ensure(world, Kind::DaemonSet, &set);
    let nodes = eligible(world, &set);
    let pods = by_node(world, &set);
    for node in &nodes {
        let here = pods.get(node).map(Vec::as_slice).unwrap_or_default();
        if here.is_empty() {
            create(world, &set, &hash, node);
        }
        for pod in here.iter().filter(|pod| is_ended(pod) && !is_going(pod)) {
            pods::delete(world, Kind::DaemonSet, &set, pod, COMPONENT);
        }
    }
    for (node, pods) in pods.iter().filter(|(node, _)| !nodes.contains(node)) {
        // A taint that only keeps new pods away leaves those that are there.
        let stays = world
            .find(Kind::Node, "", node)
            .is_some_and(|node| fits(&set, &node, &["NoExecute"]));
        for pod in pods.iter().filter(|pod| !stays && !is_going(pod)) {
            pods::delete(world, Kind::DaemonSet, &set, pod, COMPONENT);
        }
    }
    roll(world, &set, &hash, &nodes, &pods);
    status(world, place, &hash, &nodes)
}

fn shape(pod: &mut Value, set: &Value, hash: &str, node: &str) {
    pod["metadata"]["labels"][REVISION] = json!(hash);
    let generation = annotation(set, "deprecated.daemonset.template.generation").unwrap_or("1");
    pod["metadata"]["labels"]["pod-template-generation"] = json!(generation);
    let field = json!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]);
    pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
        json!({"nodeSelectorTerms": field});
    for (key, effect) in TOLERATED {
        pods::push(
            &mut pod["spec"],
            "tolerations",
            json!({"key": key, "operator": "Exists", "effect": effect}),
        );
    }
}

/// Whether a node is one that a set's pods may be on, as far as taints of some effects are concerned.
fn fits(set: &Value, node: &Value, effects: &[&str]) -> bool {
    let mut pod = json!({"spec": set["spec"]["template"]["spec"]});
    for (key, effect) in TOLERATED.into_iter().chain([
        ("node.kubernetes.io/unreachable", "NoSchedule"),
        ("node.kubernetes.io/not-ready", "NoSchedule"),
    ]) {
        pods::push(
            &mut pod["spec"],
            "tolerations",
            json!({"key": key, "operator": "Exists", "effect": effect}),
        );
    }
    selected(&pod, node)
        && list(node, "/spec/taints")
            .iter()
            .all(|taint| !effects.contains(&text(taint, "/effect")) || tolerates(&pod, taint))
}

fn eligible(world: &World, set: &Value) -> Vec<String> {
    world
        .list(Kind::Node, "")
        .filter(|node| fits(set, node, &["NoSchedule", "NoExecute"]))
        .map(|node| name(node).to_owned())
        .collect()
}

fn by_node(world: &World, set: &Value) -> BTreeMap<String, Vec<Arc<Value>>> {
    let mut pods: BTreeMap<String, Vec<Arc<Value>>> = BTreeMap::new();
    for pod in world.owned_by(uid(set), Kind::Pod) {
        let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0/values/0";
        let node = match text(&pod, "/spec/nodeName") {
            "" => text(&pod, terms),
            node => node,
        };
        pods.entry(node.to_owned()).or_default().push(pod);
    }
    for pods in pods.values_mut() {
        // Of two, the one that was first is the one that counts.
        pods.sort_by_key(|pod| {
            (
                text(pod, "/spec/nodeName").is_empty(),
                text(pod, "/metadata/creationTimestamp").to_owned(),
                is_going(pod),
                name(pod).to_owned(),
            )
        });
    }
    pods
}

fn create(world: &mut World, set: &Value, hash: &str, node: &str) {
    let template = &set["spec"]["template"];
    pods::create(world, Kind::DaemonSet, set, template, None, COMPONENT, |pod| {
        shape(pod, set, hash, node)
    });
}

/// Replaces pods of an old template, as many at a time as may be away.
fn roll(
    world: &mut World,
    set: &Value,
    hash: &str,
    nodes: &[String],
    pods: &BTreeMap<String, Vec<Arc<Value>>>,
) {
    if text(set, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let rolling = &set["spec"]["updateStrategy"]["rollingUpdate"];
    let count = number(nodes.len());
    let limit = |field: &str, default: i64| match &rolling[field] {
        Value::Null => default,
        value => share(value, count, true),
    };
    let (surge, mut most) = (limit("maxSurge", 0), limit("maxUnavailable", 1));
    if surge > 0 {
        return surge_over(world, set, hash, nodes, pods, surge);
    }
    most = most.max(1);
    let here: Vec<&Arc<Value>> = nodes.iter().filter_map(|node| pods.get(node)?.first()).collect();
    let available = here.iter().filter(|pod| is_available(world, set, pod)).count();
    let mut room = most - (count - number(available));
    for pod in here {
        if pod["metadata"]["labels"][REVISION] == hash || is_going(pod) {
            continue;
        }
        if is_available(world, set, pod) {
            if room <= 0 {
                continue;
            }
            room -= 1;
        }
        pods::delete(world, Kind::DaemonSet, set, pod, COMPONENT);
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or_default()
}

fn is_available(world: &World, set: &Value, pod: &Value) -> bool {
    let min_ready = int(set, "/spec/minReadySeconds").unwrap_or_default();
    !is_going(pod) && available_at(pod, min_ready).is_some_and(|time| time <= world.now)
}

/// Replaces pods of an old template by new ones that begin beside them, on as many nodes at a time as may have two.
fn surge_over(
    world: &mut World,
    set: &Value,
    hash: &str,
    nodes: &[String],
    pods: &BTreeMap<String, Vec<Arc<Value>>>,
    surge: i64,
) {
    let (mut two, mut urgent, mut candidates) = (0, Vec::new(), Vec::new());
    for node in nodes {
        let here = pods.get(node).map(Vec::as_slice).unwrap_or_default();
        let is_new = |pod: &&Arc<Value>| pod["metadata"]["labels"][REVISION] == hash;
        let old = here.iter().find(|pod| !is_new(pod) && !is_going(pod));
        let new = here.iter().find(|pod| is_new(pod) && !is_going(pod));
        match (old, new) {
            (None, _) => {}
            (Some(old), Some(new)) if is_available(world, set, new) => {
                pods::delete(world, Kind::DaemonSet, set, old, COMPONENT);
            }
            (Some(_), Some(_)) => two += 1,
            (Some(old), None) if is_available(world, set, old) => candidates.push(node),
            (Some(_), None) => urgent.push(node),
        }
    }
    let room = usize::try_from(surge - two).unwrap_or_default();
    for node in urgent.into_iter().chain(candidates.into_iter().take(room)) {
        create(world, set, hash, node);
    }
}

fn status(world: &mut World, place: &Key, hash: &str, nodes: &[String]) -> Option<i64> {
    let set = world.get(Kind::DaemonSet, place)?;
    let pods = by_node(world, &set);
    let here: Vec<&Arc<Value>> = nodes.iter().filter_map(|node| pods.get(node)?.first()).collect();
    let ready = here.iter().filter(|pod| is_ready(pod)).count();
    let min_ready = int(&set, "/spec/minReadySeconds").unwrap_or_default();
    let times: Vec<i64> = here
        .iter()
        .filter_map(|pod| available_at(pod, min_ready))
        .collect();
    let available = times.iter().filter(|time| **time <= world.now).count();
    let updated = here
        .iter()
        .filter(|pod| pod["metadata"]["labels"][REVISION] == *hash)
        .count();
    let astray = pods.keys().filter(|node| !nodes.contains(node)).count();
    let mut status = json!({
        "currentNumberScheduled": here.len(), "desiredNumberScheduled": nodes.len(), "numberMisscheduled": astray,
        "numberReady": ready, "observedGeneration": set["metadata"]["generation"],
    });
    for (field, number) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", available),
        ("numberUnavailable", nodes.len().saturating_sub(available)),
    ] {
        if number > 0 {
            status[field] = json!(number);
        }
    }
    let mut next = Value::clone(&set);
    next["status"] = status;
    world.update(Kind::DaemonSet, next);
    times.into_iter().filter(|time| *time > world.now).min()
}
