//! The edges of an object, each with the fields that prove it.

use crate::components::mark;
use crate::components::tree::status_word;
use crate::components::whole::{Whole, each, entry, list, part, says};
use crate::state::here::use_here;
use crate::state::memo::{Known, memo};
use crate::text;
use leptos::prelude::*;
use model::graph::{Derivation, Edge, End, Graph, Node, SourceField};
use model::{Health, NodeId, NodeKey};

/// How many edges are shown before the rest is folded away.
const UNFOLDED: usize = 40;

/// An edge as one of its ends sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tie {
    /// The relation in words, as this end says it: `owned by`.
    pub words: String,
    /// The other end.
    pub other: NodeKey,
    /// How the other end is.
    pub health: Health,
    /// In a word.
    pub status: String,
    /// What is wrong with the edge.
    pub trouble: Option<String>,
    /// Whether the edge is as it should be.
    pub healthy: bool,
    /// How sure it is, in tenths, if it is a guess.
    pub guess: Option<u32>,
    /// The fields, and whether they stand on the other end.
    pub proof: Vec<(String, bool)>,
}

/// Every edge of a node, both directions: broken ones first, then by relation and by the other end.
pub fn ties(graph: &Graph, id: NodeId) -> Vec<Tie> {
    let mut ties: Vec<Tie> = graph
        .edges
        .values()
        .filter_map(|edge| {
            let (outgoing, other) = if edge.key.source == id {
                (true, edge.key.target)
            } else if edge.key.target == id {
                (false, edge.key.source)
            } else {
                return None;
            };
            Some(tie(edge, graph.nodes.get(&other)?, outgoing))
        })
        .collect();
    ties.sort_unstable_by(|a, b| (a.healthy, &a.words, &a.other).cmp(&(b.healthy, &b.words, &b.other)));
    ties
}

fn tie(edge: &Edge, other: &Node, outgoing: bool) -> Tie {
    let relation = edge.key.relation;
    let away = if outgoing { End::Target } else { End::Source };
    let field = |field: &SourceField| {
        let note = if field.default { " (default)" } else { "" };
        (format!("{}{note}", field.path), field.on == away)
    };
    let words = if outgoing {
        relation.forward()
    } else {
        relation.backward().to_owned()
    };
    Tie {
        words: match edge.count {
            0 | 1 => words,
            count => format!("{words}, {} times", text::number(count)),
        },
        other: other.key.clone(),
        health: other.status.health,
        status: status_word(other),
        trouble: edge.reason.clone(),
        healthy: edge.healthy,
        guess: (edge.derivation == Derivation::Inferred).then(|| (edge.confidence * 10.0).round() as u32),
        proof: edge.fields.iter().map(field).collect(),
    }
}

/// The edges of one object. An edge that changes is rendered anew, the others stay.
#[component]
pub fn Ties(
    /// Every edge.
    ties: Known<Vec<Tie>>,
) -> impl IntoView {
    let entries = move |from: usize, to: usize| {
        ties.with(|ties| {
            let some = ties.iter().skip(from).take(to - from);
            some.cloned()
                .map(|tie| entry(tie.clone(), move || tie_view(tie).whole()))
                .collect()
        })
    };
    let shown = move || entries(0, UNFOLDED);
    let folded = move || entries(UNFOLDED, usize::MAX);
    let rest = memo(move || ties.with(|ties| ties.len().saturating_sub(UNFOLDED)));
    let has_rest = memo(move || rest.get() > 0);
    let fold = part(move || {
        if !has_rest.get() {
            return ().whole();
        }
        view! {
            <details class="fold">
                <summary>{says(move || format!("and {} more", text::number(text::count(rest.get()))))}</summary>
                {list(folded)}
            </details>
        }
        .whole()
    });
    let none = says(move || match ties.with(Vec::is_empty) {
        true => text::NO_TIES.to_owned(),
        false => String::new(),
    });
    view! {
        <p class="dim">{none}</p>
        {list(shown)}
        {fold}
    }
}

fn tie_view(tie: Tie) -> impl IntoView {
    let here = use_here();
    let Tie {
        words,
        other,
        health,
        status,
        trouble,
        healthy,
        guess,
        proof,
    } = tie;
    // What is wrong with the edge counts here, not how well the object at its other end is.
    let (health, status) = match healthy || health == Health::Unhealthy {
        true => (health, status),
        false => (Health::Unhealthy, "broken".to_owned()),
    };
    let kind = other.kind.clone();
    let proof = each(proof, &mut |(path, away)| {
        let on = away.then(|| view! { <span class="on">{format!("on the {kind}: ")}</span> });
        view! { <div class="proof">{on}{path}</div> }.whole()
    });
    let namespace = other.namespace.clone().filter(|_| {
        here.query.with_untracked(|query| {
            query.selected.as_ref().and_then(|key| key.namespace.as_ref()) != other.namespace.as_ref()
        })
    });
    view! {
        <div class="rel" class:broken=!healthy>
            <div class="l">
                <span class="dim">{words}</span>
                {mark::kind(&other.kind)}
                <a class="mono" href=here.selecting(other.clone())>{other.name.clone()}</a>
                {namespace.map(|name| view! { <span class="dim3">{name}</span> })}
                <span class="end">
                    {guess.map(|sure| view! { <span class="dim3 num">{format!("inferred, {}.{}", sure / 10, sure % 10)}</span> })}
                    {mark::state(health, status)}
                </span>
            </div>
            {trouble.map(|why| view! { <div class="trouble">{why}</div> })}
            {proof}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn both_directions_with_the_words_of_this_end() {
        let graph = fixture::graph();
        let pod = graph
            .nodes
            .values()
            .find(|node| node.key == fixture::failing_pod())
            .unwrap()
            .id;
        let ties = ties(&graph, pod);
        let find = |words: &str| ties.iter().find(|tie| tie.words == words).unwrap();
        assert_eq!(
            ties.len(),
            graph
                .edges
                .keys()
                .filter(|key| key.source == pod || key.target == pod)
                .count()
        );
        assert!(!ties[0].healthy, "what is broken comes first");
        assert_eq!(find("owned by").other.kind, "ReplicaSet");
        assert_eq!(
            find("owned by").proof,
            [("metadata.ownerReferences[0]".to_owned(), false)],
            "the field stands on the pod"
        );
        assert!(
            find("selected by").proof[0].1,
            "the selector stands on the service"
        );
    }
}
