//! The table of a list: kubectl's columns, rows that change one by one.

use crate::components::cell::{cell, is_right, lone_state, state_column};
use crate::components::whole::{Whole, Words, entry, list as views, maybe, says, whether, word};
use crate::state::here::{Here, use_here};
use crate::state::list::List;
use crate::state::memo::memo;
use crate::state::url::{Listed, Place, Query};
use leptos::prelude::*;
use model::list::{Column, ColumnFormat, Row, Sort};
use model::{KindId, NodeId, NodeKey};
use std::sync::Arc;

/// A column that is shown.
#[derive(Clone, Copy)]
struct Shown {
    /// Its place in a row's cells.
    place: usize,
    format: ColumnFormat,
    /// Whether it says the state of the row.
    is_state: bool,
}

/// The order after a click on a heading: ascending, descending, and no order again.
pub fn turned(sort: &[Sort], column: &str) -> Vec<Sort> {
    let column = column.to_ascii_lowercase();
    match sort.first() {
        Some(first) if first.column == column && !first.descending => vec![Sort {
            column,
            descending: true,
        }],
        Some(first) if first.column == column => Vec::new(),
        _ => vec![Sort {
            column,
            descending: false,
        }],
    }
}

/// What a table is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Headings {
    /// A list of a kind: its headings sort, and its rows are selected.
    #[default]
    Sorting,
    /// Hits in an order of their own: a row leads to its list.
    Plain,
    /// Kinds by their lists' addresses, to which they lead.
    Kinds,
}

/// A heading that sorts.
#[component]
fn Heading(
    /// What it says.
    name: String,
    /// What it means.
    description: String,
    /// Whether its cells stand at the right.
    right: bool,
) -> impl IntoView {
    let here = use_here();
    let column = name.to_ascii_lowercase();
    let order = memo(move || {
        here.query.with(|query| {
            query
                .sort
                .first()
                .filter(|sort| sort.column == column)
                .map(|sort| sort.descending)
        })
    });
    let heading = name.clone();
    let href = says(move || {
        here.href(|query| {
            query.sort = turned(&query.sort, &heading);
            query.offset = 0;
        })
    });
    let aria = move || {
        order
            .get()
            .map(|descending| if descending { "descending" } else { "ascending" })
    };
    let arrow = move || {
        match order.get() {
            Some(true) => " \u{2193}",
            Some(false) => " \u{2191}",
            None => "",
        }
        .to_owned()
    };
    view! {
        <th scope="col" class:r=right class:s=whether(move || order.get().is_some()) aria-sort=word(aria)>
            <a href=href title=description>{name}<span aria-hidden="true">{says(arrow)}</span></a>
        </th>
    }
}

/// The rows of a list.
#[component]
pub fn ListTable(
    /// Whether there is a column for what is not well.
    says_why: bool,
    /// Whether kubectl's wide columns are shown.
    wide: bool,
    /// The columns; none before the first window.
    columns: Arc<[Column]>,
    /// Whether the objects are in namespaces.
    namespaced: bool,
    /// The window.
    list: List,
    /// What it is for.
    #[prop(optional)]
    headings: Headings,
) -> impl IntoView {
    let state = state_column(&columns);
    let is_shown = |column: &Column| wide || column.priority == 0;
    let shown: Arc<[Shown]> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| is_shown(column))
        .map(|(place, column)| Shown {
            place,
            format: column.format,
            is_state: state == Some(place),
        })
        .collect();
    let has_state = state.is_some();
    let says_why = says_why && !columns.is_empty();
    let heading = move |name: String, description: String, right| match headings {
        Headings::Sorting => view! { <Heading name=name description=description right=right /> }.whole(),
        Headings::Plain | Headings::Kinds => view! { <th scope="col" title=description>{name}</th> }.whole(),
    };
    let heads = columns
        .iter()
        .filter(|column| is_shown(column))
        .map(|column| {
            let namespace = (column.format == ColumnFormat::Name && namespaced)
                .then(|| heading("Namespace".into(), "Namespace of the object".into(), false));
            let (name, description) = (column.name.to_string(), column.description.to_string());
            view! {
                {heading(name, description, is_right(column.format))}
                {namespace}
            }
        })
        .collect_view();
    let body = move || {
        let row = |row: ArcRwSignal<Row>| {
            let shown = shown.clone();
            entry(identity(&row), move || {
                table_row(&row, namespaced, &shown, has_state, says_why, headings).whole()
            })
        };
        list.rows().into_iter().map(row).collect()
    };
    view! {
        <div class="tbl" tabindex="0" role="region" aria-label="Rows">
            <table data-testid="list-table">
                <thead>
                    <tr>{heads} {says_why.then(|| view! { <th scope="col" class="why">"Why"</th> })}</tr>
                </thead>
                <tbody>
                    {views(body)}
                </tbody>
            </table>
        </div>
    }
}

