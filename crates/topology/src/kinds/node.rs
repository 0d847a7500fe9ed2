//! Node.

use super::draft::{Draft, Outcome};
use super::meta::{self, Conditions, Meta};
use crate::facts::Facts;
use crate::json::{Lax, Text};
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Node<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    spec: Lax<Spec>,
    #[serde(borrow)]
    status: Lax<Status<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    unschedulable: Lax<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    #[serde(borrow)]
    conditions: Conditions<'a>,
    #[serde(borrow)]
    addresses: Lax<Vec<Address<'a>>>,
    #[serde(borrow)]
    node_info: Lax<Info<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Address<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    address: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Info<'a> {
    #[serde(borrow)]
    kubelet_version: Text<'a>,
    #[serde(borrow)]
    os_image: Text<'a>,
    #[serde(borrow)]
    kernel_version: Text<'a>,
    #[serde(borrow)]
    container_runtime_version: Text<'a>,
    #[serde(borrow)]
    architecture: Text<'a>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Node {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let draft = Draft::new(kind, &metadata, symbols);
    let outcome = outcome(*spec.unschedulable, &status);
    let info = &status.node_info;
    let known = |text: &Text<'_>| {
        if text.is_empty() {
            Cell::Unknown
        } else {
            Cell::text(&**text)
        }
    };
    let address = |kind: &str| {
        let address = status.addresses.iter().find(|address| address.kind == kind);
        Cell::text(address.map_or("", |address| &*address.address))
    };
    let cells = vec![
        draft.name_cell(),
        Cell::Text(outcome.word.clone()),
        Cell::text(roles(&metadata)),
        draft.age_cell(),
        Cell::Text(info.kubelet_version.to_string()),
        address("InternalIP"),
        address("ExternalIP"),
        known(&info.os_image),
        kernel(info),
        known(&info.container_runtime_version),
    ];
    Ok(draft.finish(outcome, cells))
}

/// The version and, where the node says it, for which architecture.
fn kernel(info: &Info<'_>) -> Cell {
    let version = match &*info.kernel_version {
        "" => "<unknown>",
        version => version,
    };
    Cell::Text(match &*info.architecture {
        "" => version.to_owned(),
        architecture => format!("{version} ({architecture})"),
    })
}

fn outcome(unschedulable: bool, status: &Status<'_>) -> Outcome {
    let ready = meta::condition(&status.conditions, "Ready");
    let word = match ready.map(|ready| &*ready.status) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let word = format!("{word}{}", if unschedulable { ",SchedulingDisabled" } else { "" });
    let pressure = [
        "NetworkUnavailable",
        "MemoryPressure",
        "DiskPressure",
        "PIDPressure",
    ]
    .iter()
    .find_map(|kind| meta::holds(&status.conditions, kind));
    match (ready, pressure) {
        (None, _) => Outcome::new(word, Health::Unknown).because("The node has not reported yet"),
        (Some(ready), _) if ready.status != "True" => {
            Outcome::new(word, Health::Unhealthy).because(ready.words())
        }
        (_, Some(pressure)) => {
            Outcome::new(word, Health::Warning).because(format!("{}: {}", pressure.kind, pressure.words()))
        }
        _ if unschedulable => Outcome::new(word, Health::Warning).because("No new pods are scheduled here"),
        _ => Outcome::new(word, Health::Healthy),
    }
}

/// From the labels `node-role.kubernetes.io/<role>` and `kubernetes.io/role`.
fn roles(metadata: &Meta<'_>) -> String {
    let roles: BTreeSet<&str> = metadata
        .labels
        .pairs()
        .filter_map(
            |(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
                None if key == "kubernetes.io/role" => Some(value),
                role => role,
            },
        )
        .filter(|role| !role.is_empty())
        .collect();
    let roles: Vec<&str> = roles.into_iter().collect();
    roles.join(",")
}
