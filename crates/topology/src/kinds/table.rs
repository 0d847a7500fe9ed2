//! Kinds of which only kubectl's cells and the metadata are asked for: ConfigMap, Secret. Contents never get here.

use super::draft::{Draft, Outcome};
use super::meta::{Meta, TOKEN_OF};
use crate::facts::Facts;
use crate::json::{Lax, Scalar};
use crate::rules::identity;
use crate::symbols::Symbols;
use model::list::{Cell, ColumnFormat};
use model::{Health, KindId};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow)]
    cells: Lax<Vec<Scalar<'a>>>,
    #[serde(borrow)]
    object: Object<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Object<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let row: Row<'_> = serde_json::from_slice(json)?;
    let metadata = &row.object.metadata;
    let mut draft = Draft::new(kind, metadata, symbols);
    let is_token = matches!(row.cells.get(1), Some(Scalar::Text(text)) if *text == "kubernetes.io/service-account-token");
    if let Some(account) = metadata.annotations.get(TOKEN_OF).filter(|_| is_token) {
        identity::token_secret(account, &mut draft);
    }
    let columns = super::columns(kind).iter().enumerate();
    let cells = columns
        .map(|(place, column)| match column.format {
            // The cell is an age as of when the row was made; the time it stands for does not go stale.
            ColumnFormat::Date => draft.age_cell(),
            ColumnFormat::Name => draft.name_cell(),
            ColumnFormat::Text | ColumnFormat::Number => match row.cells.get(place) {
                Some(Scalar::Integer(number)) => Cell::Number(*number),
                Some(Scalar::Text(text)) => Cell::Text(text.to_string()),
                Some(Scalar::Null) => Cell::None,
                None => Cell::Unknown,
            },
        })
        .collect();
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}
