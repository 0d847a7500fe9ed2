//! Time zones by name, from the database of the machine.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

/// Where systems keep it.
const FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"];

fn folder() -> Option<PathBuf> {
    FOLDERS.iter().map(PathBuf::from).find(|folder| folder.is_dir())
}

/// Whether the machine has a database: without it nobody can say whether a name is one.
pub(crate) fn are_known() -> bool {
    folder().is_some()
}

/// The zone of a name.
pub(crate) fn of(name: &str) -> Option<TimeZone> {
    if matches!(name, "UTC" | "Etc/UTC") {
        return Some(TimeZone::UTC);
    }
    let parts = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    if !name.split('/').all(parts) {
        return None;
    }
    let data = std::fs::read(folder()?.join(Path::new(name))).ok()?;
    TimeZone::tzif(name, &data).ok()
}
