//! The scheduler: a node for each pod, or the reasons why there is none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

use super::json::{hash, is_ended, is_going, list, name, satisfies, set_condition, text, uid};
use super::kind::Kind;
use super::quota::total;
use super::recorder::record;
use super::world::World;
use crate::quantity::millis;
use crate::store::Key;

mod preemption;
mod topology;

/// How long the real one leaves a pod alone that fits nowhere, if nothing changes.
const RETRY: i64 = 300;
const COMPONENT: &str = "default-scheduler";

/// Why a node is not for a pod, and whether taking others away could help.
struct Unfit {
    reason: String,
    preemption_helps: bool,
}

/// Finds a node for a pod. Returns when to try again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let pod = world.get(Kind::Pod, place)?;
    if !text(&pod, "/spec/nodeName").is_empty() || is_going(&pod) || is_ended(&pod) {
        return None;
    }
    if !matches!(text(&pod, "/spec/schedulerName"), "" | "default-scheduler") {
        return None;
    }
    if !list(&pod, "/spec/schedulingGates").is_empty() {
        hold(world, &pod);
        return None;
    }
    match choose(world, &pod) {
        Ok(node) => {
            bind(world, &pod, &node);
            None
        }
        Err(message) => {
            preemption::preempt(world, &pod);
            let pod = world.get(Kind::Pod, place)?;
            refuse(world, &pod, &message)
        }
    }
}

/// The condition of a pod that is not to be scheduled yet.
pub(crate) fn gated() -> Value {
    json!({
        "type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "lastProbeTime": null,
        "message": "Scheduling is blocked due to non-empty scheduling gates",
    })
}

fn hold(world: &mut World, pod: &Value) {
    let mut next = pod.clone();
    set_condition(&mut next, gated(), world.now);
    world.update(Kind::Pod, next);
}

fn choose(world: &World, pod: &Value) -> Result<String, String> {
    let nodes: Vec<_> = world.list(Kind::Node, "").cloned().collect();
    if nodes.is_empty() {
        return Err("no nodes available to schedule pods".to_owned());
    }
    let count = nodes.len();
    let claims = claims_refusal(world, pod);
    if let Some(reason) = claims {
        return Err(format!(
            "0/{count} nodes are available: {reason}. no new claims to deallocate, preemption: 0/{count} nodes are \
             available: {count} Preemption is not helpful for scheduling."
        ));
    }
    let (mut reasons, mut helpless, mut hopeful) = (BTreeMap::<String, usize>::new(), 0, 0);
    let mut best: Option<(i64, String)> = None;
    let cluster = Cluster::of(world, &nodes);
    for node in &nodes {
        match fit(world, &cluster, pod, node) {
            Ok(score) => {
                // Of equal nodes another one for each pod, the same in every run.
                let luck =
                    i64::try_from(hash(&format!("{}{}", uid(pod), name(node))) % 8).unwrap_or_default();
                let score = score * 8 + luck;
                if best.as_ref().is_none_or(|(top, _)| score > *top) {
                    best = Some((score, name(node).to_owned()));
                }
            }
            Err(unfit) => {
                for unfit in unfit.reason.split('\n') {
                    *reasons.entry(unfit.to_owned()).or_default() += 1;
                }
                if unfit.preemption_helps {
                    hopeful += 1
                } else {
                    helpless += 1
                }
            }
        }
    }
    if let Some((_, node)) = best {
        return Ok(node);
    }
    let mut reasons: Vec<String> = reasons
        .iter()
        .map(|(reason, n)| format!("{n} {reason}"))
        .collect();
    reasons.sort();
    let mut preemption = Vec::new();
    if helpless > 0 {
        preemption.push(format!("{helpless} Preemption is not helpful for scheduling"));
    }
    if hopeful > 0 {
        preemption.push(format!("{hopeful} No preemption victims found for incoming pod"));
    }
    preemption.sort();
    Err(format!(
        "0/{count} nodes are available: {}. no new claims to deallocate, preemption: 0/{count} nodes are available: {}.",
        reasons.join(", "),
        preemption.join(", ")
    ))
}

/// Why the claims of a pod hold it back.
fn claims_refusal(world: &World, pod: &Value) -> Option<String> {
    for volume in list(pod, "/spec/volumes") {
        let claim = text(volume, "/persistentVolumeClaim/claimName");
        if claim.is_empty() {
            continue;
        }
        let Some(found) = world.find(Kind::Claim, super::json::namespace(pod), claim) else {
            return Some(format!("persistentvolumeclaim \"{claim}\" not found"));
        };
        let waits = super::volumes::waits_for_consumer(world, &found);
        if text(&found, "/status/phase") != "Bound" && !waits {
            return Some("pod has unbound immediate PersistentVolumeClaims".to_owned());
        }
    }
    None
}

