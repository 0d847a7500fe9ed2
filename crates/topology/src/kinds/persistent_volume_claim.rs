//! PersistentVolumeClaim.

use super::classes::TypedRef;
use super::draft::{Draft, Outcome};
use super::meta::{Meta, STORAGE_CLASS};
use super::storage::{access_modes, class, or_unset};
use crate::facts::Facts;
use crate::json::{Lax, Strings, Text};
use crate::rules::storage;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claim<'a> {
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
    pub data_source: Lax<TypedRef<'a>>,
    #[serde(borrow)]
    pub data_source_ref: Lax<TypedRef<'a>>,
    #[serde(borrow)]
    volume_name: Text<'a>,
    #[serde(borrow)]
    storage_class_name: Option<Text<'a>>,
    #[serde(borrow)]
    volume_attributes_class_name: Option<Text<'a>>,
    #[serde(borrow)]
    volume_mode: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    access_modes: Lax<Vec<Text<'a>>>,
    #[serde(borrow)]
    capacity: Strings<'a>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Claim {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    storage::claim(&spec.volume_name, &mut draft);
    storage::restores(&spec, &mut draft);
    let annotation = metadata.annotations.get(STORAGE_CLASS);
    let waits = spec.volume_name.is_empty();
    storage::class(annotation, spec.storage_class_name.as_deref(), waits, &mut draft);
    let word = if metadata.is_deleting() {
        "Terminating"
    } else {
        &*status.phase
    };
    let outcome = match &*status.phase {
        "Bound" => Outcome::new(word, Health::Healthy),
        "Lost" => Outcome::new(word, Health::Unhealthy)
            .because(format!("Its volume {} is gone", &*spec.volume_name)),
        "Pending" => Outcome::new(word, Health::Progressing).because("It waits for a volume"),
        _ => Outcome::new(word, Health::Unknown),
    };
    let (mut capacity, mut modes) = (String::new(), String::new());
    if !spec.volume_name.is_empty() {
        status
            .capacity
            .get("storage")
            .unwrap_or("0")
            .clone_into(&mut capacity);
        modes = access_modes(&status.access_modes);
    }
    let cells = vec![
        draft.name_cell(),
        Cell::Text(word.to_owned()),
        Cell::Text(spec.volume_name.to_string()),
        Cell::Text(capacity),
        Cell::Text(modes),
        Cell::Text(class(&metadata, spec.storage_class_name.as_deref()).to_owned()),
        Cell::Text(or_unset(spec.volume_attributes_class_name.as_ref())),
        draft.age_cell(),
        Cell::Text(or_unset(spec.volume_mode.as_ref())),
    ];
    Ok(draft.finish(outcome, cells))
}
