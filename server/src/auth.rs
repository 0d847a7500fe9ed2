//! Who is asking. Local mode has one user, and three ways to show that it is that user: a link for one visit, the
//! session cookie that the visit is exchanged for, and the bearer token that scripts read from the data folder.

mod session;
mod token;
mod visit;

pub use session::{COOKIE, SESSION_SECONDS};
pub use token::{Token, TokenError};

use http::HeaderMap;
use model::Timestamp;
use session::{cookie, set_cookie};
use std::time::Duration;
use store::{SessionKey, Store, StoreError};
use token::Digest;
use visit::Visits;

/// Whoever makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A signed-in browser.
    Browser(SessionKey),
    /// The holder of the bearer token.
    Script,
}

/// What a request shows, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing.
    None,
    /// Something that is not valid, or not any more.
    Bad,
    /// Good ones.
    Good(Principal),
}

/// Checks credentials and hands out new ones.
#[derive(Debug)]
pub struct Auth {
    bearer: Digest,
    visits: Visits,
    store: Store,
}

/// How long a session lives after it was last heard of.
const SESSION_LIFE: Duration = Duration::from_secs(SESSION_SECONDS);
/// How old the time of the last request may grow before it is written again.
const TOUCH_AFTER: Duration = Duration::from_secs(60);

impl Auth {
    /// With this bearer token, and with sessions kept in the store.
    pub fn new(bearer: &Token, store: Store) -> Self {
        Self {
            bearer: bearer.digest(),
            visits: Visits::default(),
            store,
        }
    }

    /// What the headers show. A bearer token is looked at first: who sends one means it.
    pub async fn check(&self, headers: &HeaderMap, now: Timestamp) -> Result<Credentials, StoreError> {
        if let Some(header) = headers.get(http::header::AUTHORIZATION) {
            let token = header.to_str().ok().and_then(|text| text.split_once(' '));
            let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
            let good = token.is_some_and(|(_, token)| self.bearer == Token::from_text(token.trim()).digest());
            return Ok(if good {
                Credentials::Good(Principal::Script)
            } else {
                Credentials::Bad
            });
        }
        self.check_cookie(headers, now).await
    }

    /// What the session cookie shows; the bearer token does not count.
    pub async fn check_cookie(&self, headers: &HeaderMap, now: Timestamp) -> Result<Credentials, StoreError> {
        let Some(value) = cookie(headers) else {
            return Ok(Credentials::None);
        };
        let key = SessionKey(Token::from_text(value).digest().0);
        let Some(session) = self.store.session(key, now).await? else {
            return Ok(Credentials::Bad);
        };
        if session.last_seen_at.millis_until(now) > millis(TOUCH_AFTER) {
            self.store
                .touch_session(key, now, after(now, SESSION_LIFE))
                .await?;
        }
        Ok(Credentials::Good(Principal::Browser(key)))
    }

    /// A token for the first visit, valid until it is used.
    pub fn first_visit(&self) -> Result<Token, TokenError> {
        self.visits.issue(None)
    }

    /// A token for one more visit, valid for ten minutes.
    pub fn next_visit(&self, now: Timestamp) -> Result<Token, TokenError> {
        self.visits.issue(Some(after(now, visit::LIFE)))
    }

    /// Uses up the token of a visit; false if it is not valid, or not any more.
    pub fn redeem(&self, text: &str, now: Timestamp) -> bool {
        self.visits.redeem(Token::from_text(text).digest(), now)
    }

    /// Starts a session and gives the `Set-Cookie` header for it.
    pub async fn sign_in(&self, now: Timestamp) -> Result<String, SignInError> {
        let token = Token::new()?;
        let session = store::Session {
            key: SessionKey(token.digest().0),
            created_at: now,
            last_seen_at: now,
            expires_at: after(now, SESSION_LIFE),
        };
        self.store.add_session(&session).await?;
        Ok(set_cookie(&token))
    }

    /// Forgets the sessions that have expired.
    pub async fn forget_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.store.remove_expired_sessions(now).await
    }
}

/// A session could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// No token could be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn after(now: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(now.0.saturating_add(millis(duration)))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
