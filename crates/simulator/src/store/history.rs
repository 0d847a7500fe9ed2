//! What happened to the objects of one resource lately, in order: the source of every watch, and the way back to an
//! older state for the later pages of a list.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{Key, Stored};

/// How many of the newest events keep their line: watchers that keep up share one, and one that is behind makes its
/// own.
const LINES: usize = 256;

/// One change of one object.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) key: Key,
    /// The state before; none for an object that is new.
    pub(crate) before: Option<Arc<Stored>>,
    /// The state after. Of an object that is gone it is the last state, with the resourceVersion of the deletion.
    pub(crate) after: Arc<Stored>,
    pub(crate) deleted: bool,
    line: Mutex<Option<Bytes>>,
}

impl Event {
    pub(crate) fn new(key: Key, before: Option<Arc<Stored>>, after: Arc<Stored>, deleted: bool) -> Self {
        Self {
            key,
            before,
            after,
            deleted,
            line: Mutex::default(),
        }
    }

    /// The event's resourceVersion.
    pub(crate) fn version(&self) -> u64 {
        self.after.version
    }

    /// The event as a line of a watch, made by the first watcher that needs it.
    pub(crate) fn line(&self, make: impl FnOnce() -> Bytes) -> Bytes {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.get_or_insert_with(make).clone()
    }

    fn forget_line(&self) {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The newest events of a resource.
#[derive(Debug)]
pub(crate) struct History {
    events: VecDeque<Arc<Event>>,
    limit: usize,
    /// The resourceVersion of the newest event that is no longer here; what came before cannot be told.
    pub(crate) forgotten: u64,
}

impl History {
    /// At most `limit` events.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            events: VecDeque::new(),
            limit,
            forgotten: 0,
        }
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.events.push_back(Arc::new(event));
        if let Some(old) = self
            .events
            .len()
            .checked_sub(LINES + 1)
            .and_then(|i| self.events.get(i))
        {
            old.forget_line();
        }
        while self.events.len() > self.limit {
            if let Some(gone) = self.events.pop_front() {
                self.forgotten = gone.version();
            }
        }
    }

    /// Forgets everything up to now, as a compaction of etcd does.
    pub(crate) fn compact(&mut self, now: u64) {
        self.events.clear();
        self.forgotten = now;
    }

    /// The events after a resourceVersion, oldest first; none when some of them are forgotten.
    pub(crate) fn after(&self, version: u64) -> Option<Vec<Arc<Event>>> {
        self.next(version, usize::MAX)
    }

    /// The same, as many as a watch takes at once: one that is far behind must not copy all of them for each.
    pub(crate) fn next(&self, version: u64, most: usize) -> Option<Vec<Arc<Event>>> {
        if version < self.forgotten {
            return None;
        }
        let start = self.events.partition_point(|event| event.version() <= version);
        Some(self.events.range(start..).take(most).cloned().collect())
    }
}
