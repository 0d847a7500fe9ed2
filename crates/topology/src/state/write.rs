//! How the writer changes its state. Each step keeps the state's maps in agreement with each other.

use super::{Entry, Groups, Served, State, Tally};
use crate::facts::Key;
use crate::proof::Proof;
use crate::symbols::Sym;
use imbl::OrdMap;
use model::graph::{EdgeKey, Relation};
use model::{KindId, NodeId};
use std::sync::Arc;

impl State {
    /// Puts a node in place of the one with its id, if there is one. The address must be free or its own.
    pub(crate) fn put(&mut self, entry: Entry) {
        let before = self.nodes.get(&entry.id()).and_then(contribution);
        let after = contribution(&entry);
        if before != after {
            self.tally_up(before, after);
        }
        if !self.places.contains_key(entry.key()) {
            self.places.insert(entry.key().clone(), entry.id());
        }
        self.nodes.insert(entry.id(), entry);
    }

    /// Takes a node out. Its edges must be gone.
    pub(crate) fn take(&mut self, id: NodeId) -> Option<Entry> {
        let entry = self.nodes.remove(&id)?;
        self.tally_up(contribution(&entry), None);
        self.places.remove(entry.key());
        Some(entry)
    }

    /// The cluster serves a kind so, or no longer does. Answers whether that is news.
    pub(crate) fn set_served(&mut self, kind: KindId, served: Option<Served>) -> bool {
        let before = match served.clone() {
            Some(served) => self.kinds.insert(kind, served),
            None => self.kinds.remove(&kind),
        };
        before != served
    }

    /// The id at an address.
    pub(crate) fn id(&self, key: &Key) -> Option<NodeId> {
        self.places.get(key).copied()
    }

    /// Puts an edge in, or takes it out. Answers whether it was there before.
    pub(crate) fn set_edge(&mut self, key: EdgeKey, proof: Option<Arc<Proof>>) -> bool {
        let reversed: (NodeId, Relation, NodeId) = (key.target, key.relation, key.source);
        match proof {
            Some(proof) => {
                let before = self.edges.insert(key, proof).is_some();
                if !before {
                    self.reverse.insert(reversed);
                }
                before
            }
            None => {
                self.reverse.remove(&reversed);
                self.edges.remove(&key).is_some()
            }
        }
    }

    /// Rebuilds the large maps so that their leaves are full: keys that came in their order have left each of them half
    /// empty. Cost: all nodes and edges. One map after the other, so that little is there twice.
    pub(crate) fn pack(&mut self) {
        self.nodes = in_two_passes(|| self.nodes.iter().map(|(id, entry)| (*id, entry.clone())));
        self.places = in_two_passes(|| self.places.iter().map(|(key, id)| (key.clone(), *id)));
        self.edges = in_two_passes(|| self.edges.iter().map(|(key, proof)| (*key, proof.clone())));
        self.reverse = in_two_passes(|| self.reverse.iter().copied());
        self.groups.pack();
    }

    pub(crate) fn groups_mut(&mut self) -> &mut Groups {
        &mut self.groups
    }

    pub(crate) fn words_mut(&mut self) -> &mut crate::search::Words {
        &mut self.words
    }

    /// An edge's proof, to keep.
    pub(crate) fn shared_proof(&self, key: &EdgeKey) -> Option<Arc<Proof>> {
        self.edges.get(key).cloned()
    }

    /// Whether an edge starts or ends at a node.
    pub(crate) fn has_edges(&self, id: NodeId) -> bool {
        self.around(id).next().is_some()
    }

    fn tally_up(&mut self, before: Option<Share>, after: Option<Share>) {
        if let Some((place, share)) = before {
            lower(&mut self.totals, &place.0, share);
            lower(&mut self.tallies, &place, share);
        }
        if let Some((place, share)) = after {
            raise(&mut self.totals, place.0, share);
            raise(&mut self.tallies, place, share);
        }
    }
}

/// The same, built from every second item and then from those between them: the first pass leaves room for exactly these.
pub(super) fn in_two_passes<C: FromIterator<I::Item>, I: Iterator>(items: impl Fn() -> I) -> C {
    let between = items().skip(1).step_by(2);
    items().step_by(2).chain(between).collect()
}

fn raise<K: Ord + Clone>(tallies: &mut OrdMap<K, Tally>, key: K, share: Tally) {
    let tally = tallies.entry(key).or_default();
    tally.objects += share.objects;
    tally.unhealthy += share.unhealthy;
}

fn lower<K: Ord + Clone>(tallies: &mut OrdMap<K, Tally>, key: &K, share: Tally) {
    if let Some(tally) = tallies.get_mut(key) {
        tally.objects = tally.objects.saturating_sub(share.objects);
        tally.unhealthy = tally.unhealthy.saturating_sub(share.unhealthy);
        if tally.objects == 0 {
            tallies.remove(key);
        }
    }
}

/// What a node adds to the tally of its place.
type Share = ((KindId, Option<Sym>), Tally);

fn contribution(entry: &Entry) -> Option<Share> {
    let facts = entry.facts()?;
    let place = (facts.key.kind, facts.key.namespace.clone());
    Some((place, Tally::of(facts.status.health)))
}
