//! ServiceAccount.

use super::draft::{Draft, Outcome};
use super::meta::Meta;
use crate::facts::Facts;
use crate::json::Lax;
use crate::pod_spec::Source;
use crate::rules::{PULLS_WITH, config, identity};
use crate::symbols::Symbols;
use model::{Health, KindId};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ServiceAccount<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    secrets: Lax<Vec<Source<'a>>>,
    #[serde(borrow)]
    image_pull_secrets: Lax<Vec<Source<'a>>>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let ServiceAccount {
        metadata,
        secrets,
        image_pull_secrets,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    identity::secrets(&secrets, &mut draft);
    config::pull_secrets(&PULLS_WITH, &image_pull_secrets, "imagePullSecrets", &mut draft);
    let cells = vec![draft.name_cell(), draft.age_cell()];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}
