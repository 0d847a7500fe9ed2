//! The registry: every context of every source, each with its engine.

mod follow;
mod slot;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{Cluster, ClusterId, Epoch};
use tokio::sync::{Notify, watch};

use crate::clock;
use crate::engine::{Diagnostics, Engine};
use crate::exec::ExecPolicy;
use crate::kubeconfig::{FileProblem, Source};
use crate::tasks::{TaskKind, Tasks};
use slot::Slots;

/// What the registry works with.
#[derive(Clone, Debug)]
pub struct RegistryConfig {
    /// Where clusters come from, in the order of their ids.
    pub sources: Vec<Source>,
    /// The ids that clusters had before. A context that is here again gets its own, whatever comes before it now.
    pub known: Vec<KnownId>,
    /// Which exec plugins may run.
    pub exec_policy: ExecPolicy,
    /// How often kubeconfig files are looked at for changes.
    pub poll: Duration,
    /// The shortest time between two states of [`Registry::clusters`].
    pub interval: Duration,
}

/// The id that a context was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownId {
    /// The id.
    pub id: ClusterId,
    /// The context's name.
    pub context: String,
    /// Where it stands, as in [`Cluster::source`].
    pub source: String,
}

impl RegistryConfig {
    /// The usual times, for these sources.
    pub fn new(sources: Vec<Source>, exec_policy: ExecPolicy) -> Self {
        Self {
            sources,
            known: Vec::new(),
            exec_policy,
            poll: Duration::from_secs(1),
            interval: Duration::from_millis(250),
        }
    }
}

/// The clusters of all sources. Clones are the same registry.
#[derive(Clone, Debug)]
pub struct Registry {
    shared: Arc<Shared>,
}

/// A state of the registry: all clusters in order, and its number.
pub type Clusters = (Epoch, Arc<[Cluster]>);

#[derive(Debug)]
struct Shared {
    slots: Mutex<Slots>,
    clusters: watch::Sender<Clusters>,
    /// Woken when an engine published something or the slots changed.
    dirty: Arc<Notify>,
}

impl Registry {
    /// Reads the sources, starts connecting to every context at once, and follows changes of the files. Returns when
    /// the sources are read; every context is in [`clusters`](Self::clusters) then. Must be called within a tokio runtime.
    pub fn start(config: RegistryConfig, tasks: &Tasks) -> Self {
        // Two crates of the tree could each bring a provider; ours is ring. An error says that one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tasks = tasks.child();
        let dirty = Arc::new(Notify::new());
        let mut slots = Slots::new(config.known, config.exec_policy, dirty.clone(), tasks.clone());
        let mut reader = follow::Reader::new(config.sources);
        slots.update(&reader.read());
        let seconds = u64::try_from(clock::now().0 / 1000).unwrap_or_default();
        let first = (Epoch::starting_at(seconds), slots.clusters());
        let shared = Arc::new(Shared {
            slots: Mutex::new(slots),
            clusters: watch::Sender::new(first),
            dirty,
        });
        let registry = Self { shared };
        let files = follow::files(registry.clone(), reader, config.poll);
        tasks.spawn("registry: files", TaskKind::Service, files);
        let summary = follow::summary(registry.clone(), config.interval);
        tasks.spawn("registry: summary", TaskKind::Service, summary);
        registry
    }

    /// All clusters, in the order of the sources.
    pub fn clusters(&self) -> Clusters {
        self.shared.clusters.borrow().clone()
    }

    /// Follows [`clusters`](Self::clusters); at most one state per [`RegistryConfig::interval`].
    pub fn subscribe(&self) -> watch::Receiver<Clusters> {
        self.shared.clusters.subscribe()
    }

    /// The engine of a cluster; `None` if there is no such cluster or its context cannot be used.
    pub fn engine(&self, id: &ClusterId) -> Option<Engine> {
        self.slots().engine(id)
    }

    /// Files that cannot be read, in part or at all.
    pub fn file_problems(&self) -> Vec<FileProblem> {
        self.slots().problems().to_vec()
    }

    /// The cluster of the kubeconfig's current-context.
    pub fn current(&self) -> Option<ClusterId> {
        self.slots().current()
    }

    /// Tries to connect to a cluster now instead of at its next attempt. False if there is no such cluster.
    pub fn retry(&self, id: &ClusterId) -> bool {
        let engine = self.engine(id);
        if let Some(engine) = &engine {
            engine.retry();
        }
        engine.is_some()
    }

    /// Numbers and last errors of all engines.
    pub fn diagnostics(&self) -> Vec<Diagnostics> {
        let engines = self.slots().engines();
        engines.iter().map(Engine::diagnostics).collect()
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        // A panic while it was held would have left whole entries: they are replaced, never changed in place.
        self.shared.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
