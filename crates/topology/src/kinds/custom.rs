//! Kinds that the table does not have: what any object says of itself, whatever its schema.

use super::draft::{Draft, Outcome};
use super::extension::by_conditions;
use super::fields::Fields;
use super::meta::Meta;
use super::printer::Printer;
use crate::facts::Facts;
use crate::json::slim;
use crate::rules::refers;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

slim! {
    struct Object<'a> {
        metadata: Meta<'a>,
    }
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    read_printed(kind, &Printer::default(), json, symbols)
}

pub(super) fn read_printed(
    kind: KindId,
    printer: &Printer,
    json: &[u8],
    symbols: &mut Symbols,
) -> Result<Facts, serde_json::Error> {
    let Object { metadata } = serde_json::from_slice(json)?;
    let fields = Fields::read(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    refers::fields(&fields, &mut draft);
    let outcome = match fields.observed {
        // What its conditions say is about what it was.
        Some(observed) if observed < metadata.generation => {
            Outcome::new("", Health::Progressing).because("Its controller has not seen the last change yet")
        }
        _ => by_conditions(&fields.conditions),
    };
    let others = match printer.cells(json)? {
        Some(cells) => cells,
        None => vec![Cell::text(outcome.word.clone()), draft.age_cell()],
    };
    let cells = std::iter::once(draft.name_cell()).chain(others).collect();
    Ok(draft.finish(outcome, cells))
}
