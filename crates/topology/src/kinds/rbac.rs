//! Role, ClusterRole, RoleBinding, ClusterRoleBinding.

use super::draft::{Draft, Outcome};
use super::meta::{LabelSelector, Meta};
use crate::facts::Facts;
use crate::json::{Lax, Text, slim};
use crate::rules::identity;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

/// The label of the roles and bindings that the API server makes by itself.
const DEFAULTS: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");

slim! {
    struct Role<'a> {
        metadata: Meta<'a>,
        aggregation_rule: Lax<Aggregation<'a>>,
    }

    struct Aggregation<'a> {
        cluster_role_selectors: Lax<Vec<LabelSelector<'a>>>,
    }

    struct Binding<'a> {
        metadata: Meta<'a>,
        role_ref: Lax<RoleRef<'a>>,
        subjects: Lax<Vec<Subject<'a>>>,
    }

    /// The role that a binding grants.
    pub(crate) struct RoleRef<'a> {
        pub kind: Text<'a>,
        pub name: Text<'a>,
    }

    /// Whom a binding grants it to.
    pub(crate) struct Subject<'a> {
        pub kind: Text<'a>,
        pub name: Text<'a>,
        pub namespace: Text<'a>,
    }
}

pub(super) fn role(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Role {
        metadata,
        aggregation_rule,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    if !kind.get().namespaced {
        identity::aggregation(&aggregation_rule.cluster_role_selectors, &mut draft);
    }
    let cells = vec![draft.name_cell(), draft.age_cell()];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}

pub(super) fn binding(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Binding {
        metadata,
        role_ref,
        subjects,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    let is_default = metadata.labels.pairs().any(|pair| pair == DEFAULTS);
    identity::binding(&role_ref, &subjects, is_default, &mut draft);
    let those = |kind: &str| {
        let of_kind = subjects.iter().filter(|subject| subject.kind == kind);
        let names = of_kind.map(|subject| match kind {
            "ServiceAccount" => format!("{}/{}", subject.namespace, subject.name),
            _ => subject.name.to_string(),
        });
        Cell::Text(names.collect::<Vec<_>>().join(", "))
    };
    let cells = vec![
        draft.name_cell(),
        Cell::Text(format!("{}/{}", role_ref.kind, role_ref.name)),
        draft.age_cell(),
        those("User"),
        those("Group"),
        those("ServiceAccount"),
    ];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}
