//! The engine of one cluster: watches, one writer, and what it publishes.

mod diagnostics;
mod discovery;
mod link;
mod ring;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};

use model::cluster::{Counts, KindLimit, StatusReason, Sync};
use model::{ClusterId, ClusterStatus, Epoch, KindId, Timestamp};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use topology::{Change, State};

use crate::client::Connection;
use crate::tasks::{TaskKind, Tasks};
use crate::watch::{NAMESPACES_AT_ONCE, Namespaces};
use crate::{clock, problem};

pub use diagnostics::{ApiProblem, Diagnostics, KindDiagnostics, NamespaceDiagnostics};
pub(crate) use diagnostics::{Counter, Counters};
pub(crate) use discovery::Inlet;
use discovery::{Definitions, Discoverer, Watches};
pub(crate) use link::Link;
#[cfg(test)]
pub(crate) use link::Probe;
use link::{Linker, News};
use ring::Ring;
use writer::{Outlets, Writer};

/// Batches that wait for the writer: a page of a list may have some megabytes. A watch that finds no room waits, and so
/// does its API server.
const QUEUE: usize = 16;

/// A state of a cluster, complete and immutable. Cheap to share; `state` is the graph, the rest is how far to trust it.
#[derive(Clone, Debug)]
pub struct Published {
    /// The number of the graph's state. It grows only when the graph changes.
    pub epoch: Epoch,
    /// The graph.
    pub state: State,
    /// How far the watches have come.
    pub sync: Sync,
    /// Since when the state may be out of date; `None` while live.
    pub stale_since: Option<Timestamp>,
    /// The state of the connection.
    pub status: ClusterStatus,
    /// Why it is not connected.
    pub reason: Option<StatusReason>,
    /// The API server's version.
    pub version: Option<String>,
    /// Totals of what may be seen; `None` until pods, nodes and namespaces are all synced or given up.
    pub counts: Option<Counts>,
    /// The kinds whose list is in, and which are therefore known in full.
    pub synced: Arc<[KindId]>,
    /// The kinds that the API server does not serve, and need not.
    pub unserved: Arc<[KindId]>,
    /// Whether the cluster has said which kinds it serves, beside those of the kind table; also true if it will not say.
    pub are_kinds_known: bool,
    /// When it was published.
    pub at: Timestamp,
}

impl Published {
    fn before_anything(epoch: Epoch, kinds: u32) -> Self {
        Self {
            epoch,
            state: State::default(),
            sync: Sync {
                kinds,
                ..Sync::default()
            },
            stale_since: None,
            status: ClusterStatus::Connecting,
            reason: None,
            version: None,
            counts: None,
            synced: Arc::default(),
            unserved: Arc::default(),
            are_kinds_known: false,
            at: clock::now(),
        }
    }

    /// Whether the first list of a kind is in.
    pub fn is_synced(&self, kind: KindId) -> bool {
        self.synced.contains(&kind)
    }

    /// What of a kind is seen, if not all namespaces are.
    pub fn limit(&self, kind: KindId) -> Option<&KindLimit> {
        let kind = kind.get();
        let is_it = |limit: &&KindLimit| limit.resource == kind.plural && limit.group == kind.group;
        self.sync.limited.iter().find(is_it)
    }

    /// Whether the API server does not serve a kind that it need not serve.
    pub fn is_unserved(&self, kind: KindId) -> bool {
        self.unserved.contains(&kind)
    }
}

/// What changed since an epoch.
#[derive(Clone, Debug)]
pub enum Since {
    /// Nothing: the epoch is the present one.
    Unchanged,
    /// Something.
    Changed {
        /// The epoch it leads to: that of `published`.
        to: Epoch,
        /// What changed, as ids; their present state is in `published.state`.
        change: Change,
        /// When the bytes of the newest event in it arrived.
        seen_at: Timestamp,
        /// The state that the change leads to.
        published: Arc<Published>,
    },
    /// The ring no longer reaches back that far (or the epoch is not of this engine): take the whole state.
    TooOld,
}

/// The engine of one cluster. Clones are the same engine.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    id: ClusterId,
    connection: Arc<Connection>,
    published: watch::Receiver<Arc<Published>>,
    ring: Arc<Mutex<Ring>>,
    counters: Arc<Counters>,
    retry: Arc<Notify>,
    tasks: Tasks,
}

