//! How a value is taken apart: into fields, keys, items, or not at all.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::schema::{Fields, ListKind, Schemas, Type};

/// How the values of a type are compared and merged.
#[derive(Clone, Copy)]
pub(super) enum Shape<'t> {
    /// As a whole.
    Leaf,
    /// Field by field.
    Fields(&'t Fields),
    /// Key by key.
    Map(&'t Type),
    /// Item by item.
    List(&'t Type, &'t ListKind),
}

/// The shape of a type; of a type that is found out from its values, by those.
pub(super) fn shape<'t>(schemas: &'t Schemas, holds: &'t Type, values: [Option<&Value>; 2]) -> Shape<'t> {
    match schemas.resolve(holds) {
        Type::Object(fields) if !fields.atomic => Shape::Fields(fields),
        Type::Map {
            values,
            atomic: false,
        } => Shape::Map(values),
        Type::List {
            items,
            kind: kind @ (ListKind::Set | ListKind::Keyed(_)),
            ..
        } => Shape::List(items, kind),
        Type::Deduced if values.into_iter().flatten().any(Value::is_object) => Shape::Map(&Type::Deduced),
        _ => Shape::Leaf,
    }
}

impl<'t> Shape<'t> {
    /// The type under a key of an object, and whether the type has a field of that name. None: there is no such field.
    pub(super) fn child(self, key: &str) -> Option<(&'t Type, bool)> {
        match self {
            Self::Fields(fields) => match fields.fields.get(key) {
                Some(field) => Some((&field.holds, true)),
                None => fields.open.then_some((&Type::Deduced, false)),
            },
            Self::Map(values) => Some((values, false)),
            Self::Leaf | Self::List(..) => None,
        }
    }
}

/// What tells an item of a list from the others, as in `fieldsV1`.
pub(super) fn part_of(schemas: &Schemas, items: &Type, kind: &ListKind, item: &Value) -> String {
    match kind {
        ListKind::Keyed(keys) => {
            let fields: Map<String, Value> = keys
                .iter()
                .filter_map(|key| Some((key.clone(), key_value(schemas, items, item, key)?)))
                .collect();
            format!("k:{}", Value::Object(fields))
        }
        _ => format!("v:{item}"),
    }
}

/// The value of a key field, which may be a default.
fn key_value(schemas: &Schemas, items: &Type, item: &Value, key: &str) -> Option<Value> {
    if let Some(value) = item.get(key) {
        return Some(value.clone());
    }
    if let Type::Object(fields) = schemas.resolve(items)
        && let Some(default) = fields.fields.get(key).and_then(|field| field.default.clone())
    {
        return Some(default);
    }
    (key == "protocol").then(|| json!("TCP"))
}

/// The items of a list by what tells them apart.
pub(super) fn items_of<'v>(
    schemas: &Schemas,
    items: &Type,
    kind: &ListKind,
    list: Option<&'v Value>,
) -> BTreeMap<String, &'v Value> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.map(|item| (part_of(schemas, items, kind, item), item))
        .collect()
}
