//! One cell of a list, and ages that tick.

use crate::components::mark;
use crate::components::whole::{Whole, maybe, part, says};
use crate::state::clock::{Clock, use_clock};
use crate::state::memo::memo;
use crate::text::utc;
use leptos::prelude::*;
use model::Timestamp;
use model::age::age;
use model::list::{Cell, Column, ColumnFormat, Row};

/// A time as its age, with the whole time on hover.
#[component]
pub fn Age(
    /// The time; nothing is shown without one.
    #[prop(into)]
    of: Signal<Option<Timestamp>>,
) -> impl IntoView {
    let clock = use_clock();
    view! {
        <time class="age" title=maybe(move || of.get().map(utc))>
            {says(move || of.get().map(|time| age(time, clock.now())).unwrap_or_default())}
        </time>
    }
}

/// The column in which the state of a row is shown: `Status`, else `Ready`; `None` if there is neither.
pub fn state_column(columns: &[Column]) -> Option<usize> {
    ["Status", "Ready"]
        .iter()
        .find_map(|name| columns.iter().position(|column| column.name == *name))
}

/// Whether the cells are numbers or times, which stand at the right.
pub fn is_right(format: ColumnFormat) -> bool {
    matches!(format, ColumnFormat::Number | ColumnFormat::Date)
}

/// The text of a cell. Only what says a time listens to the clock.
fn print(cell: &Cell, clock: Clock) -> String {
    let ticks = matches!(cell, Cell::Counted(..) | Cell::Time(_) | Cell::Duration(_, None));
    cell.print(if ticks { clock.now() } else { Timestamp(0) })
}

/// The whole time behind a cell, for hovering; the whole text of a long one.
fn whole(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Counted(_, time) | Cell::Time(time) | Cell::Duration(time, _) => Some(utc(*time)),
        Cell::Text(text) if text.len() > 32 => Some(text.clone()),
        _ => None,
    }
}

/// A cell of a row, as one `td`.
pub fn cell(row: ArcRwSignal<Row>, index: usize, format: ColumnFormat, is_state: bool) -> impl IntoView {
    let clock = use_clock();
    let text = {
        let row = row.clone();
        move || {
            row.with(|row| {
                row.cells
                    .get(index)
                    .map(|cell| print(cell, clock))
                    .unwrap_or_default()
            })
        }
    };
    let title = {
        let row = row.clone();
        maybe(move || row.with(|row| row.cells.get(index).and_then(whole)))
    };
    if is_state {
        let class = says(move || format!("st {}", row.with(|row| row.health.word())));
        return view! { <td title=title><span class=class>{says(text)}</span></td> }.whole();
    }
    let class = match format {
        ColumnFormat::Number => "n r",
        ColumnFormat::Date => "n r dim",
        ColumnFormat::Name | ColumnFormat::Text => "n dim",
    };
    view! { <td class=class title=title>{says(text)}</td> }.whole()
}

/// The health of a row without a column for it.
pub fn lone_state(row: ArcRwSignal<Row>) -> impl IntoView {
    let health = memo(move || row.with(|row| row.health));
    part(move || mark::dot(health.get()).whole())
}
