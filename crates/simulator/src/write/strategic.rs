//! Strategic merge patch: like a merge patch, but lists whose items have a key are merged item by item.

use serde_json::{Map, Value};

use crate::resources::Resource;
use crate::schema::{Merge, Schemas, Type};
use crate::status::Refusal;

/// Merges a patch into an object.
pub(super) fn merge(
    schemas: &Schemas,
    resource: &Resource,
    object: &mut Value,
    patch: Value,
) -> Result<(), Refusal> {
    let holds = schemas.of(resource).unwrap_or(&Type::Any);
    value(schemas, holds, object, patch)
}

fn value(schemas: &Schemas, holds: &Type, into: &mut Value, patch: Value) -> Result<(), Refusal> {
    let Value::Object(patch) = patch else {
        *into = patch;
        return Ok(());
    };
    refuse_directives(&patch)?;
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let Some(object) = into.as_object_mut() else {
        return Ok(());
    };
    for (name, change) in patch {
        if change.is_null() {
            object.remove(&name);
            continue;
        }
        let field = match schemas.resolve(holds) {
            Type::Object(fields) => fields.fields.get(&name).map_or(&Type::Any, |field| &field.holds),
            Type::Map { values, .. } => values,
            _ => &Type::Any,
        };
        let own = object.entry(name).or_insert(Value::Null);
        match (schemas.resolve(field), change) {
            (
                Type::List {
                    items,
                    merge: Some(by),
                    ..
                },
                Value::Array(changes),
            ) => {
                list(schemas, items, by, own, changes)?;
            }
            (_, change) => value(schemas, field, own, change)?,
        }
    }
    Ok(())
}

fn list(
    schemas: &Schemas,
    items: &Type,
    by: &Merge,
    own: &mut Value,
    changes: Vec<Value>,
) -> Result<(), Refusal> {
    if !own.is_array() {
        *own = Value::Array(Vec::new());
    }
    let Some(own) = own.as_array_mut() else {
        return Ok(());
    };
    let had_any = !own.is_empty();
    let mut new_items = Vec::new();
    let mut merged = false;
    for change in changes {
        let same = |item: &Value| match by {
            Merge::Value => *item == change,
            Merge::Key(key) => item.get(key) == change.get(key),
        };
        if change
            .get("$patch")
            .is_some_and(|directive| directive == "delete")
        {
            own.retain(|item| !same(item));
            continue;
        }
        match own.iter_mut().find(|item| same(item)) {
            Some(item) => {
                value(schemas, items, item, change)?;
                merged = true;
            }
            None => {
                let mut new = Value::Null;
                value(schemas, items, &mut new, change)?;
                new_items.push(new);
            }
        }
    }
    let added = !new_items.is_empty();
    if added && had_any && (merged || *by != Merge::Value) {
        return Err(Refusal::unsupported(
            "strategic merge patches that sort new items of a list among the old ones",
        ));
    }
    // What the patch brings comes first.
    new_items.append(own);
    *own = new_items;
    Ok(())
}

fn refuse_directives(patch: &Map<String, Value>) -> Result<(), Refusal> {
    match patch.keys().find(|key| key.starts_with('$')) {
        Some(directive) => Err(Refusal::unsupported(&format!(
            "the directive {directive} of strategic merge patches"
        ))),
        None => Ok(()),
    }
}
