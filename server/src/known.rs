//! Remembers the slugs that clusters were given, so that links to them survive a restart.

use crate::server::Shared;
use cluster::{KnownId, Registry};
use std::collections::BTreeSet;
use store::{KnownCluster, Store, StoreError};

/// The slugs that clusters had when the server last ran.
pub(crate) async fn ids(store: &Store) -> Result<Vec<KnownId>, StoreError> {
    let id = |known: KnownCluster| KnownId {
        id: known.id,
        context: known.context,
        source: known.source,
    };
    Ok(store.known_clusters().await?.into_iter().map(id).collect())
}

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

async fn remember_new(registry: &Registry, store: &Store, done: &mut BTreeSet<KnownCluster>) {
    let (_, clusters) = registry.clusters();
    for cluster in clusters.iter() {
        let known = KnownCluster {
            id: cluster.id.clone(),
            context: cluster.context.clone(),
            source: cluster.source.clone(),
        };
        if done.contains(&known) {
            continue;
        }
        match store.remember_cluster(&known).await {
            Ok(()) => {
                done.insert(known);
            }
            Err(error) => tracing::warn!(cluster.id = %known.id, error = %error, "{error}"),
        }
    }
}
