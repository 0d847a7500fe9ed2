//! `/c/{cluster}/diagnostics`: how the watches of a cluster are.

use crate::components::problem::Problem;
use crate::components::table::{Headings, ListTable};
use crate::components::whole::{Piece, Whole, part, says};
use crate::pages::announce;
use crate::state::feed::{Phase, use_feed};
use crate::state::here::use_here;
use crate::state::list::List;
use crate::state::memo::memo;
use crate::text;
use leptos::prelude::*;
use model::stream::Topic;

/// The table. The columns are read here: what a component reads by itself it does not follow.
fn table(list: List) -> Piece {
    let columns = list.columns();
    view! { <ListTable says_why=true wide=false columns=columns namespaced=false list=list headings=Headings::Kinds /> }
        .whole()
}

/// The diagnostics page.
#[component]
pub fn DiagnosticsPage() -> impl IntoView {
    let here = use_here();
    let list = List::default();
    let topic = memo(move || here.cluster_id().map(|cluster| Topic::Diagnostics { cluster }));
    let feed = use_feed(topic, list);
    announce(&here, feed);
    let error = memo(move || match feed.phase.get() {
        Phase::Failed(error) => Some(error),
        Phase::Waiting | Phase::Ready => None,
    });
    let total = move || match feed.phase.get() {
        Phase::Ready => text::counted(list.counts.get().0, "kind"),
        Phase::Waiting | Phase::Failed(_) => String::new(),
    };
    part(move || match error.get() {
        Some(error) => view! { <Problem error=error /> }.whole(),
        None => view! {
            <div class="head">
                <h1>"Diagnostics"</h1>
                <span class="dim num" data-testid="list-total">{says(total)}</span>
            </div>
            <div class="grow">{part(move || table(list))}</div>
        }
        .whole(),
    })
}
