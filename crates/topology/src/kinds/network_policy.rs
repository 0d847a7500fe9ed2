//! NetworkPolicy.

use super::draft::{Draft, Outcome};
use super::meta::{LabelSelector, Meta};
use crate::facts::Facts;
use crate::json::{Lax, Text, slim};
use crate::rules::policy;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

slim! {
    struct Policy<'a> {
        metadata: Meta<'a>,
        spec: Lax<Spec<'a>>,
    }

    pub(crate) struct Spec<'a> {
        pub pod_selector: Lax<LabelSelector<'a>>,
        pub policy_types: Lax<Vec<Text<'a>>>,
        pub ingress: Lax<Vec<Ingress<'a>>>,
        pub egress: Lax<Vec<Egress<'a>>>,
    }

    pub(crate) struct Ingress<'a> {
        pub from: Lax<Vec<Peer<'a>>>,
    }

    pub(crate) struct Egress<'a> {
        pub to: Lax<Vec<Peer<'a>>>,
    }

    pub(crate) struct Peer<'a> {
        pub pod_selector: Option<LabelSelector<'a>>,
        pub namespace_selector: Option<LabelSelector<'a>>,
        pub ip_block: Option<Block<'a>>,
    }

    pub(crate) struct Block<'a> {
        pub cidr: Text<'a>,
    }
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Policy { metadata, spec } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    policy::network_policy(&spec, &mut draft);
    let cells = vec![
        draft.name_cell(),
        Cell::text(spec.pod_selector.print()),
        draft.age_cell(),
    ];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}
