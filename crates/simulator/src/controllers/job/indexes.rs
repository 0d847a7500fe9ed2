//! Sets of completion indexes, written as `0,2-4`.

use std::collections::BTreeSet;

/// Reads a set. What is no number or range is left out.
pub(super) fn parse(text: &str) -> BTreeSet<i64> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (i64, i64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        Some(first..=last)
    };
    text.split(',').filter_map(range).flatten().collect()
}

/// Writes a set: three and more in a row become a range.
pub(super) fn format(set: &BTreeSet<i64>) -> String {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for index in set {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *index => *last = *index,
            _ => ranges.push((*index, *index)),
        }
    }
    let texts = ranges.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_written_as_the_api_server_writes_them() {
        let set = parse("0,2-4, 7,8");
        assert_eq!(set, BTreeSet::from([0, 2, 3, 4, 7, 8]));
        assert_eq!(format(&set), "0,2-4,7,8");
        assert_eq!(format(&parse("")), "");
    }
}
