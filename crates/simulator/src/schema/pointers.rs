//! Which fields are pointers in Go: OpenAPI does not tell, and it decides whether a zero that was sent is kept.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../data/pointers.txt");

static POINTERS: LazyLock<HashMap<&'static str, HashSet<&'static str>>> = LazyLock::new(|| {
    let lines = TEXT.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &'static str| {
        line.split_once(' ')
            .map(|(name, fields)| (name, fields.split(' ').collect()))
    };
    lines.filter_map(read).collect()
});

/// Whether a field of a type is one. Of types that are not built in nothing is known, and zeros are kept.
pub(super) fn is_pointer(name: &str, field: &str) -> bool {
    let known = [
        "io.k8s.api.",
        "io.k8s.apimachinery.",
        "io.k8s.apiextensions-apiserver.",
    ];
    if !known.iter().any(|prefix| name.starts_with(prefix)) {
        return true;
    }
    POINTERS.get(name).is_some_and(|fields| fields.contains(field))
}
