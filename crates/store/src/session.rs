//! Sessions of browsers.

use crate::pool::on;
use crate::{Store, StoreError};
use model::Timestamp;
use std::fmt;

/// The SHA-256 of a session cookie, by which the session is found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey(pub [u8; 32]);

impl SessionKey {
    /// The form in the table: hexadecimal, 64 digits.
    fn text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The first four bytes are enough to tell sessions apart in a log.
impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({}..)", self.text().get(..8).unwrap_or_default())
    }
}

/// A signed-in browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its cookie's digest.
    pub key: SessionKey,
    /// When it was signed in.
    pub created_at: Timestamp,
    /// When it was last heard of, to the minute or so.
    pub last_seen_at: Timestamp,
    /// From when on it is not valid.
    pub expires_at: Timestamp,
}

impl Store {
    /// Keeps a new session.
    pub async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        on!(self, pool => sqlx::query(
            "INSERT INTO sessions (cookie_sha256, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(session.key.text())
        .bind(session.created_at.0)
        .bind(session.last_seen_at.0)
        .bind(session.expires_at.0)
        .execute(pool)
        .await
        .map(drop))
        .map_err(StoreError::of("keep a session"))
    }

    /// The session of this key, if it has not expired at `now`.
    pub async fn session(&self, key: SessionKey, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let row: Option<(i64, i64, i64)> = on!(self, pool => sqlx::query_as(
            "SELECT created_at, last_seen_at, expires_at FROM sessions WHERE cookie_sha256 = $1 AND expires_at > $2",
        )
        .bind(key.text())
        .bind(now.0)
        .fetch_optional(pool)
        .await)
        .map_err(StoreError::of("read a session"))?;
        Ok(row.map(|(created_at, last_seen_at, expires_at)| Session {
            key,
            created_at: Timestamp(created_at),
            last_seen_at: Timestamp(last_seen_at),
            expires_at: Timestamp(expires_at),
        }))
    }

    /// Notes that a session was heard of and is valid until `expires_at`.
    pub async fn touch_session(
        &self,
        key: SessionKey,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        on!(self, pool => sqlx::query(
            "UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE cookie_sha256 = $1",
        )
        .bind(key.text())
        .bind(now.0)
        .bind(expires_at.0)
        .execute(pool)
        .await
        .map(drop))
        .map_err(StoreError::of("note a session"))
    }

    /// Forgets a session: its cookie is not valid any more.
    pub async fn remove_session(&self, key: SessionKey) -> Result<(), StoreError> {
        on!(self, pool => sqlx::query("DELETE FROM sessions WHERE cookie_sha256 = $1")
            .bind(key.text())
            .execute(pool)
            .await
            .map(drop))
        .map_err(StoreError::of("forget a session"))
    }

    /// Forgets the sessions that have expired at `now`, and says how many.
    pub async fn remove_expired_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        on!(self, pool => sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(now.0)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))
        .map_err(StoreError::of("forget expired sessions"))
    }
}
