//! Who may use a route. Every route says so when it is put into the [`Table`](super::table::Table), and gets the gate
//! that goes with it.

use super::origin::From;
use super::problem::Problem;
use crate::auth::{Credentials, Principal};
use crate::server::Shared;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use model::{ErrorCode, Timestamp};
use serde::Serialize;
use utoipa::openapi::security::SecurityRequirement;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    /// Anyone who reaches the listener under one of its names. It shows nothing of any cluster but counts.
    Public,
    /// Signed-in browsers; also takes the token of a visit.
    Page,
    /// Signed-in browsers and scripts; unsafe methods need proof that one of our own pages asks.
    Api,
    /// As [`Api`](Self::Api), and a browser must say of which origin it is: sockets are not bound by CORS.
    Stream,
}

impl Access {
    /// How the OpenAPI document calls what must be shown: one of these.
    pub(super) fn proofs(self) -> Vec<SecurityRequirement> {
        let proof = |name: &str| SecurityRequirement::new(name, [""; 0]);
        match self {
            Self::Public => Vec::new(),
            Self::Page => vec![proof("session")],
            Self::Api | Self::Stream => vec![proof("bearer"), proof("session")],
        }
    }
}

/// The gate in front of a route.
pub async fn gate(
    State((server, access)): State<(Shared, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    if access == Access::Page
        && request.method() == Method::GET
        && let Some(token) = visit_token(request.uri())
    {
        return visit(&server, token, request.uri(), server.now()).await;
    }
    let credentials = match access {
        Access::Public => return next.run(request).await,
        Access::Page => server.auth.check_cookie(request.headers(), server.now()).await,
        Access::Api | Access::Stream => server.auth.check(request.headers(), server.now()).await,
    };
    let admitted = credentials
        .map_err(|error| Problem::internal(&error))
        .and_then(admit)
        .and_then(|principal| prove(principal, access, &request).map(|()| principal));
    match admitted {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn admit(credentials: Credentials) -> Result<Principal, Problem> {
    let message = match credentials {
        Credentials::Good(principal) => return Ok(principal),
        Credentials::None => "this needs a session or the bearer token, and the request has neither",
        Credentials::Bad => "the session or the token is not valid, or not any more",
    };
    Err(Problem::new(ErrorCode::Unauthenticated, message))
}

/// What is asked besides credentials.
fn prove(principal: Principal, access: Access, request: &Request) -> Result<(), Problem> {
    if !request.method().is_safe() && !proves_intent(principal, request) {
        return Err(Problem::new(
            ErrorCode::CsrfRefused,
            "a request that changes something must come from one of our own pages, or carry the bearer token, and \
             its body must be JSON",
        ));
    }
    let from_browser = matches!(principal, Principal::Browser(_));
    if access == Access::Stream && from_browser && !request.headers().contains_key(header::ORIGIN) {
        return Err(Problem::new(
            ErrorCode::OriginRefused,
            "a stream that is opened with a cookie must name its origin",
        ));
    }
    Ok(())
}

/// The bearer token is proof in itself: no page can make a browser send it. With a cookie, the browser must vouch for
/// the page, and the body must be of a type that no HTML form can send.
fn proves_intent(principal: Principal, request: &Request) -> bool {
    if principal == Principal::Script {
        return true;
    }
    let from_page = request.extensions().get().is_some_and(From::is_proof);
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let tame = content_type.is_none_or(|value| {
        let essence = value
            .to_str()
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        essence == "application/json" || essence == "application/yaml"
    });
    from_page && tame
}

/// The token in `?token=`.
fn visit_token(uri: &Uri) -> Option<&str> {
    let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "token").map(|(_, token)| token)
}

/// Exchanges the token of a visit for a session, and sends the browser to the same address without it.
async fn visit(server: &Shared, token: &str, uri: &Uri, now: Timestamp) -> Response {
    if !server.auth.redeem(token, now) {
        return Problem::new(
            ErrorCode::Unauthenticated,
            "this link has been used or is too old: a link is good for one visit",
        )
        .into_response();
    }
    let cookie = match server.auth.sign_in(now).await {
        Ok(cookie) => cookie,
        Err(error) => return Problem::internal(&error).into_response(),
    };
    match (
        HeaderValue::try_from(cookie),
        HeaderValue::try_from(without_token(uri)),
    ) {
        (Ok(cookie), Ok(location)) => {
            let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, location)];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        (Err(error), _) | (_, Err(error)) => Problem::internal(&error).into_response(),
    }
}

/// The address without the token. One leading slash: two would name another host.
fn without_token(uri: &Uri) -> String {
    let path = uri.path().trim_start_matches(['/', '\\']);
    let pairs = uri.query().into_iter().flat_map(|query| query.split('&'));
    let kept: Vec<&str> = pairs
        .filter(|pair| !pair.is_empty() && !pair.starts_with("token="))
        .collect();
    if kept.is_empty() {
        format!("/{path}")
    } else {
        format!("/{path}?{}", kept.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_leaves_the_address() {
        let table = [
            ("/?token=abc", "/"),
            ("/c/dev/pods?ns=a&token=abc&ns=b%20c", "/c/dev/pods?ns=a&ns=b%20c"),
            ("//evil.example/?token=abc", "/evil.example/"),
            ("/clusters", "/clusters"),
        ];
        for (input, expected) in table {
            assert_eq!(without_token(&Uri::from_static(input)), expected);
        }
        assert_eq!(visit_token(&Uri::from_static("/?a=b&token=xyz")), Some("xyz"));
        assert_eq!(visit_token(&Uri::from_static("/?mytoken=xyz")), None);
    }
}
