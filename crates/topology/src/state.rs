//! A state of one cluster's graph: immutable, cloned in constant time, shared with every reader.

use crate::facts::{Facts, Key};
use crate::proof::Proof;
use crate::search::Words;
use crate::symbols::Sym;
use imbl::{OrdMap, OrdSet};
use model::cluster::Counts;
use model::graph::{Edge, EdgeKey, NodeState, Relation};
use model::list::Column;
use model::{Health, KindId, NodeId, NodeKey};
use std::sync::Arc;

mod entry;
mod groups;
mod write;

pub use entry::{Entry, Owned};
pub(crate) use groups::Place;
pub use groups::{GroupKey, Groups, Members, Sum};

/// The kind that lets routes name Services of other namespaces.
pub(crate) const REFERENCE_GRANT: &str = "ReferenceGrant.gateway.networking.k8s.io";

/// A state of the graph. The writer changes its own; a clone is a handful of pointers and never changes.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The nodes, live ones and places where one is missing.
    nodes: OrdMap<NodeId, Entry>,
    /// The same by address: the objects of a kind in a namespace are a range, in the order of their names.
    places: OrdMap<Key, NodeId>,
    /// How many live objects a kind has in a namespace.
    tallies: OrdMap<(KindId, Option<Sym>), Tally>,
    /// How many live objects a kind has.
    totals: OrdMap<KindId, Tally>,
    /// The kinds that the cluster was found to serve, with their versions.
    kinds: OrdMap<KindId, Served>,
    /// The same nodes and edges from further away.
    groups: Groups,
    /// The words of the live objects.
    words: Words,
    /// The edges, by source.
    edges: OrdMap<EdgeKey, Arc<Proof>>,
    /// The edges by target, then relation, then source: "what owns this" does not walk over "what runs on this".
    reverse: OrdSet<(NodeId, Relation, NodeId)>,
}

/// How a cluster serves a kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Served {
    pub version: Sym,
    /// Of a kind that was found at run time.
    pub columns: Arc<[Column]>,
}

/// A count of live objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub objects: u32,
    /// Those whose own health is unhealthy.
    pub unhealthy: u32,
}

impl State {
    /// A node.
    pub fn node(&self, id: NodeId) -> Option<&Entry> {
        self.nodes.get(&id)
    }

    /// The node at an address, live or not.
    pub fn node_by_key(&self, key: &NodeKey) -> Option<&Entry> {
        self.find(&Key::of(key)?)
    }

    /// The node at an address, live or not.
    pub fn find(&self, key: &Key) -> Option<&Entry> {
        self.node(*self.places.get(key)?)
    }

    /// A namespace, if it exists.
    pub(crate) fn namespace(&self, name: &str) -> Option<&Facts> {
        let key = Key {
            kind: KindId::of("Namespace")?,
            namespace: None,
            name: name.into(),
        };
        self.find(&key)?.facts()
    }

    /// Whether a ReferenceGrant lets one object name another, of another namespace. Cost: the grants of that namespace.
    pub(crate) fn is_granted(&self, from: &Key, to: &Key) -> bool {
        let (Some(kind), Some(namespace)) = (KindId::of(REFERENCE_GRANT), &to.namespace) else {
            return false;
        };
        let grants = self.range(kind, Some(namespace)).filter_map(Entry::facts);
        grants.flat_map(Facts::grants).any(|grant| {
            grant.from.0.is(from.kind)
                && Some(&grant.from.1) == from.namespace.as_ref()
                && grant.to.0.is(to.kind)
                && grant.to.1.as_ref().is_none_or(|name| *name == to.name)
        })
    }

    /// All nodes, by id.
    pub fn nodes(&self) -> impl Iterator<Item = &Entry> {
        self.nodes.values()
    }

    /// The live objects of a kind, by namespace and name; `namespaces` is sorted, empty for all.
    pub fn objects<'a>(&'a self, kind: KindId, namespaces: &'a [String]) -> impl Iterator<Item = &'a Entry> {
        self.nodes_of(kind, namespaces)
            .filter(|entry| entry.state() == NodeState::Live)
    }

    /// The nodes of a kind, live or not, by namespace and name; `namespaces` is sorted, empty for all.
    pub fn nodes_of<'a>(&'a self, kind: KindId, namespaces: &'a [String]) -> impl Iterator<Item = &'a Entry> {
        let (all, some) = match namespaces {
            [] => (Some(self.range(kind, None)), None),
            names => {
                let ranges = names
                    .iter()
                    .map(move |name| self.range(kind, Some(name.as_str())));
                (None, Some(ranges.flatten()))
            }
        };
        all.into_iter().flatten().chain(some.into_iter().flatten())
    }

    /// The nodes of a kind: of one namespace, or of all and of none.
    fn range<'a>(&'a self, kind: KindId, namespace: Option<&'a str>) -> impl Iterator<Item = &'a Entry> {
        let start = Key {
            kind,
            namespace: namespace.map(Sym::from),
            name: Sym::from(""),
        };
        self.places
            .range(start..)
            .take_while(move |(key, _)| {
                key.kind == kind && (namespace.is_none() || key.namespace.as_deref() == namespace)
            })
            .filter_map(|(_, id)| self.node(*id))
    }

