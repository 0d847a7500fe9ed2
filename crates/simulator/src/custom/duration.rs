//! Durations as Go writes them (`1h30m`), and as definitions read them besides (`3 weeks`). In nanoseconds.

use std::sync::LazyLock;

use regex::Regex;

const SECOND: i64 = 1_000_000_000;

/// How many nanoseconds a unit of Go's has.
fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Reads a duration as Go does: a sign, and numbers with units.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (part, after) = one(rest)?;
        total = total.checked_add(part).filter(|total| *total <= 1 << 63)?;
        rest = after;
    }
    match negative {
        true => 0_i64.checked_sub_unsigned(total),
        false => i64::try_from(total).ok(),
    }
}

/// A number with its unit, and what follows.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go counts fractions in the same way"
)]
fn one(text: &str) -> Option<(u64, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, mut rest) = text.split_at_checked(digits(text))?;
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        (fraction, rest) = after.split_at_checked(digits(after))?;
    }
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let end = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (name, rest) = rest.split_at_checked(end)?;
    let unit = unit(name)?;
    let whole: u64 = match whole {
        "" => 0,
        digits => digits.parse().ok().filter(|number| *number <= 1 << 63)?,
    };
    let mut sum = whole.checked_mul(unit).filter(|sum| *sum <= 1 << 63)?;
    // Further digits change nothing.
    let fraction = fraction.get(..18).unwrap_or(fraction);
    if let Ok(number) = fraction.parse::<u64>() {
        let scale = 10_f64.powi(i32::try_from(fraction.len()).ok()?);
        sum = sum.checked_add((number as f64 * (unit as f64 / scale)) as u64)?;
    }
    (sum <= 1 << 63).then_some((sum, rest))
}

/// The units that definitions know besides: their names, of which the last may go on, and their nanoseconds.
const UNITS: &[(&[&str], i64)] = &[
    (&["ns", "nano"], 1),
    (&["us", "\u{b5}s", "micro"], 1_000),
    (&["ms", "milli"], 1_000_000),
    (&["s", "sec"], SECOND),
    (&["m", "min"], 60 * SECOND),
    (&["h", "hr", "hour"], 3600 * SECOND),
    (&["d", "day"], 24 * 3600 * SECOND),
    (&["w", "wk", "week"], 7 * 24 * 3600 * SECOND),
];

/// As Go does, or else all numbers with units that are somewhere in the text.
pub(super) fn parse_loosely(text: &str) -> Option<i64> {
    static PART: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("([0-9]+)[\\t\\n\\f\\r ]*([A-Za-z\u{b5}]+)").ok());
    if let Some(duration) = parse(text) {
        return Some(duration);
    }
    let mut found = None;
    for part in PART.as_ref()?.captures_iter(text) {
        let (_, [number, name]) = part.extract();
        let (number, name): (i64, String) = (number.parse().ok()?, name.to_lowercase());
        for (names, nanoseconds) in UNITS {
            let goes_on = names.last().is_some_and(|last| name.starts_with(last));
            if goes_on || names.contains(&name.as_str()) {
                let sum: i64 = found.unwrap_or_default();
                found = Some(sum.wrapping_add(number.wrapping_mul(*nanoseconds)));
            }
        }
    }
    found
}

/// A duration as a number of seconds.
#[allow(clippy::cast_precision_loss, reason = "as precise as Go's")]
pub(super) fn seconds(nanoseconds: i64) -> f64 {
    (nanoseconds / SECOND) as f64 + (nanoseconds % SECOND) as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_loosely, seconds};

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanoseconds) in [
            ("0", Some(0)),
            ("1h30m", Some(5_400_000_000_000)),
            ("-1.5s", Some(-1_500_000_000)),
            (".5ms", Some(500_000)),
            ("1.000000000000000000000001us", Some(1_000)),
            ("2562047h47m16.854775807s", Some(i64::MAX)),
            ("-2562047h47m16.854775808s", Some(i64::MIN)),
            ("2562047h47m16.854775808s", None),
            ("1", None),
            ("", None),
            ("-", None),
            (".s", None),
            ("1d", None),
            ("1 s", None),
        ] {
            assert_eq!(parse(text), nanoseconds, "{text}");
        }
        assert_eq!(parse_loosely("2 days and 3 min"), Some(172_980_000_000_000));
        assert_eq!(parse_loosely("2 years"), None);
        assert!((seconds(1_500_000_000) - 1.5).abs() < f64::EPSILON);
    }
}
