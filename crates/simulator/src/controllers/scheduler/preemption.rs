//! Room for a pod of a higher priority, at the cost of others.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{COMPONENT, Cluster, fit};
use crate::controllers::json::{int, is_going, key, name, text, uid};
use crate::controllers::kind::Kind;
use crate::controllers::pods::mark_disrupted;
use crate::controllers::recorder::record;
use crate::controllers::world::World;

fn priority(pod: &Value) -> i64 {
    int(pod, "/spec/priority").unwrap_or_default()
}

/// Deletes pods of lower priority on the node where it costs least, if that makes room.
pub(super) fn preempt(world: &mut World, pod: &Value) {
    if text(pod, "/spec/preemptionPolicy") == "Never" {
        return;
    }
    let own = priority(pod);
    let nominated = text(pod, "/status/nominatedNodeName");
    let leaving = world
        .list(Kind::Pod, "")
        .any(|other| is_going(other) && text(other, "/spec/nodeName") == nominated && priority(other) < own);
    // Those that were asked to go have not gone yet.
    if !nominated.is_empty() && leaving {
        return;
    }
    let Some((node, victims)) = cheapest(world, pod, own) else {
        return;
    };
    let mut next = pod.clone();
    next["status"]["nominatedNodeName"] = json!(node);
    world.update(Kind::Pod, next);
    for victim in victims {
        let mut marked = Value::clone(&victim);
        let message = "default-scheduler: preempting to accommodate a higher priority pod";
        mark_disrupted(&mut marked, "PreemptionByScheduler", message, world.now);
        world.update(Kind::Pod, marked);
        if world.delete(Kind::Pod, &key(&victim)) {
            let message = format!("Preempted by pod {} on node {node}", uid(pod));
            record(
                world,
                Kind::Pod,
                &victim,
                "Normal",
                "Preempted",
                COMPONENT,
                &message,
            );
        }
    }
}

/// The node whose victims have the lowest priority, and are the fewest.
fn cheapest(world: &World, pod: &Value, own: i64) -> Option<(String, Vec<Arc<Value>>)> {
    let nodes: Vec<_> = world.list(Kind::Node, "").cloned().collect();
    let mut best: Option<(i64, usize, String, Vec<Arc<Value>>)> = None;
    for node in &nodes {
        let mut cluster = Cluster::of(world, &nodes);
        let on_node = cluster.pods.remove(name(node)).unwrap_or_default();
        let (mut lower, stay): (Vec<_>, Vec<_>) =
            on_node.into_iter().partition(|other| priority(other) < own);
        if lower.is_empty() {
            continue;
        }
        cluster.pods.insert(name(node), stay);
        if fit(world, &cluster, pod, node).is_err() {
            continue;
        }
        // As many as possible are spared, the most important first.
        lower.sort_by_key(|other| (Reverse(priority(other)), name(other).to_owned()));
        let mut victims = Vec::new();
        for other in lower {
            cluster.pods.entry(name(node)).or_default().push(other);
            if fit(world, &cluster, pod, node).is_err() {
                cluster.pods.entry(name(node)).or_default().pop();
                victims.push(Arc::new(other.clone()));
            }
        }
        let highest = victims
            .iter()
            .map(|victim| priority(victim))
            .max()
            .unwrap_or_default();
        let is_better = best
            .as_ref()
            .is_none_or(|(other, count, _, _)| (highest, victims.len()) < (*other, *count));
        if is_better {
            best = Some((highest, victims.len(), name(node).to_owned(), victims));
        }
    }
    best.map(|(_, _, node, victims)| (node, victims))
}
