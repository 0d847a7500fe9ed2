//! Which pairs of nodes an event can affect, and what happens to the edge between them.

use super::Index;
use super::labels::Scope;
use crate::change::EdgeChange;
use crate::facts::{Facts, Key, Reference, Selector, Within};
use crate::proof::{self, Proof};
use crate::rules::{self, Absent};
use crate::selector::LabelSelector;
use crate::state::Entry;
use crate::symbols::Sym;
use model::graph::{EdgeKey, End, NodeState, Relation};
use model::{KindId, NodeId};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The same edge with one of its ends moved to another node.
pub(super) fn moved(edge: EdgeKey, from: NodeId, to: NodeId) -> EdgeKey {
    let end = |id| if id == from { to } else { id };
    EdgeKey {
        source: end(edge.source),
        target: end(edge.target),
        relation: edge.relation,
    }
}

impl Index {
    /// Proves an edge again and keeps what comes out.
    pub(super) fn prove(&mut self, key: EdgeKey) {
        let ends = (self.state.node(key.source), self.state.node(key.target));
        let proof = match ends {
            (Some(source), Some(target)) => proof::prove(key.relation, source, target, &self.state),
            _ => None,
        };
        self.set_edge(key, proof);
    }

    /// Puts an edge in, changes its proof or takes it out, with the roll-up of health along owners. Absent objects that it
    /// joined are looked at when the event [settles](Self::settle).
    pub(super) fn set_edge(&mut self, key: EdgeKey, proof: Option<Proof>) {
        let before = self.state.shared_proof(&key);
        if before.as_deref() == proof.as_ref() {
            return;
        }
        self.count_proof(key, before.as_deref(), proof.as_ref());
        let change = match (&before, &proof) {
            (Some(before), None) => EdgeChange::Removed(before.layer),
            _ => EdgeChange::Upserted,
        };
        let there = proof.is_some();
        let is_broken = |proof: Option<&Proof>| proof.is_some_and(|proof| !proof.healthy);
        let broken = (is_broken(before.as_deref()), is_broken(proof.as_ref()));
        let proof: Option<Arc<Proof>> = proof.map(|proof| self.proofs.share_owned(proof));
        let was_there = self.state.set_edge(key, proof);
        self.touch_edge(key, change);
        if broken.0 != broken.1 {
            self.count_broken(key, broken.1);
        }
        if key.relation == Relation::Owns && there != was_there {
            if there {
                self.link(key.source, key.target);
            } else {
                self.unlink(key.source, key.target);
            }
        }
        if matches!(key.relation, Relation::Owns | Relation::Manages) && there != was_there {
            self.unplaced.push(key.target);
        }
        if !there {
            self.loosened.extend([key.source, key.target]);
        }
    }

    /// An edge is broken, or is so no more: an absent object at its end is to blame for as long as it has one.
    fn count_broken(&mut self, key: EdgeKey, more: bool) {
        for id in [key.source, key.target] {
            let Some(before) = self.state.node(id) else {
                continue;
            };
            let was_lacking = before.is_lacking();
            if let Some(entry) = before.with_broken(more) {
                let turns = entry.is_lacking() != was_lacking;
                self.store(entry);
                if turns {
                    self.touch_status(id);
                }
            }
        }
    }

    /// Ends an event: absent objects that nothing names any more are forgotten. Not before, since an event may take away
    /// one edge to such an object and add another.
    pub(super) fn settle(&mut self) {
        for id in std::mem::take(&mut self.loosened) {
            let absent = self
                .state
                .node(id)
                .is_some_and(|entry| entry.state() != NodeState::Live);
            if absent && !self.state.has_edges(id) {
                self.take(id);
            }
        }
        self.place_all();
    }

    pub(super) fn edges_around(&self, id: NodeId) -> Vec<EdgeKey> {
        self.state.around(id).map(|(key, _)| key).collect()
    }

    /// Whether a node needs the object at an address for an edge of this relation.
    pub(super) fn needs(&self, id: NodeId, relation: Relation, key: &Key) -> bool {
        let facts = self.state.node(id).and_then(|entry| entry.facts());
        facts.is_some_and(|facts| {
            facts
                .references_to(relation, key)
                .any(|reference| reference.rule.absent == Absent::Missing)
        })
    }

