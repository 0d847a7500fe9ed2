//! How long a request may take and how much it may send.

use super::problem::Problem;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header;
use model::ErrorCode;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// How long a request may take to be answered. A stream is answered when it is open.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes a request's body may have.
pub const BODY_BYTES: usize = 1024 * 1024;

/// Runs the rest within the limits. A panic in it is a defect, and is answered as one.
pub async fn run(request: Request, next: Next) -> Response {
    let work = async {
        match whole(request).await {
            Ok(request) => next.run(request).await,
            Err(problem) => problem.into_response(),
        }
    };
    match tokio::time::timeout(PATIENCE, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(response)) => response,
        // The panic itself is logged by the hook of `log::start`, with this request's id.
        Ok(Err(_)) => Problem::unexplained().into_response(),
        Err(_) => Problem::new(
            ErrorCode::Timeout,
            format!("no answer within {} seconds", PATIENCE.as_secs()),
        )
        .into_response(),
    }
}

/// The request with its body read to the end, so that no handler ever waits for one or sees one that is too large.
async fn whole(request: Request) -> Result<Request, Problem> {
    let too_large = || {
        Problem(
            model::ApiError::new(ErrorCode::TooLarge, "the request's body is larger than 1 MiB")
                .with("allowed", BODY_BYTES),
        )
    };
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if declared
        .and_then(|text| text.parse().ok())
        .is_some_and(|length: u64| length > BODY_BYTES as u64)
    {
        return Err(too_large());
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, BODY_BYTES).await.map_err(|_| too_large())?;
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt;

    async fn status_of(path: &str) -> (StatusCode, ErrorCode) {
        let never = || async { std::future::pending::<()>().await };
        let panics = || async {
            if PATIENCE > Duration::ZERO {
                panic!("on purpose")
            }
        };
        let router = Router::new()
            .route("/never", get(never))
            .route("/panics", get(panics))
            .layer(from_fn(run));
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        (
            response.status(),
            response.extensions().get::<Problem>().unwrap().0.code,
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_never_ends_or_panics_is_answered() {
        assert_eq!(
            status_of("/never").await,
            (StatusCode::GATEWAY_TIMEOUT, ErrorCode::Timeout)
        );
        assert_eq!(
            status_of("/panics").await,
            (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal)
        );
    }
}
