//! EndpointSlice.

use super::draft::{Draft, Outcome};
use super::meta::Meta;
use crate::facts::Facts;
use crate::json::{Lax, Text};
use crate::rules::network;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EndpointSlice<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    address_type: Text<'a>,
    #[serde(borrow)]
    endpoints: Lax<Vec<Endpoint<'a>>>,
    #[serde(borrow)]
    ports: Lax<Vec<Port<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Endpoint<'a> {
    #[serde(borrow)]
    addresses: Lax<Vec<Text<'a>>>,
    pub conditions: Lax<Conditions>,
    #[serde(borrow)]
    pub target_ref: Lax<TargetRef<'a>>,
}

/// What is not said is as Kubernetes reads it: ready, and serving as much as ready.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Conditions {
    ready: Option<bool>,
    serving: Option<bool>,
}

impl Conditions {
    pub(crate) fn ready(&self) -> bool {
        self.ready.unwrap_or(true)
    }

    pub(crate) fn serving(&self) -> bool {
        self.serving.unwrap_or(self.ready())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct TargetRef<'a> {
    #[serde(borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub namespace: Text<'a>,
    #[serde(borrow)]
    pub name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Port<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    port: Option<i32>,
}

/// How many ports or addresses are printed.
const SHOWN: usize = 3;

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let slice: EndpointSlice<'_> = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &slice.metadata, symbols);
    let service = slice.metadata.labels.get(network::SERVICE_NAME);
    network::endpoint_slice(service, &slice.endpoints, &mut draft);
    let all = slice.endpoints.len();
    let ready = slice
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.conditions.ready())
        .count();
    let outcome = match (all, ready) {
        (0, _) => Outcome::new("", Health::Suspended).because("It has no endpoints"),
        (all, 0) => {
            Outcome::new("", Health::Warning).because(format!("None of its {all} endpoints is ready"))
        }
        _ => Outcome::new("", Health::Healthy),
    };
    let ports = slice.ports.iter().map(|port| match (port.port, &port.name) {
        (Some(number), _) => number.to_string(),
        (None, Some(name)) => name.to_string(),
        (None, None) => "*".to_owned(),
    });
    let addresses = slice
        .endpoints
        .iter()
        .flat_map(|endpoint| endpoint.addresses.iter());
    let cells = vec![
        draft.name_cell(),
        Cell::Text(slice.address_type.to_string()),
        Cell::Text(shortened(ports.collect())),
        Cell::Text(shortened(addresses.map(ToString::to_string).collect())),
        draft.age_cell(),
    ];
    Ok(draft.finish(outcome, cells))
}

/// The first few, and how many more there are.
fn shortened(all: Vec<String>) -> String {
    let shown: Vec<&str> = all.iter().take(SHOWN).map(String::as_str).collect();
    let shown = shown.join(",");
    match all.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{shown} + {more} more..."),
        _ if shown.is_empty() => "<unset>".to_owned(),
        _ => shown,
    }
}
