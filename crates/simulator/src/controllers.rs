//! Small controllers: what makes a cluster of objects one that lives. Each acts through the store as a client of the
//! API would, so watches see every step, and on what has changed: a queue of objects to look at and times to look
//! again, never a round over everything. One controller acts at a time, in an order that depends on nothing but the
//! objects and the clock, so a test under a manual clock sees the same in every run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::shared::Shared;
use crate::store::Key;

mod autoscaler;
mod churn;
pub(crate) mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoint_slice;
mod garbage;
mod job;
pub(crate) mod json;
pub(crate) mod kind;
mod kubelet;
mod namespace;
mod node;
pub(crate) mod pods;
pub(crate) mod quota;
pub(crate) mod recorder;
mod replica_set;
mod revision;
mod route;
pub(crate) mod scheduler;
mod stateful_set;
mod volumes;
pub(crate) mod world;

use kind::Kind;
use world::World;

/// One controller. Those that come first look first: what counts pods waits until the pods have done their steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Controller {
    /// Default ServiceAccount and `kube-root-ca.crt` of each namespace; empties namespaces that are deleted.
    Namespace,
    /// Deletes what lost its owners.
    GarbageCollector,
    /// Binds and provisions PersistentVolumeClaims.
    Volume,
    /// Heartbeats and conditions of nodes, taints, and what becomes of pods on nodes that are not ready.
    Node,
    /// Finds nodes for pods.
    Scheduler,
    /// Runs pods.
    Kubelet,
    /// ReplicaSets.
    ReplicaSet,
    /// StatefulSets.
    StatefulSet,
    /// DaemonSets.
    DaemonSet,
    /// Jobs.
    Job,
    /// CronJobs.
    CronJob,
    /// Deployments.
    Deployment,
    /// EndpointSlices of Services.
    EndpointSlice,
    /// HorizontalPodAutoscalers, on synthetic metrics.
    Autoscaler,
    /// The status of PodDisruptionBudgets.
    DisruptionBudget,
    /// The status of ResourceQuotas.
    Quota,
    /// Removes events after an hour.
    EventExpiry,
    /// Rolls annotated Deployments over every few minutes, so that a demo has something to show.
    Churn,
}

const ALL: [Controller; 18] = [
    Controller::Namespace,
    Controller::GarbageCollector,
    Controller::Volume,
    Controller::Node,
    Controller::Scheduler,
    Controller::Kubelet,
    Controller::ReplicaSet,
    Controller::StatefulSet,
    Controller::DaemonSet,
    Controller::Job,
    Controller::CronJob,
    Controller::Deployment,
    Controller::EndpointSlice,
    Controller::Autoscaler,
    Controller::DisruptionBudget,
    Controller::Quota,
    Controller::EventExpiry,
    Controller::Churn,
];

/// Which controllers run.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Controllers(BTreeSet<Controller>);

impl Controllers {
    /// None: objects stay as they are written.
    pub fn none() -> Self {
        Self::default()
    }

    /// Everything that a cluster has. The churn of the demo is not among it.
    pub fn all() -> Self {
        Self(ALL.into_iter().filter(|one| *one != Controller::Churn).collect())
    }

    /// One more.
    #[must_use]
    pub fn with(mut self, controller: Controller) -> Self {
        self.0.insert(controller);
        self
    }

    /// One less.
    #[must_use]
    pub fn without(mut self, controller: Controller) -> Self {
        self.0.remove(&controller);
        self
    }

    /// Whether one of them runs.
    pub fn has(&self, controller: Controller) -> bool {
        self.0.contains(&controller)
    }

    /// Whether none runs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An object for a controller to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    controller: Controller,
    kind: Kind,
    key: Key,
}

/// More looks than this in one run are a loop that feeds itself; the rest has to wait a moment.
const MOST_LOOKS: usize = 200_000;

/// All controllers with what they have to look at.
pub(crate) struct Manager {
    pub(crate) world: World,
    enabled: Controllers,
    queue: BTreeSet<Item>,
    due: BTreeMap<Item, i64>,
    times: BTreeSet<(i64, Item)>,
    /// Up to where the garbage collector has looked at kinds that no controller knows.
    swept: u64,
}

impl Manager {
    pub(crate) fn new(shared: Arc<Shared>, enabled: Controllers, seed: u64) -> Self {
        Self {
            world: World::new(shared, seed),
            enabled,
            queue: BTreeSet::new(),
            due: BTreeMap::new(),
            times: BTreeSet::new(),
            swept: 0,
        }
    }

    fn add(&mut self, controller: Controller, kind: Kind, key: Key) {
        // Nobody reads in the past what is used of a quota: it is counted at its end.
        let idle = self.world.past && controller == Controller::Quota;
        if self.enabled.has(controller) && !idle {
            self.queue.insert(Item {
                controller,
                kind,
                key,
            });
        }
    }

