//! Quantities: `500m`, `1Gi`; read, compared, and written as the API server writes them.

use serde_json::Value;

/// A quantity in units of 10⁻⁹, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    pub(crate) nano: i128,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Decimal,
    Binary,
    Exponent,
}

const UNIT: i128 = 1_000_000_000;
/// Beyond this the API server caps a quantity.
const LARGEST: i128 = (i64::MAX as i128) * UNIT;
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/// From 10⁻⁹ on.
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

impl Quantity {
    /// Reads a quantity; none if it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = unsigned
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at_checked(end)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > 30 {
            return None;
        }
        let (scale, form) = scale(suffix)?;
        let digits = whole.bytes().chain(fraction.bytes());
        let digits = digits.fold(0_i128, |number, digit| number * 10 + i128::from(digit - b'0'));
        let divisor = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let scaled = digits.checked_mul(scale).unwrap_or(i128::MAX);
        // What is smaller than can be kept is rounded up.
        let nano = (scaled / divisor + i128::from(scaled % divisor != 0)).min(LARGEST);
        Some(Self {
            nano: if negative { -nano } else { nano },
            form,
        })
    }

    /// One of thousandths, which is written in binary units (memory) or decimal ones.
    pub(crate) fn of_millis(millis: i64, binary: bool) -> Self {
        Self {
            nano: i128::from(millis) * (UNIT / 1000),
            form: if binary { Form::Binary } else { Form::Decimal },
        }
    }

    /// As the API server writes it: with the largest suffix that leaves a whole number.
    pub(crate) fn canonical(self) -> String {
        if self.nano == 0 {
            return "0".to_owned();
        }
        if self.form == Form::Binary && self.nano.abs() >= 1024 * UNIT {
            let mut value = self.nano / UNIT + i128::from(self.nano % UNIT > 0);
            let mut power = 0;
            while value % 1024 == 0 && power + 1 < BINARY.len() {
                value /= 1024;
                power += 1;
            }
            return format!("{value}{}", BINARY.get(power).unwrap_or(&""));
        }
        let (mut value, mut power) = (self.nano, 0);
        while value % 1000 == 0 && power + 1 < DECIMAL.len() {
            value /= 1000;
            power += 1;
        }
        match (self.form, power) {
            (Form::Exponent, 3) => value.to_string(),
            (Form::Exponent, power) => format!("{value}e{}", i64::try_from(power).unwrap_or(0) * 3 - 9),
            _ => format!("{value}{}", DECIMAL.get(power).unwrap_or(&"")),
        }
    }
}

/// A quantity from a field of JSON, where it may be a number, in thousandths; 0 when it is none.
pub(crate) fn millis(value: &Value) -> i64 {
    let quantity = match value {
        Value::Null => None,
        Value::String(text) => Quantity::parse(text),
        value => Quantity::parse(&value.to_string()),
    };
    let millis = quantity.map_or(0, |quantity| quantity.nano / (UNIT / 1000));
    i64::try_from(millis).unwrap_or(i64::MAX)
}

fn scale(suffix: &str) -> Option<(i128, Form)> {
    if let Some(power) = BINARY
        .iter()
        .position(|s| *s == suffix)
        .filter(|power| *power > 0)
    {
        return Some((
            UNIT.checked_mul(1024_i128.pow(u32::try_from(power).ok()?))?,
            Form::Binary,
        ));
    }
    if let Some(power) = DECIMAL.iter().position(|s| *s == suffix) {
        return Some((1000_i128.pow(u32::try_from(power).ok()?), Form::Decimal));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = u32::try_from(exponent + 9).ok().filter(|power| *power <= 27)?;
    Some((10_i128.pow(power), Form::Exponent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn controllers_count_in_thousandths() {
        for (value, expected) in [
            (json!("250m"), 250),
            (json!("1.5"), 1500),
            (json!(2), 2000),
            (json!("0.5Gi"), 512 * 1024 * 1024 * 1000),
            (json!("64k"), 64_000_000),
            (json!(null), 0),
            (json!("x"), 0),
        ] {
            assert_eq!(millis(&value), expected, "{value}");
        }
        assert_eq!(Quantity::of_millis(1500, false).canonical(), "1500m");
        assert_eq!(
            Quantity::of_millis(512 * 1024 * 1024 * 1000, true).canonical(),
            "512Mi"
        );
    }

    #[test]
    fn quantities_are_written_as_the_api_server_writes_them() {
        for (text, expected) in [
            ("0.5", "500m"),
            ("1", "1"),
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("512", "512"),
            ("100Ki", "100Ki"),
            ("1000k", "1M"),
            ("1e3", "1e3"),
            ("0Gi", "0"),
            ("-2", "-2"),
        ] {
            assert_eq!(
                Quantity::parse(text).map(Quantity::canonical).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        for text in ["", "x", "1x", "1.2.3", "Gi", "--1"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
