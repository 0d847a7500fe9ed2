//! The last changes, for readers that come with a cursor.

use std::collections::VecDeque;
use std::sync::Arc;

use model::{Epoch, Timestamp};
use topology::Change;

use super::{Published, Since};

/// Changes that are kept.
const MOST_ENTRIES: usize = 1024;
/// Ids in all changes that are kept.
const MOST_IDS: usize = 64 * 1024;

/// The last changes of an engine, oldest first. One change leads from the entry before it to its own epoch.
#[derive(Debug)]
pub(super) struct Ring {
    /// The epoch that the oldest entry starts from.
    floor: Epoch,
    entries: VecDeque<Entry>,
    ids: usize,
}

#[derive(Debug)]
struct Entry {
    epoch: Epoch,
    change: Arc<Change>,
    seen_at: Timestamp,
    ids: usize,
}

impl Ring {
    /// A ring that knows nothing from before `epoch`.
    pub fn starting_at(epoch: Epoch) -> Self {
        Self {
            floor: epoch,
            entries: VecDeque::new(),
            ids: 0,
        }
    }

    /// Adds the change that leads from the last epoch to `epoch`.
    pub fn push(&mut self, epoch: Epoch, change: Arc<Change>, seen_at: Timestamp) {
        let ids = change.nodes().count() + change.edges().count();
        self.ids += ids;
        self.entries.push_back(Entry {
            epoch,
            change,
            seen_at,
            ids,
        });
        while self.entries.len() > MOST_ENTRIES || self.ids > MOST_IDS {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.ids -= oldest.ids;
            self.floor = oldest.epoch;
        }
    }

    /// What changed since `epoch`, up to the state given. Cost: what changed.
    pub fn since(&self, epoch: Epoch, published: Arc<Published>) -> Since {
        let to = published.epoch;
        if epoch == to {
            return Since::Unchanged;
        }
        // An epoch between two entries was never published by this engine.
        let known = epoch == self.floor
            || self
                .entries
                .binary_search_by_key(&epoch, |entry| entry.epoch)
                .is_ok();
        if !known || epoch > to {
            return Since::TooOld;
        }
        let start = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let wanted = self.entries.range(start..).take_while(|entry| entry.epoch <= to);
        let mut change = Change::default();
        let mut seen_at = Timestamp(0);
        for entry in wanted {
            change.merge(&entry.change);
            seen_at = seen_at.max(entry.seen_at);
        }
        Since::Changed {
            to,
            change,
            seen_at,
            published,
        }
    }

    /// Entries, and ids in them.
    pub fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.ids)
    }
}

#[cfg(test)]
mod tests;
