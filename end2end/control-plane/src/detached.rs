//! `cargo xtask cluster up` and `cluster down`: one control plane per target folder that outlives the
//! command.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::process::{Lifetime, signal};
use crate::state::{Recorded, State};
use crate::{Error, Result, User, folder, launch, wait};

/// What [`up`] found or made.
#[derive(Clone, Debug)]
pub struct Up {
    /// Whether one was up before: then the number of nodes is what it was.
    pub already: bool,
    /// The URL of the API server.
    pub server_url: String,
    /// The folder with its logs and `state.json`, which `KUBILITICS_TEST_CONTROL_PLANE` can name.
    pub dir: PathBuf,
}

/// Starts a control plane that goes on until [`down`], unless one is up, and returns when it is ready. Writes
/// the kubeconfig of admin to `kubeconfig`, and beside it `<kubeconfig>.<user>` for each of the other users.
pub fn up(kubeconfig: &Path, nodes: usize) -> Result<Up> {
    up_in(&folder::target().join("control-plane"), kubeconfig, nodes)
}

/// Stops what [`up`] started and removes its folder. Returns whether there was anything to stop.
pub fn down() -> Result<bool> {
    down_in(&folder::target().join("control-plane"))
}

fn up_in(home: &Path, kubeconfig: &Path, nodes: usize) -> Result<Up> {
    // Before the seconds that a start takes: the folder may not be one that can be made.
    if let Some(parent) = kubeconfig.parent() {
        fs::create_dir_all(parent).map_err(Error::file("make the folder", parent))?;
    }
    let (dir, _lock) = lock(home)?;
    let found = State::read(&dir)?.filter(State::is_up);
    let already = found.is_some();
    let state = match found {
        Some(state) => {
            eprintln!("control plane: already up at {}", state.server);
            state
        }
        None => start(&dir, nodes)?,
    };
    for (user, from) in &state.kubeconfigs {
        let mut to = kubeconfig.as_os_str().to_owned();
        if *user != User::Admin {
            to.push(format!(".{user}"));
        }
        copy(from, to)?;
    }
    Ok(Up {
        already,
        server_url: state.server,
        dir,
    })
}

fn down_in(home: &Path) -> Result<bool> {
    let (dir, _lock) = lock(home)?;
    clear(&dir)
}

fn start(dir: &Path, nodes: usize) -> Result<State> {
    let plane = launch::launch(nodes, Lifetime::Detached, || {
        clear(dir)?;
        folder::create_private(dir)?;
        Ok(dir.to_owned())
    })?;
    Ok(plane.state.clone())
}

/// Kills what the folder's state says was started, also when that start was cut off, and removes the folder.
fn clear(dir: &Path) -> Result<bool> {
    if !dir.exists() {
        return Ok(false);
    }
    let processes = State::read(dir)?.map(|state| state.processes).unwrap_or_default();
    for recorded in processes.iter().rev().filter(|recorded| recorded.is_running()) {
        let Recorded { component, pid, .. } = *recorded;
        match signal(component, pid, libc::SIGKILL) {
            // It may have ended by itself just now.
            Err(error) if recorded.is_running() => return Err(error),
            _ => {}
        }
        let gone = wait::poll(wait::PATIENCE, || Ok((!recorded.is_running()).then_some(())))?;
        gone.ok_or_else(|| Error::signal(component, pid)(std::io::ErrorKind::TimedOut.into()))?;
    }
    fs::remove_dir_all(dir).map_err(Error::file("remove", dir))?;
    Ok(!processes.is_empty())
}

/// The run's folder, and the lock that keeps two commands from working on it at once.
fn lock(home: &Path) -> Result<(PathBuf, File)> {
    fs::create_dir_all(home).map_err(Error::file("make the folder", home))?;
    let path = home.join("run.lock");
    let file = File::create(&path).map_err(Error::file("make", &path))?;
    file.lock().map_err(Error::file("lock", &path))?;
    Ok((home.join("run"), file))
}

fn copy(from: &Path, to: OsString) -> Result<()> {
    let text = fs::read(from).map_err(Error::file("read", from))?;
    folder::write(Path::new(&to), &text)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Ends what it may have started also when the test fails: nothing else would.
    struct Home(tempfile::TempDir);

    impl Drop for Home {
        fn drop(&mut self) {
            let _ = down_in(self.0.path());
        }
    }

    #[test]
    fn up_twice_is_one_control_plane_and_down_ends_it() {
        let home = Home(tempfile::tempdir().unwrap());
        let home = home.0.path();
        let kubeconfig = home.join("config");
        assert!(!down_in(home).unwrap());

        let first = up_in(home, &kubeconfig, 1).unwrap();
        let processes = State::read(&first.dir).unwrap().unwrap().processes;
        assert!(!first.already);
        assert_eq!(processes.len(), 5);
        let written = fs::read(&kubeconfig).unwrap();
        fs::remove_file(&kubeconfig).unwrap();

        let second = up_in(home, &kubeconfig, 1).unwrap();
        assert!(second.already);
        assert_eq!(second.server_url, first.server_url);
        assert_eq!(fs::read(&kubeconfig).unwrap(), written);

        let attached = crate::ControlPlane::attach(&first.dir).unwrap();
        let nodes = Command::new(&attached.state.kubectl)
            .args(["get", "nodes", "-o", "name", "--kubeconfig"])
            .arg(home.join("config.viewer"))
            .output()
            .unwrap();
        assert!(
            String::from_utf8_lossy(&nodes.stderr).contains("Forbidden"),
            "{nodes:?}"
        );
        assert!(attached.stop_api_server().is_err());
        drop(attached);
        assert!(processes.iter().all(Recorded::is_running));

        assert!(down_in(home).unwrap());
        assert!(!processes.iter().any(Recorded::is_running));
        assert!(!first.dir.exists());
        assert!(crate::ControlPlane::attach(&first.dir).is_err());
    }
}
