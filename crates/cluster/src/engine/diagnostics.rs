//! What operators look at when something is odd: counters and last errors of each watch.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{ClusterId, KindId, Timestamp};
use topology::State;

/// Reasons that are kept for each kind.
const REASONS: usize = 16;

/// A snapshot of an engine's numbers.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    /// The cluster.
    pub cluster: ClusterId,
    /// Changes in the ring.
    pub ring_entries: usize,
    /// Ids in them.
    pub ring_ids: usize,
    /// One entry for each kind of the table, in its order.
    pub kinds: Vec<KindDiagnostics>,
}

/// The numbers of one kind's watch.
#[derive(Clone, Debug)]
pub struct KindDiagnostics {
    /// The kind.
    pub kind: KindId,
    /// Objects in the present state.
    pub objects: u32,
    /// `waiting`, `listing`, `watching`, `backing off`, `denied` or `failed`.
    pub state: &'static str,
    /// The last error, until the watch works again.
    pub error: Option<String>,
    /// Times a watch was started.
    pub restarts: u64,
    /// Times a list was started.
    pub lists: u64,
    /// Events that arrived, bookmarks not counted.
    pub events: u64,
    /// Objects that cannot be read now.
    pub skipped: u64,
    /// The last reasons why objects were skipped, newest last.
    pub skip_reasons: Vec<String>,
    /// When the last event arrived.
    pub last_event: Option<Timestamp>,
}

/// The counters of all kinds.
#[derive(Debug)]
pub(crate) struct Counters {
    kinds: BTreeMap<KindId, Arc<Counter>>,
}

/// The counters of one kind.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    pub restarts: AtomicU64,
    pub lists: AtomicU64,
    pub events: AtomicU64,
    last_event: AtomicI64,
    notes: Mutex<Notes>,
}

#[derive(Debug)]
struct Notes {
    state: &'static str,
    error: Option<String>,
    skipped: u64,
    reasons: VecDeque<String>,
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            state: "waiting",
            error: None,
            skipped: 0,
            reasons: VecDeque::new(),
        }
    }
}

impl Counter {
    /// Counts events that arrived.
    pub fn count_events(&self, count: usize, at: Timestamp) {
        self.events
            .fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.last_event.store(at.0, Ordering::Relaxed);
    }

    /// Notes what the watch does now.
    pub fn note_state(&self, state: &'static str, error: Option<String>) {
        let mut notes = self.notes();
        notes.state = state;
        notes.error = error;
    }

    /// Notes how many objects cannot be read now.
    pub fn note_skipped(&self, skipped: u64) {
        self.notes().skipped = skipped;
    }

    /// Notes why an object was skipped.
    pub fn note_reason(&self, reason: String) {
        let mut notes = self.notes();
        if notes.reasons.len() == REASONS {
            notes.reasons.pop_front();
        }
        notes.reasons.push_back(reason);
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            kinds: KindId::all().map(|kind| (kind, Arc::default())).collect(),
        }
    }
}

impl Counters {
    /// How many kinds there are.
    pub fn kinds(&self) -> u32 {
        u32::try_from(self.kinds.len()).unwrap_or(u32::MAX)
    }

    /// The counters of one kind.
    pub fn of(&self, kind: KindId) -> Arc<Counter> {
        self.kinds.get(&kind).cloned().unwrap_or_default()
    }

    pub fn snapshot(&self, state: &State) -> Vec<KindDiagnostics> {
        let snapshot = |(kind, counter): (&KindId, &Arc<Counter>)| {
            let last_event = counter.last_event.load(Ordering::Relaxed);
            let notes = counter.notes();
            KindDiagnostics {
                kind: *kind,
                objects: state.count(*kind),
                state: notes.state,
                error: notes.error.clone(),
                restarts: counter.restarts.load(Ordering::Relaxed),
                lists: counter.lists.load(Ordering::Relaxed),
                events: counter.events.load(Ordering::Relaxed),
                skipped: notes.skipped,
                skip_reasons: notes.reasons.iter().cloned().collect(),
                last_event: (last_event != 0).then_some(Timestamp(last_event)),
            }
        };
        self.kinds.iter().map(snapshot).collect()
    }
}
