//! The table of a list: kubectl's columns, rows that change one by one.

use crate::components::cell::{cell, is_right, lone_state, state_column};
use crate::components::whole::Whole;
use crate::state::here::use_here;
use crate::state::list::List;
use crate::state::url::Query;
use leptos::prelude::*;
use model::kind::{Column, ColumnFormat, WatchForm};
use model::list::{Row, Sort};
use model::{KindId, NodeId, NodeKey};

/// The columns that are shown, each with its place in a row's cells.
fn columns(kind: KindId, wide: bool) -> Vec<(usize, &'static Column)> {
    kind.get()
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| wide || column.priority == 0)
        .collect()
}

/// The order after a click on a heading: ascending, descending, and no order again.
pub fn turned(sort: &[Sort], column: &str) -> Vec<Sort> {
    let column = column.to_lowercase();
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

/// A heading that sorts.
#[component]
fn Heading(
    /// What it says.
    name: &'static str,
    /// What it means.
    description: &'static str,
    /// Whether its cells stand at the right.
    right: bool,
) -> impl IntoView {
    let here = use_here();
    let order = Memo::new(move |_| {
        here.query.with(|query| {
            query
                .sort
                .first()
                .filter(|sort| sort.column == name.to_lowercase())
                .map(|sort| sort.descending)
        })
    });
    let href = move || {
        here.href(|query| {
            query.sort = turned(&query.sort, name);
            query.offset = 0;
        })
    };
    let aria = move || {
        order
            .get()
            .map(|descending| if descending { "descending" } else { "ascending" })
    };
    let arrow = move || {
        order
            .get()
            .map(|descending| if descending { " \u{2193}" } else { " \u{2191}" })
    };
    view! {
        <th scope="col" class:r=right class:s=move || order.get().is_some() aria-sort=aria>
            <a href=href title=description>{name}<span aria-hidden="true">{arrow}</span></a>
        </th>
    }
}

/// The rows of a list.
#[component]
pub fn ListTable(
    /// The kind, which decides the columns.
    kind: KindId,
    /// Whether kubectl's wide columns are shown.
    wide: bool,
    /// The window.
    list: List,
) -> impl IntoView {
    let entry = kind.get();
    let shown = columns(kind, wide);
    let says_why = entry.watch == WatchForm::Object;
    let headings = shown
        .iter()
        .map(|(_, column)| {
            let namespace = (column.format == ColumnFormat::Name && entry.namespaced).then(
                || view! { <Heading name="Namespace" description="Namespace of the object" right=false /> },
            );
            view! {
                <Heading name=column.name description=column.description right=is_right(column) />
                {namespace}
            }
        })
        .collect_view();
    let row = {
        let shown = shown.clone();
        move |row: ArcRwSignal<Row>| table_row(&row, kind, &shown, says_why)
    };
    view! {
        <div class="tbl" tabindex="0" role="region" aria-label="Rows">
            <table data-testid="list-table">
                <thead>
                    <tr>{headings} {says_why.then(|| view! { <th scope="col" class="why">"Why"</th> })}</tr>
                </thead>
                <tbody>
                    <For each=move || list.rows() key=identity children=row />
                </tbody>
            </table>
        </div>
    }
}

/// What makes a row the row it is. The number alone may mean another object after the server was started again.
fn identity(row: &ArcRwSignal<Row>) -> (NodeId, NodeKey) {
    row.with_untracked(|row| (row.id, row.key.clone()))
}

fn table_row(
    row: &ArcRwSignal<Row>,
    kind: KindId,
    shown: &[(usize, &'static Column)],
    says_why: bool,
) -> impl IntoView + use<> {
    let here = use_here();
    let key = row.with_untracked(|row| row.key.clone());
    let (name, namespace, address) = (key.name.clone(), key.namespace.clone(), key.to_string());
    let selected = {
        let key = key.clone();
        move || here.query.with(|query| query.selected.as_ref() == Some(&key))
    };
    let href = move || {
        let select = |query: &Query| query.selecting(Some(key.clone()));
        here.place.with(|place| place.href(&here.query.with(select)))
    };
    let state = state_column(kind);
    let cells = shown
        .iter()
        .map(|&(index, column)| {
            if column.format != ColumnFormat::Name {
                return cell(row.clone(), index, column, state == Some(index)).whole();
            }
            let mark = state.is_none().then(|| lone_state(row.clone()));
            let namespace = kind
                .get()
                .namespaced
                .then(|| view! { <td class="dim">{namespace.clone()}</td> });
            view! {
                <th scope="row" class="n"><a href=href.clone()>{mark}{name.clone()}</a></th>
                {namespace}
            }
            .whole()
        })
        .collect_view();
    let why = says_why.then(|| {
        let row = row.clone();
        let text = move || row.with(|row| row.reason.clone());
        view! { <td class="why" title=text.clone()>{text.clone()}</td> }
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

    #[test]
    fn wide_columns_are_asked_for() {
        let pod = KindId::of("Pod").unwrap();
        assert!(columns(pod, false).iter().all(|(_, column)| column.priority == 0));
        assert!(columns(pod, true).len() > columns(pod, false).len());
    }
}
