//! Fields of a YAML mapping, read one by one so that a problem names the field and never quotes its value.

use serde_yaml_ng::{Mapping, Value};

/// A field is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldProblem {
    pub field: String,
    pub problem: String,
}

impl FieldProblem {
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

type Read<T> = Result<T, FieldProblem>;

/// Text; empty counts as not set, as in kubectl.
pub(super) fn text(map: &Mapping, field: &str) -> Read<Option<String>> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(FieldProblem::new(field, "must be text (put it in quotes)")),
    }
}

/// True or false; false if not set.
pub(super) fn flag(map: &Mapping, field: &str) -> Read<bool> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(FieldProblem::new(field, "must be true or false")),
    }
}

/// A mapping.
pub(super) fn map<'a>(map: &'a Mapping, field: &str) -> Read<Option<&'a Mapping>> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Mapping(map)) => Ok(Some(map)),
        Some(_) => Err(FieldProblem::new(field, "must be a mapping")),
    }
}

/// A list; empty if not set.
pub(super) fn list<'a>(map: &'a Mapping, field: &str) -> Read<&'a [Value]> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Sequence(list)) => Ok(list),
        Some(_) => Err(FieldProblem::new(field, "must be a list")),
    }
}

/// A list of texts.
pub(super) fn texts(map: &Mapping, field: &str) -> Read<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts: Option<Vec<String>> = list(map, field)?.iter().map(text).collect();
    texts.ok_or_else(|| FieldProblem::new(field, "must hold only text (put numbers in quotes)"))
}
