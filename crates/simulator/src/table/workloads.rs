//! Tables of what runs: pods, and the kinds that make them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Object;
use super::age::age;
use crate::selector::label_text;

fn or_none(text: String) -> String {
    if text.is_empty() {
        "<none>".to_owned()
    } else {
        text
    }
}

pub(super) fn selector(selector: &Value) -> Value {
    json!(or_none(label_text(selector)))
}

/// `a=b,c=d` of plain labels.
pub(super) fn labels(labels: &Value) -> Value {
    json!(or_none(label_text(&json!({"matchLabels": labels}))))
}

fn containers(o: &Object<'_>, pointer: &str) -> [Value; 2] {
    let of = |field: &str| {
        let texts: Vec<&str> = o
            .list(pointer)
            .iter()
            .filter_map(|c| c.get(field)?.as_str())
            .collect();
        json!(texts.join(","))
    };
    [of("name"), of("image")]
}

const CONTAINERS: &str = "/spec/template/spec/containers";

pub(super) fn deployment(o: &Object<'_>) -> Vec<Value> {
    let [names, images] = containers(o, CONTAINERS);
    vec![
        o.name(),
        json!(format!(
            "{}/{}",
            o.number("/status/readyReplicas"),
            o.number("/spec/replicas")
        )),
        json!(o.number("/status/updatedReplicas")),
        json!(o.number("/status/availableReplicas")),
        o.age(),
        names,
        images,
        selector(o.at("/spec/selector")),
    ]
}

pub(super) fn replication_controller(o: &Object<'_>) -> Vec<Value> {
    let [names, images] = containers(o, CONTAINERS);
    vec![
        o.name(),
        json!(o.number("/spec/replicas")),
        json!(o.number("/status/replicas")),
        json!(o.number("/status/readyReplicas")),
        o.age(),
        names,
        images,
        labels(o.at("/spec/selector")),
    ]
}

/// Of ControllerRevisions.
pub(super) fn revision(o: &Object<'_>) -> Vec<Value> {
    let owners = o.list("/metadata/ownerReferences");
    let owner = owners.iter().find(|owner| owner["controller"] == true);
    let owner = owner.map(|owner| {
        let text = |field: &str| owner[field].as_str().unwrap_or_default();
        let kind = text("kind").to_lowercase();
        match text("apiVersion").split_once('/') {
            Some((group, _)) => format!("{kind}.{group}/{}", text("name")),
            None => format!("{kind}/{}", text("name")),
        }
    });
    vec![
        o.name(),
        json!(owner.unwrap_or_else(|| "<none>".to_owned())),
        json!(o.number("/revision")),
        o.age(),
    ]
}

pub(super) fn replica_set(o: &Object<'_>) -> Vec<Value> {
    let [names, images] = containers(o, CONTAINERS);
    vec![
        o.name(),
        json!(o.number("/spec/replicas")),
        json!(o.number("/status/replicas")),
        json!(o.number("/status/readyReplicas")),
        o.age(),
        names,
        images,
        selector(o.at("/spec/selector")),
    ]
}

pub(super) fn stateful_set(o: &Object<'_>) -> Vec<Value> {
    let [names, images] = containers(o, CONTAINERS);
    let ready = format!(
        "{}/{}",
        o.number("/status/readyReplicas"),
        o.number("/spec/replicas")
    );
    vec![o.name(), json!(ready), o.age(), names, images]
}

pub(super) fn daemon_set(o: &Object<'_>) -> Vec<Value> {
    let [names, images] = containers(o, CONTAINERS);
    vec![
        o.name(),
        json!(o.number("/status/desiredNumberScheduled")),
        json!(o.number("/status/currentNumberScheduled")),
        json!(o.number("/status/numberReady")),
        json!(o.number("/status/updatedNumberScheduled")),
        json!(o.number("/status/numberAvailable")),
        labels(o.at("/spec/template/spec/nodeSelector")),
        o.age(),
        names,
        images,
        selector(o.at("/spec/selector")),
    ]
}

pub(super) fn cron_job(o: &Object<'_>) -> Vec<Value> {
    let [names, images] = containers(o, "/spec/jobTemplate/spec/template/spec/containers");
    let last = match o.text("/status/lastScheduleTime") {
        "" => json!("<none>"),
        last => json!(age(last, o.now)),
    };
    let suspended = if o.at("/spec/suspend") == true {
        "True"
    } else {
        "False"
    };
    vec![
        o.name(),
        json!(o.text("/spec/schedule")),
        json!(o.at("/spec/timeZone").as_str().unwrap_or("<none>")),
        json!(suspended),
        json!(o.count("/status/active")),
        last,
        o.age(),
        names,
        images,
        selector(o.at("/spec/jobTemplate/spec/selector")),
    ]
}

pub(super) fn job(o: &Object<'_>) -> Vec<Value> {
    let [names, images] = containers(o, CONTAINERS);
    let succeeded = o.number("/status/succeeded");
    let parallelism = o.number("/spec/parallelism");
    let completions = match o.at("/spec/completions").as_i64() {
        Some(completions) => format!("{succeeded}/{completions}"),
        None if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        None => format!("{succeeded}/1"),
    };
    let condition = |kind: &&str| {
        o.list("/status/conditions")
            .iter()
            .any(|c| c["type"] == *kind && c["status"] == "True")
    };
    let ended = ["Complete", "Failed"].into_iter().find(condition);
    let deleted = (!o.text("/metadata/deletionTimestamp").is_empty()).then_some("Terminating");
    let other = ["Suspended", "FailureTarget", "SuccessCriteriaMet"]
        .into_iter()
        .find(condition);
    let status = ended.or(deleted).or(other).unwrap_or("Running");
    let seconds = |pointer: &str| {
        o.text(pointer)
            .parse::<Timestamp>()
            .ok()
            .map(Timestamp::as_second)
    };
    let duration = match (seconds("/status/startTime"), seconds("/status/completionTime")) {
        (None, _) => String::new(),
        (Some(start), end) => super::age::duration(end.unwrap_or(o.now) - start),
    };
    vec![
        o.name(),
        json!(status),
        json!(completions),
        json!(duration),
        o.age(),
        names,
        images,
        selector(o.at("/spec/selector")),
    ]
}
