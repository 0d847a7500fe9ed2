//! The order of texts as a person would put them.

use std::cmp::Ordering;

/// Text with its numbers taken as numbers: `node-9` before `node-10`, `9/10` before `10/10`.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    // Columns are full of equal texts.
    if a == b {
        return Ordering::Equal;
    }
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        let order = match (left, right) {
            ([x, ..], [y, ..]) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let ((x, rest_of_left), (y, rest_of_right)) = (number(left), number(right));
                (left, right) = (rest_of_left, rest_of_right);
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            // Bytes of UTF-8 are in the order of their characters.
            ([x, rest_of_left @ ..], [y, rest_of_right @ ..]) => {
                (left, right) = (rest_of_left, rest_of_right);
                x.cmp(y)
            }
            _ => {
                let lengths = (!left.is_empty()).cmp(&!right.is_empty());
                return lengths.then_with(|| a.cmp(b));
            }
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The digits that a text begins with, without leading zeros, and the rest.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    let first = digits.iter().position(|digit| *digit != b'0');
    (
        digits.get(first.unwrap_or(digits.len())..).unwrap_or_default(),
        rest,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_text_count_as_numbers() {
        let mut names = [
            "node-10", "node-9", "node", "node-010", "a2b10", "a2b9", "10/10", "9/10", "ü2", "z",
        ];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            [
                "9/10", "10/10", "a2b9", "a2b10", "node", "node-9", "node-010", "node-10", "z", "ü2"
            ]
        );
        assert_eq!(natural("00", "0"), "00".cmp("0"));
    }
}
