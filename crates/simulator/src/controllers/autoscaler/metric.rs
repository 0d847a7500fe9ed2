//! What a metric of an autoscaler is, and how many replicas it asks for. The load is made up: a wave with a period of
//! 20 minutes around what the target wants, or as annotated.

use std::sync::Arc;

use serde_json::{Value, json};

use super::PERIOD;
use super::pace::Tolerance;
use crate::controllers::json::{has_labels, hash, int, list, name, namespace, text, told_container, uid};
use crate::controllers::kind::Kind;
use crate::controllers::world::World;
use crate::quantity::{Quantity, millis};

const WAVE: i64 = 1200;
const NO_CUSTOM: &str = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";

/// Whose metrics are asked for.
pub(super) struct Asked<'a> {
    pub(super) world: &'a World,
    pub(super) scaler: &'a Value,
    pub(super) target: &'a Value,
    pub(super) replicas: i64,
    pub(super) least: i64,
}

/// What a metric asks for.
pub(super) struct Found {
    pub(super) replicas: i64,
    /// What the controller calls the metric.
    pub(super) name: String,
    /// How the status shows it.
    pub(super) status: Value,
}

/// Why a metric is not known.
pub(super) struct Failure {
    pub(super) reason: &'static str,
    pub(super) why: String,
    /// The same with what was to be got.
    pub(super) whole: String,
}

