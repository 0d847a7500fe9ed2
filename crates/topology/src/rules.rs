//! The rules: which field or label makes which edge.
//!
//! A [`Rule`] is data: what the edge means, which family it belongs to, on which end the field that proves it stands, and
//! what a named object that does not exist means. The functions that find the fields are in one file per layer below;
//! the index that turns them into edges knows no rule by name, except for owners, selectors and claim templates.

use model::KindId;
use model::graph::{Derivation, End, Layer, Relation};

pub(crate) mod admission;
pub(crate) mod calls;
pub(crate) mod config;
pub(crate) mod events;
pub(crate) mod extension;
pub(crate) mod gateway;
pub(crate) mod identity;
pub(crate) mod network;
pub(crate) mod ownership;
pub(crate) mod pods;
pub(crate) mod policy;
pub(crate) mod refers;
pub(crate) mod scaling;
pub(crate) mod scheduling;
pub(crate) mod storage;

/// The relations that selectors give.
pub(crate) const SELECTING: &[Relation] = &[
    Relation::Selects,
    Relation::AppliesTo,
    Relation::AllowsFrom,
    Relation::AllowsTo,
    Relation::Protects,
    Relation::Aggregates,
    Relation::Monitors,
    Relation::ConfiguredBy,
];

/// Whether many selectors look for objects of the kind, and their labels are indexed. Objects of other kinds, the
/// parameters of admission policies, are looked through.
pub(crate) fn is_selectable(kind: KindId) -> bool {
    matches!(kind.get().id, "Pod" | "Namespace" | "ClusterRole" | "Service")
}

/// What a field means.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The type of the edge.
    pub relation: Relation,
    /// The family of the edge.
    pub layer: Layer,
    /// How the edge is found.
    pub derivation: Derivation,
    /// The end that names the other. On `Target` the field names the source.
    pub proof: End,
    /// The end on which the field stands that the proof shows. Not that of `proof` where something else decides who is
    /// named: a class says of itself that it is the default.
    pub at: End,
    /// What it means that the named object does not exist.
    pub absent: Absent,
}

/// What it means that a named object does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Absent {
    /// Something is wrong: a missing node and, unless the reference is optional, an unhealthy edge.
    Missing,
    /// Nothing: there is no edge until the object exists. If the field says which UID it must have, nor to another.
    Nothing,
}

const fn reference(relation: Relation, layer: Layer) -> Rule {
    Rule {
        relation,
        layer,
        derivation: Derivation::Reference,
        proof: End::Source,
        at: End::Source,
        absent: Absent::Missing,
    }
}

const fn on_target(rule: Rule) -> Rule {
    Rule {
        proof: End::Target,
        at: End::Target,
        ..rule
    }
}

const fn if_there(rule: Rule) -> Rule {
    Rule {
        absent: Absent::Nothing,
        ..rule
    }
}

/// Named by the index, from what stands on the target.
const fn by_default(rule: Rule) -> Rule {
    Rule {
        at: End::Target,
        absent: Absent::Nothing,
        ..rule
    }
}

