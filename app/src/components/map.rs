//! The map: the canvas, and the list beside it with the same content.

use crate::browser::plane::{PlaneSaid, Spot, plane};
use crate::components::whole::{Piece, Whole, effect, entry, list, says, whether, word};
use crate::state::feed::use_feed;
use crate::state::graph::LiveGraph;
use crate::state::here::{use_change, use_here};
use crate::state::map::{Census, LiveMap, Section, sections, words};
use crate::state::memo::{Known, memo};
use crate::text;
use leptos::prelude::*;
use model::level::GroupId;
use model::map::{MapApplication, MapQuery, Pods};
use model::stream::Topic;
use model::{Health, NodeKey};

/// The id of the element that is drawn into.
const ELEMENT: &str = "map-canvas";

/// The filter that shows only what is not well.
pub const UNWELL: &str = "unwell";

/// The number of the application of an address.
fn find(map: LiveMap, key: &NodeKey) -> Option<GroupId> {
    let is_it = |own: &MapApplication| own.name == key.name;
    map.with(|map| {
        let named = map.applications.values().filter(|own| is_it(own));
        let mut inside = named.filter(|own| {
            map.spaces
                .get(&own.space)
                .is_some_and(|space| Some(&space.name) == key.namespace.as_ref())
        });
        inside.next().map(|own| own.id)
    })
}

/// Draws a map. Empty without script; the list beside it has the same content.
#[component]
pub fn MapCanvas(
    /// The map.
    map: LiveMap,
    /// The applications around the selected one.
    around: LiveGraph,
    /// Set if the canvas cannot be had.
    failed: RwSignal<bool>,
) -> impl IntoView {
    let here = use_here();
    let change = use_change();
    let element = NodeRef::<leptos::html::Div>::new();
    let ready = RwSignal::new(false);
    // The cell that is looked at more closely, and whether it is to be selected when it is known what lies there.
    let looked_at = RwSignal::new(None::<Spot>);
    let wanted = RwSignal::new(None::<Spot>);
    let choose = change.clone();
    effect(move || {
        let (Some(plane), Some(_)) = (plane(), element.get()) else {
            return;
        };
        let change = change.clone();
        map.draw_anew();
        plane.start(
            ELEMENT,
            Box::new(move |said| match said {
                PlaneSaid::Ready => ready.set(true),
                PlaneSaid::Failed(_) => failed.set(true),
                PlaneSaid::Rests(spot) => looked_at.set(spot),
                PlaneSaid::Chosen(Some(spot)) if spot.slot.is_some() => {
                    wanted.set(Some(spot));
                    looked_at.set(Some(spot));
                }
                PlaneSaid::Chosen(spot) => {
                    let key = spot.and_then(|spot| map.with(|map| map.key(spot.application)));
                    change(false, &|query| query.selected.clone_from(&key));
                }
            }),
        );
        on_cleanup(move || plane.stop());
    });
    effect(move || {
        map.version.track();
        let (Some(plane), true) = (plane(), ready.get()) else {
            return;
        };
        match map.take_undrawn() {
            None => map.with(|map| plane.whole(map)),
            Some(changes) => map.with(|map| plane.change(map, &changes)),
        }
    });

    let cell = LiveGraph::default();
    let topic = memo(move || {
        let cluster = here.cluster_id()?;
        let spot = looked_at.get()?;
        Some(Topic::Cell {
            cluster,
            query: MapQuery {
                namespaces: here.query.with(|query| query.namespaces.clone()),
            },
            application: spot.application,
            slot: spot.slot?,
        })
    });
    use_feed(topic, cell);
    effect(move || {
        cell.version.track();
        let (Some(plane), Some(spot)) = (plane(), looked_at.get()) else {
            return;
        };
        let space = map.with(|map| {
            let own = map.applications.get(&spot.application)?;
            Some(map.spaces.get(&own.space)?.name.clone())
        });
        let pod = cell.with(|graph| {
            let mut pods = graph.nodes.values().filter(|node| node.key.kind == "Pod");
            pods.find(|node| node.key.namespace == space).cloned()
        });
        let Some(pod) = pod else { return };
        let why = pod.status.reason.clone().unwrap_or(pod.status.word.clone());
        plane.tell(spot, &pod.key.name, &why);
        if wanted.get_untracked() == Some(spot) {
            wanted.set(None);
            choose(false, &|query| query.selected = Some(pod.key.clone()));
        }
    });

    effect(move || {
        let selected = here.query.with(|query| query.selected.clone());
        map.version.track();
        around.version.track();
        let (Some(plane), true) = (plane(), ready.get()) else {
            return;
        };
        let own = selected.and_then(|key| find(map, &key));
        let mut to: Vec<(GroupId, bool)> = Vec::new();
        if let Some(own) = own {
            around.with(|graph| {
                for edge in graph.edges.values() {
                    let (source, target) = (GroupId(edge.key.source.0), GroupId(edge.key.target.0));
                    match (source == own, target == own) {
                        (true, false) => to.push((target, edge.healthy)),
                        (false, true) => to.push((source, edge.healthy)),
                        _ => {}
                    }
                }
            });
        }
        plane.select(own, &to);
    });
    effect(move || {
        let only = here.query.with(|query| query.filter == UNWELL);
        if let (Some(plane), true) = (plane(), ready.get()) {
            plane.only_unwell(only);
        }
    });

    view! {
        <div class="canvas" data-testid="map-canvas" data-ready=word(move || ready.get().then_some("true"))>
            <div id=ELEMENT class="plane" node_ref=element></div>
        </div>
    }
}

