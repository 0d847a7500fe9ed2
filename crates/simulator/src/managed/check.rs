//! Whether what somebody applies fits its type, in the words of the API server's field manager.

use std::collections::BTreeSet;

use serde_json::Value;

use super::shape::part_of;
use crate::schema::{Fields, ListKind, Schemas, Type};

/// What does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// In the API server's words.
    Said(String),
    /// The API server prints the value as Go would.
    Unsayable,
}

/// Everything that does not fit, in the order of the fields.
pub(super) fn check(schemas: &Schemas, holds: &Type, value: &Value) -> Vec<Misfit> {
    let mut found = Vec::new();
    Check { schemas }.value(holds, value, "", &mut found);
    found
}

struct Check<'a> {
    schemas: &'a Schemas,
}

impl Check<'_> {
    fn value(&self, holds: &Type, value: &Value, path: &str, found: &mut Vec<Misfit>) {
        if value.is_null() {
            return;
        }
        let mut misfit = |expected: &str, got: Option<String>| {
            found.push(got.map_or(Misfit::Unsayable, |got| {
                Misfit::Said(format!("{path}: expected {expected}, got {got}"))
            }));
        };
        match (self.schemas.resolve(holds), value) {
            (Type::Object(fields), Value::Object(_)) => self.fields(fields, value, path, found),
            (Type::Map { values, .. }, Value::Object(map)) => {
                for (key, value) in map {
                    self.value(values, value, &format!("{path}.{key}"), found);
                }
            }
            (Type::List { items, kind, .. }, Value::Array(list)) => {
                self.list(items, kind, list, path, found);
            }
            (Type::Object(_) | Type::Map { .. }, value) => misfit("map", pointer(value)),
            (Type::List { .. }, value) => misfit("list", pointer(value)),
            (Type::Text | Type::Bytes, value) if !value.is_string() => misfit("string", plain(value)),
            (Type::Integer | Type::Number, value) if !value.is_number() => {
                let got = match value {
                    Value::String(_) => Some("string"),
                    Value::Bool(_) => Some("bool"),
                    Value::Object(_) => Some("map[string]interface {}"),
                    _ => Some("[]interface {}"),
                };
                misfit("numeric (int or float)", got.map(str::to_owned));
            }
            (Type::Boolean, value) if !value.is_boolean() => misfit("boolean", pointer(value)),
            (Type::IntOrText | Type::Quantity, Value::Object(_) | Value::Array(_)) => misfit("scalar", None),
            _ => {}
        }
    }

    fn fields(&self, fields: &Fields, value: &Value, path: &str, found: &mut Vec<Misfit>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            match fields.fields.get(name) {
                Some(field) => self.value(&field.holds, value, &path, found),
                None if fields.open => {}
                None => found.push(Misfit::Said(format!("{path}: field not declared in schema"))),
            }
        }
    }

    fn list(&self, items: &Type, kind: &ListKind, list: &[Value], path: &str, found: &mut Vec<Misfit>) {
        let mut seen = BTreeSet::new();
        for (index, item) in list.iter().enumerate() {
            let part = match kind {
                ListKind::Atomic => format!("[{index}]"),
                ListKind::Set => format!("[={item}]"),
                ListKind::Keyed(keys) => {
                    let part = part_of(self.schemas, items, kind, item);
                    let known = part.strip_prefix("k:").and_then(|k| serde_json::from_str(k).ok());
                    let known: Value = known.unwrap_or_default();
                    if let Some(missing) = keys.iter().find(|key| known.get(*key).is_none()) {
                        found.push(Misfit::Said(format!(
                            "{path}: element {index}: associative list with keys has an element that omits key field \
                             {missing:?} (and doesn't have default value)"
                        )));
                        continue;
                    }
                    let keys: Vec<String> = known
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(key, value)| format!("{key}={value}"))
                        .collect();
                    format!("[{}]", keys.join(","))
                }
            };
            if *kind != ListKind::Atomic && !seen.insert(part.clone()) {
                found.push(Misfit::Said(format!("{path}: duplicate entries for key {part}")));
            }
            self.value(items, item, &format!("{path}{part}"), found);
        }
    }
}

/// A value as Go prints the struct around it.
fn pointer(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(format!("&{{{text}}}")),
        Value::Number(_) | Value::Bool(_) => Some(format!("&{{{value}}}")),
        _ => None,
    }
}

/// The same with the names of its fields.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Number(_) | Value::Bool(_) => Some(format!("&value.valueUnstructured{{Value:{value}}}")),
        _ => None,
    }
}
