//! `pods/exec` and `pods/attach`: who may, what is asked for, and the way from a request to a WebSocket. The connection
//! itself plays the session once its answer is sent, so that there is no task beside it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::Future;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::files::Surroundings;
use super::session::{self, Streams, Watched};
use super::shell::Shell;
use super::{Container, log};
use crate::access::{User, allowed};
use crate::http::answer::{self, Answer};
use crate::http::request::{Attributes, Query, Target, header};
use crate::shared::Shared;
use crate::status::Refusal;

/// Messages larger than this are cut off; clients send a few kilobytes at a time.
const LARGEST_MESSAGE: usize = 1024 * 1024;
/// The protocols that are spoken; what the client likes best is taken.
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

type Play = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a connection does once it is no HTTP connection any more.
#[derive(Clone, Default)]
pub(crate) struct Session(Arc<Mutex<Option<Play>>>);

impl Session {
    fn set(&self, play: Play) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(play);
    }

    pub(crate) fn take(&self) -> Option<Play> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Answers `exec` and `attach`; `portforward` is refused.
pub(crate) fn connect(
    shared: &Arc<Shared>,
    target: &Target,
    query: &Query,
    user: &User,
    asked: &Attributes,
    head: &mut Parts,
) -> Result<Answer, Refusal> {
    // A WebSocket begins with a get, and is more than reading.
    let create = Attributes {
        verb: "create".to_owned(),
        ..asked.clone()
    };
    if allowed(shared, user, &create).is_none() {
        return Err(Refusal::forbidden_object(&target.resource, &target.name, ""));
    }
    if target.subresource == "portforward" {
        return Err(Refusal::unsupported(
            "pods/portforward: no program listens in a simulated container",
        ));
    }
    let container = Container::find(shared, target, query.get("container"))?;
    if !container.is_scheduled() {
        let message = format!("pod {} does not have a host assigned", target.name);
        return Err(Refusal::bad_request(message));
    }
    container.check_node(shared, &target.subresource)?;
    let upgrade = header(&head.headers, "upgrade").to_ascii_lowercase();
    if upgrade.starts_with("spdy/") {
        return Err(Refusal::unsupported(
            "SPDY, which WebSockets replace: use kubectl 1.31 or newer, or set KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true",
        ));
    }
    if upgrade != "websocket" {
        return Err(Refusal::bad_request("Upgrade request required"));
    }
    let streams = Streams {
        stdin: query.flag("stdin"),
        stdout: query.flag("stdout"),
        stderr: query.flag("stderr") && !query.flag("tty"),
        tty: query.flag("tty"),
    };
    if !streams.stdin && !streams.stdout && !streams.stderr {
        return Err(Refusal::bad_request(
            "you must specify at least 1 of stdin, stdout, stderr",
        ));
    }
    if !container.is_running() {
        let message = format!(
            "unable to upgrade connection: container not found (\"{}\")",
            container.name
        );
        return Err(Refusal::other(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            message,
            Some(json!({})),
        ));
    }
    let command: Vec<String> = query.all("command").map(str::to_owned).collect();
    if command.is_empty() && target.subresource == "exec" {
        return Err(Refusal::bad_request(
            "you must specify at least 1 command for the container",
        ));
    }
    let (protocol, accept) = handshake(head)?;
    let (Some(upgrade), Some(session)) = (
        head.extensions.remove::<OnUpgrade>(),
        head.extensions.remove::<Session>(),
    ) else {
        return Err(Refusal::bad_request("this connection cannot be upgraded"));
    };
    let watched = Watched::new(shared, target, &container)?;
    let shell = Shell::new(Surroundings::of(shared, &container));
    let reader = match target.subresource.as_str() {
        "attach" => Some(log::follow(shared, target, &container)?),
        _ => None,
    };
    session.set(Box::pin(async move {
        let socket = match upgrade.await {
            Ok(socket) => TokioIo::new(socket),
            Err(error) => return tracing::debug!(%error, "a session of the simulator did not begin"),
        };
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(LARGEST_MESSAGE);
        let socket = WebSocketStream::from_raw_socket(socket, Role::Server, Some(config)).await;
        let ended = match reader {
            Some(reader) => session::attach(socket, streams, watched, reader).await,
            None => session::exec(socket, streams, watched, shell, command).await,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a session of the simulator ended early");
        }
    }));
    let mut answer = answer::nothing();
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.clear();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok(answer)
}

/// The protocol that both sides speak, and the proof that the key was read.
fn handshake(head: &Parts) -> Result<(&'static str, HeaderValue), Refusal> {
    let offered: Vec<&str> = header(&head.headers, SEC_WEBSOCKET_PROTOCOL.as_str())
        .split(',')
        .map(str::trim)
        .collect();
    let spoken = offered
        .iter()
        .find_map(|offer| PROTOCOLS.iter().find(|own| *own == offer));
    let spoken = spoken.ok_or_else(|| {
        Refusal::unsupported(&format!(
            "the protocols {offered:?} for exec and attach; it speaks {}",
            PROTOCOLS.join(" and ")
        ))
    })?;
    let key = header(&head.headers, SEC_WEBSOCKET_KEY.as_str());
    if key.is_empty() {
        return Err(Refusal::bad_request("the header Sec-WebSocket-Key is missing"));
    }
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()));
    accept
        .map(|accept| (*spoken, accept))
        .map_err(|_| Refusal::bad_request("Sec-WebSocket-Key makes no sense"))
}
