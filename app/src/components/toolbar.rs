//! The toolbar of the topology: layers, focus, and what is shown.

use crate::components::mark;
use crate::components::tree::tally_words;
use crate::state::graph::LiveGraph;
use crate::state::here::{use_change, use_here};
use crate::state::tree::Tally;
use crate::state::url::Query;
use leptos::prelude::*;
use model::graph::Layer;

/// How many objects there are and how many edges.
#[component]
pub fn Totals(
    /// The graph.
    graph: LiveGraph,
) -> impl IntoView {
    let tally = Memo::new(move |_| {
        graph.version.track();
        graph.with(|graph| {
            let unhealthy = graph
                .nodes
                .values()
                .filter(|node| node.status.health == model::Health::Unhealthy)
                .count();
            let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            Tally {
                objects: count(graph.nodes.len()),
                unhealthy: count(unhealthy),
            }
        })
    });
    view! { <span class="dim num">{move || tally_words(tally.get())}</span> }
}

/// Which layers are drawn.
#[component]
pub fn Layers() -> impl IntoView {
    let here = use_here();
    let chosen = Memo::new(move |_| here.query.with(|query| query.layers.clone()));
    let change = use_change();
    let rest = move || {
        let query = Query {
            layers: Vec::new(),
            ..here.query.get()
        };
        query
            .pairs()
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect_view()
    };
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
                    prop:checked=move || chosen.with(|chosen| chosen.contains(&layer))
                    on:change=toggle
                />
                {layer.word()}
            </label>
        }
    });
    let summary = move || match chosen.with(Vec::len) {
        0 => "All layers".to_owned(),
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
            <summary class="btn q">{summary}</summary>
            <form class="pop right" method="get" action=move || here.place.get().path()>
                {rest}
                <div class="boxes">{boxes.into_iter().collect_view()}</div>
                <div class="row">
                    <button class="btn unscripted">"Show"</button>
                    <a class="btn q" href=move || here.href(|query| query.layers.clear())>"All layers"</a>
                </div>
            </form>
        </details>
    }
}

/// What the graph is drawn around, and how far.
#[component]
pub fn Focus() -> impl IntoView {
    let here = use_here();
    move || {
        here.query.with(|query| query.focus.clone()).map(|key| {
            let depths = (1..=4_u8).map(|depth| {
                let href = move || here.href(|query| query.depth = Some(depth));
                let on = move || here.query.with(|query| query.depth() == depth).then_some("true");
                view! { <a href=href aria-current=on>{depth}</a> }
            }).collect_view();
            view! {
                <div class="around">
                    <span class="dim">"Around"</span>
                    {mark::kind(&key.kind)}
                    <span class="mono name">{key.name.clone()}</span>
                    <span class="seg num" role="group" aria-label="Edges away">{depths}</span>
                    <a class="btn q" href=move || here.href(|query| { query.focus = None; query.depth = None; })>"Everything"</a>
                </div>
            }
        })
    }
}
