//! The registry.

use crate::http::Problem;
use crate::http::query::Parameters;
use crate::server::Shared;
use crate::trust;
use axum::Json;
use axum::extract::{Path, State};
use http::Uri;
use model::{ApiError, Cluster, ClusterId};
use serde::Serialize;
use utoipa::ToSchema;

/// All clusters.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterList {
    /// The clusters, in the order of the kubeconfig files.
    pub items: Vec<Cluster>,
    /// About the list.
    pub metadata: ClusterListMetadata,
}

/// About a list of clusters.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterListMetadata {
    /// How many there are.
    pub total: usize,
    /// The cluster of the kubeconfig's current context.
    pub current: Option<ClusterId>,
    /// What is wrong with the files that clusters come from.
    pub problems: Vec<FileProblem>,
}

/// Something about a kubeconfig file that its user should know.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileProblem {
    /// The file.
    pub path: String,
    /// What is wrong, with line and column where they are known.
    pub message: String,
}

/// Lists the clusters, connected or not.
#[utoipa::path(get, path = "/api/v1/clusters", operation_id = "listClusters", tag = "clusters", responses(
    (status = OK, body = ClusterList),
    (status = BAD_REQUEST, body = ApiError),
    (status = UNAUTHORIZED, body = ApiError),
))]
pub(super) async fn list(State(server): State<Shared>, uri: Uri) -> Result<Json<ClusterList>, Problem> {
    Parameters::parse(&uri, &[])?;
    let (_, clusters) = server.registry.clusters();
    let problem = |problem: cluster::kubeconfig::FileProblem| FileProblem {
        path: problem.path.display().to_string(),
        message: problem.message,
    };
    Ok(Json(ClusterList {
        metadata: ClusterListMetadata {
            total: clusters.len(),
            current: server.registry.current(),
            problems: server.registry.file_problems().into_iter().map(problem).collect(),
        },
        items: clusters.to_vec(),
    }))
}

/// One cluster.
#[utoipa::path(get, path = "/api/v1/clusters/{clusterId}", operation_id = "getCluster", tag = "clusters",
    params(("clusterId" = String, Path, description = "The cluster's slug")),
    responses(
        (status = OK, body = Cluster),
        (status = BAD_REQUEST, body = ApiError),
        (status = UNAUTHORIZED, body = ApiError),
        (status = NOT_FOUND, body = ApiError, description = "`cluster_not_found`"),
    )
)]
pub(super) async fn get(
    State(server): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Cluster>, Problem> {
    Parameters::parse(&uri, &[])?;
    Ok(Json(trust::cluster(
        &server.registry,
        &ClusterId::from(id.as_str()),
    )?))
}
