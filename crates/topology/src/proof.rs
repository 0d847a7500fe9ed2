//! The edge between two nodes, as a pure function of the two.

use crate::facts::{Detail, Facts, Key, Port, Reference, Selector, Within};
use crate::rules::{Absent, BINDS, BINDS_BY_VOLUME, OWNS};
use crate::state::{Entry, State};
use model::graph::{Derivation, Edge, EdgeKey, End, Layer, NodeState, Relation, SourceField};

/// What an edge is besides its ends and relation. Equal proofs are shared: the ten thousand pods that run on some node
/// by `spec.nodeName` have one among them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proof {
    /// The family of the edge.
    pub layer: Layer,
    /// How it was found.
    pub derivation: Derivation,
    /// What is broken, or worth knowing, in a sentence.
    pub reason: Option<Box<str>>,
    /// False if the edge itself is broken.
    pub healthy: bool,
    /// The fields that prove it, sorted; never empty.
    pub fields: Box<[SourceField]>,
}

impl Proof {
    /// The edge as it travels.
    pub fn edge(&self, key: EdgeKey) -> Edge {
        Edge {
            count: 1,
            key,
            layer: self.layer,
            healthy: self.healthy,
            reason: self.reason.as_deref().map(str::to_owned),
            derivation: self.derivation,
            confidence: match (self.derivation, key.relation) {
                (Derivation::Inferred, Relation::Refers) => 0.6,
                (Derivation::Inferred, _) => 0.7,
                _ => 1.0,
            },
            fields: self.fields.to_vec(),
        }
    }
}

/// What one field says of the edge.
enum Verdict {
    /// As it should be.
    Healthy,
    /// As it should be, with something worth knowing.
    Note(String),
    /// Broken.
    Broken(String),
}

/// One field with what it says.
struct Part {
    field: SourceField,
    layer: Layer,
    derivation: Derivation,
    verdict: Verdict,
}

/// The proof that `source` has an edge of this relation to `target`; `None` if it has not.
pub(crate) fn prove(relation: Relation, source: &Entry, target: &Entry, state: &State) -> Option<Proof> {
    let mut parts: Vec<Part> = match relation {
        Relation::Owns => owner_parts(source, target),
        Relation::Claims => claim_parts(source, target),
        _ => {
            let on = |holder: &Entry, named: &Entry, end: End| -> Vec<Part> {
                let Some(facts) = holder.facts() else {
                    return Vec::new();
                };
                facts
                    .references_to(relation, named.key())
                    .filter(|reference| reference.rule.proof == end)
                    .filter(|reference| {
                        reference.rule.absent == Absent::Missing || is_there(reference, named)
                    })
                    .map(|reference| Part {
                        field: reference.field(),
                        layer: reference.rule.layer,
                        derivation: reference.rule.derivation,
                        verdict: verdict(reference, facts, named, state),
                    })
                    .collect()
            };
            let mut parts = on(source, target, End::Source);
            parts.extend(on(target, source, End::Target));
            parts.extend(selector_parts(relation, source, target, state));
            parts
        }
    };
    parts.sort_by(|a, b| a.field.cmp(&b.field));
    let first = parts.first()?;
    let (layer, derivation) = (first.layer, first.derivation);
    let broken = parts.iter().find_map(|part| match &part.verdict {
        Verdict::Broken(reason) => Some(reason),
        _ => None,
    });
    let note = parts.iter().find_map(|part| match &part.verdict {
        Verdict::Note(reason) => Some(reason),
        _ => None,
    });
    let (healthy, reason) = (
        broken.is_none(),
        broken.or(note).map(|reason| reason.as_str().into()),
    );
    let mut fields: Vec<SourceField> = parts.into_iter().map(|part| part.field).collect();
    fields.dedup();
    Some(Proof {
        layer,
        derivation,
        reason,
        healthy,
        fields: fields.into(),
    })
}

/// The owner references of `target` that mean `source`: by UID, within a namespace or from a cluster-scoped owner.
fn owner_parts(source: &Entry, target: &Entry) -> Vec<Part> {
    let (Some(owner), Some(owned)) = (source.facts(), target.facts()) else {
        return Vec::new();
    };
    if owner.key.namespace.is_some() && owner.key.namespace != owned.key.namespace {
        return Vec::new();
    }
    let entries = owned.owners.iter().enumerate();
    entries
        .filter(|(_, entry)| entry.uid == owner.uid)
        .map(|(index, _)| Part {
            field: SourceField {
                path: format!("metadata.ownerReferences[{index}]"),
                on: OWNS.proof,
                default: false,
            },
            layer: OWNS.layer,
            derivation: OWNS.derivation,
            verdict: Verdict::Healthy,
        })
        .collect()
}

/// Whether the object that a field names is there, and is the one that it means.
fn is_there(reference: &Reference, named: &Entry) -> bool {
    named.facts().is_some_and(|facts| match &reference.detail {
        Detail::Uid(uid) => *uid == facts.uid,
        _ => true,
    })
}

