//! The worst health among what an object owns, at any depth, kept as it changes.
//!
//! Every owner has an ordered set of what it owns, worst first. An object is in the sets of all its owners and their
//! owners, which are found by walking up with a set of visited nodes: owners that own each other, or themselves, are
//! counted once and end nothing.

use super::Index;
use crate::change::Extent;
use crate::facts::OwnStatus;
use crate::state::{Entry, Owned, State};
use model::graph::Relation;
use model::{Health, NodeId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// What each owner owns, worst first.
#[derive(Debug, Default)]
pub(super) struct Rollup(FxHashMap<NodeId, BTreeSet<Weight>>);

/// The order of what is owned: the worst first, of those the furthest down the signal path (the pod rather than the
/// ReplicaSet that waits for it), of those the one known longest.
type Weight = (Reverse<Health>, Reverse<u8>, NodeId);

fn weight(entry: &Entry, health: Health) -> Weight {
    (Reverse(health), Reverse(entry.key().kind.get().rank), entry.id())
}

impl Index {
    /// `owned` has got the owner `owner`; the edge is in the state.
    pub(super) fn link(&mut self, owner: NodeId, owned: NodeId) {
        let gained: Vec<Weight> = with_owned(&self.state, owned)
            .into_iter()
            .filter_map(|id| self.weight_of(id))
            .collect();
        for above in with_owners(&self.state, owner) {
            let below = self.rollup.0.entry(above).or_default();
            below.extend(gained.iter().filter(|(_, _, id)| *id != above));
            self.refresh(above);
        }
    }

    /// `owned` has lost the owner `owner`; the edge is no longer in the state.
    pub(super) fn unlink(&mut self, owner: NodeId, owned: NodeId) {
        let above: Vec<NodeId> = with_owners(&self.state, owner);
        for id in with_owned(&self.state, owned) {
            let Some(weight) = self.weight_of(id) else {
                continue;
            };
            let still: FxHashSet<NodeId> = with_owners(&self.state, id).into_iter().collect();
            for above in above.iter().filter(|above| !still.contains(above)) {
                if let Some(below) = self.rollup.0.get_mut(above) {
                    below.remove(&weight);
                }
            }
        }
        for above in above {
            self.refresh(above);
        }
    }

    /// A node's own status has changed; the state has the new one.
    pub(super) fn reweigh(&mut self, id: NodeId, old: &OwnStatus, new: &OwnStatus) {
        if (old.health, &old.reason) == (new.health, &new.reason) {
            return;
        }
        let Some(entry) = self.state.node(id) else {
            return;
        };
        let (before, after) = (weight(entry, old.health), weight(entry, new.health));
        for above in with_owners(&self.state, id) {
            if old.reason != new.reason {
                self.touch_groups_for(id, above);
            }
            if above == id {
                continue;
            }
            if before != after
                && let Some(below) = self.rollup.0.get_mut(&above)
            {
                below.remove(&before);
                below.insert(after);
            }
            if !self.refresh(above) && self.cause(above) == Some(id) {
                // The health is the same, the sentence is not.
                self.touch_status(above);
            }
        }
    }

    fn weight_of(&self, id: NodeId) -> Option<Weight> {
        let entry = self.state.node(id)?;
        Some(weight(entry, entry.health()))
    }

    fn cause(&self, id: NodeId) -> Option<NodeId> {
        Some(self.state.node(id)?.owned()?.cause)
    }

    /// Brings the state's word on what `id` owns up to date. Answers whether it changed.
    fn refresh(&mut self, id: NodeId) -> bool {
        let worst = match self.rollup.0.get(&id).map(BTreeSet::first) {
            Some(Some((Reverse(health), Reverse(rank), cause))) => Some(Owned {
                health: *health,
                cause: *cause,
                rank: *rank,
            }),
            Some(None) => {
                self.rollup.0.remove(&id);
                None
            }
            None => None,
        };
        let Some(entry) = self.state.node(id).filter(|entry| entry.owned() != worst) else {
            return false;
        };
        self.store(entry.with_owned(worst));
        self.touch_status(id);
        true
    }

    pub(super) fn touch_status(&mut self, id: NodeId) {
        if let Some(key) = self.state.node(id).map(|entry| entry.key().clone()) {
            self.touch(id, &key, Extent::Status);
        }
    }
}

/// A node and its owners at any depth.
fn with_owners(state: &State, id: NodeId) -> Vec<NodeId> {
    reach(id, |id, found| {
        found.extend(state.incoming_by(id, Relation::Owns).map(|edge| edge.source));
    })
}

/// A node and what it owns at any depth.
pub(super) fn with_owned(state: &State, id: NodeId) -> Vec<NodeId> {
    reach(id, |id, found| {
        let owned = state
            .outgoing(id)
            .filter(|(edge, _)| edge.relation == Relation::Owns);
        found.extend(owned.map(|(edge, _)| edge.target));
    })
}

/// All that is reached from a node, the node first, nothing twice.
fn reach(id: NodeId, next: impl Fn(NodeId, &mut Vec<NodeId>)) -> Vec<NodeId> {
    let mut seen = FxHashSet::from_iter([id]);
    let (mut reached, mut found) = (vec![id], Vec::new());
    let mut at = 0;
    while let Some(id) = reached.get(at).copied() {
        next(id, &mut found);
        reached.extend(found.drain(..).filter(|id| seen.insert(*id)));
        at += 1;
    }
    reached
}
