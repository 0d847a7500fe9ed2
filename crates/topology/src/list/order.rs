//! The order of rows.

use super::columns::Field;
use crate::natural::natural;
use crate::state::Entry;
use model::Timestamp;
use model::list::Cell;
use std::cmp::Ordering;

/// One key of an order.
#[derive(Clone, Debug)]
pub(super) struct SortKey {
    pub(super) field: Field,
    pub(super) descending: bool,
}

impl SortKey {
    pub(super) fn compare(&self, a: &Entry, b: &Entry, now: Timestamp) -> Ordering {
        let order = match (a.facts(), b.facts()) {
            (Some(a), Some(b)) => match self.field {
                Field::Namespace => a.key.namespace.cmp(&b.key.namespace),
                Field::Name => natural(&a.key.name, &b.key.name),
                Field::Health => a.status.health.cmp(&b.status.health),
                Field::Column(place) => cells(a.cells.get(place), b.cells.get(place), now),
            },
            _ => Ordering::Equal,
        };
        if self.descending { order.reverse() } else { order }
    }
}

/// Cells as a reader would order them: nothing and the unknown first, then by number, age or length of time, then text.
pub(super) fn cells(a: Option<&Cell>, b: Option<&Cell>, now: Timestamp) -> Ordering {
    use Cell::{Counted, Duration, None as Nothing, Number, Text, Time, Unknown};
    let rank = |cell: &Cell| match cell {
        Nothing => 0,
        Unknown => 1,
        Number(_) | Counted(..) => 2,
        Time(_) | Duration(..) => 3,
        Text(_) => 4,
    };
    let (a, b) = (a.unwrap_or(&Nothing), b.unwrap_or(&Nothing));
    match (a, b) {
        (Text(a), Text(b)) => natural(a, b),
        (Number(a) | Counted(a, _), Number(b) | Counted(b, _)) => a.cmp(b),
        _ => match (seconds(a, now), seconds(b, now)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => rank(a).cmp(&rank(b)),
        },
    }
}

/// The milliseconds that an age or a length of time stands for: the smallest is the youngest.
pub(super) fn seconds(cell: &Cell, now: Timestamp) -> Option<i64> {
    match cell {
        Cell::Time(time) => Some(time.millis_until(now)),
        Cell::Duration(from, to) => Some(from.millis_until(to.unwrap_or(now))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_order_by_what_they_mean() {
        let now = Timestamp(1_000_000);
        let ordered = [
            Cell::None,
            Cell::Unknown,
            Cell::Number(2),
            Cell::Counted(10, Timestamp(5)),
            Cell::Number(11),
        ];
        for pair in ordered.windows(2) {
            assert_eq!(
                cells(Some(&pair[0]), Some(&pair[1]), now),
                Ordering::Less,
                "{pair:?}"
            );
        }
        let (young, old) = (Cell::Time(Timestamp(900_000)), Cell::Time(Timestamp(100)));
        assert_eq!(
            cells(Some(&young), Some(&old), now),
            Ordering::Less,
            "the younger is the smaller age"
        );
        let (done, running) = (
            Cell::Duration(Timestamp(0), Some(Timestamp(5_000))),
            Cell::Duration(Timestamp(0), None),
        );
        assert_eq!(cells(Some(&done), Some(&running), now), Ordering::Less);
    }
}
