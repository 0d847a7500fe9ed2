//! What a cluster suffers in one step.

use std::time::Duration;

use serde_json::json;
use simulator::{Fault, FaultRule};

use super::Dice;

/// What goes wrong.
#[derive(Debug)]
pub enum Harm {
    /// A fault of the simulator.
    Rule(FaultRule),
    /// Every connection is cut.
    Cut,
    /// The past is forgotten, and every connection cut.
    Compacted,
    /// The token is refused, and every connection cut.
    Revoked,
    /// Another cluster takes the address.
    Replaced,
}

/// One harm, or two.
pub fn throw(dice: &mut Dice) -> Vec<Harm> {
    let mut harms: Vec<Harm> = (0..=dice.below(2)).map(|_| one(dice)).collect();
    // The simulator cannot reorder what another fault ends.
    if harms.len() > 1 {
        harms.retain(|harm| !matches!(harm, Harm::Rule(rule) if rule.fault == Fault::Reorder));
    }
    harms
}

/// Whether it lasts beyond its end: what is denied is asked again after a minute, what is silent may be for long.
pub fn lasts(rule: &FaultRule) -> bool {
    matches!(
        rule.fault,
        // A watch has no half: the simulator sends nothing of it.
        Fault::TruncatedGzip
            | Fault::SilenceAfter(_)
            | Fault::Slow(_)
            | Fault::Refuse {
                code: 401 | 403 | 404,
                ..
            }
    )
}

fn one(dice: &mut Dice) -> Harm {
    match dice.below(20) {
        0 => Harm::Cut,
        1 => Harm::Compacted,
        2 => Harm::Revoked,
        3 => Harm::Replaced,
        _ => Harm::Rule(rule(dice)),
    }
}

fn rule(dice: &mut Dice) -> FaultRule {
    let bytes = dice.of(&[0, 1, 60, 300, 700, 2000, 9000]);
    let fault = match dice.below(19) {
        0 | 1 => Fault::Refuse {
            code: dice.of(&[401, 403, 404, 410]),
            retry_after: None,
        },
        2 | 3 => Fault::Refuse {
            code: dice.of(&[429, 500, 503, 504]),
            retry_after: dice.of(&[None, Some(1)]),
        },
        4 => Fault::DelayFirstByte(Duration::from_millis(dice.of(&[20, 200, 900]))),
        5 | 6 => Fault::CutAfter(bytes),
        7 | 8 => Fault::EndAfter(bytes),
        9 => Fault::SilenceAfter(bytes),
        10 => Fault::Inject(dice.of(&LINES).to_owned()),
        11 => Fault::Inject(expired()),
        12 => Fault::ContentType("text/html".to_owned()),
        13 => Fault::NoBookmarks,
        14 => Fault::TruncatedGzip,
        15 => Fault::Duplicate,
        16 => Fault::Reorder,
        17 => Fault::ClockSkew(dice.of(&[-3600, 3600])),
        _ => return rare(dice),
    };
    let path = dice.of(&[
        "/api",
        "/api",
        "/apis",
        "/apis/apps",
        "/api/v1/pods",
        "/api/v1/configmaps",
        "/apis/walk",
        "",
    ]);
    let mut rule = FaultRule::on(path, fault);
    if dice.once_in(2) {
        rule = rule.times(u32::try_from(dice.below(40)).unwrap() + 1);
    }
    match dice.below(3) {
        0 => rule,
        half => rule.watch(half == 1),
    }
}

/// What costs much, and is done little.
fn rare(dice: &mut Dice) -> FaultRule {
    match dice.below(4) {
        0 => FaultRule::of_connections(Fault::SlowHandshake(Duration::from_millis(150))).times(30),
        1 => FaultRule::on("/api/v1/pods", Fault::Oversized(3_000_000)).times(2),
        2 => FaultRule::on("/api/v1/pods", Fault::Oversized(9_000_000))
            .watch(true)
            .times(2),
        _ => FaultRule::on("/api/v1/configmaps", Fault::Slow(Duration::from_micros(300))).times(2),
    }
}

/// What no API server says.
const LINES: [&str; 4] = [
    "{\"type\":\n",
    "<html>\n",
    "{\"type\":\"ADDED\",\"object\":{\"metadata\":7}}\n",
    "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"never-was\",\"namespace\":\"default\",\"uid\":\"u\",\"resourceVersion\":\"3\"}}}\n",
];

fn expired() -> String {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "too old resource version", "reason": "Expired", "code": 410});
    format!("{}\n", json!({"type": "ERROR", "object": status}))
}
