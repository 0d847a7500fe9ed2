//! The graph as a tree: readable without script, and the canvas's twin for keyboard and screen reader with it.

use crate::components::mark;
use crate::components::whole::{Piece, Whole, entry, list, says, whether, word};
use crate::state::graph::LiveGraph;
use crate::state::here::use_here;
use crate::state::memo::{Known, memo};
use crate::state::picture;
use crate::state::tree::{self, Branch, Leaf, Tally};
use crate::text;
use leptos::prelude::*;
use model::graph::{Node, NodeState};
use model::level::Level;
use std::collections::BTreeMap;

/// The tree of a graph.
#[component]
pub fn GraphTree(
    /// The graph.
    graph: LiveGraph,
) -> impl IntoView {
    let branches = memo(move || {
        graph.family.track();
        graph.with(tree::build)
    });
    let tallies = memo(move || {
        graph.version.track();
        graph.with(tree::tally)
    });
    let names =
        move || branches.with(|branches| branches.iter().map(|branch| branch.namespace.clone()).collect());
    let sections = move || {
        let names: Vec<Option<String>> = names();
        let section =
            |name: Option<String>| entry(name.clone(), move || section(graph, branches, tallies, name));
        names.into_iter().map(section).collect()
    };
    view! {
        <div class="tree" data-testid="topology-tree">
            {list(sections)}
        </div>
    }
}

/// A namespace with its objects.
fn section(
    graph: LiveGraph,
    branches: Known<Vec<Branch>>,
    tallies: Known<BTreeMap<Option<String>, Tally>>,
    namespace: Option<String>,
) -> Piece {
    let (for_leaves, for_tally) = (namespace.clone(), namespace.clone());
    let leaves = move || {
        branches.with(|branches| {
            let branch = branches.iter().find(|branch| branch.namespace == for_leaves);
            let leaf = |leaf: &Leaf| {
                let leaf = leaf.clone();
                entry(leaf.clone(), move || leaf_view(graph, leaf).whole())
            };
            branch
                .map(|branch| branch.leaves.iter().map(leaf).collect())
                .unwrap_or_default()
        })
    };
    let heading = move || match &namespace {
        Some(name) => name.clone(),
        None => {
            graph.shape.track();
            let of_objects = graph.with(|graph| graph.level == Level::Object);
            if of_objects {
                "Without a namespace"
            } else {
                "Cluster"
            }
            .to_owned()
        }
    };
    let tally = memo(move || tallies.with(|tallies| tallies.get(&for_tally).copied().unwrap_or_default()));
    view! {
        <section class="branch">
            <h2>
                <span class="mono">{says(heading)}</span>
                <span class="dim3 num">{says(move || tally_words(tally.get()))}</span>
            </h2>
            <ul>{list(leaves)}</ul>
        </section>
    }
    .whole()
}

/// `41 objects, 4 unhealthy`.
pub fn tally_words(tally: Tally) -> String {
    let objects = text::counted(tally.objects, "object");
    if tally.unhealthy == 0 {
        objects
    } else {
        format!("{objects}, {} unhealthy", text::number(tally.unhealthy))
    }
}

/// A node's status in words.
pub fn status_word(node: &Node) -> String {
    match node.state {
        NodeState::Missing => "missing".to_owned(),
        NodeState::Hidden => "not visible to you".to_owned(),
        NodeState::Virtual => "not an object".to_owned(),
        NodeState::Live if node.status.word.is_empty() => text::health(node.status.health).to_owned(),
        NodeState::Live | NodeState::Group => node.status.word.clone(),
    }
}

fn leaf_view(graph: LiveGraph, leaf: Leaf) -> impl IntoView {
    graph.node(leaf.id).map(|node| {
        let here = use_here();
        let key = leaf.key;
        let address = key.to_string();
        let kind = mark::kind(&key.kind);
        let name = node.with_untracked(picture::name);
        let selected = {
            let key = key.clone();
            memo(move || here.is_selected(&key))
        };
        let (for_class, for_word, for_why, for_health) = (node.clone(), node.clone(), node.clone(), node.clone());
        view! {
            <li
                data-testid="topology-node"
                data-id=address
                data-health=word(move || Some(for_health.with(|node| node.status.health.word())))
                class=format!("leaf d{}", leaf.depth.min(6))
                class:sel=whether(move || selected.get())
            >
                <a href=here.selecting(key) aria-current=word(move || selected.get().then_some("true"))>{kind} <span class="name">{name}</span></a>
                <span class=says(move || for_class.with(|node| format!("st {}", node.status.health.word())))>
                    {says(move || for_word.with(status_word))}
                </span>
                <span class="why">{says(move || for_why.with(|node| node.status.reason.clone()).unwrap_or_default())}</span>
            </li>
        }
    })
}
