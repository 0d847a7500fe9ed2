//! CronJob.

use super::draft::{Draft, Outcome};
use super::meta::{self, LabelSelector, Meta};
use super::workload;
use crate::facts::Facts;
use crate::json::{Lax, Text};
use crate::pod_spec::Template;
use crate::rules::pods;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Default, Deserialize)]
#[serde(default)]
struct CronJob<'a> {
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
    #[serde(borrow)]
    schedule: Text<'a>,
    #[serde(borrow)]
    time_zone: Option<Text<'a>>,
    suspend: Option<bool>,
    #[serde(borrow)]
    job_template: Lax<JobTemplate<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct JobTemplate<'a> {
    #[serde(borrow)]
    spec: Lax<JobSpec<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct JobSpec<'a> {
    #[serde(borrow)]
    selector: Lax<LabelSelector<'a>>,
    #[serde(borrow)]
    template: Lax<Template<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    active: Lax<Vec<IgnoredAny>>,
    #[serde(borrow)]
    last_schedule_time: Text<'a>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let CronJob {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    let job = &spec.job_template.spec;
    pods::template(
        &job.template.spec,
        "spec.jobTemplate.spec.template.spec",
        |_| false,
        &mut draft,
    );
    let outcome = if spec.suspend == Some(true) {
        Outcome::new("", Health::Suspended).because("It is suspended")
    } else {
        Outcome::new("", Health::Healthy)
    };
    let suspend = match spec.suspend {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let [containers, images] = workload::image_cells(&job.template.spec);
    let cells = vec![
        draft.name_cell(),
        Cell::Text(spec.schedule.to_string()),
        Cell::text(spec.time_zone.as_deref().unwrap_or_default()),
        Cell::Text(suspend.to_owned()),
        i64::try_from(status.active.len()).map_or(Cell::Unknown, Cell::Number),
        meta::time(&status.last_schedule_time).map_or(Cell::None, Cell::Time),
        draft.age_cell(),
        containers,
        images,
        Cell::text(job.selector.print()),
    ];
    Ok(draft.finish(outcome, cells))
}
