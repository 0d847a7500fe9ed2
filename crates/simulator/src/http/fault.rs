//! Carries out faults on an answer.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt as _;

use super::answer::{self, Answer, Body};
use crate::Fault;
use crate::status::Refusal;

type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// What happens before the request is looked at: delays, and refusals in its place.
pub(crate) async fn before(faults: &[Fault]) -> Option<Answer> {
    for fault in faults {
        match fault {
            Fault::DelayFirstByte(time) => tokio::time::sleep(*time).await,
            Fault::Refuse { code, retry_after } => return Some(refuse(*code, *retry_after)),
            _ => {}
        }
    }
    None
}

fn refuse(code: u16, retry_after: Option<u32>) -> Answer {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (reason, message) = match code.as_u16() {
        401 => ("Unauthorized", "Unauthorized"),
        403 => ("Forbidden", "forbidden by a fault of the simulator"),
        410 => ("Expired", "The resourceVersion for the provided list is too old."),
        429 => ("TooManyRequests", "Too many requests, please try again later."),
        503 => ("ServiceUnavailable", "apiserver not ready"),
        504 => ("Timeout", "request did not complete within the allotted timeout"),
        _ => (
            "InternalError",
            "Internal error occurred: a fault of the simulator",
        ),
    };
    let mut answer = answer::refusal(&Refusal::other(code, reason, message, None));
    if let Some(seconds) = retry_after {
        answer
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// What happens to the answer.
pub(crate) fn after(answer: Answer, faults: Vec<Fault>) -> Answer {
    faults.into_iter().fold(answer, damage)
}

fn damage(mut answer: Answer, fault: Fault) -> Answer {
    match fault {
        Fault::Refuse { .. } | Fault::DelayFirstByte(_) | Fault::NoBookmarks => answer,
        Fault::ContentType(content_type) => {
            if let Ok(value) = HeaderValue::from_str(&content_type) {
                answer.headers_mut().insert(CONTENT_TYPE, value);
            }
            answer
        }
        Fault::Slow(pause) => rewrite(answer, move |chunks| slow(chunks, pause)),
        Fault::CutAfter(bytes) => rewrite(answer, move |chunks| {
            Box::pin(limited(chunks, bytes).chain(stream::once(cut())))
        }),
        Fault::EndAfter(bytes) => rewrite(answer, move |chunks| limited(chunks, bytes)),
        Fault::SilenceAfter(bytes) => rewrite(answer, move |chunks| {
            Box::pin(limited(chunks, bytes).chain(stream::pending()))
        }),
        Fault::Inject(text) => rewrite(answer, move |chunks| {
            Box::pin(stream::once(async move { Ok(Bytes::from(text)) }).chain(chunks))
        }),
    }
}

/// The end of a connection. It waits a moment, or what was to come before would not have left yet.
async fn cut() -> io::Result<Bytes> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    let why = "cut by a fault of the simulator";
    Err(io::Error::new(io::ErrorKind::ConnectionReset, why))
}

fn rewrite(answer: Answer, with: impl FnOnce(Chunks) -> Chunks) -> Answer {
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    let body: Body = answer::streamed(with(chunks(body)));
    Answer::from_parts(head, body)
}

fn chunks(body: Body) -> Chunks {
    let frames = body.into_data_stream();
    Box::pin(frames)
}

/// The first so many bytes.
fn limited(chunks: Chunks, bytes: usize) -> Chunks {
    Box::pin(stream::unfold((chunks, bytes), |(mut chunks, left)| async move {
        if left == 0 {
            return None;
        }
        let mut chunk = chunks.next().await?.ok()?;
        chunk.truncate(left);
        let left = left - chunk.len();
        Some((Ok(chunk), (chunks, left)))
    }))
}

fn slow(chunks: Chunks, pause: Duration) -> Chunks {
    let bytes = chunks.flat_map(|chunk| match chunk {
        Ok(chunk) => stream::iter((0..chunk.len()).map(move |at| Ok(chunk.slice(at..=at)))).left_stream(),
        Err(error) => stream::iter([Err(error)]).right_stream(),
    });
    Box::pin(bytes.then(move |byte| async move {
        tokio::time::sleep(pause).await;
        byte
    }))
}
