//! Service.

use super::draft::{Draft, Outcome};
use super::meta::Meta;
use crate::facts::Facts;
use crate::json::{Lax, Strings, Text};
use crate::rules::network;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Service<'a> {
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
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub selector: Strings<'a>,
    #[serde(borrow)]
    pub ports: Lax<Vec<Port<'a>>>,
    #[serde(borrow, rename = "clusterIP")]
    cluster_ip: Text<'a>,
    #[serde(borrow, rename = "clusterIPs")]
    cluster_ips: Lax<Vec<Text<'a>>>,
    #[serde(borrow, rename = "externalIPs")]
    external_ips: Lax<Vec<Text<'a>>>,
    #[serde(borrow)]
    external_name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Port<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    protocol: Text<'a>,
    pub port: i32,
    node_port: i32,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub load_balancer: Lax<LoadBalancer<'a>>,
}

/// status.loadBalancer of Services and Ingresses.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LoadBalancer<'a> {
    #[serde(borrow)]
    ingress: Lax<Vec<Point<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Point<'a> {
    #[serde(borrow)]
    ip: Text<'a>,
    #[serde(borrow)]
    hostname: Text<'a>,
}

impl LoadBalancer<'_> {
    /// Its addresses, sorted, joined by commas.
    pub fn addresses(&self) -> String {
        let points = self.ingress.iter();
        let addresses: BTreeSet<&str> = points
            .map(|point| {
                if point.ip.is_empty() {
                    &*point.hostname
                } else {
                    &*point.ip
                }
            })
            .filter(|address| !address.is_empty())
            .collect();
        let addresses: Vec<&str> = addresses.into_iter().collect();
        addresses.join(",")
    }
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Service {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    network::service(&spec, &mut draft);
    let cluster_ip = spec.cluster_ips.first().unwrap_or(&spec.cluster_ip);
    let external = external_ip(&spec, &status);
    let outcome = if external == "<pending>" {
        Outcome::new("", Health::Progressing).because("It waits for an address from the load balancer")
    } else {
        Outcome::new("", Health::Healthy)
    };
    let cells = vec![
        draft.name_cell(),
        Cell::Text(spec.kind.to_string()),
        Cell::text(&**cluster_ip),
        Cell::text(external),
        Cell::text(ports(&spec.ports)),
        draft.age_cell(),
        Cell::text(spec.selector.joined()),
    ];
    Ok(draft.finish(outcome, cells))
}

fn external_ip(spec: &Spec<'_>, status: &Status<'_>) -> String {
    let external: Vec<&str> = spec.external_ips.iter().map(|ip| &**ip).collect();
    match &*spec.kind {
        "ClusterIP" | "NodePort" => external.join(","),
        "LoadBalancer" => {
            let balancer = status.load_balancer.addresses();
            let mut all: Vec<&str> = balancer.split(',').filter(|ip| !ip.is_empty()).collect();
            all.extend(external);
            if all.is_empty() {
                "<pending>".to_owned()
            } else {
                all.join(",")
            }
        }
        "ExternalName" => spec.external_name.to_string(),
        _ => "<unknown>".to_owned(),
    }
}

fn ports(ports: &[Port<'_>]) -> String {
    let ports: Vec<String> = ports
        .iter()
        .map(|port| match port.node_port {
            node_port @ 1.. => format!("{}:{node_port}/{}", port.port, port.protocol),
            _ => format!("{}/{}", port.port, port.protocol),
        })
        .collect();
    ports.join(",")
}
