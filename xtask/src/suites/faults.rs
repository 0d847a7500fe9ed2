//! Lets the browser's stories stop and start the API server of the control plane that we own.
//!
//! A story runs in a process of its own, and only the owner of a control plane may do that to it. So the stories ask
//! for it: one word on a Unix socket, `ok` or what went wrong as the answer.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use anyhow::{Context, Result};
use control_plane::ControlPlane;

const END: &str = "end";

/// Runs `work` while the socket answers.
pub fn serve<T>(plane: &ControlPlane, socket: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let listener =
        UnixListener::bind(socket).with_context(|| format!("cannot listen on {}", socket.display()))?;
    thread::scope(|scope| {
        scope.spawn(|| {
            for stream in listener.incoming().flatten() {
                if matches!(answer(plane, stream), Ok(Word::End)) {
                    break;
                }
            }
        });
        let worked = work();
        // The scope waits for the thread, so this is what lets it end.
        UnixStream::connect(socket)
            .and_then(|mut stream| stream.write_all(END.as_bytes()))
            .context("cannot end the fault socket")?;
        worked
    })
}

enum Word {
    Known,
    End,
}

fn answer(plane: &ControlPlane, mut stream: UnixStream) -> Result<Word> {
    let mut word = String::new();
    stream.read_to_string(&mut word)?;
    let done = match word.as_str() {
        "stop-api-server" => plane.stop_api_server().map_err(|error| error.to_string()),
        "start-api-server" => plane.start_api_server().map_err(|error| error.to_string()),
        END => return Ok(Word::End),
        other => Err(format!("`{other}` is not known here")),
    };
    let reply = done.err().unwrap_or_else(|| "ok".to_owned());
    stream.write_all(reply.as_bytes())?;
    stream.shutdown(Shutdown::Both)?;
    Ok(Word::Known)
}
