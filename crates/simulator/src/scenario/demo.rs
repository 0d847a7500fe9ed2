//! The demo: manifests that are part of this crate.

use std::path::Path;

use serde_json::Value;

use super::manifests::parse;
use crate::error::StartError;

/// In this order; within the same age, what comes first is there first.
const FILES: &[(&str, &str)] = &[
    ("cluster.yaml", include_str!("../../data/demo/cluster.yaml")),
    (
        "controllers.yaml",
        include_str!("../../data/demo/controllers.yaml"),
    ),
    ("platform.yaml", include_str!("../../data/demo/platform.yaml")),
    ("shop.yaml", include_str!("../../data/demo/shop.yaml")),
    ("data.yaml", include_str!("../../data/demo/data.yaml")),
    ("payments.yaml", include_str!("../../data/demo/payments.yaml")),
    ("gateway.yaml", include_str!("../../data/demo/gateway.yaml")),
    ("backups.yaml", include_str!("../../data/demo/backups.yaml")),
    ("faults.yaml", include_str!("../../data/demo/faults.yaml")),
];

/// The objects of the demo.
pub(crate) fn manifests() -> Result<Vec<Value>, StartError> {
    let mut objects = Vec::new();
    for (name, text) in FILES {
        let of_file = parse(Path::new(name), text)?;
        objects.extend(of_file.into_iter().map(|manifest| manifest.object));
    }
    Ok(objects)
}
