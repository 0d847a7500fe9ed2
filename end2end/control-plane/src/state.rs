//! What is known about a control plane outside of the process that started it: `state.json` in its folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::ports::Ports;
use crate::{Component, Error, Result, User, folder, process};

const FILE: &str = "state.json";

/// Written after each process that starts, so that even a start that is cut off can be cleaned up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// Whether the start went through to its end.
    pub ready: bool,
    /// The URL of the API server.
    pub server: String,
    pub ports: Ports,
    pub processes: Vec<Recorded>,
    pub kubeconfigs: BTreeMap<User, PathBuf>,
    pub kubectl: PathBuf,
}

/// A process that was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub component: Component,
    pub pid: u32,
    pub program: PathBuf,
}

impl State {
    /// `None` when the folder has no state.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(FILE);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(Error::file("read", &path))?,
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|source| Error::State { path, source })
    }

    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        let path = dir.join(FILE);
        let text = serde_json::to_vec_pretty(self).map_err(|source| Error::State {
            path: path.clone(),
            source,
        })?;
        folder::write(&path, &text)
    }

    /// Whether it became ready and all its processes still run.
    pub(crate) fn is_up(&self) -> bool {
        self.ready && self.processes.iter().all(Recorded::is_running)
    }
}

impl Recorded {
    pub(crate) fn is_running(&self) -> bool {
        process::is_running(self.pid, &self.program)
    }
}