/// The namespaces and applications of a map, with their pods.
#[component]
pub fn MapList(
    /// The map.
    map: LiveMap,
    /// Its pods.
    census: Known<Census>,
) -> impl IntoView {
    let here = use_here();
    let shown = memo(move || {
        let only = here.query.with(|query| query.filter == UNWELL);
        census.with(|census| map.with(|map| sections(map, census, only)))
    });
    let entries = move || {
        let names = shown.with(|shown| {
            let names = shown.iter().map(|section| (section.id, section.name.clone()));
            names.collect::<Vec<_>>()
        });
        let section = |(id, name): (GroupId, String)| {
            entry((id, name.clone()), move || namespace(shown, census, id, name))
        };
        names.into_iter().map(section).collect()
    };
    view! {
        <div class="tree" data-testid="map-list">
            {list(entries)}
        </div>
    }
}

/// The pods of something as they are now.
fn pods(
    census: Known<Census>,
    of: impl Fn(&Census) -> Option<Pods> + Send + Sync + 'static,
) -> impl Fn() -> Pods + Copy + Send + Sync {
    let pods = memo(move || census.with(|census| of(census).unwrap_or_default().0));
    move || Pods(pods.get())
}

/// A namespace with its applications.
fn namespace(shown: Known<Vec<Section>>, census: Known<Census>, id: GroupId, name: String) -> Piece {
    let here = use_here();
    let own = pods(census, move |census| census.spaces.get(&id).copied());
    let namespace = name.clone();
    let entries = move || {
        let applications = shown.with(|shown| {
            let section = shown.iter().find(|section| section.id == id);
            section
                .map(|section| section.applications.clone())
                .unwrap_or_default()
        });
        let leaf = |(id, name): (GroupId, String)| {
            let key = NodeKey::new("Application", Some(&namespace), name.clone());
            entry((id, name), move || application(census, id, key))
        };
        applications.into_iter().map(leaf).collect()
    };
    let only = name.clone();
    let href = says(move || here.href(|query| query.namespaces = vec![only.clone()]));
    view! {
        <section class="branch">
            <h2>
                <a class="mono" href=href>{name}</a>
                <span class="dim3 num">{says(move || words(own()))}</span>
            </h2>
            <ul>{list(entries)}</ul>
        </section>
    }
    .whole()
}

/// An application with its pods.
fn application(census: Known<Census>, id: GroupId, key: NodeKey) -> Piece {
    let here = use_here();
    let own = pods(census, move |census| census.applications.get(&id).copied());
    let label = MapApplication {
        name: key.name.clone(),
        ..MapApplication::default()
    };
    let selected = {
        let key = key.clone();
        memo(move || here.is_selected(&key))
    };
    let address = key.to_string();
    view! {
        <li
            data-testid="map-application"
            data-id=address
            data-health=word(move || Some(own().worst().word()))
            class="leaf"
            class:sel=whether(move || selected.get())
        >
            <a href=here.selecting(key) aria-current=word(move || selected.get().then_some("true"))>
                <span class="name">{label.label().to_owned()}</span>
            </a>
            <span class=says(move || format!("st {}", own().worst().word()))>{says(move || state(own()))}</span>
            <span class="why num">{says(move || words(own()))}</span>
        </li>
    }
    .whole()
}

/// `18 of 240 failing`; the word alone where that is true of all.
fn state(pods: Pods) -> String {
    let worst = pods.worst();
    let word = text::health(worst);
    match (pods.of(worst), pods.all()) {
        (some, all) if some < all && worst > Health::Healthy => {
            format!("{} of {} {word}", text::number(some), text::number(all))
        }
        _ => word.to_owned(),
    }
}

/// The buttons that move the view.
#[component]
pub fn PlaneTools() -> impl IntoView {
    let fit = move |_| {
        if let Some(plane) = plane() {
            plane.fit();
        }
    };
    view! { <button type="button" class="btn" on:click=fit>"Fit"</button> }
}
