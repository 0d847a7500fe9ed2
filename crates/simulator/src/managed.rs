//! Who wrote which field: `metadata.managedFields`, as the API server keeps it for updates.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::resources::Resource;
use crate::schema::{Fields, ListKind, Schemas, Type};

mod set;

pub(crate) use set::FieldSet;

/// The difference between two objects, as paths.
#[derive(Debug, Default)]
struct Comparison {
    added: FieldSet,
    modified: FieldSet,
    removed: FieldSet,
}

/// Who writes, and how.
#[derive(Clone, Debug)]
pub(crate) struct Manager<'a> {
    pub(crate) name: &'a str,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
    /// Now, as Kubernetes writes it.
    pub(crate) time: &'a str,
}

/// Fields of the metadata that nobody manages.
const UNMANAGED: &[&str] = &[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// Writes `metadata.managedFields` of `new`, which replaces `old` (none for an object that is created).
pub(crate) fn update(
    schemas: &Schemas,
    resource: &Resource,
    old: Option<&Value>,
    new: &mut Value,
    by: &Manager<'_>,
) {
    let Some(holds) = schemas.of(resource) else { return };
    let mut found = Comparison::default();
    let walk = Walk { schemas };
    let (mut before, mut after) = (stripped(old.unwrap_or(&resource.empty)), stripped(new));
    if old.is_none()
        && let Some(spec) = before.get_mut("spec").and_then(Value::as_object_mut)
    {
        // The one number that what we know of empty objects has and Go has not.
        spec.remove("replicas");
    }
    // The status belongs to those who write it as such.
    if by.subresource != "status" && resource.has_subresource("status") {
        for object in [&mut before, &mut after] {
            object.as_object_mut().map(|fields| fields.remove("status"));
        }
    }
    walk.compare(
        holds,
        Some(&before),
        Some(&after),
        &mut Vec::new(),
        true,
        &mut found,
    );
    for top in ["f:apiVersion", "f:kind"] {
        found.added.remove_path(&[top.to_owned()]);
    }

    let inherited = old.map(entries).unwrap_or_default();
    let mut entries: Vec<Entry> = inherited;
    let written = found.added.union(&found.modified);
    let api_version = resource.api_version();
    let mut own = None;
    for entry in &mut entries {
        let is_own = entry.operation == "Update"
            && entry.manager == by.name
            && entry.subresource == by.subresource
            && entry.api_version == api_version;
        let fields = if is_own {
            own = Some(());
            entry.fields.union(&written).difference(&found.removed)
        } else {
            entry.fields.difference(&written).difference(&found.removed)
        };
        if is_own && fields != entry.fields {
            entry.time = by.time.to_owned();
        }
        entry.fields = fields;
    }
    if own.is_none() {
        entries.push(Entry {
            manager: by.name.to_owned(),
            operation: "Update".to_owned(),
            api_version,
            subresource: by.subresource.to_owned(),
            time: by.time.to_owned(),
            fields: written,
        });
    }
    entries.retain(|entry| !entry.fields.is_empty());
    entries.sort_by(|a, b| {
        let key = |e: &Entry| {
            (
                e.operation.clone(),
                e.time.clone(),
                e.manager.clone(),
                e.api_version.clone(),
                e.subresource.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    if let Some(metadata) = new.get_mut("metadata").and_then(Value::as_object_mut) {
        if entries.is_empty() {
            metadata.remove("managedFields");
        } else {
            metadata.insert(
                "managedFields".to_owned(),
                entries.iter().map(Entry::to_json).collect(),
            );
        }
    }
}

/// One entry of `managedFields`.
struct Entry {
    manager: String,
    operation: String,
    api_version: String,
    subresource: String,
    time: String,
    fields: FieldSet,
}

fn entries(object: &Value) -> Vec<Entry> {
    let list = object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array);
    let read = |entry: &Value| {
        let text = |key: &str| {
            entry
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Entry {
            manager: text("manager"),
            operation: text("operation"),
            api_version: text("apiVersion"),
            subresource: text("subresource"),
            time: text("time"),
            fields: FieldSet::from_json(entry.get("fieldsV1").unwrap_or(&Value::Null)),
        }
    };
    list.into_iter().flatten().map(read).collect()
}

impl Entry {
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
}

/// An object without what nobody manages.
fn stripped(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !UNMANAGED.contains(&key.as_str()));
    }
    object
}

struct Walk<'a> {
    schemas: &'a Schemas,
}

impl Walk<'_> {
    /// `always`: this struct is part of its parent in Go, and there even when nothing is in it.
    fn compare(
        &self,
        holds: &Type,
        old: Option<&Value>,
        new: Option<&Value>,
        path: &mut Vec<String>,
        always: bool,
        found: &mut Comparison,
    ) {
        match self.schemas.resolve(holds) {
            Type::Object(fields) if !fields.atomic => self.fields(fields, old, new, path, always, found),
            Type::Map {
                values,
                atomic: false,
            } => {
                let of =
                    |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
                let (before, after) = (of(old), of(new));
                self.presence(old, new, path, found);
                for key in union_keys(&before, &after) {
                    path.push(format!("f:{key}"));
                    self.compare(values, before.get(&key), after.get(&key), path, false, found);
                    path.pop();
                }
            }
            Type::List {
                items,
                kind: kind @ (ListKind::Set | ListKind::Keyed(_)),
                ..
            } => {
                let (before, after) = (self.items(items, kind, old), self.items(items, kind, new));
                self.presence(old, new, path, found);
                let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                for key in keys {
                    path.push(key.clone());
                    let (old, new) = (before.get(key).copied(), after.get(key).copied());
                    self.presence(old, new, path, found);
                    if *kind != ListKind::Set {
                        self.compare(items, old, new, path, false, found);
                    }
                    path.pop();
                }
            }
            _ => match (old, new) {
                (None, Some(_)) => found.added.insert(path),
                (Some(_), None) => found.removed.insert(path),
                (Some(old), Some(new)) if old != new => found.modified.insert(path),
                _ => {}
            },
        }
    }

    fn fields(
        &self,
        fields: &Fields,
        old: Option<&Value>,
        new: Option<&Value>,
        path: &mut Vec<String>,
        always: bool,
        found: &mut Comparison,
    ) {
        let empty = Map::new();
        let of = |value: Option<&'_ Value>| {
            value
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_else(|| empty.clone())
        };
        if !always {
            self.presence(old, new, path, found);
        }
        let (before, after) = (of(old), of(new));
        // Inside of something new even the structs that are always there are new.
        let there = always || (old.is_some() && new.is_some());
        for key in union_keys(&before, &after) {
            let Some(field) = fields.fields.get(&key) else {
                continue;
            };
            path.push(format!("f:{key}"));
            self.compare(
                &field.holds,
                before.get(&key),
                after.get(&key),
                path,
                field.always && there,
                found,
            );
            path.pop();
        }
    }

    fn presence(&self, old: Option<&Value>, new: Option<&Value>, path: &[String], found: &mut Comparison) {
        match (old, new) {
            (None, Some(_)) => found.added.insert(path),
            (Some(_), None) => found.removed.insert(path),
            _ => {}
        }
    }

    fn items<'v>(
        &self,
        items: &Type,
        kind: &ListKind,
        list: Option<&'v Value>,
    ) -> BTreeMap<String, &'v Value> {
        let list = list.and_then(Value::as_array);
        let key = |item: &Value| match kind {
            ListKind::Keyed(keys) => {
                let fields: Map<String, Value> = keys
                    .iter()
                    .filter_map(|key| Some((key.clone(), self.key_value(items, item, key)?)))
                    .collect();
                format!("k:{}", Value::Object(fields))
            }
            _ => format!("v:{item}"),
        };
        list.into_iter().flatten().map(|item| (key(item), item)).collect()
    }

    /// The value of a key field; the one with a default in the schemas that matter is the protocol of a port.
    fn key_value(&self, _items: &Type, item: &Value, key: &str) -> Option<Value> {
        item.get(key)
            .cloned()
            .or_else(|| (key == "protocol").then(|| json!("TCP")))
    }
}

fn union_keys(a: &Map<String, Value>, b: &Map<String, Value>) -> Vec<String> {
    let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    keys.into_iter().cloned().collect()
}
