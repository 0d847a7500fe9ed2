//! `/c/{cluster}/search?q=`: objects of all kinds that have some words, best first. The field stands in the frame.

use crate::components::detail::Selected;
use crate::components::problem::Problem;
use crate::components::table::{Headings, ListTable};
use crate::components::whole::{Piece, Whole, part, says, whether};
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
    let (columns, namespaced) = (list.columns(), list.is_namespaced());
    view! {
        <ListTable says_why=true wide=false columns=columns namespaced=namespaced list=list headings=Headings::Plain />
    }
    .whole()
}

/// The search page.
#[component]
pub fn SearchPage() -> impl IntoView {
    let here = use_here();
    let list = List::default();
    let topic = memo(move || {
        let (cluster, query) = (here.cluster_id()?, here.query.with(|query| query.search())?);
        Some(Topic::Search { cluster, query })
    });
    let asks = memo(move || topic.with(Option::is_some));
    let feed = use_feed(topic, list);
    announce(&here, feed);
    let error = memo(move || match feed.phase.get() {
        Phase::Failed(error) if asks.get() => Some(error),
        _ => None,
    });
    let total = move || {
        let (total, _) = list.counts.get();
        let is_known = asks.get() && feed.phase.get() == Phase::Ready;
        let within = here.query.with(|query| text::within(&query.namespaces));
        let all = || format!("{}{within}", text::counted(total, "object"));
        match (is_known, text::window(0, text::count(list.len()), total)) {
            (false, _) => String::new(),
            (true, None) => all(),
            (true, Some(_)) => format!("the best {} of {}", list.len(), all()),
        }
    };
    let note = memo(move || {
        let words = match (asks.get(), list.is_empty(), feed.phase.get(), feed.syncing()) {
            (false, ..) => text::SEARCH,
            (true, false, ..) => return None,
            (true, true, Phase::Waiting, _) => text::WAITING,
            (true, true, _, Some(_)) => text::SEARCH_SYNCING,
            (true, true, ..) => {
                let within = here.query.with(|query| text::within(&query.namespaces));
                return Some(format!("{}{within}.", text::NOTHING_FOUND));
            }
        };
        Some(words.to_owned())
    });
    let is_shown = memo(move || asks.get() && !list.is_empty());
    part(move || {
        if let Some(error) = error.get() {
            return view! { <Problem error=error /> }.whole();
        }
        view! {
            <div class="head">
                <h1>"Search"</h1>
                <span class="dim num" data-testid="list-total" aria-live="polite">{says(total)}</span>
            </div>
            <div class="split">
                <div class="grow">
                    {part(move || if is_shown.get() { table(list) } else { ().whole() })}
                    <p class="note" hidden=whether(move || note.with(Option::is_none))>{says(move || note.get().unwrap_or_default())}</p>
                </div>
                <Selected />
            </div>
        }
        .whole()
    })
}
