//! The clusters of the registry.

use crate::state::feed::Store;
use leptos::prelude::*;
use model::stream::{Delta, Snapshot};
use model::{Cluster, ClusterId};

/// The clusters, in the registry's order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clusters(pub RwSignal<Vec<Cluster>>);

impl Clusters {
    /// A cluster by its id.
    pub fn find(&self, id: &ClusterId) -> Option<Cluster> {
        self.0
            .with(|clusters| clusters.iter().find(|cluster| cluster.id == *id).cloned())
    }
}

impl Store for Clusters {
    fn replace(&self, snapshot: Snapshot) {
        if let Snapshot::Clusters(clusters) = snapshot {
            self.0.set(clusters);
        }
    }

    fn clear(&self) {
        self.0.set(Vec::new());
    }

    fn apply(&self, delta: &Delta) {
        if let Delta::Clusters(delta) = delta {
            self.0.update(|clusters| delta.apply(clusters));
        }
    }
}
