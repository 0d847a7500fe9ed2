//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::Component;

/// Result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a control plane could not be built, started or used. The messages are made to be read in a test's
/// output.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no Go tool chain, and the binaries are not built yet.
    #[error(
        "`go` is not on the PATH, and the test control plane (kube-apiserver, etcd and others) is built \
         with it. Install Go 1.26 or newer (from go.dev, or your system's package `golang`) and try again; \
         the first build takes about six minutes"
    )]
    GoMissing,
    /// The Go tool chain failed.
    #[error("`go {command}` failed ({status}):\n{output}")]
    Go {
        /// The arguments of `go`.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        output: String,
    },
    /// A file or folder.
    #[error("cannot {action} {}", path.display())]
    File {
        /// The verb.
        action: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// kwok's stages do not look as they did in the version that this was written for.
    #[error("kwok's stage file {file} has no `{missing}` to extend: has the version of kwok changed?")]
    Stage {
        /// The file.
        file: &'static str,
        /// The text that is not in it.
        missing: &'static str,
    },
    /// A certificate or key.
    #[error("cannot make the certificate of {subject}")]
    Certificate {
        /// Common name.
        subject: String,
        /// Why not.
        source: rcgen::Error,
    },
    /// No free ports on the loopback interface.
    #[error("found no {0} free TCP ports on 127.0.0.1")]
    NoFreePorts(usize),
    /// A program could not be started.
    #[error("cannot start {}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A process could not be signalled or waited for.
    #[error("cannot signal {component} (process {pid})")]
    Signal {
        /// Which one.
        component: Component,
        /// Its process id.
        pid: u32,
        /// Why not.
        source: io::Error,
    },
    /// A process ended although nobody asked it to.
    #[error("{component} ended ({status}) while waiting for {awaited}; its log {} ends with:\n{tail}", log.display())]
    Exited {
        /// Which one.
        component: Component,
        /// How it ended.
        status: ExitStatus,
        /// What was waited for.
        awaited: String,
        /// Its log.
        log: PathBuf,
        /// The log's end.
        tail: String,
    },
    /// Something did not become ready.
    #[error("{awaited} not seen in {waited:?}; the log of {component}, {}, ends with:\n{tail}", log.display())]
    Timeout {
        /// What was waited for.
        awaited: String,
        /// How long.
        waited: Duration,
        /// The process that should have brought it about.
        component: Component,
        /// Its log.
        log: PathBuf,
        /// The log's end.
        tail: String,
    },
    /// `kubectl` said no.
    #[error("kubectl {command} failed ({status}): {stderr}")]
    Kubectl {
        /// Its arguments, without those that choose the cluster.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        stderr: String,
    },
    /// A `state.json` that is no state.
    #[error("cannot read {} as the state of a control plane", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
    /// The folder's control plane is not (or no longer) running.
    #[error("no control plane is up in {}", dir.display())]
    NotUp {
        /// The run's folder.
        dir: PathBuf,
    },
    /// The process belongs to somebody else.
    #[error("{component} was not started by this process: use ControlPlane::start in tests that disturb it")]
    NotOurs {
        /// Which one.
        component: Component,
    },
}

impl Error {
    /// For `map_err`: names the file operation that failed.
    pub(crate) fn file(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::File { action, path, source }
    }

    /// For `map_err`: names the process that a system call failed for.
    pub(crate) fn signal(component: Component, pid: u32) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Signal {
            component,
            pid,
            source,
        }
    }

    /// Whether another process took one of our ports between choosing it and listening on it.
    pub(crate) fn is_port_collision(&self) -> bool {
        matches!(self, Self::Exited { tail, .. } if tail.contains("address already in use"))
    }
}
