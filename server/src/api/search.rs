//! Search over all objects of a cluster.

use crate::http::Problem;
use crate::http::query::Parameters;
use crate::server::Shared;
use crate::trust;
use ::topology::SearchView;
use axum::Json;
use axum::extract::{Path, State};
use http::Uri;
use model::search::{Found, Hit, SearchQuery};
use model::topology::Warning;
use model::{ApiError, ClusterId, Epoch};
use serde::Serialize;
use utoipa::ToSchema;

/// What was found, best first.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    /// The best hits.
    pub items: Vec<Hit>,
    /// About the search.
    pub metadata: SearchMetadata,
}

/// About a search.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchMetadata {
    /// How many objects have all words: all are counted, however many are listed.
    pub total: u32,
    /// The state it shows.
    pub epoch: Epoch,
    /// False if hits may be missing or out of date; the warnings say why.
    pub is_complete: bool,
    /// What is missing, and why.
    pub warnings: Vec<Warning>,
}

const PARAMETERS: [&str; 3] = ["q", "namespace", "limit"];

/// Finds objects of all kinds by words in their names, kinds, namespaces, labels, images and status words.
///
/// All words must be found, in any case and anywhere in a text; `"in quotes"` as the whole of one. A word that names a kind
/// as kubectl knows it (`po`, `deployment`) asks for objects of that kind, or with the word in their name. Names that are a
/// word come first, then those that begin with one, then those that have one, then what was found by another field; at
/// the same rank what is unhealthy.
#[utoipa::path(get, path = "/api/v1/clusters/{clusterId}/search", operation_id = "search", tag = "search",
    params(
        ("clusterId" = String, Path, description = "The cluster's slug"),
        ("q" = String, Query, description = "The words, 16 and 256 bytes at most: `pod cart`, `app=cart`, `\"cart-0\"`"),
        ("namespace" = Option<Vec<String>>, Query, description = "Only objects in this namespace; repeatable"),
        ("limit" = Option<u32>, Query, description = "The most hits in the answer, 1 to 500; 50 by default"),
    ),
    responses(
        (status = OK, body = Search),
        (status = BAD_REQUEST, body = ApiError),
        (status = UNAUTHORIZED, body = ApiError),
        (status = NOT_FOUND, body = ApiError, description = "`cluster_not_found`"),
        (status = SERVICE_UNAVAILABLE, body = ApiError, description = "`cluster_unavailable`: it was never reached"),
    )
)]
pub(super) async fn get(
    State(server): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Search>, Problem> {
    let parameters = Parameters::parse(&uri, &PARAMETERS)?;
    let allowed = format!("a number from 1 to {}", SearchQuery::MOST);
    let limit = parameters.parsed("limit", &allowed, |text| text.parse().ok())?;
    let query = SearchQuery {
        text: parameters.one("q")?.unwrap_or_default().to_owned(),
        limit: limit.unwrap_or(SearchQuery::default_limit()),
        namespaces: parameters.many("namespace").map(str::to_owned).collect(),
    };
    let view = SearchView::parse(&query).map_err(ApiError::from)?;
    let id = ClusterId::from(id.as_str());
    let published = trust::published(&server.registry, &id)?;
    if let Some(error) = trust::never_reached(&id, &published) {
        return Err(error.into());
    }
    let Found { total, hits } = view.found(&published.state);
    let warnings = trust::warnings(&published);
    Ok(Json(Search {
        items: hits,
        metadata: SearchMetadata {
            total,
            epoch: published.epoch,
            is_complete: warnings.is_empty(),
            warnings,
        },
    }))
}
