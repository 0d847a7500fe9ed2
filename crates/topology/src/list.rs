//! Lists: the rows of a kind, selected, filtered and ordered, and the window of them that a page shows.

use crate::change::Change;
use crate::facts::Facts;
use crate::query::QueryError;
use crate::selector::LabelSelector;
use crate::state::{Entry, State};
use columns::Field;
use filter::Filter;
use model::list::{Column, ListQuery, ListWindow, Row};
use model::{Kind, KindId, Timestamp};
use order::{SortKey, Value};
use std::cmp::Ordering;
use std::sync::Arc;

mod columns;
mod filter;
mod order;

/// A window onto the list of a kind.
#[derive(Clone, Debug)]
pub struct ListView {
    kind: KindId,
    /// As they were when the query was read.
    columns: Arc<[Column]>,
    /// Sorted; empty for all.
    namespaces: Vec<String>,
    selector: LabelSelector,
    filter: Filter,
    sort: Vec<SortKey>,
    offset: usize,
    len: usize,
}

impl ListView {
    /// The window that a query asks for, of a kind that the cluster may have objects of.
    pub fn parse(query: &ListQuery, state: &State) -> Result<Self, QueryError> {
        let found = state
            .kinds()
            .find(|kind| kind.get().is_called(&query.kind, state.version(*kind)));
        let kind = found.ok_or_else(|| {
            let near: Vec<String> = near(&query.kind, state).collect();
            let advice = if near.is_empty() {
                "the cluster serves none of a name like it".to_owned()
            } else {
                format!("near to it are {}", near.join(", "))
            };
            QueryError::new("kind", &query.kind, advice)
        })?;
        let columns = state.columns(kind);
        let mut namespaces = query.namespaces.clone();
        namespaces.sort();
        namespaces.dedup();
        if !kind.get().namespaced {
            namespaces.clear();
        }
        let sort = query
            .sort
            .iter()
            .map(|sort| {
                let field = Field::parse(columns, &sort.column)
                    .ok_or_else(|| QueryError::new("sort", &sort.column, columns::allowed(columns)))?;
                Ok(SortKey {
                    field,
                    descending: sort.descending,
                })
            })
            .collect::<Result<_, QueryError>>()?;
        Ok(Self {
            kind,
            columns: columns.into(),
            namespaces,
            selector: LabelSelector::parse(&query.selector)?,
            filter: Filter::parse(columns, &query.filter)?,
            sort,
            offset: usize::try_from(query.offset).unwrap_or(usize::MAX),
            len: usize::try_from(query.len).unwrap_or(usize::MAX),
        })
    }

    /// The kind it lists.
    pub fn kind(&self) -> KindId {
        self.kind
    }

    /// Whether the cluster still serves the kind, with the columns that the query was read for. If not, read it again.
    pub fn fits(&self, state: &State) -> bool {
        state.serves(self.kind) && *self.columns == *state.columns(self.kind)
    }

    /// The namespaces it shows, sorted; empty for all.
    pub fn namespaces(&self) -> &[String] {
        &self.namespaces
    }

    /// Moves the window.
    pub fn set_window(&mut self, offset: u32, len: u32) {
        self.offset = usize::try_from(offset).unwrap_or(usize::MAX);
        self.len = usize::try_from(len).unwrap_or(usize::MAX);
    }

    /// Whether a change can show in it. Cost: the change.
    pub fn is_touched_by(&self, change: &Change) -> bool {
        change.touches(self.kind, &self.namespaces)
    }

    /// The window in a state, at `now` (ages are compared and filtered by how they read).
    ///
    /// Cost: the rows of the kind in the namespaces asked for; without selector, filter and order only the rows up to
    /// the window's end.
    pub fn window(&self, state: &State, now: Timestamp) -> ListWindow {
        let columns = state.columns(self.kind).to_vec();
        let namespaced = self.kind.get().namespaced;
        let total = self.total(state);
        let objects = state.objects(self.kind, &self.namespaces);
        if self.selector.is_empty() && self.filter.is_empty() && self.sort.is_empty() {
            let rows = objects.skip(self.offset).take(self.len);
            return ListWindow {
                columns,
                namespaced,
                total,
                matched: total,
                rows: rows.filter_map(Entry::row).collect(),
            };
        }
        let mut matched: Vec<Ranked<'_>> = objects
            .filter_map(|entry| Some((entry, entry.facts()?)))
            .filter(|(_, facts)| self.wants(facts, now))
            .enumerate()
            .map(|(place, (entry, facts))| Ranked {
                value: self.sort.first().map(|key| key.value(facts, now)),
                place,
                entry,
                facts,
            })
            .collect();
        let count = matched.len();
        let end = self.offset.saturating_add(self.len).min(count);
        let order = |a: &Ranked<'_>, b: &Ranked<'_>| self.order(a, b, now);
        if end < count && end > 0 {
            matched.select_nth_unstable_by(end - 1, order);
            matched.truncate(end);
        }
        matched.sort_unstable_by(order);
        let rows: Vec<Row> = matched
            .into_iter()
            .take(end)
            .skip(self.offset)
            .filter_map(|ranked| ranked.entry.row())
            .collect();
        ListWindow {
            columns,
            namespaced,
            total,
            matched: u32::try_from(count).unwrap_or(u32::MAX),
            rows,
        }
    }

    fn total(&self, state: &State) -> u32 {
        if self.namespaces.is_empty() {
            return state.count(self.kind);
        }
        let names = self.namespaces.iter();
        names.map(|name| state.tally(self.kind, Some(name)).objects).sum()
    }

    fn wants(&self, facts: &Facts, now: Timestamp) -> bool {
        self.selector.matches(&facts.labels) && self.filter.matches(facts, now)
    }

    fn order(&self, a: &Ranked<'_>, b: &Ranked<'_>, now: Timestamp) -> Ordering {
        let mut keys = self.sort.iter();
        let first = match (keys.next(), &a.value, &b.value) {
            (Some(key), Some(a), Some(b)) => key.compare(a, b),
            _ => Ordering::Equal,
        };
        let by_key = |order: Ordering, key: &SortKey| {
            order.then_with(|| key.compare(&key.value(a.facts, now), &key.value(b.facts, now)))
        };
        keys.fold(first, by_key).then(a.place.cmp(&b.place))
    }
}

/// A row on its way to its place.
struct Ranked<'a> {
    /// What it is ordered by first, if by anything.
    value: Option<Value<'a>>,
    /// Its place by namespace and name, which decides a tie.
    place: usize,
    entry: &'a Entry,
    facts: &'a Facts,
}

/// The kinds that a cluster serves whose code a text is, as `svc`, or whose plurals begin most like it does: with three letters
/// or more, or with all of it.
fn near(text: &str, state: &State) -> impl Iterator<Item = String> {
    let text = text.to_ascii_lowercase();
    let enough = text.len().clamp(2, 3);
    let likeness = move |kind: KindId| {
        let Kind { plural, code, .. } = kind.get();
        let shared = plural.bytes().zip(text.bytes());
        match code.eq_ignore_ascii_case(&text) {
            true => usize::MAX,
            false => shared.take_while(|(a, b)| a == b).count(),
        }
    };
    let most = state.kinds().map(&likeness).max().filter(|most| *most >= enough);
    let near = state.kinds().filter(move |kind| Some(likeness(*kind)) == most);
    near.map(|kind| kind.get().plural_group())
}
