//! Namespace.

use super::draft::{Draft, Outcome};
use super::meta::{self, Conditions, Meta};
use crate::facts::Facts;
use crate::json::{Lax, Text};
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Namespace<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    status: Lax<Status<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    conditions: Conditions<'a>,
}

/// Conditions that keep a namespace from going until someone acts.
const STUCK: [&str; 3] = [
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
];
/// Conditions of a namespace that is on its way out.
const GOING: [&str; 2] = ["NamespaceFinalizersRemaining", "NamespaceContentRemaining"];

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Namespace { metadata, status } = serde_json::from_slice(json)?;
    let draft = Draft::new(kind, &metadata, symbols);
    let word = status.phase.to_string();
    let first = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| meta::holds(&status.conditions, name))
    };
    let outcome = match (&*status.phase, first(&STUCK), first(&GOING)) {
        ("Terminating", Some(stuck), _) => Outcome::new(word, Health::Warning).because(stuck.words()),
        ("Terminating", None, Some(rest)) => Outcome::new(word, Health::Progressing).because(rest.words()),
        ("Terminating", None, None) => Outcome::new(word, Health::Progressing).because("It is being deleted"),
        _ => Outcome::new(word, Health::Healthy),
    };
    let cells = vec![
        draft.name_cell(),
        Cell::Text(status.phase.to_string()),
        draft.age_cell(),
    ];
    Ok(draft.finish(outcome, cells))
}
