//! Merging what somebody applies into an object, and the fields that they apply.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::FieldSet;
use super::shape::{Shape, items_of, part_of, shape};
use crate::schema::{ListKind, Schemas, Type};

/// The fields that a configuration sets.
pub(super) fn fields_of(schemas: &Schemas, holds: &Type, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    collect(schemas, holds, value, &mut Vec::new(), &mut set);
    set
}

fn collect(schemas: &Schemas, holds: &Type, value: &Value, path: &mut Vec<String>, set: &mut FieldSet) {
    let own = shape(schemas, holds, [Some(value), None]);
    match own {
        Shape::Leaf => set.insert(path),
        Shape::Fields(_) | Shape::Map(_) => {
            for (key, inner) in value.as_object().into_iter().flatten() {
                let Some((holds, named)) = own.child(key) else {
                    continue;
                };
                path.push(format!("f:{key}"));
                collect(schemas, holds, inner, path, set);
                // A field of a type is there by what is in it, a key of a map by itself.
                if !named || inner.is_null() || inner.as_object().is_some_and(Map::is_empty) {
                    set.insert(path);
                }
                path.pop();
            }
        }
        Shape::List(items, kind) => {
            for item in value.as_array().into_iter().flatten() {
                path.push(part_of(schemas, items, kind, item));
                if *kind != ListKind::Set {
                    collect(schemas, items, item, path, set);
                }
                set.insert(path);
                path.pop();
            }
        }
    }
}

/// `own` with what `applied` says; where both say something, `applied` wins.
pub(super) fn merge(
    schemas: &Schemas,
    holds: &Type,
    own: Option<&Value>,
    applied: Option<&Value>,
) -> Option<Value> {
    let shape = shape(schemas, holds, [applied, own]);
    let is_empty = |value: Option<&Value>| match value {
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        _ => true,
    };
    let leaf = matches!(shape, Shape::Leaf) || (is_empty(own) && is_empty(applied));
    if leaf {
        return applied.or(own).cloned();
    }
    match shape {
        Shape::List(items, kind) => Some(merge_lists(schemas, items, kind, own, applied)),
        _ => {
            let none = Map::new();
            let fields = |value: Option<&'_ Value>| value.and_then(Value::as_object).cloned();
            let (before, after) = (fields(own).unwrap_or_default(), fields(applied).unwrap_or(none));
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            let merged = keys.into_iter().filter_map(|key| {
                let (own, applied) = (before.get(key), after.get(key));
                let value = match shape.child(key) {
                    Some((holds, _)) => merge(schemas, holds, own, applied),
                    None => applied.or(own).cloned(),
                };
                Some((key.clone(), value?))
            });
            Some(Value::Object(merged.collect()))
        }
    }
}

/// The items of both lists: those of `applied` in their order, those that only `own` has where they were before.
fn merge_lists(
    schemas: &Schemas,
    items: &Type,
    kind: &ListKind,
    own: Option<&Value>,
    applied: Option<&Value>,
) -> Value {
    let parts = |list: Option<&Value>| -> Vec<String> {
        let list = list.and_then(Value::as_array).into_iter().flatten();
        list.map(|item| part_of(schemas, items, kind, item)).collect()
    };
    let (left, right) = (parts(own), parts(applied));
    let before: BTreeMap<String, &Value> = items_of(schemas, items, kind, own);
    let after: BTreeMap<String, &Value> = items_of(schemas, items, kind, applied);
    let both = |part: &String| {
        merge(
            schemas,
            items,
            before.get(part).copied(),
            after.get(part).copied(),
        )
    };
    let mut shared = right.iter().filter(|part| before.contains_key(*part));
    let mut next = shared.next();
    let mut done: HashSet<&String> = HashSet::new();
    let mut merged = Vec::new();
    let (mut l, mut r) = (left.iter().peekable(), right.iter().peekable());
    loop {
        match (l.peek().copied(), r.peek().copied()) {
            (None, None) => break,
            (Some(a), Some(b)) if a == b => {
                done.insert(a);
                merged.extend(both(a));
                l.next();
                r.next();
                next = shared.next();
                continue;
            }
            // In both, and not the one whose turn it is.
            (Some(a), Some(_)) if after.contains_key(a) && next.is_some_and(|next| next != a) => {
                l.next();
                continue;
            }
            (Some(a), _) if !after.contains_key(a) => {
                merged.extend(before.get(a).copied().cloned());
                l.next();
                continue;
            }
            (Some(a), _) if done.contains(a) => {
                l.next();
            }
            _ => {}
        }
        if let Some(b) = r.next() {
            done.insert(b);
            merged.extend(both(b));
            if next == Some(b) {
                next = shared.next();
            }
        }
    }
    Value::Array(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn items_of_both_lists_keep_their_places() {
        let schemas = Schemas::default();
        let list = |own: Value, applied: Value| {
            merge_lists(&schemas, &Type::Text, &ListKind::Set, Some(&own), Some(&applied))
        };
        assert_eq!(list(json!(["a", "b"]), json!(["b", "c"])), json!(["a", "b", "c"]));
        assert_eq!(
            list(json!(["a", "b", "c"]), json!(["c", "a"])),
            json!(["b", "c", "a"])
        );
        assert_eq!(list(json!(["a", "b"]), json!([])), json!(["a", "b"]));
        assert_eq!(list(json!([]), json!(["x"])), json!(["x"]));
    }
}
