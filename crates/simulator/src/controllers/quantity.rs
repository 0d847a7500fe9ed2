//! Quantities: `250m`, `1.5`, `512Mi`.

const SUFFIXES: &[(&str, i128)] = &[
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("k", 1000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

/// A quantity in thousandths; 0 when it is none.
pub(crate) fn millis(text: &str) -> i64 {
    let (number, factor) = match text.strip_suffix('m') {
        Some(number) => (number, 1),
        None => {
            let suffix = SUFFIXES
                .iter()
                .find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor * 1000)));
            suffix.unwrap_or((text, 1000))
        }
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse().unwrap_or_default()
    };
    let mut value = whole.saturating_mul(factor);
    let digits: String = fraction.chars().take(9).collect();
    if let (Ok(part), Ok(places)) = (digits.parse::<i128>(), u32::try_from(digits.len())) {
        value = value.saturating_add(part.saturating_mul(factor) / 10_i128.pow(places));
    }
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A quantity from a field of JSON, where it may be a number.
pub(crate) fn of(value: &serde_json::Value) -> i64 {
    match value {
        serde_json::Value::String(text) => millis(text),
        serde_json::Value::Number(number) => millis(&number.to_string()),
        _ => 0,
    }
}

/// Thousandths as Kubernetes would write them in the style of an example: memory in binary units, the rest plain.
pub(crate) fn write(millis: i64, binary: bool) -> String {
    if millis % 1000 != 0 {
        return format!("{millis}m");
    }
    let whole = millis / 1000;
    if !binary || whole == 0 {
        return whole.to_string();
    }
    let units = [("Gi", 1_i64 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    let unit = units.iter().find(|(_, factor)| whole % factor == 0);
    unit.map_or_else(
        || whole.to_string(),
        |(suffix, factor)| format!("{}{suffix}", whole / factor),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_and_written() {
        assert_eq!(millis("250m"), 250);
        assert_eq!(millis("1.5"), 1500);
        assert_eq!(millis("0.5Gi"), 512 * 1024 * 1024 * 1000);
        assert_eq!(millis("64k"), 64_000_000);
        assert_eq!(write(1500, false), "1500m");
        assert_eq!(write(millis("512Mi"), true), "512Mi");
    }
}
