//! The times of the source files, made to agree with their content.
//!
//! Cargo takes a file for unchanged when it is older than what was built from it. Several clones share a target folder,
//! and that goes wrong both ways: in a fresh clone every file is new, and everything would be compiled again; and a
//! clone with older files and other content would be given what was built from another one. So the target folder
//! remembers which content its builds saw, and since when.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::fingerprint::{files, of_bytes};

/// What the builds of a target folder saw.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Seen {
    /// When somebody looked last.
    at: Duration,
    files: BTreeMap<PathBuf, Version>,
}

/// A file's content, and since when it was this.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Version {
    hash: String,
    since: Duration,
}

/// Gives every file below `root` whose content was seen before the time of that, and every other one a time after the
/// last look. `record` is where it is remembered.
pub fn settle(root: &Path, record: &Path) -> Result<()> {
    // Whatever cannot be read was written by another version: then everything counts as new.
    let seen: Seen = fs::read(record)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    let mut now = Seen {
        at: since_epoch(SystemTime::now()),
        files: BTreeMap::new(),
    };
    for path in files(root, &["."])? {
        let name = path.strip_prefix(root).unwrap_or(&path).to_owned();
        let hash = of_bytes(&fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
        let modified = since_epoch(fs::metadata(&path)?.modified()?);
        let since = match seen.files.get(&name) {
            Some(version) if version.hash == hash => version.since,
            _ if modified > seen.at => modified,
            _ => now.at,
        };
        if since != modified {
            let file = File::options()
                .write(true)
                .open(&path)
                .with_context(|| format!("cannot write to {}", path.display()))?;
            file.set_modified(SystemTime::UNIX_EPOCH + since)?;
        }
        now.files.insert(name, Version { hash, since });
    }
    fs::write(record, serde_json::to_vec(&now)?).with_context(|| format!("cannot write {}", record.display()))
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clone made at a time (seconds), with one file.
    fn clone(text: &str, at: u64) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.rs");
        fs::write(&path, text).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(at))
            .unwrap();
        dir
    }

    fn time_of(clone: &tempfile::TempDir) -> Duration {
        let modified = fs::metadata(clone.path().join("a.rs"))
            .unwrap()
            .modified()
            .unwrap();
        since_epoch(modified)
    }

    #[test]
    fn the_same_content_is_as_old_in_a_fresh_clone() {
        let target = tempfile::tempdir().unwrap();
        let record = target.path().join("sources.json");
        let (first, later) = (clone("a", 1_000), clone("a", 9_000));
        settle(first.path(), &record).unwrap();
        settle(later.path(), &record).unwrap();
        assert_eq!(time_of(&later), time_of(&first));
    }

    #[test]
    fn other_content_is_newer_than_what_was_built_whatever_its_time() {
        let target = tempfile::tempdir().unwrap();
        let record = target.path().join("sources.json");
        let (first, older) = (clone("a", 1_000), clone("b", 500));
        settle(first.path(), &record).unwrap();
        let built = since_epoch(SystemTime::now());
        settle(older.path(), &record).unwrap();
        assert!(time_of(&older) >= built);
        // And back again: what was built from the other one must not be taken for this.
        let of_older = time_of(&older);
        settle(first.path(), &record).unwrap();
        assert!(time_of(&first) >= of_older);
    }

    #[test]
    fn an_edit_keeps_its_time() {
        let target = tempfile::tempdir().unwrap();
        let record = target.path().join("sources.json");
        let only = clone("a", 1_000);
        settle(only.path(), &record).unwrap();
        fs::write(only.path().join("a.rs"), "b").unwrap();
        let edited = time_of(&only);
        settle(only.path(), &record).unwrap();
        assert_eq!(time_of(&only), edited);
    }
}
