//! The life of the demo: every few minutes one of the Deployments that are annotated with `rollout` is rolled over.

use serde_json::{Value, json};

use super::json::{hash, key, told};
use super::kind::Kind;
use super::world::World;

/// Between two rollouts, give or take a minute.
const PERIOD: i64 = 210;

/// Rolls the next Deployment over, if it is time. Returns when the next one is due.
pub(crate) fn reconcile(world: &mut World) -> i64 {
    let due = world.retry_due("", "rollout");
    let luck = i64::try_from(world.next_number() % 90).unwrap_or_default();
    if due == 0 {
        // Somebody who has just come is shown one soon.
        let first = world.now + 40 + luck / 3;
        world.retry_at("", "rollout", first);
        return first;
    }
    if world.now < due {
        return due;
    }
    let candidates: Vec<_> = world
        .list(Kind::Deployment, "")
        .filter(|deployment| told(deployment, "rollout") == Some("true"))
        .cloned()
        .collect();
    let count = candidates.len().max(1);
    let pick = hash(&due.to_string()) % count as u64;
    if let Some(deployment) = usize::try_from(pick).ok().and_then(|pick| candidates.get(pick)) {
        roll(world, deployment);
    }
    let next = world.now + PERIOD + luck - 45;
    world.retry_at("", "rollout", next);
    next
}

/// The next patch release of the first image: `2.14.3` becomes `2.14.4`.
fn roll(world: &mut World, deployment: &Value) {
    let Some(current) = world.get(Kind::Deployment, &key(deployment)) else {
        return;
    };
    let mut next = Value::clone(&current);
    let image = super::json::text(&next, "/spec/template/spec/containers/0/image");
    let newer = image
        .rsplit_once('.')
        .and_then(|(head, patch)| Some(format!("{head}.{}", patch.parse::<u32>().ok()? + 1)));
    match newer {
        Some(image) => {
            let version = image
                .rsplit_once(':')
                .map(|(_, tag)| tag.to_owned())
                .unwrap_or_default();
            next["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
            let label = "app.kubernetes.io/version";
            let labels = &mut next["spec"]["template"]["metadata"]["labels"];
            if labels.get(label).is_some() {
                labels[label] = json!(version);
                next["metadata"]["labels"][label] = json!(version);
            }
        }
        None => {
            next["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
                json!(world.stamp());
        }
    }
    world.update(Kind::Deployment, next);
}
