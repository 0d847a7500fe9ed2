//! Nodes: heartbeats, conditions, and the taints of those that do not answer.

use serde_json::{Value, json};

use super::json::{hash, holds, is_going, key, list, name, set_condition, text, uid};
use super::kind::Kind;
use super::kubelet::is_alive;
use super::pods::mark_disrupted;
use super::recorder::record;
use super::scheduler::toleration;
use super::world::World;
use crate::store::Key;

const COMPONENT: &str = "node-controller";
const LEASES: &str = "kube-node-lease";
/// As kubelets do it.
const HEARTBEAT: i64 = 10;
const STATUS: i64 = 300;
const LEASE: i64 = 40;
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// Renews the lease of a node, or marks what does not answer. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let node = world.get(Kind::Node, place)?;
    if is_alive(&node) {
        status(world, &node);
        mark_ready(world, place);
        let later = evict(world, place);
        // In the past nobody watches.
        if world.past {
            return later;
        }
        let beat = heartbeat(world, &node);
        Some(later.map_or(beat, |later| later.min(beat)))
    } else {
        mark_lost(world, &node);
        evict(world, place)
    }
}

/// Each node beats at its own seconds.
fn heartbeat(world: &mut World, node: &Value) -> i64 {
    let due = world.retry_due(uid(node), "lease");
    if due == 0 {
        let first = world.now + i64::try_from(hash(name(node)) % 10).unwrap_or_default();
        renew(world, node, world.now);
        world.retry_at(uid(node), "lease", first);
        return first;
    }
    if world.now < due {
        return due;
    }
    renew(world, node, world.now);
    let next = world.now + HEARTBEAT;
    world.retry_at(uid(node), "lease", next);
    next
}

fn renew(world: &mut World, node: &Value, time: i64) {
    if world.find(Kind::Namespace, "", LEASES).is_none() {
        return;
    }
    let micros = hash(&format!("{}{time}", name(node)));
    let time = super::json::micro_stamp(time, micros);
    match world.find(Kind::Lease, LEASES, name(node)) {
        Some(lease) => {
            let mut next = Value::clone(&lease);
            next["spec"]["renewTime"] = json!(time);
            world.update(Kind::Lease, next);
        }
        None => {
            let lease = json!({
                "metadata": {
                    "name": name(node), "namespace": LEASES,
                    "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": name(node), "uid": uid(node)}],
                },
                "spec": {"holderIdentity": name(node), "leaseDurationSeconds": LEASE, "renewTime": time},
            });
            world.create(Kind::Lease, lease);
        }
    }
}

