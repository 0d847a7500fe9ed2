//! The places of the registry: one per context, kept while the context stays as it is.

use std::path::PathBuf;
use std::sync::Arc;

use model::cluster::{StatusReason, Sync};
use model::{Cluster, ClusterId, ClusterStatus, Epoch};
use tokio::sync::Notify;

use crate::client::Connection;
use crate::engine::Engine;
use crate::exec::ExecPolicy;
use crate::kubeconfig::{ContextEntry, FileProblem, Kubeconfig, Source};
use crate::problem;
use crate::registry::KnownId;
use crate::tasks::Tasks;

/// All places, in the order of the sources.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// The id that each context has, or had last.
    known: Vec<KnownId>,
    problems: Vec<FileProblem>,
    current: Option<ClusterId>,
    policy: ExecPolicy,
    on_publish: Arc<Notify>,
    tasks: Tasks,
}

#[derive(Debug)]
struct Slot {
    id: ClusterId,
    key: Key,
    fingerprint: u64,
    label: String,
    server: String,
    content: Content,
}

/// What makes a context the same one after an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    source: usize,
    context: String,
}

#[derive(Debug)]
enum Content {
    Engine(Engine),
    /// The context cannot be used.
    Problem(StatusReason),
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Content::Engine(engine) = &self.content {
            engine.stop();
        }
    }
}

impl Slots {
    pub fn new(known: Vec<KnownId>, policy: ExecPolicy, on_publish: Arc<Notify>, tasks: Tasks) -> Self {
        Self {
            slots: Vec::new(),
            known,
            problems: Vec::new(),
            current: None,
            policy,
            on_publish,
            tasks,
        }
    }

    /// Takes over what the sources say now. A context that stays as it is keeps its engine.
    pub fn update(&mut self, sources: &[(Source, Kubeconfig)]) {
        let mut old = std::mem::take(&mut self.slots);
        let before = std::mem::take(&mut self.problems);
        self.current = None;
        let mut ids: Vec<ClusterId> = old.iter().map(|slot| slot.id.clone()).collect();
        // Before any new context takes one of them.
        ids.extend(
            contexts(sources)
                .filter_map(|(source, entry)| self.known_id(&entry.name, &source.label(&entry.file))),
        );
        for (number, (source, kubeconfig)) in sources.iter().enumerate() {
            self.problems.extend(kubeconfig.problems.iter().cloned());
            for entry in &kubeconfig.contexts {
                let key = Key {
                    source: number,
                    context: entry.name.clone(),
                };
                let kept = old
                    .iter()
                    .position(|slot| slot.key == key)
                    .map(|at| old.remove(at));
                let slot = self.slot(key, source, entry, kept, &mut ids);
                if self.current.is_none() && kubeconfig.current.as_deref() == Some(&entry.name) {
                    self.current = Some(slot.id.clone());
                }
                self.slots.push(slot);
            }
        }
        for gone in old {
            tracing::info!(cluster.id = %gone.id, "the context is gone from its kubeconfig");
        }
        for new in self.problems.iter().filter(|problem| !before.contains(problem)) {
            tracing::warn!("{}: {}", new.path.display(), new.message);
        }
    }

    fn known_id(&self, context: &str, source: &str) -> Option<ClusterId> {
        let mut known = self.known.iter();
        let known = known.find(|known| known.context == context && known.source == source)?;
        Some(known.id.clone())
    }

