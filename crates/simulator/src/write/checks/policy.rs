//! Limits, priorities, disruptions, autoscaling, nodes and events.

use serde_json::{Value, json};

use super::{Causes, entries, items, quantity};
use crate::status::{Cause, Refusal};
use crate::write::names;

const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', \
regex used for validation is '[0-9]+%')";
const IN_QUOTA: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// A PodDisruptionBudget.
pub(super) fn budget(causes: &mut Causes, object: &Value) -> Result<(), Refusal> {
    let spec = &object["spec"];
    let (least, most) = (&spec["minAvailable"], &spec["maxUnavailable"]);
    if !least.is_null() && !most.is_null() {
        // Shown with the names of Go's fields, in their order.
        let shown = format!(
            r#"{{"MinAvailable":{least},"Selector":null,"MaxUnavailable":{most},"UnhealthyPodEvictionPolicy":null}}"#
        );
        causes.0.push(Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {shown}: minAvailable and maxUnavailable cannot be both set"),
            field: "spec".to_owned(),
        });
        if !spec["selector"].is_null() || !spec["unhealthyPodEvictionPolicy"].is_null() {
            return Err(Refusal::unsupported(
                "disruption budgets with both of their limits and more",
            ));
        }
    }
    for (field, value) in [("minAvailable", least), ("maxUnavailable", most)] {
        let path = format!("spec.{field}");
        causes.at_least_zero(path.clone(), value);
        let percent = value.as_str().map(|text| text.strip_suffix('%').unwrap_or("x"));
        if percent.is_some_and(|number| number.is_empty() || !number.chars().all(|c| c.is_ascii_digit())) {
            causes.invalid(path, value, PERCENT);
        } else if percent
            .and_then(|number| number.parse::<u64>().ok())
            .is_some_and(|n| n > 100)
        {
            causes.invalid(path, value, "must not be greater than 100%");
        }
    }
    causes.selector("spec.selector", &spec["selector"]);
    Ok(())
}

/// A ResourceQuota.
pub(super) fn quota(causes: &mut Causes, object: &Value) {
    let mut hard: Vec<_> = entries(&object["spec"]["hard"]).collect();
    // Those with a mistake in the name come first only because the API server's order is that of a map in Go.
    hard.sort_by_key(|(name, _)| IN_QUOTA.contains(&name.as_str()));
    for (name, value) in hard {
        let path = format!("spec.hard[{name}]");
        if !IN_QUOTA.contains(&name.as_str()) && !name.contains('/') && !name.contains("hugepages-") {
            causes.invalid(
                path.clone(),
                &json!(name),
                "must be a standard resource type or fully qualified",
            );
            causes.invalid(
                path.clone(),
                &json!(name),
                "must be a standard resource for quota",
            );
        }
        if quantity(value) < 0 {
            causes.invalid(path, value, "must be greater than or equal to 0");
        }
    }
}

/// A LimitRange: what contradicts itself is told in an order that only Go knows.
pub(super) fn limits(object: &Value) -> Result<(), Refusal> {
    for (_, limit) in items(&object["spec"]["limits"]) {
        let kind = limit["type"].as_str().unwrap_or_default();
        let known = matches!(kind, "Container" | "Pod" | "PersistentVolumeClaim") || kind.contains('/');
        let order = ["min", "defaultRequest", "default", "max"];
        let mut resources = order
            .iter()
            .flat_map(|part| entries(&limit[*part]).map(|(name, _)| name));
        let sorted = resources.all(|name| {
            let values = order
                .iter()
                .map(|part| &limit[*part][name])
                .filter(|value| !value.is_null());
            values.map(quantity).is_sorted()
        });
        if !known || !sorted || !limit["maxLimitRequestRatio"].is_null() {
            return Err(Refusal::unsupported(
                "LimitRanges of unknown types, with ratios, or that contradict themselves",
            ));
        }
    }
    Ok(())
}

/// A PriorityClass.
pub(super) fn priority(causes: &mut Causes, old: Option<&Value>, object: &Value) {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let value = object["value"].as_i64().unwrap_or_default();
    if value > 1_000_000_000 && !name.starts_with("system-") {
        let why = "maximum allowed value of a user defined priority is 1000000000";
        causes.0.push(Cause::forbidden("value", why));
    }
    let policies = ["PreemptLowerPriority", "Never"];
    causes.one_of("preemptionPolicy", &object["preemptionPolicy"], &policies);
    if old.is_some_and(|old| old["value"] != object["value"]) {
        causes
            .0
            .push(Cause::forbidden("value", "may not be changed in an update."));
    }
    if old.is_some_and(|old| old["preemptionPolicy"] != object["preemptionPolicy"]) {
        causes.invalid(
            "preemptionPolicy",
            &object["preemptionPolicy"],
            "field is immutable",
        );
    }
}

/// An Event.
pub(super) fn event(causes: &mut Causes, object: &Value) {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let about = object["involvedObject"]["namespace"].as_str().unwrap_or_default();
    if about != namespace && !(about.is_empty() && namespace == "default") {
        causes.invalid(
            "involvedObject.namespace",
            &json!(about),
            "does not match event.namespace",
        );
    }
}

/// A Node.
pub(super) fn node(causes: &mut Causes, object: &Value) {
    for (index, taint) in items(&object["spec"]["taints"]) {
        let path = format!("metadata.taints[{index}]");
        if causes.required(format!("{path}.key"), &taint["key"]) {
            let key = taint["key"].as_str().unwrap_or_default();
            causes
                .0
                .extend(names::key_causes(&format!("{path}.key"), key, key));
        }
        if causes.required(format!("{path}.effect"), &taint["effect"]) {
            let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
            causes.one_of(format!("{path}.effect"), &taint["effect"], &effects);
        }
    }
}
