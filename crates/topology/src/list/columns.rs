//! The fields that a list can be ordered and filtered by.

use crate::facts::{CellRef, Facts};
use model::Timestamp;
use model::list::{Cell, Column};
use std::borrow::Cow;

/// A field of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// The namespace.
    Namespace,
    /// The name.
    Name,
    /// The word for its health.
    Health,
    /// A column, by its place among the kind's columns.
    Column(usize),
}

impl Field {
    /// `name`, `namespace`, `health`, or the kind's column of this name in any case; a dash may stand for a space.
    pub(super) fn parse(columns: &[Column], text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let column = |name: &str| {
            let name = name.to_lowercase();
            name == text || name.replace(' ', "-") == text
        };
        match text.as_str() {
            "name" => Some(Self::Name),
            "namespace" => Some(Self::Namespace),
            "health" => Some(Self::Health),
            _ => columns.iter().position(|own| column(&own.name)).map(Self::Column),
        }
    }

    /// The field's text as it is read at `now`.
    pub(super) fn print<'a>(&self, facts: &'a Facts, now: Timestamp) -> Cow<'a, str> {
        match self {
            Self::Namespace => facts.key.namespace.as_deref().unwrap_or_default().into(),
            Self::Name => (*facts.key.name).into(),
            Self::Health => facts.status.health.word().into(),
            Self::Column(place) => facts.cells.get(*place).map_or("".into(), |cell| print(cell, now)),
        }
    }
}

/// A cell's text, without a copy where the cell is text.
pub(super) fn print(cell: CellRef<'_>, now: Timestamp) -> Cow<'_, str> {
    match cell {
        CellRef::Text(text) => text.into(),
        other => Cell::from(other).print(now).into(),
    }
}

/// The names of a kind's fields, for errors.
pub(super) fn allowed(columns: &[Column]) -> String {
    let mut names: Vec<String> = columns
        .iter()
        .map(|column| column.name.to_lowercase().replace(' ', "-"))
        .collect();
    names.extend(["namespace".to_owned(), "health".to_owned()]);
    format!("use one of {}", names.join(", "))
}
