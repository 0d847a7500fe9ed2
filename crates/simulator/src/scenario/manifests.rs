//! Manifests: documents of YAML or JSON, as objects that can be put into a cluster.

use std::path::Path;

use serde::Deserialize as _;
use serde_json::Value;

use crate::error::StartError;

/// The objects of a text, each with the number of its document. JSON is YAML too. Lists are taken apart.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Vec<(usize, Value)>, StartError> {
    let mut objects = Vec::new();
    for (index, document) in serde_yaml_ng::Deserializer::from_str(text).enumerate() {
        let number = index + 1;
        let value = Value::deserialize(document).map_err(|source| StartError::ScenarioSyntax {
            file: file.to_owned(),
            document: number,
            source,
        })?;
        if value.is_null() {
            continue;
        }
        let is_list = value["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
        match value.get("items").and_then(Value::as_array) {
            Some(items) if is_list => objects.extend(items.iter().map(|item| (number, item.clone()))),
            _ => objects.push((number, value)),
        }
    }
    Ok(objects)
}
