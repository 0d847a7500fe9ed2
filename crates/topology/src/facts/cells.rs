//! The cells of a row, packed: what stands in a list is the larger part of most objects, and is read far less often than it
//! is kept.

use model::Timestamp;
use model::list::Cell;
use serde::{Deserialize, Serialize};

/// The cells of an object, in the order of its kind's columns, as one run of bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells(Box<[u8]>);

/// A [`Cell`], borrowed from [`Cells`]. Its variants are those of a cell, in the same order: they are read from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellRef<'a> {
    /// See [`Cell::None`].
    None,
    /// See [`Cell::Unknown`].
    Unknown,
    /// See [`Cell::Number`].
    Number(i64),
    /// See [`Cell::Counted`].
    Counted(i64, Timestamp),
    /// See [`Cell::Time`].
    Time(Timestamp),
    /// See [`Cell::Duration`].
    Duration(Timestamp, Option<Timestamp>),
    /// See [`Cell::Text`].
    Text(&'a str),
}

impl Cells {
    /// Packs cells.
    pub fn pack(cells: &[Cell]) -> Self {
        let mut bytes = Vec::new();
        for cell in cells {
            // Into memory: there is nothing that could fail.
            if let Ok(longer) = postcard::to_extend(cell, std::mem::take(&mut bytes)) {
                bytes = longer;
            }
        }
        Self(bytes.into())
    }

    /// The cells, in their order.
    pub fn iter(&self) -> impl Iterator<Item = CellRef<'_>> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (cell, after) = postcard::take_from_bytes(rest).ok()?;
            rest = after;
            Some(cell)
        })
    }

    /// All of them as they are kept: each text stands in here.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A cell by its column's place. Cost: the cells before it.
    pub fn get(&self, place: usize) -> Option<CellRef<'_>> {
        self.iter().nth(place)
    }

    /// The cells as they travel.
    pub fn unpack(&self) -> Vec<Cell> {
        self.iter().map(Cell::from).collect()
    }
}

impl From<CellRef<'_>> for Cell {
    fn from(cell: CellRef<'_>) -> Self {
        match cell {
            CellRef::None => Self::None,
            CellRef::Unknown => Self::Unknown,
            CellRef::Number(number) => Self::Number(number),
            CellRef::Counted(number, last) => Self::Counted(number, last),
            CellRef::Time(time) => Self::Time(time),
            CellRef::Duration(from, to) => Self::Duration(from, to),
            CellRef::Text(text) => Self::Text(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let cells = [
            Cell::Text("cart-7c5b8d9f6-x2".to_owned()),
            Cell::None,
            Cell::Unknown,
            Cell::Number(-3),
            Cell::Counted(i64::MAX, Timestamp(5)),
            Cell::Time(Timestamp(i64::MIN)),
            Cell::Duration(Timestamp(1), None),
            Cell::Duration(Timestamp(1), Some(Timestamp(2))),
            Cell::Text(String::new()),
            Cell::Text("ü".repeat(300)),
        ];
        let packed = Cells::pack(&cells);
        assert_eq!(packed.unpack(), cells);
        assert_eq!(packed.get(3), Some(CellRef::Number(-3)));
        assert_eq!(packed.get(cells.len()), None);
        assert_ne!(packed, Cells::pack(&cells[1..]));
        assert_eq!(Cells::pack(&[]), Cells::default());
    }
}
