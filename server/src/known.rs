//! Remembers the slugs that clusters were given.

use crate::server::Shared;
use cluster::Registry;
use std::collections::BTreeSet;
use store::{KnownCluster, Store};

/// Remembers each cluster that the registry names, now and whenever it changes.
pub(crate) async fn remember(server: Shared) {
    let mut changes = server.registry.subscribe();
    let mut done = BTreeSet::new();
    loop {
        remember_new(&server.registry, &server.store, &mut done).await;
        if changes.changed().await.is_err() {
            // The registry ends with the server.
            std::future::pending::<()>().await;
        }
    }
}

async fn remember_new(registry: &Registry, store: &Store, done: &mut BTreeSet<model::ClusterId>) {
    let (_, clusters) = registry.clusters();
    for cluster in clusters.iter() {
        if done.contains(&cluster.id) {
            continue;
        }
        let known = KnownCluster {
            id: cluster.id.clone(),
            context: cluster.context.clone(),
            source: cluster.source.clone(),
        };
        match store.remember_cluster(&known).await {
            Ok(()) => {
                done.insert(known.id);
            }
            Err(error) => tracing::warn!(cluster.id = %known.id, error = %error, "{error}"),
        }
    }
}
