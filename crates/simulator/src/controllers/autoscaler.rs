//! HorizontalPodAutoscalers, on load that is made up: a wave with a period of 20 minutes around what the target wants.

use serde_json::{Value, json};

use super::json::{hash, int, is_going, key, list, namespace, set_condition, text, told, uid};
use super::kind::Kind;
use super::quota::total;
use super::recorder::record;
use super::world::World;
use crate::quantity::Quantity;
use crate::store::Key;

const COMPONENT: &str = "horizontal-pod-autoscaler";
/// As the real controller: how often it looks, and how long it remembers before it goes down.
const PERIOD: i64 = 15;
const PATIENCE: i64 = 300;
const WAVE: i64 = 1200;

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
    let kind = match text(&scaler, "/spec/scaleTargetRef/kind") {
        "Deployment" => Kind::Deployment,
        "StatefulSet" => Kind::StatefulSet,
        _ => return None,
    };
    let target = world.find(
        kind,
        namespace(&scaler),
        text(&scaler, "/spec/scaleTargetRef/name"),
    );
    let Some(target) = target else {
        missing(world, &scaler);
        return Some(again);
    };
    scale(world, &scaler, kind, &target);
    Some(again)
}

fn missing(world: &mut World, scaler: &Value) {
    let wanted = text(scaler, "/spec/scaleTargetRef/name");
    let message = format!(
        "the HPA controller was unable to get the target's current scale: deployments.apps \"{wanted}\" not found"
    );
    let mut next = scaler.clone();
    let condition =
        json!({"type": "AbleToScale", "status": "False", "reason": "FailedGetScale", "message": message});
    set_condition(&mut next, condition, world.now);
    world.update(Kind::Autoscaler, next);
    record(
        world,
        Kind::Autoscaler,
        scaler,
        "Warning",
        "FailedGetScale",
        COMPONENT,
        &message,
    );
}

/// The load of all pods together, in percent of one pod's request: from 0.6 to 1.4 times what the least number of
/// replicas would carry at the target, or as annotated (`load: "350"`).
fn load(world: &World, scaler: &Value, wanted: i64, least: i64) -> i64 {
    if let Some(load) = told(scaler, "load").and_then(|load| load.parse().ok()) {
        return load;
    }
    let shift = i64::try_from(hash(uid(scaler)) % 1200).unwrap_or_default();
    let phase = (world.now + shift).rem_euclid(WAVE);
    // A triangle from -40 to 40.
    let wave = 40 - (phase * 160 / WAVE - 80).abs();
    let noise =
        i64::try_from(hash(&format!("{}{}", uid(scaler), world.now / PERIOD)) % 9).unwrap_or_default() - 4;
    wanted * (least + 1) * (100 + wave + noise) / 100
}

fn scale(world: &mut World, scaler: &Value, kind: Kind, target: &Value) {
    let (least, most) = (
        int(scaler, "/spec/minReplicas").unwrap_or(1),
        int(scaler, "/spec/maxReplicas").unwrap_or(1),
    );
    let metric = list(scaler, "/spec/metrics").first().cloned().unwrap_or_default();
    let resource = match text(&metric, "/resource/name") {
        "" => "cpu".to_owned(),
        resource => resource.to_owned(),
    };
    let wanted = int(&metric, "/resource/target/averageUtilization")
        .unwrap_or(80)
        .max(1);
    let replicas = int(target, "/spec/replicas").unwrap_or(1);
    let load = load(world, scaler, wanted, least);
    let utilization = load / replicas.max(1);
    let ratio = utilization * 100 / wanted;
    // Within a tenth of the target nothing happens.
    let proposed = if (90..=110).contains(&ratio) {
        replicas
    } else {
        (load + wanted - 1) / wanted
    };
    let mut desired = proposed.clamp(least, most);
    if desired < replicas {
        let low = world.retry_due(uid(scaler), "low");
        if low == 0 {
            let until = world.now + PATIENCE;
            world.retry_at(uid(scaler), "low", until);
            desired = replicas;
        } else if world.now < low {
            desired = replicas;
        }
    } else {
        world.retry_at(uid(scaler), "low", 0);
    }
    let request = pod_request(target, &resource);
    let mut next = scaler.clone();
    let status = &mut next["status"];
    status["currentReplicas"] = json!(replicas);
    status["desiredReplicas"] = json!(desired);
    status["currentMetrics"] = json!([{"type": "Resource", "resource": {"name": resource, "current": {
        "averageUtilization": utilization,
        "averageValue": Quantity::of_millis(request * utilization / 100, resource == "memory").canonical(),
    }}}]);
    let conditions = [
        (
            "AbleToScale",
            "True",
            "ReadyForNewScale",
            "recommended size matches current size".to_owned(),
        ),
        (
            "ScalingActive",
            "True",
            "ValidMetricFound",
            format!(
                "the HPA was able to successfully calculate a replica count from {resource} resource utilization (percentage of request)"
            ),
        ),
        match proposed {
            n if n > most => (
                "ScalingLimited",
                "True",
                "TooManyReplicas",
                "the desired replica count is more than the maximum replica count".to_owned(),
            ),
            n if n < least => (
                "ScalingLimited",
                "True",
                "TooFewReplicas",
                "the desired replica count is less than the minimum replica count".to_owned(),
            ),
            _ => (
                "ScalingLimited",
                "False",
                "DesiredWithinRange",
                "the desired count is within the acceptable range".to_owned(),
            ),
        },
    ];
    if desired != replicas {
        next["status"]["lastScaleTime"] = json!(world.stamp());
    }
    for (kind, state, reason, message) in conditions {
        let condition = json!({"type": kind, "status": state, "reason": reason, "message": message});
        set_condition(&mut next, condition, world.now);
    }
    world.update(Kind::Autoscaler, next);
    if desired == replicas {
        return;
    }
    let Some(current) = world.get(kind, &key(target)) else {
        return;
    };
    let mut target = Value::clone(&current);
    target["spec"]["replicas"] = json!(desired);
    if world.update(kind, target) {
        let side = if desired > replicas { "above" } else { "below" };
        let reason = if desired > replicas {
            format!("{resource} resource utilization (percentage of request) {side} target")
        } else {
            "All metrics below target".to_owned()
        };
        let message = format!("New size: {desired}; reason: {reason}");
        record(
            world,
            Kind::Autoscaler,
            scaler,
            "Normal",
            "SuccessfulRescale",
            COMPONENT,
            &message,
        );
    }
}

/// What one pod of a target requests, in thousandths.
fn pod_request(target: &Value, resource: &str) -> i64 {
    total(&target["spec"]["template"], "requests", resource)
}
