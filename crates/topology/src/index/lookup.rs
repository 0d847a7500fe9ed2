//! The ways from one object to those that it may have an edge with, against the direction of the fields.

use super::labels::{Labelled, Selectors};
use super::multi::Multi;
use crate::facts::{Facts, GroupKind, Key, Want};
use crate::rules::storage::SNAPSHOT_CLASS;
use crate::rules::{self, Absent};
use crate::symbols::Sym;
use model::{KindId, NodeId, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Who is where. References to objects that count as missing are not in here: their edges are.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    /// Live objects by the digest of their UID: a pair that has it by chance is not proved.
    pub(super) by_uid: Multi<u64>,
    /// Objects by the digests of their owners' UIDs, there or not.
    pub(super) owned_by: Multi<u64>,
    /// Objects by the addresses they name without needing them.
    pub(super) awaiting: Multi<Key>,
    /// What selectors can find.
    pub(super) labelled: Labelled,
    /// Who selects.
    pub(super) selectors: Selectors,
    /// The default classes of a kind: the newest first, then by name.
    pub(super) defaults: BTreeSet<(KindId, Reverse<Option<Timestamp>>, Sym)>,
    /// Objects by the namespaces in which they name something that they need leave for.
    pub(super) crossing: Multi<Sym>,
    /// Objects by what their wants depend on.
    pub(super) wanting: Multi<Topic>,
}

/// What a want depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// What this object says.
    Object(Key),
    /// Which classes of this kind are its defaults.
    Default(KindId),
    /// Whether the cluster serves this kind.
    Kind(GroupKind),
}

impl Topic {
    fn of(want: &Want) -> Vec<Self> {
        match want {
            Want::Default { kind, .. } => vec![Self::Default(*kind)],
            Want::Params { policy, .. } => vec![Self::Object(policy.clone())],
            Want::Object { kind, .. } => vec![Self::Kind(kind.clone())],
            Want::SnapshotClass { claim } => KindId::of(SNAPSHOT_CLASS)
                .map(Self::Default)
                .into_iter()
                .chain([Self::Object(claim.clone())])
                .collect(),
        }
    }
}

fn default_of(facts: &Facts) -> Option<(KindId, Reverse<Option<Timestamp>>, Sym)> {
    facts.default_field()?;
    Some((facts.key.kind, Reverse(facts.created), facts.key.name.clone()))
}

impl Lookup {
    pub(super) fn add(&mut self, id: NodeId, facts: &Facts) {
        self.by_uid.insert(facts.uid.digest(), id);
        self.add_owners(id, facts);
        self.add_references(id, facts);
        self.add_labels(id, facts);
        self.add_extra(id, facts);
    }

    pub(super) fn remove(&mut self, id: NodeId, facts: &Facts) {
        self.by_uid.remove(&facts.uid.digest(), id);
        self.remove_owners(id, facts);
        self.remove_references(id, facts);
        self.remove_labels(id, facts);
        self.remove_extra(id, facts);
    }

    /// The object with this id and UID has changed.
    pub(super) fn replace(&mut self, id: NodeId, old: &Facts, new: &Facts) {
        if old.owners != new.owners {
            self.remove_owners(id, old);
            self.add_owners(id, new);
        }
        if old.references != new.references {
            self.remove_references(id, old);
            self.add_references(id, new);
        }
        if old.labels != new.labels {
            self.remove_labels(id, old);
            self.add_labels(id, new);
        }
        if (&old.extra, old.created) != (&new.extra, new.created) {
            self.remove_extra(id, old);
            self.add_extra(id, new);
        }
    }

    fn add_extra(&mut self, id: NodeId, facts: &Facts) {
        if facts.extra.is_none() {
            return;
        }
        self.selectors.insert(id, facts);
        self.defaults.extend(default_of(facts));
        for want in facts.wants() {
            for topic in Topic::of(want) {
                self.wanting.insert(topic, id);
            }
        }
    }

    fn remove_extra(&mut self, id: NodeId, facts: &Facts) {
        if facts.extra.is_none() {
            return;
        }
        self.selectors.remove(id, facts);
        if let Some(default) = default_of(facts) {
            self.defaults.remove(&default);
        }
        for want in facts.wants() {
            for topic in Topic::of(want) {
                self.wanting.remove(&topic, id);
            }
        }
    }

    fn add_owners(&mut self, id: NodeId, facts: &Facts) {
        for owner in facts.owners.iter() {
            self.owned_by.insert(owner.uid.digest(), id);
        }
    }

    fn remove_owners(&mut self, id: NodeId, facts: &Facts) {
        for owner in facts.owners.iter() {
            self.owned_by.remove(&owner.uid.digest(), id);
        }
    }

    fn add_references(&mut self, id: NodeId, facts: &Facts) {
        for to in awaited(facts) {
            self.awaiting.insert(to.clone(), id);
        }
        for namespace in crossed(facts) {
            self.crossing.insert(namespace.clone(), id);
        }
    }

    fn remove_references(&mut self, id: NodeId, facts: &Facts) {
        for to in awaited(facts) {
            self.awaiting.remove(to, id);
        }
        for namespace in crossed(facts) {
            self.crossing.remove(namespace, id);
        }
    }

    fn add_labels(&mut self, id: NodeId, facts: &Facts) {
        if rules::is_selectable(facts.key.kind) {
            self.labelled.insert(id, facts);
        }
    }

    fn remove_labels(&mut self, id: NodeId, facts: &Facts) {
        if rules::is_selectable(facts.key.kind) {
            self.labelled.remove(id, facts);
        }
    }
}

fn crossed(facts: &Facts) -> impl Iterator<Item = &Sym> {
    let references = facts.references.iter();
    references
        .filter(|reference| facts.needs_grant(reference))
        .filter_map(|reference| reference.to.namespace.as_ref())
}

fn awaited(facts: &Facts) -> impl Iterator<Item = &Key> {
    let references = facts.references.iter();
    references
        .filter(|reference| reference.rule.absent == Absent::Nothing)
        .map(|reference| &reference.to)
}