/// What makes a row the row it is. The number alone may mean another object after the server was started again.
fn identity(row: &ArcRwSignal<Row>) -> (NodeId, NodeKey) {
    row.with_untracked(|row| (row.id, row.key.clone()))
}

/// Where a row leads: it is selected, on this page or in the list of its kind. Lists of a kind that only the cluster knows
/// cannot be named here.
fn href(here: Here, key: NodeKey, headings: Headings) -> Words {
    if let (Headings::Kinds, Some(cluster)) = (headings, here.cluster_id()) {
        let href = Place::List(cluster, Listed::parse(&key.name)).href(&Query::default());
        return says(move || href.clone());
    }
    let kind = KindId::of_table(&key.kind).filter(|_| headings == Headings::Plain);
    match (here.cluster_id(), kind) {
        (Some(cluster), Some(kind)) => {
            let query = Query {
                namespaces: key.namespace.iter().cloned().collect(),
                selected: Some(key),
                ..Query::default()
            };
            let href = Place::List(cluster, kind.into()).href(&query);
            says(move || href.clone())
        }
        _ => here.selecting(key),
    }
}

fn table_row(
    row: &ArcRwSignal<Row>,
    namespaced: bool,
    shown: &[Shown],
    has_state: bool,
    says_why: bool,
    headings: Headings,
) -> impl IntoView + use<> {
    let here = use_here();
    let key = row.with_untracked(|row| row.key.clone());
    let (name, namespace, address) = (key.name.clone(), key.namespace.clone(), key.to_string());
    let selected = {
        let key = key.clone();
        whether(move || here.is_selected(&key))
    };
    let cells = shown
        .iter()
        .map(|column| {
            if column.format != ColumnFormat::Name {
                return cell(row.clone(), column.place, column.format, column.is_state).whole();
            }
            let mark = (!has_state).then(|| lone_state(row.clone()));
            let namespace = namespaced.then(|| view! { <td class="dim">{namespace.clone()}</td> });
            view! {
                <th scope="row" class="n"><a href=href(here, key.clone(), headings)>{mark}{name.clone()}</a></th>
                {namespace}
            }
            .whole()
        })
        .collect_view();
    let why = says_why.then(|| {
        let row = row.clone();
        let text = move || row.with(|row| row.reason.clone());
        let title = maybe(text.clone());
        view! { <td class="why" title=title>{says(move || text().unwrap_or_default())}</td> }
    });
    view! {
        <tr data-testid="row" data-key=address class:sel=selected>
            {cells}
            {why}
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_goes_round() {
        let text = |sort: &[Sort]| sort.iter().map(Sort::to_string).collect::<Vec<_>>().join(",");
        let one = turned(&[], "Restarts");
        let two = turned(&one, "Restarts");
        assert_eq!(
            (
                text(&one).as_str(),
                text(&two).as_str(),
                turned(&two, "Restarts").len()
            ),
            ("restarts", "-restarts", 0)
        );
        assert_eq!(text(&turned(&two, "Name")), "name");
    }
}
