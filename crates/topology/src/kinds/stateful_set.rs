//! StatefulSet.

use super::draft::{Draft, Outcome};
use super::meta::Meta;
use super::workload;
use crate::facts::Facts;
use crate::json::{Lax, Text};
use crate::pod_spec::Template;
use crate::rules::{network, pods, storage};
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatefulSet<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    spec: Lax<Spec<'a>>,
    #[serde(borrow)]
    status: Lax<Status<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec<'a> {
    replicas: Option<i32>,
    #[serde(borrow)]
    service_name: Text<'a>,
    #[serde(borrow)]
    template: Lax<Template<'a>>,
    #[serde(borrow)]
    volume_claim_templates: Lax<Vec<ClaimTemplate<'a>>>,
    #[serde(borrow)]
    update_strategy: Lax<Strategy<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ClaimTemplate<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Strategy<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    rolling_update: Lax<RollingUpdate>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RollingUpdate {
    partition: Lax<i32>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    observed_generation: i64,
    replicas: i32,
    ready_replicas: i32,
    available_replicas: i32,
    updated_replicas: i32,
    #[serde(borrow)]
    current_revision: Text<'a>,
    #[serde(borrow)]
    update_revision: Text<'a>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let StatefulSet {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    let claims = &spec.volume_claim_templates;
    let replaced = |volume: &str| claims.iter().any(|claim| claim.metadata.name == *volume);
    network::governing_service(&spec.service_name, &mut draft);
    let templates = spec.volume_claim_templates.iter();
    storage::claim_templates(templates.map(|template| &*template.metadata.name), &mut draft);
    pods::template(&spec.template.spec, workload::TEMPLATE, replaced, &mut draft);
    let outcome = outcome(metadata.generation, &spec, &status);
    let [containers, images] = workload::image_cells(&spec.template.spec);
    let cells = vec![
        draft.name_cell(),
        Cell::Text(format!(
            "{}/{}",
            status.ready_replicas,
            spec.replicas.unwrap_or(1)
        )),
        draft.age_cell(),
        containers,
        images,
    ];
    Ok(draft.finish(outcome, cells))
}

/// As `kubectl rollout status` goes: seen, ready, updated from the partition up. With OnDelete there is no rollout.
fn outcome(generation: i64, spec: &Spec<'_>, status: &Status<'_>) -> Outcome {
    let desired = spec.replicas.unwrap_or(1);
    let replicas = workload::replicas(desired, status.ready_replicas, status.available_replicas);
    let outcome = |health| workload::outcome(replicas, health);
    if status.observed_generation < generation {
        return workload::unobserved(replicas);
    }
    if desired == 0 && status.replicas == 0 {
        return outcome(Health::Suspended).because("It is scaled to zero");
    }
    if status.ready_replicas < desired {
        return outcome(Health::Progressing).because(format!(
            "{} of {} ready",
            status.ready_replicas,
            workload::pods(desired)
        ));
    }
    let strategy = &spec.update_strategy;
    let partition = *strategy.rolling_update.partition;
    let to_update = desired - partition;
    if strategy.kind == "OnDelete" {
        return outcome(Health::Healthy);
    }
    if partition > 0 {
        if status.updated_replicas < to_update {
            let reason = format!(
                "{} of {} updated",
                status.updated_replicas,
                workload::pods(to_update)
            );
            return outcome(Health::Progressing).because(reason);
        }
        return outcome(Health::Healthy);
    }
    if status.update_revision != status.current_revision {
        let reason = format!(
            "{} of {} updated",
            status.updated_replicas,
            workload::pods(desired)
        );
        return outcome(Health::Progressing).because(reason);
    }
    outcome(Health::Healthy)
}
