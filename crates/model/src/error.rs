//! The one error that crosses the wire, the same on both sides.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What went wrong, as a stable code. Each has a page under `docs/errors/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A parameter, header or body is not as described.
    BadRequest,
    /// No credentials, or not valid ones.
    Unauthenticated,
    /// The cluster's RBAC denies it.
    Forbidden,
    /// The request comes from an origin that is not allowed.
    OriginRefused,
    /// An unsafe method without proof that it comes from our own page.
    CsrfRefused,
    /// No such address in the API or among the pages.
    RouteNotFound,
    /// The address exists, the method does not.
    MethodNotAllowed,
    /// No cluster of this id.
    ClusterNotFound,
    /// The cluster serves no such kind.
    KindNotFound,
    /// No object of this name.
    ObjectNotFound,
    /// The object changed meanwhile.
    Conflict,
    /// The request's body or frame is over the limit.
    TooLarge,
    /// The Host header names no allowed host.
    HostRefused,
    /// The API server found the object invalid.
    Invalid,
    /// Too many requests, sockets or subscriptions.
    TooMany,
    /// A defect of ours; the request id finds it in the log.
    Internal,
    /// The first list of this kind has not come yet.
    Syncing,
    /// The cluster is not reachable.
    ClusterUnavailable,
    /// The server is stopping.
    ShuttingDown,
    /// No answer in time.
    Timeout,
}

impl ErrorCode {
    /// The HTTP status of this code.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden | Self::OriginRefused | Self::CsrfRefused => 403,
            Self::RouteNotFound | Self::ClusterNotFound | Self::KindNotFound | Self::ObjectNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::HostRefused => 421,
            Self::Invalid => 422,
            Self::TooMany => 429,
            Self::Internal => 500,
            Self::Syncing | Self::ClusterUnavailable | Self::ShuttingDown => 503,
            Self::Timeout => 504,
        }
    }

    /// The code as it stands in JSON and in `data-code`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::OriginRefused => "origin_refused",
            Self::CsrfRefused => "csrf_refused",
            Self::RouteNotFound => "route_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::ClusterNotFound => "cluster_not_found",
            Self::KindNotFound => "kind_not_found",
            Self::ObjectNotFound => "object_not_found",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::HostRefused => "host_refused",
            Self::Invalid => "invalid",
            Self::TooMany => "too_many",
            Self::Internal => "internal",
            Self::Syncing => "syncing",
            Self::ClusterUnavailable => "cluster_unavailable",
            Self::ShuttingDown => "shutting_down",
            Self::Timeout => "timeout",
        }
    }
}

/// An error as the API, the stream and the pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct ApiError {
    /// The stable code.
    pub code: ErrorCode,
    /// What was wrong and what to do, in words for the user.
    pub message: String,
    /// The request that failed, as in `X-Request-ID` and in the log; empty where there was none.
    pub request_id: String,
    /// What the error is about: `field`, `value`, `allowed`; for an error of Kubernetes `cluster`, `verb`, `group`,
    /// `resource`, `namespace`, `name`, `reason`.
    pub details: BTreeMap<String, String>,
}

impl ApiError {
    /// An error without details; the layer that answers fills in the request id.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            request_id: String::new(),
            details: BTreeMap::new(),
        }
    }

    /// The same error with one more detail.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.details.insert(key.to_owned(), value.to_string());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_what_json_says() {
        for code in [
            ErrorCode::BadRequest,
            ErrorCode::ClusterNotFound,
            ErrorCode::Timeout,
            ErrorCode::CsrfRefused,
        ] {
            assert_eq!(
                serde_json::to_string(&code).unwrap(),
                format!("\"{}\"", code.word())
            );
        }
    }
}
