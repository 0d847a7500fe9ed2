//! The namespace selector: a form that works as it is, and at once with script.

use crate::components::rest::rest;
use crate::components::whole::{Whole, each, part, says, whether};
use crate::state::feed::{Phase, use_feed};
use crate::state::here::{use_change, use_here};
use crate::state::list::List;
use crate::state::memo::memo;
use crate::state::url::Query;
use crate::text;
use leptos::prelude::*;
use model::KindId;
use model::list::ListQuery;
use model::stream::Topic;

/// The most namespaces that are offered as checkboxes; any can be typed.
const OFFERED: u32 = 500;

/// Chooses the namespaces of the page.
#[component]
pub fn NamespaceSelect() -> impl IntoView {
    let here = use_here();
    let list = List::default();
    let topic = memo(move || {
        let cluster = here.cluster_id()?;
        let query = ListQuery {
            len: OFFERED,
            ..Query::default().list(&KindId::of("Namespace")?.into())
        };
        Some(Topic::List { cluster, query })
    });
    let feed = use_feed(topic, list);
    let known = memo(move || {
        list.rows()
            .iter()
            .map(|row| row.with(|row| row.key.name.clone()))
            .collect::<Vec<String>>()
    });
    let chosen = memo(move || here.query.with(|query| query.namespaces.clone()));
    let change = use_change();
    let toggle = {
        let change = change.clone();
        move |name: String, on: bool| {
            change(false, &|query| {
                query.namespaces.retain(|other| *other != name);
                if on {
                    query.namespaces.push(name.clone());
                }
                query.offset = 0;
            });
        }
    };
    let typed = NodeRef::<leptos::html::Input>::new();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(input) = typed.get_untracked() else {
            return;
        };
        let names = Query::parse(&format!("ns={}", input.value())).namespaces;
        input.set_value("");
        change(false, &|query| {
            query.namespaces.extend(
                names
                    .iter()
                    .filter(|name| !query.namespaces.contains(name))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            query.offset = 0;
        });
    };
    let summary = move || match chosen.get().as_slice() {
        [] => "All namespaces".to_owned(),
        [a] => a.clone(),
        [a, b] => format!("{a}, {b}"),
        [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
    };
    let share = move || {
        let (all, some) = (known.with(Vec::len), chosen.with(Vec::len));
        match (all, some) {
            (0, _) => String::new(),
            (all, 0) => format!("{all}"),
            (all, some) => format!("{some} of {all}"),
        }
    };
    // All that can be ticked: the known ones, and chosen ones that are not (or not yet) known.
    let offered = memo(move || {
        let mut names = known.get();
        chosen.with(|chosen| {
            names.extend(
                chosen
                    .iter()
                    .filter(|name| !known.with(|known| known.contains(name)))
                    .cloned(),
            )
        });
        names
    });
    let boxes = move || {
        each(offered.get(), &mut |name: String| {
            let (toggle, for_change, for_check) = (toggle.clone(), name.clone(), name.clone());
            view! {
                <label>
                    <input
                        type="checkbox"
                        name="ns"
                        value=name.clone()
                        prop:checked=whether(move || chosen.with(|chosen| chosen.contains(&for_check)))
                        checked=chosen.with_untracked(|chosen| chosen.contains(&name))
                        on:change=move |event| toggle(for_change.clone(), event_target_checked(&event))
                    />
                    <span class="mono">{name.clone()}</span>
                </label>
            }
            .whole()
        })
        .whole()
    };
    let denied = move || match feed.phase.get() {
        Phase::Failed(_) => text::NAMESPACES_DENIED.to_owned(),
        Phase::Waiting | Phase::Ready => String::new(),
    };
    let has_cluster = memo(move || here.cluster_id().is_some());
    part(move || {
        if !has_cluster.get() {
            return ().whole();
        }
        let (boxes, submit) = (boxes.clone(), submit.clone());
        view! {
            <details class="picker" data-testid="namespace-select">
                <summary class="box">
                    <span class="what">{says(summary)}</span>
                    <span class="dim3 num">{says(share)}</span>
                </summary>
                <form class="pop" method="get" action=says(move || here.place.get().path()) on:submit=submit>
                    {rest(|query| {
                        query.namespaces.clear();
                        query.offset = 0;
                    })}
                    <p class="dim">{says(denied)}</p>
                    <input
                        type="text"
                        name="ns"
                        class="field"
                        placeholder="Type a name"
                        aria-label="Namespace to add"
                        autocomplete="off"
                        spellcheck="false"
                        node_ref=typed
                    />
                    <div class="boxes">{part(boxes)}</div>
                    <div class="row">
                        <button class="btn">"Show"</button>
                        <a class="btn q" href=says(move || here.href(|query| { query.namespaces.clear(); query.offset = 0; }))>"All namespaces"</a>
                    </div>
                </form>
            </details>
        }
        .whole()
    })
}
