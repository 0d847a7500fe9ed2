//! Boxes in lines.

use super::Position;

/// Between two boxes.
const GAP: f32 = 28.0;
/// Width to height of the whole, about.
const ASPECT: f32 = 1.6;

/// Where the boxes go.
pub(super) struct Flow {
    /// The upper left corner of each box.
    pub(super) corners: Vec<Position>,
    /// The width of the whole.
    pub(super) width: f32,
    /// The height of the whole.
    pub(super) height: f32,
}

/// Puts boxes of these widths and heights side by side in their order and begins a new line where one is full. A line is
/// as wide as makes the whole about 16:10, and at least as wide as the widest box.
pub(super) fn flow(sizes: &[(f32, f32)]) -> Flow {
    let area: f32 = sizes
        .iter()
        .map(|(width, height)| (width + GAP) * (height + GAP))
        .sum();
    let widest = sizes.iter().map(|(width, _)| *width).fold(0.0, f32::max);
    let line = (area * ASPECT).sqrt().max(widest);
    let mut flow = Flow {
        corners: Vec::with_capacity(sizes.len()),
        width: 0.0,
        height: 0.0,
    };
    let (mut x, mut y, mut tallest) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (width, height) in sizes {
        if x > 0.0 && x + width > line {
            x = 0.0;
            y += tallest + GAP;
            tallest = 0.0;
        }
        flow.corners.push(Position { x, y });
        tallest = tallest.max(*height);
        flow.width = flow.width.max(x + width);
        flow.height = flow.height.max(y + height);
        x += width + GAP;
    }
    flow
}