impl Asked<'_> {
    /// How many replicas a metric asks for.
    pub(super) fn propose(&self, metric: &Value, tolerance: &Tolerance) -> Result<Found, Failure> {
        match text(metric, "/type") {
            "Resource" => self.resource(metric, "resource", tolerance),
            "ContainerResource" => self.resource(metric, "containerResource", tolerance),
            kind => Err(self.unserved(kind, metric)),
        }
    }

    /// Nobody serves other metrics here, and the real controller says so.
    fn unserved(&self, kind: &str, metric: &Value) -> Failure {
        let name = |part: &str| text(&metric[part], "/metric/name").to_owned();
        let (reason, what, why) = match kind {
            "Pods" => {
                let why = format!("unable to get metric {}: {NO_CUSTOM}", name("pods"));
                (
                    "FailedGetPodsMetric",
                    "failed to get pods metric value".to_owned(),
                    why,
                )
            }
            "Object" => {
                let of = &metric["object"]["describedObject"];
                let (kind, object) = (text(of, "/kind"), text(of, "/name"));
                let (name, space) = (name("object"), namespace(self.scaler));
                let why = format!("unable to get metric {name}: {kind} on {space} {object}/{NO_CUSTOM}");
                (
                    "FailedGetObjectMetric",
                    "failed to get object metric value".to_owned(),
                    why,
                )
            }
            _ => {
                let (name, space) = (name("external"), namespace(self.scaler));
                let why = format!(
                    "unable to get external metric {space}/{name}/{}: unable to fetch metrics from external metrics \
                     API: the server could not find the requested resource (get {name}.external.metrics.k8s.io)",
                    selector(&metric["external"]["metric"]["selector"])
                );
                let what = format!(
                    "failed to get {name} external metric value: failed to get {name} external metric"
                );
                ("FailedGetExternalMetric", what, why)
            }
        };
        Failure {
            reason,
            whole: format!("{what}: {why}"),
            why,
        }
    }

    fn resource(&self, metric: &Value, part: &str, tolerance: &Tolerance) -> Result<Found, Failure> {
        let spec = &metric[part];
        let (resource, container) = (text(spec, "/name"), text(spec, "/container"));
        let of_container = part == "containerResource";
        let each = &spec["target"]["averageValue"];
        let failed = |why: String| {
            let what = if each.is_null() { "utilization" } else { "usage" };
            let why = format!("failed to get {resource} {what}: {why}");
            let (reason, whole) = match of_container {
                true => ("FailedGetContainerResourceMetric", "container"),
                false => ("FailedGetResourceMetric", "resource"),
            };
            Failure {
                reason,
                whole: format!("failed to get {resource} {whole} metric value: {why}"),
                why,
            }
        };
        let pod = self.pod(resource, container).map_err(&failed)?;
        let request = requested(pod, resource, container);
        let called = match of_container {
            true => format!("{resource} container resource"),
            false => format!("{resource} resource"),
        };
        let (ratio, called, current) = if each.is_null() {
            let request = request.map_err(failed)?;
            let wanted = int(spec, "/target/averageUtilization").unwrap_or(80).max(1);
            let percent = self.load(resource, wanted) / self.replicas.max(1);
            let value = shown(request * percent / 100, resource);
            let current = json!({"averageUtilization": percent, "averageValue": value});
            let called = format!("{called} utilization (percentage of request)");
            (part_of(percent, wanted), called, current)
        } else {
            let wanted = millis(each).max(1);
            // What is said of the load is a part of the request, else it is a wave around the target.
            let told = told_container(self.scaler, resource, "load");
            let told = told.and_then(|load| load.parse::<i64>().ok()).zip(request.ok());
            let all = told.map_or_else(|| self.wave(wanted), |(load, request)| request * load / 100);
            let value = all / self.replicas.max(1);
            let current = json!({"averageValue": shown(value, resource)});
            (part_of(value, wanted), called, current)
        };
        let mut status = json!({"type": metric["type"], part: {"name": resource, "current": current}});
        if of_container {
            status[part]["container"] = json!(container);
        }
        Ok(Found {
            replicas: tolerance.replicas(ratio, self.replicas),
            name: called,
            status,
        })
    }

    /// A pod of the target that is measured, with the container that is asked for.
    fn pod(&self, resource: &str, container: &str) -> Result<&Value, String> {
        let space = namespace(self.scaler);
        let labels = &self.target["spec"]["selector"]["matchLabels"];
        let is_measured = |pod: &&Arc<Value>| {
            let mut containers = list(pod, "/status/containerStatuses").iter();
            has_labels(labels, &pod["metadata"]["labels"])
                && containers.any(|status| status["state"]["running"].is_object())
        };
        let failed = |why: &str| format!("unable to get metrics for resource {resource}: {why}");
        let Some(pod) = self.world.list(Kind::Pod, space).find(is_measured) else {
            return Err(failed("no metrics returned from resource metrics API"));
        };
        let mut containers = list(pod, "/spec/containers").iter();
        if container.is_empty() || containers.any(|spec| spec["name"] == container) {
            return Ok(pod);
        }
        let pod = name(pod);
        Err(failed(&format!(
            "failed to get container metrics: container {container} not present in metrics for pod {space}/{pod}"
        )))
    }

    /// The load of all pods together, in percent of one pod's request (`load: "350"`, or `memory.load` of one
    /// resource).
    fn load(&self, resource: &str, wanted: i64) -> i64 {
        let told = told_container(self.scaler, resource, "load").and_then(|load| load.parse().ok());
        told.unwrap_or_else(|| self.wave(wanted))
    }

    /// From 0.6 to 1.4 times what the least number of replicas, and one more, would carry at the target.
    fn wave(&self, wanted: i64) -> i64 {
        let (seed, now) = (uid(self.scaler), self.world.now);
        let shift = i64::try_from(hash(seed) % 1200).unwrap_or_default();
        let phase = (now + shift).rem_euclid(WAVE);
        // A triangle from -40 to 40.
        let wave = 40 - (phase * 160 / WAVE - 80).abs();
        let noise = i64::try_from(hash(&format!("{seed}{}", now / PERIOD)) % 9).unwrap_or_default() - 4;
        wanted.saturating_mul((self.least + 1) * (100 + wave + noise)) / 100
    }
}

/// What a pod requests of a resource, or one container of it, in thousandths; or which container requests none.
fn requested(pod: &Value, resource: &str, container: &str) -> Result<i64, String> {
    let asked = list(pod, "/spec/containers").iter();
    let asked = asked.filter(|spec| container.is_empty() || spec["name"] == container);
    let mut all = 0;
    for spec in asked {
        let Some(request) = spec["resources"]["requests"].get(resource) else {
            let (own, pod) = (text(spec, "/name"), name(pod));
            return Err(format!(
                "missing request for {resource} in container {own} of Pod {pod}"
            ));
        };
        all += millis(request);
    }
    Ok(all)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the real controller computes with the same numbers"
)]
fn part_of(value: i64, of: i64) -> f64 {
    value as f64 / of as f64
}

fn shown(value: i64, resource: &str) -> String {
    Quantity::of_millis(value, resource == "memory").canonical()
}

/// A label selector as Go prints it.
fn selector(selector: &Value) -> String {
    if selector.is_null() {
        return "nil".to_owned();
    }
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let labels: Vec<String> = labels
        .map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or_default()))
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{}},}}",
        labels.join(" ")
    )
}
