//! Ingress.

use super::draft::{Draft, Outcome};
use super::meta::{self, Meta};
use super::service::Status;
use crate::facts::Facts;
use crate::json::{Lax, Text};
use crate::rules::network;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ingress<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    spec: Lax<Spec<'a>>,
    #[serde(borrow)]
    status: Lax<Status<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec<'a> {
    #[serde(borrow)]
    ingress_class_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub default_backend: Lax<Backend<'a>>,
    #[serde(borrow)]
    pub rules: Lax<Vec<Rule<'a>>>,
    #[serde(borrow)]
    pub tls: Lax<Vec<Tls<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Tls<'a> {
    #[serde(borrow)]
    pub secret_name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Rule<'a> {
    #[serde(borrow)]
    host: Text<'a>,
    #[serde(borrow)]
    pub http: Lax<Http<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Http<'a> {
    #[serde(borrow)]
    pub paths: Lax<Vec<Path<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Path<'a> {
    #[serde(borrow)]
    pub backend: Lax<Backend<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Backend<'a> {
    #[serde(borrow)]
    pub service: Lax<BackendService<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct BackendService<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub port: Lax<BackendPort<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct BackendPort<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    pub number: i32,
}

/// How many hosts are printed.
const SHOWN: usize = 3;

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Ingress {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    network::ingress(&spec, &mut draft);
    network::ingress_class(
        spec.ingress_class_name.as_deref(),
        metadata.annotations.get(meta::INGRESS_CLASS),
        &mut draft,
    );
    let cells = vec![
        draft.name_cell(),
        Cell::text(spec.ingress_class_name.as_deref().unwrap_or_default()),
        Cell::Text(hosts(&spec.rules)),
        Cell::Text(status.load_balancer.addresses()),
        Cell::Text(if spec.tls.is_empty() { "80" } else { "80, 443" }.to_owned()),
        draft.age_cell(),
    ];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}

/// The first hosts; rules without one do not count among those shown, but among those left out, as in kubectl.
fn hosts(rules: &[Rule<'_>]) -> String {
    let mut shown: Vec<&str> = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= shown.len() == SHOWN;
        if !more && !rule.host.is_empty() {
            shown.push(&rule.host);
        }
    }
    match (shown.as_slice(), more) {
        ([], _) => "*".to_owned(),
        (shown, true) => format!("{} + {} more...", shown.join(","), rules.len() - SHOWN),
        (shown, false) => shown.join(","),
    }
}
