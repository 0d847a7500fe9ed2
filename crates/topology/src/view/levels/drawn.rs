//! Groups as they travel: nodes of a graph, with edges that stand for many.

use super::{LevelView, NODE_BUDGET, ViewStep};
use crate::change::Change;
use crate::state::State;
use crate::view::ViewError;
use model::NodeId;
use model::graph::{
    Derivation, Edge, EdgeKey, Graph, GraphDelta, GraphQuery, Layer, Node, NodeState, Relation, Status,
};
use model::level::{
    Group, GroupEdgeKey, GroupId, Groups, GroupsDelta, Level, Members, Picture, PictureDelta,
};
use std::collections::{BTreeMap, BTreeSet};

impl LevelView {
    /// The view that a query asks for, as a graph.
    pub fn of(query: &GraphQuery) -> Result<Self, ViewError> {
        Self::parse(query, query.level, NODE_BUDGET)
    }

    /// The view of a state, whole. Steps go on from here.
    pub fn graph(&mut self, state: &State) -> Result<Graph, ViewError> {
        let picture = self.snapshot(state)?;
        Ok(self.draw(state, picture))
    }

    /// What changed in the view; `None` if nothing did. See [`delta`](Self::delta).
    pub fn step(&mut self, state: &State, change: &Change) -> Option<ViewStep> {
        Some(match self.delta(state, change)? {
            PictureDelta::Objects(delta) => ViewStep::Delta(delta),
            PictureDelta::Groups(delta) => ViewStep::Delta(self.draw_delta(state, delta)),
            PictureDelta::Replaced(picture) => ViewStep::Whole(self.draw(state, picture)),
        })
    }

    /// Takes up a view without a focus that was at an earlier state, by what is known of the present one. Answers whether
    /// a delta can lead on; at the level of objects only if the receiver has them, which its delta says.
    pub fn resume(&mut self, state: &State) -> bool {
        self.level = self.choose(state);
        self.wanted.is_some() || self.level == Level::Object
    }

    fn draw(&self, state: &State, picture: Picture) -> Graph {
        let groups: Groups = match picture {
            Picture::Objects(graph) => return graph,
            Picture::Groups(groups) => groups,
        };
        let mut graph = Graph {
            level: self.level,
            ..Graph::default()
        };
        for key in groups.edges.keys() {
            let key = edge_key(key);
            if !graph.edges.contains_key(&key) {
                graph.edges.extend(self.edge(state, key).map(|edge| (key, edge)));
            }
        }
        for group in groups.groups.into_values() {
            let node = node(group);
            graph.nodes.insert(node.id, node);
        }
        graph
    }

    fn draw_delta(&self, state: &State, delta: GroupsDelta) -> GraphDelta {
        let changed = delta.edges.iter().map(|edge| edge.key);
        let keys: BTreeSet<EdgeKey> = changed
            .chain(delta.removed_edges)
            .map(|key| edge_key(&key))
            .collect();
        let mut drawn = GraphDelta {
            level: self.level,
            nodes: delta.groups.into_iter().map(node).collect(),
            removed_nodes: delta.removed_groups.into_iter().map(node_id).collect(),
            ..GraphDelta::default()
        };
        for key in keys {
            match self.edge(state, key) {
                Some(edge) => drawn.edges.push(edge),
                None => drawn.removed_edges.push(key),
            }
        }
        drawn
    }

    /// The edges of one relation from one group to another, in all the layers that are shown, as one.
    fn edge(&self, state: &State, key: EdgeKey) -> Option<Edge> {
        let shown = Layer::ALL
            .into_iter()
            .filter(|layer| self.scope.has_layer(*layer));
        let sums = shown.filter_map(|layer| {
            let key = GroupEdgeKey {
                source: GroupId(key.source.0),
                target: GroupId(key.target.0),
                relation: key.relation,
                layer,
            };
            Some((layer, state.groups().sum(&key)?))
        });
        let (mut count, mut unhealthy, mut first) = (0_u32, 0_u32, None);
        for (layer, sum) in sums {
            count += sum.edges;
            unhealthy += sum.unhealthy;
            first.get_or_insert(layer);
        }
        Some(Edge {
            key,
            layer: first?,
            healthy: unhealthy == 0,
            reason: (unhealthy > 0).then(|| format!("{unhealthy} of {count} are broken")),
            derivation: derivation(key.relation),
            confidence: 1.0,
            fields: Vec::new(),
            count,
        })
    }
}

/// Whether edges of a relation are guesses is a matter of the relation; nothing else is said of many at once.
fn derivation(relation: Relation) -> Derivation {
    match relation {
        Relation::Owns => Derivation::Owner,
        Relation::Calls | Relation::Refers => Derivation::Inferred,
        _ => Derivation::Reference,
    }
}

/// Groups and objects are never in one view, so their numbers may be the same.
fn node_id(id: GroupId) -> NodeId {
    NodeId(id.0)
}

fn edge_key(key: &GroupEdgeKey) -> EdgeKey {
    EdgeKey {
        source: node_id(key.source),
        target: node_id(key.target),
        relation: key.relation,
    }
}

fn node(group: Group) -> Node {
    let members = Members {
        counts: group.counts,
        healths: group.healths,
        missing: group.missing,
        hidden: group.hidden,
        part_of: group.part_of,
        root: group.root,
    };
    let (objects, unhealthy) = (members.objects(), members.unhealthy());
    let word = match (objects, unhealthy) {
        (1, 0) => "1 object".to_owned(),
        (objects, 0) => format!("{objects} objects"),
        (objects, unhealthy) => format!("{unhealthy} of {objects} unhealthy"),
    };
    Node {
        id: node_id(group.id),
        key: group.key,
        api_version: String::new(),
        state: NodeState::Group,
        outside: group.outside,
        uid: String::new(),
        created_at: None,
        labels: BTreeMap::new(),
        status: Status {
            word,
            health: group.health,
            owned: group.worst,
            ..Status::default()
        },
        members: Some(members),
    }
}
