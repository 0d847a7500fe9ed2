//! IngressClass, StorageClass, PriorityClass, RuntimeClass.

use super::draft::{Draft, Outcome};
use super::meta::{self, Meta};
use crate::facts::Facts;
use crate::json::{Lax, Strings, Text, slim};
use crate::rules::{network, storage};
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

slim! {
    struct IngressClass<'a> {
        metadata: Meta<'a>,
        spec: Lax<IngressClassSpec<'a>>,
    }

    struct IngressClassSpec<'a> {
        controller: Text<'a>,
        parameters: Lax<TypedRef<'a>>,
    }

    /// An object of any kind.
    pub(crate) struct TypedRef<'a> {
        pub api_group: Text<'a>,
        pub kind: Text<'a>,
        pub name: Text<'a>,
        pub namespace: Text<'a>,
    }

    struct StorageClass<'a> {
        metadata: Meta<'a>,
        provisioner: Text<'a>,
        parameters: Strings<'a>,
        reclaim_policy: Text<'a>,
        volume_binding_mode: Text<'a>,
        allow_volume_expansion: Lax<bool>,
    }

    struct PriorityClass<'a> {
        metadata: Meta<'a>,
        value: i64,
        global_default: Lax<bool>,
        preemption_policy: Text<'a>,
    }

    struct RuntimeClass<'a> {
        metadata: Meta<'a>,
        handler: Text<'a>,
    }
}

/// The text, or what stands for none.
fn or<'t>(text: &'t Text<'_>, default: &'t str) -> Cell {
    Cell::Text(if text.is_empty() { default } else { text }.to_owned())
}

fn healthy() -> Outcome {
    Outcome::new("", Health::Healthy)
}

pub(super) fn ingress(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let IngressClass { metadata, spec } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    network::class_parameters(&spec.parameters, &mut draft);
    let mut name = draft.name().to_string();
    if metadata.annotations.get(meta::DEFAULT_INGRESS_CLASS) == Some("true") {
        draft.be_default(&meta::annotation(meta::DEFAULT_INGRESS_CLASS));
        name.push_str(" (default)");
    }
    let to = &spec.parameters;
    let dot = if to.api_group.is_empty() { "" } else { "." };
    let parameters = if to.name.is_empty() {
        String::new()
    } else {
        format!("{}{dot}{}/{}", to.kind, to.api_group, to.name)
    };
    let cells = vec![
        Cell::Text(name),
        Cell::Text(spec.controller.to_string()),
        Cell::text(parameters),
        draft.age_cell(),
    ];
    Ok(draft.finish(healthy(), cells))
}

pub(super) fn storage(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let class: StorageClass<'_> = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &class.metadata, symbols);
    storage::provisioner(&class.provisioner, &mut draft);
    storage::secret_parameters(&class.parameters, &mut draft);
    let marks = [meta::DEFAULT_STORAGE_CLASS, meta::OLD_DEFAULT_STORAGE_CLASS];
    let mark = marks
        .into_iter()
        .find(|mark| class.metadata.annotations.get(mark) == Some("true"));
    let mut name = draft.name().to_string();
    if let Some(mark) = mark {
        draft.be_default(&meta::annotation(mark));
        name.push_str(" (default)");
    }
    let cells = vec![
        Cell::Text(name),
        Cell::Text(class.provisioner.to_string()),
        or(&class.reclaim_policy, "Delete"),
        or(&class.volume_binding_mode, "Immediate"),
        Cell::Text(class.allow_volume_expansion.to_string()),
        draft.age_cell(),
    ];
    Ok(draft.finish(healthy(), cells))
}

pub(super) fn priority(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let class: PriorityClass<'_> = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &class.metadata, symbols);
    if *class.global_default {
        draft.be_default("globalDefault");
    }
    let cells = vec![
        draft.name_cell(),
        Cell::Number(class.value),
        Cell::Text(class.global_default.to_string()),
        draft.age_cell(),
        or(&class.preemption_policy, "PreemptLowerPriority"),
    ];
    Ok(draft.finish(healthy(), cells))
}

pub(super) fn runtime(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let class: RuntimeClass<'_> = serde_json::from_slice(json)?;
    let draft = Draft::new(kind, &class.metadata, symbols);
    let cells = vec![
        draft.name_cell(),
        Cell::Text(class.handler.to_string()),
        draft.age_cell(),
    ];
    Ok(draft.finish(healthy(), cells))
}
