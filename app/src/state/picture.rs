//! What the canvas shows, as data: tiles, lines and regions, and the change from one picture to the next.

use model::graph::{Derivation, Edge, Graph, Node, NodeState};
use model::level::Level;
use model::topology::Position;
use model::{Health, KindId, NodeId};
use std::collections::BTreeMap;

/// A node as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Its address.
    pub id: String,
    /// Its kind's short code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its status in a word or two.
    pub word: String,
    /// Its health.
    pub health: Health,
    /// How it is drawn.
    pub state: Presence,
    /// Ready and desired replicas.
    pub ready: Option<(u32, u32)>,
    /// The middle of its box.
    pub at: Position,
}

/// How a tile is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is there.
    Solid,
    /// It is missing: a ghost where it should be.
    Ghost,
    /// It is no object, or may not be seen.
    Faint,
    /// It is there, many times.
    Stack,
}

impl Presence {
    /// A word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Solid => "solid",
            Self::Ghost => "ghost",
            Self::Faint => "faint",
            Self::Stack => "stack",
        }
    }
}

/// An edge as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `source|type|target`.
    pub id: String,
    /// The address of its source.
    pub source: String,
    /// The address of its target.
    pub target: String,
    /// Whether it is as it should be.
    pub healthy: bool,
    /// Whether it is a guess.
    pub inferred: bool,
}

/// A namespace as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// The namespace; `None` for what has none.
    pub namespace: Option<String>,
    /// What is written on it.
    pub label: String,
    /// Objects in it.
    pub objects: u32,
    /// Those that are unhealthy.
    pub unhealthy: u32,
    /// Its upper left corner.
    pub at: (f32, f32),
    /// Its width and height.
    pub size: (f32, f32),
}

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// The middle of each node.
    pub nodes: BTreeMap<NodeId, Position>,
    /// The regions.
    pub regions: Vec<Region>,
}

/// All that is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// By address, not by number: an object that came back is the same tile.
    tiles: BTreeMap<String, Tile>,
    lines: BTreeMap<String, Line>,
    regions: Vec<Region>,
    level: Level,
}

/// What turns one picture into the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Tiles that are new, changed or moved.
    pub tiles: Vec<Tile>,
    /// Tiles that are gone.
    pub gone: Vec<String>,
    /// Lines that are new or changed.
    pub lines: Vec<Line>,
    /// Lines that are gone; those of tiles that are gone among them.
    pub gone_lines: Vec<String>,
    /// All regions, if one changed.
    pub regions: Option<Vec<Region>>,
    /// From how far away it is seen.
    pub level: Level,
}

impl Tile {
    fn of(node: &Node, at: Position) -> Self {
        let status = &node.status;
        let word = match node.state {
            NodeState::Missing => "missing",
            NodeState::Hidden => "not visible",
            NodeState::Virtual => "",
            NodeState::Live if status.word.is_empty() => status.health.word(),
            NodeState::Live | NodeState::Group => status.word.as_str(),
        };
        Self {
            id: node.key.to_string(),
            code: code(&node.key.kind),
            name: name(node),
            word: word.to_owned(),
            health: status.health,
            state: match node.state {
                NodeState::Live => Presence::Solid,
                NodeState::Missing => Presence::Ghost,
                NodeState::Hidden | NodeState::Virtual => Presence::Faint,
                NodeState::Group => Presence::Stack,
            },
            ready: status.replicas.map(|replicas| (replicas.ready, replicas.desired)),
            at,
        }
    }
}

/// What is written on a node.
pub fn name(node: &Node) -> String {
    match (node.state, node.key.kind.as_str(), node.key.name.as_str()) {
        (NodeState::Group, "Cluster", "all") => "whole cluster".to_owned(),
        (NodeState::Group, "Cluster", _) => "no namespace".to_owned(),
        (.., name) => name.to_owned(),
    }
}

/// The short code of a kind: of the table, or its capitals.
pub fn code(kind: &str) -> String {
    if kind == "Application" {
        return "APP".to_owned();
    }
    KindId::of_table(kind).map_or_else(
        || {
            kind.split('.')
                .next()
                .unwrap_or_default()
                .chars()
                .filter(char::is_ascii_uppercase)
                .take(4)
                .collect()
        },
        |id| id.get().code.to_owned(),
    )
}

impl Line {
    fn of(edge: &Edge, graph: &Graph) -> Option<Self> {
        let address = |id| Some(graph.nodes.get(id)?.key.to_string());
        let (source, target) = (address(&edge.key.source)?, address(&edge.key.target)?);
        Some(Self {
            id: format!("{source}|{}|{target}", edge.key.relation.word()),
            source,
            target,
            healthy: edge.healthy,
            inferred: edge.derivation == Derivation::Inferred,
        })
    }
}

impl Picture {
    /// The picture of a graph. A node without a place is not drawn.
    pub fn of(graph: &Graph, places: Places) -> Self {
        // Inserted one by one: collecting a map compiles a sort for each type of it.
        let mut tiles = BTreeMap::new();
        for node in graph.nodes.values() {
            if let Some(at) = places.nodes.get(&node.id) {
                let tile = Tile::of(node, *at);
                tiles.insert(tile.id.clone(), tile);
            }
        }
        let mut lines = BTreeMap::new();
        let drawn = |line: &Line| tiles.contains_key(&line.source) && tiles.contains_key(&line.target);
        for line in graph
            .edges
            .values()
            .filter_map(|edge| Line::of(edge, graph).filter(drawn))
        {
            lines.insert(line.id.clone(), line);
        }
        Self {
            tiles,
            lines,
            regions: places.regions,
            level: graph.level,
        }
    }

