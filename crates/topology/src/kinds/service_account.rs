//! ServiceAccount.

use super::draft::{Draft, Outcome};
use super::meta::Meta;
use crate::facts::Facts;
use crate::json::Lax;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Default, Deserialize)]
#[serde(default)]
struct ServiceAccount<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    secrets: Lax<Vec<IgnoredAny>>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let ServiceAccount { metadata, secrets } = serde_json::from_slice(json)?;
    let draft = Draft::new(kind, &metadata, symbols);
    let secrets = i64::try_from(secrets.len()).map_or(Cell::Unknown, Cell::Number);
    let cells = vec![draft.name_cell(), secrets, draft.age_cell()];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}
