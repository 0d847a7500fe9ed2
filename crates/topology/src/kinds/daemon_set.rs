//! DaemonSet.

use super::draft::{Draft, Outcome};
use super::meta::{LabelSelector, Meta};
use super::workload;
use crate::facts::Facts;
use crate::json::{Lax, Text};
use crate::pod_spec::Template;
use crate::rules::pods;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct DaemonSet<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    spec: Lax<Spec<'a>>,
    status: Lax<Status>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec<'a> {
    #[serde(borrow)]
    selector: Lax<LabelSelector<'a>>,
    #[serde(borrow)]
    template: Lax<Template<'a>>,
    #[serde(borrow)]
    update_strategy: Lax<Strategy<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Strategy<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: i64,
    desired_number_scheduled: i32,
    current_number_scheduled: i32,
    number_ready: i32,
    updated_number_scheduled: i32,
    number_available: i32,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let DaemonSet {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    pods::template(&spec.template.spec, workload::TEMPLATE, |_| false, &mut draft);
    let outcome = outcome(metadata.generation, &spec, &status);
    let [containers, images] = workload::image_cells(&spec.template.spec);
    let cells = vec![
        draft.name_cell(),
        workload::number(status.desired_number_scheduled),
        workload::number(status.current_number_scheduled),
        workload::number(status.number_ready),
        workload::number(status.updated_number_scheduled),
        workload::number(status.number_available),
        Cell::text(spec.template.spec.node_selector.joined()),
        draft.age_cell(),
        containers,
        images,
        Cell::text(spec.selector.print()),
    ];
    Ok(draft.finish(outcome, cells))
}

/// As `kubectl rollout status` goes: seen, updated, available. With OnDelete nothing updates its pods.
fn outcome(generation: i64, spec: &Spec<'_>, status: &Status) -> Outcome {
    let desired = status.desired_number_scheduled;
    let replicas = workload::replicas(desired, status.number_ready, status.number_available);
    let outcome = |health| workload::outcome(replicas, health);
    let part = |count: i32, what: &str| format!("{count} of {} {what}", workload::pods(desired));
    if status.observed_generation < generation {
        workload::unobserved(replicas)
    } else if desired == 0 {
        outcome(Health::Suspended).because("No node is to run it")
    } else if status.updated_number_scheduled < desired && spec.update_strategy.kind != "OnDelete" {
        outcome(Health::Progressing).because(part(status.updated_number_scheduled, "updated"))
    } else if status.number_available < desired {
        outcome(Health::Progressing).because(part(status.number_available, "available"))
    } else {
        outcome(Health::Healthy)
    }
}
