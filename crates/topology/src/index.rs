//! The writer: takes facts in, keeps the graph, says what changed.
//!
//! The edge between two nodes is a pure function of the two ([`crate::proof`]). So all the index has to know is
//! *which pairs* an event can affect; it proves those again and keeps what differs. The pairs come from the fields that
//! changed (references, owners, labels, selector) and from lookups in the other direction, so an event costs what it
//! changes: a heartbeat that only moves a status proves nothing.

use crate::application;
use crate::change::{Change, EdgeChange, Extent};
use crate::facts::{Facts, Key, Uid};
use crate::pool::Pool;
use crate::proof::Proof;
use crate::search::Slots;
use crate::state::{Entry, State};
use crate::symbols::{Sym, Symbols};
use groups::Unwell;
use lookup::Lookup;
use model::graph::NodeState;
use model::{KindId, NodeId};
use rollup::Rollup;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::sync::Arc;

mod complete;
mod edges;
mod groups;
mod kinds;
mod labels;
mod lookup;
mod multi;
mod rollup;

/// Below this many new nodes nothing is worth packing.
const SMALL: u64 = 1024;

/// Where the objects of a kind can be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Seen {
    /// Not at all: nobody can say which exist.
    #[default]
    Nowhere,
    /// In the whole cluster.
    Everywhere,
    /// In these namespaces only.
    In(BTreeSet<Sym>),
}

impl Seen {
    /// Whether an object of this address would be seen if it existed.
    fn holds(&self, key: &Key) -> bool {
        match (self, &key.namespace) {
            (Self::Everywhere, _) => true,
            (Self::In(namespaces), Some(namespace)) => namespaces.contains(namespace),
            (Self::Nowhere, _) | (Self::In(_), None) => false,
        }
    }
}

/// The single writer of one cluster's graph.
///
/// Events may come twice and in any order between objects: what counts is the last state of each. A watch must not
/// hand in an object's older state after its newer one.
#[derive(Debug, Default)]
pub struct Index {
    state: State,
    symbols: Symbols,
    proofs: Pool<Proof>,
    lookup: Lookup,
    rollup: Rollup,
    unwell: Unwell,
    slots: Slots,
    seen: FxHashMap<KindId, Seen>,
    change: Change,
    /// Ends of edges that this event took out.
    loosened: Vec<NodeId>,
    /// Nodes that may be part of another application after this event.
    unplaced: Vec<NodeId>,
    next: u32,
    /// The next node's number when the state was packed last.
    packed: u32,
    /// The last group's number; that of the whole cluster is 0.
    next_group: u32,
}

impl Index {
    /// An empty index. No kind is visible yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The table that [`crate::kinds::read`] needs.
    pub fn symbols(&mut self) -> &mut Symbols {
        &mut self.symbols
    }

    /// The state as it is now. A constant-time clone that later changes do not touch.
    pub fn state(&self) -> State {
        self.state.clone()
    }

    /// What changed since the last call.
    pub fn take_change(&mut self) -> Change {
        std::mem::take(&mut self.change)
    }

    /// Gives back the memory that growing has left unused, if half as many nodes came since the last time as there are.
    /// Cost: all nodes and edges; so a little for each that came.
    pub fn pack(&mut self) {
        let came = u64::from(self.next - self.packed);
        let nodes = u64::try_from(self.state.node_count()).unwrap_or(u64::MAX);
        if came >= SMALL && came >= nodes / 2 {
            self.state.pack();
            self.packed = self.next;
        }
    }

    /// An object is as `facts` say. One of the same address with another UID is gone.
    pub fn upsert(&mut self, facts: Facts) {
        debug_assert!(facts.references.is_sorted_by(|a, b| a.order(b).is_le()));
        let facts = self.completed(facts);
        let before = self.state.find(&facts.key).cloned();
        match before
            .as_ref()
            .and_then(|entry| Some((entry, entry.shared_facts()?)))
        {
            Some((_, old)) if **old == facts => {}
            Some((entry, old)) if old.uid == facts.uid => self.update(entry, old, Arc::new(facts)),
            Some((entry, _)) => {
                self.remove_live(entry.id());
                self.insert(Arc::new(facts));
            }
            None => self.insert(Arc::new(facts)),
        }
    }

