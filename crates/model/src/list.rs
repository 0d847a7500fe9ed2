//! Lists: rows in kubectl's columns, and windows onto them that follow changes.

use crate::{Health, NodeId, NodeKey, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::{fmt, str::FromStr};

/// A column of a list, as in the API server's Table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// The heading, as kubectl prints it but not in capitals.
    pub name: Cow<'static, str>,
    /// The type of its cells.
    pub format: ColumnFormat,
    /// 0 is always shown, 1 with kubectl's `-o wide`.
    pub priority: u8,
    /// What it means.
    pub description: Cow<'static, str>,
}

/// What a column's cells are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ColumnFormat {
    /// The object's name.
    Name,
    /// Text.
    Text,
    /// A number, aligned right.
    Number,
    /// A point in time, printed as an age.
    Date,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The object's number in its cluster's graph.
    pub id: NodeId,
    /// Its address.
    pub key: NodeKey,
    /// metadata.uid.
    pub uid: String,
    /// metadata.creationTimestamp.
    pub created_at: Option<Timestamp>,
    /// Cells in the order of the kind's columns.
    pub cells: Vec<Cell>,
    /// Its own health.
    pub health: Health,
    /// Why.
    pub reason: Option<String>,
    /// metadata.labels.
    pub labels: BTreeMap<String, String>,
}

/// What stands in one column of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cell {
    /// Nothing: `<none>`.
    #[default]
    None,
    /// Not known: `<unknown>`. Never shown as zero.
    Unknown,
    /// A number.
    Number(i64),
    /// A number with the time it last grew, as in restarts: `3 (5m ago)`.
    Counted(i64, Timestamp),
    /// A point in time, printed as its age.
    Time(Timestamp),
    /// The time from one point to another, or to now while it lasts: `4m12s`.
    Duration(Timestamp, Option<Timestamp>),
    /// Text, as kubectl prints it.
    Text(String),
}

impl Cell {
    /// Text, or `<none>` for nothing.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::None
        } else {
            Self::Text(text)
        }
    }

    /// The cell as kubectl prints it at `now`.
    pub fn print(&self, now: Timestamp) -> String {
        match self {
            Self::None => "<none>".to_owned(),
            Self::Unknown => "<unknown>".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Counted(number, last) => format!("{number} ({} ago)", crate::age::age(*last, now)),
            Self::Time(time) => crate::age::age(*time, now),
            Self::Duration(from, to) => crate::age::age(*from, to.unwrap_or(now)),
            Self::Text(text) => text.clone(),
        }
    }
}

/// One key of an order: a column's name in lower case, with `-` in front for descending.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sort {
    /// `name`, `namespace`, or a column's name in lower case.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

/// The text is not a sort key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a sort key: it must be a column's name, with `-` in front for descending")]
pub struct SortError(String);

impl FromStr for Sort {
    type Err = SortError;

    fn from_str(text: &str) -> Result<Self, SortError> {
        let (descending, column) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        if column.is_empty() || column.starts_with('-') {
            return Err(SortError(text.to_owned()));
        }
        Ok(Self {
            column: column.to_ascii_lowercase(),
            descending,
        })
    }
}

impl TryFrom<String> for Sort {
    type Error = SortError;

    fn try_from(text: String) -> Result<Self, SortError> {
        text.parse()
    }
}

impl From<Sort> for String {
    fn from(sort: Sort) -> Self {
        sort.to_string()
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.column)
    }
}

/// Which rows are wanted, in which order, and which part of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListQuery {
    /// `plural` or `plural.group`.
    pub kind: String,
    /// Only these namespaces; empty for all.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// A label selector in kubectl's syntax; empty for all.
    #[serde(default)]
    pub selector: String,
    /// Words that must stand in the cells, `field:value`, `field>value`, `-term`; empty for all.
    #[serde(default)]
    pub filter: String,
    /// The order; ties and no order at all go by namespace and name.
    #[serde(default)]
    pub sort: Vec<Sort>,
    /// The first row of the window.
    #[serde(default)]
    pub offset: u32,
    /// The most rows in the window.
    #[serde(default = "ListQuery::default_len")]
    pub len: u32,
}

impl ListQuery {
    /// The rows in a window that names no length.
    pub const fn default_len() -> u32 {
        500
    }
}

/// A window onto a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListWindow {
    /// The columns of the kind, in the order of the rows' cells. They stay as long as the window does.
    pub columns: Vec<Column>,
    /// Whether objects of the kind are in namespaces.
    pub namespaced: bool,
    /// Rows in the namespaces asked for, before the filter.
    pub total: u32,
    /// Rows that match the filter.
    pub matched: u32,
    /// The window's rows, in order.
    pub rows: Vec<Row>,
}

/// What turns one state of a window into a later one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListDelta {
    /// As in the window.
    pub total: u32,
    /// As in the window.
    pub matched: u32,
    /// Rows that are new in the window or changed.
    pub rows: Vec<Row>,
    /// The window's order, if it changed: ids of all its rows.
    pub order: Option<Vec<NodeId>>,
}

impl ListWindow {
    /// Applies a delta. Rows that the new order leaves out are dropped.
    pub fn apply(&mut self, delta: &ListDelta) {
        self.total = delta.total;
        self.matched = delta.matched;
        let changed: BTreeMap<NodeId, &Row> = delta.rows.iter().map(|row| (row.id, row)).collect();
        match &delta.order {
            None => {
                for row in &mut self.rows {
                    if let Some(new) = changed.get(&row.id) {
                        row.clone_from(new);
                    }
                }
            }
            Some(order) => {
                let mut rows: BTreeMap<NodeId, Row> = self.rows.drain(..).map(|row| (row.id, row)).collect();
                self.rows = order
                    .iter()
                    .filter_map(|id| {
                        changed
                            .get(id)
                            .map(|row| (*row).clone())
                            .or_else(|| rows.remove(id))
                    })
                    .collect();
            }
        }
    }

    /// The delta from `self` to `later`, or `None` if nothing changed.
    pub fn diff(&self, later: &ListWindow) -> Option<ListDelta> {
        let before: BTreeMap<NodeId, &Row> = self.rows.iter().map(|row| (row.id, row)).collect();
        let rows: Vec<Row> = later
            .rows
            .iter()
            .filter(|row| before.get(&row.id) != Some(row))
            .cloned()
            .collect();
        let moved = !self
            .rows
            .iter()
            .map(|row| row.id)
            .eq(later.rows.iter().map(|row| row.id));
        let order = moved.then(|| later.rows.iter().map(|row| row.id).collect());
        let counts = (self.total, self.matched) != (later.total, later.matched);
        (counts || order.is_some() || !rows.is_empty()).then_some(ListDelta {
            total: later.total,
            matched: later.matched,
            rows,
            order,
        })
    }
}
