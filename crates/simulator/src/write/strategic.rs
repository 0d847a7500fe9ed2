//! Strategic merge patch: like a merge patch, but lists whose items have a key are merged item by item, and names and
//! items that begin with `$` direct how.

use serde_json::{Map, Value};

use crate::resources::Resource;
use crate::schema::decode::go_kind;
use crate::schema::{Merge, Schemas, Type};
use crate::status::Refusal;

mod order;

/// What becomes of a map, or of the item that holds it: `merge`, `replace` or `delete`.
const PATCH: &str = "$patch";
/// Keys of the old map that stay.
const RETAIN: &str = "$retainKeys";
/// Before the name of a list of texts: those that go.
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
/// Before the name of a list: how it is to be sorted.
const SET_ORDER: &str = "$setElementOrder/";

/// Merges a patch into an object.
pub(super) fn merge(
    schemas: &Schemas,
    resource: &Resource,
    object: &mut Value,
    patch: Value,
) -> Result<(), Refusal> {
    let holds = schemas.of(resource).unwrap_or(&Type::Any);
    match patch {
        Value::Object(patch) => map(schemas, holds, object, patch),
        other => Err(Refusal::bad_request(format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            go_kind(&other)
        ))),
    }
}

fn map(
    schemas: &Schemas,
    holds: &Type,
    into: &mut Value,
    mut patch: Map<String, Value>,
) -> Result<(), Refusal> {
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    match patch
        .remove(PATCH)
        .as_ref()
        .map(|directive| directive.as_str().unwrap_or_default())
    {
        None | Some("merge") => {}
        Some("replace") => {
            *into = added(Value::Object(patch));
            return Ok(());
        }
        Some("delete") => {
            *into = Value::Object(Map::new());
            return Ok(());
        }
        Some(other) => return Err(unknown(&format!("{PATCH}: {other}"))),
    }
    let Some(object) = into.as_object_mut() else {
        return Ok(());
    };
    if let Some(kept) = patch.remove(RETAIN) {
        let kept = kept.as_array().ok_or_else(|| unknown(RETAIN))?;
        object.retain(|key, _| kept.iter().any(|kept| kept == key));
    }
    delete_from(object, &mut patch)?;
    sort(schemas, holds, object, &mut patch)?;
    if let Some(directive) = patch.keys().find(|key| key.starts_with('$')) {
        return Err(unknown(directive));
    }
    for (name, change) in patch {
        if change.is_null() {
            object.remove(&name);
            continue;
        }
        let holds = field(schemas, holds, &name);
        let Some(own) = object.get_mut(&name) else {
            // What there is nothing to replace or delete of is not made either.
            if change.get(PATCH).is_none() {
                object.insert(name, added(change));
            }
            continue;
        };
        match (schemas.resolve(holds), change) {
            (
                Type::List {
                    items,
                    merge: Some(by),
                    ..
                },
                Value::Array(changes),
            ) if own.is_array() => {
                let old = own.take();
                *own = Value::Array(list(schemas, items, by, old, changes)?);
            }
            (_, Value::Object(change)) if own.is_object() => map(schemas, holds, own, change)?,
            (_, change) => *own = added(change),
        }
    }
    Ok(())
}

fn unknown(directive: &str) -> Refusal {
    Refusal::unsupported(&format!("the directive {directive} of strategic merge patches"))
}

/// The type of a field.
fn field<'a>(schemas: &'a Schemas, holds: &'a Type, name: &str) -> &'a Type {
    match schemas.resolve(holds) {
        Type::Object(fields) => fields.fields.get(name).map_or(&Type::Any, |field| &field.holds),
        Type::Map { values, .. } => values,
        _ => &Type::Any,
    }
}