/// The nodes and the pods on them.
struct Cluster<'w> {
    nodes: &'w [Arc<Value>],
    pods: HashMap<&'w str, Vec<&'w Value>>,
}

impl<'w> Cluster<'w> {
    fn of(world: &'w World, nodes: &'w [Arc<Value>]) -> Self {
        let mut pods: HashMap<&str, Vec<&Value>> = HashMap::new();
        let others = world.list(Kind::Pod, "").filter(|other| !is_ended(other));
        for other in others.filter(|other| !text(other, "/spec/nodeName").is_empty()) {
            pods.entry(text(other, "/spec/nodeName")).or_default().push(other);
        }
        Self { nodes, pods }
    }

    fn on(&self, node: &Value) -> &[&'w Value] {
        self.pods.get(name(node)).map(Vec::as_slice).unwrap_or_default()
    }
}

fn unfit(reason: impl Into<String>, preemption_helps: bool) -> Unfit {
    Unfit {
        reason: reason.into(),
        preemption_helps,
    }
}

/// How well a pod fits on a node: the larger the emptier. The first thing that is wrong is told, as by the real one.
fn fit(world: &World, cluster: &Cluster<'_>, pod: &Value, node: &Value) -> Result<i64, Unfit> {
    let unschedulable = json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    if super::json::is_true(node, "/spec/unschedulable") && !tolerates(pod, &unschedulable) {
        return Err(unfit("node(s) were unschedulable", false));
    }
    let mut taints = list(node, "/spec/taints").iter();
    if taints.any(|taint| text(taint, "/effect") != "PreferNoSchedule" && !tolerates(pod, taint)) {
        return Err(unfit("node(s) had untolerated taint(s)", false));
    }
    if !selected(pod, node) {
        return Err(unfit("node(s) didn't match Pod's node affinity/selector", false));
    }
    let here = cluster.on(node);
    if ports_taken(pod, here) {
        let why = "node(s) didn't have free ports for the requested pod ports";
        return Err(unfit(why, true));
    }
    let score = room(pod, node, here)?;
    if let Err(why) = super::volumes::reachable(world, pod, node) {
        return Err(unfit(why, false));
    }
    topology::spread(cluster, pod, node)?;
    topology::affinity(world, cluster, pod, node)?;
    // Pods of one owner spread.
    let owner = super::json::controller_of(pod).map(|(_, _, uid)| uid.to_owned());
    let brothers = here
        .iter()
        .filter(|other| {
            owner.is_some() && super::json::controller_of(other).map(|(_, _, uid)| uid) == owner.as_deref()
        })
        .count();
    Ok(score - 40 * i64::try_from(brothers).unwrap_or_default())
}

/// Whether somebody on a node has a port of the host that a pod wants.
fn ports_taken(pod: &Value, here: &[&Value]) -> bool {
    fn ports(pod: &Value) -> impl Iterator<Item = (i64, &str)> {
        let containers = list(pod, "/spec/containers").iter();
        let ports = containers.flat_map(|container| list(container, "/ports"));
        ports.filter_map(|port| {
            let number = super::json::int(port, "/hostPort").filter(|number| *number > 0)?;
            let protocol = match text(port, "/protocol") {
                "" => "TCP",
                protocol => protocol,
            };
            Some((number, protocol))
        })
    }
    let wanted: Vec<_> = ports(pod).collect();
    !wanted.is_empty()
        && here
            .iter()
            .any(|other| ports(other).any(|port| wanted.contains(&port)))
}

