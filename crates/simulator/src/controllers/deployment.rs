//! Deployments: ReplicaSets by revision, rolled over step by step.

use std::sync::Arc;

use serde_json::{Value, json};

use super::json::{int, is_going, is_true, key, name, owner_reference, template_hash, text, uid};
use super::kind::Kind;
use super::recorder::record;
use super::replica_set;
use super::world::World;
use crate::store::Key;

mod annotations;
mod rolling;
mod status;

const COMPONENT: &str = "deployment-controller";
const REVISION: &str = "deployment.kubernetes.io/revision";

/// A Deployment with its ReplicaSets, the one of the current template apart.
struct Rollout {
    deployment: Arc<Value>,
    current: Option<Arc<Value>>,
    old: Vec<Arc<Value>>,
    desired: i64,
    surge: i64,
    unavailable: i64,
}

impl Rollout {
    fn read(world: &World, place: &Key) -> Option<Self> {
        let deployment = world.get(Kind::Deployment, place)?;
        let sets = world.owned_by(uid(&deployment), Kind::ReplicaSet);
        let template = &deployment["spec"]["template"];
        let (mut current, mut old) = (None, Vec::new());
        for set in sets {
            if current.is_none() && same_template(&set["spec"]["template"], template) {
                current = Some(set);
            } else {
                old.push(set);
            }
        }
        old.sort_by_key(|set| {
            (
                text(set, "/metadata/creationTimestamp").to_owned(),
                name(set).to_owned(),
            )
        });
        let desired = int(&deployment, "/spec/replicas").unwrap_or(1);
        let (mut surge, mut unavailable) = (0, 1);
        if text(&deployment, "/spec/strategy/type") != "Recreate" {
            let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
            surge = share(&rolling["maxSurge"], desired, true);
            unavailable = share(&rolling["maxUnavailable"], desired, false);
            if surge == 0 && unavailable == 0 {
                unavailable = 1;
            }
        }
        Some(Self {
            deployment,
            current,
            old,
            desired,
            surge,
            unavailable,
        })
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.old.iter().chain(&self.current)
    }

    fn most(&self) -> i64 {
        if self.desired == 0 {
            0
        } else {
            self.desired + self.surge
        }
    }

    fn scale(&self, world: &mut World, set: &Value, replicas: i64) {
        let before = wanted(set);
        if before == replicas || !replica_set::scale(world, set, replicas, self.desired, self.most()) {
            return;
        }
        let way = if replicas > before { "up" } else { "down" };
        let message = format!(
            "Scaled {way} replica set {} from {before} to {replicas}",
            name(set)
        );
        record(
            world,
            Kind::Deployment,
            &self.deployment,
            "Normal",
            "ScalingReplicaSet",
            COMPONENT,
            &message,
        );
    }
}

fn wanted(set: &Value) -> i64 {
    int(set, "/spec/replicas").unwrap_or_default()
}

fn available(set: &Value) -> i64 {
    int(set, "/status/availableReplicas").unwrap_or_default()
}

/// `25%` of a number, or a number.
pub(crate) fn share(value: &Value, of: i64, up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent = value.as_str().unwrap_or("25%").trim_end_matches('%');
    let percent: i64 = percent.parse().unwrap_or(25);
    if up {
        (of * percent + 99) / 100
    } else {
        of * percent / 100
    }
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    super::json::remove(&mut template, "/metadata/labels", "pod-template-hash");
    template
}

/// Whether two templates differ in nothing but the hash that ReplicaSets add.
fn same_template(of_set: &Value, template: &Value) -> bool {
    let others = |part: &Value, except: &str| -> Vec<(String, Value)> {
        let fields = part.as_object().into_iter().flatten();
        fields
            .filter(|(key, _)| *key != except)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    let (a, b) = (&of_set["metadata"], &template["metadata"]);
    of_set["spec"] == template["spec"]
        && others(a, "labels") == others(b, "labels")
        && others(&a["labels"], "pod-template-hash") == others(&b["labels"], "pod-template-hash")
}

/// Brings a Deployment one step further. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let deployment = world.get(Kind::Deployment, place)?;
    if is_going(&deployment) {
        return None;
    }
    let paused = is_true(&deployment, "/spec/paused");
    ensure_current(world, place, paused);
    let rollout = Rollout::read(world, place)?;
    if scaled(&rollout) || paused {
        rolling::rescale(world, &rollout);
    } else if text(&rollout.deployment, "/spec/strategy/type") == "Recreate" {
        recreate(world, &rollout);
    } else {
        rolling::step(world, &rollout);
    }
    let rollout = Rollout::read(world, place)?;
    let later = status::write(world, &rollout);
    clean_up(world, &rollout);
    later
}

