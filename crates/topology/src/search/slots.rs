//! Which slot an object has: the writer's side of the words.

use super::words::Words;
use crate::facts::Facts;
use model::NodeId;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The slots of live objects. One that is free is given again, the lowest first, so that they stay dense.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    of: FxHashMap<NodeId, u32>,
    free: BinaryHeap<Reverse<u32>>,
    next: u32,
}

impl Slots {
    /// An object comes.
    pub(crate) fn insert(&mut self, id: NodeId, facts: &Facts, words: &mut Words) {
        let slot = self.free.pop().map_or_else(
            || {
                self.next += 1;
                self.next - 1
            },
            |Reverse(slot)| slot,
        );
        self.of.insert(id, slot);
        words.insert(slot, id, facts);
    }

    /// An object changes.
    pub(crate) fn update(&self, id: NodeId, old: &Facts, new: &Facts, words: &mut Words) {
        if let Some(slot) = self.of.get(&id) {
            words.update(*slot, old, new);
        }
    }

    /// An object goes.
    pub(crate) fn remove(&mut self, id: NodeId, facts: &Facts, words: &mut Words) {
        if let Some(slot) = self.of.remove(&id) {
            words.remove(slot, facts);
            self.free.push(Reverse(slot));
        }
        if self.of.is_empty() {
            *self = Self::default();
        }
    }
}
