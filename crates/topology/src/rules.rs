//! The rules: which field or label makes which edge.
//!
//! A [`Rule`] is data: what the edge means, which family it belongs to, on which end the field that proves it stands, and
//! what a named object that does not exist means. The functions that find the fields are in one file per layer below;
//! the index that turns them into edges knows no rule by name, except for owners and selectors.

use model::graph::{Derivation, End, Layer, Relation};

pub(crate) mod config;
pub(crate) mod identity;
pub(crate) mod network;
pub(crate) mod ownership;
pub(crate) mod pods;
pub(crate) mod scheduling;
pub(crate) mod storage;

/// What a field means.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The type of the edge.
    pub relation: Relation,
    /// The family of the edge.
    pub layer: Layer,
    /// How the edge is found.
    pub derivation: Derivation,
    /// The end on which the field stands. On `Target` the field names the source.
    pub proof: End,
    /// What it means that the named object does not exist.
    pub absent: Absent,
}

/// What it means that a named object does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Absent {
    /// Something is wrong: a missing node and, unless the reference is optional, an unhealthy edge.
    Missing,
    /// Nothing: there is no edge until the object exists.
    Nothing,
}

const fn reference(relation: Relation, layer: Layer) -> Rule {
    Rule {
        relation,
        layer,
        derivation: Derivation::Reference,
        proof: End::Source,
        absent: Absent::Missing,
    }
}

const fn on_target(rule: Rule) -> Rule {
    Rule {
        proof: End::Target,
        ..rule
    }
}

const fn if_there(rule: Rule) -> Rule {
    Rule {
        absent: Absent::Nothing,
        ..rule
    }
}

const fn derived(derivation: Derivation, rule: Rule) -> Rule {
    Rule { derivation, ..rule }
}

/// metadata.ownerReferences. An owner that is gone, or lives in another namespace, gives no edge.
pub static OWNS: Rule = derived(
    Derivation::Owner,
    if_there(on_target(reference(Relation::Owns, Layer::Ownership))),
);
/// Service spec.selector.
pub static SELECTS: Rule = derived(
    Derivation::Selector,
    if_there(reference(Relation::Selects, Layer::Network)),
);
/// EndpointSlice label kubernetes.io/service-name.
pub static PUBLISHES: Rule = on_target(reference(Relation::Publishes, Layer::Network));
/// EndpointSlice endpoints[].targetRef.
pub static TARGETS: Rule = reference(Relation::Targets, Layer::Network);
/// Ingress backends.
pub static ROUTES: Rule = reference(Relation::Routes, Layer::Network);
/// Pod volumes that name a ConfigMap or Secret.
pub static MOUNTS_CONFIG: Rule = reference(Relation::Mounts, Layer::Config);
/// Pod volumes that name a claim.
pub static MOUNTS_CLAIM: Rule = reference(Relation::Mounts, Layer::Storage);
/// Pod ephemeral volumes; their claim is made after the pod.
pub static MOUNTS_EPHEMERAL: Rule = if_there(reference(Relation::Mounts, Layer::Storage));
/// Pod environment.
pub static READS: Rule = reference(Relation::Reads, Layer::Config);
/// Pod spec.serviceAccountName.
pub static RUNS_AS: Rule = reference(Relation::RunsAs, Layer::Identity);
/// Pod spec.nodeName.
pub static RUNS_ON: Rule = reference(Relation::RunsOn, Layer::Scheduling);
/// Claim spec.volumeName.
pub static BINDS: Rule = reference(Relation::Binds, Layer::Storage);
/// Volume spec.claimRef.
pub static BINDS_BY_VOLUME: Rule = on_target(reference(Relation::Binds, Layer::Storage));
/// Volumes of a pod template.
pub static TEMPLATE_MOUNTS: Rule = reference(Relation::Mounts, Layer::Template);
/// Environment of a pod template.
pub static TEMPLATE_READS: Rule = reference(Relation::Reads, Layer::Template);
/// Service account of a pod template.
pub static TEMPLATE_RUNS_AS: Rule = reference(Relation::RunsAs, Layer::Template);

/// Every rule.
pub static RULES: &[&Rule] = &[
    &OWNS,
    &SELECTS,
    &PUBLISHES,
    &TARGETS,
    &ROUTES,
    &MOUNTS_CONFIG,
    &MOUNTS_CLAIM,
    &MOUNTS_EPHEMERAL,
    &READS,
    &RUNS_AS,
    &RUNS_ON,
    &BINDS,
    &BINDS_BY_VOLUME,
    &TEMPLATE_MOUNTS,
    &TEMPLATE_READS,
    &TEMPLATE_RUNS_AS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rules_are_the_same() {
        for (place, rule) in RULES.iter().enumerate() {
            assert!(!RULES.iter().take(place).any(|other| other == rule), "{rule:?}");
        }
    }
}