    /// An object is gone. Nothing happens if there is none, or if the one there has another UID than `uid` names.
    pub fn remove(&mut self, kind: KindId, namespace: Option<&str>, name: &str, uid: Option<&str>) {
        let key = Key {
            kind,
            namespace: namespace.map(Into::into),
            name: name.into(),
        };
        let live = self
            .state
            .find(&key)
            .and_then(|entry| Some((entry.id(), entry.facts()?)));
        if let Some((id, facts)) = live
            && uid.is_none_or(|uid| facts.uid == Uid::from(uid))
        {
            self.remove_live(id);
        }
    }

    /// The objects of a kind are these and no others. Objects of another kind in the list are passed over.
    pub fn relist(&mut self, kind: KindId, mut objects: Vec<Facts>) {
        objects.retain(|facts| facts.key.kind == kind);
        let listed: FxHashSet<&Key> = objects.iter().map(|facts| &facts.key).collect();
        let gone: Vec<NodeId> = self
            .state
            .objects(kind, &[])
            .filter(|entry| !listed.contains(entry.key()))
            .map(Entry::id)
            .collect();
        for id in gone {
            self.remove_live(id);
        }
        for facts in objects {
            self.upsert(facts);
        }
    }

    /// Whether a kind is listed in full (synced, and not denied), in all namespaces: see [`Self::set_seen`].
    pub fn set_kind_visible(&mut self, kind: KindId, visible: bool) {
        let seen = if visible { Seen::Everywhere } else { Seen::Nowhere };
        self.set_seen(kind, seen);
    }

    /// Where a kind is listed in full. Only there does an object that does not exist count as missing; elsewhere it is
    /// hidden, and no edge is unhealthy for it. Cost: the nodes of the kind.
    pub fn set_seen(&mut self, kind: KindId, seen: Seen) {
        let before = self.seen.get(&kind).cloned().unwrap_or_default();
        if before == seen {
            return;
        }
        let differs = |key: &Key| before.holds(key) != seen.holds(key);
        let absent: Vec<Entry> = self
            .state
            .nodes_of(kind, &[])
            .filter(|entry| entry.state() != NodeState::Live && differs(entry.key()))
            .cloned()
            .collect();
        for entry in absent {
            let hidden = !seen.holds(entry.key());
            self.put(entry.with_hidden(hidden), Extent::Whole);
            for edge in self.edges_around(entry.id()) {
                self.prove(edge);
            }
        }
        self.seen.insert(kind, seen);
        self.settle();
    }

    fn insert(&mut self, facts: Arc<Facts>) {
        let mut edges = Vec::new();
        let id = self.next_id();
        if let Some(absent) = self.state.id(&facts.key) {
            // Everyone who named the absent object now names this one.
            for edge in self.edges_around(absent) {
                edges.push(edges::moved(edge, absent, id));
                self.set_edge(edge, None);
            }
            self.take(absent);
        }
        self.lookup.add(id, &facts);
        self.slots.insert(id, &facts, self.state.words_mut());
        self.put(Entry::live(id, Arc::clone(&facts)), Extent::Whole);
        edges.extend(self.edges_of(id, &facts));
        edges.extend(self.edges_into(&facts));
        edges.extend(self.edges_granted(&facts));
        for edge in edges {
            self.prove(edge);
        }
        self.settle();
        self.complete_others(None, Some(&facts));
    }

    fn update(&mut self, entry: &Entry, old: &Facts, new: Arc<Facts>) {
        let id = entry.id();
        self.lookup.replace(id, old, &new);
        self.slots.update(id, old, &new, self.state.words_mut());
        let whole = (&old.labels, &old.images, old.created) != (&new.labels, &new.images, new.created);
        let extent = if whole {
            Some(Extent::Whole)
        } else if old.status != new.status {
            Some(Extent::Status)
        } else if old.cells != new.cells {
            Some(Extent::Cells)
        } else {
            None
        };
        self.store(entry.with_facts(Arc::clone(&new)));
        if application::differs(old, &new) {
            self.unplaced.push(id);
        }
        if let Some(extent) = extent {
            self.touch(id, &new.key, extent);
        }
        self.reweigh(id, &old.status, &new.status);
        for edge in self.edges_changed(id, old, &new) {
            self.prove(edge);
        }
        if old.labels != new.labels {
            for edge in self.edges_into(&new) {
                self.prove(edge);
            }
        }
        if old.grants() != new.grants() {
            for edge in [self.edges_granted(old), self.edges_granted(&new)].concat() {
                self.prove(edge);
            }
        }
        self.settle();
        self.complete_others(Some(old), Some(&new));
    }