/// Whether the wish for another number of replicas came since the ReplicaSets were last told.
fn scaled(rollout: &Rollout) -> bool {
    let told = |set: &Arc<Value>| {
        super::json::annotation(set, "deployment.kubernetes.io/desired-replicas")
            .and_then(|n| n.parse::<i64>().ok())
    };
    let mut active = rollout.all().filter(|set| wanted(set) > 0);
    active.any(|set| told(set).is_some_and(|told| told != rollout.desired))
}

/// Makes the ReplicaSet of the current template, unless the Deployment is paused, or gives an old one its turn again.
fn ensure_current(world: &mut World, place: &Key, paused: bool) {
    let Some(rollout) = Rollout::read(world, place) else {
        return;
    };
    let revision = |set: &Arc<Value>| {
        super::json::annotation(set, REVISION)
            .and_then(|n| n.parse::<i64>().ok())
            .unwrap_or_default()
    };
    let newest = rollout.old.iter().map(revision).max().unwrap_or_default();
    let next = match &rollout.current {
        Some(set) => {
            let next = revision(set).max(newest + 1);
            let mut set = Value::clone(set);
            annotations::keep_up(&mut set, &rollout.deployment, next);
            world.update(Kind::ReplicaSet, set);
            next
        }
        None if paused => return,
        None => {
            create_current(world, &rollout, newest + 1);
            newest + 1
        }
    };
    let mut deployment = Value::clone(&rollout.deployment);
    deployment["metadata"]["annotations"][REVISION] = json!(next.to_string());
    world.update(Kind::Deployment, deployment);
}

fn create_current(world: &mut World, rollout: &Rollout, revision: i64) {
    let deployment = &rollout.deployment;
    let hash = template_hash(&without_hash(&deployment["spec"]["template"]));
    let mut template = deployment["spec"]["template"].clone();
    template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"]["pod-template-hash"] = json!(hash);
    let recreate = text(deployment, "/spec/strategy/type") == "Recreate";
    let running: i64 = rollout.old.iter().map(|set| wanted(set)).sum();
    let room = if recreate {
        if running == 0 { rollout.desired } else { 0 }
    } else {
        rollout.most() - running
    };
    let replicas = room.clamp(0, rollout.desired);
    let mut annotations = annotations::inherited(deployment);
    annotations[REVISION] = json!(revision.to_string());
    annotations["deployment.kubernetes.io/desired-replicas"] = json!(rollout.desired.to_string());
    annotations["deployment.kubernetes.io/max-replicas"] = json!(rollout.most().to_string());
    let mut spec = json!({"replicas": replicas, "selector": selector, "template": template});
    if let Some(seconds) = int(deployment, "/spec/minReadySeconds") {
        spec["minReadySeconds"] = json!(seconds);
    }
    let set = json!({
        "metadata": {
            "name": format!("{}-{hash}", name(deployment)), "namespace": super::json::namespace(deployment),
            "labels": template["metadata"]["labels"], "annotations": annotations, "generation": 1,
            "ownerReferences": owner_reference(Kind::Deployment, deployment),
        },
        "spec": spec, "status": {"replicas": 0},
    });
    let Some(set) = world.create(Kind::ReplicaSet, set) else {
        return;
    };
    if replicas > 0 {
        let message = format!("Scaled up replica set {} from 0 to {replicas}", name(&set));
        record(
            world,
            Kind::Deployment,
            deployment,
            "Normal",
            "ScalingReplicaSet",
            COMPONENT,
            &message,
        );
    }
}

/// Everything old ends before anything new begins.
fn recreate(world: &mut World, rollout: &Rollout) {
    let mut waiting = false;
    for set in &rollout.old {
        rollout.scale(world, set, 0);
        waiting |= !replica_set::active_pods(world, set).is_empty();
    }
    if let (false, Some(set)) = (waiting, &rollout.current) {
        rollout.scale(world, set, rollout.desired);
    }
}

/// Forgets the oldest ReplicaSets once a rollout is through.
fn clean_up(world: &mut World, rollout: &Rollout) {
    if !status::is_complete(rollout) {
        return;
    }
    let limit = usize::try_from(int(&rollout.deployment, "/spec/revisionHistoryLimit").unwrap_or(10))
        .unwrap_or_default();
    let idle: Vec<_> = rollout
        .old
        .iter()
        .filter(|set| {
            wanted(set) == 0 && int(set, "/status/replicas").unwrap_or_default() == 0 && !is_going(set)
        })
        .collect();
    let surplus = idle.len().saturating_sub(limit);
    for set in idle.into_iter().take(surplus) {
        world.delete(Kind::ReplicaSet, &key(set));
    }
}
