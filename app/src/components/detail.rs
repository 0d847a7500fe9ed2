//! The side panel: the facts of one object, and everything it is connected with.

use crate::components::cell::Age;
use crate::components::edges::{Tie, Ties, ties};
use crate::components::mark;
use crate::components::problem::Problem;
use crate::components::tree::status_word;
use crate::components::whole::{Whole, each, part, says};
use crate::state::feed::{Phase, use_feed};
use crate::state::graph::LiveGraph;
use crate::state::here::use_here;
use crate::state::level::{enter, is_group};
use crate::state::memo::{Known, memo};
use crate::state::picture;
use crate::state::url::{Listed, Place, Query};
use crate::text;
use leptos::prelude::*;
use model::graph::{GraphQuery, Node, NodeState, Replicas};
use model::stream::Topic;
use model::{Health, KindId, NodeKey};
use std::collections::BTreeMap;

/// The panel of the selected object, which follows a topic of its own: it shows every edge, whatever the page beside
/// it leaves out.
#[component]
pub fn Selected(
    /// The graph of the page, whose groups can be selected too.
    #[prop(optional)]
    page: Option<LiveGraph>,
) -> impl IntoView {
    let here = use_here();
    let selected = memo(move || here.query.with(|query| query.selected.clone()));
    let group = memo(move || {
        let page = page?;
        page.version.track();
        let id = page.find(&selected.get()?)?;
        page.with(|graph| graph.nodes.get(&id).cloned().filter(is_group))
    });
    let of_group = memo(move || group.with(Option::is_some));
    let graph = LiveGraph::default();
    let topic = memo(move || {
        if of_group.get() {
            return None;
        }
        let (cluster, focus) = (here.cluster_id()?, selected.get()?);
        // The page's graph has it, or will: no object is called so.
        if page.is_some() && focus.kind == "Application" {
            return None;
        }
        let query = GraphQuery {
            focus: Some(focus),
            depth: 1,
            ..GraphQuery::default()
        };
        Some(Topic::Graph { cluster, query })
    });
    let feed = use_feed(topic, graph);
    let found = move |key: &NodeKey| {
        graph.version.track();
        graph.find(key)
    };
    part(move || {
        let panel = |key: NodeKey| {
            let (for_node, for_ties, for_labels) = (key.clone(), key.clone(), key.clone());
            // Each part is rendered anew only when what it shows has changed.
            let node = memo(move || {
                found(&for_node).and_then(|id| graph.with(|graph| graph.nodes.get(&id).cloned()))
            });
            let edges = memo(move || {
                found(&for_ties)
                    .map(|id| graph.with(|graph| ties(graph, id)))
                    .unwrap_or_default()
            });
            let is_there = memo(move || node.with(Option::is_some));
            let ways = memo(move || {
                node.with(|node| {
                    Some((
                        node.as_ref()?.key.clone(),
                        node.as_ref()?.state == NodeState::Live,
                    ))
                })
            });
            let labelled = memo(move || {
                found(&for_labels)
                    .and_then(|id| graph.with(|graph| Some(graph.nodes.get(&id)?.labels.clone())))
            });
            let facts = move || match (node.get(), feed.phase.get()) {
                (Some(node), _) => view! { <Facts node=node /> }.whole(),
                (None, Phase::Failed(error)) => {
                    view! { <Head key=key.clone() /> <Problem error=error /> }.whole()
                }
                (None, Phase::Waiting) => view! { <Head key=key.clone() /> }.whole(),
                (None, Phase::Ready) => view! {
                    <Head key=key.clone() />
                    <section class="part"><p class="dim">{text::NOT_THERE}</p></section>
                }
                .whole(),
            };
            view! {
                <aside data-testid="detail" aria-label="Selected object">
                    <Close />
                    {part(facts)}
                    {part(move || ways.get().map(|of| view! { <Ways key=of.0 live=of.1 /> }).whole())}
                    {part(move || is_there.get().then(|| view! { <Connected ties=edges heading="Connected, with proof" /> }).whole())}
                    {part(move || labelled.get().map(|names| labels(&names)).whole())}
                </aside>
            }
        };
        match (of_group.get(), page) {
            (true, Some(page)) => view! { <GroupPanel page=page group=group /> }.whole(),
            _ => selected.get().map(panel).whole(),
        }
    })
}

