//! The toolbar of the topology: layers, focus, and what is shown.

use crate::components::mark;
use crate::components::rest::rest;
use crate::components::tree::tally_words;
use crate::components::whole::{Whole, each, part, says, whether, word};
use crate::state::graph::LiveGraph;
use crate::state::here::{use_change, use_here};
use crate::state::level::weight;
use crate::state::memo::memo;
use crate::state::tree::Tally;
use crate::state::url::{Place, Query};
use crate::text;
use leptos::prelude::*;
use model::NodeKey;
use model::graph::Layer;
use model::level::Level;

/// How many objects there are and how many edges.
#[component]
pub fn Totals(
    /// The graph.
    graph: LiveGraph,
) -> impl IntoView {
    let words = memo(move || {
        graph.version.track();
        graph.with(|graph| {
            let mut tally = Tally::default();
            for (objects, unhealthy) in graph.nodes.values().map(weight) {
                tally.objects += objects;
                tally.unhealthy += unhealthy;
            }
            let words = tally_words(tally);
            match graph.level {
                Level::Object => words,
                level => format!(
                    "{words}, as {}",
                    text::counted(text::count(graph.nodes.len()), level.word())
                ),
            }
        })
    });
    view! { <span class="dim num">{says(move || words.get())}</span> }
}

/// From how far away the graph is seen: as far as it takes to draw it all, or as is chosen.
#[component]
pub fn Levels() -> impl IntoView {
    let here = use_here();
    let has_focus = memo(move || here.query.with(|query| query.focus.is_some()));
    part(move || {
        // A focus is always shown as objects.
        if has_focus.get() {
            return ().whole();
        }
        let levels: Vec<Option<Level>> = [None].into_iter().chain(Level::ALL.map(Some)).collect();
        let links = each(levels, &mut |level: Option<Level>| {
            let href = says(move || here.href(|query| query.level = level));
            let on = word(move || here.query.with(|query| query.level == level).then_some("true"));
            let label = level.map_or("auto", Level::word);
            view! { <a href=href aria-current=on>{label}</a> }.whole()
        });
        let map = says(move || {
            let cluster = here.cluster_id().map(Place::Map);
            let address = |page: Place| page.href(&here.query.with(Query::elsewhere));
            cluster.map(address).unwrap_or_default()
        });
        view! {
            <span class="seg" role="group" aria-label="Level">{links}</span>
            <a class="btn q" href=map>"Map"</a>
        }
        .whole()
    })
}

/// Which layers are drawn.
#[component]
pub fn Layers() -> impl IntoView {
    let here = use_here();
    let chosen = memo(move || here.query.with(|query| query.layers.clone()));
    let change = use_change();
    let boxes = Layer::ALL.map(|layer| {
        let change = change.clone();
        let toggle = move |event| {
            let on = event_target_checked(&event);
            change(false, &|query| {
                query.layers.retain(|other| *other != layer);
                if on {
                    query.layers.push(layer);
                }
            });
        };
        view! {
            <label>
                <input
                    type="checkbox"
                    name="layer"
                    value=layer.word()
                    checked=chosen.with_untracked(|chosen| chosen.contains(&layer))
                    prop:checked=whether(move || chosen.with(|chosen| chosen.contains(&layer)))
                    on:change=toggle
                />
                {layer.word()}
            </label>
        }
    });
    let summary = move || match chosen.with(Vec::len) {
        0 => "All but events".to_owned(),
        1 => chosen.with(|chosen| {
            chosen
                .first()
                .map(|layer| layer.word().to_owned())
                .unwrap_or_default()
        }),
        some => format!("{some} of {} layers", Layer::ALL.len()),
    };
    view! {
        <details class="picker">
            <summary class="btn q">{says(summary)}</summary>
            <form class="pop right" method="get" action=says(move || here.place.get().path())>
                {rest(|query| query.layers.clear())}
                <div class="boxes">{boxes.into_iter().collect_view()}</div>
                <div class="row">
                    <button class="btn unscripted">"Show"</button>
                    <a class="btn q" href=says(move || here.href(|query| query.layers.clear()))>"All but events"</a>
                </div>
            </form>
        </details>
    }
}

/// What the graph is drawn around, and how far.
#[component]
pub fn Focus() -> impl IntoView {
    let here = use_here();
    let focus = memo(move || here.query.with(|query| query.focus.clone()));
    part(move || {
        let around = |key: NodeKey| {
            let depths = each(vec![1_u8, 2, 3, 4], &mut |depth| {
                let href = says(move || here.href(|query| query.depth = Some(depth)));
                let on = word(move || here.query.with(|query| query.depth() == depth).then_some("true"));
                view! { <a href=href aria-current=on>{depth.to_string()}</a> }.whole()
            });
            view! {
                <div class="around">
                    <span class="dim">"Around"</span>
                    {mark::kind(&key.kind)}
                    <span class="mono name">{key.name.clone()}</span>
                    <span class="seg num" role="group" aria-label="Edges away">{depths}</span>
                    <a class="btn q" href=says(move || here.href(|query| { query.focus = None; query.depth = None; }))>"Everything"</a>
                </div>
            }
        };
        focus.get().map(around).whole()
    })
}
