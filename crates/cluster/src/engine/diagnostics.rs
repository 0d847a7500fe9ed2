//! What operators look at when something is odd: counters and last errors of each watch.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{ClusterId, KindId, Timestamp};

use super::Published;

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
    /// One entry for each kind: those of the table in its order, then those that the cluster was found to serve.
    pub kinds: Vec<KindDiagnostics>,
    /// What of the cluster's APIs cannot be shown, or not as it should be.
    pub apis: Vec<ApiProblem>,
}

/// Why an API, a kind or a column is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiProblem {
    /// `metrics.k8s.io/v1beta1`, `widgets.example.org`; empty for discovery as a whole.
    pub api: String,
    /// What is wrong, in words.
    pub message: String,
}

/// The numbers of one kind's watch.
#[derive(Clone, Debug)]
pub struct KindDiagnostics {
    /// The kind.
    pub kind: KindId,
    /// Objects in the present state; `None` while nobody knows how many there are.
    pub objects: Option<u32>,
    /// `waiting`, `listing`, `watching`, `backing off` or `denied`.
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
    /// The watches of single namespaces, which stand in where the watch of all is denied.
    pub namespaces: Vec<NamespaceDiagnostics>,
}

/// The watch of a kind in one namespace.
#[derive(Clone, Debug)]
pub struct NamespaceDiagnostics {
    /// The namespace.
    pub namespace: String,
    /// As in [`KindDiagnostics`].
    pub state: &'static str,
    /// The last error, until the watch works again.
    pub error: Option<String>,
}

/// The counters of all kinds.
#[derive(Debug)]
pub(crate) struct Counters {
    kinds: Mutex<BTreeMap<KindId, Arc<Counter>>>,
    apis: Mutex<Vec<ApiProblem>>,
}

/// The counters of one kind.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    pub restarts: AtomicU64,
    pub lists: AtomicU64,
    pub events: AtomicU64,
    last_event: AtomicI64,
    notes: Mutex<Notes>,
    namespaces: Mutex<BTreeMap<Arc<str>, Arc<Counter>>>,
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

    /// The counters of the watch of one namespace.
    pub fn of_namespace(&self, namespace: &Arc<str>) -> Arc<Self> {
        self.namespaces().entry(namespace.clone()).or_default().clone()
    }

    /// The watch of a namespace is given up. What it counted still counts.
    pub fn forget_namespace(&self, namespace: &str) {
        if let Some(gone) = self.namespaces().remove(namespace) {
            for (mine, its) in self.numbers().into_iter().zip(gone.numbers()) {
                mine.fetch_add(its.load(Ordering::Relaxed), Ordering::Relaxed);
            }
            self.last_event
                .fetch_max(gone.last_event.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// The numbers, those of the namespaces included: restarts, lists, events; and the time of the last event.
    fn totals(&self) -> ([u64; 3], i64) {
        let mut totals = self.numbers().map(|number| number.load(Ordering::Relaxed));
        let mut last_event = self.last_event.load(Ordering::Relaxed);
        for part in self.namespaces().values() {
            let (numbers, last) = part.totals();
            for (total, number) in totals.iter_mut().zip(numbers) {
                *total += number;
            }
            last_event = last_event.max(last);
        }
        (totals, last_event)
    }

    const fn numbers(&self) -> [&AtomicU64; 3] {
        [&self.restarts, &self.lists, &self.events]
    }

    fn namespaces(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<Self>>> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn namespace_diagnostics(&self) -> Vec<NamespaceDiagnostics> {
        let namespaces = self.namespaces();
        let part = |(namespace, counter): (&Arc<str>, &Arc<Self>)| {
            let notes = counter.notes();
            NamespaceDiagnostics {
                namespace: namespace.to_string(),
                state: notes.state,
                error: notes.error.clone(),
            }
        };
        namespaces.iter().map(part).collect()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            kinds: Mutex::new(KindId::all().map(|kind| (kind, Arc::default())).collect()),
            apis: Mutex::default(),
        }
    }
}

impl Counters {
    /// How many kinds there are.
    pub fn kinds(&self) -> u32 {
        u32::try_from(self.counters().len()).unwrap_or(u32::MAX)
    }

    /// The counters of one kind.
    pub fn of(&self, kind: KindId) -> Arc<Counter> {
        self.counters().entry(kind).or_default().clone()
    }

    /// The kind is no longer served.
    pub fn forget(&self, kind: KindId) {
        self.counters().remove(&kind);
    }

    /// Notes what of the cluster's APIs cannot be shown. True if that is news.
    pub fn note_apis(&self, apis: Vec<ApiProblem>) -> bool {
        let mut noted = self.apis.lock().unwrap_or_else(PoisonError::into_inner);
        let differs = *noted != apis;
        *noted = apis;
        differs
    }

    pub fn apis(&self) -> Vec<ApiProblem> {
        self.apis.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn counters(&self) -> MutexGuard<'_, BTreeMap<KindId, Arc<Counter>>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn snapshot(&self, published: &Published) -> Vec<KindDiagnostics> {
        let snapshot = |(kind, counter): (&KindId, &Arc<Counter>)| {
            let ([restarts, lists, events], last_event) = counter.totals();
            let notes = counter.notes();
            KindDiagnostics {
                kind: *kind,
                objects: published.is_synced(*kind).then(|| published.state.count(*kind)),
                state: notes.state,
                error: notes.error.clone(),
                restarts,
                lists,
                events,
                skipped: notes.skipped,
                skip_reasons: notes.reasons.iter().cloned().collect(),
                last_event: (last_event != 0).then_some(Timestamp(last_event)),
                namespaces: counter.namespace_diagnostics(),
            }
        };
        self.counters().iter().map(snapshot).collect()
    }
}
