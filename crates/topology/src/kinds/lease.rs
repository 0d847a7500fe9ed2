//! Lease.

use super::draft::{Draft, Outcome};
use super::meta::Meta;
use crate::facts::Facts;
use crate::json::{Lax, Text, slim};
use crate::rules::scheduling;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

slim! {
    struct Lease<'a> {
        metadata: Meta<'a>,
        spec: Lax<Spec<'a>>,
    }

    struct Spec<'a> {
        holder_identity: Text<'a>,
    }
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Lease { metadata, spec } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    scheduling::lease(&mut draft);
    let cells = vec![
        draft.name_cell(),
        Cell::Text(spec.holder_identity.to_string()),
        draft.age_cell(),
    ];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}
