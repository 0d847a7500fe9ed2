//! The columns of a box and the rows in them.

use super::{in_order, rank};
use model::NodeId;
use model::graph::{Graph, Node};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// How often the columns are ordered by their neighbours, there and back.
const SWEEPS: usize = 3;
/// A column has at most this many rows, or as many as keep a large box about 16:10.
const ROWS: usize = 16;

/// A node's place among those of [`in_order`].
pub(super) type Place = usize;

/// The nodes of a graph, by place: everything that the sweeps look at, in arrays.
pub(super) struct Nodes<'g> {
    nodes: Vec<&'g Node>,
    ranks: Vec<u8>,
    /// Who is joined to whom in the same box.
    joined: Vec<Vec<Place>>,
    /// The row as it is now, by place; a node that is not placed yet has none.
    rows: Vec<Option<f64>>,
}

impl<'g> Nodes<'g> {
    pub(super) fn of(graph: &'g Graph) -> Self {
        let nodes = in_order(graph);
        let places: FxHashMap<NodeId, Place> = nodes
            .iter()
            .enumerate()
            .map(|(place, node)| (node.id, place))
            .collect();
        let mut joined = vec![Vec::new(); nodes.len()];
        for key in graph.edges.keys() {
            let (Some(source), Some(target)) = (places.get(&key.source), places.get(&key.target)) else {
                continue;
            };
            let namespace = |place: &Place| nodes.get(*place).map(|node| &node.key.namespace);
            if namespace(source) != namespace(target) {
                continue;
            }
            for (from, to) in [(source, target), (target, source)] {
                if let Some(joined) = joined.get_mut(*from) {
                    joined.push(*to);
                }
            }
        }
        Self {
            ranks: nodes.iter().map(|node| rank(node)).collect(),
            rows: vec![None; nodes.len()],
            joined,
            nodes,
        }
    }

    /// The places of each box, with its namespace: what has none comes last.
    pub(super) fn boxes(&self) -> Vec<(Option<&'g str>, Range<Place>)> {
        let mut boxes: Vec<(Option<&str>, Range<Place>)> = Vec::new();
        for (place, node) in self.nodes.iter().enumerate() {
            let namespace = node.key.namespace.as_deref();
            match boxes.last_mut() {
                Some((last, places)) if *last == namespace => places.end = place + 1,
                _ => boxes.push((namespace, place..place + 1)),
            }
        }
        boxes
    }

    /// The nodes of a box.
    pub(super) fn inside(&self, places: Range<Place>) -> &[&'g Node] {
        self.nodes.get(places).unwrap_or_default()
    }

    fn rank(&self, place: Place) -> u8 {
        self.ranks.get(place).copied().unwrap_or(u8::MAX)
    }

    fn row(&self, place: Place) -> Option<f64> {
        self.rows.get(place).copied().flatten()
    }

    fn set_row(&mut self, place: Place, row: Option<f64>) {
        if let Some(own) = self.rows.get_mut(place) {
            *own = row;
        }
    }

    /// The mean row of a node's neighbours: of those that have one and whose rank counts.
    fn mean(&self, place: Place, counts: &dyn Fn(u8) -> bool) -> Option<f64> {
        let (mut sum, mut count) = (0.0, 0.0);
        for other in self.joined.get(place).into_iter().flatten() {
            if let Some(row) = self.row(*other).filter(|_| counts(self.rank(*other))) {
                sum += row;
                count += 1.0;
            }
        }
        (count > 0.0).then(|| sum / count)
    }

    /// Notes for each node of a column its place in it.
    fn number(&mut self, column: &Column) {
        for (row, place) in column.nodes.iter().enumerate() {
            self.set_row(*place, Some(float(row)));
        }
    }

