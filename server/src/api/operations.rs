//! What operators and their tools ask.

use crate::http::Problem;
use crate::http::query::Parameters;
use crate::server::Shared;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri, header};
use model::ApiError;
use serde::Serialize;
use utoipa::ToSchema;

/// What this server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// The release.
    pub version: String,
    /// The version of the REST API.
    pub api: String,
    /// The version of the stream's protocol.
    pub stream: u8,
}

impl Version {
    /// Of this build.
    pub fn of_build() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api: "v1".to_owned(),
            stream: model::stream::VERSION,
        }
    }
}

/// Whether the server can do its work.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// The database answers.
    database: bool,
    /// Requests are taken; false while stopping.
    listening: bool,
}

/// Alive: the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses(
    (status = OK, body = String, content_type = "text/plain"), (status = BAD_REQUEST, body = ApiError)
))]
pub(super) async fn healthz(uri: Uri) -> Result<&'static str, Problem> {
    Parameters::parse(&uri, &[])?;
    Ok("ok\n")
}

/// Ready: the database answers and requests are taken. Clusters do not count.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = OK, body = Readiness),
    (status = BAD_REQUEST, body = ApiError),
    (status = SERVICE_UNAVAILABLE, body = Readiness),
))]
pub(super) async fn readyz(State(server): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    Parameters::parse(&uri, &[])?;
    let ping = server.store.ping().await;
    if let Err(error) = &ping {
        tracing::warn!(error = %error, "not ready: {error}");
    }
    let readiness = Readiness {
        database: ping.is_ok(),
        listening: !server.tasks.token().is_cancelled(),
    };
    let ready = readiness.database && readiness.listening;
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    Ok((status, Json(readiness)).into_response())
}

/// Numbers in the text format of OpenMetrics. They name clusters by id and count; they show nothing of what is in them.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = OK, body = String, content_type = "application/openmetrics-text"), (status = BAD_REQUEST, body = ApiError)
))]
pub(super) async fn metrics(State(server): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    Parameters::parse(&uri, &[])?;
    let text = server
        .metrics
        .encode(&server.registry)
        .map_err(|error| Problem::internal(&error))?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}

/// The versions of the release, of the API and of the stream.
#[utoipa::path(get, path = "/api/v1/version", tag = "operations", responses(
    (status = OK, body = Version), (status = BAD_REQUEST, body = ApiError)
))]
pub(super) async fn version(uri: Uri) -> Result<Json<Version>, Problem> {
    Parameters::parse(&uri, &[])?;
    Ok(Json(Version::of_build()))
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "operations", responses(
    (status = OK, body = Object), (status = BAD_REQUEST, body = ApiError)
))]
pub(super) async fn openapi(State(server): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    Parameters::parse(&uri, &[])?;
    let headers = [(header::CONTENT_TYPE, "application/json")];
    Ok((headers, server.document().to_owned()).into_response())
}
