//! How fast an autoscaler may go: what it recommended and did lately, its windows and its policies.

use serde_json::Value;

use crate::controllers::json::{int, list, text};
use crate::quantity::millis;

/// Without `behavior`, it goes down to the most that was recommended within this time.
const PATIENCE: i64 = 300;
/// How long anything of the past can matter: the longest window there can be.
const LONGEST: i64 = 3600;

const READY: Said = ("ReadyForNewScale", "recommended size matches current size");
const DOWN_HELD: Said = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
);
const UP_HELD: Said = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
);
const WITHIN: Said = (
    "DesiredWithinRange",
    "the desired count is within the acceptable range",
);
const TOO_MANY: Said = (
    "TooManyReplicas",
    "the desired replica count is more than the maximum replica count",
);
const TOO_FEW: Said = (
    "TooFewReplicas",
    "the desired replica count is less than the minimum replica count",
);
const TOO_FAST_UP: Said = (
    "ScaleUpLimit",
    "the desired replica count is increasing faster than the maximum scale rate",
);
const TOO_FAST_DOWN: Said = (
    "ScaleDownLimit",
    "the desired replica count is decreasing faster than the maximum scale rate",
);

/// A reason and a message.
type Said = (&'static str, &'static str);

/// By how much a metric may differ from its target before anything happens, as parts of one.
pub(super) struct Tolerance {
    up: f64,
    down: f64,
}

impl Tolerance {
    pub(super) fn of(scaler: &Value) -> Self {
        let part = |way: &str| match &scaler["spec"]["behavior"][way]["tolerance"] {
            Value::Null => 0.1,
            #[expect(clippy::cast_precision_loss, reason = "it is a small number")]
            tolerance => millis(tolerance) as f64 / 1000.0,
        };
        Self {
            up: part("scaleUp"),
            down: part("scaleDown"),
        }
    }

    /// How many replicas a metric asks for that is `ratio` times its target.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "counts of replicas"
    )]
    pub(super) fn replicas(&self, ratio: f64, current: i64) -> i64 {
        match (1.0 - self.down..=1.0 + self.up).contains(&ratio) {
            true => current,
            false => (ratio * current as f64).ceil() as i64,
        }
    }
}

/// What became of a recommendation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) replicas: i64,
    /// Of the condition `AbleToScale`.
    pub(super) stable: Said,
    /// Of the condition `ScalingLimited`.
    pub(super) limit: Said,
    pub(super) is_limited: bool,
}

/// What an autoscaler recommended and did, with the times.
#[derive(Debug, Default)]
pub(crate) struct Past {
    recommended: Vec<(i64, i64)>,
    added: Vec<(i64, i64)>,
    removed: Vec<(i64, i64)>,
}

impl Past {
    /// One that has recommended what there is.
    pub(super) fn new(now: i64, replicas: i64) -> Self {
        Self {
            recommended: vec![(now, replicas)],
            ..Self::default()
        }
    }

    /// Remembers that so many replicas were added, or removed.
    pub(super) fn changed(&mut self, now: i64, by: i64) {
        let changes = if by > 0 {
            &mut self.added
        } else {
            &mut self.removed
        };
        changes.push((now, by.abs()));
        changes.retain(|(time, _)| *time > now - LONGEST);
    }

    /// What of a recommendation is done now.
    pub(super) fn next(
        &mut self,
        scaler: &Value,
        now: i64,
        current: i64,
        wanted: i64,
        (least, most): (i64, i64),
    ) -> Step {
        let behavior = &scaler["spec"]["behavior"];
        let calm = match behavior.is_null() {
            true => self.most_since(now - PATIENCE, wanted),
            false => self.stabilized(behavior, now, current, wanted),
        };
        self.recommended.push((now, wanted));
        self.recommended.retain(|(time, _)| *time >= now - LONGEST);
        let (replicas, limit) = match behavior.is_null() {
            true => limited(current, calm, least, most),
            false => self.paced(behavior, now, current, calm, (least, most)),
        };
        Step {
            replicas,
            stable: match calm == wanted {
                true => READY,
                false if behavior.is_null() || wanted < current => DOWN_HELD,
                false => UP_HELD,
            },
            limit,
            is_limited: replicas != calm,
        }
    }

