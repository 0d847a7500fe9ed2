//! The built files of the browser half, embedded in the executable with their compressed forms.
//!
//! They come from the folder that `KUBILITICS_SITE` names when this crate is built, `target/site` of the workspace by
//! default. A build without them serves pages that work without script.

use super::problem::Problem;
use app::source::Assets;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::ErrorCode;
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(RustEmbed)]
#[folder = "$EMBEDDED_SITE"]
struct Site;

const MANIFEST: &str = "manifest.json";
/// Names here hold a hash of the content.
const HASHED: &str = "pkg/";

/// The compressed forms, best first: what a client says, how the file is called, how the tag differs.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// What the build wrote about itself.
#[derive(Default, Deserialize)]
struct Manifest {
    script: Option<String>,
    wasm: Option<String>,
    #[serde(default)]
    parts: BTreeMap<String, Vec<String>>,
    style: Option<String>,
    #[serde(default)]
    fonts: Vec<String>,
}

/// The addresses that a page needs.
pub fn assets() -> Assets {
    assets_of::<Site>()
}

fn assets_of<S: RustEmbed>() -> Assets {
    let manifest = S::get(MANIFEST).map(|file| serde_json::from_slice::<Manifest>(&file.data));
    let manifest = match manifest {
        Some(Ok(manifest)) => manifest,
        Some(Err(error)) => {
            tracing::warn!(error = %error, "the embedded manifest.json is not as expected: pages have no script or style");
            Manifest::default()
        }
        None => Manifest::default(),
    };
    let address = |name: String| {
        if name.starts_with('/') {
            name
        } else {
            format!("/{HASHED}{name}")
        }
    };
    Assets {
        script: manifest.script.map(address),
        wasm: manifest.wasm.map(address),
        parts: manifest
            .parts
            .into_iter()
            .map(|(part, files)| (part, files.into_iter().map(address).collect()))
            .collect(),
        style: manifest.style.map(address),
        fonts: manifest.fonts.into_iter().map(address).collect(),
    }
}

/// The paths of all files outside `/pkg/`: `/favicon.svg` and the like.
pub fn plain_paths() -> impl Iterator<Item = String> {
    plain_paths_of::<Site>()
}

fn plain_paths_of<S: RustEmbed>() -> impl Iterator<Item = String> {
    let is_form = |name: &str| ENCODINGS.iter().any(|(_, suffix)| name.ends_with(suffix));
    S::iter()
        .filter(move |name| !name.starts_with(HASHED) && !is_form(name) && name != MANIFEST)
        .map(|name| format!("/{name}"))
}

/// Answers with the file of the request's path.
pub async fn serve(request: Request) -> Response {
    serve_from::<Site>(&request)
}

