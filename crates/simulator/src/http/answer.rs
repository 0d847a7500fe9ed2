//! Answers on their way out: bodies, their types, and gzip for those that ask.

use std::io;
use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{Stream, StreamExt as _, stream};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, DATE, VARY, WARNING};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use jiff::Timestamp;
use serde_json::Value;

use crate::status::Refusal;

/// A body whose error cuts the connection.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;
/// An answer.
pub(crate) type Answer = Response<Body>;

/// From this size on the API server compresses, for clients that ask.
const WORTH_COMPRESSING: usize = 128 * 1024;

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

pub(crate) fn streamed(chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))).boxed_unsync()
}

fn answer(code: StatusCode, content_type: &'static str, body: Body) -> Answer {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// Plain text.
pub(crate) fn text(code: StatusCode, text: impl Into<Bytes>) -> Answer {
    answer(code, "text/plain; charset=utf-8", full(text))
}

/// Text that is made while it is sent, as logs are.
pub(crate) fn plain(
    code: StatusCode,
    chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Answer {
    answer(code, "text/plain", streamed(chunks))
}

/// Success without a body.
pub(crate) fn nothing() -> Answer {
    let mut answer = Response::new(full(Bytes::new()));
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let cache = HeaderValue::from_static("no-cache, private");
    answer.headers_mut().insert(CACHE_CONTROL, cache);
    answer
}

/// JSON of another type than `application/json`.
pub(crate) fn typed(content_type: &str, value: &Value, gzip: bool) -> Answer {
    let mut answer = json(StatusCode::OK, value.to_string(), gzip);
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        answer.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    answer
}

/// JSON that is there as a whole.
pub(crate) fn json(code: StatusCode, text: impl Into<Bytes>, gzip: bool) -> Answer {
    let text = text.into();
    if gzip && text.len() >= WORTH_COMPRESSING {
        return compressed(answer(code, "application/json", full(pack(&text))));
    }
    answer(code, "application/json", full(text))
}

/// A refusal as a Status.
pub(crate) fn refusal(refusal: &Refusal) -> Answer {
    let mut answer = json(refusal.code, refusal.status().to_string(), false);
    if let Some(after) = refusal
        .details
        .as_ref()
        .and_then(|d| d.get("retryAfterSeconds"))
        .and_then(Value::as_u64)
    {
        answer
            .headers_mut()
            .insert(http::header::RETRY_AFTER, HeaderValue::from(after));
    }
    warn(&mut answer, &refusal.warnings);
    answer
}

/// Adds warnings, as headers that clients show to people.
pub(crate) fn warn(answer: &mut Answer, warnings: &[String]) {
    for warning in warnings {
        let text = format!("299 - {}", Value::from(warning.as_str()));
        if let Ok(value) = HeaderValue::from_str(&text) {
            answer.headers_mut().append(WARNING, value);
        }
    }
}

/// The same before all other warnings.
pub(crate) fn warn_first(mut answer: Answer, warning: &str) -> Answer {
    let headers = answer.headers_mut();
    let others: Vec<HeaderValue> = headers.get_all(WARNING).iter().cloned().collect();
    headers.remove(WARNING);
    warn(&mut answer, &[warning.to_owned()]);
    for other in others {
        answer.headers_mut().append(WARNING, other);
    }
    answer
}

/// JSON that is made while it is sent. The parts are made one at a time, as fast as the client takes them.
pub(crate) fn chunks(mut parts: impl Iterator<Item = Bytes> + Send + 'static, gzip: bool) -> Answer {
    let first = parts.next().unwrap_or_default();
    let Some(second) = parts.next() else {
        return json(StatusCode::OK, first, gzip);
    };
    let parts = [first, second].into_iter().chain(parts);
    if gzip {
        let body = streamed(stream::iter(
            Packed {
                parts,
                encoder: Some(encoder()),
            }
            .map(Ok),
        ));
        return compressed(answer(StatusCode::OK, "application/json", body));
    }
    answer(
        StatusCode::OK,
        "application/json",
        streamed(stream::iter(parts.map(Ok))),
    )
}

/// Says another time than that of the machine: seconds since 1970.
pub(crate) fn date(answer: &mut Answer, seconds: i64) {
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let text = time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(value) = HeaderValue::from_str(&text) {
        answer.headers_mut().insert(DATE, value);
    }
}

/// The lines of a watch.
pub(crate) fn lines(lines: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Answer {
    answer(StatusCode::OK, "application/json", streamed(lines))
}

fn compressed(mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    answer
}

fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::fast())
}

pub(crate) fn pack(text: &[u8]) -> Vec<u8> {
    let mut encoder = encoder();
    // Writing to memory cannot fail.
    let _ = encoder.write_all(text);
    encoder.finish().unwrap_or_default()
}

struct Packed<I> {
    parts: I,
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl<I: Iterator<Item = Bytes>> Iterator for Packed<I> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        loop {
            let encoder = self.encoder.as_mut()?;
            let Some(part) = self.parts.next() else {
                return self.encoder.take()?.finish().ok().map(Bytes::from);
            };
            let _ = encoder.write_all(&part);
            let ready = std::mem::take(encoder.get_mut());
            if !ready.is_empty() {
                return Some(ready.into());
            }
        }
    }
}
