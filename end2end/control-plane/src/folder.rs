//! Where things are on disk: the workspace, cargo's target folder, and a run's own folder.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::{env, process};

use crate::{Error, Result};

const PREFIX: &str = "kubilitics-control-plane-";
/// Marks a run's folder that nobody but its reader may remove.
const KEPT: &str = "kept";

/// The root of the source tree. Cargo says at run time which it is: what is compiled once may be run in several clones.
pub(crate) fn workspace() -> PathBuf {
    let compiled = env!("CARGO_MANIFEST_DIR");
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| compiled.into());
    let is_root = |dir: &&Path| dir.join("end2end/cluster/go.mod").is_file();
    let root = Path::new(&here).ancestors().find(is_root);
    root.unwrap_or(Path::new(compiled)).to_owned()
}

/// Cargo's target folder: `CARGO_TARGET_DIR` (relative to the workspace), else `target` in the workspace.
pub(crate) fn target() -> PathBuf {
    workspace().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A new folder for one run, readable for nobody else (there are keys in it), in `parent` or the system's
/// temporary folder. Its name has our process id, by which a later run finds and removes what a killed run
/// left.
pub(crate) fn create_run(parent: Option<&Path>) -> Result<PathBuf> {
    let parent = parent.map_or_else(env::temp_dir, Path::to_path_buf);
    sweep(&parent);
    let made = tempfile::Builder::new()
        .prefix(&format!("{PREFIX}{}-", process::id()))
        .tempdir_in(&parent);
    let dir = made.map_err(Error::file("make a folder in", &parent))?.keep();
    if env::var_os("KUBILITICS_KEEP_RUN").is_some() {
        keep(&dir);
    }
    Ok(dir)
}

/// Keeps the folder from being removed, by this process and by later ones.
pub(crate) fn keep(dir: &Path) {
    // Best effort: this runs when a test has already failed.
    let _ = write(&dir.join(KEPT), b"");
}

/// Removes a run's folder, unless it is kept: then its path is printed, for whoever looks for the logs.
pub(crate) fn remove_run(dir: &Path) -> Result<()> {
    if dir.join(KEPT).exists() {
        eprintln!("control plane: the logs are kept in {}", dir.display());
        return Ok(());
    }
    fs::remove_dir_all(dir).map_err(Error::file("remove", dir))
}

/// Removes the folders of runs whose process is gone. Failures are somebody else's folders, or somebody
/// else's sweep.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'));
        let Some(owner) = owner.and_then(|(pid, _)| pid.parse::<u32>().ok()) else {
            continue;
        };
        let alive = Path::new("/proc").join(owner.to_string()).exists();
        if !alive && !entry.path().join(KEPT).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Makes a folder that only we may enter, with its parents.
pub(crate) fn create_private(dir: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(Error::file("make the folder", dir))
}

/// Writes a file that only we may read, whole or not at all.
pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)
        .and_then(|mut file| file.write_all(contents))
        .and_then(|()| fs::rename(&partial, path))
        .map_err(Error::file("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_takes_only_what_a_dead_process_left() {
        let parent = tempfile::tempdir().unwrap();
        // Process ids end at 2^22 on Linux.
        let dead = parent.path().join(format!("{PREFIX}4999999-a"));
        let kept = parent.path().join(format!("{PREFIX}4999999-b"));
        let ours = parent.path().join(format!("{PREFIX}{}-c", process::id()));
        let other = parent.path().join("something-4999999-d");
        for dir in [&dead, &kept, &ours, &other] {
            fs::create_dir(dir).unwrap();
        }
        keep(&kept);
        sweep(parent.path());
        assert_eq!(
            [&dead, &kept, &ours, &other].map(|dir| dir.exists()),
            [false, true, true, true]
        );
    }
}
