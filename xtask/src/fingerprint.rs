//! What a step's inputs are at the moment, as one short text, and whether that is what they were the last time.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Folders that hold what is built or fetched, never what somebody wrote.
const NOT_SOURCE: [&str; 4] = ["node_modules", "target", "dist", ".git"];

/// All files below the paths (files or folders, relative to `root`), in a fixed order. A path that does not exist has
/// none.
pub fn files(root: &Path, paths: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries =
                fs::read_dir(&path).with_context(|| format!("cannot read the folder {}", path.display()))?;
            for entry in entries {
                let entry = entry?;
                if !NOT_SOURCE.iter().any(|name| entry.file_name() == *name) {
                    open.push(entry.path());
                }
            }
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// The hash of the names and contents of all files below the paths: the same on every machine, and not disturbed by a
/// checkout that only touches files.
pub fn fingerprint(root: &Path, paths: &[&str]) -> Result<String> {
    let mut hash = Sha256::new();
    for file in files(root, paths)? {
        let name = file.strip_prefix(root).unwrap_or(&file);
        let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        hash.update(name.as_os_str().as_encoded_bytes());
        hash.update([0]);
        hash.update(content.len().to_le_bytes());
        hash.update(content);
    }
    Ok(short(hash))
}

/// The hash of some bytes, as it stands in file names.
pub fn of_bytes(bytes: &[u8]) -> String {
    short(Sha256::new_with_prefix(bytes))
}

fn short(hash: Sha256) -> String {
    let mut text = hex::encode(hash.finalize());
    text.truncate(16);
    text
}

/// A file that remembers the inputs with which a step went through.
#[derive(Clone, Debug)]
pub struct Stamp {
    path: PathBuf,
    inputs: String,
}

impl Stamp {
    /// The stamp of a step whose inputs are these now.
    pub fn new(path: PathBuf, inputs: String) -> Self {
        Self { path, inputs }
    }

    /// Whether the step went through with the same inputs before.
    pub fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|last| last == self.inputs)
    }

    /// Forgets that the step ever went through; a step that is cut off must not look finished.
    pub fn clear(&self) {
        // When it cannot be removed it cannot be replaced either, and `set` says so.
        let _ = fs::remove_file(&self.path);
    }

    /// Remembers that the step went through.
    pub fn set(&self) -> Result<()> {
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        fs::write(&self.path, &self.inputs).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_sees_contents_and_names_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let now = || fingerprint(root.path(), &["src", "missing", "lock"]).unwrap();

        write("src/a.rs", "a");
        write("lock", "1");
        let first = now();
        write("src/a.rs", "a");
        write("src/node_modules/x.js", "x");
        write("other.rs", "x");
        assert_eq!(now(), first);
        write("src/a.rs", "b");
        let edited = now();
        assert_ne!(edited, first);
        fs::rename(root.path().join("src/a.rs"), root.path().join("src/b.rs")).unwrap();
        assert_ne!(now(), edited);
    }

    #[test]
    fn a_stamp_is_fresh_only_for_the_inputs_it_was_set_with() {
        let dir = tempfile::tempdir().unwrap();
        let stamp = |inputs: &str| Stamp::new(dir.path().join("step"), inputs.to_owned());
        assert!(!stamp("1").is_fresh());
        stamp("1").set().unwrap();
        assert!(stamp("1").is_fresh());
        assert!(!stamp("2").is_fresh());
        stamp("1").clear();
        assert!(!stamp("1").is_fresh());
    }
}
