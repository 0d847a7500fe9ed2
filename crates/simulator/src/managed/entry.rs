//! The entries of `metadata.managedFields`: who manages which fields.

use serde_json::{Value, json};

use super::{FieldSet, Manager};

/// One entry of `managedFields`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) manager: String,
    pub(crate) operation: String,
    pub(crate) api_version: String,
    pub(crate) subresource: String,
    pub(crate) time: String,
    pub(crate) fields: FieldSet,
}

/// The entries of an object.
pub(super) fn read(object: &Value) -> Vec<Entry> {
    let list = object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(Entry::from_json)
        .filter(|entry| !entry.operation.is_empty())
        .collect()
}

/// Writes the entries in their order, without those that manage nothing.
pub(super) fn write(object: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|entry| !entry.fields.is_empty());
    entries.sort_by(|a, b| a.order().cmp(&b.order()));
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        if entries.is_empty() {
            metadata.remove("managedFields");
        } else {
            let entries = entries.iter().map(Entry::to_json).collect();
            metadata.insert("managedFields".to_owned(), entries);
        }
    }
}

impl Entry {
    /// One without fields, of now.
    pub(super) fn new(by: &Manager<'_>, operation: &str, api_version: String) -> Self {
        Self {
            manager: by.name.to_owned(),
            operation: operation.to_owned(),
            api_version,
            subresource: by.subresource.to_owned(),
            time: by.time.to_owned(),
            fields: FieldSet::default(),
        }
    }

    fn from_json(entry: &Value) -> Self {
        let text = |key: &str| {
            let text = entry.get(key).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        Self {
            manager: text("manager"),
            operation: text("operation"),
            api_version: text("apiVersion"),
            subresource: text("subresource"),
            time: text("time"),
            fields: FieldSet::from_json(entry.get("fieldsV1").unwrap_or(&Value::Null)),
        }
    }

    fn order(&self) -> [&str; 5] {
        [
            &self.operation,
            &self.time,
            &self.manager,
            &self.api_version,
            &self.subresource,
        ]
    }

    fn to_json(&self) -> Value {
        let mut entry = json!({
            "manager": self.manager, "operation": self.operation, "apiVersion": self.api_version,
            "fieldsType": "FieldsV1", "fieldsV1": self.fields.to_json(),
        });
        if !self.time.is_empty() {
            entry["time"] = json!(self.time);
        }
        if !self.subresource.is_empty() {
            entry["subresource"] = json!(self.subresource);
        }
        entry
    }

    /// As conflicts name it.
    pub(super) fn shown(&self) -> String {
        let mut shown = format!("{:?}", self.manager);
        if !self.subresource.is_empty() {
            shown = format!("{shown} with subresource {:?}", self.subresource);
        }
        if self.operation == "Update" {
            shown = format!("{shown} using {}", self.api_version);
        }
        shown
    }
}
