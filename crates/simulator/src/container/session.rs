//! A session with a container over a WebSocket: one binary message for a piece of one stream, whose number is its first
//! byte. What ends the session is a Status on the stream for errors.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Container;
use super::log::Reader;
use super::shell::{Said, Shell, is_shell};
use crate::http::request::Target;
use crate::shared::Shared;
use crate::status::Refusal;
use crate::store::Key;

mod line;

use line::{Line, Typed};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// With the number of a stream: nothing more comes on it. Version 5 only.
const CLOSE: u8 = 255;

/// How often a session looks whether its container still runs.
const LOOK: Duration = Duration::from_millis(500);
/// What a container's end does to the processes in it.
const KILLED: u8 = 137;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What the client wants to see and send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streams {
    pub(super) stdin: bool,
    pub(super) stdout: bool,
    pub(super) stderr: bool,
    pub(super) tty: bool,
}

/// The container that a session is in.
pub(super) struct Watched {
    shared: Arc<Shared>,
    resource: usize,
    key: Key,
    name: String,
    id: String,
}

impl Watched {
    pub(super) fn new(shared: &Arc<Shared>, target: &Target, container: &Container) -> Result<Self, Refusal> {
        Ok(Self {
            shared: shared.clone(),
            resource: target.resource.id,
            key: Key::new(&target.namespace, &target.name),
            name: container.name.clone(),
            id: container.run(false)?.id,
        })
    }

    /// Whether the run that the session began in goes on.
    fn is_alive(&self) -> bool {
        let found = self.shared.store.lock().get(self.resource, &self.key);
        let pod = found.and_then(|(_, text)| serde_json::from_slice(&text).ok());
        pod.is_some_and(|pod: Value| {
            let container = Container {
                pod,
                name: self.name.clone(),
            };
            container.is_running() && container.run(false).is_ok_and(|run| run.id == self.id)
        })
    }
}

/// What comes from the client.
enum Input {
    Bytes(Bytes),
    /// No more input; the client still listens.
    End,
    /// The client is gone.
    Gone,
    /// The container is.
    Killed,
}

struct Terminal {
    socket: Socket,
    streams: Streams,
    watched: Watched,
    look: tokio::time::Interval,
}

impl Terminal {
    async fn open(socket: Socket, streams: Streams, watched: Watched) -> Result<Self, Error> {
        let mut terminal = Self {
            socket,
            streams,
            watched,
            look: tokio::time::interval(LOOK),
        };
        // An empty piece of the first stream tells the client that the session has begun.
        let first = match (streams.stdout, streams.stderr) {
            (true, _) => STDOUT,
            (_, true) => STDERR,
            _ => ERROR,
        };
        terminal.send(first, &[]).await?;
        Ok(terminal)
    }

    async fn send(&mut self, stream: u8, bytes: &[u8]) -> Result<(), Error> {
        let mut message = Vec::with_capacity(bytes.len() + 1);
        message.push(stream);
        message.extend_from_slice(bytes);
        self.socket.send(Message::Binary(message.into())).await
    }

    /// Text of one stream. A terminal has only one, and wants to go back to the left by itself.
    async fn print(&mut self, stream: u8, bytes: &[u8]) -> Result<(), Error> {
        let stream = if self.streams.tty { STDOUT } else { stream };
        let wanted = if stream == STDOUT {
            self.streams.stdout
        } else {
            self.streams.stderr
        };
        if bytes.is_empty() || !wanted {
            return Ok(());
        }
        if !self.streams.tty {
            return self.send(stream, bytes).await;
        }
        let mut shown = Vec::with_capacity(bytes.len() + 16);
        for byte in bytes {
            if *byte == b'\n' {
                shown.push(b'\r');
            }
            shown.push(*byte);
        }
        self.send(stream, &shown).await
    }

    async fn say(&mut self, said: &Said) -> Result<(), Error> {
        self.print(STDOUT, &said.out).await?;
        self.print(STDERR, &said.err).await
    }

    async fn input(&mut self) -> Input {
        loop {
            let message = tokio::select! {
                message = self.socket.next() => message,
                _ = self.look.tick() => match self.watched.is_alive() {
                    true => continue,
                    false => return Input::Killed,
                },
            };
            let mut bytes = match message {
                Some(Ok(Message::Binary(bytes))) => bytes,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Input::Gone,
                Some(Ok(_)) => continue,
            };
            match (bytes.first().copied(), bytes.get(1).copied()) {
                (Some(STDIN), _) if self.streams.stdin => return Input::Bytes(bytes.split_off(1)),
                (Some(CLOSE), Some(STDIN)) => return Input::End,
                // The size of the window changes nothing here; everything else is not for the server.
                (Some(RESIZE), _) => {}
                _ => {}
            }
        }
    }

