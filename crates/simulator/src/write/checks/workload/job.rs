//! What Jobs say of indexes, failures and success.

use serde_json::{Value, json};

use super::super::{Causes, items};
use crate::status::Cause;

/// More pods at a time than this are not counted by index.
const MOST_AT_ONCE: i64 = 100_000;

/// Checks what is not about the pods themselves.
pub(super) fn check(causes: &mut Causes, path: &str, spec: &Value) {
    let at = |field: &str| format!("{path}.{field}");
    let mode = &spec["completionMode"];
    causes.one_of(at("completionMode"), mode, &["NonIndexed", "Indexed"]);
    let indexed = mode == "Indexed";
    let (per_index, most) = (&spec["backoffLimitPerIndex"], &spec["maxFailedIndexes"]);
    causes.at_least_zero(at("backoffLimitPerIndex"), per_index);
    causes.at_least_zero(at("maxFailedIndexes"), most);
    if indexed && spec["completions"].is_null() {
        let why = "when completion mode is Indexed";
        causes.0.push(Cause::required(at("completions"), why));
    }
    let parallel = spec["parallelism"].as_i64().unwrap_or(1);
    if indexed && parallel > MOST_AT_ONCE {
        let why = format!("must be less than or equal to {MOST_AT_ONCE} when completion mode is Indexed");
        causes.invalid(at("parallelism"), &spec["parallelism"], &why);
    }
    if !per_index.is_null() && !indexed {
        causes.invalid(
            at("backoffLimitPerIndex"),
            per_index,
            "requires indexed completion mode",
        );
    }
    if !most.is_null() && per_index.is_null() {
        let why = "when maxFailedIndexes is specified";
        causes.0.push(Cause::required(at("backoffLimitPerIndex"), why));
    }
    let completions = spec["completions"].as_i64();
    if let (Some(limit), Some(all)) = (most.as_i64(), completions)
        && limit > all
    {
        causes.invalid(
            at("maxFailedIndexes"),
            most,
            "must be less than or equal to completions",
        );
    }
    let policy = &spec["podFailurePolicy"];
    if policy.is_object() {
        failure(causes, path, spec);
    }
    let replacement = &spec["podReplacementPolicy"];
    match policy.is_object() {
        true => causes.one_of(at("podReplacementPolicy"), replacement, &["Failed"]),
        false => causes.one_of(
            at("podReplacementPolicy"),
            replacement,
            &["Failed", "TerminatingOrFailed"],
        ),
    }
    if spec["successPolicy"].is_object() && !indexed {
        // Shown with the names of Go's fields.
        let rules: Vec<String> = items(&spec["successPolicy"]["rules"])
            .map(|(_, rule)| {
                let (indexes, count) = (&rule["succeededIndexes"], &rule["succeededCount"]);
                format!("{{\"SucceededIndexes\":{indexes},\"SucceededCount\":{count}}}")
            })
            .collect();
        causes.0.push(Cause {
            reason: "FieldValueInvalid",
            message: format!(
                "Invalid value: {{\"Rules\":[{}]}}: requires indexed completion mode",
                rules.join(",")
            ),
            field: at("successPolicy"),
        });
    }
    if spec["successPolicy"].is_object() {
        success(causes, &at("successPolicy"), &spec["successPolicy"], completions);
    }
}

fn failure(causes: &mut Causes, path: &str, spec: &Value) {
    let restarts = &spec["template"]["spec"]["restartPolicy"];
    if restarts != "Never" {
        let why = "only \"Never\" is supported when podFailurePolicy is specified";
        causes.invalid(format!("{path}.template.spec.restartPolicy"), restarts, why);
    }
    let containers = ["containers", "initContainers"].map(|list| items(&spec["template"]["spec"][list]));
    let names: Vec<&Value> = containers
        .into_iter()
        .flatten()
        .map(|(_, one)| &one["name"])
        .collect();
    for (index, rule) in items(&spec["podFailurePolicy"]["rules"]) {
        let path = format!("{path}.podFailurePolicy.rules[{index}]");
        let actions = ["Count", "FailIndex", "FailJob", "Ignore"];
        let action = &rule["action"];
        causes.one_of(format!("{path}.action"), action, &actions);
        if action == "FailIndex" && spec["backoffLimitPerIndex"].is_null() {
            let why = "requires the backoffLimitPerIndex to be set";
            causes.invalid(format!("{path}.action"), action, why);
        }
        let codes = &rule["onExitCodes"];
        if codes.is_null() && items(&rule["onPodConditions"]).next().is_none() {
            causes.0.push(Cause {
                reason: "FieldValueInvalid",
                message: "Invalid value: specifying one of OnExitCodes and OnPodConditions is required"
                    .to_owned(),
                field: path,
            });
            continue;
        }
        let path = format!("{path}.onExitCodes");
        let container = &codes["containerName"];
        if !container.is_null() && !names.contains(&container) {
            let why = "must be one of the container or initContainer names in the pod template";
            causes.invalid(format!("{path}.containerName"), container, why);
        }
        for (place, value) in items(&codes["values"]) {
            if codes["operator"] == "In" && *value == json!(0) {
                let path = format!("{path}.values[{place}]");
                causes.invalid(path, value, "must not be 0 for the In operator");
            }
        }
    }
}

fn success(causes: &mut Causes, path: &str, policy: &Value, completions: Option<i64>) {
    if items(&policy["rules"]).next().is_none() {
        let why = "at least one rules must be specified when the successPolicy is specified";
        causes.0.push(Cause::required(format!("{path}.rules"), why));
    }
    for (index, rule) in items(&policy["rules"]) {
        let path = format!("{path}.rules[{index}]");
        let count = &rule["succeededCount"];
        if count.is_null() && rule["succeededIndexes"].is_null() {
            let why = "at least one of succeededCount or succeededIndexes must be specified";
            causes.0.push(Cause::required(path, why));
            continue;
        }
        let indexes = &rule["succeededIndexes"];
        if let (Some(text), Some(all)) = (indexes.as_str(), completions)
            && let Err(why) = intervals(text, all)
        {
            let why = format!("error parsing succeededIndexes: {why}");
            causes.invalid(format!("{path}.succeededIndexes"), indexes, &why);
        }
        if let (Some(wanted), Some(all)) = (count.as_i64(), completions)
            && wanted > all
        {
            let why = format!("must be less than or equal to {all} (the number of specified completions)");
            causes.invalid(format!("{path}.succeededCount"), count, &why);
        }
    }
}

/// Why a text is no set of indexes below a number: `0,2-4`.
fn intervals(text: &str, all: i64) -> Result<(), String> {
    let mut previous: Option<i64> = None;
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let ends: Vec<&str> = part.split('-').collect();
        if ends.len() > 2 {
            return Err(format!(
                "the fragment {part:?} violates the requirement that an index interval can have at most two parts separated by '-'"
            ));
        }
        for end in ends {
            let index: i64 = end
                .parse()
                .map_err(|_| format!("cannot convert string to integer for index: {end:?}"))?;
            if index >= all {
                return Err(format!("too large index: {end:?}"));
            }
            if let Some(previous) = previous.filter(|previous| *previous >= index) {
                return Err(format!(
                    "non-increasing order, previous: {previous}, current: {index}"
                ));
            }
            previous = Some(index);
        }
    }
    Ok(())
}
