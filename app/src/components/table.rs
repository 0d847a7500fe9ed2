//! The table of a list: kubectl's columns, rows that change one by one.

use crate::components::cell::{cell, is_right, lone_state, state_column};
use crate::components::whole::{Whole, entry, list as views, maybe, says, whether, word};
use crate::state::here::use_here;
use crate::state::list::List;
use crate::state::memo::memo;
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
    let order = memo(move || {
        here.query.with(|query| {
            query
                .sort
                .first()
                .filter(|sort| sort.column == name.to_ascii_lowercase())
                .map(|sort| sort.descending)
        })
    });
    let href = says(move || {
        here.href(|query| {
            query.sort = turned(&query.sort, name);
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
    /// The kind, which decides the columns.
    kind: KindId,
    /// Whether kubectl's wide columns are shown.
    wide: bool,
    /// The window.
    list: List,
) -> impl IntoView {
    let table = kind.get();
    let shown = columns(kind, wide);
    let says_why = table.watch == WatchForm::Object;
    let headings = shown
        .iter()
        .map(|(_, column)| {
            let namespace = (column.format == ColumnFormat::Name && table.namespaced).then(
                || view! { <Heading name="Namespace" description="Namespace of the object" right=false /> },
            );
            view! {
                <Heading name=column.name description=column.description right=is_right(column) />
                {namespace}
            }
        })
        .collect_view();
    let body = move || {
        let row = |row: ArcRwSignal<Row>| {
            let shown = shown.clone();
            entry(identity(&row), move || {
                table_row(&row, kind, &shown, says_why).whole()
            })
        };
        list.rows().into_iter().map(row).collect()
    };
    view! {
        <div class="tbl" tabindex="0" role="region" aria-label="Rows">
            <table data-testid="list-table">
                <thead>
                    <tr>{headings} {says_why.then(|| view! { <th scope="col" class="why">"Why"</th> })}</tr>
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
        whether(move || here.is_selected(&key))
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
                <th scope="row" class="n"><a href=here.selecting(key.clone())>{mark}{name.clone()}</a></th>
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

    #[test]
    fn wide_columns_are_asked_for() {
        let pod = KindId::of("Pod").unwrap();
        assert!(columns(pod, false).iter().all(|(_, column)| column.priority == 0));
        assert!(columns(pod, true).len() > columns(pod, false).len());
    }
}
