//! Requests and answers, as the watches and the probe see them; the tests script them.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use http_body_util::BodyExt;

use super::{ConnectError, Failure};
use crate::exec::harmless;

/// A GET request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Get {
    /// Path and query.
    pub path: String,
    /// The Accept header.
    pub accept: &'static str,
    /// Until the answer begins; `None` for the connection's own limit.
    pub timeout: Option<Duration>,
}

/// An answer that has begun.
pub(crate) struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The Retry-After header.
    pub retry_after: Option<Duration>,
    /// Which credential was used, for [`super::Connection::renew`].
    pub credential: u64,
    /// The body.
    pub body: BoxStream<'static, Result<Bytes, Failure>>,
}

/// Error messages are short; more of one is not read.
const MESSAGE: usize = 64 * 1024;

impl Answer {
    /// The whole body. Waits at most `idle` for each piece; fails if it is more than `most` bytes.
    pub async fn collect(self, server: &str, idle: Duration, most: usize) -> Result<Bytes, Failure> {
        let mut body = self.body;
        let mut whole = BytesMut::new();
        loop {
            match tokio::time::timeout(idle, body.next()).await {
                Ok(None) => return Ok(whole.freeze()),
                Ok(Some(chunk)) => whole.extend_from_slice(&chunk?),
                Err(_) => {
                    let server = server.to_owned();
                    return Err(Arc::new(ConnectError::TimedOut { server, after: idle }));
                }
            }
            if whole.len() > most {
                return Err(Arc::new(ConnectError::NotKubernetes {
                    server: server.to_owned(),
                    what: format!("an answer has more than {most} bytes"),
                }));
            }
        }
    }

    /// The answer as the error that it is, with the message of its Status object.
    pub async fn into_error(self, server: &str) -> ConnectError {
        let status = self.status;
        let body = self.collect(server, Duration::from_secs(5), MESSAGE).await;
        let body = body.unwrap_or_default();
        let message = serde_json::from_slice::<serde_json::Value>(&body)
            .ok()
            .and_then(|value| Some(value.get("message")?.as_str()?.to_owned()))
            .unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
        ConnectError::Status {
            server: server.to_owned(),
            status,
            message: harmless(&message),
        }
    }
}

pub(super) fn body(body: kube::client::Body, server: String) -> BoxStream<'static, Result<Bytes, Failure>> {
    body.into_data_stream()
        .map_err(move |source| {
            let server = server.clone();
            Arc::new(ConnectError::Body { server, source })
        })
        .boxed()
}