/// The panel of a group: what it has, what is worst, and the way into it.
#[component]
fn GroupPanel(page: LiveGraph, group: Known<Option<Node>>) -> impl IntoView {
    let edges = memo(move || {
        let id = group.with(|group| group.as_ref().map(|group| group.id));
        id.map(|id| page.with(|graph| ties(graph, id)))
            .unwrap_or_default()
    });
    let facts = move || {
        let facts = |node: Node| view! { <GroupFacts node=node /> };
        group.get().map(facts).whole()
    };
    // Outside of what changes while the group is looked at: a link that is replaced under the pointer cannot be clicked.
    let here = use_here();
    let way = says(move || {
        let way = |group: &Node| {
            let mut query = here.query.get();
            enter(group, &mut query);
            let cluster = here.cluster_id().map(Place::Topology);
            cluster.map(|page| page.href(&query)).unwrap_or_default()
        };
        group.with(|group| group.as_ref().map(way).unwrap_or_default())
    });
    view! {
        <aside data-testid="detail" aria-label="Selected group">
            <Close />
            {part(facts)}
            <section class="part row"><a class="btn" href=way>"Open"</a></section>
            <Connected ties=edges heading="Connected" />
        </aside>
    }
}

/// What is known of a group.
#[component]
fn GroupFacts(node: Node) -> impl IntoView {
    let members = node.members.clone().unwrap_or_default();
    let shown = node.clone();
    let number = |(kind, count): (String, u32)| (kind, text::number(count));
    let absent = [
        ("missing", members.missing),
        ("not visible to you", members.hidden),
    ];
    let absent = absent.into_iter().filter(|(_, count)| *count > 0);
    let parts: Vec<(String, String)> = members
        .part_of
        .map(|whole| ("part of".to_owned(), whole))
        .into_iter()
        .chain(members.counts.into_iter().map(number))
        .chain(absent.map(|(name, count)| (name.to_owned(), text::number(count))))
        .collect();
    view! {
        <div class="h">
            <div class="line">
                {mark::kind(&node.key.kind)}
                {mark::state(node.status.health, status_word(&node))}
            </div>
            <h2 class="nm">{picture::name(&node)}</h2>
            <div class="dim3">{format!("{}, {}", node.key.kind, node.key.namespace.as_deref().unwrap_or("in the whole cluster"))}</div>
        </div>
        {each(causes(&shown), &mut |cause| view! { <section class="part">{cause_view(cause)}</section> }.whole())}
        <section class="part">
            <dl>{each(parts, &mut |(name, value)| view! { <dt>{name}</dt> <dd>{value}</dd> }.whole())}</dl>
        </section>
    }
}

/// The name of an object of which nothing else is known yet.
#[component]
fn Head(key: NodeKey) -> impl IntoView {
    view! {
        <div class="h">
            <div class="line">{mark::kind(&key.kind)}</div>
            <h2 class="nm">{key.name.clone()}</h2>
            <div class="dim3">{key.namespace.clone()}</div>
        </div>
    }
}

/// The way out of the panel.
#[component]
fn Close() -> impl IntoView {
    let here = use_here();
    view! {
        <a class="close" href=says(move || here.href(|query| query.selected = None)) title="Close (Esc)">
            <span aria-hidden="true">"\u{00d7}"</span>
            <span class="unseen">"Close"</span>
        </a>
    }
}

/// The edges.
#[component]
fn Connected(ties: Known<Vec<Tie>>, heading: &'static str) -> impl IntoView {
    let count = says(move || text::number(text::count(ties.with(Vec::len))));
    view! {
        <section class="part">
            <h3>{heading} " " <span class="dim3 num">{count}</span></h3>
            <Ties ties=ties />
        </section>
    }
}

/// What is known of the object itself.
#[component]
fn Facts(node: Node) -> impl IntoView {
    let (health, word) = (node.status.health, status_word(&node));
    let place = node
        .key
        .namespace
        .clone()
        .unwrap_or_else(|| "in the whole cluster".to_owned());
    let causes = causes(&node);
    view! {
        <div class="h">
            <div class="line">
                {mark::kind(&node.key.kind)}
                {mark::state(health, word)}
                <span class="end dim3"><Age of=Signal::stored(node.created_at) /></span>
            </div>
            <h2 class="nm">{node.key.name.clone()}</h2>
            <div class="dim3">{format!("{}, {place}", node.key.kind)}</div>
        </div>
        {(!causes.is_empty()).then(|| view! { <section class="part">{each(causes, &mut |cause| cause_view(cause).whole())}</section> })}
        <section class="part">
            <dl>{each(facts(&node), &mut |(name, value)| view! { <dt>{name}</dt> <dd>{value}</dd> }.whole())}</dl>
        </section>
    }
}