    fn most_since(&self, cutoff: i64, wanted: i64) -> i64 {
        let recent = self.recommended.iter().filter(|(time, _)| *time >= cutoff);
        recent.map(|(_, count)| *count).fold(wanted, i64::max)
    }

    fn stabilized(&self, behavior: &Value, now: i64, current: i64, wanted: i64) -> i64 {
        let recent = |way: &str, default: i64| {
            let window = int(behavior, &format!("/{way}/stabilizationWindowSeconds")).unwrap_or(default);
            let recent = self
                .recommended
                .iter()
                .filter(move |(time, _)| *time > now - window);
            recent.map(|(_, count)| *count)
        };
        let up = recent("scaleUp", 0).fold(wanted, i64::min);
        let down = recent("scaleDown", PATIENCE).fold(wanted, i64::max);
        current.max(up).min(down)
    }

    /// What the policies of a behavior let pass.
    fn paced(
        &self,
        behavior: &Value,
        now: i64,
        current: i64,
        wanted: i64,
        bounds: (i64, i64),
    ) -> (i64, Said) {
        if wanted > current {
            let limit = self.limit(&behavior["scaleUp"], now, current, true).max(current);
            let (most, why) = match bounds.1 > limit {
                true => (limit, TOO_FAST_UP),
                false => (bounds.1, TOO_MANY),
            };
            if wanted > most {
                return (most, why);
            }
        } else if wanted < current {
            let limit = self
                .limit(&behavior["scaleDown"], now, current, false)
                .min(current);
            let (least, why) = match bounds.0 < limit {
                true => (limit, TOO_FAST_DOWN),
                false => (bounds.0, TOO_FEW),
            };
            if wanted < least {
                return (least, why);
            }
        }
        (wanted, WITHIN)
    }

    /// How far the policies of one direction go.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "counts of replicas"
    )]
    fn limit(&self, rules: &Value, now: i64, current: i64, up: bool) -> i64 {
        let select = text(rules, "/selectPolicy");
        if select == "Disabled" {
            return current;
        }
        let limits = list(rules, "/policies").iter().map(|policy| {
            let since = now - int(policy, "/periodSeconds").unwrap_or_default();
            let sum = |changes: &[(i64, i64)]| -> i64 {
                let recent = changes.iter().filter(|(time, _)| *time > since);
                recent.map(|(_, by)| *by).sum()
            };
            let before = current - sum(&self.added) + sum(&self.removed);
            let value = int(policy, "/value").unwrap_or_default();
            let part = value as f64 / 100.0;
            match (text(policy, "/type"), up) {
                ("Pods", true) => before + value,
                ("Pods", false) => before - value,
                // Rounded so that a small number can grow.
                (_, true) => (before as f64 * (1.0 + part)).ceil() as i64,
                (_, false) => (before as f64 * (1.0 - part)) as i64,
            }
        });
        // The policy that lets most pass, or least.
        let limit = match up == (select == "Min") {
            true => limits.min(),
            false => limits.max(),
        };
        limit.unwrap_or(current)
    }
}

