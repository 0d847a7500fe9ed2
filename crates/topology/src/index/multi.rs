//! A map with several nodes per key.

use model::NodeId;
use std::collections::BTreeSet;

/// Nodes by key, several per key, none twice. One tree for all, because most keys have one node.
#[derive(Debug)]
pub(super) struct Multi<K>(BTreeSet<(K, NodeId)>);

impl<K> Default for Multi<K> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<K: Ord + Clone> Multi<K> {
    pub(super) fn insert(&mut self, key: K, id: NodeId) {
        self.0.insert((key, id));
    }

    pub(super) fn remove(&mut self, key: &K, id: NodeId) {
        self.0.remove(&(key.clone(), id));
    }

    pub(super) fn get<'m>(&'m self, key: &K) -> impl Iterator<Item = NodeId> + use<'m, K> {
        self.0
            .range((key.clone(), NodeId(0))..=(key.clone(), NodeId(u32::MAX)))
            .map(|(_, id)| *id)
    }
}