/// How much room is left on a node once a pod is there, or what is short.
fn room(pod: &Value, node: &Value, here: &[&Value]) -> Result<i64, Unfit> {
    let mut asked: BTreeSet<&str> = BTreeSet::from(["cpu", "memory"]);
    for containers in ["/spec/initContainers", "/spec/containers"] {
        for container in list(pod, containers) {
            let requests = container["resources"]["requests"].as_object();
            asked.extend(
                requests
                    .into_iter()
                    .flatten()
                    .map(|(resource, _)| resource.as_str()),
            );
        }
    }
    let (mut short, mut impossible, mut score) = (Vec::new(), false, 0);
    let most = millis(&node["status"]["allocatable"]["pods"]) / 1000;
    if most > 0 && i64::try_from(here.len()).unwrap_or_default() >= most {
        short.push("Too many pods".to_owned());
    }
    for resource in asked {
        let room = millis(&node["status"]["allocatable"][resource]);
        let used: i64 = here.iter().map(|other| total(other, "requests", resource)).sum();
        let wanted = total(pod, "requests", resource);
        // A node that says nothing of its disk has enough of it.
        let counted = resource != "ephemeral-storage" || room > 0;
        if wanted > 0 && counted && used + wanted > room {
            short.push(format!("Insufficient {resource}"));
            impossible |= wanted > room;
        }
        if matches!(resource, "cpu" | "memory") {
            score += (room - used - wanted).max(0) / (room / 100).max(1);
        }
    }
    match short.is_empty() {
        true => Ok(score),
        false => Err(unfit(short.join("\n"), !impossible)),
    }
}

/// Whether a pod tolerates a taint.
pub(crate) fn tolerates(pod: &Value, taint: &Value) -> bool {
    toleration(pod, taint).is_some()
}

/// The toleration that covers a taint.
pub(crate) fn toleration<'a>(pod: &'a Value, taint: &Value) -> Option<&'a Value> {
    list(pod, "/spec/tolerations").iter().find(|toleration| {
        let key = text(toleration, "/key");
        let effect = text(toleration, "/effect");
        let exists = text(toleration, "/operator") == "Exists";
        (effect.is_empty() || effect == text(taint, "/effect"))
            && (if key.is_empty() {
                exists
            } else {
                key == text(taint, "/key")
            })
            && (exists || text(toleration, "/value") == text(taint, "/value"))
    })
}

/// Whether a node is one that the pod asks for.
pub(crate) fn selected(pod: &Value, node: &Value) -> bool {
    let labels = &node["metadata"]["labels"];
    if !super::json::has_labels(&pod["spec"]["nodeSelector"], labels) {
        return false;
    }
    let required =
        "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let terms = list(pod, required);
    terms.is_empty() || terms.iter().any(|term| meets(term, node))
}

/// Whether a node meets a term of a node selector. An empty one is met by none.
pub(crate) fn meets(term: &Value, node: &Value) -> bool {
    let (labels, fields) = (list(term, "/matchExpressions"), list(term, "/matchFields"));
    let by_name = json!({"metadata.name": name(node)});
    !(labels.is_empty() && fields.is_empty())
        && labels
            .iter()
            .all(|one| satisfies(one, &node["metadata"]["labels"]))
        && fields.iter().all(|one| satisfies(one, &by_name))
}

/// Gives a pod the labels of its node that say where that is.
pub(crate) fn take_labels(pod: &mut Value, node: &Value) {
    for label in ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"] {
        if let Some(value) = node["metadata"]["labels"].get(label) {
            pod["metadata"]["labels"][label] = value.clone();
        }
    }
}

fn bind(world: &mut World, pod: &Value, node: &str) {
    super::volumes::select_node(world, pod, node);
    let mut next = pod.clone();
    next["spec"]["nodeName"] = json!(node);
    if let Some(node) = world.get(Kind::Node, &crate::store::Key::new("", node)) {
        take_labels(&mut next, &node);
    }
    let condition = json!({
        "type": "PodScheduled", "status": "True", "lastProbeTime": null,
        "observedGeneration": pod["metadata"]["generation"],
    });
    set_condition(&mut next, condition, world.now);
    if world.update(Kind::Pod, next) {
        let message = format!(
            "Successfully assigned {}/{} to {node}",
            super::json::namespace(pod),
            name(pod)
        );
        record(world, Kind::Pod, pod, "Normal", "Scheduled", COMPONENT, &message);
    }
}

fn refuse(world: &mut World, pod: &Value, message: &str) -> Option<i64> {
    let due = world.retry_due(uid(pod), "schedule");
    let mut next = pod.clone();
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message, "lastProbeTime": null,
        "observedGeneration": pod["metadata"]["generation"],
    });
    set_condition(&mut next, condition, world.now);
    let news = next["status"]["conditions"] != pod["status"]["conditions"];
    if !news && due > world.now {
        return Some(due);
    }
    world.update(Kind::Pod, next);
    record(
        world,
        Kind::Pod,
        pod,
        "Warning",
        "FailedScheduling",
        COMPONENT,
        message,
    );
    let again = world.now + RETRY;
    world.retry_at(uid(pod), "schedule", again);
    Some(again)
}