    fn remove_live(&mut self, id: NodeId) {
        let Some(entry) = self.state.node(id).cloned() else {
            return;
        };
        let edges = self.edges_around(id);
        for edge in &edges {
            self.set_edge(*edge, None);
        }
        if let Some(facts) = entry.facts() {
            self.lookup.remove(id, facts);
            self.slots.remove(id, facts, self.state.words_mut());
        }
        self.take(id);
        // Whoever still names it now names an absent object.
        let key = entry.key();
        for edge in edges {
            let other = if edge.source == id {
                edge.target
            } else {
                edge.source
            };
            if other != id && self.needs(other, edge.relation, key) {
                let absent = self.place(key);
                self.prove(edges::moved(edge, id, absent));
            }
        }
        if let Some(facts) = entry.facts() {
            for edge in [self.edges_into(facts), self.edges_granted(facts)].concat() {
                self.prove(edge);
            }
        }
        self.settle();
        self.complete_others(entry.facts(), None);
    }

    /// The node at an address; the place of an absent object is made if there is none.
    fn place(&mut self, key: &Key) -> NodeId {
        if let Some(id) = self.state.id(key) {
            return id;
        }
        let id = self.next_id();
        let hidden = !self.seen.get(&key.kind).is_some_and(|seen| seen.holds(key));
        self.put(Entry::absent(id, key.clone(), hidden), Extent::Whole);
        id
    }

    fn next_id(&mut self) -> NodeId {
        let id = NodeId(self.next);
        self.next += 1;
        id
    }

    fn put(&mut self, entry: Entry, extent: Extent) {
        self.touch(entry.id(), &entry.key().clone(), extent);
        match self.state.node(entry.id()).map(Entry::place) {
            Some(place) => self.store(entry.with_place(place)),
            None => {
                self.unplaced.push(entry.id());
                self.store(entry);
            }
        }
    }

    fn take(&mut self, id: NodeId) {
        if let Some(entry) = self.state.take(id) {
            self.count(Some(&entry), None);
            self.touch(id, entry.key(), Extent::Removed);
        }
    }

    fn touch(&mut self, id: NodeId, key: &Key, extent: Extent) {
        self.change.touch(id, key.kind, key.namespace.as_ref(), extent);
    }

    fn touch_edge(&mut self, key: model::graph::EdgeKey, change: EdgeChange) {
        self.change.touch_edge(key, change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_is_emptied_keeps_nothing() {
        let mut index = Index::new();
        let mut add = |kind: &str, name: &str, uid: &str, owner: &str| {
            let json = format!(
                r#"{{"metadata": {{"name": "{name}", "namespace": "shop", "uid": "{uid}", "labels": {{"app": "{uid}"}},
                     "ownerReferences": [{{"uid": "{owner}"}}]}},
                    "spec": {{"selector": {{"app": "1"}}, "volumes": [{{"name": "v", "ephemeral": {{}}}}]}}}}"#
            );
            let kind = KindId::of(kind).unwrap();
            let facts = crate::kinds::read(kind, json.as_bytes(), index.symbols()).unwrap();
            index.upsert(facts);
        };
        add("Pod", "a", "1", "2");
        add("Pod", "b", "2", "3");
        add("Pod", "b", "3", "1");
        add("Service", "s", "4", "1");
        add("Service", "s", "5", "3");
        add("PersistentVolumeClaim", "a-v", "6", "6");
        for (kind, name) in [
            ("Service", "s"),
            ("Pod", "b"),
            ("PersistentVolumeClaim", "a-v"),
            ("Pod", "a"),
        ] {
            index.remove(KindId::of(kind).unwrap(), Some("shop"), name, None);
        }
        assert_eq!((index.state.node_count(), index.state.edge_count()), (0, 0));
        assert_eq!(format!("{:?}", index.lookup), format!("{:?}", Lookup::default()));
        assert_eq!(format!("{:?}", index.rollup), format!("{:?}", Rollup::default()));
        assert_eq!(format!("{:?}", index.unwell), format!("{:?}", Unwell::default()));
        assert_eq!(format!("{:?}", index.slots), format!("{:?}", Slots::default()));
        let words = format!("{:?}", index.state.words());
        assert_eq!(words, format!("{:?}", crate::search::Words::default()));
        let groups = format!("{:?}", index.state.groups());
        assert_eq!(groups, format!("{:?}", crate::state::Groups::default()));
    }
}
