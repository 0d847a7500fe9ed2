//! Strategic merge patch: like a merge patch, but lists whose items have a key are merged item by item, and directives
//! say what becomes of lists and of fields that are not mentioned.

use serde_json::{Map, Value};

use crate::resources::Resource;
use crate::schema::{Merge, Schemas, Type};
use crate::status::Refusal;

/// Replaces or deletes the value that it stands in.
const PATCH: &str = "$patch";
/// The fields that stay.
const RETAIN: &str = "$retainKeys";
/// In which order the items of a list come.
const ORDER: &str = "$setElementOrder/";
/// Items that go from a list of plain values.
const DELETE: &str = "$deleteFromPrimitiveList/";

/// Merges a patch into an object.
pub(super) fn merge(
    schemas: &Schemas,
    resource: &Resource,
    object: &mut Value,
    patch: Value,
) -> Result<(), Refusal> {
    let holds = schemas.of(resource).unwrap_or(&Type::Any);
    let Value::Object(patch) = patch else {
        return Err(unsupported("strategic merge patches that are no objects"));
    };
    let own = object.as_object_mut().map(std::mem::take).unwrap_or_default();
    *object = Value::Object(fields(schemas, holds, own, patch)?);
    Ok(())
}

fn unsupported(what: &str) -> Refusal {
    Refusal::unsupported(what)
}

/// The type of a field.
fn field<'t>(schemas: &'t Schemas, holds: &'t Type, name: &str) -> &'t Type {
    match schemas.resolve(holds) {
        Type::Object(fields) => fields.fields.get(name).map_or(&Type::Any, |field| &field.holds),
        Type::Map { values, .. } => values,
        _ => &Type::Any,
    }
}

fn fields(
    schemas: &Schemas,
    holds: &Type,
    mut own: Map<String, Value>,
    mut patch: Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    if let Some(directive) = patch.remove(PATCH) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Map::new()),
            _ => Err(unsupported("this $patch directive of strategic merge patches")),
        };
    }
    if let Some(retained) = patch.remove(RETAIN) {
        let retained = retained.as_array().cloned().unwrap_or_default();
        if !patch.keys().all(|name| retained.iter().any(|one| one == name)) {
            return Err(unsupported(
                "$retainKeys that do not have all fields of their patch",
            ));
        }
        own.retain(|name, _| retained.iter().any(|one| one == name));
    }
    ordered(schemas, holds, &mut own, &mut patch)?;
    for (name, change) in patch {
        let (name, deletes) = match name.strip_prefix(DELETE) {
            Some(name) => (name.to_owned(), true),
            None if name.starts_with('$') => {
                let what = format!("the directive {name} of strategic merge patches");
                return Err(unsupported(&what));
            }
            None => (name, false),
        };
        if change.is_null() {
            own.remove(&name);
            continue;
        }
        let holds = field(schemas, holds, &name);
        let merged = match (own.remove(&name), change) {
            (None, _) if deletes => continue,
            (None, change) => match fresh(change) {
                Some(change) => change,
                None => continue,
            },
            (Some(Value::Object(own)), Value::Object(change)) => {
                Value::Object(fields(schemas, holds, own, change)?)
            }
            (Some(Value::Array(mut own)), Value::Array(gone)) if deletes => {
                own.retain(|item| !gone.contains(item));
                Value::Array(own)
            }
            (Some(Value::Array(own)), Value::Array(change)) => {
                Value::Array(list(schemas, holds, own, change)?)
            }
            (Some(_), change) => change,
        };
        own.insert(name, merged);
    }
    Ok(own)
}

/// What is new as it is, without nulls, without directives and what they are about.
fn fresh(value: Value) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.contains_key(PATCH) => None,
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .filter(|(name, value)| !value.is_null() && !name.starts_with('$'));
            let fields = fields.filter_map(|(name, value)| Some((name, fresh(value)?)));
            Some(Value::Object(fields.collect()))
        }
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(fresh).collect())),
        value => Some(value),
    }
}

