//! The canvas of the topology: what is drawn follows the graph, change by change.

use crate::browser::canvas::{Said, canvas};
use crate::components::whole::{effect, word};
use crate::state::graph::LiveGraph;
use crate::state::here::{use_change, use_here};
use crate::state::picture::Picture;
use crate::state::places;
use leptos::prelude::*;

/// The id of the element that is drawn into.
const ELEMENT: &str = "graph-canvas";

/// Draws a graph. Empty without script; the tree beside it has the same content.
#[component]
pub fn GraphCanvas(
    /// The graph.
    graph: LiveGraph,
    /// Set if the canvas cannot be had.
    failed: RwSignal<bool>,
) -> impl IntoView {
    let here = use_here();
    let change = use_change();
    let element = NodeRef::<leptos::html::Div>::new();
    let ready = RwSignal::new(false);
    effect(move || {
        let (Some(canvas), Some(_)) = (canvas(), element.get()) else {
            return;
        };
        let change = change.clone();
        canvas.start(
            ELEMENT,
            Box::new(move |said| match said {
                Said::Ready => ready.set(true),
                Said::Failed(_) => failed.set(true),
                Said::Chosen(id) => {
                    let key = id.and_then(|id| id.parse().ok());
                    change(false, &|query| query.selected.clone_from(&key));
                }
            }),
        );
        on_cleanup(move || canvas.stop());
    });

    let picture = StoredValue::new(Picture::default());
    let drawn_shape = StoredValue::new(0_u64);
    effect(move || {
        graph.version.track();
        let (Some(canvas), true) = (canvas(), ready.get()) else {
            return;
        };
        let shape = graph.shape.get_untracked();
        let touched = graph.take_touched();
        let change = graph.with(|graph| {
            picture.try_update_value(|picture| {
                if drawn_shape.get_value() == shape {
                    let regions = places::recount(picture.regions(), graph);
                    picture.touch(graph, &touched, regions)
                } else {
                    picture.become_(Picture::of(graph, places::of(graph)))
                }
            })
        });
        drawn_shape.set_value(shape);
        if let Some(change) = change.filter(|change| !change.is_empty()) {
            canvas.change(&change);
        }
    });
    effect(move || {
        let selected = here
            .query
            .with(|query| query.selected.as_ref().map(ToString::to_string));
        if let (Some(canvas), true) = (canvas(), ready.get()) {
            canvas.select(selected.as_deref());
        }
    });

    view! {
        <div class="canvas" data-testid="topology-canvas" data-ready=word(move || ready.get().then_some("true")) aria-hidden="true">
            <div id=ELEMENT class="plane" node_ref=element></div>
        </div>
    }
}

/// The buttons that move the view.
#[component]
pub fn ViewTools() -> impl IntoView {
    let fit = move |_| {
        if let Some(canvas) = canvas() {
            canvas.fit();
        }
    };
    let natural = move |_| {
        if let Some(canvas) = canvas() {
            canvas.natural_size();
        }
    };
    view! {
        <button type="button" class="btn" on:click=fit>"Fit"</button>
        <button type="button" class="btn" on:click=natural>"1:1"</button>
    }
}
