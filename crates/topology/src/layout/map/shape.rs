//! Sizes: the classes of applications and namespaces.

/// Units to the left of the applications of a namespace and below them.
pub(super) const SPACE_PADDING: u32 = 1;
/// A box is made smaller when its class is larger than needed by more than this: what comes and goes does not flip it.
pub(super) const LAX: u8 = 1;
/// The largest class: more cells than any cluster has pods.
const LARGEST: u8 = 48;

/// A width and a height, in units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub width: u32,
    pub height: u32,
}

impl Extent {
    pub fn area(self) -> u32 {
        self.width.saturating_mul(self.height)
    }
}

/// The columns and rows of an application's cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    class: u8,
    /// Columns.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
}

impl Default for Shape {
    fn default() -> Self {
        Self::of(0)
    }
}

impl Shape {
    /// A size class.
    fn of(class: u8) -> Self {
        let cells = grown(2, class);
        let rows = rounded_root(cells.saturating_mul(5) / 7).max(1);
        Self {
            class,
            columns: cells.div_ceil(rows),
            rows,
        }
    }

    /// How many cells.
    pub fn cells(self) -> u32 {
        self.columns.saturating_mul(self.rows)
    }

    /// The shape for so many taken cells: the one before while it is right; `None` for none.
    ///
    /// A new one has a quarter more cells than are taken, one at least: a rolling update, which makes that many pods more
    /// (`maxSurge`), changes nothing.
    pub(super) fn for_cells(before: Option<Self>, taken: u32) -> Option<Self> {
        if taken == 0 {
            return None;
        }
        let with_spare = taken.saturating_add(taken.div_ceil(4).max(1));
        let mut classes = (0..=LARGEST).map(Self::of);
        let needed = classes
            .find(|shape| shape.cells() >= with_spare)
            .unwrap_or_else(|| Self::of(LARGEST));
        let is_right =
            |shape: &Self| taken <= shape.cells() && shape.class <= needed.class.saturating_add(LAX);
        Some(before.filter(is_right).unwrap_or(needed))
    }

    /// With a row above for the name, and a column to the right.
    pub(super) fn extent(self) -> Extent {
        Extent {
            width: self.columns + 1,
            height: self.rows + 1,
        }
    }
}

/// The inside of a namespace of a class.
pub(super) fn space_extent(class: u8) -> Extent {
    let area = grown(24, class);
    let width = rounded_root(area.saturating_mul(3) / 2);
    Extent {
        width,
        height: area.div_ceil(width.max(1)),
    }
}

/// The least class of a namespace whose applications take so many square units.
pub(super) fn space_class(area: u32) -> u8 {
    let least = (0..LARGEST).find(|class| space_extent(*class).area() >= area);
    least.unwrap_or(LARGEST)
}

/// The height of a namespace's heading: large ones are read from far away.
pub(super) fn header(inner: Extent) -> u32 {
    (inner.width / 12).clamp(2, 6)
}

/// Whether the one can lie in the other at all.
pub(super) fn fits(extent: Extent, inner: Extent) -> bool {
    extent.width <= inner.width && extent.height <= inner.height
}

/// The least, half again as much for each class.
fn grown(least: u32, class: u8) -> u32 {
    (0..class).fold(least, |size, _| size.saturating_add(size.div_ceil(2)))
}

/// The square root, rounded.
fn rounded_root(value: u32) -> u32 {
    value.saturating_mul(4).isqrt().div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_is_about_half_again_as_large_as_the_last() {
        let cells: Vec<u32> = (0..9).map(|class| Shape::of(class).cells()).collect();
        assert_eq!(cells, [2, 3, 6, 8, 12, 18, 28, 45, 63]);
        for class in 2..LARGEST - 6 {
            let (one, next) = (Shape::of(class), Shape::of(class + 1));
            let ratio = f64::from(next.cells()) / f64::from(one.cells());
            assert!((1.2..1.9).contains(&ratio), "{one:?} to {next:?}");
            assert!(one.columns >= one.rows, "{one:?}");
        }
    }

    #[test]
    fn a_pod_that_comes_and_goes_does_not_flip_a_box() {
        for taken in 1..2_000 {
            let shape = Shape::for_cells(None, taken).unwrap();
            let mut flips = 0;
            let mut now = shape;
            for change in [1, -1, 1, -1, -1, 1] {
                let next = taken.saturating_add_signed(change).max(1);
                let later = Shape::for_cells(Some(now), next).unwrap();
                flips += usize::from(later != now);
                now = Shape::for_cells(Some(later), taken).unwrap();
                flips += usize::from(later != now);
            }
            assert_eq!(flips, 0, "{taken} cells, {shape:?}");
        }
    }

    #[test]
    fn a_rolling_update_fits() {
        for taken in 1..2_000_u32 {
            let shape = Shape::for_cells(None, taken).unwrap();
            assert!(shape.cells() >= taken + taken.div_ceil(4));
            assert!(shape.cells() <= 2 * taken + 4, "{taken} in {shape:?}");
        }
    }
}
