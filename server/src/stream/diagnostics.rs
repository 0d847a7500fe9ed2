//! The topic of a cluster's diagnostics.

use super::subscription::{Step, Update};
use crate::{diagnostics, trust};
use cluster::Registry;
use model::list::ListWindow;
use model::stream::{Delta, Snapshot};
use model::{ClusterId, Epoch, Timestamp};
use std::time::Duration;

/// How often they are looked at: counters grow with every event, and not every event changes the picture.
pub(super) const APART: Duration = Duration::from_secs(1);

/// Diagnostics as a session follows them. They have no past: it begins with a snapshot, whatever the client has.
#[derive(Debug)]
pub(super) struct FollowedDiagnostics {
    cluster: ClusterId,
    /// What the client has, and at which epoch.
    sent: Option<(ListWindow, Epoch)>,
}

impl FollowedDiagnostics {
    pub(super) fn new(cluster: ClusterId) -> Self {
        Self { cluster, sent: None }
    }

    pub(super) fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    pub(super) fn update(&mut self, registry: &Registry, now: Timestamp) -> Update {
        let Some(engine) = registry.engine(&self.cluster) else {
            self.sent = None;
            return Update::without_engine(registry, &self.cluster);
        };
        let published = engine.published();
        let (window, to) = (diagnostics::window(&engine), published.epoch);
        let step = match &self.sent {
            Some((before, from)) => before.diff(&window).map_or(Step::None, |delta| Step::Delta {
                from: *from,
                to,
                seen_at: now,
                content: Delta::List(delta),
            }),
            None => Step::Snapshot(to, Snapshot::List(window.clone())),
        };
        let at = match (&step, &self.sent) {
            (Step::None, Some((_, from))) => *from,
            _ => to,
        };
        self.sent = Some((window, at));
        Update::new(step, trust::of_graph(&published))
    }
}
