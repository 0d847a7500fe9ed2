//! The topic of all clusters.

use super::subscription::{Step, Update};
use cluster::Registry;
use model::stream::{ClustersDelta, Delta, Snapshot, TopicState};
use model::{Cluster, Epoch, Timestamp};
use std::sync::Arc;

/// The registry as a session follows it.
#[derive(Debug)]
pub(super) struct FollowedClusters {
    /// The state the client says it has.
    since: Option<Epoch>,
    /// The state it was sent last.
    sent: Option<(Epoch, Arc<[Cluster]>)>,
}

impl FollowedClusters {
    pub(super) fn new(since: Option<Epoch>) -> Self {
        Self { since, sent: None }
    }

    pub(super) fn update(&mut self, registry: &Registry, now: Timestamp) -> Update {
        let (to, clusters) = registry.clusters();
        let step = match &self.sent {
            None if self.since == Some(to) => Step::None,
            None => Step::Snapshot(to, Snapshot::Clusters(clusters.to_vec())),
            Some((from, before)) => step(*from, before, to, &clusters, now),
        };
        let moved = !matches!(step, Step::None);
        if moved || self.sent.is_none() {
            self.sent = Some((to, clusters));
        }
        Update::new(step, TopicState::Live)
    }
}

fn step(from: Epoch, before: &[Cluster], to: Epoch, later: &[Cluster], now: Timestamp) -> Step {
    let Some(delta) = ClustersDelta::between(before, later) else {
        // The same clusters in another order have no delta.
        let same = before == later;
        return if same {
            Step::None
        } else {
            Step::Snapshot(to, Snapshot::Clusters(later.to_vec()))
        };
    };
    let mut applied = before.to_vec();
    delta.apply(&mut applied);
    if applied == later {
        Step::Delta {
            from,
            to,
            seen_at: now,
            content: Delta::Clusters(delta),
        }
    } else {
        // A new cluster in between: a delta can only add at the end.
        Step::Snapshot(to, Snapshot::Clusters(later.to_vec()))
    }
}
