//! The single writer: it alone owns the index, and everything published comes from here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::cluster::Sync;
use model::{ClusterId, Epoch, KindId, Timestamp};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use topology::Index;

use super::discovery::{Definitions, Inlet, Served};
use super::link::News as LinkNews;
use super::ring::Ring;
use super::{Counters, Published};
use crate::clock;
use crate::watch::{Input, Namespaces};
use kind::{KindState, Note};

mod definitions;
mod kind;
mod namespaces;
mod part;
mod recent;
mod unreadable;

/// The longest time that is spent on applying before what is there is published.
const BUDGET: Duration = Duration::from_millis(10);

/// Where the writer's results go.
pub(super) struct Outlets {
    pub ring: Arc<Mutex<Ring>>,
    pub publish: watch::Sender<Arc<Published>>,
    /// Woken whenever something is published.
    pub on_publish: Arc<Notify>,
    /// Where to look for what may not be listed in all namespaces.
    pub namespaces: watch::Sender<Namespaces>,
    /// What the cluster's definitions say, for discovery.
    pub definitions: watch::Sender<Definitions>,
}

/// The writer of one engine.
pub(super) struct Writer {
    cluster: ClusterId,
    index: Index,
    kinds: BTreeMap<KindId, KindState>,
    /// The cluster has said, or will not say, which kinds it serves.
    are_kinds_known: bool,
    /// The cluster serves other kinds than in the state published last. Of one without objects, nothing else says so.
    kinds_changed: bool,
    link: LinkNews,
    stale_since: Option<Timestamp>,
    epoch: Epoch,
    /// When the bytes of the newest event arrived.
    seen_at: Timestamp,
    outlets: Outlets,
    /// The namespace that the kubeconfig names.
    own_namespace: Arc<str>,
}

impl Writer {
    pub fn new(
        cluster: ClusterId,
        epoch: Epoch,
        counters: Arc<Counters>,
        outlets: Outlets,
        own_namespace: Arc<str>,
    ) -> Self {
        outlets.namespaces.send_replace(Arc::new([own_namespace.clone()]));
        Self {
            cluster,
            index: Index::new(),
            kinds: KindId::all()
                .map(|kind| (kind, KindState::new(kind, Arc::default(), counters.of(kind))))
                .collect(),
            are_kinds_known: false,
            kinds_changed: false,
            link: LinkNews::default(),
            stale_since: None,
            epoch,
            seen_at: clock::now(),
            outlets,
            own_namespace,
        }
    }

