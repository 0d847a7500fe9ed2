//! The filter box: words that must stand in a row, `field:value`, `field>value`, `field<value`, `-term`, quotes.

use super::columns::{self, Field};
use super::order;
use crate::facts::{CellRef, Facts};
use crate::natural::natural;
use crate::query::QueryError;
use model::Timestamp;
use model::list::{Column, ColumnFormat};
use std::cmp::Ordering;

/// Terms that a row must meet, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    /// The row must not meet it.
    not: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// The text, in lower case, stands in the namespace, the name or a cell.
    Anywhere(String),
    /// The text, in lower case, stands in the field.
    In(Field, String),
    /// The field is larger (or smaller) than the value.
    Compare(Field, Ordering, Value),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Number(i64),
    Millis(i64),
    Text(String),
}

impl Filter {
    pub(super) fn parse(columns: &[Column], text: &str) -> Result<Self, QueryError> {
        let terms = words(text)?.into_iter().map(|word| Term::parse(columns, &word));
        terms.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn matches(&self, facts: &Facts, now: Timestamp) -> bool {
        self.0.iter().all(|term| term.test.holds(facts, now) != term.not)
    }
}

/// A word of the filter, with the place from which on it was quoted.
struct Word {
    text: String,
    /// Operators count only before this place.
    quoted_from: usize,
}

/// The words between spaces; quotes keep spaces and operators from counting.
fn words(text: &str) -> Result<Vec<Word>, QueryError> {
    let mut words = Vec::new();
    let (mut word, mut quoted_from, mut quoted) = (String::new(), None, false);
    let mut finish = |word: &mut String, quoted_from: &mut Option<usize>| {
        if !word.is_empty() {
            let quoted_from = quoted_from.unwrap_or(word.len());
            words.push(Word {
                text: std::mem::take(word),
                quoted_from,
            });
        }
        *quoted_from = None;
    };
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                quoted_from.get_or_insert(word.len());
            }
            c if c.is_whitespace() && !quoted => finish(&mut word, &mut quoted_from),
            c => word.push(c),
        }
    }
    finish(&mut word, &mut quoted_from);
    if quoted {
        return Err(QueryError::new("filter", text, "close the quotes"));
    }
    Ok(words)
}

impl Term {
    fn parse(columns: &[Column], word: &Word) -> Result<Self, QueryError> {
        let (plain, _) = word.text.split_at(word.quoted_from);
        let (not, plain) = match plain.strip_prefix('-') {
            Some(rest) if word.text.len() > 1 => (true, rest),
            _ => (false, plain),
        };
        let skipped = usize::from(not);
        let Some(place) = plain.find([':', '>', '<']) else {
            let text = word.text.get(skipped..).unwrap_or_default().to_lowercase();
            return Ok(Self {
                not,
                test: Test::Anywhere(text),
            });
        };
        let (name, rest) = plain.split_at(place);
        let operator = rest.chars().next();
        let value = word.text.get(skipped + place + 1..).unwrap_or_default();
        let field = Field::parse(columns, name)
            .ok_or_else(|| QueryError::new("filter", name, columns::allowed(columns)))?;
        if value.is_empty() {
            let allowed = "write a value after it; quotes make the whole a word to look for";
            return Err(QueryError::new("filter", &word.text, allowed));
        }
        let wanted = match operator {
            Some('>') => Ordering::Greater,
            Some('<') => Ordering::Less,
            _ => {
                let test = Test::In(field, value.to_lowercase());
                return Ok(Self { not, test });
            }
        };
        let read = Value::parse(value);
        let format = match field {
            Field::Column(place) => columns.get(place).map(|column| column.format),
            Field::Namespace | Field::Name | Field::Health => None,
        };
        let allowed = match (format, &read) {
            (Some(ColumnFormat::Number), Value::Millis(_) | Value::Text(_)) => {
                "compare it with a number, such as 3"
            }
            (Some(ColumnFormat::Date), Value::Number(_) | Value::Text(_)) => {
                "compare it with an age, such as 90s, 4m12s or 3d5h"
            }
            _ => {
                let test = Test::Compare(field, wanted, read);
                return Ok(Self { not, test });
            }
        };
        Err(QueryError::new("filter", &word.text, allowed))
    }
}

