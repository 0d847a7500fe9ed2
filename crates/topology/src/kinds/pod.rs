//! Pod.

use super::draft::{Draft, Outcome};
use super::meta::{self, Conditions, Meta};
use crate::facts::Facts;
use crate::json::{Lax, Text};
use crate::pod_spec::PodSpec;
use crate::rules::pods;
use crate::symbols::Symbols;
use model::KindId;
use model::list::Cell;
use serde::Deserialize;

mod health;
mod status;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pod<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    spec: Lax<PodSpec<'a>>,
    #[serde(borrow)]
    status: Lax<Status<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    conditions: Conditions<'a>,
    #[serde(borrow)]
    init_container_statuses: Lax<Vec<ContainerStatus<'a>>>,
    #[serde(borrow)]
    container_statuses: Lax<Vec<ContainerStatus<'a>>>,
    #[serde(borrow, rename = "podIPs")]
    pod_ips: Lax<Vec<PodIp<'a>>>,
    #[serde(borrow)]
    nominated_node_name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PodIp<'a> {
    #[serde(borrow)]
    ip: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    ready: bool,
    started: Option<bool>,
    restart_count: u32,
    #[serde(borrow)]
    state: Lax<State<'a>>,
    #[serde(borrow)]
    last_state: Lax<State<'a>>,
}

/// The state of a container: one of the three, or none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct State<'a> {
    #[serde(borrow)]
    waiting: Option<Waiting<'a>>,
    #[serde(borrow)]
    running: Option<Running<'a>>,
    #[serde(borrow)]
    terminated: Option<Terminated<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Waiting<'a> {
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Running<'a> {
    #[serde(borrow)]
    started_at: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Terminated<'a> {
    exit_code: i32,
    signal: i32,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    finished_at: Text<'a>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let pod: Pod<'_> = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &pod.metadata, symbols);
    let mirror = pod.metadata.annotations.get(meta::MIRROR).is_some();
    pods::pod(&pod.spec, mirror, &mut draft);
    let printed = status::print(&pod);
    let (health, reason) = health::of(&pod, &printed.word);
    let outcome = Outcome {
        restarts: Some(printed.restarts),
        ..Outcome::new(printed.word.clone(), health).because(reason.unwrap_or_default())
    };
    let restarts = match printed.last_restart {
        Some(last) if printed.restarts > 0 => Cell::Counted(printed.restarts.into(), last),
        _ => Cell::Number(printed.restarts.into()),
    };
    let ip = pod.status.pod_ips.first().map_or("", |ip| &*ip.ip);
    let cells = vec![
        draft.name_cell(),
        Cell::Text(format!("{}/{}", printed.ready, printed.total)),
        Cell::Text(printed.word),
        restarts,
        draft.age_cell(),
        Cell::text(ip),
        Cell::text(&*pod.spec.node_name),
        Cell::text(&*pod.status.nominated_node_name),
        readiness_gates(&pod),
    ];
    Ok(draft.finish(outcome, cells))
}

/// Gates that are true of all gates.
fn readiness_gates(pod: &Pod<'_>) -> Cell {
    let gates = &pod.spec.readiness_gates;
    let holds = |kind: &str| meta::holds(&pod.status.conditions, kind).is_some();
    match gates.iter().filter(|gate| holds(&gate.condition_type)).count() {
        _ if gates.is_empty() => Cell::None,
        open => Cell::Text(format!("{open}/{}", gates.len())),
    }
}
