//! ReplicationController.

use super::draft::Draft;
use super::meta::Meta;
use super::replica_set::{self, Status};
use super::workload;
use crate::facts::Facts;
use crate::json::{Lax, Strings, slim};
use crate::pod_spec::Template;
use crate::rules::pods;
use crate::symbols::Symbols;
use model::KindId;
use model::list::Cell;

slim! {
    struct Controller<'a> {
        metadata: Meta<'a>,
        spec: Lax<Spec<'a>>,
        status: Lax<Status<'a>>,
    }

    struct Spec<'a> {
        replicas: Option<i32>,
        selector: Strings<'a>,
        template: Lax<Template<'a>>,
    }
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Controller {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    pods::template(&spec.template.spec, workload::TEMPLATE, |_| false, &mut draft);
    let desired = spec.replicas.unwrap_or(1);
    let outcome = replica_set::outcome(metadata.generation, desired, &status);
    let [containers, images] = workload::image_cells(&spec.template.spec);
    let cells = vec![
        draft.name_cell(),
        workload::number(desired),
        workload::number(status.replicas),
        workload::number(status.ready_replicas),
        draft.age_cell(),
        containers,
        images,
        Cell::text(spec.selector.joined()),
    ];
    Ok(draft.finish(outcome, cells))
}