    /// Every edge that a new object can have.
    pub(super) fn edges_of(&mut self, id: NodeId, facts: &Facts) -> Vec<EdgeKey> {
        let mut edges = Vec::new();
        for reference in &facts.references {
            edges.extend(self.edges_by(id, reference, true));
        }
        edges.extend(self.edges_from_owners(id, facts));
        edges.extend(
            self.lookup
                .owned_by
                .get(&facts.uid.digest())
                .map(|owned| EdgeKey {
                    source: id,
                    target: owned,
                    relation: Relation::Owns,
                }),
        );
        edges.extend(self.edges_to_selected(id, facts));
        edges.extend(self.edges_from_selectors(id, facts));
        edges.extend(self.edges_from_claim_templates(id, facts));
        let awaiting: Vec<NodeId> = self.lookup.awaiting.get(&facts.key).collect();
        for holder in awaiting {
            let Some(entry) = self.state.node(holder) else {
                continue;
            };
            let references = entry.facts().map(|facts| &*facts.references);
            let naming = references
                .unwrap_or_default()
                .iter()
                .filter(|reference| reference.to == facts.key);
            edges.extend(naming.map(|reference| oriented(holder, reference, id)));
        }
        edges
    }

    /// Every edge that can differ between two states of one object.
    pub(super) fn edges_changed(&mut self, id: NodeId, old: &Facts, new: &Facts) -> BTreeSet<EdgeKey> {
        let mut edges = BTreeSet::new();
        let mut binds = false;
        for (reference, is_new) in differing(&old.references, &new.references) {
            binds |= reference.rule.relation == Relation::Binds;
            edges.extend(self.edges_by(id, reference, is_new));
        }
        if binds {
            // Whether a claim and a volume belong together is for both to say.
            let around = self.edges_around(id).into_iter();
            edges.extend(around.filter(|edge| edge.relation == Relation::Binds));
        }
        if old.owners != new.owners {
            edges.extend(self.state.incoming_by(id, Relation::Owns));
            edges.extend(self.edges_from_owners(id, new));
        }
        if old.labels != new.labels {
            for relation in rules::SELECTING {
                edges.extend(self.state.incoming_by(id, *relation));
            }
            edges.extend(self.edges_from_selectors(id, new));
        }
        if old.selectors() != new.selectors() {
            let outgoing = self.state.outgoing(id).map(|(edge, _)| edge);
            edges.extend(outgoing.filter(|edge| rules::SELECTING.contains(&edge.relation)));
            edges.extend(self.edges_to_selected(id, new));
        }
        if old.ports() != new.ports() {
            edges.extend(self.state.incoming_by(id, Relation::Routes));
        }
        edges
    }

    /// The edges that a reference makes: one, but for a template of claims.
    fn edges_by(&mut self, holder: NodeId, reference: &Reference, needed: bool) -> Vec<EdgeKey> {
        if reference.rule.relation == Relation::Claims {
            let claims = self.state.beginning_with(&reference.to);
            return claims.map(|named| oriented(holder, reference, named)).collect();
        }
        self.edge_by(holder, reference, needed).into_iter().collect()
    }

    /// The edges from StatefulSets that may have made a claim, from what its name leaves open: `a-b-c-0` may be claim `a`
    /// of set `b-c`, or claim `a-b` of set `c`.
    fn edges_from_claim_templates(&self, id: NodeId, facts: &Facts) -> Vec<EdgeKey> {
        let Some(kind) =
            KindId::of("StatefulSet").filter(|_| facts.key.kind.get().kind == "PersistentVolumeClaim")
        else {
            return Vec::new();
        };
        let Some((base, _)) = facts.key.name.rsplit_once('-') else {
            return Vec::new();
        };
        let sets = base.match_indices('-').filter_map(|(dash, _)| {
            let set = Key {
                kind,
                namespace: facts.key.namespace.clone(),
                name: base.get(dash + 1..)?.into(),
            };
            self.state.id(&set)
        });
        sets.map(|source| EdgeKey {
            source,
            target: id,
            relation: Relation::Claims,
        })
        .collect()
    }

    /// The edges of selectors that look into a namespace, or not, by its labels.
    pub(super) fn edges_into(&self, namespace: &Facts) -> Vec<EdgeKey> {
        if namespace.key.kind.get().kind != "Namespace" {
            return Vec::new();
        }
        let mut edges = Vec::new();
        for id in &self.lookup.selectors.across {
            let facts = self.state.node(*id).and_then(|entry| entry.facts());
            let selectors = facts.map_or(&[][..], Facts::selectors).iter();
            for selector in selectors.filter(|selector| matches!(selector.within, Within::Matching(_))) {
                let scope = (selector.kind, Some(namespace.key.name.clone()));
                let selected = self.selected(&scope, &selector.labels);
                edges.extend(selected.into_iter().map(|target| EdgeKey {
                    source: *id,
                    target,
                    relation: selector.rule.relation,
                }));
            }
        }
        edges
    }