fn serve_from<S: RustEmbed>(request: &Request) -> Response {
    let name = request.uri().path().trim_start_matches('/');
    let is_form = ENCODINGS.iter().any(|(_, suffix)| name.ends_with(suffix));
    let Some(file) = S::get(name).filter(|_| !is_form) else {
        return Problem::new(ErrorCode::RouteNotFound, "this release has no such file").into_response();
    };
    let hash = short_hash(&file);
    let (file, tag, encoding) = encoded::<S>(name, file, hash, request.headers());
    let mut headers = HeaderMap::new();
    let caching = if name.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let fresh = known.is_some_and(|tags| {
        tags.split(',')
            .any(|known| known.trim().trim_start_matches("W/") == tag)
    });
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    if fresh {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Ok(content_type) = HeaderValue::try_from(content_type(name)) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    (headers, Body::from(file.data.into_owned())).into_response()
}

type Encoded = (EmbeddedFile, String, Option<&'static str>);

/// The best form that the client takes, with its tag.
fn encoded<S: RustEmbed>(name: &str, file: EmbeddedFile, hash: String, headers: &HeaderMap) -> Encoded {
    for (encoding, suffix) in ENCODINGS {
        if accepts(headers, encoding)
            && let Some(form) = S::get(&format!("{name}{suffix}"))
        {
            return (form, format!("\"{hash}-{encoding}\""), Some(encoding));
        }
    }
    (file, format!("\"{hash}\""), None)
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let lists = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0));
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

fn short_hash(file: &EmbeddedFile) -> String {
    let mut text = hex::encode(file.metadata.sha256_hash());
    text.truncate(16);
    text
}

fn content_type(name: &str) -> String {
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    let text = guess.type_() == "text" || guess.subtype() == "javascript" || guess.subtype() == "json";
    if text {
        format!("{guess}; charset=utf-8")
    } else {
        guess.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A site as `cargo xtask build` lays it out.
    #[derive(RustEmbed)]
    #[folder = "tests/site"]
    struct Fixture;

    fn get(path: &str, headers: &[(&'static str, &str)]) -> Response {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        serve_from::<Fixture>(&request.body(Body::empty()).unwrap())
    }

    fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn the_manifest_names_the_files() {
        let assets = assets_of::<Fixture>();
        assert_eq!(assets.script.as_deref(), Some("/pkg/app.0123.js"));
        assert_eq!(
            (assets.wasm, assets.style),
            (None, Some("/pkg/app.4567.css".to_owned()))
        );
        assert_eq!(plain_paths_of::<Fixture>().collect::<Vec<_>>(), ["/favicon.svg"]);
    }

    #[tokio::test]
    async fn the_best_form_is_sent_with_its_own_tag() {
        let path = "/pkg/app.0123.js";
        let mut tags = Vec::new();
        for (accepted, encoding, body) in [
            ("gzip, br", Some("br"), "as brotli"),
            ("gzip", Some("gzip"), "as gzip"),
            ("zstd", None, "export default 1;\n"),
        ] {
            let response = get(path, &[("accept-encoding", accepted)]);
            assert_eq!(header(&response, "content-encoding"), encoding);
            assert_eq!(
                header(&response, "content-type"),
                Some("text/javascript; charset=utf-8")
            );
            assert_eq!(header(&response, "vary"), Some("Accept-Encoding"));
            assert_eq!(
                header(&response, "cache-control"),
                Some("public, max-age=31536000, immutable")
            );
            tags.push(header(&response, "etag").unwrap().to_owned());
            let bytes = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
            assert_eq!(bytes, body);
        }
        tags.dedup();
        assert_eq!(tags.len(), 3);
        let response = get(path, &[("accept-encoding", "br"), ("if-none-match", &tags[0])]);
        assert_eq!(
            (response.status(), header(&response, "etag")),
            (StatusCode::NOT_MODIFIED, Some(tags[0].as_str()))
        );
        assert_eq!(get(path, &[("if-none-match", &tags[0])]).status(), StatusCode::OK);
    }

    #[test]
    fn names_without_a_hash_are_asked_for_again() {
        let response = get("/favicon.svg", &[]);
        assert_eq!(header(&response, "cache-control"), Some("no-cache"));
        for path in [
            "/pkg/app.0123.js.br",
            "/pkg/../favicon.svg",
            "/pkg/",
            "/pkg/none.js",
        ] {
            assert_eq!(get(path, &[]).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn encodings_are_taken_at_their_word() {
        let accepts = |list: &'static str, encoding| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(list))]);
            accepts(&headers, encoding)
        };
        assert!(accepts("gzip, deflate, br, zstd", "br"));
        assert!(accepts("GZIP;q=0.5", "gzip"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("identity", "gzip"));
    }

    #[test]
    fn scripts_have_their_type() {
        assert_eq!(content_type("pkg/a.wasm"), "application/wasm");
        assert_eq!(content_type("pkg/a.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("pkg/a.woff2"), "font/woff2");
        assert_eq!(content_type("favicon.svg"), "image/svg+xml");
    }
}
