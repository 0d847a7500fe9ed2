//! What is wrong with a query.

use model::{ApiError, ErrorCode};

/// A part of a query that cannot be read, with what could stand there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} `{value}` is not understood: {allowed}")]
pub struct QueryError {
    /// The field of the query: `kind`, `selector`, `filter`, `sort`, `level`.
    pub field: &'static str,
    /// The part that cannot be read.
    pub value: String,
    /// What could stand there, in words.
    pub allowed: String,
}

impl QueryError {
    pub(crate) fn new(field: &'static str, value: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self {
            field,
            value: value.into(),
            allowed: allowed.into(),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let code = if error.field == "kind" {
            ErrorCode::KindNotFound
        } else {
            ErrorCode::BadRequest
        };
        ApiError::new(code, error.to_string())
            .with("field", error.field)
            .with("value", &error.value)
            .with("allowed", &error.allowed)
    }
}