    /// The edges that a grant may give leave for.
    pub(super) fn edges_granted(&mut self, grant: &Facts) -> Vec<EdgeKey> {
        let mut edges = Vec::new();
        if let (false, Some(namespace)) = (grant.grants().is_empty(), &grant.key.namespace) {
            let holders: Vec<NodeId> = self.lookup.crossing.get(namespace).collect();
            for holder in holders {
                let outgoing = self.state.outgoing(holder).map(|(edge, _)| edge);
                edges.extend(outgoing.filter(|edge| edge.relation == Relation::Routes));
            }
        }
        edges
    }

    /// The edge that a reference makes. With `needed`, the object it names gets a place if it is absent and must not be.
    fn edge_by(&mut self, holder: NodeId, reference: &Reference, needed: bool) -> Option<EdgeKey> {
        let named = if needed && reference.rule.absent == Absent::Missing {
            self.place(&reference.to)
        } else {
            self.state.id(&reference.to)?
        };
        Some(oriented(holder, reference, named))
    }

    fn edges_from_owners(&self, id: NodeId, facts: &Facts) -> Vec<EdgeKey> {
        let owners = facts.owners.iter();
        owners
            .flat_map(|owner| self.lookup.by_uid.get(&owner.uid.digest()))
            .map(|owner| EdgeKey {
                source: owner,
                target: id,
                relation: Relation::Owns,
            })
            .collect()
    }

    fn edges_to_selected(&self, id: NodeId, facts: &Facts) -> Vec<EdgeKey> {
        let mut edges = Vec::new();
        for selector in facts.selectors() {
            for namespace in self.namespaces(facts, selector) {
                let scope = (selector.kind, namespace);
                let selected = self.selected(&scope, &selector.labels);
                edges.extend(selected.into_iter().map(|target| EdgeKey {
                    source: id,
                    target,
                    relation: selector.rule.relation,
                }));
            }
        }
        edges
    }

    /// The objects of a scope whose labels meet the selector. Cost for kinds whose labels are not indexed: the objects of
    /// the scope.
    fn selected(&self, scope: &Scope, labels: &LabelSelector) -> Vec<NodeId> {
        if rules::is_selectable(scope.0) {
            return self.lookup.labelled.selected(scope, labels);
        }
        let within: Vec<String> = scope.1.iter().map(ToString::to_string).collect();
        let entries = self.state.objects(scope.0, &within);
        entries
            .filter(|entry| entry.facts().is_some_and(|facts| labels.matches(&facts.labels)))
            .map(Entry::id)
            .collect()
    }

    /// The namespaces in which a selector looks; `None` for a cluster-scoped kind.
    fn namespaces(&self, facts: &Facts, selector: &Selector) -> Vec<Option<Sym>> {
        match &selector.within {
            Within::Own => vec![facts.key.namespace.clone()],
            Within::Any => {
                let tallies = self.state.tallies(selector.kind);
                tallies.map(|(namespace, _)| namespace.cloned()).collect()
            }
            Within::Named(names) => names.iter().cloned().map(Some).collect(),
            Within::Matching(labels) => {
                let Some(kind) = KindId::of("Namespace") else {
                    return Vec::new();
                };
                let found = self.lookup.labelled.selected(&(kind, None), labels).into_iter();
                found
                    .filter_map(|id| Some(Some(self.state.node(id)?.key().name.clone())))
                    .collect()
            }
        }
    }

    fn edges_from_selectors(&self, id: NodeId, facts: &Facts) -> Vec<EdgeKey> {
        let candidates = self.lookup.selectors.candidates(facts).into_iter();
        candidates
            .map(|(source, relation)| EdgeKey {
                source,
                target: id,
                relation,
            })
            .collect()
    }
}

/// The edge of a reference, in the direction that its rule gives.
fn oriented(holder: NodeId, reference: &Reference, named: NodeId) -> EdgeKey {
    let (source, target) = match reference.rule.proof {
        End::Source => (holder, named),
        End::Target => (named, holder),
    };
    EdgeKey {
        source,
        target,
        relation: reference.rule.relation,
    }
}

/// The references that are in one of two sorted lists only, and whether it is the new one.
fn differing<'a>(old: &'a [Arc<Reference>], new: &'a [Arc<Reference>]) -> Vec<(&'a Reference, bool)> {
    let mut differing = Vec::new();
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return differing,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.order(b),
        };
        let same = order.is_eq() && old.peek() == new.peek();
        if order.is_le() {
            let next = old.next().filter(|_| !same);
            differing.extend(next.map(|reference| (&**reference, false)));
        }
        if order.is_ge() {
            let next = new.next().filter(|_| !same);
            differing.extend(next.map(|reference| (&**reference, true)));
        }
    }
}
