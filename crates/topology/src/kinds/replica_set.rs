//! ReplicaSet.

use super::draft::{Draft, Outcome};
use super::meta::{Conditions, LabelSelector, Meta};
use super::workload;
use crate::facts::Facts;
use crate::json::Lax;
use crate::pod_spec::Template;
use crate::rules::pods;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReplicaSet<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    spec: Lax<Spec<'a>>,
    #[serde(borrow)]
    status: Lax<Status<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec<'a> {
    replicas: Option<i32>,
    #[serde(borrow)]
    selector: Lax<LabelSelector<'a>>,
    #[serde(borrow)]
    template: Lax<Template<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status<'a> {
    observed_generation: i64,
    pub replicas: i32,
    pub ready_replicas: i32,
    available_replicas: i32,
    #[serde(borrow)]
    conditions: Conditions<'a>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let ReplicaSet {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    pods::template(&spec.template.spec, workload::TEMPLATE, |_| false, &mut draft);
    let desired = spec.replicas.unwrap_or(1);
    let outcome = outcome(metadata.generation, desired, &status);
    let [containers, images] = workload::image_cells(&spec.template.spec);
    let cells = vec![
        draft.name_cell(),
        workload::number(desired),
        workload::number(status.replicas),
        workload::number(status.ready_replicas),
        draft.age_cell(),
        containers,
        images,
        Cell::text(spec.selector.print()),
    ];
    Ok(draft.finish(outcome, cells))
}

/// As far along as its pods are.
pub(super) fn outcome(generation: i64, desired: i32, status: &Status<'_>) -> Outcome {
    let (ready, available) = (status.ready_replicas, status.available_replicas);
    let replicas = workload::replicas(desired, ready, available);
    let outcome = |health| workload::outcome(replicas, health);
    if status.observed_generation < generation {
        return workload::unobserved(replicas);
    }
    if let Some(failure) = workload::failure(&status.conditions) {
        return outcome(Health::Unhealthy).because(failure);
    }
    match desired {
        0 if status.replicas == 0 => outcome(Health::Suspended).because("It is scaled to zero"),
        _ if available < desired => outcome(Health::Progressing)
            .because(format!("{available} of {} available", workload::pods(desired))),
        _ => outcome(Health::Healthy),
    }
}