    /// The nodes whose address begins with this one: the same kind and namespace, and a name that begins like its.
    pub(crate) fn beginning_with<'a>(&'a self, start: &'a Key) -> impl Iterator<Item = NodeId> {
        self.places
            .range(start.clone()..)
            .take_while(move |(key, _)| {
                (key.kind, &key.namespace) == (start.kind, &start.namespace)
                    && key.name.starts_with(&*start.name)
            })
            .map(|(_, id)| *id)
    }

    /// The nodes and edges as groups.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The words of the live objects.
    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    /// An edge's proof.
    pub fn proof(&self, key: &EdgeKey) -> Option<&Proof> {
        self.edges.get(key).map(|proof| &**proof)
    }

    /// An edge as it travels.
    pub fn edge(&self, key: &EdgeKey) -> Option<Edge> {
        self.proof(key).map(|proof| proof.edge(*key))
    }

    /// All edges, by source.
    pub fn edges(&self) -> impl Iterator<Item = (EdgeKey, &Proof)> {
        self.edges.iter().map(|(key, proof)| (*key, &**proof))
    }

    /// The edges that start at a node.
    pub fn outgoing(&self, source: NodeId) -> impl Iterator<Item = (EdgeKey, &Proof)> {
        let start = EdgeKey {
            source,
            target: NodeId(0),
            relation: Relation::Owns,
        };
        self.edges
            .range(start..)
            .take_while(move |(key, _)| key.source == source)
            .map(|(key, proof)| (*key, &**proof))
    }

    /// The edges that lead to a node.
    pub fn incoming(&self, target: NodeId) -> impl Iterator<Item = (EdgeKey, &Proof)> {
        self.reverse
            .range((target, Relation::Owns, NodeId(0))..)
            .take_while(move |(end, _, _)| *end == target)
            .filter_map(|(target, relation, source)| {
                let key = EdgeKey {
                    source: *source,
                    target: *target,
                    relation: *relation,
                };
                self.proof(&key).map(|proof| (key, proof))
            })
    }

    /// The edges of one relation that lead to a node. Cost: those edges.
    pub fn incoming_by(&self, target: NodeId, relation: Relation) -> impl Iterator<Item = EdgeKey> {
        self.reverse
            .range((target, relation, NodeId(0))..=(target, relation, NodeId(u32::MAX)))
            .map(|(target, relation, source)| EdgeKey {
                source: *source,
                target: *target,
                relation: *relation,
            })
    }

    /// The edges at a node, in both directions; one from the node to itself comes once.
    pub fn around(&self, id: NodeId) -> impl Iterator<Item = (EdgeKey, &Proof)> {
        let incoming = self.incoming(id).filter(|(key, _)| key.source != key.target);
        self.outgoing(id).chain(incoming)
    }

    /// The kinds that the cluster may have objects of: those of the table, and those that it was found to serve.
    pub fn kinds(&self) -> impl Iterator<Item = KindId> {
        let found = self.kinds.keys().copied().filter(|kind| kind.is_discovered());
        KindId::all().chain(found)
    }

    /// Whether a kind is one of [`Self::kinds`].
    pub fn serves(&self, kind: KindId) -> bool {
        !kind.is_virtual() && (!kind.is_discovered() || self.kinds.contains_key(&kind))
    }

    /// The version of a kind that the cluster was found to serve, else that of the kind table.
    pub fn version(&self, kind: KindId) -> &str {
        self.kinds
            .get(&kind)
            .map_or(kind.get().version, |served| &served.version)
    }

    /// The apiVersion of a kind: with the version that the cluster was found to serve, else that of the kind table.
    pub fn api_version(&self, kind: KindId) -> String {
        match (self.kinds.get(&kind), kind.get().group) {
            (None, _) => kind.get().api_version(),
            (Some(served), "") => served.version.to_string(),
            (Some(served), group) => format!("{group}/{}", served.version),
        }
    }

    /// The columns of a kind, in the order of its rows' cells.
    pub fn columns(&self, kind: KindId) -> &[Column] {
        match self.kinds.get(&kind) {
            Some(served) if kind.is_discovered() => &served.columns,
            _ => crate::kinds::columns(kind),
        }
    }

    /// Live objects of a kind.
    pub fn count(&self, kind: KindId) -> u32 {
        self.totals.get(&kind).map_or(0, |tally| tally.objects)
    }

    /// Live objects of a kind in a namespace; `None` for cluster-scoped kinds.
    pub fn tally(&self, kind: KindId, namespace: Option<&str>) -> Tally {
        let place = (kind, namespace.map(Sym::from));
        self.tallies.get(&place).copied().unwrap_or_default()
    }

    /// Live objects of a kind by namespace, sorted.
    pub fn tallies(&self, kind: KindId) -> impl Iterator<Item = (Option<&Sym>, Tally)> {
        self.tallies
            .range((kind, None)..)
            .take_while(move |((own, _), _)| *own == kind)
            .map(|((_, namespace), tally)| (namespace.as_ref(), *tally))
    }

    /// Live objects whose own health is unhealthy.
    pub fn unhealthy(&self) -> u32 {
        self.totals.values().map(|tally| tally.unhealthy).sum()
    }

    /// The totals of the kinds that `are_known`.
    pub fn counts(&self, are_known: impl Fn(KindId) -> bool) -> Counts {
        let count = |kind| {
            let kind = KindId::of(kind).filter(|kind| are_known(*kind));
            kind.map(|kind| self.count(kind))
        };
        Counts {
            pods: count("Pod"),
            nodes: count("Node"),
            namespaces: count("Namespace"),
            unhealthy: self.unhealthy(),
        }
    }

    /// Nodes, live or not.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Edges.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }
}

impl Tally {
    fn of(health: Health) -> Self {
        Self {
            objects: 1,
            unhealthy: u32::from(health == Health::Unhealthy),
        }
    }
}