    /// The nodes of a box in columns by rank, each in the order of their addresses.
    fn columns(&self, inside: Range<Place>) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        for place in inside {
            let rank = self.rank(place);
            match columns.last_mut() {
                Some(column) if column.rank == rank => column.nodes.push(place),
                _ => columns.push(Column {
                    rank,
                    nodes: vec![place],
                }),
            }
        }
        columns
    }

    /// Orders a column by the mean row of each node's neighbours among the ranks that count; a node with none keeps its
    /// row. Nodes that tie stay in the order they were in, which at first is that of their addresses.
    fn order(&mut self, column: &mut Column, counts: &dyn Fn(u8) -> bool) {
        let weigh = |(before, place): (usize, &Place)| {
            let mean = self.mean(*place, counts).or_else(|| self.row(*place));
            (mean.unwrap_or_default(), before, *place)
        };
        let mut weighed: Vec<(f64, usize, Place)> = column.nodes.iter().enumerate().map(weigh).collect();
        // Half the code of a stable sort, in what a browser loads.
        weighed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        column.nodes.clear();
        column
            .nodes
            .extend(weighed.into_iter().map(|(_, _, place)| place));
        self.number(column);
    }

    /// The columns of a box from its first rank to its last, empty ones in between included, each with its nodes and
    /// their rows. A rank with more nodes than a column has rows gets several columns.
    pub(super) fn arrange(&mut self, inside: Range<Place>) -> Vec<Vec<(usize, NodeId)>> {
        let mut columns = self.columns(inside.clone());
        for column in &columns {
            self.number(column);
        }
        for _ in 0..SWEEPS {
            for column in &mut columns {
                let own = column.rank;
                self.order(column, &|rank| rank < own);
            }
            for column in columns.iter_mut().rev() {
                let own = column.rank;
                self.order(column, &|rank| rank > own);
            }
        }
        let limit = limit(inside.len());
        for place in inside {
            self.set_row(place, None);
        }
        self.place(&columns, limit)
    }

    /// Gives every node its row, from left to right: next to what leads to it where there is room, in its column's order.
    fn place(&mut self, columns: &[Column], limit: usize) -> Vec<Vec<(usize, NodeId)>> {
        let mut placed: Vec<Vec<(usize, Place)>> = Vec::new();
        let mut before: Option<u8> = None;
        for column in columns {
            // A kind outside the table has the last rank of all; there is no gap before it.
            let gap = match before {
                Some(before) if column.rank != u8::MAX => {
                    column.rank.saturating_sub(before).saturating_sub(1)
                }
                _ => 0,
            };
            placed.extend((0..gap).map(|_| Vec::new()));
            before = Some(column.rank);
            let parts: Vec<Vec<(usize, Place)>> = if column.nodes.len() > limit {
                let parts = column.nodes.chunks(limit);
                parts
                    .map(|part| part.iter().copied().enumerate().collect())
                    .collect()
            } else {
                vec![self.beside(column, limit)]
            };
            for (row, place) in parts.iter().flatten() {
                self.set_row(*place, Some(float(*row)));
            }
            placed.extend(parts);
        }
        let id = |(row, place): (usize, Place)| Some((row, self.nodes.get(place)?.id));
        placed
            .into_iter()
            .map(|column| column.into_iter().filter_map(id).collect())
            .collect()
    }

    /// One column: each node on the mean row of its placed neighbours, or below the node above it, and never so low that
    /// those below it would not fit.
    fn beside(&self, column: &Column, limit: usize) -> Vec<(usize, Place)> {
        let mut next = 0;
        let total = column.nodes.len();
        let nodes = column.nodes.iter().enumerate();
        nodes
            .map(|(above, place)| {
                let wanted = self.mean(*place, &|_| true).map_or(next, whole);
                let row = wanted.max(next).min(limit - (total - above));
                next = row + 1;
                (row, *place)
            })
            .collect()
    }
}

/// The nodes of one rank, top to bottom.
struct Column {
    rank: u8,
    nodes: Vec<Place>,
}

/// How many rows a column of a box with so many nodes has at most: in steps of eight, so that it seldom changes.
fn limit(nodes: usize) -> usize {
    // Columns are about three rows wide, and the box is to be 1.6 times as wide as high: rows^2 = 1.8 * nodes.
    (nodes * 9 / 5).isqrt().next_multiple_of(8).max(ROWS)
}

#[allow(clippy::cast_precision_loss)]
fn float(row: usize) -> f64 {
    row as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(row: f64) -> usize {
    row.round() as usize
}
