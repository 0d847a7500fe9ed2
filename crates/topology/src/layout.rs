//! Where the nodes of a graph are drawn. Pure and deterministic: the server, the browser and the export agree.
//!
//! A box per namespace, and one, `cluster`, for what has none. In a box a column per rank of the kind table, so that the
//! signal path reads left to right from entry to what a pod needs; in a column a row per node, ordered so that edges
//! cross little. Boxes flow in lines, in the order of their names, into a picture of about 16:10.
//!
//! What stays when the graph changes: columns never move in their box; a box whose nodes and edges are the same keeps its
//! inner picture; a change of health, status or proof moves nothing. A node that comes or goes may reorder the rows of its
//! box, because the rows follow the edges: those that tie keep the order of their addresses.

use model::graph::{Graph, Node};
pub use model::topology::Position;
use model::topology::TopologyGroup;
use model::{KindId, NodeId};
use rows::Nodes;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::Range;

mod flow;
pub mod map;
mod rows;

/// The width of a node, in pixels at zoom 1.
pub const NODE_WIDTH: f32 = 148.0;
/// The height of a node.
pub const NODE_HEIGHT: f32 = 40.0;
/// From the middle of one column to the middle of the next.
pub const COLUMN_PITCH: f32 = 180.0;
/// From the middle of one row to the middle of the next.
pub const ROW_PITCH: f32 = 62.0;
/// From a box's border to the nodes.
const PADDING: f32 = 16.0;
/// The height of a box's heading.
const HEADING: f32 = 32.0;

/// A picture of a graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The middle of each node.
    pub positions: BTreeMap<NodeId, Position>,
    /// The boxes, in the order of their ids, `cluster` last.
    pub groups: Vec<TopologyGroup>,
    /// The width of the whole.
    pub width: f32,
    /// The height of the whole.
    pub height: f32,
}

/// The id of the box that a node is drawn in: `namespace/shop`, or `cluster`.
pub fn group_of(node: &Node) -> String {
    group_id(node.key.namespace.as_deref())
}

fn group_id(namespace: Option<&str>) -> String {
    namespace.map_or("cluster".to_owned(), |namespace| format!("namespace/{namespace}"))
}

/// The nodes as they are drawn and read: namespaces by name, then what has none, for it is what the rest stands on; in
/// each, kinds by rank, from entry to what a pod needs; of each kind, by address.
pub fn in_order(graph: &Graph) -> Vec<&Node> {
    let placed = graph.nodes.values().map(|node| {
        let namespace = node.key.namespace.as_deref();
        ((namespace.is_none(), namespace, rank(node)), node)
    });
    let mut nodes: Vec<_> = placed.collect();
    nodes.sort_unstable_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.key.cmp(&other.key)));
    nodes.into_iter().map(|(_, node)| node).collect()
}

/// Draws a graph. Cost: nodes and edges, times the logarithm of the nodes in a box.
pub fn layout(graph: &Graph) -> Layout {
    let mut nodes = Nodes::of(graph);
    let boxes = nodes.boxes().into_iter();
    let drawn: Vec<Drawn<'_>> = boxes
        .map(|(namespace, inside)| Drawn::new(namespace, inside, &mut nodes))
        .collect();
    let sizes: Vec<(f32, f32)> = drawn.iter().map(|drawn| (drawn.width, drawn.height)).collect();
    let flow = flow::flow(&sizes);
    let mut layout = Layout {
        width: flow.width,
        height: flow.height,
        ..Layout::default()
    };
    for (drawn, corner) in drawn.into_iter().zip(flow.corners) {
        for (id, place) in &drawn.places {
            let position = Position {
                x: corner.x + place.x,
                y: corner.y + place.y,
            };
            layout.positions.insert(*id, position);
        }
        layout.groups.push(drawn.group(corner));
    }
    layout
}

/// The name of a graph's picture: SHA-256, in hex, over the sorted addresses of its nodes and the sorted ids of its edges
/// (`source|type|target`), one a line. The same seed gives the same positions.
pub fn layout_seed(graph: &Graph) -> String {
    let keys: BTreeMap<NodeId, String> = graph
        .nodes
        .iter()
        .map(|(id, node)| (*id, node.key.to_string()))
        .collect();
    let mut lines: Vec<String> = keys.values().cloned().collect();
    lines.sort_unstable();
    let ends = |key: &model::graph::EdgeKey| Some((keys.get(&key.source)?, keys.get(&key.target)?));
    let mut edges: Vec<String> = graph
        .edges
        .keys()
        .filter_map(|key| {
            ends(key).map(|(source, target)| format!("{source}|{}|{target}", key.relation.word()))
        })
        .collect();
    edges.sort_unstable();
    lines.append(&mut edges);
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The column of a node: its kind's rank. What is missing has the place it would have.
fn rank(node: &Node) -> u8 {
    KindId::of_table(&node.key.kind).map_or(u8::MAX, |kind| kind.get().rank)
}

/// A box with its nodes, before it has a place.
struct Drawn<'a> {
    namespace: Option<&'a str>,
    unhealthy: u32,
    places: Vec<(NodeId, Position)>,
    width: f32,
    height: f32,
}

impl<'a> Drawn<'a> {
    fn new(namespace: Option<&'a str>, inside: Range<rows::Place>, nodes: &mut Nodes<'_>) -> Self {
        let unhealthy = |node: &&&Node| node.is_unhealthy();
        let unhealthy = nodes.inside(inside.clone()).iter().filter(unhealthy).count();
        let mut places = Vec::with_capacity(inside.len());
        let columns = nodes.arrange(inside);
        let mut tallest = 0_usize;
        for (column, rows) in columns.iter().enumerate() {
            for (row, id) in rows {
                tallest = tallest.max(row + 1);
                let place = Position {
                    x: PADDING + NODE_WIDTH / 2.0 + pitch(column, COLUMN_PITCH),
                    y: HEADING + NODE_HEIGHT / 2.0 + pitch(*row, ROW_PITCH),
                };
                places.push((*id, place));
            }
        }
        let columns = columns.len();
        Self {
            namespace,
            unhealthy: u32::try_from(unhealthy).unwrap_or(u32::MAX),
            places,
            width: 2.0 * PADDING + NODE_WIDTH + pitch(columns.saturating_sub(1), COLUMN_PITCH),
            height: HEADING + PADDING + NODE_HEIGHT + pitch(tallest.saturating_sub(1), ROW_PITCH),
        }
    }

    fn group(&self, corner: Position) -> TopologyGroup {
        TopologyGroup {
            id: group_id(self.namespace),
            label: self.namespace.unwrap_or("cluster").to_owned(),
            position: corner,
            width: self.width,
            height: self.height,
            node_count: u32::try_from(self.places.len()).unwrap_or(u32::MAX),
            unhealthy: self.unhealthy,
        }
    }
}

/// So many steps, in pixels. Pictures are far smaller than where f32 loses whole numbers.
#[allow(clippy::cast_precision_loss)]
fn pitch(steps: usize, pitch: f32) -> f32 {
    steps as f32 * pitch
}
