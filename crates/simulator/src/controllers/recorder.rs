//! Events: one object for each involved object, reason and message, with a count.

use serde_json::{Value, json};

use super::json::{hash, micro_stamp, name, namespace, text, uid};
use super::kind::Kind;
use super::world::World;
use crate::store::Key;

/// How long the API server keeps an event.
pub(crate) const LIFETIME: i64 = 3600;

/// Writes that something happened to an object.
pub(crate) fn record(
    world: &mut World,
    kind: Kind,
    about: &Value,
    level: &str,
    reason: &str,
    component: &str,
    message: &str,
) {
    record_at(world, kind, about, level, reason, component, message, "");
}

/// The same about one container of a pod.
pub(crate) fn record_container(
    world: &mut World,
    pod: &Value,
    container: &str,
    level: &str,
    reason: &str,
    message: &str,
) {
    let path = format!("spec.containers{{{container}}}");
    record_at(world, Kind::Pod, pod, level, reason, "kubelet", message, &path);
}

#[expect(clippy::too_many_arguments, reason = "an event has that many parts")]
fn record_at(
    world: &mut World,
    kind: Kind,
    about: &Value,
    level: &str,
    reason: &str,
    component: &str,
    message: &str,
    field_path: &str,
) {
    // Of a past that is being made, only what went wrong is remembered for longer than events last: it is counted on.
    if world.past && level == "Normal" && world.now < world.shared.clock.seconds() - LIFETIME {
        return;
    }
    let space = match namespace(about) {
        "" => "default",
        space => space,
    };
    let same = hash(&format!("{}/{reason}/{message}/{field_path}", uid(about)));
    let stamp = world.stamp();
    if let Some(event) = world
        .told
        .get(&same)
        .and_then(|event| world.get(Kind::Event, &Key::new(space, event)))
    {
        let mut event = Value::clone(&event);
        let count = super::json::int(&event, "/count").unwrap_or(1);
        event["count"] = json!(count + 1);
        event["lastTimestamp"] = json!(stamp);
        if world.update(Kind::Event, event) {
            return;
        }
    }
    let number = world.next_number();
    let event_name = format!("{}.{:016x}", name(about), number);
    let mut involved = json!({
        "kind": kind.name(), "apiVersion": kind.api_version(), "name": name(about), "uid": uid(about),
        "resourceVersion": text(about, "/metadata/resourceVersion"),
    });
    if !namespace(about).is_empty() {
        involved["namespace"] = json!(namespace(about));
    }
    if !field_path.is_empty() {
        involved["fieldPath"] = json!(field_path);
    }
    let mut source = json!({"component": component});
    if component == "kubelet" {
        let node = text(about, "/spec/nodeName");
        source["host"] = json!(if node.is_empty() { name(about) } else { node });
    }
    let instance = source["host"].as_str().unwrap_or_default().to_owned();
    let mut event = json!({
        "metadata": {"name": event_name, "namespace": space},
        "involvedObject": involved, "reason": reason, "message": message, "type": level, "source": source,
        "count": 1, "firstTimestamp": stamp, "lastTimestamp": stamp, "eventTime": null,
        "reportingComponent": component, "reportingInstance": instance,
    });
    // The scheduler writes events of the newer kind, which have no count.
    if component == "default-scheduler" && reason == "Scheduled" {
        event["eventTime"] = json!(micro_stamp(world.now, number));
        event["firstTimestamp"] = Value::Null;
        event["lastTimestamp"] = Value::Null;
        event["source"] = json!({});
        event["action"] = json!("Binding");
        event["reportingInstance"] = json!("default-scheduler-simulator");
        super::json::remove(&mut event, "", "count");
    }
    world.told.insert(same, event_name);
    world.create(Kind::Event, event);
}

/// Removes the events that are too old. Returns when to look again.
pub(crate) fn expire(world: &mut World) -> i64 {
    let oldest = world.now - LIFETIME;
    let old: Vec<Key> = world
        .list(Kind::Event, "")
        .filter(|event| last_seen(event) < oldest)
        .map(|event| super::json::key(event))
        .collect();
    for key in old {
        world.erase(Kind::Event, &key);
    }
    let events: std::collections::HashSet<String> = world
        .list(Kind::Event, "")
        .map(|event| name(event).to_owned())
        .collect();
    world.told.retain(|_, name| events.contains(name));
    world.now + 60
}

/// When an event happened last.
pub(crate) fn last_seen(event: &Value) -> i64 {
    let paths = ["/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
    paths
        .iter()
        .find_map(|path| super::json::time(event, path))
        .unwrap_or_default()
}