/// What the kubelet says of its node.
fn status(world: &mut World, node: &Value) {
    let due = world.retry_due(uid(node), "status");
    let complete = holds(node, "Ready");
    if complete && world.now < due {
        return;
    }
    let next_due = world.now + STATUS;
    world.retry_at(uid(node), "status", next_due);
    let mut next = node.clone();
    for (kind, state, reason, message) in [
        (
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        (
            "DiskPressure",
            "False",
            "KubeletHasNoDiskPressure",
            "kubelet has no disk pressure",
        ),
        (
            "PIDPressure",
            "False",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available",
        ),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ] {
        let condition = json!({
            "type": kind, "status": state, "reason": reason, "message": message, "lastHeartbeatTime": world.stamp(),
        });
        set_condition(&mut next, condition, world.now);
    }
    world.update(Kind::Node, next);
    if !complete {
        let message = format!("Node {} status is now: NodeReady", name(node));
        record(
            world,
            Kind::Node,
            node,
            "Normal",
            "NodeReady",
            "kubelet",
            &message,
        );
    }
}

fn mark_ready(world: &mut World, place: &Key) {
    let Some(node) = world.get(Kind::Node, place) else {
        return;
    };
    let lost = |taint: &Value| text(taint, "/key") == UNREACHABLE;
    if !list(&node, "/spec/taints").iter().any(lost) {
        return;
    }
    let mut next = Value::clone(&node);
    if let Some(taints) = next["spec"]["taints"].as_array_mut() {
        taints.retain(|taint| !lost(taint));
    }
    if list(&next, "/spec/taints").is_empty() {
        super::json::remove(&mut next, "/spec", "taints");
    }
    world.update(Kind::Node, next);
}

/// Nothing was heard of a node: its conditions are unknown, and its pods no longer count as ready.
fn mark_lost(world: &mut World, node: &Value) {
    let mut next = node.clone();
    let tainted = list(node, "/spec/taints")
        .iter()
        .any(|taint| text(taint, "/key") == UNREACHABLE);
    if !tainted {
        // It is missed when its lease has run out.
        renew(world, node, world.now - LEASE);
    }
    let last = crate::clock::stamp(world.now - LEASE);
    for kind in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"] {
        let heartbeat = super::json::condition(node, kind)
            .filter(|_| tainted)
            .map(|condition| condition["lastHeartbeatTime"].clone());
        let condition = json!({
            "type": kind, "status": "Unknown", "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.", "lastHeartbeatTime": heartbeat.unwrap_or_else(|| json!(last)),
        });
        set_condition(&mut next, condition, world.now);
    }
    if !tainted {
        for effect in ["NoSchedule", "NoExecute"] {
            let taint = json!({"key": UNREACHABLE, "effect": effect, "timeAdded": world.stamp()});
            super::pods::push(&mut next["spec"], "taints", taint);
        }
        let message = format!("Node {} status is now: NodeNotReady", name(node));
        record(
            world,
            Kind::Node,
            node,
            "Normal",
            "NodeNotReady",
            COMPONENT,
            &message,
        );
    }
    world.update(Kind::Node, next);
    for pod in pods_on(world, node) {
        if super::json::is_ended(&pod) || !holds(&pod, "Ready") {
            continue;
        }
        let mut next = Value::clone(&pod);
        let condition = super::json::condition(&pod, "Ready").cloned().unwrap_or_default();
        let mut condition = condition;
        condition["status"] = json!("False");
        set_condition(&mut next, condition, world.now);
        world.update(Kind::Pod, next);
        record(
            world,
            Kind::Pod,
            &pod,
            "Warning",
            "NodeNotReady",
            COMPONENT,
            "Node is not ready",
        );
    }
}

fn pods_on(world: &World, node: &Value) -> Vec<std::sync::Arc<Value>> {
    let here = world
        .list(Kind::Pod, "")
        .filter(|pod| text(pod, "/spec/nodeName") == name(node));
    here.cloned().collect()
}

/// Pods that do not tolerate the taints of their node that drive them out are deleted: at once, or when the time is over
/// that they tolerate them for. Where the kubelet does not answer they stay, and are shown as terminating.
fn evict(world: &mut World, place: &Key) -> Option<i64> {
    let node = world.get(Kind::Node, place)?;
    let taints: Vec<&Value> = list(&node, "/spec/taints")
        .iter()
        .filter(|taint| text(taint, "/effect") == "NoExecute")
        .collect();
    if taints.is_empty() {
        return None;
    }
    let mut later = None;
    for pod in pods_on(world, &node) {
        if is_going(&pod) || super::json::is_ended(&pod) {
            continue;
        }
        let Some(until) = taints.iter().filter_map(|taint| until(world, &pod, taint)).min() else {
            continue;
        };
        if world.now >= until {
            let message = format!(
                "Marking for deletion Pod {}/{}",
                super::json::namespace(&pod),
                name(&pod)
            );
            record(
                world,
                Kind::Pod,
                &pod,
                "Normal",
                "TaintManagerEviction",
                "taint-eviction-controller",
                &message,
            );
            let mut next = Value::clone(&pod);
            let message = "Taint manager: deleting due to NoExecute taint";
            mark_disrupted(&mut next, "DeletionByTaintManager", message, world.now);
            world.update(Kind::Pod, next);
            world.delete(Kind::Pod, &key(&pod));
        } else {
            later = Some(later.map_or(until, |later: i64| later.min(until)));
        }
    }
    later
}

/// Until when a pod tolerates a taint; none if for ever.
fn until(world: &mut World, pod: &Value, taint: &Value) -> Option<i64> {
    // Who taints by hand does not say when.
    let what = format!("tainted/{}={}", text(taint, "/key"), text(taint, "/value"));
    let since = super::json::time(taint, "/timeAdded").unwrap_or_else(|| {
        let seen = world.retry_due(uid(pod), &what);
        if seen == 0 {
            world.retry_at(uid(pod), &what, world.now);
            return world.now;
        }
        seen
    });
    match toleration(pod, taint) {
        None => Some(since),
        Some(toleration) => super::json::int(toleration, "/tolerationSeconds").map(|seconds| since + seconds),
    }
}