/// Without `behavior`: twice as many at a time, or four.
fn limited(current: i64, wanted: i64, least: i64, most: i64) -> (i64, Said) {
    let rate = (2 * current).max(4);
    let (top, why) = match most > rate {
        true => (rate, TOO_FAST_UP),
        false => (most, TOO_MANY),
    };
    if wanted < least {
        (least, TOO_FEW)
    } else if wanted > top {
        (top, why)
    } else {
        (wanted, WITHIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scaler(behavior: &Value) -> Value {
        json!({"spec": {"behavior": behavior}})
    }

    fn rules(policies: &Value) -> Value {
        json!({"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": policies})
    }

    #[test]
    fn without_a_behavior_it_doubles_and_waits_to_go_down() {
        let plain = scaler(&Value::Null);
        let mut past = Past::new(0, 3);
        let step = past.next(&plain, 0, 3, 20, (1, 30));
        assert_eq!(
            (step.replicas, step.limit.0, step.is_limited),
            (6, "ScaleUpLimit", true)
        );
        assert_eq!(past.next(&plain, 15, 6, 40, (1, 10)).limit.0, "TooManyReplicas");
        let step = past.next(&plain, 30, 10, 2, (3, 10));
        assert_eq!((step.replicas, step.stable.0), (10, "ScaleDownStabilized"));
        let step = past.next(&plain, 316, 10, 2, (3, 10));
        assert_eq!(
            (step.replicas, step.stable.0, step.limit.0),
            (3, "ReadyForNewScale", "TooFewReplicas")
        );
    }

    #[test]
    fn policies_count_what_was_done_within_their_period() {
        let up = rules(&json!([{"type": "Pods", "value": 2, "periodSeconds": 60}]));
        let down = rules(&json!([{"type": "Percent", "value": 50, "periodSeconds": 60},
            {"type": "Pods", "value": 1, "periodSeconds": 60}]));
        let own = scaler(&json!({"scaleUp": up, "scaleDown": down}));
        let mut past = Past::new(0, 3);
        let step = past.next(&own, 0, 3, 9, (1, 10));
        assert_eq!((step.replicas, step.limit.0), (5, "ScaleUpLimit"));
        past.changed(0, 2);
        assert_eq!(past.next(&own, 30, 5, 9, (1, 10)).replicas, 5);
        assert_eq!(past.next(&own, 60, 5, 9, (1, 10)).replicas, 7);
        // The policy that lets more go decides: half of ten.
        let step = past.next(&own, 120, 10, 1, (1, 10));
        assert_eq!((step.replicas, step.limit.0), (5, "ScaleDownLimit"));
        let mut careful = own;
        careful["spec"]["behavior"]["scaleDown"]["selectPolicy"] = json!("Min");
        assert_eq!(past.next(&careful, 120, 10, 1, (1, 10)).replicas, 9);
        careful["spec"]["behavior"]["scaleDown"]["selectPolicy"] = json!("Disabled");
        assert_eq!(past.next(&careful, 120, 10, 1, (1, 10)).replicas, 10);
    }

    #[test]
    fn windows_hold_both_ways() {
        let mut up = rules(&json!([{"type": "Percent", "value": 900, "periodSeconds": 15}]));
        up["stabilizationWindowSeconds"] = json!(60);
        let down = rules(&json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]));
        let own = scaler(&json!({"scaleUp": up, "scaleDown": down}));
        let mut past = Past::new(0, 3);
        let step = past.next(&own, 15, 3, 8, (1, 10));
        assert_eq!((step.replicas, step.stable.0), (3, "ScaleUpStabilized"));
        assert_eq!(past.next(&own, 45, 3, 6, (1, 10)).replicas, 3);
        assert_eq!(
            past.next(&own, 60, 3, 9, (1, 10)).replicas,
            6,
            "the least of the last minute"
        );
        assert_eq!(
            past.next(&own, 75, 6, 1, (1, 10)).replicas,
            1,
            "down without a window"
        );
    }

    #[test]
    fn a_tolerance_keeps_what_there_is() {
        let own = scaler(&json!({"scaleUp": {"tolerance": "500m"}, "scaleDown": {"tolerance": "0"}}));
        let tolerance = Tolerance::of(&own);
        assert_eq!(tolerance.replicas(1.4, 10), 10);
        assert_eq!(tolerance.replicas(1.6, 10), 16);
        assert_eq!(tolerance.replicas(0.99, 200), 198);
        let plain = Tolerance::of(&scaler(&Value::Null));
        assert_eq!(plain.replicas(0.95, 10), 10);
        assert_eq!(plain.replicas(0.85, 10), 9);
    }
}
