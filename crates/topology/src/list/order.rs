//! The order of rows.

use super::columns::Field;
use crate::facts::{CellRef, Facts};
use crate::natural::natural;
use model::{Health, Timestamp};
use std::cmp::Ordering;

/// One key of an order.
#[derive(Clone, Debug)]
pub(super) struct SortKey {
    pub(super) field: Field,
    pub(super) descending: bool,
}

/// What a row is ordered by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Nothing, and then the unknown.
    Nothing(u8),
    /// A health, the best first.
    Health(Health),
    /// A number.
    Number(i64),
    /// An age or a length of time, in milliseconds: the smallest is the youngest.
    Millis(i64),
    /// Text, its numbers taken as numbers.
    Natural(&'a str),
    /// Text.
    Text(&'a str),
}

impl SortKey {
    /// What it orders a row by at `now`. Worked out once for each row, not once for each comparison.
    pub(super) fn value<'a>(&self, facts: &'a Facts, now: Timestamp) -> Value<'a> {
        match self.field {
            Field::Namespace => Value::Text(facts.key.namespace.as_deref().unwrap_or_default()),
            Field::Name => Value::Natural(&facts.key.name),
            Field::Health => Value::Health(facts.status.health),
            Field::Column(place) => facts
                .cells
                .get(place)
                .map_or(Value::Nothing(0), |cell| Value::of(cell, now)),
        }
    }

    /// The order of two rows' values.
    pub(super) fn compare(&self, a: &Value<'_>, b: &Value<'_>) -> Ordering {
        let order = a.order(b);
        if self.descending { order.reverse() } else { order }
    }
}

impl<'a> Value<'a> {
    fn of(cell: CellRef<'a>, now: Timestamp) -> Self {
        match cell {
            CellRef::None => Self::Nothing(0),
            CellRef::Unknown => Self::Nothing(1),
            CellRef::Number(number) | CellRef::Counted(number, _) => Self::Number(number),
            CellRef::Text(text) => Self::Natural(text),
            CellRef::Time(_) | CellRef::Duration(..) => age(cell, now).map_or(Self::Nothing(1), Self::Millis),
        }
    }

    /// As a reader would order them: nothing and the unknown first, then by number, age or length of time, then text.
    fn order(&self, other: &Self) -> Ordering {
        let rank = |value: &Self| match value {
            Self::Nothing(_) => 0,
            Self::Number(_) | Self::Health(_) => 1,
            Self::Millis(_) => 2,
            Self::Natural(_) | Self::Text(_) => 3,
        };
        match (self, other) {
            (Self::Natural(a), Self::Natural(b)) => natural(a, b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) | (Self::Millis(a), Self::Millis(b)) => a.cmp(b),
            (Self::Health(a), Self::Health(b)) => a.cmp(b),
            (Self::Nothing(a), Self::Nothing(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// The milliseconds that an age or a length of time stands for: the smallest is the youngest.
pub(super) fn age(cell: CellRef<'_>, now: Timestamp) -> Option<i64> {
    match cell {
        CellRef::Time(time) => Some(time.millis_until(now)),
        CellRef::Duration(from, to) => Some(from.millis_until(to.unwrap_or(now))),
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
            CellRef::None,
            CellRef::Unknown,
            CellRef::Number(2),
            CellRef::Counted(10, Timestamp(5)),
            CellRef::Number(11),
            // The younger is the smaller age.
            CellRef::Time(Timestamp(999_000)),
            CellRef::Duration(Timestamp(0), Some(Timestamp(5_000))),
            CellRef::Duration(Timestamp(500_000), None),
            CellRef::Time(Timestamp(100)),
            CellRef::Text("9/10"),
            CellRef::Text("10/10"),
        ];
        for pair in ordered.windows(2) {
            let [a, b] = [pair[0], pair[1]].map(|cell| Value::of(cell, now));
            assert_eq!(a.order(&b), Ordering::Less, "{pair:?}");
        }
    }
}
