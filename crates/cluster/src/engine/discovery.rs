//! Discovery: which kinds the cluster serves beside those of the table, and the watches of them.
//!
//! One task asks, again whenever a definition or an aggregated API changes. What is found is registered with the writer
//! and then watched; what is gone is no longer watched and then forgotten. Both go through the writer's one queue, so
//! that no object of a kind comes before its kind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::{ClusterId, KindId};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use topology::kinds::Printer;

use super::{ApiProblem, Counter, Counters, Link};
use crate::client::Connection;
use crate::clock;
use crate::tasks::{TaskKind, Tasks};
use crate::watch::{Input, KindWatch, Namespaces, WatchContext};

use catalog::Catalog;
pub(crate) use catalog::Found;
pub(crate) use definitions::Definitions;

mod ask;
mod catalog;
mod definitions;

/// How long to wait for the first definitions before the kinds are watched without their columns.
const FOR_DEFINITIONS: Duration = Duration::from_secs(5);
/// Changes come in groups: a definition is written, then accepted, then established.
const TOGETHER: Duration = Duration::from_millis(300);
/// When to ask again after a change: the API server takes a moment to serve what was defined.
const AFTER_A_CHANGE: [Duration; 3] = [
    Duration::from_millis(700),
    Duration::from_secs(3),
    Duration::from_secs(10),
];
/// When to ask again without a reason: who may not see definitions hears of no change.
const OTHERWISE: Duration = Duration::from_secs(60);
/// Until the watch of a kind has ended: it does so at its next await.
const END: Duration = Duration::from_secs(5);

/// What reaches the writer.
#[derive(Debug)]
pub(crate) enum Inlet {
    /// From a watch.
    Watch(Input),
    /// The cluster serves this kind, so; its objects follow.
    Served(Arc<Served>),
    /// The cluster no longer serves this kind.
    Withdrawn(KindId),
    /// All kinds that the cluster serves have been told, or it will not say.
    KindsKnown,
}

/// A kind that the cluster was found to serve.
#[derive(Debug)]
pub(crate) struct Served {
    pub kind: KindId,
    pub found: Found,
    pub printer: Arc<Printer>,
    pub counter: Arc<Counter>,
}

/// What all watches of an engine have in common.
pub(super) struct Watches {
    pub cluster: ClusterId,
    pub transport: Arc<Connection>,
    pub output: mpsc::Sender<Inlet>,
    pub link: watch::Receiver<Link>,
    pub suspect: Arc<Notify>,
    pub namespaces: watch::Receiver<Namespaces>,
    pub gate: Arc<Semaphore>,
    pub counters: Arc<Counters>,
}

impl Watches {
    /// Watches a kind for as long as `tasks` live.
    pub fn start(&self, kind: KindId, version: &str, tasks: &Tasks) {
        let context = WatchContext {
            cluster: self.cluster.clone(),
            kind,
            version: version.into(),
            namespace: None,
            gate: self.gate.clone(),
            denied: watch::Sender::new(false),
            output: self.output.clone(),
            link: self.link.clone(),
            suspect: self.suspect.clone(),
            counter: self.counters.of(kind),
        };
        let watch = KindWatch::new(context, self.transport.clone(), self.namespaces.clone());
        let name = format!("cluster {}: watch {}", self.cluster, kind.get().plural_group());
        tasks.spawn(name, TaskKind::Service, watch.run());
    }
}

/// The task that asks what the cluster serves.
pub(super) struct Discoverer {
    watches: Watches,
    definitions: watch::Receiver<Definitions>,
    tasks: Tasks,
    running: BTreeMap<KindId, Follower>,
}

/// The watch of a kind that was found.
struct Follower {
    found: Found,
    printer: Arc<Printer>,
    tasks: Tasks,
}

impl Discoverer {
    pub fn new(watches: Watches, definitions: watch::Receiver<Definitions>, tasks: Tasks) -> Self {
        Self {
            watches,
            definitions,
            tasks,
            running: BTreeMap::new(),
        }
    }

