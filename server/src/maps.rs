//! The maps that are looked at. Which pod lies in which cell follows from what happened, so all who look at one map of a
//! cluster look at the same [`MapView`]; it goes on when one of them asks.

use crate::trust;
use cluster::{Engine, Published, Registry, Since};
use model::graph::GraphQuery;
use model::level::GroupId;
use model::map::MapQuery;
use model::{ApiError, ClusterId, Epoch, ErrorCode, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use topology::MapView;

/// So many maps are kept for those who come back, besides those that are looked at.
const KEPT: usize = 8;

/// The maps of all clusters.
#[derive(Clone, Debug, Default)]
pub struct Maps(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    cluster: ClusterId,
    query: MapQuery,
    engine: watch::Receiver<Arc<Published>>,
    map: Kept,
}

/// A map that is kept.
#[derive(Clone, Debug)]
pub struct Kept(Arc<Mutex<Drawn>>);

/// A map, and when it was begun.
#[derive(Debug)]
pub struct Drawn {
    /// The map.
    pub view: MapView,
    /// When the server saw the newest change in it.
    pub seen_at: Timestamp,
    /// The epoch at which it was begun: what was sent by then is of an earlier one.
    pub begun: Epoch,
}

impl Maps {
    /// A map of a cluster, begun if there is none.
    pub fn of(&self, engine: &Engine, cluster: &ClusterId, query: &MapQuery) -> Kept {
        let channel = engine.subscribe();
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Numbers mean something in one engine only.
        entries.retain(|entry| entry.cluster != *cluster || entry.engine.same_channel(&channel));
        let place = entries
            .iter()
            .position(|entry| entry.cluster == *cluster && entry.query == *query);
        let entry = match place {
            Some(place) => entries.remove(place),
            None => {
                let published = engine.published();
                let drawn = Drawn {
                    view: MapView::new(query, &published.state, published.epoch),
                    seen_at: Timestamp(0),
                    begun: published.epoch,
                };
                Entry {
                    cluster: cluster.clone(),
                    query: query.clone(),
                    engine: channel,
                    map: Kept(Arc::new(Mutex::new(drawn))),
                }
            }
        };
        let map = entry.map.clone();
        // The last one is the one that was asked for last.
        entries.push(entry);
        let idle = entries
            .iter()
            .filter(|entry| Arc::strong_count(&entry.map.0) == 1);
        let mut excess = idle.count().saturating_sub(KEPT);
        entries.retain(|entry| {
            let goes = excess > 0 && Arc::strong_count(&entry.map.0) == 1;
            excess -= usize::from(goes);
            !goes
        });
        map
    }

    /// The view around the pod in a cell.
    pub fn cell(
        &self,
        registry: &Registry,
        cluster: &ClusterId,
        (query, application, slot): (&MapQuery, GroupId, u32),
    ) -> Result<GraphQuery, ApiError> {
        let engine = registry.engine(cluster);
        let engine = engine.ok_or_else(|| {
            trust::cluster(registry, cluster).map_or_else(|e| e, |c| trust::unavailable(&c))
        })?;
        let kept = self.of(&engine, cluster, query);
        let mut map = kept.lock();
        let published = map.catch_up(&engine);
        let pod = map.view.pod(application, slot);
        let pod = pod.and_then(|id| published.state.node(id));
        let focus = pod.map(|entry| entry.key().node_key()).ok_or_else(|| {
            ApiError::new(
                ErrorCode::ObjectNotFound,
                "there is no pod in this cell of the map; its application may have changed",
            )
            .with("application", application.0)
            .with("slot", slot)
        })?;
        Ok(GraphQuery {
            focus: Some(focus),
            depth: 1,
            ..GraphQuery::default()
        })
    }
}

impl Kept {
    /// The map, for as long as nobody else looks at it.
    pub fn lock(&self) -> MutexGuard<'_, Drawn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is the same map: what was sent of the one can be gone on with from the other.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Drawn {
    /// Goes on to the present state, which it answers.
    pub fn catch_up(&mut self, engine: &Engine) -> Arc<Published> {
        loop {
            let published = engine.published();
            if published.epoch == self.view.epoch() {
                return published;
            }
            match engine.since(self.view.epoch()) {
                Since::Unchanged => {}
                Since::Changed {
                    to,
                    change,
                    seen_at,
                    published,
                } => {
                    self.seen_at = seen_at;
                    self.view.advance(&published.state, &change, to);
                    return published;
                }
                Since::TooOld => {
                    self.view.renew(&published.state, published.epoch);
                    return published;
                }
            }
        }
    }
}
