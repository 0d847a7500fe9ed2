//! The topic of a cluster's diagnostics.

use super::subscription::{Step, Update};
use crate::{diagnostics, trust};
use cluster::Registry;
use model::list::ListWindow;
use model::stream::{Delta, Snapshot};
use model::{ClusterId, Epoch, Timestamp};

/// Counters grow with every event; nobody reads them more often than this, in milliseconds.
const APART: i64 = 1000;

/// Diagnostics as a session follows them. They have no past: it begins with a snapshot, whatever the client has.
#[derive(Debug)]
pub(super) struct FollowedDiagnostics {
    cluster: ClusterId,
    /// What the client has, at which epoch, and when it was sent.
    sent: Option<(ListWindow, Epoch, Timestamp)>,
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
        let trust = trust::of_graph(&published);
        if self
            .sent
            .as_ref()
            .is_some_and(|(.., at)| at.millis_until(now) < APART)
        {
            return Update::new(Step::None, trust);
        }
        let (window, to) = (diagnostics::window(&engine), published.epoch);
        let step = match &self.sent {
            Some((before, from, _)) => before.diff(&window).map_or(Step::None, |delta| Step::Delta {
                from: *from,
                to,
                seen_at: now,
                content: Delta::List(delta),
            }),
            None => Step::Snapshot(to, Snapshot::List(window.clone())),
        };
        let at = match (&step, &self.sent) {
            (Step::None, Some((_, from, _))) => *from,
            _ => to,
        };
        self.sent = Some((window, at, now));
        Update::new(step, trust)
    }
}
