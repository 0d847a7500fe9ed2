//! `/c/{cluster}/{plural[.group]}`: the objects of one kind.

use crate::browser;
use crate::components::detail::Selected;
use crate::components::problem::Problem;
use crate::components::table::ListTable;
use crate::components::whole::Whole;
use crate::pages::announce;
use crate::pages::nowhere::{NowherePage, UnknownKind};
use crate::state::feed::{Feed, Phase, use_feed};
use crate::state::here::{use_change, use_here};
use crate::state::list::List;
use crate::state::url::{Place, Query};
use crate::text;
use leptos::prelude::*;
use model::list::ListQuery;
use model::stream::Topic;
use model::{ClusterId, KindId};

/// How long typing rests before the filter is applied, in milliseconds.
const REST_MS: u32 = 180;

/// The list page.
#[component]
pub fn ListPage() -> impl IntoView {
    let here = use_here();
    move || match here.place.get() {
        Place::List(cluster, kind) => view! { <KindList cluster=cluster kind=kind /> }.whole(),
        Place::UnknownKind(_, kind) => view! { <UnknownKind kind=kind /> }.whole(),
        _ => view! { <NowherePage /> }.whole(),
    }
}

/// The list of one kind of one cluster.
#[component]
fn KindList(cluster: ClusterId, kind: KindId) -> impl IntoView {
    let here = use_here();
    let list = List::default();
    let topic = Memo::new(move |_| {
        Some(Topic::List {
            cluster: cluster.clone(),
            query: here.query.with(|query| query.list(kind)),
        })
    });
    let feed = use_feed(topic, list);
    announce(&here, feed);
    let wide = Memo::new(move |_| here.query.with(|query| query.wide));
    let error = Memo::new(move |_| match feed.phase.get() {
        Phase::Failed(error) => Some(error),
        Phase::Waiting | Phase::Ready => None,
    });
    let total = move || {
        let (total, matched) = list.counts.get();
        // Unknown is never shown as zero.
        (feed.phase.get() == Phase::Ready && feed.syncing().is_none()).then(|| text::total(matched, total))
    };
    let columns = move || {
        if wide.get() {
            "Fewer columns"
        } else {
            "Wide columns"
        }
    };
    move || {
        match error.get() {
        Some(error) => view! { <Problem error=error /> }.whole(),
        None => view! {
            <div class="head">
                <h1>{text::plural(kind)}</h1>
                <span class="dim num" data-testid="list-total">{total}</span>
                <Filter />
                <span class="right"><a class="btn q" href=move || here.href(|query| query.wide = !query.wide)>{columns}</a></span>
            </div>
            <div class="split">
                <div class="grow">
                    {move || view! { <ListTable kind=kind wide=wide.get() list=list /> }}
                    <Note kind=kind list=list feed=feed />
                    <Pages list=list />
                </div>
                <Selected />
            </div>
        }
            .whole(),
    }
    }
}

/// The filter: a form, and at once with script.
#[component]
fn Filter() -> impl IntoView {
    let here = use_here();
    let change = use_change();
    let text = Memo::new(move |_| here.query.with(|query| query.filter.clone()));
    let rest = move || {
        let query = Query {
            filter: String::new(),
            offset: 0,
            ..here.query.get()
        };
        query
            .pairs()
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect_view()
    };
    let field = NodeRef::<leptos::html::Input>::new();
    let strokes = StoredValue::new(0_u32);
    let apply = move || {
        let Some(value) = field.get_untracked().map(|field| field.value()) else {
            return;
        };
        if text.get_untracked() != value {
            change(true, &|query| {
                query.filter.clone_from(&value);
                query.offset = 0;
            });
        }
    };
    let typed = {
        let apply = apply.clone();
        move |_| {
            let stroke = strokes.get_value().wrapping_add(1);
            strokes.set_value(stroke);
            let apply = apply.clone();
            browser::after(REST_MS, move || {
                if strokes.try_get_value() == Some(stroke) {
                    apply();
                }
            });
        }
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        apply();
    };
    view! {
        <form class="filter" role="search" method="get" action=move || here.place.get().path() on:submit=submit>
            {rest}
            <input
                type="search"
                name="q"
                class="field"
                data-filter=""
                placeholder="Filter: word, status:running, restarts>5, -term"
                aria-label="Filter"
                aria-keyshortcuts="/"
                autocomplete="off"
                spellcheck="false"
                value=text.get_untracked()
                prop:value=move || text.get()
                node_ref=field
                on:input=typed
            />
            <button class="btn unscripted">"Filter"</button>
        </form>
    }
}

/// Why there are no rows.
#[component]
fn Note(kind: KindId, list: List, feed: Feed) -> impl IntoView {
    let here = use_here();
    move || {
        let empty = list.is_empty();
        let words = match (empty, feed.phase.get(), feed.syncing()) {
            (false, ..) => return None,
            (true, Phase::Waiting, _) => text::WAITING.to_owned(),
            (true, _, Some((synced, kinds))) => format!("Loading, {synced} of {kinds} kinds are in."),
            (true, ..) if list.counts.get().0 > 0 => text::NOTHING_MATCHES.to_owned(),
            (true, ..) if kind.get().namespaced && here.query.with(|query| !query.namespaces.is_empty()) => {
                format!("{} in these namespaces.", text::NOTHING_HERE)
            }
            (true, ..) => format!("{}.", text::NOTHING_HERE),
        };
        Some(view! { <p class="note">{words}</p> })
    }
}

/// Which rows of how many, and the ways to the others.
#[component]
fn Pages(list: List) -> impl IntoView {
    let here = use_here();
    let step = ListQuery::default_len();
    move || {
        let offset = here.query.with(|query| query.offset);
        let (shown, (_, matched)) = (u32::try_from(list.len()).unwrap_or(u32::MAX), list.counts.get());
        text::window(offset, shown, matched).map(|words| {
            let before = (offset > 0).then(|| here.href(|query| query.offset = offset.saturating_sub(step)));
            let after = (offset.saturating_add(shown) < matched && shown > 0)
                .then(|| here.href(|query| query.offset = offset + step));
            view! {
                <nav class="pages num" aria-label="Rows">
                    <span class="dim">{words}</span>
                    {before.map(|href| view! { <a class="btn" rel="prev" href=href>"Before"</a> })}
                    {after.map(|href| view! { <a class="btn" rel="next" href=href>"Next"</a> })}
                </nav>
            }
        })
    }
}
