//! The difference between two objects of a type, as paths.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::FieldSet;
use super::shape::{Shape, items_of, shape};
use crate::schema::{Fields, ListKind, Schemas, Type};

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) added: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) removed: FieldSet,
}

impl Comparison {
    /// Whether nothing differs.
    pub(super) fn is_same(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }
}

pub(super) struct Walk<'a> {
    pub(super) schemas: &'a Schemas,
}

impl Walk<'_> {
    /// `always`: this struct is part of its parent in Go, and there even when nothing is in it.
    pub(super) fn compare(
        &self,
        holds: &Type,
        old: Option<&Value>,
        new: Option<&Value>,
        path: &mut Vec<String>,
        always: bool,
        found: &mut Comparison,
    ) {
        match shape(self.schemas, holds, [old, new]) {
            Shape::Fields(fields) => self.fields(fields, old, new, path, always, found),
            Shape::Map(values) => {
                let (before, after) = (object(old), object(new));
                presence(old, new, path, found);
                for key in union_keys(&before, &after) {
                    path.push(format!("f:{key}"));
                    self.compare(values, before.get(&key), after.get(&key), path, false, found);
                    path.pop();
                }
            }
            Shape::List(items, kind) => self.list(items, kind, old, new, path, found),
            Shape::Leaf => match (old, new) {
                (Some(old), Some(new)) if old != new => found.modified.insert(path),
                _ => presence(old, new, path, found),
            },
        }
    }

    fn list(
        &self,
        items: &Type,
        kind: &ListKind,
        old: Option<&Value>,
        new: Option<&Value>,
        path: &mut Vec<String>,
        found: &mut Comparison,
    ) {
        let before = items_of(self.schemas, items, kind, old);
        let after = items_of(self.schemas, items, kind, new);
        presence(old, new, path, found);
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            path.push(key.clone());
            let (old, new) = (before.get(key).copied(), after.get(key).copied());
            presence(old, new, path, found);
            if *kind != ListKind::Set {
                self.compare(items, old, new, path, false, found);
            }
            path.pop();
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
        if !always {
            presence(old, new, path, found);
        }
        let (before, after) = (object(old), object(new));
        // Inside of something new even the structs that are always there are new.
        let there = always || (old.is_some() && new.is_some());
        for key in union_keys(&before, &after) {
            let Some((holds, _)) = Shape::Fields(fields).child(&key) else {
                continue;
            };
            let part = there && fields.fields.get(&key).is_some_and(|field| field.always);
            path.push(format!("f:{key}"));
            self.compare(holds, before.get(&key), after.get(&key), path, part, found);
            path.pop();
        }
    }
}

fn presence(old: Option<&Value>, new: Option<&Value>, path: &[String], found: &mut Comparison) {
    match (old, new) {
        (None, Some(_)) => found.added.insert(path),
        (Some(_), None) => found.removed.insert(path),
        _ => {}
    }
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

fn union_keys(a: &Map<String, Value>, b: &Map<String, Value>) -> Vec<String> {
    let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    keys.into_iter().cloned().collect()
}