/// The claim templates of `source` after which `target` is called: `<template>-<set>-<ordinal>`.
fn claim_parts(source: &Entry, target: &Entry) -> Vec<Part> {
    let (Some(set), Some(claim)) = (source.facts(), target.facts()) else {
        return Vec::new();
    };
    let is_ordinal = |text: &str| text.parse::<i32>().is_ok_and(|number| number.to_string() == text);
    let made = |to: &Key| {
        (to.kind, &to.namespace) == (claim.key.kind, &claim.key.namespace)
            && claim.key.name.strip_prefix(&*to.name).is_some_and(is_ordinal)
    };
    let references = set.references.iter();
    references
        .filter(|reference| reference.rule.relation == Relation::Claims && made(&reference.to))
        .map(|reference| Part {
            field: reference.field(),
            layer: reference.rule.layer,
            derivation: reference.rule.derivation,
            verdict: Verdict::Healthy,
        })
        .collect()
}

/// The selectors of `source` of this relation, if `target` is what they select.
fn selector_parts(relation: Relation, source: &Entry, target: &Entry, state: &State) -> Vec<Part> {
    let (Some(selecting), Some(selected)) = (source.facts(), target.facts()) else {
        return Vec::new();
    };
    let within = |selector: &Selector| match &selector.within {
        Within::Own => selecting.key.namespace == selected.key.namespace,
        Within::Any => true,
        Within::Named(names) => selected
            .key
            .namespace
            .as_ref()
            .is_some_and(|own| names.contains(own)),
        Within::Matching(labels) => {
            let namespace = selected.key.namespace.as_deref();
            let namespace = namespace.and_then(|name| state.namespace(name));
            namespace.is_some_and(|namespace| labels.matches(&namespace.labels))
        }
    };
    let selectors = selecting.selectors().iter();
    selectors
        .filter(|selector| {
            selector.rule.relation == relation
                && selector.kind == selected.key.kind
                && selecting.key != selected.key
                && selector.labels.matches(&selected.labels)
                && within(selector)
        })
        .map(|selector| Part {
            field: SourceField {
                path: selector.path.to_string(),
                on: selector.rule.at,
                default: false,
            },
            layer: selector.rule.layer,
            derivation: selector.rule.derivation,
            verdict: Verdict::Healthy,
        })
        .collect()
}

/// What a field of `holder` says of the edge to the object it names.
fn verdict(reference: &Reference, holder: &Facts, named: &Entry, state: &State) -> Verdict {
    let Some(facts) = named.facts() else {
        return if named.state() == NodeState::Missing && !reference.optional {
            Verdict::Broken(format!("{} does not exist", named.key()))
        } else {
            Verdict::Healthy
        };
    };
    if holder.needs_grant(reference) && !state.is_granted(&holder.key, &facts.key) {
        let namespace = facts.key.namespace.as_deref().unwrap_or_default();
        return Verdict::Broken(format!(
            "No ReferenceGrant in {namespace} lets it name {}",
            facts.key
        ));
    }
    match &reference.detail {
        Detail::None | Detail::Key(_) => {}
        Detail::Port(port) => {
            if !facts.ports().iter().any(|offered| offered.is(port)) {
                return Verdict::Broken(no_port(facts, port));
            }
        }
        Detail::Uid(uid) => {
            if *uid != facts.uid {
                return Verdict::Broken(format!("It holds an earlier {} that is gone", facts.key));
            }
        }
        Detail::Endpoint { ready, serving } => {
            return match (ready, serving) {
                (true, _) => Verdict::Healthy,
                (false, true) => Verdict::Note("Terminating, still serving".to_owned()),
                (false, false) => Verdict::Note("Not ready, gets no traffic".to_owned()),
            };
        }
    }
    if reference.rule.relation == Relation::Binds {
        return bound(holder, facts);
    }
    Verdict::Healthy
}

fn no_port(service: &Facts, port: &Port) -> String {
    let offered: Vec<String> = service
        .ports()
        .iter()
        .map(|port| match &port.name {
            Some(name) => format!("{} (`{name}`)", port.number),
            None => port.number.to_string(),
        })
        .collect();
    match offered.as_slice() {
        [] => format!("{} has no port {port}: it has no ports", service.key),
        offered => format!(
            "{} has no port {port}: it has {}",
            service.key,
            offered.join(", ")
        ),
    }
}

/// A claim and a volume must name each other. One that names nothing yet is on its way, not a mismatch.
fn bound(holder: &Facts, named: &Facts) -> Verdict {
    let back = named.references.iter().find(|reference| {
        reference.rule.relation == Relation::Binds && reference.rule.absent == Absent::Missing
    });
    match back {
        Some(back) if back.to != holder.key => {
            let verb = if *back.rule == BINDS {
                "wants"
            } else {
                "is bound to"
            };
            debug_assert!(*back.rule == BINDS || *back.rule == BINDS_BY_VOLUME);
            Verdict::Broken(format!("{} {verb} {}", named.key, back.to))
        }
        _ => Verdict::Healthy,
    }
}
