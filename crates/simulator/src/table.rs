//! The cells of tables, in kubectl's words. The columns themselves are data (`data.rs`).

use serde_json::{Value, json};

use crate::resources::Resource;

mod age;
mod autoscalers;
mod cells;
mod events;
mod network;
mod others;
mod pods;
mod rights;
mod workloads;

pub(crate) use age::age;

/// Makes the cells of one kind.
#[derive(Clone, Copy)]
pub(crate) struct Printer(fn(&Object<'_>) -> Vec<Value>);

/// An object that is printed.
pub(crate) struct Object<'a> {
    value: &'a Value,
    now: i64,
}

impl Printer {
    /// The printer of a kind; none where nobody has written one yet.
    pub(crate) fn of(resource: &Resource) -> Option<Self> {
        cells::PRINTERS
            .iter()
            .find(|(group, plural, _)| *group == resource.group && *plural == resource.plural)
            .map(|(_, _, printer)| Self(*printer))
    }

    /// Prints nothing.
    pub(crate) fn none() -> Self {
        Self(|_| Vec::new())
    }

    /// The cells of an object, with ages as of `now` (seconds since 1970).
    pub(crate) fn cells(self, object: &Value, now: i64) -> Vec<Value> {
        (self.0)(&Object { value: object, now })
    }
}

impl<'a> Object<'a> {
    /// A field by its JSON pointer; null when it is absent.
    fn at(&self, pointer: &str) -> &'a Value {
        self.value.pointer(pointer).unwrap_or(&Value::Null)
    }

    fn text(&self, pointer: &str) -> &'a str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    fn name(&self) -> Value {
        json!(self.text("/metadata/name"))
    }

    fn age(&self) -> Value {
        self.since("/metadata/creationTimestamp")
    }

    fn since(&self, pointer: &str) -> Value {
        json!(age(self.text(pointer), self.now))
    }

    fn number(&self, pointer: &str) -> i64 {
        self.at(pointer).as_i64().unwrap_or_default()
    }

    fn list(&self, pointer: &str) -> &'a [Value] {
        self.at(pointer).as_array().map_or(&[], Vec::as_slice)
    }

    fn count(&self, pointer: &str) -> usize {
        match self.at(pointer) {
            Value::Object(fields) => fields.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        }
    }
}
