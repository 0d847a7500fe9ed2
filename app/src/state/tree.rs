//! The graph as a tree: namespaces, in them owner chains from the root down. The same content as the canvas, for
//! reading, for the keyboard, and for pages without script.

use crate::state::level::{is_group, weight};
use model::graph::{Graph, Node, Relation};
use model::{NodeId, NodeKey};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use topology::layout::in_order;

/// A namespace with its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The namespace; `None` for what has none.
    pub namespace: Option<String>,
    /// Its objects, each behind its owner.
    pub leaves: Vec<Leaf>,
}

/// An object in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// Which.
    pub id: NodeId,
    /// Its address: the number alone may mean another object after the server was started again.
    pub key: NodeKey,
    /// How many owners it has above it.
    pub depth: u8,
}

/// How many objects a namespace has, and how many of them are unhealthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All.
    pub objects: u32,
    /// The unhealthy.
    pub unhealthy: u32,
}

/// The tree of a graph: namespaces by name, then what has no namespace; roots by kind, from entry to what a pod
/// needs, and by name. Cost: the graph, times the logarithm of its nodes.
pub fn build(graph: &Graph) -> Vec<Branch> {
    let mut owners: FxHashMap<NodeId, NodeId> = FxHashMap::default();
    for key in graph.edges.keys().filter(|key| key.relation == Relation::Owns) {
        let (Some(owner), Some(node)) = (graph.nodes.get(&key.source), graph.nodes.get(&key.target)) else {
            continue;
        };
        // One place each: below the first owner of its own namespace. A group owns none of its kind.
        if !is_group(node) && owner.key.namespace == node.key.namespace {
            owners.entry(node.id).or_insert(owner.id);
        }
    }
    let nodes = in_order(graph);
    let mut tree = Tree::default();
    for node in &nodes {
        if let Some(owner) = owners.get(&node.id) {
            tree.children.entry(*owner).or_default().push(node);
        }
    }
    for node in nodes.iter().filter(|node| !owners.contains_key(&node.id)) {
        tree.root(node);
    }
    // Objects that own each other in a circle have no root: the first of each circle stands in for one.
    for node in nodes {
        tree.root(node);
    }
    tree.branches
}

/// A tree that grows.
#[derive(Default)]
struct Tree<'g> {
    children: FxHashMap<NodeId, Vec<&'g Node>>,
    seen: FxHashMap<NodeId, ()>,
    branches: Vec<Branch>,
}

impl Tree<'_> {
    /// Puts a node that has no owner above it, with all below it, into its branch; not one that has its place already.
    fn root(&mut self, node: &Node) {
        if self.seen.contains_key(&node.id) {
            return;
        }
        let mut leaves = Vec::new();
        self.walk(node, 0, &mut leaves);
        let namespace = &node.key.namespace;
        // Roots come by namespace, so the branch is the last one or new; only a circle looks further back.
        match self
            .branches
            .iter_mut()
            .rev()
            .find(|branch| branch.namespace == *namespace)
        {
            Some(branch) => branch.leaves.append(&mut leaves),
            None => self.branches.push(Branch {
                namespace: namespace.clone(),
                leaves,
            }),
        }
    }

    fn walk(&mut self, node: &Node, depth: u8, leaves: &mut Vec<Leaf>) {
        if self.seen.insert(node.id, ()).is_some() {
            return;
        }
        leaves.push(Leaf {
            id: node.id,
            key: node.key.clone(),
            depth,
        });
        for child in self.children.remove(&node.id).into_iter().flatten() {
            self.walk(child, depth.saturating_add(1), leaves);
        }
    }
}

/// Counts the objects of each namespace.
pub fn tally(graph: &Graph) -> BTreeMap<Option<String>, Tally> {
    let mut tallies: BTreeMap<Option<String>, Tally> = BTreeMap::new();
    for node in graph.nodes.values() {
        let tally = match tallies.get_mut(&node.key.namespace) {
            Some(tally) => tally,
            None => tallies.entry(node.key.namespace.clone()).or_default(),
        };
        let (objects, unhealthy) = weight(node);
        tally.objects += objects;
        tally.unhealthy += unhealthy;
    }
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use model::graph::NodeState;

    #[test]
    fn owners_stand_above_what_they_own() {
        let graph = fixture::graph();
        let lines: Vec<String> = build(&graph)
            .iter()
            .flat_map(|branch| {
                let name = branch.namespace.clone().unwrap_or("(cluster)".into());
                let leaves = branch.leaves.iter().map(|leaf| {
                    let key = &graph.nodes[&leaf.id].key;
                    format!(
                        "{}{} {}",
                        "  ".repeat(usize::from(leaf.depth) + 1),
                        key.kind,
                        key.name
                    )
                });
                std::iter::once(name).chain(leaves.collect::<Vec<_>>())
            })
            .collect();
        let text = lines.join("\n");
        let chain = "\n  Deployment cart\n    ReplicaSet cart-7c5b8\n      Pod cart-7c5b8-m8w4n\n      Pod cart-7c5b8-x2kqz\n";
        assert!(text.contains(chain), "{text}");
        assert!(text.starts_with("payments\n"), "{text}");
        assert!(
            text.contains("\n(cluster)\n"),
            "what has no namespace comes last: {text}"
        );
    }

    #[test]
    fn every_object_has_one_place_even_in_a_circle() {
        let mut graph = fixture::graph();
        let keys: Vec<NodeId> = graph.nodes.keys().copied().take(3).collect();
        for (source, target) in [(keys[0], keys[1]), (keys[1], keys[2]), (keys[2], keys[0])] {
            let edge = fixture::edge(source, target, Relation::Owns, "metadata.ownerReferences[0]");
            graph.edges.insert(edge.key, edge);
        }
        let mut places: Vec<NodeId> = build(&graph)
            .iter()
            .flat_map(|branch| branch.leaves.iter().map(|leaf| leaf.id))
            .collect();
        places.sort_unstable();
        assert_eq!(places, graph.nodes.keys().copied().collect::<Vec<_>>());
    }

    #[test]
    fn groups_stand_side_by_side() {
        let mut graph = fixture::graph();
        for node in graph.nodes.values_mut() {
            (node.state, node.key.namespace) = (NodeState::Group, None);
        }
        let leaves = build(&graph).into_iter().flat_map(|branch| branch.leaves);
        assert!(leaves.into_iter().all(|leaf| leaf.depth == 0));
    }

    #[test]
    fn the_unhealthy_are_counted() {
        let tallies = tally(&fixture::graph());
        let shop = tallies[&Some("shop".to_owned())];
        assert!(shop.unhealthy >= 3 && shop.unhealthy < shop.objects, "{shop:?}");
    }
}
