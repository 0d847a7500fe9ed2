//! What is wrong with the configuration. Every message names the flag, the variable and the key.

use super::Setting;
use super::layers::Layer;
use std::io;
use std::path::PathBuf;

/// A mistake in the configuration; the process ends with status 2.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is not valid.
    #[error("{} is not valid: {reason}; it was given by the {layer}{}", .setting.names(), shown(.value))]
    Value {
        /// Of which setting.
        setting: &'static Setting,
        /// Where it was given.
        layer: Layer,
        /// The value; `None` if it may hold a secret.
        value: Option<String>,
        /// What it must be.
        reason: String,
    },
    /// Values that are valid alone do not go together.
    #[error("{} cannot be used so: {reason}", .setting.names())]
    Conflict {
        /// The setting to change.
        setting: &'static Setting,
        /// Why not, and what to do.
        reason: String,
    },
    /// A variable that looks like ours is none of ours.
    #[error("the environment variable {variable} is not one of Kubilitics{}", hint(.closest, "did you mean"))]
    UnknownVariable {
        /// The variable.
        variable: String,
        /// The one that was perhaps meant.
        closest: Option<&'static str>,
    },
    /// The file has a key that means nothing.
    #[error("{}: unknown key `{key}`{}", .file.display(), hint(.closest, "did you mean"))]
    UnknownKey {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// The one that was perhaps meant.
        closest: Option<&'static str>,
    },
    /// The file is not TOML.
    #[error("{} is not valid TOML: {source}", .file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {source}; it was given by --config (KUBILITICS_CONFIG)", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The platform has no folder for this and none was given.
    #[error("this platform names no folder for it: give {}", .setting.names())]
    NoFolder {
        /// The setting to give.
        setting: &'static Setting,
    },
}

fn shown(value: &Option<String>) -> String {
    value
        .as_ref()
        .map(|value| format!(" as `{value}`"))
        .unwrap_or_default()
}

fn hint(closest: &Option<&'static str>, words: &str) -> String {
    closest
        .map(|name| format!("; {words} {name}?"))
        .unwrap_or_default()
}

/// The candidate that a mistyped name is closest to, if any is close at all.
pub(super) fn closest(name: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    candidates
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 2)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance between two names.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, above) in b.bytes().zip(row.iter_mut().skip(1)) {
            let here = (diagonal + usize::from(x != y)).min(left + 1).min(*above + 1);
            diagonal = std::mem::replace(above, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_edits() {
        let table = [
            ("", "", 0),
            ("addr", "addr", 0),
            ("adr", "addr", 1),
            ("kitten", "sitting", 3),
            ("", "ab", 2),
        ];
        for (a, b, expected) in table {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }
}