    /// Runs until the engine ends.
    pub async fn run(mut self) {
        if self.watches.link.wait_for(|link| link.up).await.is_ok() {
            let first = self.definitions.wait_for(|definitions| definitions.changes > 0);
            // Without them a kind is shown with the columns of any kind.
            let _ = tokio::time::timeout(FOR_DEFINITIONS, first).await.map(|_| ());
        }
        let (mut asked, mut failures) = (AFTER_A_CHANGE.len(), 0_u32);
        loop {
            let up = self.watches.link.wait_for(|link| link.up).await.map(|link| *link);
            let Ok(link) = up else {
                return;
            };
            self.definitions.mark_unchanged();
            match ask::catalog(&*self.watches.transport).await {
                Ok(catalog) => {
                    failures = 0;
                    self.follow(catalog).await;
                    self.tell(Inlet::KindsKnown).await;
                }
                // The link will see it too, if it is more than this one answer.
                Err(_) if *self.watches.link.borrow() != link => continue,
                Err(problem) => {
                    failures += 1;
                    self.note(vec![problem]);
                    self.tell(Inlet::KindsKnown).await;
                }
            }
            let pause = match AFTER_A_CHANGE.get(asked) {
                _ if failures > 0 => Duration::from_secs(1 << failures.min(6)).min(OTHERWISE),
                Some(pause) => *pause,
                None => clock::jitter(OTHERWISE),
            };
            asked += 1;
            // Another cluster may have taken the place of the one that was asked.
            let anew = |now: &Link| now.wake != link.wake || now.relist != link.relist;
            let changed = tokio::select! {
                () = tokio::time::sleep(pause) => Ok(false),
                changed = self.definitions.changed() => changed.map(|()| true),
                changed = self.watches.link.wait_for(anew) => changed.map(|_| false),
            };
            match changed {
                Err(_) => return,
                Ok(false) => {}
                Ok(true) => {
                    tokio::time::sleep(TOGETHER).await;
                    asked = 0;
                }
            }
        }
    }

    /// Watches what is served now, and only that. Of a group that does not answer, what was known stays.
    async fn follow(&mut self, catalog: Catalog) {
        let mut problems = catalog.problems;
        let mut gone: BTreeMap<KindId, Follower> = std::mem::take(&mut self.running);
        for (kind, found) in catalog.kinds {
            let printer = self.printer(&found, &mut problems);
            let before = gone.remove(&kind);
            let same = |own: &Follower| own.found == found && own.printer == printer;
            let follower = match before {
                Some(before) if same(&before) => before,
                Some(before) => {
                    before.tasks.shutdown(END).await;
                    self.start(kind, found, printer).await
                }
                None => self.start(kind, found, printer).await,
            };
            self.running.insert(kind, follower);
        }
        for (kind, follower) in gone {
            if catalog.down.contains(&follower.found.group) {
                self.running.insert(kind, follower);
                continue;
            }
            follower.tasks.shutdown(END).await;
            self.watches.counters.forget(kind);
            self.tell(Inlet::Withdrawn(kind)).await;
            let name = kind.get().plural_group();
            tracing::info!(cluster.id = %self.watches.cluster, watch.kind = name, "{name} is no longer served");
        }
        self.note(problems);
    }

    async fn start(&self, kind: KindId, found: Found, printer: Arc<Printer>) -> Follower {
        let served = Served {
            kind,
            found: found.clone(),
            printer: printer.clone(),
            counter: self.watches.counters.of(kind),
        };
        self.tell(Inlet::Served(Arc::new(served))).await;
        let tasks = self.tasks.child();
        self.watches.start(kind, &found.version, &tasks);
        let (name, version) = (kind.get().plural_group(), &found.version);
        tracing::debug!(cluster.id = %self.watches.cluster, watch.kind = name, "{name} is served in {version}");
        Follower {
            found,
            printer,
            tasks,
        }
    }

    /// The columns of a kind: those of its definition, or those of any kind.
    fn printer(&self, found: &Found, problems: &mut Vec<ApiProblem>) -> Arc<Printer> {
        let definitions = self.definitions.borrow();
        let Some(defined) = definitions.version(&found.plural, &found.group, &found.version) else {
            return Arc::default();
        };
        problems.extend(defined.left_out.iter().map(|message| ApiProblem {
            api: format!("{}.{}/{}", found.plural, found.group, found.version),
            message: message.clone(),
        }));
        Arc::new(defined.printer.clone())
    }

    fn note(&self, problems: Vec<ApiProblem>) {
        let lines: Vec<String> = problems
            .iter()
            .map(|problem| format!("{}: {}", problem.api, problem.message))
            .collect();
        if self.watches.counters.note_apis(problems) && !lines.is_empty() {
            let lines = lines.join("; ");
            tracing::warn!(cluster.id = %self.watches.cluster, "not all APIs can be shown: {lines}");
        }
    }

    async fn tell(&self, inlet: Inlet) {
        // Closed: the engine ends, and so does this task.
        let _ = self.watches.output.send(inlet).await;
    }
}

#[cfg(test)]
mod tests;
