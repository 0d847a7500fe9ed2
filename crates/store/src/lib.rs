//! What outlives the process: sessions, and the slugs that clusters were given. SQLite in the data folder by default,
//! PostgreSQL when asked for; both run the same statements and the same tests.
//!
//! This crate owns the schema and every SQL statement. It must never hand SQL, rows or a driver's type to its callers,
//! and never store a secret that opens something: of a session cookie it knows the SHA-256.
//! Read [`Store`] first.

mod cluster;
mod error;
mod pool;
mod session;
mod url;

pub use cluster::KnownCluster;
pub use error::StoreError;
pub use pool::Store;
pub use session::{Session, SessionKey};
pub use url::{DatabaseUrl, DatabaseUrlError};
