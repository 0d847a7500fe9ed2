//! The graph from a list of objects, by looking at every pair. Slow, and independent of the index.

use crate::world::World;
use model::graph::{Derivation, EdgeKey, End, Layer, NodeState, Relation, SourceField};
use model::{Health, NodeId};
use std::collections::{BTreeMap, BTreeSet};
use topology::facts::{Detail, Facts, Key, Reference};
use topology::rules::{Absent, OWNS};
use topology::{Entry, State};

/// Source, target and relation.
type Ends = (Key, Key, Relation);

#[derive(Debug, Clone, PartialEq)]
struct EdgeBody {
    layer: Layer,
    derivation: Derivation,
    healthy: bool,
    fields: BTreeSet<SourceField>,
}

/// What the state must be.
pub struct Expected<'w> {
    world: &'w World,
    nodes: BTreeMap<Key, NodeState>,
    edges: BTreeMap<Ends, EdgeBody>,
}

impl<'w> Expected<'w> {
    pub fn of(world: &'w World) -> Self {
        let mut expected = Self {
            world,
            nodes: world
                .objects
                .keys()
                .map(|key| (key.clone(), NodeState::Live))
                .collect(),
            edges: BTreeMap::new(),
        };
        for holder in world.objects.values() {
            for reference in &holder.references {
                expected.reference(holder, reference);
            }
            for other in world.objects.values() {
                expected.owner(holder, other);
                expected.selector(holder, other);
            }
        }
        expected
    }

    fn reference(&mut self, holder: &Facts, reference: &Reference) {
        let named = self.world.objects.get(&reference.to);
        if named.is_none() && reference.rule.absent == Absent::Nothing {
            return;
        }
        let visible = self.world.visible.contains(&reference.to.kind);
        let state = if visible {
            NodeState::Missing
        } else {
            NodeState::Hidden
        };
        self.nodes.entry(reference.to.clone()).or_insert(state);
        let healthy = match named {
            None => reference.optional || !visible,
            Some(named) => fits(holder, reference, named),
        };
        let (source, target) = match reference.rule.proof {
            End::Source => (&holder.key, &reference.to),
            End::Target => (&reference.to, &holder.key),
        };
        let field = SourceField {
            path: reference.path.to_string(),
            on: reference.rule.proof,
            default: reference.default,
        };
        let rule = reference.rule;
        self.add(
            source,
            target,
            rule.relation,
            rule.layer,
            rule.derivation,
            healthy,
            field,
        );
    }

    fn owner(&mut self, owner: &Facts, owned: &Facts) {
        if owner.key.namespace.is_some() && owner.key.namespace != owned.key.namespace {
            return;
        }
        for (index, entry) in owned.owners.iter().enumerate() {
            if entry.uid == owner.uid {
                let field = SourceField {
                    path: format!("metadata.ownerReferences[{index}]"),
                    on: End::Target,
                    default: false,
                };
                let (layer, derivation) = (OWNS.layer, OWNS.derivation);
                self.add(
                    &owner.key,
                    &owned.key,
                    Relation::Owns,
                    layer,
                    derivation,
                    true,
                    field,
                );
            }
        }
    }

    fn selector(&mut self, selecting: &Facts, selected: &Facts) {
        let Some(selector) = &selecting.selector else {
            return;
        };
        let all = selector
            .labels
            .iter()
            .all(|(key, value)| selected.labels.iter().any(|(k, v)| (k, v) == (key, value)));
        if all && selector.kind == selected.key.kind && selecting.key.namespace == selected.key.namespace {
            let field = SourceField {
                path: selector.path.to_string(),
                on: End::Source,
                default: false,
            };
            let (layer, derivation) = (Layer::Network, Derivation::Selector);
            let (source, target) = (&selecting.key, &selected.key);
            self.add(source, target, Relation::Selects, layer, derivation, true, field);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn add(
        &mut self,
        source: &Key,
        target: &Key,
        relation: Relation,
        layer: Layer,
        derivation: Derivation,
        healthy: bool,
        field: SourceField,
    ) {
        let ends = (source.clone(), target.clone(), relation);
        let edge = self.edges.entry(ends).or_insert_with(|| EdgeBody {
            layer,
            derivation,
            healthy: true,
            fields: BTreeSet::new(),
        });
        assert_eq!((edge.layer, edge.derivation), (layer, derivation));
        edge.healthy &= healthy;
        edge.fields.insert(field);
    }

    /// The nodes that a node owns at any depth, itself left out.
    fn below<'e>(&self, owns: &[(&'e Key, &'e Key)], key: &'e Key) -> BTreeSet<&'e Key> {
        let (mut below, mut open) = (BTreeSet::new(), vec![key]);
        while let Some(owner) = open.pop() {
            let owned = owns.iter().filter(|(source, _)| *source == owner);
            open.extend(
                owned
                    .map(|(_, target)| *target)
                    .filter(|target| below.insert(*target)),
            );
        }
        below.remove(key);
        below
    }

