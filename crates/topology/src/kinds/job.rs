//! Job.

use super::draft::{Draft, Outcome};
use super::meta::{self, Conditions, LabelSelector, Meta};
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
struct Job<'a> {
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
    completions: Option<i32>,
    parallelism: Option<i32>,
    backoff_limit: Option<i32>,
    #[serde(borrow)]
    selector: Lax<LabelSelector<'a>>,
    #[serde(borrow)]
    template: Lax<Template<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    succeeded: i32,
    failed: i32,
    #[serde(borrow)]
    start_time: Text<'a>,
    #[serde(borrow)]
    completion_time: Text<'a>,
    #[serde(borrow)]
    conditions: Conditions<'a>,
}

/// Kubernetes gives up after so many failed pods if the Job does not say.
const BACKOFF_LIMIT: i32 = 6;

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Job {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    pods::template(&spec.template.spec, workload::TEMPLATE, |_| false, &mut draft);
    let outcome = outcome(&metadata, &spec, &status);
    let [containers, images] = workload::image_cells(&spec.template.spec);
    let cells = vec![
        draft.name_cell(),
        Cell::Text(outcome.word.clone()),
        Cell::Text(completions(&spec, &status)),
        duration(&status),
        draft.age_cell(),
        containers,
        images,
        Cell::text(spec.selector.print()),
    ];
    Ok(draft.finish(outcome, cells))
}

/// kubectl's word: Complete, Failed, Terminating, Suspended, FailureTarget, SuccessCriteriaMet or Running, in this order.
fn outcome(metadata: &Meta<'_>, spec: &Spec<'_>, status: &Status<'_>) -> Outcome {
    let holds = |kind: &str| meta::holds(&status.conditions, kind);
    if holds("Complete").is_some() {
        return Outcome::new("Complete", Health::Suspended).because("It is complete");
    }
    if let Some(failed) = holds("Failed") {
        return Outcome::new("Failed", Health::Unhealthy).because(failed.words());
    }
    if metadata.is_deleting() {
        return Outcome::new("Terminating", Health::Progressing).because("It is being deleted");
    }
    if holds("Suspended").is_some() {
        return Outcome::new("Suspended", Health::Suspended).because("It is suspended");
    }
    if let Some(target) = holds("FailureTarget") {
        return Outcome::new("FailureTarget", Health::Unhealthy).because(target.words());
    }
    if holds("SuccessCriteriaMet").is_some() {
        return Outcome::new("SuccessCriteriaMet", Health::Progressing)
            .because("Enough of it has succeeded; the rest of its pods are ended");
    }
    match status.failed {
        0 => Outcome::new("Running", Health::Progressing),
        failed => {
            let limit = spec.backoff_limit.unwrap_or(BACKOFF_LIMIT);
            Outcome::new("Running", Health::Warning).because(format!(
                "{} failed; it gives up after {}",
                workload::pods(failed),
                limit + 1
            ))
        }
    }
}

fn completions(spec: &Spec<'_>, status: &Status<'_>) -> String {
    match (spec.completions, spec.parallelism) {
        (Some(completions), _) => format!("{}/{completions}", status.succeeded),
        (None, Some(parallelism @ 2..)) => format!("{}/1 of {parallelism}", status.succeeded),
        (None, _) => format!("{}/1", status.succeeded),
    }
}

/// From start to completion, or to now; blank before the start.
fn duration(status: &Status<'_>) -> Cell {
    match meta::time(&status.start_time) {
        Some(start) => Cell::Duration(start, meta::time(&status.completion_time)),
        None => Cell::Text(String::new()),
    }
}
