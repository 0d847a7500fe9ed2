//! How the watches of a cluster are.

use crate::http::Problem;
use crate::http::query::Parameters;
use crate::server::Shared;
use crate::trust;
use axum::Json;
use axum::extract::{Path, State};
use http::Uri;
use model::{ApiError, ClusterId, Epoch, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// The numbers of a cluster's engine.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostics {
    /// One entry for each kind: those that are known in their order, then those that the cluster was found to serve.
    pub kinds: Vec<Kind>,
    /// What of the cluster's APIs cannot be shown, or not as it should be.
    pub apis: Vec<Api>,
    /// The changes that are kept for readers who are behind.
    pub ring: Ring,
    /// The present state.
    pub epoch: Epoch,
}

/// The watch of one kind.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kind {
    /// `Deployment`.
    pub kind: String,
    /// `deployments.apps`.
    pub resource: String,
    /// `waiting`, `listing`, `watching`, `backing off` or `denied`.
    pub state: String,
    /// Whether the API server serves it.
    pub is_served: bool,
    /// The last error, until the watch works again.
    pub error: Option<String>,
    /// Objects in the present state; null while nobody knows how many there are.
    pub objects: Option<u32>,
    /// Objects that cannot be read and are not shown.
    pub skipped: u64,
    /// The last reasons why objects were skipped, the newest last.
    pub skip_reasons: Vec<String>,
    /// Events that arrived, bookmarks not counted.
    pub events: u64,
    /// When the last of them arrived.
    pub last_event: Option<Timestamp>,
    /// Times that it was listed.
    pub lists: u64,
    /// Times that its watch was started.
    pub restarts: u64,
    /// The watches of single namespaces, where that of all is denied.
    pub namespaces: Vec<Namespace>,
}

/// The watch of a kind in one namespace.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Namespace {
    /// The namespace.
    pub namespace: String,
    /// As of the kind.
    pub state: String,
    /// The last error, until the watch works again.
    pub error: Option<String>,
}

/// An API, a kind or a column that cannot be shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Api {
    /// `metrics.k8s.io/v1beta1`, `widgets.example.org`; empty for discovery as a whole.
    pub api: String,
    /// What is wrong.
    pub message: String,
}

/// The changes that are kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ring {
    /// How many.
    pub entries: usize,
    /// Objects and edges in them.
    pub ids: usize,
}

/// How the watches of a cluster are: objects, events, errors, and what is not shown and why.
#[utoipa::path(get, path = "/api/v1/clusters/{clusterId}/diagnostics", operation_id = "getDiagnostics", tag = "clusters",
    params(("clusterId" = String, Path, description = "The cluster's slug")),
    responses(
        (status = OK, body = Diagnostics),
        (status = BAD_REQUEST, body = ApiError),
        (status = UNAUTHORIZED, body = ApiError),
        (status = NOT_FOUND, body = ApiError, description = "`cluster_not_found`"),
        (status = SERVICE_UNAVAILABLE, body = ApiError, description = "`cluster_unavailable`: its context cannot be used"),
    )
)]
pub(super) async fn get(
    State(server): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Diagnostics>, Problem> {
    Parameters::parse(&uri, &[])?;
    let id = ClusterId::from(id.as_str());
    let cluster = trust::cluster(&server.registry, &id)?;
    let engine = server
        .registry
        .engine(&id)
        .ok_or_else(|| trust::unavailable(&cluster))?;
    let published = engine.published();
    let diagnostics = engine.diagnostics();
    let kind = |kind: cluster::KindDiagnostics| Kind {
        kind: kind.kind.get().id.to_owned(),
        resource: kind.kind.get().plural_group(),
        state: kind.state.to_owned(),
        is_served: !published.is_unserved(kind.kind),
        error: kind.error,
        objects: kind.objects,
        skipped: kind.skipped,
        skip_reasons: kind.skip_reasons,
        events: kind.events,
        last_event: kind.last_event,
        lists: kind.lists,
        restarts: kind.restarts,
        namespaces: kind
            .namespaces
            .into_iter()
            .map(|part| Namespace {
                namespace: part.namespace,
                state: part.state.to_owned(),
                error: part.error,
            })
            .collect(),
    };
    let api = |problem: cluster::ApiProblem| Api {
        api: problem.api,
        message: problem.message,
    };
    Ok(Json(Diagnostics {
        kinds: diagnostics.kinds.into_iter().map(kind).collect(),
        apis: diagnostics.apis.into_iter().map(api).collect(),
        ring: Ring {
            entries: diagnostics.ring_entries,
            ids: diagnostics.ring_ids,
        },
        epoch: published.epoch,
    }))
}