/// Merges the lists whose order the patch gives.
fn ordered(
    schemas: &Schemas,
    holds: &Type,
    own: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    let directives: Vec<String> = patch
        .keys()
        .filter(|name| name.starts_with(ORDER))
        .cloned()
        .collect();
    for directive in directives {
        let order = patch.remove(&directive);
        let order = order
            .as_ref()
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let Some(name) = directive.strip_prefix(ORDER) else {
            continue;
        };
        let holds = field(schemas, holds, name);
        let before = own.get(name).and_then(Value::as_array).cloned();
        let change = patch.remove(name);
        let merged = match (before.clone(), change) {
            (Some(own), Some(Value::Array(change))) => list(schemas, holds, own, change)?,
            (Some(own), None) => own,
            (None, Some(change)) => match fresh(change) {
                Some(Value::Array(items)) => items,
                _ => continue,
            },
            (_, Some(change)) => {
                // Null, or another type: as without an order.
                patch.insert(name.to_owned(), change);
                continue;
            }
            (None, None) => continue,
        };
        let by = merge_by(schemas, holds);
        let before = before.unwrap_or_default();
        let sorted = arrange(merged, &order, &before, |a, b| is_same(by, a, b));
        own.insert(name.to_owned(), Value::Array(sorted));
    }
    Ok(())
}

fn merge_by<'t>(schemas: &'t Schemas, holds: &'t Type) -> Option<&'t Merge> {
    match schemas.resolve(holds) {
        Type::List { merge, .. } => merge.as_ref(),
        _ => None,
    }
}

fn is_same(by: Option<&Merge>, a: &Value, b: &Value) -> bool {
    match by {
        Some(Merge::Key(key)) => a.get(key) == b.get(key),
        _ => a == b,
    }
}

/// Merges two lists.
fn list(schemas: &Schemas, holds: &Type, own: Vec<Value>, patch: Vec<Value>) -> Result<Vec<Value>, Refusal> {
    let Type::List {
        items,
        merge: Some(by),
        ..
    } = schemas.resolve(holds)
    else {
        return Ok(patch);
    };
    let same = |a: &Value, b: &Value| is_same(Some(by), a, b);
    let mut merged = own;
    let mut changes = Vec::new();
    let mut replaces = false;
    for change in patch {
        match change.get(PATCH).map(Value::as_str) {
            None => changes.push(change),
            Some(Some("delete")) => merged.retain(|item| !same(item, &change)),
            Some(Some("replace")) => replaces = true,
            Some(_) => return Err(unsupported("this $patch directive of strategic merge patches")),
        }
    }
    if replaces {
        return Ok(changes);
    }
    let before = merged.clone();
    for change in &changes {
        let known = merged.iter_mut().find(|item| same(item, change));
        match (known, change) {
            (Some(Value::Object(own)), Value::Object(change)) => {
                *own = fields(schemas, items, std::mem::take(own), change.clone())?;
            }
            (Some(_), _) => {}
            (None, change) => merged.extend(fresh(change.clone())),
        }
    }
    Ok(arrange(merged, &changes, &before, same))
}

/// Sorts the items of a patch as the patch has them, and puts the others among them as they were before.
fn arrange(
    merged: Vec<Value>,
    order: &[Value],
    before: &[Value],
    same: impl Fn(&Value, &Value) -> bool,
) -> Vec<Value> {
    let place = |list: &[Value], item: &Value| list.iter().position(|other| same(other, item));
    let (mut patched, mut others): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|item| place(order, item).is_some());
    patched.sort_by_key(|item| place(order, item));
    others.sort_by_key(|item| place(before, item));
    let mut sorted = Vec::with_capacity(patched.len() + others.len());
    let (mut patched, mut others) = (patched.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let other_first = match (others.peek(), patched.peek()) {
            (Some(other), Some(item)) => match (place(before, other), place(before, item)) {
                (Some(other), Some(item)) => other < item,
                _ => false,
            },
            (Some(_), None) => true,
            (None, _) => false,
        };
        let next = if other_first {
            others.next()
        } else {
            patched.next()
        };
        match next {
            Some(item) => sorted.push(item),
            None => return sorted,
        }
    }
}
