//! Which pages may call us: our own, the desktop shell's, and those that were allowed. Foreign ones are refused before
//! anything else is looked at.

use super::problem::Problem;
use crate::config;
use axum::response::{IntoResponse, Response};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use model::ErrorCode;

/// The origins of the desktop shell.
const DESKTOP: [&str; 2] = ["tauri://localhost", "http://tauri.localhost"];

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, X-Kubeconfig, X-Kubeconfig-Context, X-Request-ID, X-Confirm-Destructive",
);
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static("X-Request-ID, Retry-After");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a request comes from, as far as its headers prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// One of our own pages.
    OwnPage,
    /// A page of an allowed origin: this one.
    Allowed(HeaderValue),
    /// It does not say: not a browser, or a plain navigation.
    Unsaid,
}

impl From {
    /// Whether the request is proven to come from a page that may change things.
    pub fn is_proof(&self) -> bool {
        !matches!(self, Self::Unsaid)
    }
}

/// The origins that are allowed besides our own.
#[derive(Clone, Debug)]
pub struct Origins {
    allowed: Vec<String>,
}

impl Origins {
    /// The desktop shell's and these.
    pub fn new(allowed: &[config::Origin]) -> Self {
        let configured = allowed.iter().map(|origin| origin.as_str().to_owned());
        Self {
            allowed: DESKTOP
                .iter()
                .map(|origin| (*origin).to_owned())
                .chain(configured)
                .collect(),
        }
    }

    /// Where a request for this authority comes from; foreign pages are refused.
    pub fn check(&self, headers: &HeaderMap, authority: &Authority) -> Result<From, Problem> {
        let refused = || {
            Problem::new(
                ErrorCode::OriginRefused,
                "pages of this origin may not call this server",
            )
        };
        let same_origin = headers
            .get(SEC_FETCH_SITE)
            .is_some_and(|site| site == "same-origin");
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else {
            return Ok(if same_origin { From::OwnPage } else { From::Unsaid });
        };
        if origins.next().is_some() {
            return Err(refused());
        }
        // Under `Referrer-Policy: no-referrer` our own forms say `null`; the browser vouches for them in the other
        // header, which no page can set.
        if origin == "null" && same_origin {
            return Ok(From::OwnPage);
        }
        let text = origin.to_str().map_err(|_| refused())?;
        if text
            .strip_prefix("http://")
            .is_some_and(|host| host.eq_ignore_ascii_case(authority.as_str()))
        {
            Ok(From::OwnPage)
        } else if self.allowed.iter().any(|allowed| allowed == text) {
            Ok(From::Allowed(origin.clone()))
        } else {
            Err(refused())
        }
    }
}

/// The answer to a preflight from an allowed origin; `None` if the request is none.
pub fn preflight(method: &Method, headers: &HeaderMap, from: &From) -> Option<Response> {
    let is_preflight = method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight {
        return None;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let answer = response.headers_mut();
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
    answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    share(&mut response, from);
    Some(response)
}

/// Lets the page of an allowed origin read the answer.
pub fn share(response: &mut Response, from: &From) {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let From::Allowed(origin) = from {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)]) -> Option<From> {
        let origins = Origins::new(&["https://ops.example.com".parse().unwrap()]);
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let headers: HeaderMap = headers.collect();
        origins
            .check(&headers, &Authority::from_static("127.0.0.1:8190"))
            .ok()
    }

    #[test]
    fn only_exact_origins_pass() {
        let allowed = |text| Some(From::Allowed(HeaderValue::from_static(text)));
        assert_eq!(check(&[]), Some(From::Unsaid));
        assert_eq!(check(&[("origin", "http://127.0.0.1:8190")]), Some(From::OwnPage));
        assert_eq!(check(&[("sec-fetch-site", "same-origin")]), Some(From::OwnPage));
        assert_eq!(check(&[("sec-fetch-site", "none")]), Some(From::Unsaid));
        assert_eq!(check(&[("sec-fetch-site", "cross-site")]), Some(From::Unsaid));
        assert_eq!(
            check(&[("origin", "https://ops.example.com")]),
            allowed("https://ops.example.com")
        );
        assert_eq!(
            check(&[("origin", "tauri://localhost")]),
            allowed("tauri://localhost")
        );
        for foreign in [
            "https://127.0.0.1:8190",
            "http://127.0.0.1:8191",
            "http://127.0.0.1:8190.evil.example",
            "http://ops.example.com",
            "https://ops.example.com.evil.example",
            "https://evil.example",
            "null",
            "",
        ] {
            assert_eq!(check(&[("origin", foreign)]), None, "{foreign}");
        }
        assert_eq!(
            check(&[("origin", "null"), ("sec-fetch-site", "cross-site")]),
            None
        );
        assert_eq!(
            check(&[("origin", "null"), ("sec-fetch-site", "same-origin")]),
            Some(From::OwnPage)
        );
        assert_eq!(
            check(&[
                ("origin", "https://evil.example"),
                ("sec-fetch-site", "same-origin")
            ]),
            None
        );
    }
}