    fn slot(
        &mut self,
        key: Key,
        source: &Source,
        entry: &ContextEntry,
        kept: Option<Slot>,
        ids: &mut Vec<ClusterId>,
    ) -> Slot {
        let label = source.label(&entry.file);
        if let Some(mut kept) = kept {
            let same = match (&kept.content, &entry.resolved) {
                (Content::Engine(_), Ok(_)) => true,
                (Content::Problem(reason), Err(problem)) => reason.message == problem.to_string(),
                _ => false,
            };
            if same && kept.fingerprint == entry.fingerprint {
                kept.label = label;
                return kept;
            }
            let after = match &kept.content {
                Content::Engine(engine) => engine.published().epoch,
                Content::Problem(_) => Epoch::default(),
            };
            let id = kept.id.clone();
            drop(kept);
            return self.fresh(id, key, label, entry, after);
        }
        let id = self.known_id(&entry.name, &label).unwrap_or_else(|| {
            let id = ClusterId::from_context(&entry.name, |id| ids.contains(id));
            ids.push(id.clone());
            id
        });
        self.known.retain(|known| known.id != id);
        self.known.push(KnownId {
            id: id.clone(),
            context: entry.name.clone(),
            source: label.clone(),
        });
        self.fresh(id, key, label, entry, Epoch::default())
    }

    fn fresh(&self, id: ClusterId, key: Key, label: String, entry: &ContextEntry, after: Epoch) -> Slot {
        let content = match &entry.resolved {
            Ok(context) => {
                let connection = Connection::new(context.clone(), self.policy.clone());
                let on_publish = self.on_publish.clone();
                Content::Engine(Engine::start(
                    id.clone(),
                    connection,
                    after,
                    on_publish,
                    &self.tasks,
                ))
            }
            Err(problem) => {
                tracing::warn!(cluster.id = %id, "{problem}");
                Content::Problem(problem::kubeconfig_reason(problem))
            }
        };
        Slot {
            id,
            key,
            fingerprint: entry.fingerprint,
            label,
            server: entry.server.clone().unwrap_or_default(),
            content,
        }
    }

    pub fn clusters(&self) -> Arc<[Cluster]> {
        self.slots.iter().map(Slot::cluster).collect()
    }

    pub fn engine(&self, id: &ClusterId) -> Option<Engine> {
        let slot = self.slots.iter().find(|slot| slot.id == *id)?;
        match &slot.content {
            Content::Engine(engine) => Some(engine.clone()),
            Content::Problem(_) => None,
        }
    }

    pub fn engines(&self) -> Vec<Engine> {
        self.slots
            .iter()
            .filter_map(|slot| self.engine(&slot.id))
            .collect()
    }

    pub fn problems(&self) -> &[FileProblem] {
        &self.problems
    }

    pub fn current(&self) -> Option<ClusterId> {
        self.current.clone()
    }
}

impl Slot {
    fn cluster(&self) -> Cluster {
        let mut cluster = Cluster {
            id: self.id.clone(),
            name: self.key.context.clone(),
            context: self.key.context.clone(),
            source: self.label.clone(),
            server: self.server.clone(),
            status: ClusterStatus::Error,
            status_reason: None,
            version: None,
            stale_since: None,
            sync: Sync::default(),
            counts: None,
        };
        match &self.content {
            Content::Problem(reason) => cluster.status_reason = Some(reason.clone()),
            Content::Engine(engine) => {
                let published = engine.published();
                cluster.status = published.status;
                cluster.status_reason = published.reason.clone();
                cluster.version = published.version.clone();
                cluster.stale_since = published.stale_since;
                cluster.sync = published.sync.clone();
                cluster.counts = published.counts;
            }
        }
        cluster
    }
}

/// Whether any context has a problem that a file outside the kubeconfig may cure.
pub(super) fn has_problem(sources: &[(Source, Kubeconfig)]) -> bool {
    contexts(sources).any(|(_, entry)| entry.resolved.is_err())
}

fn contexts(sources: &[(Source, Kubeconfig)]) -> impl Iterator<Item = (&Source, &ContextEntry)> {
    sources
        .iter()
        .flat_map(|(source, kubeconfig)| kubeconfig.contexts.iter().map(move |entry| (source, entry)))
}

/// The files that a source reads.
pub(super) fn files_of(source: &Source) -> Vec<PathBuf> {
    match source {
        Source::Files { paths, .. } => paths.clone(),
        Source::Demo { path } => vec![path.clone()],
        Source::InCluster => Vec::new(),
    }
}
