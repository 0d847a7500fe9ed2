//! HorizontalPodAutoscalers: what the real controller computes, on load that is made up.

use std::sync::Arc;

use serde_json::{Value, json};

use super::json::{int, is_going, key, list, namespace, set_condition, text, uid};
use super::kind::Kind;
use super::recorder::record;
use super::world::World;
use crate::store::Key;

mod metric;
mod pace;

pub(crate) use pace::Past;

const COMPONENT: &str = "horizontal-pod-autoscaler";
/// As the real controller: how often it looks.
const PERIOD: i64 = 15;

/// Sets the number of replicas by the load. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let scaler = world.get(Kind::Autoscaler, place)?;
    if is_going(&scaler) {
        return None;
    }
    let begin = world.shared.clock.seconds() - 120;
    if world.past && world.now < begin {
        return Some(begin);
    }
    let due = world.retry_due(uid(&scaler), "scale");
    if world.now < due {
        return Some(due);
    }
    let again = world.now + PERIOD;
    world.retry_at(uid(&scaler), "scale", again);
    let look = Look {
        world,
        next: Value::clone(&scaler),
        scaler,
    };
    match look.target() {
        Ok((kind, target)) => look.scale(kind, &target),
        Err(why) => look.lost(&why),
    }
    Some(again)
}

/// One look at an autoscaler.
struct Look<'w> {
    world: &'w mut World,
    scaler: Arc<Value>,
    /// What becomes of it.
    next: Value,
}