    /// Becomes `later`, and says what changed.
    pub fn become_(&mut self, later: Picture) -> Change {
        let change = Change {
            tiles: later
                .tiles
                .values()
                .filter(|tile| self.tiles.get(&tile.id) != Some(tile))
                .cloned()
                .collect(),
            gone: self
                .tiles
                .keys()
                .filter(|id| !later.tiles.contains_key(*id))
                .cloned()
                .collect(),
            lines: later
                .lines
                .values()
                .filter(|line| self.lines.get(&line.id) != Some(line))
                .cloned()
                .collect(),
            gone_lines: self
                .lines
                .keys()
                .filter(|id| !later.lines.contains_key(*id))
                .cloned()
                .collect(),
            regions: (self.regions != later.regions).then(|| later.regions.clone()),
            level: later.level,
        };
        *self = later;
        change
    }

    /// Takes the present status of some nodes. Nothing moves; cost: those nodes and the regions.
    pub fn touch(&mut self, graph: &Graph, touched: &[NodeId], regions: Vec<Region>) -> Change {
        let mut change = Change {
            level: self.level,
            ..Change::default()
        };
        for id in touched {
            let Some(node) = graph.nodes.get(id) else {
                continue;
            };
            let Some(tile) = self.tiles.get_mut(&node.key.to_string()) else {
                continue;
            };
            let later = Tile::of(node, tile.at);
            if *tile != later {
                tile.clone_from(&later);
                change.tiles.push(later);
            }
        }
        if self.regions != regions {
            change.regions = Some(regions.clone());
            self.regions = regions;
        }
        change
    }

    /// The regions.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }
}

impl Change {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
            && self.gone.is_empty()
            && self.lines.is_empty()
            && self.gone_lines.is_empty()
            && self.regions.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::state::places;
    use model::graph::Status;

    fn picture(graph: &Graph) -> Picture {
        Picture::of(graph, places::of(graph))
    }

    fn id_of(graph: &Graph, name: &str) -> NodeId {
        graph
            .nodes
            .values()
            .find(|node| node.key.name == name)
            .unwrap()
            .id
    }

    #[test]
    fn the_first_change_draws_everything_and_the_second_nothing() {
        let graph = fixture::graph();
        let mut drawn = Picture::default();
        let change = drawn.become_(picture(&graph));
        assert_eq!(
            (change.tiles.len(), change.lines.len()),
            (graph.nodes.len(), graph.edges.len())
        );
        assert!(drawn.become_(picture(&graph)).is_empty());
    }

    #[test]
    fn a_node_that_goes_takes_its_lines_along() {
        let before = fixture::graph();
        let mut later = before.clone();
        let gone = id_of(&before, "cart-7c5b8-x2kqz");
        later.nodes.remove(&gone);
        later
            .edges
            .retain(|key, _| key.source != gone && key.target != gone);
        let mut drawn = picture(&before);
        let change = drawn.become_(picture(&later));
        assert_eq!(change.gone, ["Pod/shop/cart-7c5b8-x2kqz"]);
        assert_eq!(change.gone_lines.len(), before.edges.len() - later.edges.len());
        assert_eq!(drawn, picture(&later));
    }

    #[test]
    fn a_number_that_means_another_object_is_another_tile() {
        let before = fixture::graph();
        let mut later = before.clone();
        let id = id_of(&before, "redis-0");
        later.nodes.get_mut(&id).unwrap().key.name = "redis-1".into();
        let change = picture(&before).become_(picture(&later));
        assert_eq!(change.gone, ["Pod/shop/redis-0"]);
        assert!(change.tiles.iter().any(|tile| tile.id == "Pod/shop/redis-1"));
    }

    #[test]
    fn a_status_changes_one_tile_and_moves_nothing() {
        let mut graph = fixture::graph();
        let mut drawn = picture(&graph);
        let id = id_of(&graph, "redis-0");
        graph.nodes.get_mut(&id).unwrap().status = Status {
            word: "OOMKilled".into(),
            health: Health::Unhealthy,
            ..Status::default()
        };
        let regions = places::recount(drawn.regions(), &graph);
        let change = drawn.touch(&graph, &[id], regions);
        assert_eq!(
            change
                .tiles
                .iter()
                .map(|tile| tile.id.as_str())
                .collect::<Vec<_>>(),
            ["Pod/shop/redis-0"]
        );
        assert!(
            change
                .regions
                .is_some_and(|regions| regions.iter().any(|region| region.unhealthy == 6))
        );
        assert_eq!(drawn, picture(&graph), "as if drawn anew");
    }

    #[test]
    fn the_missing_is_a_ghost_where_it_should_be() {
        let graph = fixture::graph();
        let mut drawn = Picture::default();
        let change = drawn.become_(picture(&graph));
        let ghost = change
            .tiles
            .iter()
            .find(|tile| tile.name == "web-canary")
            .unwrap();
        assert_eq!(
            (ghost.state, ghost.word.as_str(), ghost.health),
            (Presence::Ghost, "missing", Health::Unhealthy)
        );
        assert!(
            change
                .lines
                .iter()
                .any(|line| !line.healthy && line.target == ghost.id)
        );
    }

    #[test]
    fn kinds_outside_the_table_have_a_code_too() {
        assert_eq!(
            (code("Pod"), code("HTTPRoute.gateway.networking.k8s.io")),
            ("POD".into(), "HTTP".into())
        );
    }
}
