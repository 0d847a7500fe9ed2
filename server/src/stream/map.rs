//! The topic of a map.

use super::subscription::{Step, Update};
use crate::maps::{Kept, Maps};
use crate::trust;
use cluster::Registry;
use model::map::MapQuery;
use model::stream::{Delta, Sealed, Snapshot};
use model::{ClusterId, Epoch};

/// A map as a session follows it.
#[derive(Debug)]
pub(super) struct FollowedMap {
    cluster: ClusterId,
    query: MapQuery,
    maps: Maps,
    /// The map that the client was sent; `None` before the first, also if the client comes with an epoch.
    kept: Option<Kept>,
    /// The state the client is at; `None`: the next step is a snapshot.
    cursor: Option<Epoch>,
    /// The state the client was sent last. It stays behind the cursor while nothing changes on the map.
    sent: Epoch,
}

impl FollowedMap {
    pub(super) fn new(cluster: ClusterId, query: MapQuery, since: Option<Epoch>, maps: Maps) -> Self {
        Self {
            cluster,
            query,
            maps,
            kept: None,
            cursor: since,
            sent: since.unwrap_or_default(),
        }
    }

    pub(super) fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    pub(super) fn start_over(&mut self) {
        self.kept = None;
        self.cursor = None;
    }

    pub(super) fn update(&mut self, registry: &Registry) -> Update {
        let Some(engine) = registry.engine(&self.cluster) else {
            self.start_over();
            return Update::without_engine(registry, &self.cluster);
        };
        let kept = self.maps.of(&engine, &self.cluster, &self.query);
        let mut map = kept.lock();
        let published = map.catch_up(&engine);
        let is_of_this = match &self.kept {
            Some(own) => own.is(&kept),
            // A client that comes back: what it has is of this map if it was sent after this map was begun.
            None => self.cursor.is_some_and(|since| since > map.begun),
        };
        let cursor = self.cursor.filter(|_| is_of_this);
        let delta = cursor.and_then(|cursor| map.view.since(cursor, &published.state));
        let (to, seen_at) = (published.epoch, map.seen_at);
        let resync = delta.is_none() && self.cursor.is_some();
        let step = match delta {
            Some(delta) if delta.is_empty() => Step::None,
            Some(delta) => Step::Delta {
                from: std::mem::replace(&mut self.sent, to),
                to,
                seen_at,
                content: Delta::Map(Sealed::new(delta)),
            },
            None => {
                self.sent = to;
                let map = Sealed::new(map.view.snapshot(&published.state));
                Step::Snapshot(to, Snapshot::Map(map))
            }
        };
        self.cursor = Some(to);
        drop(map);
        self.kept = Some(kept);
        Update {
            resync,
            ..Update::new(step, trust::of_graph(&published))
        }
    }
}
