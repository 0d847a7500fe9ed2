//! `/c/{cluster}/topology`: the graph as a picture and as a tree.

use crate::components::canvas::{GraphCanvas, ViewTools};
use crate::components::detail::Selected;
use crate::components::problem::Problem;
use crate::components::toolbar::{Focus, Layers, Levels, Totals};
use crate::components::tree::GraphTree;
use crate::components::whole::{Whole, part, says, whether, word};
use crate::pages::announce;
use crate::state::feed::{Phase, use_feed};
use crate::state::graph::LiveGraph;
use crate::state::here::use_here;
use crate::state::memo::memo;
use crate::text;
use leptos::prelude::*;
use model::stream::Topic;

/// The topology page.
#[component]
pub fn TopologyPage() -> impl IntoView {
    let here = use_here();
    let graph = LiveGraph::default();
    let topic = memo(move || {
        let cluster = here.cluster_id()?;
        Some(Topic::Graph {
            cluster,
            query: here.query.with(|query| query.graph()),
        })
    });
    let feed = use_feed(topic, graph);
    announce(&here, feed);
    let no_canvas = RwSignal::new(false);
    let as_tree = memo(move || no_canvas.get() || here.query.with(|query| query.tree));
    let error = memo(move || match feed.phase.get() {
        Phase::Failed(error) => Some(error),
        Phase::Waiting | Phase::Ready => None,
    });
    let note = memo(move || {
        graph.version.track();
        let empty = graph.with(|graph| graph.nodes.is_empty());
        match empty {
            true => Some(feed.waits().unwrap_or_else(|| text::EMPTY_GRAPH.to_owned())),
            false => no_canvas.get().then(|| text::NO_CANVAS.to_owned()),
        }
    });
    let toggle = move || here.href(|query| query.tree = !query.tree);
    part(move || {
        match error.get() {
        Some(error) => view! { <Problem error=error /> }.whole(),
        None => view! {
            <div class="head">
                <h1>"Topology"</h1>
                <Totals graph=graph />
                <Focus />
                <span class="right"><Levels /><Layers /></span>
            </div>
            <div class="split">
                <div class="grow stage" data-view=word(move || Some(if as_tree.get() { "tree" } else { "canvas" }))>
                    <p class="note" hidden=whether(move || note.with(Option::is_none))>{says(move || note.get().unwrap_or_default())}</p>
                    <GraphCanvas graph=graph failed=no_canvas />
                    <GraphTree graph=graph />
                    <div class="tools scripted">
                        <ViewTools />
                        <a class="btn" href=says(toggle) aria-current=word(move || Some(if as_tree.get() { "true" } else { "false" }))>"Tree"</a>
                    </div>
                </div>
                <Selected page=graph />
            </div>
        }
            .whole(),
    }
    })
}