    pub fn check(&self, state: &State) {
        let nodes: BTreeMap<Key, NodeState> = state
            .nodes()
            .map(|entry| (entry.key().clone(), entry.state()))
            .collect();
        assert_eq!(nodes.len(), state.node_count(), "an address has two nodes");
        assert_eq!(nodes, self.nodes);
        for (key, facts) in &self.world.objects {
            assert_eq!(state.find(key).unwrap().facts(), Some(facts));
        }
        self.check_edges(state);
        let owns: Vec<(&Key, &Key)> = self
            .edges
            .keys()
            .filter(|(_, _, relation)| *relation == Relation::Owns)
            .map(|(source, target, _)| (source, target))
            .collect();
        let mut unhealthy = 0;
        for entry in state.nodes() {
            assert_eq!(state.find(entry.key()).unwrap().id(), entry.id());
            self.check_owned(state, &owns, entry);
            unhealthy += u32::from(entry.health() == Health::Unhealthy);
        }
        assert_eq!(state.unhealthy(), unhealthy);
        for kind in model::KindId::all() {
            let keys: Vec<&Key> = self.world.objects.keys().filter(|key| key.kind == kind).collect();
            assert_eq!(state.count(kind) as usize, keys.len());
            let listed: Vec<&Key> = state.objects(kind, &[]).map(Entry::key).collect();
            assert_eq!(listed, keys);
        }
    }

    fn check_edges(&self, state: &State) {
        let key = |id: NodeId| state.node(id).expect("both ends are nodes").key().clone();
        let mut edges = BTreeMap::new();
        for (edge, proof) in state.edges() {
            assert!(
                proof.healthy || proof.reason.is_some(),
                "unhealthy without a reason: {proof:?}"
            );
            let fields: BTreeSet<SourceField> = proof.fields.iter().cloned().collect();
            assert_eq!(fields.len(), proof.fields.len());
            assert!(proof.fields.is_sorted());
            let body = EdgeBody {
                layer: proof.layer,
                derivation: proof.derivation,
                healthy: proof.healthy,
                fields,
            };
            edges.insert((key(edge.source), key(edge.target), edge.relation), body);
        }
        assert_eq!(edges.len(), state.edge_count());
        assert_eq!(edges, self.edges);
        let all: BTreeSet<EdgeKey> = state.edges().map(|(key, _)| key).collect();
        let reversed: BTreeSet<EdgeKey> = state
            .nodes()
            .flat_map(|entry| state.incoming(entry.id()).map(|(key, _)| key))
            .collect();
        assert_eq!(all, reversed);
    }

    fn check_owned(&self, state: &State, owns: &[(&Key, &Key)], entry: &Entry) {
        let below = self.below(owns, entry.key());
        let below = below.iter().map(|key| state.find(key).unwrap());
        let worst = below.max_by_key(|own| {
            let rank = own.key().kind.get().rank;
            (own.health(), rank, std::cmp::Reverse(own.id()))
        });
        let expected = worst.map(|own| (own.health(), own.id()));
        assert_eq!(entry.owned().map(|owned| (owned.health, owned.cause)), expected);
    }
}

/// Whether an object is as the reference needs it.
fn fits(holder: &Facts, reference: &Reference, named: &Facts) -> bool {
    let detail = match &reference.detail {
        Detail::Port(port) => named.ports.iter().any(|own| own.is(port)),
        Detail::Uid(uid) => *uid == named.uid,
        Detail::None | Detail::Key(_) | Detail::Endpoint { .. } => true,
    };
    let binds = |reference: &&std::sync::Arc<Reference>| reference.rule.relation == Relation::Binds;
    let mutual = reference.rule.relation != Relation::Binds
        || named
            .references
            .iter()
            .filter(binds)
            .all(|back| back.to == holder.key);
    detail && mutual
}