impl Look<'_> {
    /// What is scaled, or why it cannot be.
    fn target(&self) -> Result<(Kind, Arc<Value>), String> {
        let wanted = &self.scaler["spec"]["scaleTargetRef"];
        let (api_version, kind, name) = (
            text(wanted, "/apiVersion"),
            text(wanted, "/kind"),
            text(wanted, "/name"),
        );
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let (scaled, plural) = match (group, kind) {
            ("apps", "Deployment") => (Kind::Deployment, "deployments.apps"),
            ("apps", "StatefulSet") => (Kind::StatefulSet, "statefulsets.apps"),
            ("apps", "ReplicaSet") => (Kind::ReplicaSet, "replicasets.apps"),
            _ if self.world.shared.resources.of_kind(api_version, kind).is_some() => {
                return Err("the server could not find the requested resource".to_owned());
            }
            _ => return Err(format!("no matches for kind {kind:?} in group {group:?}")),
        };
        let found = self.world.find(scaled, namespace(&self.scaler), name);
        let found = found.ok_or_else(|| format!("{plural} {name:?} not found"))?;
        Ok((scaled, found))
    }

    fn lost(mut self, why: &str) {
        let message = format!("the HPA controller was unable to get the target's current scale: {why}");
        self.condition("AbleToScale", "False", "FailedGetScale", &message);
        self.say("Warning", "FailedGetScale", why);
        self.world.update(Kind::Autoscaler, self.next);
    }

    fn scale(mut self, kind: Kind, target: &Value) {
        let (least, most) = (
            int(&self.scaler, "/spec/minReplicas").unwrap_or(1),
            int(&self.scaler, "/spec/maxReplicas").unwrap_or(1),
        );
        let replicas = int(target, "/spec/replicas").unwrap_or(1);
        let message = "the HPA controller was able to get the target's current scale";
        self.condition("AbleToScale", "True", "SucceededGetScale", message);
        let past = self.world.autoscaled.entry(uid(&self.scaler).to_owned());
        past.or_insert_with(|| Past::new(self.world.now, replicas));
        let (desired, reason) = if replicas == 0 && least > 0 {
            let message = "scaling is disabled since the replica count of the target is zero";
            self.condition("ScalingActive", "False", "ScalingDisabled", message);
            (0, String::new())
        } else if replicas > most {
            (
                most,
                "Current number of replicas above Spec.MaxReplicas".to_owned(),
            )
        } else if replicas < least {
            (
                least,
                "Current number of replicas below Spec.MinReplicas".to_owned(),
            )
        } else {
            match self.measured(target, replicas, (least, most)) {
                Some(found) => found,
                None => {
                    self.counts(replicas, None);
                    self.world.update(Kind::Autoscaler, self.next);
                    return;
                }
            }
        };
        self.counts(replicas, Some(desired));
        if desired == replicas {
            self.world.update(Kind::Autoscaler, self.next);
            return;
        }
        let Some(current) = self.world.get(kind, &key(target)) else {
            return;
        };
        let mut target = Value::clone(&current);
        target["spec"]["replicas"] = json!(desired);
        if !self.world.update(kind, target) {
            return;
        }
        let message = format!("the HPA controller was able to update the target scale to {desired}");
        self.condition("AbleToScale", "True", "SucceededRescale", &message);
        self.say(
            "Normal",
            "SuccessfulRescale",
            &format!("New size: {desired}; reason: {reason}"),
        );
        let now = self.world.now;
        if !self.scaler["spec"]["behavior"].is_null()
            && let Some(past) = self.world.autoscaled.get_mut(uid(&self.scaler))
        {
            past.changed(now, desired - replicas);
        }
        self.next["status"]["lastScaleTime"] = json!(self.world.stamp());
        self.world.update(Kind::Autoscaler, self.next);
    }

    /// How many replicas the metrics ask for, within all limits, and why; none if they cannot be known.
    fn measured(&mut self, target: &Value, replicas: i64, bounds: (i64, i64)) -> Option<(i64, String)> {
        let metrics = list(&self.scaler, "/spec/metrics").to_vec();
        let tolerance = pace::Tolerance::of(&self.scaler);
        let mut statuses = Vec::new();
        let mut best: Option<(i64, String)> = None;
        let mut failures = Vec::new();
        for metric in &metrics {
            let asked = metric::Asked {
                world: self.world,
                scaler: &self.scaler,
                target,
                replicas,
                least: bounds.0,
            };
            match asked.propose(metric, &tolerance) {
                Ok(found) => {
                    statuses.push(found.status);
                    if best.as_ref().is_none_or(|(most, _)| found.replicas > *most) {
                        best = Some((found.replicas, found.name));
                    }
                }
                Err(failure) => {
                    statuses.push(json!({"type": ""}));
                    self.say("Warning", failure.reason, &failure.why);
                    failures.push(failure);
                }
            }
        }
        self.next["status"]["currentMetrics"] = json!(statuses);
        let wanted = best.as_ref().map_or(0, |(wanted, _)| *wanted);
        // With some unknown, the others can only ask for more.
        if let Some(first) = failures.first().filter(|_| best.is_none() || wanted < replicas) {
            let message = format!("the HPA was unable to compute the replica count: {}", first.why);
            self.condition("ScalingActive", "False", first.reason, &message);
            let message = format!(
                "invalid metrics ({} invalid out of {}), first error is: {}",
                failures.len(),
                metrics.len(),
                first.whole
            );
            self.say("Warning", "FailedComputeMetricsReplicas", &message);
            return None;
        }
        let (wanted, metric) = best?;
        let message = format!("the HPA was able to successfully calculate a replica count from {metric}");
        self.condition("ScalingActive", "True", "ValidMetricFound", &message);
        let now = self.world.now;
        let past = self.world.autoscaled.get_mut(uid(&self.scaler))?;
        let step = past.next(&self.scaler, now, replicas, wanted, bounds);
        self.condition("AbleToScale", "True", step.stable.0, step.stable.1);
        let limited = if step.is_limited { "True" } else { "False" };
        self.condition("ScalingLimited", limited, step.limit.0, step.limit.1);
        let reason = match wanted > replicas {
            true => format!("{metric} above target"),
            false => "All metrics below target".to_owned(),
        };
        Some((step.replicas, reason))
    }

    fn counts(&mut self, current: i64, desired: Option<i64>) {
        let status = &mut self.next["status"];
        match current {
            0 => {
                status
                    .as_object_mut()
                    .map(|status| status.remove("currentReplicas"));
            }
            current => status["currentReplicas"] = json!(current),
        }
        if let Some(desired) = desired {
            status["desiredReplicas"] = json!(desired);
        } else if status["desiredReplicas"].is_null() {
            status["desiredReplicas"] = json!(0);
        }
    }

    fn condition(&mut self, kind: &str, state: &str, reason: &str, message: &str) {
        let condition = json!({"type": kind, "status": state, "reason": reason, "message": message});
        set_condition(&mut self.next, condition, self.world.now);
    }

    fn say(&mut self, level: &str, reason: &str, message: &str) {
        let scaler = self.scaler.clone();
        record(
            self.world,
            Kind::Autoscaler,
            &scaler,
            level,
            reason,
            COMPONENT,
            message,
        );
    }
}
