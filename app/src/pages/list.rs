//! `/c/{cluster}/{plural[.group]}`: the objects of one kind.

use crate::components::detail::Selected;
use crate::components::field::{Typed, field};
use crate::components::problem::Problem;
use crate::components::table::ListTable;
use crate::components::whole::{Piece, Whole, part, says, whether};
use crate::pages::announce;
use crate::pages::nowhere::NowherePage;
use crate::state::feed::{Feed, Phase, use_feed};
use crate::state::here::use_here;
use crate::state::list::List;
use crate::state::memo::{Known, memo};
use crate::state::url::{Listed, Place};
use crate::text;
use leptos::prelude::*;
use model::ClusterId;
use model::kind::WatchForm;
use model::list::ListQuery;
use model::stream::Topic;

/// The list page.
#[component]
pub fn ListPage() -> impl IntoView {
    let here = use_here();
    part(move || match here.place.get() {
        Place::List(cluster, kind) => view! { <KindList cluster=cluster kind=kind /> }.whole(),
        _ => view! { <NowherePage /> }.whole(),
    })
}

/// The table, made anew for other columns. They are read here: what a component reads by itself it does not follow.
fn table(list: List, wide: bool, says_why: bool) -> Piece {
    let (columns, namespaced) = (list.columns(), list.is_namespaced());
    view! { <ListTable says_why=says_why wide=wide columns=columns namespaced=namespaced list=list /> }
        .whole()
}

/// Whether whole objects are read, so that there may be something to say of each.
fn has_objects(kind: &Listed) -> bool {
    match kind {
        Listed::Known(kind) => kind.get().watch == WatchForm::Object,
        Listed::Other(_) => true,
    }
}

/// The list of one kind of one cluster.
#[component]
fn KindList(cluster: ClusterId, kind: Listed) -> impl IntoView {
    let here = use_here();
    let list = List::default();
    let (heading, says_why) = (text::list(&kind), has_objects(&kind));
    let topic = memo(move || {
        Some(Topic::List {
            cluster: cluster.clone(),
            query: here.query.with(|query| query.list(&kind)),
        })
    });
    let feed = use_feed(topic, list);
    announce(&here, feed);
    let wide = memo(move || here.query.with(|query| query.wide));
    let error = memo(move || match feed.phase.get() {
        Phase::Failed(error) => Some(error),
        Phase::Waiting | Phase::Ready => None,
    });
    let total = move || {
        let (total, matched) = list.counts.get();
        // Unknown is never shown as zero.
        let is_known = feed.phase.get() == Phase::Ready && feed.syncing().is_none();
        if is_known {
            text::total(matched, total)
        } else {
            String::new()
        }
    };
    let columns = move || {
        if wide.get() {
            "Fewer columns"
        } else {
            "Wide columns"
        }
        .to_owned()
    };
    let rows = move || match error.get() {
        // The way to a list that can be read stays: what is typed into the filter may not be complete yet.
        Some(error) => view! { <Problem error=error /> }.whole(),
        None => view! {
            {part(move || table(list, wide.get(), says_why))}
            <Note list=list feed=feed />
            <Pages list=list />
        }
        .whole(),
    };
    view! {
        <div class="head">
            <h1>{heading}</h1>
            <span class="dim num" data-testid="list-total">{says(total)}</span>
            {field(Typed::Filter)}
            <span class="right"><a class="btn q" href=says(move || here.href(|query| query.wide = !query.wide))>{says(columns)}</a></span>
        </div>
        <div class="split">
            <div class="grow">{part(rows)}</div>
            <Selected />
        </div>
    }
}

/// Why there are no rows.
#[component]
fn Note(list: List, feed: Feed) -> impl IntoView {
    let here = use_here();
    let words = memo(move || {
        if !list.is_empty() {
            return None;
        }
        let words = feed.waits().unwrap_or_else(|| match list.counts.get() {
            (1.., _) => text::NOTHING_MATCHES.to_owned(),
            _ if list.is_namespaced() && here.query.with(|query| !query.namespaces.is_empty()) => {
                format!("{} in these namespaces.", text::NOTHING_HERE)
            }
            _ => format!("{}.", text::NOTHING_HERE),
        });
        Some(words)
    });
    view! { <p class="note" hidden=whether(move || words.with(Option::is_none))>{says(move || words.get().unwrap_or_default())}</p> }
}

/// Which rows of how many, and the ways to the others.
#[component]
fn Pages(list: List) -> impl IntoView {
    let here = use_here();
    let step = ListQuery::default_len();
    let ways = memo(move || {
        let offset = here.query.with(|query| query.offset);
        let (shown, (_, matched)) = (text::count(list.len()), list.counts.get());
        let words = text::window(offset, shown, matched)?;
        let before = (offset > 0).then(|| offset.saturating_sub(step));
        let after = (shown > 0 && offset.saturating_add(shown) < matched).then(|| offset + step);
        Some((words, before, after))
    });
    let is_part = memo(move || ways.with(Option::is_some));
    let before = memo(move || ways.with(|ways| ways.as_ref().and_then(|(_, before, _)| *before)));
    let after = memo(move || ways.with(|ways| ways.as_ref().and_then(|(.., after)| *after)));
    let way = move |to: Known<Option<u32>>, rel: &'static str, label: &'static str| {
        part(move || {
            let link = |offset| {
                let href = says(move || here.href(|query| query.offset = offset));
                view! { <a class="btn" rel=rel href=href>{label}</a> }
            };
            to.get().map(link).whole()
        })
    };
    part(move || {
        if !is_part.get() {
            return ().whole();
        }
        let words = says(move || {
            ways.with(|ways| ways.as_ref().map(|(words, ..)| words.clone()).unwrap_or_default())
        });
        view! {
            <nav class="pages num" aria-label="Rows">
                <span class="dim">{words}</span>
                {way(before, "prev", "Before")}
                {way(after, "next", "Next")}
            </nav>
        }
        .whole()
    })
}