    /// Says how it ended, and closes.
    async fn end(mut self, code: u8) -> Result<(), Error> {
        let status = exit_status(code).to_string();
        self.send(ERROR, status.as_bytes()).await?;
        // Without a code the client takes it for an accident.
        let close = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        self.socket.close(Some(close)).await?;
        // The other side closes as well, or goes.
        while let Some(Ok(_)) = self.socket.next().await {}
        Ok(())
    }
}

/// As the kubelet tells it.
fn exit_status(code: u8) -> Value {
    if code == 0 {
        return json!({"metadata": {}, "status": "Success"});
    }
    json!({
        "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": format!("command terminated with non-zero exit code: exit status {code}"),
        "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
    })
}

/// Plays a command to its end.
pub(super) async fn exec(
    socket: Socket,
    streams: Streams,
    watched: Watched,
    mut shell: Shell,
    command: Vec<String>,
) -> Result<(), Error> {
    let mut terminal = Terminal::open(socket, streams, watched).await?;
    let program = command.first().map_or("", String::as_str);
    let interactive = is_shell(program)
        && !command
            .iter()
            .skip(1)
            .any(|word| word.ends_with('c') && word.starts_with('-'));
    let copies = program.rsplit('/').next() == Some("cat") && command.len() == 1;
    let code = if streams.stdin && interactive {
        converse(&mut terminal, &mut shell).await?
    } else if streams.stdin && copies {
        copy(&mut terminal).await?
    } else {
        let said = shell.exec(&command);
        terminal.say(&said).await?;
        Some(shell.code())
    };
    match code {
        Some(code) => terminal.end(code).await,
        None => Ok(()),
    }
}

/// `cat` without a file: what comes in goes out. None if the client went.
async fn copy(terminal: &mut Terminal) -> Result<Option<u8>, Error> {
    loop {
        match terminal.input().await {
            // On a terminal, the end of the input is a letter, and so is an interrupt.
            Input::Bytes(bytes) if terminal.streams.tty && bytes.contains(&4) => return Ok(Some(0)),
            Input::Bytes(bytes) if terminal.streams.tty && bytes.contains(&3) => return Ok(Some(130)),
            Input::Bytes(bytes) => terminal.print(STDOUT, &bytes).await?,
            Input::End => return Ok(Some(0)),
            Input::Gone => return Ok(None),
            Input::Killed => return Ok(Some(KILLED)),
        }
    }
}

/// A shell that reads its commands. None if the client went.
async fn converse(terminal: &mut Terminal, shell: &mut Shell) -> Result<Option<u8>, Error> {
    let tty = terminal.streams.tty;
    if tty {
        terminal.print(STDOUT, shell.greeting().as_bytes()).await?;
        terminal.print(STDOUT, b"/ # ").await?;
    }
    let mut line = Line::default();
    loop {
        let bytes = match terminal.input().await {
            Input::Bytes(bytes) => bytes,
            Input::End => {
                let said = shell.script(&line.take());
                terminal.say(&said).await?;
                return Ok(Some(said.exit.unwrap_or(shell.code())));
            }
            Input::Gone => return Ok(None),
            Input::Killed => return Ok(Some(KILLED)),
        };
        let mut echo = Vec::new();
        for byte in bytes {
            match line.type_in(byte, tty, &mut echo) {
                Typed::More => continue,
                Typed::Line => {}
                Typed::Interrupt => {
                    line.take();
                    echo.extend_from_slice(b"^C\n");
                }
                Typed::End => {
                    terminal.print(STDOUT, b"\n").await?;
                    return Ok(Some(shell.code()));
                }
            }
            terminal.print(STDOUT, &std::mem::take(&mut echo)).await?;
            let said = shell.script(&line.take());
            terminal.say(&said).await?;
            if let Some(code) = said.exit {
                return Ok(Some(code));
            }
            if tty {
                terminal.print(STDOUT, b"/ # ").await?;
            }
        }
        terminal.print(STDOUT, &echo).await?;
    }
}

/// Shows what the container's own process says from now on.
pub(super) async fn attach(
    socket: Socket,
    streams: Streams,
    watched: Watched,
    reader: Reader,
) -> Result<(), Error> {
    let mut terminal = Terminal::open(socket, streams, watched).await?;
    let mut lines = std::pin::pin!(futures::stream::unfold(reader, Reader::read));
    loop {
        tokio::select! {
            chunk = lines.next() => match chunk {
                Some(Ok(chunk)) => terminal.print(STDOUT, &chunk).await?,
                _ => return terminal.end(0).await,
            },
            input = terminal.input() => match input {
                Input::Gone => return Ok(()),
                // The log has last lines.
                Input::Killed => tokio::time::sleep(LOOK).await,
                Input::Bytes(_) | Input::End => {}
            },
        }
    }
}
