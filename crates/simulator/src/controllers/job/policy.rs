//! What a Job's policies say of a pod that failed and of indexes that succeeded.

use std::collections::BTreeSet;

use serde_json::Value;

use super::indexes;
use crate::controllers::json::{int, list, name, namespace, text};

/// What becomes of a Job when one of its pods has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The Job fails, for this reason.
    FailJob(String),
    /// The index of the pod fails.
    FailIndex,
    /// It is not counted.
    Ignore,
    /// It is counted against the limits.
    Count,
}

/// The first rule that matches a pod that failed.
pub(super) fn of_failure(job: &Value, pod: &Value) -> Verdict {
    for (index, rule) in list(job, "/spec/podFailurePolicy/rules").iter().enumerate() {
        let Some(why) = matched(rule, pod) else {
            continue;
        };
        match text(rule, "/action") {
            "FailJob" => return Verdict::FailJob(format!("{why} matching FailJob rule at index {index}")),
            "FailIndex" => return Verdict::FailIndex,
            "Ignore" => return Verdict::Ignore,
            _ => return Verdict::Count,
        }
    }
    Verdict::Count
}

/// What of a pod matches a rule.
fn matched(rule: &Value, pod: &Value) -> Option<String> {
    let place = format!("{}/{}", namespace(pod), name(pod));
    if let Some(codes) = rule.get("onExitCodes").filter(|codes| !codes.is_null()) {
        let wanted = text(codes, "/containerName");
        let statuses = ["/status/containerStatuses", "/status/initContainerStatuses"];
        let mut ended = statuses
            .iter()
            .flat_map(|path| list(pod, path))
            .filter(|status| wanted.is_empty() || text(status, "/name") == wanted)
            .filter_map(|status| {
                let code = int(status, "/state/terminated/exitCode")?;
                Some((text(status, "/name"), code))
            });
        let values = list(codes, "/values");
        return ended.find_map(|(container, code)| {
            let listed = values.iter().any(|value| value.as_i64() == Some(code));
            let is_in = text(codes, "/operator") == "In";
            (code != 0 && listed == is_in)
                .then(|| format!("Container {container} for pod {place} failed with exit code {code}"))
        });
    }
    list(rule, "/onPodConditions").iter().find_map(|pattern| {
        let kind = text(pattern, "/type");
        let status = match text(pattern, "/status") {
            "" => "True",
            status => status,
        };
        let mut conditions = list(pod, "/status/conditions").iter();
        conditions
            .any(|condition| text(condition, "/type") == kind && text(condition, "/status") == status)
            .then(|| format!("Pod {place} has condition {kind}"))
    })
}

/// The first rule of the success policy that the completed indexes fulfil, in words.
pub(super) fn success(job: &Value, completed: &BTreeSet<i64>) -> Option<String> {
    let rules = list(job, "/spec/successPolicy/rules");
    let met = rules.iter().position(|rule| {
        let count = int(rule, "/succeededCount");
        let wanted = rule.get("succeededIndexes").and_then(Value::as_str);
        let Some(wanted) = wanted.map(indexes::parse) else {
            let done = i64::try_from(completed.len()).unwrap_or_default();
            return count.is_some_and(|count| done >= count);
        };
        let done = i64::try_from(wanted.intersection(completed).count()).unwrap_or_default();
        let all = i64::try_from(wanted.len()).unwrap_or_default();
        done >= count.unwrap_or(all)
    })?;
    Some(format!("Matched rules at index {met}"))
}
