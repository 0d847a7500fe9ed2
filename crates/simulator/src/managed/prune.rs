//! Removing what a manager applied the last time and does not apply any more, unless somebody else manages it.

use serde_json::{Map, Value};

use super::FieldSet;
use super::merge::fields_of;
use super::shape::{Shape, part_of, shape};
use crate::schema::{Schemas, Type};

/// `merged` without what only `last` had. `managed` is what all managers have now, the applying one included.
pub(super) fn prune(
    schemas: &Schemas,
    holds: &Type,
    merged: &Value,
    last: &FieldSet,
    managed: &FieldSet,
) -> Value {
    if last.is_empty() {
        return merged.clone();
    }
    let whole = |set: &FieldSet| named(schemas, holds, set);
    let set_of = |value: &Value| whole(&fields_of(schemas, holds, value));
    let last = whole(last);
    let all = set_of(merged);
    let pruned = remove(schemas, holds, merged, &last);
    // What others manage comes back.
    let kept = set_of(&pruned).union(&whole(managed));
    let pruned = remove(schemas, holds, merged, &all.difference(&kept));
    // And so does what went with it, and was never the manager's own.
    let gone = all.difference(&set_of(&pruned)).intersection(&last);
    remove(schemas, holds, merged, &gone)
}

/// The set with every field of a type that has something in it.
fn named(schemas: &Schemas, holds: &Type, set: &FieldSet) -> FieldSet {
    let own = shape(schemas, holds, [None, None]);
    set.map_children(|part, child| {
        let inner = match (own, part.strip_prefix("f:")) {
            (Shape::List(items, _), None) => Some((items, false)),
            (_, Some(key)) => own.child(key),
            _ => None,
        };
        let (holds, is_field) = inner.unwrap_or((&Type::Any, false));
        let mut whole = named(schemas, holds, child);
        if is_field && child.has_children() {
            whole.add_self();
        }
        whole
    })
}

/// A value without the fields and items of a set. What becomes empty is null, which is as good as absent.
fn remove(schemas: &Schemas, holds: &Type, value: &Value, gone: &FieldSet) -> Value {
    let own = shape(schemas, holds, [Some(value), None]);
    let stays = |holds: &Type, inner: &Value, part: &str| match gone.child(part) {
        Some(set) if set.has_self() => None,
        Some(set) => Some(remove(schemas, holds, inner, set)),
        None => Some(inner.clone()),
    };
    match (own, value) {
        (Shape::List(items, kind), Value::Array(list)) => {
            let left: Vec<Value> = list
                .iter()
                .filter_map(|item| stays(items, item, &part_of(schemas, items, kind, item)))
                .collect();
            if left.is_empty() {
                Value::Null
            } else {
                Value::Array(left)
            }
        }
        (Shape::Fields(_) | Shape::Map(_), Value::Object(fields)) => {
            let left: Map<String, Value> = fields
                .iter()
                .filter_map(|(key, inner)| {
                    let holds = own.child(key).map_or(&Type::Any, |(holds, _)| holds);
                    Some((key.clone(), stays(holds, inner, &format!("f:{key}"))?))
                })
                .collect();
            if left.is_empty() {
                Value::Null
            } else {
                Value::Object(left)
            }
        }
        (_, value) => value.clone(),
    }
}
