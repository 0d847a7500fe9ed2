//! Clusters that were seen, so that each keeps its slug and links to it survive a restart.

use crate::pool::on;
use crate::{Store, StoreError};
use model::ClusterId;

/// A cluster and the slug it was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownCluster {
    /// The slug.
    pub id: ClusterId,
    /// The kubeconfig context.
    pub context: String,
    /// Where the context stands: a file's path or `in-cluster`.
    pub source: String,
}

impl Store {
    /// Every cluster that was ever remembered, by slug.
    pub async fn known_clusters(&self) -> Result<Vec<KnownCluster>, StoreError> {
        let rows: Vec<(String, String, String)> = on!(self, pool => sqlx::query_as(
            "SELECT id, context, source FROM clusters ORDER BY id",
        )
        .fetch_all(pool)
        .await)
        .map_err(StoreError::of("read the known clusters"))?;
        let cluster = |(id, context, source): (String, String, String)| KnownCluster {
            id: ClusterId::from(id.as_str()),
            context,
            source,
        };
        Ok(rows.into_iter().map(cluster).collect())
    }

    /// Remembers a cluster's slug, and forgets whose slug it was before, and which slug the cluster had.
    pub async fn remember_cluster(&self, cluster: &KnownCluster) -> Result<(), StoreError> {
        let KnownCluster { id, context, source } = cluster;
        on!(self, pool => async {
            let mut both = pool.begin().await?;
            sqlx::query("DELETE FROM clusters WHERE id = $1 OR (context = $2 AND source = $3)")
                .bind(id.as_str())
                .bind(context)
                .bind(source)
                .execute(&mut *both)
                .await?;
            sqlx::query("INSERT INTO clusters (id, context, source) VALUES ($1, $2, $3)")
                .bind(id.as_str())
                .bind(context)
                .bind(source)
                .execute(&mut *both)
                .await?;
            both.commit().await
        }
        .await)
        .map_err(StoreError::of("remember a cluster"))
    }
}