/// Takes texts out of lists.
fn delete_from(object: &mut Map<String, Value>, patch: &mut Map<String, Value>) -> Result<(), Refusal> {
    let names: Vec<String> = patch
        .keys()
        .filter(|key| key.starts_with(DELETE_FROM))
        .cloned()
        .collect();
    for directive in names {
        let gone = patch.remove(&directive).unwrap_or_default();
        let gone = gone.as_array().ok_or_else(|| unknown(&directive))?;
        let name = directive.trim_start_matches(DELETE_FROM);
        if let Some(list) = object.get_mut(name).and_then(Value::as_array_mut) {
            list.retain(|item| !gone.contains(item));
        }
    }
    Ok(())
}

/// Merges the lists whose order the patch tells, and sorts them by it.
fn sort(
    schemas: &Schemas,
    holds: &Type,
    object: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    let names: Vec<String> = patch
        .keys()
        .filter(|key| key.starts_with(SET_ORDER))
        .cloned()
        .collect();
    for directive in names {
        let Some(Value::Array(wanted)) = patch.remove(&directive) else {
            return Err(unknown(&directive));
        };
        let name = directive.trim_start_matches(SET_ORDER);
        let Type::List {
            items,
            merge: Some(by),
            ..
        } = schemas.resolve(field(schemas, holds, name))
        else {
            return Err(unknown(&directive));
        };
        let old = object.get(name).and_then(Value::as_array).cloned();
        let merged = match (old.clone(), patch.remove(name)) {
            (None, None) => continue,
            (Some(old), None) => old,
            (Some(old), Some(Value::Array(changes))) => list(schemas, items, by, Value::Array(old), changes)?,
            (None, Some(changes)) => match added(changes) {
                Value::Array(new) => new,
                _ => return Err(unknown(&directive)),
            },
            _ => return Err(unknown(&directive)),
        };
        let sorted = order::sort(by, merged, &wanted, &old.unwrap_or_default());
        object.insert(name.to_owned(), Value::Array(sorted));
    }
    Ok(())
}

/// Merges a list whose items can be told apart.
fn list(
    schemas: &Schemas,
    items: &Type,
    by: &Merge,
    old: Value,
    changes: Vec<Value>,
) -> Result<Vec<Value>, Refusal> {
    let Value::Array(mut old) = old else {
        return Ok(changes);
    };
    let Merge::Key(key) = by else {
        let before = old.clone();
        for change in &changes {
            if !old.contains(change) {
                old.push(change.clone());
            }
        }
        return Ok(order::sort(by, old, &changes, &before));
    };
    let mut wanted = Vec::new();
    let mut replaces = false;
    for mut change in changes {
        let directive = change.as_object_mut().and_then(|change| change.remove(PATCH));
        match directive
            .as_ref()
            .map(|directive| directive.as_str().unwrap_or_default())
        {
            Some("replace") => {
                replaces = true;
                // The directive stands alone, or with one of the items.
                if change.as_object().is_some_and(Map::is_empty) {
                    continue;
                }
            }
            Some("delete") => {
                old.retain(|item| item.get(key) != change.get(key));
                continue;
            }
            None | Some("merge") => {}
            Some(other) => return Err(unknown(&format!("{PATCH}: {other}"))),
        }
        if change.get(key).is_none() {
            return Err(Refusal::unsupported(&format!(
                "strategic merge patches with items that have no {key}"
            )));
        }
        wanted.push(change);
    }
    if replaces {
        return Ok(wanted.into_iter().map(added).collect());
    }
    let before = old.clone();
    for change in &wanted {
        match old.iter_mut().find(|item| item.get(key) == change.get(key)) {
            Some(item) => match change {
                Value::Object(change) => map(schemas, items, item, change.clone())?,
                change => *item = change.clone(),
            },
            None => old.push(added(change.clone())),
        }
    }
    Ok(order::sort(by, old, &wanted, &before))
}

/// What is new, without what only directs, and without fields that are to go: they are not there.
fn added(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields
                .into_iter()
                .filter(|(name, value)| !name.starts_with('$') && !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, added(value))).collect())
        }
        Value::Array(items) => {
            let kept = items
                .into_iter()
                .filter(|item| item.get(PATCH).is_none_or(|directive| directive != "delete"));
            Value::Array(kept.map(added).collect())
        }
        value => value,
    }
}
