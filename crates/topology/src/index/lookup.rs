//! The ways from one object to those that it may have an edge with, against the direction of the fields.

use super::labels::{Labelled, Selectors};
use super::multi::Multi;
use crate::facts::{Facts, Key};
use crate::rules::{self, Absent};
use crate::symbols::Sym;
use model::NodeId;

/// Who is where. References to objects that count as missing are not in here: their edges are.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    /// Live objects by UID.
    pub(super) by_uid: Multi<Sym>,
    /// Objects by the UIDs of their owners, there or not.
    pub(super) owned_by: Multi<Sym>,
    /// Objects by the addresses they name without needing them.
    pub(super) awaiting: Multi<Key>,
    /// What selectors can find.
    pub(super) labelled: Labelled,
    /// Who selects.
    pub(super) selectors: Selectors,
}

impl Lookup {
    pub(super) fn add(&mut self, id: NodeId, facts: &Facts) {
        self.by_uid.insert(facts.uid.clone(), id);
        self.add_owners(id, facts);
        self.add_references(id, facts);
        self.add_labels(id, facts);
        self.selectors.insert(id, facts);
    }

    pub(super) fn remove(&mut self, id: NodeId, facts: &Facts) {
        self.by_uid.remove(&facts.uid, id);
        self.remove_owners(id, facts);
        self.remove_references(id, facts);
        self.remove_labels(id, facts);
        self.selectors.remove(id, facts);
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
        if old.selector != new.selector {
            self.selectors.remove(id, old);
            self.selectors.insert(id, new);
        }
    }

    fn add_owners(&mut self, id: NodeId, facts: &Facts) {
        for owner in facts.owners.iter() {
            self.owned_by.insert(owner.uid.clone(), id);
        }
    }

    fn remove_owners(&mut self, id: NodeId, facts: &Facts) {
        for owner in facts.owners.iter() {
            self.owned_by.remove(&owner.uid, id);
        }
    }

    fn add_references(&mut self, id: NodeId, facts: &Facts) {
        for to in awaited(facts) {
            self.awaiting.insert(to.clone(), id);
        }
    }

    fn remove_references(&mut self, id: NodeId, facts: &Facts) {
        for to in awaited(facts) {
            self.awaiting.remove(to, id);
        }
    }

    fn add_labels(&mut self, id: NodeId, facts: &Facts) {
        if rules::network::selectable(facts.key.kind) {
            self.labelled.insert(id, facts);
        }
    }

    fn remove_labels(&mut self, id: NodeId, facts: &Facts) {
        if rules::network::selectable(facts.key.kind) {
            self.labelled.remove(id, facts);
        }
    }
}

fn awaited(facts: &Facts) -> impl Iterator<Item = &Key> {
    let references = facts.references.iter();
    references
        .filter(|reference| reference.rule.absent == Absent::Nothing)
        .map(|reference| &reference.to)
}