impl Test {
    fn holds(&self, facts: &Facts, now: Timestamp) -> bool {
        match self {
            Self::Anywhere(text) => {
                let namespace = facts.key.namespace.as_deref().unwrap_or_default();
                let mut cells = facts.cells.iter();
                stands_in(namespace, text)
                    || stands_in(&facts.key.name, text)
                    // Most rows need not be unpacked to see that it does not stand in them.
                    || (!text.is_ascii() || can_be_printed(text) || holds(facts.cells.bytes(), text))
                        && cells.any(|cell| stands_in(&columns::print(cell, now), text))
            }
            Self::In(field, text) => stands_in(&field.print(facts, now), text),
            Self::Compare(field, wanted, value) => compare(*field, facts, value, now) == Some(*wanted),
        }
    }
}

/// How a row's field compares to a value; `None` if it cannot be compared.
fn compare(field: Field, facts: &Facts, value: &Value, now: Timestamp) -> Option<Ordering> {
    let cell = match field {
        Field::Column(place) => facts.cells.get(place)?,
        _ => return Some(natural(&field.print(facts, now), &value.text())),
    };
    match (cell, value) {
        (CellRef::None | CellRef::Unknown, _) => None,
        (CellRef::Number(own) | CellRef::Counted(own, _), Value::Number(value)) => Some(own.cmp(value)),
        (CellRef::Time(_) | CellRef::Duration(..), Value::Millis(value)) => {
            Some(order::age(cell, now)?.cmp(value))
        }
        (CellRef::Text(own), value) => Some(natural(own, &value.text())),
        _ => None,
    }
}

impl Value {
    fn parse(text: &str) -> Self {
        if let Ok(number) = text.parse() {
            return Self::Number(number);
        }
        match millis(text) {
            Some(millis) => Self::Millis(millis),
            None => Self::Text(text.to_owned()),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Millis(millis) => format!("{}s", millis / 1000),
            Self::Text(text) => text.clone(),
        }
    }
}

/// `90s`, `4m12s`, `3d5h` in milliseconds.
fn millis(text: &str) -> Option<i64> {
    let (mut total, mut number) = (0_i64, None);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(
                number
                    .unwrap_or(0_i64)
                    .checked_mul(10)?
                    .checked_add(i64::from(digit))?,
            );
            continue;
        }
        let unit: i64 = match c {
            's' => 1_000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            'w' => 604_800_000,
            'y' => 31_536_000_000,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    (number.is_none() && total > 0).then_some(total)
}

/// Whether a text can stand in a cell that is no text, once it is printed.
fn can_be_printed(text: &str) -> bool {
    ["<none>", "<unknown>"].iter().any(|word| word.contains(text))
        || text.bytes().all(|byte| IN_NUMBERS_AND_AGES.contains(&byte))
}

/// All that stands in a number or an age, as in `3 (4m12s ago)` and `<invalid>`.
const IN_NUMBERS_AND_AGES: &[u8] = b"-0123456789smhdy (ago)<invld>";

/// Whether `text`, which is in lower case, stands in `own` in any case.
fn stands_in(own: &str, text: &str) -> bool {
    if !own.is_ascii() || !text.is_ascii() {
        return own.to_lowercase().contains(text);
    }
    holds(own.as_bytes(), text)
}

/// Whether bytes hold `text`, which is in lower case, its ASCII letters in any case.
fn holds(own: &[u8], text: &str) -> bool {
    let Some(first) = text.bytes().next() else {
        return true;
    };
    let starts = memchr::memchr2_iter(first, first.to_ascii_uppercase(), own);
    let mut found = starts.filter_map(|start| own.get(start..start + text.len()));
    found.any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::list::Cell;

    #[test]
    fn all_that_stands_in_an_age_is_known() {
        for exponent in 0..13 {
            for millis in [
                -(10_i64.pow(exponent)),
                10_i64.pow(exponent),
                7 * 10_i64.pow(exponent),
            ] {
                let from = Timestamp(0);
                for cell in [
                    CellRef::Counted(-1, from),
                    CellRef::Time(from),
                    CellRef::Duration(from, None),
                ] {
                    let text = Cell::from(cell).print(Timestamp(millis)).to_lowercase();
                    assert!(can_be_printed(&text), "{text}");
                }
            }
        }
        assert!(can_be_printed("none") && can_be_printed("known>") && !can_be_printed("cart"));
    }
}
