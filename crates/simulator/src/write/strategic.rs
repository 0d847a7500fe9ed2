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
    for mut change in changes {
        let delete = change
            .get("$patch")
            .is_some_and(|directive| directive == "delete");
        let same: Box<dyn Fn(&Value) -> bool> = match by {
            Merge::Value => {
                let change = change.clone();
                Box::new(move |item| *item == change)
            }
            Merge::Key(key) => {
                let wanted = change.get(key).cloned();
                Box::new(move |item| item.get(key) == wanted.as_ref())
            }
        };
        if delete {
            own.retain(|item| !same(item));
            continue;
        }
        match own.iter_mut().find(|item| same(item)) {
            Some(item) => value(schemas, items, item, change.take())?,
            None => {
                let mut new = Value::Null;
                value(schemas, items, &mut new, change.take())?;
                own.push(new);
            }
        }
    }
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