const fn selector(relation: Relation, layer: Layer) -> Rule {
    derived(Derivation::Selector, if_there(reference(relation, layer)))
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
pub static SELECTS: Rule = selector(Relation::Selects, Layer::Network);
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
/// Ingress spec.ingressClassName.
pub static USES_INGRESS_CLASS: Rule = reference(Relation::UsesClass, Layer::Network);
/// Ingress annotation kubernetes.io/ingress.class: controllers that take it may have no IngressClass.
pub static ANNOTATES_INGRESS_CLASS: Rule = if_there(reference(Relation::UsesClass, Layer::Network));
/// The default IngressClass.
pub static DEFAULT_INGRESS_CLASS: Rule = by_default(reference(Relation::UsesClass, Layer::Network));
/// The class that an unbound claim waits for, or a snapshot is taken with.
pub static USES_STORAGE_CLASS: Rule = reference(Relation::UsesClass, Layer::Storage);
/// The class name of a volume or bound claim: no more than a name by now.
pub static HAS_STORAGE_CLASS: Rule = if_there(reference(Relation::UsesClass, Layer::Storage));
/// The default StorageClass, of an unbound claim without class; the default VolumeSnapshotClass, of a snapshot.
pub static DEFAULT_STORAGE_CLASS: Rule = by_default(reference(Relation::UsesClass, Layer::Storage));
/// Pod spec.priorityClassName and spec.runtimeClassName.
pub static USES_POD_CLASS: Rule = reference(Relation::UsesClass, Layer::Scheduling);
/// The default PriorityClass, of a pod that admission has not given a priority.
pub static DEFAULT_PRIORITY_CLASS: Rule = by_default(reference(Relation::UsesClass, Layer::Scheduling));
/// Classes of a pod template.
pub static TEMPLATE_USES_CLASS: Rule = reference(Relation::UsesClass, Layer::Template);
/// Ingress spec.tls[].secretName.
pub static TERMINATES_TLS: Rule = reference(Relation::TerminatesTls, Layer::Network);
/// NetworkPolicy spec.podSelector.
pub static APPLIES_TO: Rule = selector(Relation::AppliesTo, Layer::Policy);
/// NetworkPolicy ingress peers by labels.
pub static ALLOWS_FROM: Rule = selector(Relation::AllowsFrom, Layer::Policy);
/// NetworkPolicy egress peers by labels.
pub static ALLOWS_TO: Rule = selector(Relation::AllowsTo, Layer::Policy);
/// NetworkPolicy ingress from addresses, or from anywhere.
pub static ALLOWS_FROM_BLOCK: Rule = reference(Relation::AllowsFrom, Layer::Policy);
/// NetworkPolicy egress to addresses, or to anywhere.
pub static ALLOWS_TO_BLOCK: Rule = reference(Relation::AllowsTo, Layer::Policy);
/// PodDisruptionBudget spec.selector.
pub static PROTECTS: Rule = selector(Relation::Protects, Layer::Policy);
/// ResourceQuota and LimitRange: their namespace.
pub static LIMITS: Rule = reference(Relation::Limits, Layer::Policy);
/// What the API server calls: admission and conversion webhooks, aggregated APIs.
pub static CALLS_WEBHOOK: Rule = reference(Relation::CallsWebhook, Layer::Policy);
/// Admission policy bindings spec.policyName.
pub static BINDS_POLICY: Rule = reference(Relation::BindsPolicy, Layer::Policy);
/// Admission policy bindings spec.paramRef; the kind stands in the policy.
pub static POLICY_CONFIGURED_BY: Rule = reference(Relation::ConfiguredBy, Layer::Policy);
/// Admission policy bindings spec.paramRef.selector; the kind stands in the policy.
pub static POLICY_CONFIGURED_BY_LABELS: Rule = selector(Relation::ConfiguredBy, Layer::Policy);
/// IngressClass spec.parameters.
pub static CLASS_CONFIGURED_BY: Rule = reference(Relation::ConfiguredBy, Layer::Network);
/// StatefulSet spec.serviceName.
pub static GOVERNS: Rule = reference(Relation::Governs, Layer::Network);
/// HorizontalPodAutoscaler spec.scaleTargetRef.
pub static SCALES: Rule = reference(Relation::Scales, Layer::Scaling);
/// imagePullSecrets of pods and service accounts.
pub static PULLS_WITH: Rule = reference(Relation::PullsWith, Layer::Config);
/// imagePullSecrets of pod templates.
pub static TEMPLATE_PULLS_WITH: Rule = reference(Relation::PullsWith, Layer::Template);
/// StatefulSet volumeClaimTemplates. The reference has the beginning of the names: `<template>-<set>-`.
pub static CLAIMS: Rule = if_there(reference(Relation::Claims, Layer::Storage));
/// VolumeAttachment spec.source and spec.nodeName.
pub static ATTACHES_VOLUME: Rule = reference(Relation::AttachesVolume, Layer::Storage);
/// Volume spec.csi.driver, class provisioner. Drivers need not be registered.
pub static PROVIDED_BY: Rule = if_there(reference(Relation::ProvidedBy, Layer::Storage));
/// CSINode metadata.name.
pub static DESCRIBES: Rule = reference(Relation::Describes, Layer::Storage);
/// Claim spec.dataSource and spec.dataSourceRef.
pub static RESTORES_FROM: Rule = reference(Relation::RestoresFrom, Layer::Storage);
/// Secrets of storage drivers.
pub static AUTHENTICATES_WITH: Rule = reference(Relation::AuthenticatesWith, Layer::Storage);
/// Lease of a node.
pub static RENEWS: Rule = reference(Relation::Renews, Layer::Scheduling);
/// roleRef.
pub static GRANTS: Rule = reference(Relation::Grants, Layer::Identity);
/// subjects.
pub static BINDS_SUBJECT: Rule = reference(Relation::BindsSubject, Layer::Identity);
/// ClusterRole aggregationRule.
pub static AGGREGATES: Rule = selector(Relation::Aggregates, Layer::Identity);
/// ServiceAccount secrets.
pub static HOLDS: Rule = reference(Relation::Holds, Layer::Identity);
/// Token Secret annotation kubernetes.io/service-account.name.
pub static HOLDS_TOKEN: Rule = on_target(if_there(reference(Relation::Holds, Layer::Identity)));
/// Event involvedObject; the object may be gone, or be another by now.
pub static ABOUT: Rule = if_there(reference(Relation::About, Layer::Events));
/// Host names of Services in a pod or template.
pub static CALLS: Rule = derived(
    Derivation::Inferred,
    if_there(reference(Relation::Calls, Layer::Inferred)),
);
/// Gateway API routes: spec.parentRefs.
pub static ATTACHES: Rule = reference(Relation::Attaches, Layer::Network);
/// VolumeSnapshot spec.source and status.
pub static SNAPSHOTS: Rule = reference(Relation::Snapshots, Layer::Storage);
/// Certificate spec.secretName: written once it is issued.
pub static ISSUES: Rule = if_there(reference(Relation::Issues, Layer::Extension));
/// Certificate spec.issuerRef.
pub static ISSUED_BY: Rule = reference(Relation::IssuedBy, Layer::Extension);
/// ServiceMonitor and PodMonitor spec.selector.
pub static MONITORS: Rule = selector(Relation::Monitors, Layer::Extension);
/// ExternalSecret spec.target: written once it is fetched.
pub static SYNCS_TO: Rule = if_there(reference(Relation::SyncsTo, Layer::Extension));
/// ExternalSecret spec.secretStoreRef.
pub static SYNCS_FROM: Rule = reference(Relation::SyncsFrom, Layer::Extension);
/// VirtualService destinations, Rollout services.
pub static EXTENSION_ROUTES: Rule = reference(Relation::Routes, Layer::Extension);
/// VirtualService spec.gateways.
pub static EXTENSION_ATTACHES: Rule = reference(Relation::Attaches, Layer::Extension);
/// DestinationRule spec.host.
pub static TUNES: Rule = reference(Relation::Tunes, Layer::Extension);
/// Inventories of Application, Kustomization and HelmRelease.
pub static MANAGES: Rule = if_there(reference(Relation::Manages, Layer::Extension));
/// A field of a custom resource that is called like a reference. A guess, so what is not there is not missing.
pub static REFERS: Rule = derived(
    Derivation::Inferred,
    if_there(reference(Relation::Refers, Layer::Inferred)),
);

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
    &USES_INGRESS_CLASS,
    &ANNOTATES_INGRESS_CLASS,
    &DEFAULT_INGRESS_CLASS,
    &USES_STORAGE_CLASS,
    &HAS_STORAGE_CLASS,
    &DEFAULT_STORAGE_CLASS,
    &USES_POD_CLASS,
    &DEFAULT_PRIORITY_CLASS,
    &TEMPLATE_USES_CLASS,
    &TERMINATES_TLS,
    &APPLIES_TO,
    &ALLOWS_FROM,
    &ALLOWS_TO,
    &ALLOWS_FROM_BLOCK,
    &ALLOWS_TO_BLOCK,
    &PROTECTS,
    &LIMITS,
    &CALLS_WEBHOOK,
    &BINDS_POLICY,
    &POLICY_CONFIGURED_BY,
    &POLICY_CONFIGURED_BY_LABELS,
    &CLASS_CONFIGURED_BY,
    &GOVERNS,
    &SCALES,
    &PULLS_WITH,
    &TEMPLATE_PULLS_WITH,
    &CLAIMS,
    &ATTACHES_VOLUME,
    &PROVIDED_BY,
    &DESCRIBES,
    &RESTORES_FROM,
    &AUTHENTICATES_WITH,
    &RENEWS,
    &GRANTS,
    &BINDS_SUBJECT,
    &AGGREGATES,
    &HOLDS,
    &HOLDS_TOKEN,
    &ABOUT,
    &CALLS,
    &ATTACHES,
    &SNAPSHOTS,
    &ISSUES,
    &ISSUED_BY,
    &MONITORS,
    &SYNCS_TO,
    &SYNCS_FROM,
    &EXTENSION_ROUTES,
    &EXTENSION_ATTACHES,
    &TUNES,
    &MANAGES,
    &REFERS,
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
