//! ResourceQuota, LimitRange.

use super::draft::{Draft, Outcome};
use super::meta::Meta;
use crate::facts::Facts;
use crate::json::{Lax, Strings, slim};
use crate::rules::policy;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

slim! {
    struct Quota<'a> {
        metadata: Meta<'a>,
        status: Lax<Status<'a>>,
    }

    struct Status<'a> {
        hard: Strings<'a>,
        used: Strings<'a>,
    }

    struct Range<'a> {
        metadata: Meta<'a>,
    }
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Quota { metadata, status } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    policy::limits(&mut draft);
    let mut hard: Vec<(&str, &str)> = status.hard.pairs().collect();
    hard.sort_unstable();
    let column = |limits: bool| {
        let own = hard
            .iter()
            .filter(|(resource, _)| resource.starts_with("limits.") == limits);
        let printed = own.map(|(resource, hard)| {
            let used = status.used.get(resource).unwrap_or("0");
            format!("{resource}: {used}/{hard}")
        });
        Cell::Text(printed.collect::<Vec<_>>().join(", "))
    };
    let cells = vec![draft.name_cell(), column(false), column(true), draft.age_cell()];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}

pub(super) fn range(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Range { metadata } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    policy::limits(&mut draft);
    let cells = vec![draft.name_cell(), draft.age_cell()];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}
