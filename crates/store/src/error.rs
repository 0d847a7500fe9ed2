//! What can go wrong with the database.

use crate::DatabaseUrl;

/// A failure of the database, naming the operation.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened or reached.
    #[error("the database {url} cannot be opened: {source}")]
    Open {
        /// Which; its password is not shown.
        url: DatabaseUrl,
        /// Why.
        source: sqlx::Error,
    },
    /// Its schema cannot be brought up to date.
    #[error("the database {url} cannot be brought to this release's schema: {source}")]
    Migrate {
        /// Which; its password is not shown.
        url: DatabaseUrl,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// A statement failed.
    #[error("the database could not {operation}: {source}")]
    Query {
        /// What was to be done: `read a session`.
        operation: &'static str,
        /// Why.
        source: sqlx::Error,
    },
}

impl StoreError {
    /// A failure of this operation, for `map_err`.
    pub(crate) fn of(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Query { operation, source }
    }
}
