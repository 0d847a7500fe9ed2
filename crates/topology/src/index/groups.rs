//! Namespaces and applications, kept as their objects change.
//!
//! What a node adds to its groups is a function of its entry, and what an edge adds a function of its proof and the
//! groups of its ends. So all that changes an entry or an edge goes through here, takes out what the old one added and puts
//! in what the new one adds: an event costs what it changes, at two levels. The level of the cluster is the sum of its
//! namespaces, made when it is asked for.

use super::Index;
use super::rollup::with_owned;
use crate::application;
use crate::change::Extent;
use crate::proof::Proof;
use crate::state::{Entry, GroupKey, Place};
use model::graph::{EdgeKey, NodeState};
use model::level::{GroupEdgeKey, GroupId};
use model::{Health, NodeId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// What is worse than healthy in each group, worst first.
#[derive(Debug, Default)]
pub(super) struct Unwell(FxHashMap<GroupId, BTreeSet<Weight>>);

/// The worst first, of those the furthest down the signal path, then the one known longest; at last the member that has
/// or owns it.
type Weight = (Reverse<Health>, Reverse<u8>, NodeId, NodeId);

/// What a node adds: its own health and that of what it owns, as far as they are worse than healthy.
fn weights(entry: &Entry) -> impl Iterator<Item = Weight> {
    let live = entry.state() == NodeState::Live;
    let own = live.then(|| (entry.health(), entry.key().kind.get().rank, entry.id()));
    let owned = entry.owned().map(|owned| (owned.health, owned.rank, owned.cause));
    let id = entry.id();
    own.into_iter()
        .chain(owned)
        .filter(|(health, _, _)| *health > Health::Healthy)
        .map(move |(health, rank, cause)| (Reverse(health), Reverse(rank), cause, id))
}

/// Whether two entries of one node add the same.
fn adds_the_same(a: &Entry, b: &Entry) -> bool {
    (a.place(), a.state(), a.health(), a.owned()) == (b.place(), b.state(), b.health(), b.owned())
}

impl Index {
    /// Puts a node in place of the one with its id, if there is one.
    pub(super) fn store(&mut self, entry: Entry) {
        let before = self.state.node(entry.id()).cloned();
        if before
            .as_ref()
            .is_some_and(|before| adds_the_same(before, &entry))
        {
            self.state.put(entry);
            return;
        }
        self.state.put(entry.clone());
        self.count(before.as_ref(), Some(&entry));
    }

    /// A node was as the one entry says and is as the other does.
    pub(super) fn count(&mut self, before: Option<&Entry>, after: Option<&Entry>) {
        let mut touched: Vec<GroupId> = Vec::new();
        for (entry, by) in [(before, -1), (after, 1)] {
            let Some((entry, place)) = entry.and_then(|entry| Some((entry, entry.place()?))) else {
                continue;
            };
            for group in place.groups() {
                if let Some(members) = self.state.groups_mut().members_mut(group) {
                    members.count(entry, by);
                }
                let unwell = self.unwell.0.entry(group).or_default();
                for weight in weights(entry) {
                    if by > 0 {
                        unwell.insert(weight);
                    } else {
                        unwell.remove(&weight);
                    }
                }
                if !touched.contains(&group) {
                    touched.push(group);
                }
            }
        }
        for group in touched {
            self.refresh_group(group);
        }
    }

    fn refresh_group(&mut self, group: GroupId) {
        let worst = match self.unwell.0.get(&group).map(BTreeSet::first) {
            Some(Some((Reverse(health), _, cause, _))) => Some((*health, *cause)),
            Some(None) => {
                self.unwell.0.remove(&group);
                None
            }
            None => None,
        };
        let groups = self.state.groups_mut();
        let Some(members) = groups.members_mut(group) else {
            return;
        };
        members.worst = worst;
        let (key, empty) = (members.key.clone(), members.is_empty());
        if empty {
            groups.take(group);
            if key.application.is_some() {
                self.count_application(&key, -1);
            }
        }
        self.change.touch_group(group, &key, empty);
    }

    fn count_application(&mut self, key: &GroupKey, by: i32) {
        let namespace = GroupKey {
            namespace: key.namespace.clone(),
            application: None,
        };
        let groups = self.state.groups_mut();
        if let Some(id) = groups.id(&namespace)
            && let Some(members) = groups.members_mut(id)
        {
            members.applications = members.applications.saturating_add_signed(by);
        }
    }

    /// The reason of a node's health has changed, and nothing else of it.
    pub(super) fn touch_groups_for(&mut self, cause: NodeId, member: NodeId) {
        let place = self.state.node(member).and_then(Entry::place);
        for group in place.into_iter().flat_map(Place::groups) {
            if let Some(members) = self.state.groups().members(group)
                && members.worst.is_some_and(|(_, own)| own == cause)
            {
                let key = members.key.clone();
                self.change.touch_group(group, &key, false);
            }
        }
    }

    /// Ends an event: what may be part of another application now is put there, with all that it owns.
    pub(super) fn place_all(&mut self) {
        let mut done = FxHashSet::default();
        for seed in std::mem::take(&mut self.unplaced) {
            for id in with_owned(&self.state, seed) {
                if done.insert(id) {
                    self.place_again(id);
                }
            }
        }
    }

    fn place_again(&mut self, id: NodeId) {
        let Some(entry) = self.state.node(id).cloned() else {
            return;
        };
        let place = self.find_place(&entry);
        if place == entry.place() {
            return;
        }
        let edges = self.edges_around(id);
        for edge in &edges {
            self.count_edge(*edge, -1);
        }
        self.store(entry.with_place(place));
        // Nothing of it changed but where the map has its cell.
        self.change.touch(
            id,
            entry.key().kind,
            entry.key().namespace.as_ref(),
            Extent::Cells,
        );
        for edge in &edges {
            self.count_edge(*edge, 1);
        }
    }

    /// The groups of a node. Events are in none: there may be more of them than of all else, each its own application.
    fn find_place(&mut self, entry: &Entry) -> Option<Place> {
        let key = entry.key();
        if key.kind.get().id == "Event" {
            return None;
        }
        let namespace = GroupKey {
            namespace: key.namespace.clone(),
            application: None,
        };
        let application = GroupKey {
            application: Some(application::of(&self.state, entry.id())?),
            ..namespace.clone()
        };
        let namespace = self.group(namespace);
        let application = self.group(application);
        Some(Place {
            application,
            namespace,
        })
    }

    fn group(&mut self, key: GroupKey) -> GroupId {
        if let Some(id) = self.state.groups().id(&key) {
            return id;
        }
        self.next_group += 1;
        let id = GroupId(self.next_group);
        if key.application.is_some() {
            self.count_application(&key, 1);
        }
        self.state.groups_mut().add(id, key);
        id
    }

    /// An edge's proof was the one and is the other.
    pub(super) fn count_proof(&mut self, key: EdgeKey, before: Option<&Proof>, after: Option<&Proof>) {
        let counted = |proof: &Proof| (proof.layer, proof.healthy);
        if before.map(counted) == after.map(counted) {
            return;
        }
        for (proof, by) in [(before, -1), (after, 1)] {
            if let Some(proof) = proof {
                self.count_as(key, proof, by);
            }
        }
    }

    fn count_edge(&mut self, key: EdgeKey, by: i32) {
        if let Some(proof) = self.state.shared_proof(&key) {
            self.count_as(key, &proof, by);
        }
    }

    fn count_as(&mut self, key: EdgeKey, proof: &Proof, by: i32) {
        let place = |id| self.state.node(id).and_then(Entry::place);
        let (Some(source), Some(target)) = (place(key.source), place(key.target)) else {
            return;
        };
        for (source, target) in source.groups().into_iter().zip(target.groups()) {
            if source == target {
                continue;
            }
            let sum = GroupEdgeKey {
                source,
                target,
                relation: key.relation,
                layer: proof.layer,
            };
            self.state.groups_mut().count(sum, proof.healthy, by);
            self.change.touch_sum(sum);
        }
    }
}
