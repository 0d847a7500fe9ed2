//! The session cookie.

use super::Token;
use http::{HeaderMap, header};

/// The cookie's name.
pub const COOKIE: &str = "kubilitics_session";
/// How long a browser keeps the cookie, and how long a session lives after it was last heard of: 30 days.
pub const SESSION_SECONDS: u64 = 30 * 24 * 60 * 60;

/// The `Set-Cookie` header. Not `Secure`: local mode speaks plain HTTP on a loopback address.
pub(super) fn set_cookie(token: &Token) -> String {
    format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={SESSION_SECONDS}",
        token.reveal()
    )
}

/// The session cookie's value.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}