impl Engine {
    /// Starts an engine in a branch of its own below `tasks`. `after` is an epoch that its own must exceed.
    /// `on_publish` is woken whenever it publishes.
    pub(crate) fn start(
        id: ClusterId,
        connection: Connection,
        after: Epoch,
        on_publish: Arc<Notify>,
        tasks: &Tasks,
    ) -> Self {
        let tasks = tasks.child();
        let connection = Arc::new(connection);
        let seconds = u64::try_from(clock::now().0 / 1000).unwrap_or_default();
        let epoch = Epoch::starting_at(seconds).max(after.next());
        let counters = Arc::new(Counters::default());
        let first = Published::before_anything(epoch, counters.kinds());
        let (publish, published) = watch::channel(Arc::new(first));
        let ring = Arc::new(Mutex::new(Ring::starting_at(epoch)));
        let (input, inputs) = mpsc::channel(QUEUE);
        let suspect = Arc::new(Notify::new());
        let (link, links) = watch::channel(Link::default());
        let (news, link_news) = watch::channel(News::default());
        let retry = Arc::new(Notify::new());

        let (namespaces, known) = watch::channel(Namespaces::default());
        let (definitions, defined) = watch::channel(Definitions::default());
        let own_namespace = connection.context().namespace.as_deref().unwrap_or("default");
        let writer = Writer::new(
            id.clone(),
            epoch,
            counters.clone(),
            Outlets {
                ring: ring.clone(),
                publish,
                on_publish,
                namespaces,
                definitions,
            },
            own_namespace.into(),
        );
        let name = |what: &str| format!("cluster {id}: {what}");
        tasks.spawn(name("writer"), TaskKind::Service, writer.run(inputs, link_news));
        let linker = Linker::new(id.clone(), connection.clone(), link, news, retry.clone());
        tasks.spawn(name("link"), TaskKind::Service, linker.run(suspect.clone()));
        let watches = Watches {
            cluster: id.clone(),
            transport: connection.clone(),
            output: input,
            link: links,
            suspect,
            namespaces: known,
            gate: Arc::new(Semaphore::new(NAMESPACES_AT_ONCE)),
            counters: counters.clone(),
        };
        for kind in KindId::all() {
            watches.start(kind, kind.get().version, &tasks);
        }
        let discoverer = Discoverer::new(watches, defined, tasks.child());
        tasks.spawn(name("discovery"), TaskKind::Service, discoverer.run());
        Self {
            inner: Arc::new(Inner {
                id,
                connection,
                published,
                ring,
                counters,
                retry,
                tasks,
            }),
        }
    }

    /// The cluster's id.
    pub fn id(&self) -> &ClusterId {
        &self.inner.id
    }

    /// The present state.
    pub fn published(&self) -> Arc<Published> {
        self.inner.published.borrow().clone()
    }

    /// Follows the states. A slow reader misses states in between, never the last one; it closes when the engine ends.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Published>> {
        self.inner.published.clone()
    }

    /// What changed since an epoch, up to the present state.
    pub fn since(&self, epoch: Epoch) -> Since {
        // The state first: the ring holds at least what led to it, since entries go in before their state comes out.
        let published = self.published();
        let ring = self.inner.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.since(epoch, published)
    }

    /// The connection, for requests about single objects. They are made as the kubeconfig's user.
    pub fn connection(&self) -> &Connection {
        &self.inner.connection
    }

    /// Tries to connect now, with fresh credentials, instead of waiting for the next attempt.
    pub fn retry(&self) {
        self.inner.retry.notify_one();
    }

    /// Numbers and last errors of each watch.
    pub fn diagnostics(&self) -> Diagnostics {
        let (ring_entries, ring_ids) = {
            let ring = self.inner.ring.lock().unwrap_or_else(PoisonError::into_inner);
            ring.size()
        };
        Diagnostics {
            cluster: self.inner.id.clone(),
            ring_entries,
            ring_ids,
            kinds: self.inner.counters.snapshot(&self.published()),
            apis: self.inner.counters.apis(),
        }
    }

    /// Whether both are handles of one engine.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Ends all its tasks, without waiting for them.
    pub(crate) fn stop(&self) {
        self.inner.tasks.cancel();
    }
}

/// The reason for a failed connection, in the words for the user.
pub(crate) fn reason(error: &crate::ConnectError, connection: &Connection) -> StatusReason {
    problem::reason(error, connection.context())
}

#[cfg(test)]
mod tests;
