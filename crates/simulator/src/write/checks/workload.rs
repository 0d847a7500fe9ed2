//! What makes pods: Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs.

use serde_json::{Value, json};

use super::{Causes, items, pod};
use crate::controllers::cron_job::{Schedule, zone};
use crate::resources::Resource;
use crate::status::{Cause, Refusal};

mod job;

const FORBIDDEN: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
const FREE: &[&str] = &[
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// The four of the group `apps`.
pub(super) fn check(causes: &mut Causes, resource: &Resource, old: Option<&Value>, object: &Value) {
    let spec = &object["spec"];
    let kind = resource.kind.to_ascii_lowercase();
    if kind != "daemonset" {
        causes.at_least_zero("spec.replicas", &spec["replicas"]);
        causes.at_least_zero("spec.minReadySeconds", &spec["minReadySeconds"]);
        if spec["selector"].is_null() {
            causes.0.push(Cause::required("spec.selector", ""));
        }
    }
    causes.selector("spec.selector", &spec["selector"]);
    if is_empty(&spec["selector"]) {
        // ReplicaSets are checked with the words of Deployments.
        let word = if kind == "replicaset" { "deployment" } else { &kind };
        causes.invalid(
            "spec.selector",
            &json!({}),
            &format!("empty selector is invalid for {word}"),
        );
    }
    let labels = &spec["template"]["metadata"]["labels"];
    if !selects(&spec["selector"], labels) {
        let why = "`selector` does not match template `labels`";
        causes.invalid("spec.template.metadata.labels", labels, why);
    }
    let pods = &spec["template"]["spec"];
    pod::spec(causes, "spec.template.spec", pods);
    let policy = &pods["restartPolicy"];
    if matches!(policy.as_str(), Some("Never" | "OnFailure")) {
        causes.one_of("spec.template.spec.restartPolicy", policy, &["Always"]);
    }
    let strategy = &spec["strategy"];
    if kind == "deployment" && strategy["type"] == "Recreate" && !strategy["rollingUpdate"].is_null() {
        let why = "may not be specified when strategy `type` is 'Recreate'";
        let cause = Cause::forbidden("spec.strategy.rollingUpdate", why);
        causes.0.push(cause);
    }
    let Some(old) = old else { return };
    if kind == "statefulset" {
        let fixed = |object: &Value| {
            let mut spec = object["spec"].clone();
            if let Some(fields) = spec.as_object_mut() {
                fields.retain(|key, _| !FREE.contains(&key.as_str()));
            }
            spec
        };
        if fixed(old) != fixed(object) {
            causes.0.push(Cause::forbidden("spec", FORBIDDEN));
        }
    } else if old["spec"]["selector"] != spec["selector"] {
        causes.invalid("spec.selector", &spec["selector"], "field is immutable");
    }
}

fn is_empty(selector: &Value) -> bool {
    selector.as_object().is_some_and(|fields| fields.is_empty())
}

/// Whether a selector matches labels; one that is not there matches nothing.
pub(in crate::write) fn selects(selector: &Value, labels: &Value) -> bool {
    if selector.is_null() {
        return false;
    }
    let equal = super::entries(&selector["matchLabels"]).all(|(key, value)| labels[key] == *value);
    let rules = items(&selector["matchExpressions"]).all(|(_, rule)| {
        let own = &labels[rule["key"].as_str().unwrap_or_default()];
        let listed = rule["values"]
            .as_array()
            .is_some_and(|values| values.contains(own));
        match rule["operator"].as_str() {
            Some("In") => listed,
            Some("NotIn") => !listed,
            Some("Exists") => !own.is_null(),
            _ => own.is_null(),
        }
    });
    equal && rules
}

/// A Job.
pub(super) fn job(causes: &mut Causes, old: Option<&Value>, object: &Value) -> Result<(), Refusal> {
    job_spec(causes, "spec", &object["spec"]);
    let Some(old) = old else { return Ok(()) };
    let (before, after) = (&old["spec"], &object["spec"]);
    if before["template"] != after["template"] {
        return Err(Refusal::unsupported(
            "changes of the template of a Job: it is immutable",
        ));
    }
    if before["completions"] != after["completions"] {
        causes.invalid("spec.completions", &after["completions"], "field is immutable");
    }
    if before["selector"] != after["selector"] {
        causes.invalid("spec.selector", &after["selector"], "field is immutable");
    }
    if before["completionMode"] != after["completionMode"] {
        causes.invalid(
            "spec.completionMode",
            &after["completionMode"],
            "field is immutable",
        );
    }
    Ok(())
}

fn job_spec(causes: &mut Causes, path: &str, spec: &Value) {
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ] {
        causes.at_least_zero(format!("{path}.{field}"), &spec[field]);
    }
    job::check(causes, path, spec);
    let path = format!("{path}.template.spec");
    let pods = &spec["template"]["spec"];
    pod::spec(causes, &path, pods);
    if pods["restartPolicy"] == "Always" {
        let why = "valid values: \"OnFailure\", \"Never\"";
        causes
            .0
            .push(Cause::required(format!("{path}.restartPolicy"), why));
    }
}

