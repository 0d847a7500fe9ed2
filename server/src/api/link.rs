//! Links for one visit.

use crate::http::Problem;
use crate::http::query::Parameters;
use crate::link::Link;
use crate::server::Shared;
use axum::Json;
use axum::extract::State;
use http::{StatusCode, Uri};
use model::ApiError;

/// Makes a link that signs a browser in. It is good for one visit, and for ten minutes.
#[utoipa::path(post, path = "/api/v1/link", operation_id = "createLink", tag = "access", responses(
    (status = CREATED, body = Link),
    (status = UNAUTHORIZED, body = ApiError),
    (status = FORBIDDEN, body = ApiError, description = "`csrf_refused`"),
))]
pub(super) async fn create(
    State(server): State<Shared>,
    uri: Uri,
) -> Result<(StatusCode, Json<Link>), Problem> {
    Parameters::parse(&uri, &[])?;
    let token = server
        .auth
        .next_visit(server.now())
        .map_err(|error| Problem::internal(&error))?;
    let link = Link {
        url: server.link(&token),
    };
    Ok((StatusCode::CREATED, Json(link)))
}
