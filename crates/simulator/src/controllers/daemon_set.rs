//! DaemonSets: a pod on every node that it is meant for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::json::{available_at, int, is_ended, is_going, is_ready, list, name, text, uid};
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
        match pods.get(node).and_then(|pods| pods.first()) {
            None => create(world, &set, &hash, node),
            Some(pod) if is_ended(pod) && !is_going(pod) => {
                pods::delete(world, Kind::DaemonSet, &set, pod, COMPONENT)
            }
            Some(_) => {}
        }
    }
    for (_, pods) in pods.iter().filter(|(node, _)| !nodes.contains(node)) {
        for pod in pods {
            pods::delete(world, Kind::DaemonSet, &set, pod, COMPONENT);
        }
    }
    roll(world, &set, &hash, &nodes, &pods);
    status(world, place, &hash, &nodes)
}

fn shape(pod: &mut Value, hash: &str, node: &str) {
    pod["metadata"]["labels"][REVISION] = json!(hash);
    pod["metadata"]["labels"]["pod-template-generation"] = json!("1");
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

fn eligible(world: &World, set: &Value) -> Vec<String> {
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
    let fits = |node: &&Arc<Value>| {
        selected(&pod, node)
            && list(node, "/spec/taints")
                .iter()
                .all(|taint| text(taint, "/effect") == "PreferNoSchedule" || tolerates(&pod, taint))
    };
    world
        .list(Kind::Node, "")
        .filter(fits)
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
    pods
}

fn create(world: &mut World, set: &Value, hash: &str, node: &str) {
    let template = &set["spec"]["template"];
    pods::create(world, Kind::DaemonSet, set, template, None, COMPONENT, |pod| {
        shape(pod, hash, node)
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
    let most = int(set, "/spec/updateStrategy/rollingUpdate/maxUnavailable").unwrap_or(1);
    let here: Vec<&Arc<Value>> = nodes.iter().filter_map(|node| pods.get(node)?.first()).collect();
    let away = here.iter().filter(|pod| is_going(pod) || !is_ready(pod)).count() + nodes.len() - here.len();
    let mut room = most - i64::try_from(away).unwrap_or_default();
    for pod in here {
        if pod["metadata"]["labels"][REVISION] == hash || is_going(pod) {
            continue;
        }
        if is_ready(pod) {
            if room <= 0 {
                continue;
            }
            room -= 1;
        }
        pods::delete(world, Kind::DaemonSet, set, pod, COMPONENT);
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
