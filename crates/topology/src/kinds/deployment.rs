//! Deployment.

use super::draft::{Draft, Outcome};
use super::meta::{self, Conditions, LabelSelector, Meta};
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
struct Deployment<'a> {
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
    paused: Lax<bool>,
    #[serde(borrow)]
    selector: Lax<LabelSelector<'a>>,
    #[serde(borrow)]
    template: Lax<Template<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    observed_generation: i64,
    replicas: i32,
    updated_replicas: i32,
    ready_replicas: i32,
    available_replicas: i32,
    #[serde(borrow)]
    conditions: Conditions<'a>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Deployment {
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
        Cell::Text(format!(
            "{}/{}",
            status.ready_replicas,
            spec.replicas.unwrap_or(1)
        )),
        workload::number(status.updated_replicas),
        workload::number(status.available_replicas),
        draft.age_cell(),
        containers,
        images,
        Cell::text(spec.selector.print()),
    ];
    Ok(draft.finish(outcome, cells))
}

/// As `kubectl rollout status` goes: seen, not late, updated, old pods gone, available.
fn outcome(generation: i64, spec: &Spec<'_>, status: &Status<'_>) -> Outcome {
    let desired = spec.replicas.unwrap_or(1);
    let replicas = workload::replicas(desired, status.ready_replicas, status.available_replicas);
    let outcome = |health| workload::outcome(replicas, health);
    if status.observed_generation < generation {
        return workload::unobserved(replicas);
    }
    let progress = meta::condition(&status.conditions, "Progressing");
    if let Some(failure) = workload::failure(&status.conditions) {
        return outcome(Health::Unhealthy).because(failure);
    }
    if let Some(late) = progress.filter(|progress| progress.reason == "ProgressDeadlineExceeded") {
        return outcome(Health::Unhealthy)
            .because(format!("The rollout exceeded its deadline: {}", late.words()));
    }
    if desired == 0 && status.replicas == 0 {
        return outcome(Health::Suspended).because("It is scaled to zero");
    }
    let (updated, available) = (status.updated_replicas, status.available_replicas);
    if *spec.paused && updated < desired {
        return outcome(Health::Suspended).because(format!(
            "The rollout is paused: {updated} of {} updated",
            workload::pods(desired)
        ));
    }
    if updated < desired {
        return outcome(Health::Progressing)
            .because(format!("{updated} of {} updated", workload::pods(desired)));
    }
    if status.replicas > updated {
        let old = workload::pods(status.replicas - updated);
        return outcome(Health::Progressing).because(format!("{old} of the old version still there"));
    }
    if available < updated {
        let reason = format!("{available} of {} available", workload::pods(updated));
        // A rollout that was complete and lost its pods is not on its way anywhere.
        let complete = progress.is_some_and(|progress| progress.reason == "NewReplicaSetAvailable");
        let enough = meta::holds(&status.conditions, "Available").is_some();
        let health = match (complete, enough) {
            (false, _) => Health::Progressing,
            (true, true) => Health::Warning,
            (true, false) => Health::Unhealthy,
        };
        return outcome(health).because(reason);
    }
    outcome(Health::Healthy)
}