    /// The controllers that look at no object in particular begin.
    pub(crate) fn begin(&mut self) {
        self.add(Controller::EventExpiry, Kind::Event, Key::new("", ""));
        self.add(Controller::Churn, Kind::Deployment, Key::new("", ""));
    }

    /// Looks at everything that has changed or is due. Returns when something will be due.
    pub(crate) fn run(&mut self) -> Option<i64> {
        if !self.world.past {
            self.world.now = self.world.shared.clock.seconds();
        }
        for _ in 0..MOST_LOOKS {
            self.world.sync();
            for change in std::mem::take(&mut self.world.changes) {
                route::route(self, &change);
            }
            while let Some((time, item)) = self.times.first().cloned() {
                if time > self.world.now {
                    break;
                }
                self.times.remove(&(time, item.clone()));
                self.due.remove(&item);
                self.queue.insert(item);
            }
            let Some(item) = self.queue.pop_first() else {
                if self.sweep() {
                    continue;
                }
                return self.times.first().map(|(time, _)| *time);
            };
            self.look(item);
        }
        Some(self.world.now + 1)
    }

    /// Lets the garbage collector look at kinds that no controller knows, and at what they own, if one of them has
    /// changed or something has gone. Returns whether it did.
    fn sweep(&mut self) -> bool {
        if self.world.past || !self.enabled.has(Controller::GarbageCollector) {
            return false;
        }
        let version = garbage::others::version(&self.world);
        if version == self.swept && !self.world.gone {
            return false;
        }
        self.swept = version;
        self.world.gone = false;
        garbage::others::sweep(&self.world);
        for (kind, key) in self.world.foreign.clone() {
            self.add(Controller::GarbageCollector, kind, key);
        }
        true
    }

    fn look(&mut self, item: Item) {
        if let Some(time) = self.due.remove(&item) {
            self.times.remove(&(time, item.clone()));
        }
        self.world.conflict = false;
        let world = &mut self.world;
        let key = &item.key;
        let again = match item.controller {
            Controller::Namespace => namespace::reconcile(world, key),
            Controller::GarbageCollector => {
                garbage::reconcile(world, item.kind, key);
                None
            }
            Controller::Volume => volumes::reconcile(world, item.kind, key),
            Controller::Node => node::reconcile(world, key),
            Controller::Deployment => deployment::reconcile(world, key),
            Controller::ReplicaSet => replica_set::reconcile(world, key),
            Controller::StatefulSet => stateful_set::reconcile(world, key),
            Controller::DaemonSet => daemon_set::reconcile(world, key),
            Controller::CronJob => cron_job::reconcile(world, key),
            Controller::Job => job::reconcile(world, key),
            Controller::Scheduler => scheduler::reconcile(world, key),
            Controller::Kubelet => kubelet::reconcile(world, key),
            Controller::EndpointSlice => {
                endpoint_slice::reconcile(world, key);
                None
            }
            Controller::Autoscaler => autoscaler::reconcile(world, key),
            Controller::DisruptionBudget => {
                disruption::reconcile(world, key);
                None
            }
            Controller::Quota => {
                quota::reconcile(world, key);
                None
            }
            Controller::EventExpiry => Some(recorder::expire(world)),
            Controller::Churn => Some(churn::reconcile(world)),
        };
        if self.world.conflict {
            self.queue.insert(item);
        } else if let Some(time) = again {
            let time = time.max(self.world.now + 1);
            self.due.insert(item.clone(), time);
            self.times.insert((time, item));
        }
    }

    /// Lets the past go on until a time.
    pub(crate) fn pass_until(&mut self, time: i64) {
        loop {
            match self.run() {
                Some(due) if due <= time => self.world.now = due,
                _ => break,
            }
        }
        self.world.now = time;
    }
}

/// The controllers of a simulator that runs.
pub(crate) type Shift = Arc<Mutex<Manager>>;

/// Lets the controllers act whenever something has changed or is due, until the simulator stops. Under a manual clock
/// only [`settle`] lets them act: nothing happens behind the back of a test.
pub(crate) async fn drive(shared: Arc<Shared>, shift: Option<Shift>) {
    let Some(shift) = shift.filter(|_| !shared.clock.is_manual()) else {
        return;
    };
    let mut changed = shared.store.lock().subscribe_all();
    loop {
        changed.borrow_and_update();
        let due = settle(&shift);
        let wait = due.map_or(3600, |due| (due - shared.clock.seconds()).max(0));
        // The clock counts in whole seconds, of which the current one may be nearly over.
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or_default() * 1000 + 20);
        tokio::select! {
            changed = changed.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
            () = shared.stop.cancelled() => return,
        }
    }
}

/// Lets the controllers act on everything that is due now. Returns when something will be due.
pub(crate) fn settle(shift: &Shift) -> Option<i64> {
    shift.lock().unwrap_or_else(PoisonError::into_inner).run()
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manager").finish_non_exhaustive()
    }
}