/// Where to go from an object: kept while its facts change, as the panel's [`Close`] is.
#[component]
fn Ways(key: NodeKey, live: bool) -> impl IntoView {
    let here = use_here();
    let cluster = here.place.with_untracked(|place| place.cluster().cloned());
    let around = cluster.clone().map(|cluster| {
        let query = Query {
            focus: Some(key.clone()),
            selected: Some(key.clone()),
            ..Query::default()
        };
        Place::Topology(cluster).href(&query)
    });
    // A definition is called by the plural and the group of what it defines.
    let defined = cluster
        .clone()
        .filter(|_| key.kind == "CustomResourceDefinition" && live)
        .map(|cluster| Place::List(cluster, Listed::parse(&key.name)).href(&Query::default()));
    let listed = cluster
        .zip(KindId::of_table(&key.kind))
        .filter(|_| live)
        .map(|(cluster, kind)| {
            let query = Query {
                namespaces: key.namespace.iter().cloned().collect(),
                selected: Some(key),
                ..Query::default()
            };
            (Place::List(cluster, kind.into()).href(&query), text::plural(kind))
        });
    view! {
        <section class="part row">
            {around.map(|href| view! { <a class="btn" href=href>"Around it"</a> })}
            {defined.map(|href| view! { <a class="btn" href=href>"Its objects"</a> })}
            {listed.map(|(href, name)| view! { <a class="btn q" href=href>{format!("In {}", name.to_ascii_lowercase())}</a> })}
        </section>
    }
}

/// What is wrong, in words: with the object itself, and with what it owns.
fn causes(node: &Node) -> Vec<(Health, String, Option<NodeKey>)> {
    let own = match (node.state, &node.status.reason) {
        (NodeState::Missing, None) => Some("Something names it, and it does not exist.".to_owned()),
        (NodeState::Hidden, None) => Some("It may exist; you may not see it.".to_owned()),
        (_, reason) => reason.clone(),
    };
    let own = own.map(|reason| (node.status.health, reason, None));
    let owned = node
        .status
        .owned
        .as_ref()
        .filter(|owned| owned.health >= Health::Progressing)
        .map(|owned| {
            let reason = owned
                .reason
                .clone()
                .unwrap_or_else(|| format!("Something it owns is {}.", text::health(owned.health)));
            (owned.health, reason, Some(owned.cause.clone()))
        });
    own.into_iter().chain(owned).collect()
}

fn cause_view((health, reason, cause): (Health, String, Option<NodeKey>)) -> impl IntoView {
    let here = use_here();
    let cause = cause.map(|key| {
        let href = here.selecting(key.clone());
        view! { <div class="because"><span class="dim">"because of "</span>{mark::kind(&key.kind)} <a class="mono" href=href>{key.name.clone()}</a></div> }
    });
    view! { <div class=format!("cause {}", health.word())>{reason}{cause}</div> }
}

fn facts(node: &Node) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(Replicas {
        desired,
        ready,
        available,
    }) = node.status.replicas
    {
        facts.push((
            "Replicas",
            format!("{ready} of {desired} ready, {available} available"),
        ));
    }
    facts.extend(
        node.status
            .restarts
            .map(|restarts| ("Restarts", restarts.to_string())),
    );
    facts.extend(
        node.status
            .owned
            .as_ref()
            .map(|owned| ("What it owns", text::health(owned.health).to_owned())),
    );
    facts.extend(node.created_at.map(|time| ("Created", text::utc(time))));
    if !node.api_version.is_empty() {
        facts.push(("API version", node.api_version.clone()));
    }
    if node.outside {
        facts.push(("Note", "outside the namespaces that were asked for".to_owned()));
    }
    facts
}

fn labels(labels: &BTreeMap<String, String>) -> impl IntoView + use<> {
    let labels: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (!labels.is_empty()).then(|| {
        let lines = each(labels, &mut |label| view! { <li>{label}</li> }.whole());
        view! { <section class="part"><h3>"Labels"</h3><ul class="labels">{lines}</ul></section> }
    })
}
