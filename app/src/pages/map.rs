//! `/c/{cluster}/map`: every pod of a cluster in one picture, and the same as a list.

use crate::components::detail::Selected;
use crate::components::map::{MapCanvas, MapList, PlaneTools, UNWELL};
use crate::components::problem::Problem;
use crate::components::whole::{Whole, part, says, whether, word};
use crate::pages::announce;
use crate::state::feed::{Phase, use_feed};
use crate::state::graph::LiveGraph;
use crate::state::here::use_here;
use crate::state::map::{LiveMap, NAMED, census, words};
use crate::state::memo::memo;
use crate::text;
use leptos::prelude::*;
use model::graph::GraphQuery;
use model::level::Level;
use model::map::MapQuery;
use model::stream::Topic;

/// The map page.
#[component]
pub fn MapPage() -> impl IntoView {
    let here = use_here();
    let map = LiveMap::default();
    let topic = memo(move || {
        let cluster = here.cluster_id()?;
        let namespaces = here.query.with(|query| query.namespaces.clone());
        let query = MapQuery { namespaces };
        Some(Topic::Map { cluster, query })
    });
    let feed = use_feed(topic, map);
    announce(&here, feed);
    // The applications of the selected one's namespace, and what they are connected with.
    let around = LiveGraph::default();
    let beside = memo(move || {
        let key = here.query.with(|query| query.selected.clone())?;
        let namespace = key.namespace.filter(|_| key.kind == "Application")?;
        Some(Topic::Graph {
            cluster: here.cluster_id()?,
            query: GraphQuery {
                namespaces: vec![namespace],
                level: Some(Level::Application),
                ..GraphQuery::default()
            },
        })
    });
    use_feed(beside, around);
    let census = memo(move || {
        map.version.track();
        map.with(census)
    });
    let no_canvas = RwSignal::new(false);
    let as_list = memo(move || no_canvas.get() || here.query.with(|query| query.tree));
    let error = memo(move || match feed.phase.get() {
        Phase::Failed(error) => Some(error),
        Phase::Waiting | Phase::Ready => None,
    });
    let only = memo(move || here.query.with(|query| query.filter == UNWELL));
    let note = memo(move || {
        let (pods, applications) = census.with(|census| (census.whole.all(), census.applications.len()));
        match pods {
            0 => Some(feed.waits().unwrap_or_else(|| text::EMPTY_MAP.to_owned())),
            _ if no_canvas.get() => Some(text::NO_MAP.to_owned()),
            _ if as_list.get() && applications > NAMED && !only.get() => {
                Some(text::MANY_APPLICATIONS.to_owned())
            }
            _ => None,
        }
    });
    let totals = move || {
        let (pods, spaces) = census.with(|census| (census.whole, census.spaces.len()));
        format!(
            "{} in {}",
            words(pods),
            text::counted(text::count(spaces), "namespace")
        )
    };
    let filter = move |unwell: bool| {
        let href =
            says(move || here.href(|query| query.filter = if unwell { UNWELL } else { "" }.to_owned()));
        let on = word(move || (only.get() == unwell).then_some("true"));
        let label = if unwell { "not well" } else { "everything" };
        view! { <a href=href aria-current=on>{label}</a> }.whole()
    };
    let toggle = move || here.href(|query| query.tree = !query.tree);
    part(move || {
        match error.get() {
        Some(error) => view! { <Problem error=error /> }.whole(),
        None => view! {
            <div class="head">
                <h1>"Map"</h1>
                <span class="dim num" data-testid="map-totals">{says(totals)}</span>
                <span class="right"><span class="seg" role="group" aria-label="Show">{filter(false)}{filter(true)}</span></span>
            </div>
            <div class="split">
                <div class="grow stage map" data-view=word(move || Some(if as_list.get() { "tree" } else { "canvas" }))>
                    <p class="note" hidden=whether(move || note.with(Option::is_none))>{says(move || note.get().unwrap_or_default())}</p>
                    <MapCanvas map=map around=around failed=no_canvas />
                    <MapList map=map census=census />
                    <div class="tools scripted">
                        <PlaneTools />
                        <a class="btn" href=says(toggle) aria-current=word(move || Some(if as_list.get() { "true" } else { "false" }))>"List"</a>
                    </div>
                </div>
                <Selected page=around />
            </div>
        }
        .whole(),
    }
    })
}
