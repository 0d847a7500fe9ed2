//! The table of Events.

use serde_json::{Value, json};

use super::Object;

pub(super) fn event(o: &Object<'_>) -> Vec<Value> {
    // Newer events have no count, and a series once they repeat.
    let first = match o.at("/firstTimestamp") {
        Value::Null => o.since("/eventTime"),
        _ => o.since("/firstTimestamp"),
    };
    let mut last = match o.at("/lastTimestamp") {
        Value::Null => first.clone(),
        _ => o.since("/lastTimestamp"),
    };
    let mut count = o.number("/count").max(1);
    if o.at("/series").is_object() {
        last = o.since("/series/lastObservedTime");
        count = o.number("/series/count");
    }
    let kind = o.text("/involvedObject/kind").to_lowercase();
    let about = match o.text("/involvedObject/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    vec![
        last,
        json!(o.text("/type")),
        json!(o.text("/reason")),
        json!(about),
        json!(o.text("/involvedObject/fieldPath")),
        json!(source(o)),
        json!(o.text("/message").trim()),
        first,
        json!(count),
        o.name(),
    ]
}

/// Who says so, and where they are.
fn source(o: &Object<'_>) -> String {
    let first = |one: &'static str, other: &'static str| match o.text(one) {
        "" => o.text(other),
        text => text,
    };
    let component = first("/source/component", "/reportingComponent");
    match first("/source/host", "/reportingInstance") {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    }
}
