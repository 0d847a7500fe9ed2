//! PodDisruptionBudget.

use super::draft::{Draft, Outcome};
use super::meta::{LabelSelector, Meta};
use super::workload;
use crate::facts::Facts;
use crate::json::{Lax, Scalar, slim};
use crate::rules::policy;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

slim! {
    struct Budget<'a> {
        metadata: Meta<'a>,
        spec: Lax<Spec<'a>>,
        status: Lax<Status<'a>>,
    }

    struct Spec<'a> {
        selector: Option<LabelSelector<'a>>,
        min_available: Option<Scalar<'a>>,
        max_unavailable: Option<Scalar<'a>>,
    }

    struct Status<'a> {
        observed_generation: i64,
        disruptions_allowed: i32,
        current_healthy: i32,
        desired_healthy: i32,
        expected_pods: i32,
        #[serde(skip)]
        marker: std::marker::PhantomData<&'a ()>,
    }
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Budget {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    policy::budget(spec.selector.as_ref(), &mut draft);
    let outcome = if status.observed_generation < metadata.generation {
        Outcome::new("", Health::Progressing).because("The controller has not seen the latest change yet")
    } else if status.expected_pods > 0 && status.current_healthy < status.desired_healthy {
        Outcome::new("", Health::Warning).because(format!(
            "{} healthy of the {} that it demands",
            workload::pods(status.current_healthy),
            status.desired_healthy
        ))
    } else {
        Outcome::new("", Health::Healthy)
    };
    let bound = |value: &Option<Scalar<'_>>| {
        Cell::Text(match value {
            Some(Scalar::Integer(number)) => number.to_string(),
            Some(Scalar::Text(text)) => text.to_string(),
            Some(Scalar::Null) | None => "N/A".to_owned(),
        })
    };
    let cells = vec![
        draft.name_cell(),
        bound(&spec.min_available),
        bound(&spec.max_unavailable),
        workload::number(status.disruptions_allowed),
        draft.age_cell(),
    ];
    Ok(draft.finish(outcome, cells))
}
