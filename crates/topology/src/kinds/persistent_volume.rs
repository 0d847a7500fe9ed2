//! PersistentVolume.

use super::draft::{Draft, Outcome};
use super::meta::{Meta, STORAGE_CLASS};
use super::storage::{access_modes, class, or_unset};
use crate::facts::Facts;
use crate::json::{Lax, Strings, Text, slim};
use crate::rules::storage;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Volume<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    spec: Lax<Spec<'a>>,
    #[serde(borrow)]
    status: Lax<Status<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec<'a> {
    #[serde(borrow)]
    capacity: Strings<'a>,
    #[serde(borrow)]
    access_modes: Lax<Vec<Text<'a>>>,
    #[serde(borrow)]
    persistent_volume_reclaim_policy: Text<'a>,
    #[serde(borrow)]
    claim_ref: Lax<ClaimRef<'a>>,
    #[serde(borrow)]
    storage_class_name: Option<Text<'a>>,
    #[serde(borrow)]
    volume_attributes_class_name: Option<Text<'a>>,
    #[serde(borrow)]
    volume_mode: Option<Text<'a>>,
    #[serde(borrow)]
    csi: Lax<Csi<'a>>,
}

slim! {
    /// A volume of a CSI driver.
    pub(crate) struct Csi<'a> {
        pub driver: Text<'a>,
        pub controller_publish_secret_ref: Lax<SecretRef<'a>>,
        pub node_stage_secret_ref: Lax<SecretRef<'a>>,
        pub node_publish_secret_ref: Lax<SecretRef<'a>>,
        pub controller_expand_secret_ref: Lax<SecretRef<'a>>,
        pub node_expand_secret_ref: Lax<SecretRef<'a>>,
    }

    /// A Secret in any namespace.
    pub(crate) struct SecretRef<'a> {
        pub name: Text<'a>,
        pub namespace: Text<'a>,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ClaimRef<'a> {
    #[serde(borrow)]
    pub namespace: Text<'a>,
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub uid: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Volume {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    storage::volume(&spec.claim_ref, &mut draft);
    storage::csi(&spec.csi, &mut draft);
    let annotation = metadata.annotations.get(STORAGE_CLASS);
    storage::class(annotation, spec.storage_class_name.as_deref(), false, &mut draft);
    let word = if metadata.is_deleting() {
        "Terminating"
    } else {
        &*status.phase
    };
    let claim = &spec.claim_ref;
    let claim = if claim.name.is_empty() && claim.namespace.is_empty() {
        String::new()
    } else {
        format!("{}/{}", claim.namespace, claim.name)
    };
    let policy = &spec.persistent_volume_reclaim_policy;
    let outcome = match &*status.phase {
        "Bound" | "Available" => Outcome::new(word, Health::Healthy),
        "Released" => Outcome::new(word, Health::Warning).because(format!(
            "Its claim {claim} is gone and its reclaim policy is {policy}"
        )),
        "Failed" => Outcome::new(word, Health::Unhealthy).because(&*status.message),
        "Pending" => Outcome::new(word, Health::Progressing),
        _ => Outcome::new(word, Health::Unknown),
    };
    let cells = vec![
        draft.name_cell(),
        Cell::Text(spec.capacity.get("storage").unwrap_or("0").to_owned()),
        Cell::Text(access_modes(&spec.access_modes)),
        Cell::Text(policy.to_string()),
        Cell::Text(word.to_owned()),
        Cell::Text(claim),
        Cell::Text(class(&metadata, spec.storage_class_name.as_deref()).to_owned()),
        Cell::Text(or_unset(spec.volume_attributes_class_name.as_ref())),
        Cell::Text(status.reason.to_string()),
        draft.age_cell(),
        Cell::Text(or_unset(spec.volume_mode.as_ref())),
    ];
    Ok(draft.finish(outcome, cells))
}
