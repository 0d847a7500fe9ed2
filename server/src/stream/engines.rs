//! The engines that a session listens to: one for each cluster that it follows something of.

use cluster::{Published, Registry};
use futures::future::{pending, select_all};
use model::ClusterId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::watch;

/// The engines that a session listens to.
#[derive(Debug, Default)]
pub(super) struct Engines {
    receivers: BTreeMap<ClusterId, watch::Receiver<Arc<Published>>>,
}

impl Engines {
    /// Listens to these clusters and no others. A cluster without an engine is passed over; it is looked for again at the
    /// next call, which must come when the registry changes.
    pub(super) fn follow(&mut self, clusters: &BTreeSet<ClusterId>, registry: &Registry) {
        self.receivers.retain(|id, _| clusters.contains(id));
        for id in clusters {
            if !self.receivers.contains_key(id)
                && let Some(engine) = registry.engine(id)
            {
                let mut receiver = engine.subscribe();
                // Whoever begins to listen reads the present state itself.
                receiver.mark_unchanged();
                self.receivers.insert(id.clone(), receiver);
            }
        }
    }

    /// Waits until one of them publishes or ends, and names its cluster. An engine that has ended is listened to no more:
    /// its successor is found by [`follow`](Self::follow). Cancel safe.
    pub(super) async fn changed(&mut self) -> ClusterId {
        if self.receivers.is_empty() {
            return pending().await;
        }
        let each = self
            .receivers
            .iter_mut()
            .map(|(id, receiver)| Box::pin(async move { (id.clone(), receiver.changed().await.is_ok()) }));
        let ((id, alive), _, _) = select_all(each).await;
        if !alive {
            self.receivers.remove(&id);
        }
        id
    }
}