    /// Applies and publishes until the engine ends. Waits for the first news, takes what else is there, and publishes:
    /// at once when idle, in larger steps when busy.
    pub async fn run(mut self, mut inputs: mpsc::Receiver<Inlet>, mut link: watch::Receiver<LinkNews>) {
        loop {
            tokio::select! {
                // Rare, and not to wait behind a flood of events.
                biased;
                changed = link.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.link = link.borrow_and_update().clone();
                }
                input = inputs.recv() => {
                    let Some(input) = input else {
                        return;
                    };
                    let started = Instant::now();
                    self.apply(input);
                    while started.elapsed() < BUDGET
                        && let Ok(input) = inputs.try_recv()
                    {
                        self.apply(input);
                    }
                }
            }
            self.publish();
            tokio::task::yield_now().await;
        }
    }

    fn apply(&mut self, inlet: Inlet) {
        match inlet {
            Inlet::Watch(input) => self.take(input),
            Inlet::Served(served) => self.serve(&served),
            Inlet::Withdrawn(kind) => {
                self.kinds.remove(&kind);
                self.index.forget(kind);
                self.kinds_changed = true;
            }
            Inlet::KindsKnown => self.are_kinds_known = true,
        }
    }

    /// The cluster serves a kind that the table does not have, maybe in another version than before.
    fn serve(&mut self, served: &Served) {
        let kind = served.kind;
        let registered = served
            .found
            .with(|found| self.index.register_printed(found, &served.printer));
        if let Err(error) = registered {
            // Whoever found it has registered it before.
            tracing::warn!(cluster.id = %self.cluster, "{error}");
            return;
        }
        self.kinds_changed = true;
        let known = self.kinds.get(&kind);
        if known.is_none_or(|known| !known.prints(&served.printer)) {
            // Rows of other columns cannot stay. Until they are listed again, nobody knows what is missing.
            self.index.set_kind_visible(kind, false);
            self.index.relist(kind, Vec::new());
            let state = KindState::new(kind, served.printer.clone(), served.counter.clone());
            self.kinds.insert(kind, state);
        }
    }

    fn take(&mut self, input: Input) {
        self.outlets.note_definitions(&input);
        let Some(kind) = self.kinds.get_mut(&input.kind) else {
            return;
        };
        self.seen_at = self.seen_at.max(input.seen_at);
        let note = kind.apply(input.namespace.as_deref(), input.news, &mut self.index);
        let name = input.kind.get().kind;
        let verb = match note {
            Note::None => return,
            Note::Listed => {
                tracing::debug!(cluster.id = %self.cluster, watch.kind = name, "the list of {name} is in");
                return;
            }
            Note::Denied => "denied",
            Note::Failing => "failing",
        };
        tracing::warn!(cluster.id = %self.cluster, watch.kind = name, "the watch of {name} is {verb}");
    }

    /// Publishes the present state, if it differs from the one published last.
    fn publish(&mut self) {
        let change = self.index.take_change();
        self.find_namespaces(&change);
        let changed = !change.is_empty();
        if changed {
            self.epoch = self.epoch.next();
            // The ring first: whoever sees the epoch must find what led to it.
            let mut ring = self.outlets.ring.lock().unwrap_or_else(PoisonError::into_inner);
            ring.push(self.epoch, Arc::new(change), self.seen_at);
        }
        self.stale_since = self.staleness();
        let sync = self.sync();
        if sync.complete {
            self.index.pack();
        }
        let last = self.outlets.publish.borrow().clone();
        let (status, reason) = self.connection(&sync);
        let same = !changed
            && !std::mem::take(&mut self.kinds_changed)
            && last.sync == sync
            && last.stale_since == self.stale_since
            && last.status == status
            && last.reason == reason
            && last.version == self.link.version
            && last.are_kinds_known == self.are_kinds_known;
        if same {
            return;
        }
        let state = self.index.state();
        let is_synced = |kind| self.kinds.get(&kind).is_some_and(KindState::is_synced);
        let counts = self.are_counts_settled().then(|| state.counts(is_synced));
        self.outlets.publish.send_replace(Arc::new(Published {
            epoch: self.epoch,
            state,
            sync,
            stale_since: self.stale_since,
            status,
            reason,
            version: self.link.version.clone(),
            counts,
            synced: self.kinds_that(KindState::is_synced),
            unserved: self.kinds_that(KindState::is_unserved),
            are_kinds_known: self.are_kinds_known,
            at: clock::now(),
        }));
        self.outlets.on_publish.notify_one();
    }

    fn kinds_that(&self, are: impl Fn(&KindState) -> bool) -> Arc<[KindId]> {
        let those = self.kinds.iter().filter(|(_, kind)| are(kind));
        those.map(|(kind, _)| *kind).collect()
    }

    fn sync(&self) -> Sync {
        let count = |of: &dyn Fn(&KindState) -> bool| {
            u32::try_from(self.kinds.values().filter(|kind| of(kind)).count()).unwrap_or(u32::MAX)
        };
        let problems = |denied| {
            self.kinds
                .values()
                .filter_map(move |kind| kind.problem(denied))
                .cloned()
                .collect()
        };
        Sync {
            kinds: count(&|kind| !kind.is_unserved()),
            synced: count(&KindState::is_synced),
            complete: self.are_kinds_known && self.kinds.values().all(KindState::is_settled),
            denied: problems(true),
            limited: self.kinds.values().filter_map(KindState::limit).collect(),
            failed: problems(false),
            skipped: self.kinds.values().map(KindState::skipped).sum(),
        }
    }

    /// What is to be counted is in, or will not come; and something is in.
    fn are_counts_settled(&self) -> bool {
        let counted =
            ["Pod", "Node", "Namespace"].map(|name| KindId::of(name).and_then(|kind| self.kinds.get(&kind)));
        counted.iter().all(|kind| kind.is_some_and(KindState::is_settled))
            && self.kinds.values().any(KindState::is_synced)
    }

    /// Stale from the moment that the connection was lost until every watch follows again (or has said why it cannot).
    fn staleness(&self) -> Option<Timestamp> {
        if let Some(lost_at) = self.link.lost_at {
            return Some(self.stale_since.unwrap_or(lost_at));
        }
        // The API server answers, but every watch fails: its etcd may be away.
        let mut synced = self.kinds.values().filter(|kind| kind.is_synced()).peekable();
        if synced.peek().is_some() && synced.all(|kind| kind.problem(false).is_some()) {
            return Some(self.stale_since.unwrap_or_else(clock::now));
        }
        let behind = |kind: &KindState| kind.is_behind(self.link.generation);
        self.stale_since.filter(|_| self.kinds.values().any(behind))
    }

    /// The connection as the link has it; but whoever may list nothing at all is told so.
    fn connection(&self, sync: &Sync) -> (model::ClusterStatus, Option<model::cluster::StatusReason>) {
        let all_denied = u32::try_from(sync.denied.len()).is_ok_and(|denied| denied == sync.kinds);
        match sync.denied.first() {
            Some(problem) if all_denied && self.link.status == model::ClusterStatus::Connected => (
                model::ClusterStatus::Error,
                Some(crate::problem::forbidden(problem)),
            ),
            _ => (self.link.status, self.link.reason.clone()),
        }
    }
}
