//! Errors as answers. Handlers and layers answer with a [`Problem`]; the outermost layer knows the request and writes
//! it: as JSON for the API, as a page with a problem panel for people.

use super::csp::Nonce;
use super::request_id::RequestId;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use model::{ApiError, ErrorCode};
use std::fmt::Write;

/// An error as an answer. The body is written by [`write()`]; until then it travels with the response.
#[derive(Clone, Debug)]
pub struct Problem(pub ApiError);

impl Problem {
    /// An error without details.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(ApiError::new(code, message))
    }

    /// A defect of ours. What it was goes to the log and not to the client.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %error, "a request failed: {error}");
        Self::unexplained()
    }

    /// A defect of ours that is in the log already.
    pub(super) fn unexplained() -> Self {
        Self::new(
            ErrorCode::Internal,
            "something went wrong in the server; its log has the details under this request id",
        )
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        let headers = response.headers_mut();
        match self.0.code {
            ErrorCode::Syncing | ErrorCode::TooMany => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            ErrorCode::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// How errors of a path are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `{code, message, requestId, details}`.
    Json,
    /// A page with a problem panel.
    Page,
}

impl Form {
    /// The form for a path: JSON for the API and what machines read, a page for the rest.
    pub fn of(path: &str) -> Self {
        let machine = ["/healthz", "/readyz", "/metrics", "/api"].contains(&path);
        if machine || path.starts_with("/api/") {
            Self::Json
        } else {
            Self::Page
        }
    }
}

/// Writes the problem that a response carries, if it carries one.
pub fn write(response: &mut Response, form: Form, id: &RequestId, nonce: &Nonce, style: Option<&str>) {
    let Some(Problem(mut error)) = response.extensions_mut().remove::<Problem>() else {
        return;
    };
    error.request_id = id.as_str().to_owned();
    let (content_type, body) = match form {
        // Strings and a map of strings: serialising them cannot fail.
        Form::Json => (
            "application/json",
            serde_json::to_string(&error).unwrap_or_default(),
        ),
        Form::Page => ("text/html; charset=utf-8", page(&error, nonce, style)),
    };
    *response.body_mut() = body.into();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
}

/// A page for whoever may not see the app, or cannot: it holds nothing but the error.
fn page(error: &ApiError, nonce: &Nonce, style: Option<&str>) -> String {
    let mut html = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.push_str("<meta name=\"color-scheme\" content=\"dark light\">\n");
    // Writing to a String cannot fail.
    let _ = writeln!(html, "<title>{} - Kubilitics</title>", title(error.code));
    if let Some(href) = style {
        let _ = writeln!(html, "<link rel=\"stylesheet\" href=\"{}\">", escape(href));
    }
    let _ = write!(
        html,
        "<style nonce=\"{nonce}\">body{{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:15vh auto;padding:0 1rem}}\
         code{{font-family:ui-monospace,monospace}}.quiet{{opacity:.7;font-size:.85em}}</style>\n</head>\n<body>\n<main>\n\
         <section class=\"problem\" data-testid=\"problem\" data-code=\"{}\" role=\"alert\">\n<h1>{}</h1>\n<p>{}</p>\n",
        error.code.word(),
        title(error.code),
        marked(&error.message),
    );
    if error.code == ErrorCode::Unauthenticated {
        html.push_str(
            "<p>Run <code>kubilitics link</code> on the machine where the server runs, and open the link that it \
             prints. A link is good for one visit.</p>\n",
        );
    }
    let _ = write!(
        html,
        "<p class=\"quiet\"><code>{}</code>, request <code>{}</code></p>\n</section>\n</main>\n</body>\n</html>\n",
        error.code.word(),
        escape(&error.request_id)
    );
    html
}

fn title(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Unauthenticated => "Not signed in",
        ErrorCode::Forbidden => "Not allowed",
        ErrorCode::OriginRefused | ErrorCode::CsrfRefused | ErrorCode::HostRefused => "Refused",
        ErrorCode::RouteNotFound
        | ErrorCode::ClusterNotFound
        | ErrorCode::KindNotFound
        | ErrorCode::ObjectNotFound => "Not found",
        ErrorCode::BadRequest | ErrorCode::MethodNotAllowed | ErrorCode::TooLarge | ErrorCode::Invalid => {
            "Not understood"
        }
        ErrorCode::Conflict => "Changed meanwhile",
        ErrorCode::TooMany => "Too many at once",
        ErrorCode::Internal => "Something went wrong",
        ErrorCode::Syncing => "Not there yet",
        ErrorCode::ClusterUnavailable | ErrorCode::Timeout => "No answer",
        ErrorCode::ShuttingDown => "Stopping",
    }
}

/// Text for HTML, with what stands in backquotes as code.
fn marked(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(html, "<code>{}</code>", escape(part));
        } else {
            html.push_str(&escape(part));
        }
    }
    html
}

fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_inert() {
        let error = ApiError::new(ErrorCode::BadRequest, "`<script>` is \"not\" a <b>namespace</b>");
        let html = page(&error, &Nonce::new(), None);
        assert!(html.contains(
            "<p><code>&lt;script&gt;</code> is &quot;not&quot; a &lt;b&gt;namespace&lt;/b&gt;</p>"
        ));
        assert!(html.contains("data-testid=\"problem\" data-code=\"bad_request\""));
    }
}
