//! The stream: one WebSocket per page, on which topics are followed.
//!
//! A session owns a cursor per topic. When an engine publishes, everything since the cursor becomes one delta, so a slow
//! browser costs the same memory as a quick one: there is no queue. Read [`session`] first.

mod clusters;
mod diagnostics;
mod engines;
mod graph;
mod list;
mod map;
mod search;
mod session;
mod socket;
mod sockets;
mod subscription;

pub use sockets::{SOCKETS_PER_SESSION, Sockets};

use crate::auth::Principal;
use crate::http::query::Parameters;
use crate::http::request_id::RequestId;
use crate::http::table::Table;
use crate::http::{Access, Problem};
use crate::server::Shared;
use axum::Extension;
use axum::extract::State;
use axum::extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection};
use axum::response::Response;
use axum::routing::get;
use cluster::TaskKind;
use http::Uri;
use model::stream::{Format, Limits};
use model::{ApiError, ErrorCode};
use socket::Socket;
use std::time::Duration;

/// Where the stream is.
pub const PATH: &str = "/api/v1/stream";
/// The shortest time between two frames of a session that nothing was asked for.
pub const FRAME_INTERVAL: Duration = Duration::from_millis(50);
/// What a socket may do.
pub const LIMITS: Limits = Limits {
    topics: 32,
    frame_bytes: 64 * 1024,
    frame_interval_ms: 50,
};

/// Adds the route of the stream.
pub fn routes(table: Table) -> Table {
    table.undocumented(Access::Stream, PATH, get(open))
}

async fn open(
    State(server): State<Shared>,
    Extension(principal): Extension<Principal>,
    Extension(id): Extension<RequestId>,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(&uri, &["format"])?;
    let asked = parameters.parsed("format", "json", |text| (text == "json").then_some(Format::Json))?;
    let upgrade = upgrade.map_err(|rejection| {
        Problem::new(
            ErrorCode::BadRequest,
            format!("the stream is a WebSocket: {}", rejection.body_text()),
        )
    })?;
    let both = [Format::Binary.subprotocol(), Format::Json.subprotocol()];
    let names_one = upgrade.requested_protocols().next().is_some();
    let upgrade = upgrade
        .max_message_size(socket::HARD_LIMIT)
        .max_frame_size(socket::HARD_LIMIT)
        .protocols(both);
    let selected = upgrade.selected_protocol().cloned();
    if names_one && selected.is_none() {
        let error = ApiError::new(
            ErrorCode::BadRequest,
            "this stream speaks none of the sub-protocols asked for",
        );
        return Err(error
            .with("field", "Sec-WebSocket-Protocol")
            .with("allowed", both.join(", "))
            .into());
    }
    let selected_json = selected.is_some_and(|name| name == Format::Json.subprotocol());
    let format = if selected_json {
        Format::Json
    } else {
        asked.unwrap_or(Format::Binary)
    };
    let slot = server.sockets.open(principal).ok_or_else(|| {
        let message = format!("there are {SOCKETS_PER_SESSION} streams open already; close a page");
        Problem(ApiError::new(ErrorCode::TooMany, message).with("allowed", SOCKETS_PER_SESSION))
    })?;
    Ok(upgrade.on_upgrade(move |socket| async move {
        // In the task registry, so that shutdown says goodbye to it and waits for it.
        let tasks = server.tasks.clone();
        let socket = Socket::new(socket, format, server.clone());
        let run = async move {
            let _slot = slot;
            session::run(socket, server, id.as_str().to_owned()).await;
        };
        tasks.spawn("stream: socket", TaskKind::Session, run);
    }))
}
