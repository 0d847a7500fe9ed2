//! The plugin's process.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::{ExecError, Limits};
use crate::kubeconfig::ExecPlugin;

/// How long the pipes may stay open after the plugin itself has ended (something it started may hold them).
const DRAIN: Duration = Duration::from_secs(1);

/// What it gets of our own environment: what a program needs to find others and its own configuration.
const INHERITED: &[&str] = if cfg!(windows) {
    &[
        "PATH",
        "PATHEXT",
        "SystemRoot",
        "USERPROFILE",
        "APPDATA",
        "LOCALAPPDATA",
        "TEMP",
    ]
} else {
    &["PATH", "HOME"]
};

/// Runs the plugin to its end and returns what it printed.
pub(super) async fn run(
    plugin: &ExecPlugin,
    info: &str,
    limits: Limits,
) -> Result<Zeroizing<Vec<u8>>, ExecError> {
    let command = || plugin.command.clone();
    let mut process = Command::new(&plugin.command);
    process.args(&plugin.args).env_clear();
    for name in INHERITED {
        if let Some(value) = std::env::var_os(name) {
            process.env(name, value);
        }
    }
    process
        .envs(plugin.env.iter().map(|(name, value)| (name, value)))
        .env("KUBERNETES_EXEC_INFO", info)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // For people, and it may hold what is secret: nobody sees it here.
        .stderr(Stdio::null())
        .kill_on_drop(true);
    #[cfg(unix)]
    process.process_group(0);
    let child = process.spawn().map_err(|source| ExecError::Start {
        command: command(),
        install_hint: plugin.install_hint.clone(),
        source,
    })?;
    let mut group = Group::of(child);
    match tokio::time::timeout(limits.time, group.finish(limits.output)).await {
        Err(_) => Err(ExecError::TimedOut {
            command: command(),
            after: limits.time,
        }),
        Ok(Err(source)) => Err(ExecError::Read {
            command: command(),
            source,
        }),
        Ok(Ok(None)) => Err(ExecError::TooMuch {
            command: command(),
            limit: limits.output,
        }),
        Ok(Ok(Some((status, stdout)))) if status.success() => Ok(stdout),
        Ok(Ok(Some((status, _)))) => Err(ExecError::Failed {
            command: command(),
            status,
        }),
    }
}

/// The plugin and everything it started; all of it is killed when this is dropped.
struct Group {
    child: Child,
    #[cfg(unix)]
    pid: Option<rustix::process::Pid>,
}

type Ended = (std::process::ExitStatus, Zeroizing<Vec<u8>>);

impl Group {
    fn of(child: Child) -> Self {
        Self {
            #[cfg(unix)]
            pid: child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .and_then(rustix::process::Pid::from_raw),
            child,
        }
    }

    /// Waits for the end; `None` if it printed more than `limit` bytes.
    async fn finish(&mut self, limit: usize) -> io::Result<Option<Ended>> {
        let reading = read(self.child.stdout.take(), limit);
        tokio::pin!(reading);
        let (status, read) = tokio::select! {
            read = &mut reading => match read? {
                None => return Ok(None),
                printed => (self.child.wait().await?, printed),
            },
            status = self.child.wait() => {
                let status = status?;
                let read = tokio::time::timeout(DRAIN, reading).await;
                (status, read.map_err(|_| io::Error::other("a process it started keeps its output open"))??)
            }
        };
        Ok(read.map(|printed| (status, printed)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // `Child` itself is killed and reaped by tokio. The group lives on if the plugin started something.
        #[cfg(unix)]
        if let Some(pid) = self.pid {
            // ESRCH: nothing of it is left, which is what is wanted.
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }
}

/// All of a pipe, or `None` if it is more than `limit` bytes.
async fn read(pipe: Option<impl AsyncRead + Unpin>, limit: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Of full size from the start: a buffer that grows leaves copies of the secret behind.
    let mut buffer = Zeroizing::new(Vec::with_capacity(limit + 1));
    if let Some(pipe) = pipe {
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        pipe.take(most).read_to_end(&mut buffer).await?;
    }
    Ok((buffer.len() <= limit).then_some(buffer))
}
