//! What claims and volumes have in common.

use super::meta::{self, Meta};
use crate::json::Text;

/// Access modes as kubectl prints them: in its order, each once.
pub(super) fn access_modes(modes: &[Text<'_>]) -> String {
    let known = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let short: Vec<&str> = known
        .iter()
        .filter(|(mode, _)| modes.iter().any(|own| own == mode))
        .map(|(_, short)| *short)
        .collect();
    short.join(",")
}

/// The storage class: the old annotation wins over the field.
pub(super) fn class<'m>(metadata: &'m Meta<'_>, field: Option<&'m str>) -> &'m str {
    let annotation = metadata.annotations.get(meta::STORAGE_CLASS);
    annotation.or(field).unwrap_or_default()
}

/// Text, or `<unset>` for a field that is not there.
pub(super) fn or_unset(field: Option<&Text<'_>>) -> String {
    field.map_or("<unset>".to_owned(), ToString::to_string)
}
