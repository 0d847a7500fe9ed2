//! A cluster with a past: manifests are applied at their ages, oldest first, and the controllers act in between, so
//! that everything has the times, owners and events that it would have.

use serde_json::{Value, json};

use super::defaults;
use crate::clock::stamp;
use crate::controllers::Manager;
use crate::controllers::json::{PREFIX, duration, key, remove, told};
use crate::controllers::kind::Kind;
use crate::controllers::quota;
use crate::controllers::recorder::{LIFETIME, last_seen};
use crate::error::StartError;
use crate::shared::Shared;

/// How old an object is that does not say.
const AGE: i64 = 12 * 86_400;

/// Plays the past up to now and puts the result into the store. Objects carry their age in an annotation; one that
/// comes twice is created first and changed later.
pub(crate) fn play(shared: &Shared, manager: &mut Manager, objects: Vec<Value>) -> Result<(), StartError> {
    let now = shared.clock.seconds();
    let mut steps: Vec<(i64, Value)> = objects
        .into_iter()
        .map(|object| (now - age(&object), object))
        .collect();
    steps.sort_by_key(|(time, _)| *time);
    manager.world.past = true;
    manager.world.now = steps.first().map_or(now, |(time, _)| *time);
    let mut last = manager.world.now;
    for (time, mut object) in steps {
        remove(&mut object, "/metadata/annotations", &format!("{PREFIX}age"));
        if object["metadata"]["annotations"]
            .as_object()
            .is_none_or(serde_json::Map::is_empty)
        {
            remove(&mut object, "/metadata", "annotations");
        }
        if time > last {
            manager.pass_until(time);
            last = time;
        }
        let api_version = object["apiVersion"].as_str().unwrap_or_default();
        match Kind::of(api_version, object["kind"].as_str().unwrap_or_default()) {
            Some(kind) => {
                defaults::fill(kind, &mut object);
                manager.world.place(kind, object);
            }
            None => {
                object["metadata"]["creationTimestamp"] = json!(stamp(time));
                date(&mut object, now);
                shared.load(object)?;
            }
        }
    }
    manager.pass_until(now);
    let world = &mut manager.world;
    let old: Vec<_> = world
        .list(Kind::Event, "")
        .filter(|event| last_seen(event) < now - LIFETIME)
        .map(|event| key(event))
        .collect();
    for key in old {
        world.erase(Kind::Event, &key);
    }
    let quotas: Vec<_> = world.list(Kind::Quota, "").map(|quota| key(quota)).collect();
    for quota in &quotas {
        quota::reconcile(world, quota);
    }
    world.publish();
    Ok(())
}

/// Turns `now-3h` into a time, wherever it stands.
fn date(value: &mut Value, now: i64) {
    match value {
        Value::String(text) => {
            if let Some(ago) = text.strip_prefix("now-").and_then(duration) {
                *value = json!(stamp(now - ago));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| date(item, now)),
        Value::Object(fields) => fields.values_mut().for_each(|field| date(field, now)),
        _ => {}
    }
}

fn age(object: &Value) -> i64 {
    told(object, "age").and_then(duration).unwrap_or(AGE)
}
