//! Telling whoever started us that we listen, and where.

use crate::config::{self, READY_FILE, Setting};
use crate::private_file;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::process::Stdio;
use tokio::process::Command;

/// The URL could not be handed over.
#[derive(Debug, thiserror::Error)]
#[error("the URL could not be written as {} asks: {source}", .setting.names())]
pub struct ReadyError {
    setting: &'static Setting,
    source: io::Error,
}

/// Prints the one line on standard output, writes the URL where it was asked for, and opens the browser if a person
/// seems to sit in front of it.
pub fn announce(url: &str, ready: &config::Ready) -> Result<(), ReadyError> {
    if let Some(file) = &ready.file {
        // Who has the URL is signed in by it. Whoever waits for the file reads it as soon as it is there.
        private_file::write(file, &format!("{url}\n")).map_err(|source| ReadyError {
            setting: &READY_FILE,
            source,
        })?;
    }
    if let Some(fd) = ready.fd {
        fs::OpenOptions::new()
            .write(true)
            .open(format!("/dev/fd/{fd}"))
            .and_then(|mut file| writeln!(file, "{url}"))
            .map_err(|source| ReadyError {
                setting: &config::READY_FD,
                source,
            })?;
    }
    let mut out = io::stdout().lock();
    // Nobody may be listening any more; that is no reason not to serve.
    let _ = writeln!(out, "Kubilitics is ready: {url}").and_then(|()| out.flush());
    if ready.open_browser && io::stdout().is_terminal() {
        open(url);
    }
    Ok(())
}

fn open(url: &str) {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        Command::new("explorer")
    } else if ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        Command::new("xdg-open")
    } else {
        tracing::debug!("the browser is not opened: there is no desktop");
        return;
    };
    command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Tokio reaps the child when it ends.
    if let Err(error) = command.spawn() {
        tracing::debug!(error = %error, "the browser could not be opened: {error}");
    }
}
