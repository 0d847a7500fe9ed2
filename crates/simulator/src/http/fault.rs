//! Carries out faults on an answer.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
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

/// What happens to the answer: to a watch, or to one that is whole.
pub(crate) fn after(answer: Answer, faults: Vec<Fault>, watch: bool) -> Answer {
    let damaged = |answer, fault| damage(answer, fault, watch);
    faults.into_iter().fold(answer, damaged)
}

fn damage(mut answer: Answer, fault: Fault, watch: bool) -> Answer {
    match fault {
        Fault::Refuse { .. }
        | Fault::DelayFirstByte(_)
        | Fault::NoBookmarks
        | Fault::SlowHandshake(_)
        | Fault::ExpiredCertificate
        | Fault::ClockSkew(_) => answer,
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
        Fault::TruncatedGzip => {
            let is_packed = answer.headers().contains_key(CONTENT_ENCODING);
            let mut answer = match watch {
                true => rewrite(answer, truncated_watch),
                false => rewrite(answer, move |chunks| truncated(chunks, is_packed)),
            };
            answer
                .headers_mut()
                .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            answer
        }
        Fault::Oversized(bytes) => rewrite(answer, move |chunks| oversized(chunks, bytes)),
        Fault::Duplicate => rewrite(answer, |chunks| {
            Box::pin(chunks.flat_map(|chunk| match chunk {
                Ok(chunk) => stream::iter([Ok(chunk.clone()), Ok(chunk)]).left_stream(),
                Err(error) => stream::iter([Err(error)]).right_stream(),
            }))
        }),
        Fault::Reorder => rewrite(answer, reordered),
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
    // Some faults look for more where another has ended it.
    Box::pin(body.into_data_stream().fuse())
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

/// The first half of the compressed body.
fn truncated(chunks: Chunks, is_packed: bool) -> Chunks {
    Box::pin(stream::once(async move {
        let whole = chunks
            .try_fold(Vec::new(), |mut whole, chunk| async move {
                whole.extend_from_slice(&chunk);
                Ok(whole)
            })
            .await?;
        let mut packed = if is_packed { whole } else { answer::pack(&whole) };
        packed.truncate(packed.len() / 2);
        Ok(packed.into())
    }))
}

/// The first half of the first event, compressed, and the end. A watch is not waited for: it may last for ever.
fn truncated_watch(mut chunks: Chunks) -> Chunks {
    Box::pin(stream::once(async move {
        let event = chunks.next().await.transpose()?.unwrap_or_default();
        let mut packed = answer::pack(&event);
        packed.truncate(packed.len() / 2);
        Ok(packed.into())
    }))
}

/// After what the first object of a body begins: in an event, a list, a Table.
const OBJECTS: [&[u8]; 3] = [b"\"object\":{", b"\"items\":[{", b"\"rows\":[{"];

/// Adds a field to the first object, wherever the chunks are cut.
fn oversized(chunks: Chunks, bytes: usize) -> Chunks {
    // What is held back because it may be the beginning of what is looked for; none when that was found.
    let begin = (chunks, Some(Vec::new()));
    Box::pin(stream::unfold(begin, move |(mut chunks, held)| async move {
        let Some(mut held) = held else {
            return chunks.next().await.map(|chunk| (chunk, (chunks, None)));
        };
        loop {
            match chunks.next().await {
                Some(Ok(chunk)) => held.extend_from_slice(&chunk),
                Some(Err(error)) => return Some((Err(error), (chunks, Some(held)))),
                None if held.is_empty() => return None,
                None => return Some((Ok(held.into()), (chunks, None))),
            }
            let ends = OBJECTS.iter().filter_map(|begin| {
                let at = held.windows(begin.len()).position(|part| part == *begin)?;
                Some(at + begin.len())
            });
            if let Some(end) = ends.min() {
                let mut padded = held.get(..end).unwrap_or_default().to_vec();
                padded.extend_from_slice(b"\"padding\":\"");
                padded.resize(padded.len() + bytes, b'x');
                padded.extend_from_slice(b"\",");
                padded.extend_from_slice(held.get(end..).unwrap_or_default());
                return Some((Ok(padded.into()), (chunks, None)));
            }
            let longest = OBJECTS.iter().map(|begin| begin.len()).max().unwrap_or_default();
            if held.len() > longest {
                let sure = held.len() - longest;
                let rest = held.split_off(sure);
                return Some((Ok(held.into()), (chunks, Some(rest))));
            }
        }
    }))
}

/// How long a line waits for one that could come before it.
const REORDERED_WITHIN: Duration = Duration::from_millis(200);

fn reordered(chunks: Chunks) -> Chunks {
    let lines = chunks.flat_map(|chunk| {
        let lines: Vec<io::Result<Bytes>> = match chunk {
            Ok(chunk) => chunk
                .split_inclusive(|byte| *byte == b'\n')
                .map(|line| Ok(chunk.slice_ref(line)))
                .collect(),
            Err(error) => vec![Err(error)],
        };
        stream::iter(lines)
    });
    let begin = (Box::pin(lines), None);
    Box::pin(stream::unfold(begin, |(mut lines, late)| async move {
        if let Some(late) = late {
            return Some((late, (lines, None)));
        }
        let first = lines.next().await?;
        match tokio::time::timeout(REORDERED_WITHIN, lines.next()).await {
            Ok(Some(second)) => Some((second, (lines, Some(first)))),
            Ok(None) | Err(_) => Some((first, (lines, None))),
        }
    }))
}
