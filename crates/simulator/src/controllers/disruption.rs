//! PodDisruptionBudgets: how many pods may be away.

use serde_json::{Value, json};

use super::json::{int, is_active, is_ready, selects, set_condition};
use super::kind::Kind;
use super::world::World;
use crate::store::Key;

/// Writes a budget's status.
pub(crate) fn reconcile(world: &mut World, place: &Key) {
    let Some(budget) = world.get(Kind::Budget, place) else {
        return;
    };
    let selector = &budget["spec"]["selector"];
    let pods: Vec<_> = world
        .list(Kind::Pod, &place.namespace)
        .filter(|pod| is_active(pod) && selects(selector, &pod["metadata"]["labels"]))
        .collect();
    let expected = i64::try_from(pods.len()).unwrap_or_default();
    let healthy = i64::try_from(pods.iter().filter(|pod| is_ready(pod)).count()).unwrap_or_default();
    let share = |value: &Value| match value.as_i64() {
        Some(number) => number,
        None => {
            let percent: i64 = value
                .as_str()
                .unwrap_or("0")
                .trim_end_matches('%')
                .parse()
                .unwrap_or_default();
            (expected * percent + 99) / 100
        }
    };
    let spec = &budget["spec"];
    let desired = match (&spec["minAvailable"], &spec["maxUnavailable"]) {
        (Value::Null, Value::Null) => 0,
        (Value::Null, most) => (expected - share(most)).max(0),
        (least, _) => share(least),
    };
    let allowed = (healthy - desired).max(0);
    let generation = int(&budget, "/metadata/generation");
    let mut next = Value::clone(&budget);
    let conditions = next["status"]["conditions"].take();
    next["status"] = json!({
        "currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed, "expectedPods": expected,
        "observedGeneration": generation,
    });
    if conditions.is_array() {
        next["status"]["conditions"] = conditions;
    }
    let (state, reason) = if allowed > 0 {
        ("True", "SufficientPods")
    } else {
        ("False", "InsufficientPods")
    };
    let condition = json!({
        "type": "DisruptionAllowed", "status": state, "reason": reason, "message": "", "observedGeneration": generation,
    });
    set_condition(&mut next, condition, world.now);
    world.update(Kind::Budget, next);
}
