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
        let _end = End(socket);
        work()
    })
}

/// Ends the thread that answers, also when the work panics: the scope waits for it.
struct End<'a>(&'a Path);

impl Drop for End<'_> {
    fn drop(&mut self) {
        // Nothing listens any more only if the thread has ended already.
        let _ = UnixStream::connect(self.0).and_then(|mut stream| stream.write_all(END.as_bytes()));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use control_plane::Options;

    #[test]
    fn a_story_stops_and_starts_the_api_server() {
        // Not the shared one: this disturbs it.
        let plane = ControlPlane::start(Options::default()).unwrap();
        let socket = plane.dir().join("faults.sock");
        let ask = |word: &str| {
            let mut stream = UnixStream::connect(&socket).unwrap();
            stream.write_all(word.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        let is_ready = || plane.run_kubectl(["get", "--raw", "/readyz"]).is_ok();
        let work = || {
            assert_eq!(ask("stop-api-server"), "ok");
            assert!(!is_ready());
            assert_eq!(ask("start-api-server"), "ok");
            assert!(is_ready());
            assert_eq!(ask("dance"), "`dance` is not known here");
            Ok(())
        };
        serve(&plane, &socket, work).unwrap();
    }
}
