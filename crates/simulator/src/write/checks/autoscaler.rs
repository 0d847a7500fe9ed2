//! HorizontalPodAutoscalers.

use serde_json::{Value, json};

use super::{Causes, items};
use crate::quantity::millis;
use crate::status::{Cause, Refusal};

const ONE_OF: &str = "must set either a target raw value or a target utilization";
const TOO_BIG: i64 = 3600;

/// A HorizontalPodAutoscaler.
pub(super) fn check(causes: &mut Causes, object: &Value) -> Result<(), Refusal> {
    let spec = &object["spec"];
    let (least, most) = (
        spec["minReplicas"].as_i64().unwrap_or(1),
        spec["maxReplicas"].as_i64().unwrap_or(0),
    );
    if least < 1 {
        causes.invalid(
            "spec.minReplicas",
            &spec["minReplicas"],
            "must be greater than or equal to 1",
        );
    }
    if most < 1 {
        causes.0.push(Cause::required(
            "spec.maxReplicas",
            "must be set and greater than 0",
        ));
    }
    if most < least {
        let why = "must be greater than or equal to `minReplicas`";
        causes.invalid("spec.maxReplicas", &json!(most), why);
    }
    let target = &spec["scaleTargetRef"];
    causes.required("spec.scaleTargetRef.kind", &target["kind"]);
    causes.required("spec.scaleTargetRef.name", &target["name"]);
    let version = target["apiVersion"].as_str().unwrap_or_default();
    if !version.contains('/') && target["kind"] != "ReplicationController" {
        let why = "apiVersion must specify API group";
        causes.invalid("spec.scaleTargetRef.apiVersion", &json!(version), why);
    }
    for (index, metric) in items(&spec["metrics"]) {
        self::metric(causes, &format!("spec.metrics[{index}]"), metric)?;
    }
    for way in ["scaleUp", "scaleDown"] {
        let rules = &spec["behavior"][way];
        if rules.is_object() {
            self::rules(causes, &format!("spec.behavior.{way}"), rules);
        }
    }
    Ok(())
}

fn metric(causes: &mut Causes, path: &str, metric: &Value) -> Result<(), Refusal> {
    let kinds = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    if !causes.required(format!("{path}.type"), &metric["type"]) {
        return Ok(());
    }
    causes.one_of(format!("{path}.type"), &metric["type"], &kinds);
    let part = match metric["type"].as_str() {
        Some("ContainerResource") => "containerResource",
        Some("External") => "external",
        Some("Object") => "object",
        Some("Pods") => "pods",
        Some("Resource") => "resource",
        _ => {
            // The real server finds it twice.
            causes.one_of(format!("{path}.type"), &metric["type"], &kinds);
            return Ok(());
        }
    };
    let parts = ["containerResource", "external", "object", "pods", "resource"];
    if parts
        .iter()
        .any(|other| *other != part && metric[other].is_object())
    {
        return Err(Refusal::unsupported(
            "metrics of autoscalers with several sources",
        ));
    }
    let (path, metric) = (format!("{path}.{part}"), &metric[part]);
    if metric.is_null() {
        let why = "must populate information for the given metric source";
        causes.0.push(Cause::required(path, why));
        return Ok(());
    }
    let name = match part {
        "resource" | "containerResource" => ("name", &metric["name"], "must specify a resource name"),
        _ => (
            "metric.name",
            &metric["metric"]["name"],
            "must specify a metric name",
        ),
    };
    if name.1.as_str().unwrap_or_default().is_empty() {
        causes
            .0
            .push(Cause::required(format!("{path}.{}", name.0), name.2));
    }
    target(causes, &format!("{path}.target"), part, &metric["target"]);
    Ok(())
}

/// What a metric should be. Each value is for some kinds of metrics.
fn target(causes: &mut Causes, path: &str, part: &str, target: &Value) {
    let (percent, each) = (&target["averageUtilization"], &target["averageValue"]);
    match part {
        "resource" | "containerResource" => {
            let path_of = |field: &str| format!("{path}.{field}");
            if percent.as_i64().is_some_and(|percent| percent < 1) {
                causes.invalid(path_of("averageUtilization"), percent, "must be greater than 0");
            }
            if percent.is_null() && each.is_null() {
                causes
                    .0
                    .push(Cause::required(path_of("averageUtilization"), ONE_OF));
            } else if !percent.is_null() && !each.is_null() {
                let why = "may not set both a target raw value and a target utilization";
                causes.0.push(Cause::forbidden(path_of("averageValue"), why));
            }
        }
        "pods" if millis(each) <= 0 => {
            let why = "must specify a positive target averageValue";
            causes
                .0
                .push(Cause::required(format!("{path}.averageValue"), why));
        }
        _ => {}
    }
}

/// What `behavior` says of one direction.
fn rules(causes: &mut Causes, path: &str, rules: &Value) {
    let window = &rules["stabilizationWindowSeconds"];
    let path_of = |field: &str| format!("{path}.{field}");
    match window.as_i64() {
        Some(seconds) if seconds < 0 => {
            let why = "must be greater than or equal to zero";
            causes.invalid(path_of("stabilizationWindowSeconds"), window, why);
        }
        Some(seconds) if seconds > TOO_BIG => {
            let why = format!("must be less than or equal to {TOO_BIG}");
            causes.invalid(path_of("stabilizationWindowSeconds"), window, &why);
        }
        _ => {}
    }
    causes.one_of(
        path_of("selectPolicy"),
        &rules["selectPolicy"],
        &["Disabled", "Max", "Min"],
    );
    let policies = path_of("policies");
    if rules["policies"].as_array().is_none_or(Vec::is_empty) {
        let why = "must specify at least one Policy";
        causes.0.push(Cause::required(policies.as_str(), why));
    }
    for (index, policy) in items(&rules["policies"]) {
        let path = format!("{policies}[{index}]");
        causes.one_of(format!("{path}.type"), &policy["type"], &["Percent", "Pods"]);
        for (field, most) in [("value", i64::MAX), ("periodSeconds", 1800)] {
            let number = policy[field].as_i64().unwrap_or_default();
            if number < 1 {
                causes.invalid(
                    format!("{path}.{field}"),
                    &json!(number),
                    "must be greater than zero",
                );
            } else if number > most {
                let why = format!("must be less than or equal to {most}");
                causes.invalid(format!("{path}.{field}"), &json!(number), &why);
            }
        }
    }
    if millis(&rules["tolerance"]) < 0 {
        causes.invalid(
            path_of("tolerance"),
            &rules["tolerance"],
            "must be greater than or equal to 0",
        );
    }
}
