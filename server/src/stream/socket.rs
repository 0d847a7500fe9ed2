//! A socket that speaks messages instead of frames.

use super::LIMITS;
use crate::server::Shared;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use model::stream::{ClientMessage, Format, ServerMessage};
use model::{ApiError, ErrorCode};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A frame over this ends the connection without a word; one over the limit that clients are told is answered first.
pub(super) const HARD_LIMIT: usize = 256 * 1024;
/// How long a client may take to accept a frame.
const SEND_PATIENCE: Duration = Duration::from_secs(60);
/// How long a client may take to answer a goodbye.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);
/// How long a client may be silent: pings are answered by the browser itself.
const SILENCE: Duration = Duration::from_secs(60);

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client closed or is gone: nothing more can be said.
    Gone,
    /// The server stops.
    ShuttingDown,
    /// A frame was too large.
    TooLarge,
    /// The client does not speak the protocol.
    Protocol,
}

/// What came from the client.
#[derive(Debug)]
pub(super) enum Inbound {
    /// A message.
    Message(ClientMessage),
    /// Something that is none.
    Unreadable(ApiError),
}

/// A socket that speaks messages.
#[derive(Debug)]
pub(super) struct Socket {
    socket: WebSocket,
    format: Format,
    server: Shared,
    heard: Instant,
}

impl Socket {
    pub(super) fn new(socket: WebSocket, format: Format, server: Shared) -> Self {
        server.metrics.stream_sockets.inc();
        Self {
            socket,
            format,
            server,
            heard: Instant::now(),
        }
    }

    /// The next thing that the client says. Cancel safe.
    pub(super) async fn receive(&mut self) -> Result<Inbound, End> {
        loop {
            let frame = self
                .socket
                .recv()
                .await
                .ok_or(End::Gone)?
                .map_err(|_| End::Gone)?;
            self.heard = Instant::now();
            let bytes: Bytes = match frame {
                Message::Text(text) if self.format == Format::Json => text.into(),
                Message::Binary(bytes) => bytes,
                Message::Text(_) => {
                    let error = ApiError::new(ErrorCode::BadRequest, "this sub-protocol takes binary frames");
                    return Ok(Inbound::Unreadable(error));
                }
                Message::Ping(_) | Message::Pong(_) => continue,
                Message::Close(_) => return Err(End::Gone),
            };
            if bytes.len() > LIMITS.frame_bytes as usize {
                return Err(End::TooLarge);
            }
            return Ok(match self.format.decode(&bytes) {
                Ok(message) => Inbound::Message(message),
                Err(error) => Inbound::Unreadable(ApiError::new(ErrorCode::BadRequest, error.to_string())),
            });
        }
    }

    /// Sends a message, and waits until the client's side has room for it.
    pub(super) async fn send(&mut self, message: &ServerMessage) -> Result<(), End> {
        let bytes = self.format.encode(message).map_err(|error| {
            tracing::error!(error = %error, "a message of the stream cannot be written: {error}");
            End::Protocol
        })?;
        let metrics = &self.server.metrics;
        metrics.stream_frames.inc();
        metrics.stream_bytes.inc_by(bytes.len() as u64);
        let frame = match self.format {
            Format::Binary => Message::Binary(bytes.into()),
            // JSON is UTF-8.
            Format::Json => Message::Text(String::from_utf8(bytes).unwrap_or_default().into()),
        };
        self.transmit(frame).await
    }

    /// Asks for a sign of life, unless there has been none for too long.
    pub(super) async fn probe(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > SILENCE {
            return Err(End::Gone);
        }
        self.transmit(Message::Ping(Bytes::new())).await
    }

    /// Says goodbye with the code for the reason, and waits a moment for the answer.
    pub(super) async fn close(mut self, end: End) {
        let (code, reason) = match end {
            End::Gone => return,
            End::ShuttingDown => (close_code::AWAY, ErrorCode::ShuttingDown.word()),
            End::TooLarge => (close_code::SIZE, ErrorCode::TooLarge.word()),
            End::Protocol => (close_code::PROTOCOL, ErrorCode::BadRequest.word()),
        };
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let goodbye = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        // Whoever does not answer in time is not waited for.
        let _ = timeout(CLOSE_PATIENCE, goodbye).await;
    }

    async fn transmit(&mut self, frame: Message) -> Result<(), End> {
        let stopping = self.server.tasks.token();
        tokio::select! {
            sent = timeout(SEND_PATIENCE, self.socket.send(frame)) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(End::Gone),
            },
            () = stopping.cancelled() => Err(End::ShuttingDown),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.server.metrics.stream_sockets.dec();
    }
}
