//! One line a request.

use super::request_id::RequestId;
use crate::metrics::{Metrics, RequestLabels};
use axum::extract::{MatchedPath, Request};
use http::{Method, StatusCode};
use std::time::Instant;

/// A request that is being answered.
#[derive(Debug)]
pub struct Entry {
    method: Method,
    /// Without the query: it may hold the token of a visit.
    path: String,
    route: String,
    started: Instant,
}

impl Entry {
    /// Begins with a request.
    pub fn begin(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>();
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            route: route.map_or("other", MatchedPath::as_str).to_owned(),
            started: Instant::now(),
        }
    }

    /// The span that everything logged for the request stands in.
    pub fn span(&self, id: &RequestId) -> tracing::Span {
        tracing::info_span!("request", request.id = id.as_str())
    }

    /// Counts and logs the answer.
    pub fn end(self, status: StatusCode, id: &RequestId, metrics: &Metrics) {
        let took = self.started.elapsed();
        metrics
            .http_requests
            .get_or_create(&RequestLabels {
                method: label(&self.method).to_owned(),
                route: self.route,
                status: status.as_u16(),
            })
            .inc();
        let (method, path, status) = (self.method.as_str(), self.path.as_str(), status.as_u16());
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let quiet = path.starts_with("/pkg/") || ["/healthz", "/readyz", "/metrics"].contains(&path);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    request.id = id.as_str(),
                    http.method = method,
                    http.path = path,
                    http.status = status,
                    duration_ms,
                    "{method} {path} {status}"
                )
            };
        }
        match status {
            500.. => line!(warn),
            _ if quiet => line!(debug),
            _ => line!(info),
        }
    }
}

/// The method as a label: clients may make up methods without number.
fn label(method: &Method) -> &str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if known.contains(method) {
        method.as_str()
    } else {
        "other"
    }
}