/// A CronJob.
pub(super) fn cron_job(causes: &mut Causes, object: &Value) -> Result<(), Refusal> {
    let spec = &object["spec"];
    if causes.required("spec.schedule", &spec["schedule"]) {
        schedule(causes, spec["schedule"].as_str().unwrap_or_default())?;
    }
    if !matches!(
        spec["concurrencyPolicy"].as_str(),
        Some("Allow" | "Forbid" | "Replace")
    ) {
        let policies = ["Allow", "Forbid", "Replace"];
        causes.one_of("spec.concurrencyPolicy", &spec["concurrencyPolicy"], &policies);
    }
    for field in [
        "startingDeadlineSeconds",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
    ] {
        causes.at_least_zero(format!("spec.{field}"), &spec[field]);
    }
    if let Some(zone) = spec["timeZone"].as_str() {
        let known = zone::of(zone).is_some();
        if !known && !zone::are_known() {
            return Err(Refusal::unsupported(
                "time zones other than UTC on a machine without a database of them",
            ));
        }
        match zone {
            "" => causes.invalid(
                "spec.timeZone",
                &spec["timeZone"],
                "timeZone must be nil or non-empty string",
            ),
            zone if zone.eq_ignore_ascii_case("local") => {
                let why =
                    "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
                causes.invalid("spec.timeZone", &spec["timeZone"], why);
            }
            zone if !known => {
                causes.invalid(
                    "spec.timeZone",
                    &spec["timeZone"],
                    &format!("unknown time zone {zone}"),
                );
            }
            _ => {}
        }
    }
    job_spec(causes, "spec.jobTemplate.spec", &spec["jobTemplate"]["spec"]);
    Ok(())
}

fn schedule(causes: &mut Causes, text: &str) -> Result<(), Refusal> {
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        return Err(Refusal::unsupported("schedules with a time zone of their own"));
    }
    if text.starts_with("@every ") && Schedule::parse(text).is_some() {
        return Ok(());
    }
    if text.starts_with('@') {
        return match text {
            "@yearly" | "@annually" | "@monthly" | "@weekly" | "@daily" | "@midnight" | "@hourly" => Ok(()),
            _ => Err(Refusal::unsupported("schedules of this form")),
        };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != 5 {
        let why = format!(
            "expected exactly 5 fields, found {}: [{}]",
            fields.len(),
            fields.join(" ")
        );
        causes.invalid("spec.schedule", &json!(text), &why);
        return Ok(());
    }
    match Schedule::parse(text) {
        Some(_) => Ok(()),
        // Each mistake has words of its own.
        None => Err(Refusal::unsupported(
            "schedules with a field that is wrong, or of this form",
        )),
    }
}
