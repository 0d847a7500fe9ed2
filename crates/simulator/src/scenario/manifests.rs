//! Manifests: documents of YAML or JSON, as objects that can be put into a cluster.

use std::path::Path;

use serde::Deserialize as _;
use serde_json::Value;

use crate::error::StartError;

mod place;
mod strict;

pub(crate) use place::line_of;

/// An object of a text.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Which document it is of, from 1.
    pub(crate) document: usize,
    /// Which item of a list, from 0, if the document is one.
    pub(crate) item: Option<usize>,
    pub(crate) object: Value,
}

/// The objects of a text. JSON is YAML too. Lists are taken apart.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Vec<Manifest>, StartError> {
    let mut manifests = Vec::new();
    for (index, source) in serde_yaml_ng::Deserializer::from_str(text).enumerate() {
        let document = index + 1;
        let strict = strict::Strict::deserialize(source).map_err(|source| StartError::ScenarioSyntax {
            file: file.to_owned(),
            document,
            source,
        })?;
        let value = strict.0;
        if value.is_null() {
            continue;
        }
        let is_list = value["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
        match value.get("items").and_then(Value::as_array) {
            Some(items) if is_list => {
                let items = items.iter().cloned().enumerate();
                manifests.extend(items.map(|(place, object)| Manifest {
                    document,
                    item: Some(place),
                    object,
                }));
            }
            _ => manifests.push(Manifest {
                document,
                item: None,
                object: value,
            }),
        }
    }
    Ok(manifests)
}
