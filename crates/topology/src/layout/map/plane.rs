//! A plane of units, on which boxes lie without overlap. A new box takes the first place, from the top, then from the left,
//! in which it fits; no other moves.

use super::At;
use super::shape::Extent;
use std::collections::BTreeMap;

const BITS: u32 = u64::BITS;

/// Which units are taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Plane {
    width: u32,
    /// The most rows it may have.
    most: u32,
    /// A bit for each unit; rows that are not there are free.
    rows: Vec<Vec<u64>>,
    /// Above this row there is no place for a box of this width and height.
    none_above: BTreeMap<(u32, u32), u32>,
}

impl Plane {
    /// One that never grows by itself.
    pub fn within(extent: Extent) -> Self {
        Self {
            width: extent.width,
            most: extent.height,
            ..Self::default()
        }
    }

    /// One that has no end at the bottom.
    pub fn open(width: u32) -> Self {
        Self::within(Extent {
            width,
            height: u32::MAX,
        })
    }

    pub fn width(&self) -> u32 {
        self.width
    }

    /// The rows down to the last that was ever taken.
    pub fn height(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// Makes it larger; what lies on it stays.
    pub fn widen(&mut self, extent: Extent) {
        if (self.width, self.most) != (extent.width, extent.height) {
            self.width = self.width.max(extent.width);
            self.most = self.most.max(extent.height);
            self.none_above.clear();
        }
    }

    /// Finds a place and takes it.
    pub fn place(&mut self, extent: Extent) -> Option<At> {
        let Extent { width, height } = extent;
        if width == 0 || height == 0 || width > self.width || height > self.most {
            return None;
        }
        let size = (width, height);
        let mut y = self.none_above.get(&size).copied().unwrap_or_default();
        while y <= self.most - height {
            if let Some(x) = self.first_gap(y, extent) {
                self.none_above.insert(size, y);
                let at = At { x, y };
                self.set(at, extent, true);
                return Some(at);
            }
            y += 1;
        }
        self.none_above.insert(size, y);
        None
    }

    /// Frees a place.
    pub fn free(&mut self, at: At, extent: Extent) {
        self.set(at, extent, false);
        for ((_, height), row) in &mut self.none_above {
            *row = (*row).min((at.y + 1).saturating_sub(*height));
        }
    }

    /// The first place of some rows in which a box fits.
    fn first_gap(&self, y: u32, extent: Extent) -> Option<u32> {
        let rows = self.rows.iter().skip(y as usize).take(extent.height as usize);
        let mut taken: Vec<u64> = Vec::new();
        for row in rows {
            if row.len() > taken.len() {
                taken.resize(row.len(), 0);
            }
            for (sum, word) in taken.iter_mut().zip(row) {
                *sum |= word;
            }
        }
        let mut x = 0_u32;
        while x.saturating_add(extent.width) <= self.width {
            x = next(&taken, x, false);
            let end = next(&taken, x, true);
            if end - x >= extent.width && x.saturating_add(extent.width) <= self.width {
                return Some(x);
            }
            x = end;
        }
        None
    }

    fn set(&mut self, at: At, extent: Extent, taken: bool) {
        let bottom = at.y.saturating_add(extent.height) as usize;
        if taken && self.rows.len() < bottom {
            self.rows.resize(bottom, Vec::new());
        }
        let words = (at.x.saturating_add(extent.width)).div_ceil(BITS) as usize;
        for row in self.rows.iter_mut().take(bottom).skip(at.y as usize) {
            if row.len() < words {
                row.resize(words, 0);
            }
            for x in at.x..at.x.saturating_add(extent.width) {
                if let Some(word) = row.get_mut((x / BITS) as usize) {
                    let bit = 1 << (x % BITS);
                    *word = if taken { *word | bit } else { *word & !bit };
                }
            }
        }
        if !taken {
            while self
                .rows
                .last()
                .is_some_and(|row| row.iter().all(|word| *word == 0))
            {
                self.rows.pop();
            }
        }
    }
}

/// The first unit from `x` on that is taken, or is not. Behind the last word all are free, without end.
fn next(taken: &[u64], x: u32, wanted: bool) -> u32 {
    let first = (x / BITS) as usize;
    let mut at = x - x % BITS;
    for (index, word) in taken.iter().enumerate().skip(first) {
        let word = if wanted { *word } else { !*word };
        let word = if index == first {
            word & (u64::MAX << (x % BITS))
        } else {
            word
        };
        if word != 0 {
            return at + word.trailing_zeros();
        }
        at += BITS;
    }
    if wanted { u32::MAX } else { x.max(at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn extent(width: u32, height: u32) -> Extent {
        Extent { width, height }
    }

    #[test]
    fn the_first_place_from_the_top_is_taken_and_given_again() {
        let mut plane = Plane::within(extent(70, 4));
        assert_eq!(plane.place(extent(66, 2)), Some(At { x: 0, y: 0 }));
        assert_eq!(plane.place(extent(4, 4)), Some(At { x: 66, y: 0 }));
        assert_eq!(plane.place(extent(5, 1)), Some(At { x: 0, y: 2 }));
        assert_eq!(plane.place(extent(62, 2)), None);
        plane.free(At { x: 0, y: 0 }, extent(66, 2));
        assert_eq!(plane.place(extent(61, 4)), Some(At { x: 5, y: 0 }));
        assert_eq!(plane.place(extent(71, 1)), None);
        plane.widen(extent(80, 4));
        assert_eq!(plane.place(extent(10, 4)), Some(At { x: 70, y: 0 }));
    }

    proptest! {
        /// Against a plane that is looked at unit by unit.
        #[test]
        fn it_finds_what_a_search_of_every_unit_finds(
            width in 1_u32..140,
            boxes in proptest::collection::vec((1_u32..50, 1_u32..6, any::<bool>()), 1..60),
        ) {
            let most = 14;
            let mut plane = Plane::within(extent(width, most));
            let mut placed: Vec<(At, Extent)> = Vec::new();
            for (w, h, frees) in boxes {
                if frees && !placed.is_empty() {
                    let (at, size) = placed.remove(w as usize % placed.len());
                    plane.free(at, size);
                }
                let size = extent(w, h);
                let is_free = |x: u32, y: u32| placed.iter().all(|(at, other)| {
                    x + w <= at.x || at.x + other.width <= x || y + h <= at.y || at.y + other.height <= y
                });
                let expected = (0..=most - h)
                    .flat_map(|y| (0..(width + 1).saturating_sub(w)).map(move |x| (x, y)))
                    .find(|(x, y)| is_free(*x, *y))
                    .map(|(x, y)| At { x, y });
                let found = plane.place(size);
                prop_assert_eq!(found, expected);
                placed.extend(found.map(|at| (at, size)));
            }
        }
    }
}
