//! Formats of texts and numbers: which there are, and whether a text has one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde_json::Value;

use super::duration;

/// Those of texts, without their hyphens, that the API server knows.
const OF_TEXTS: &[&str] = &[
    "bsonobjectid",
    "byte",
    "cidr",
    "creditcard",
    "date",
    "datetime",
    "duration",
    "email",
    "hexcolor",
    "hostname",
    "ipv4",
    "ipv6",
    "isbn",
    "isbn10",
    "isbn13",
    "k8slongname",
    "k8sshortname",
    "mac",
    "password",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
];

/// Those of them that cannot be told here as Go tells them.
const UNSUPPORTED: &[&str] = &[
    "creditcard",
    "email",
    "isbn",
    "isbn10",
    "isbn13",
    "rgbcolor",
    "uri",
];

/// Whether the API server knows a format of a type. It takes no notice of others.
pub(crate) fn is_known(kind: &str, format: &str) -> bool {
    match kind {
        "" | "string" => OF_TEXTS.contains(&plain(format).as_str()),
        "integer" => matches!(format, "int32" | "int64"),
        "number" => matches!(format, "float" | "double"),
        _ => false,
    }
}

/// Whether a format that the API server knows is not to be had here.
pub(super) fn is_unsupported(kind: &str, format: &str) -> bool {
    matches!(kind, "" | "string") && UNSUPPORTED.contains(&plain(format).as_str())
}

fn plain(format: &str) -> String {
    format.replace('-', "")
}

/// The formats in a schema that the API server does not know, in the order of the schema.
pub(crate) fn unknown(schema: &Value, found: &mut Vec<String>) {
    let text = |field: &str| schema[field].as_str().unwrap_or_default();
    let format = text("format");
    if !format.is_empty() && !is_known(text("type"), format) {
        found.push(format.to_owned());
    }
    for part in ["items", "not", "additionalProperties"] {
        if schema[part].is_object() {
            unknown(&schema[part], found);
        }
    }
    for part in ["allOf", "anyOf", "oneOf"] {
        let list = schema[part].as_array().into_iter().flatten();
        list.for_each(|inner| unknown(inner, found));
    }
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.for_each(|(_, inner)| unknown(inner, found));
}

/// Whether a text has a format. One that is not known is no condition.
pub(super) fn fits(format: &str, text: &str) -> bool {
    match plain(format).as_str() {
        "byte" => is_base64(text),
        "cidr" => is_cidr(text),
        "date" => date(text).is_some(),
        "datetime" => is_time(text),
        "duration" => duration::parse_loosely(text).is_some(),
        "ipv4" => text.contains('.') && loose_ip(text).is_some(),
        "ipv6" => text.contains(':') && text.parse::<Ipv6Addr>().is_ok(),
        "mac" => is_mac(text),
        "k8sshortname" => text.len() <= 63 && is_short_name(text),
        "k8slongname" => text.len() <= 253 && text.split('.').all(is_short_name),
        "bsonobjectid" => text.len() == 24 && is_hex(text),
        "hexcolor" => {
            let digits = text.strip_prefix('#').unwrap_or(text);
            matches!(digits.len(), 3 | 6) && is_hex(digits)
        }
        "hostname" => {
            text.len() <= 255 && text.split('.').all(|part| part.len() <= 63) && matches(&HOST, text)
        }
        "ssn" => text.len() == 11 && matches(&SSN, text),
        uuid @ ("uuid" | "uuid3" | "uuid4" | "uuid5") => is_uuid(text, uuid.strip_prefix("uuid")),
        _ => true,
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Small letters, digits and hyphens, no hyphen first or last.
fn is_short_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().all(|byte| inner(byte) || byte == b'-')
        && text.bytes().next().is_some_and(inner)
        && text.bytes().last().is_some_and(inner)
}

/// Groups of four, with the usual padding. Nothing is no such text.
fn is_base64(text: &str) -> bool {
    let digits = text
        .strip_suffix("==")
        .or_else(|| text.strip_suffix('='))
        .unwrap_or(text);
    let of_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    !text.is_empty() && text.len().is_multiple_of(4) && digits.bytes().all(of_alphabet)
}

/// Year, month and day, as `2006-01-02`.
pub(super) fn date(text: &str) -> Option<Date> {
    let part = |from: usize, to: usize| {
        let digits = text.get(from..to)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| digits.parse::<i16>().ok()).flatten()
    };
    let hyphens = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let small = |number: i16| i8::try_from(number).ok();
    let date = Date::new(year, small(month)?, small(day)?).ok()?;
    hyphens.then_some(date)
}

/// A date and a time of day with its zone. What follows a second `t` is not looked at, as by the API server.
fn is_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(day), Some(time)) = (parts.next(), parts.next()) else {
        return false;
    };
    let within = |from: usize, most: &str| time.get(from..from + 2).is_some_and(|part| part <= most);
    date(day).is_some() && matches(&TIME, time) && within(0, "23") && within(3, "59") && within(6, "59")
}

/// An address; one of version 4 may have zeros in front of its numbers.
fn loose_ip(text: &str) -> Option<IpAddr> {
    let (head, tail) = match text.rfind(':') {
        Some(at) => text.split_at_checked(at + 1)?,
        None => ("", text),
    };
    let mut numbers = Vec::new();
    for number in tail.split('.') {
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        numbers.push(digits.then(|| number.parse::<u8>().ok()).flatten()?);
    }
    let four = Ipv4Addr::from(<[u8; 4]>::try_from(numbers).ok()?);
    match head {
        "" => Some(IpAddr::V4(four)),
        head => format!("{head}{four}").parse().ok().map(IpAddr::V6),
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, size)) = text.split_once('/') else {
        return false;
    };
    let found = if address.contains('.') {
        loose_ip(address)
    } else {
        address.parse().ok()
    };
    let most = if found.is_some_and(|ip| ip.is_ipv4()) {
        32
    } else {
        128
    };
    let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
    found.is_some() && digits && size.parse::<u32>().is_ok_and(|size| size <= most)
}

/// Six, eight or twenty bytes: pairs of digits with `:` or `-` between them, or groups of four with dots.
fn is_mac(text: &str) -> bool {
    let groups = |by: char, length: usize| {
        let groups: Vec<&str> = text.split(by).collect();
        let bytes = groups.len() * length / 2;
        matches!(bytes, 6 | 8 | 20) && groups.iter().all(|group| group.len() == length && is_hex(group))
    };
    groups(':', 2) || groups('-', 2) || groups('.', 4)
}

/// With or without its hyphens. Of a version, its digit and that of the variant are what they have to be.
fn is_uuid(text: &str, version: Option<&str>) -> bool {
    let mut rest = text;
    let mut digits = String::new();
    for length in [8, 4, 4, 4, 12] {
        let Some((group, after)) = rest.split_at_checked(length) else {
            return false;
        };
        digits.push_str(group);
        rest = match length {
            12 => after,
            _ => after.strip_prefix('-').unwrap_or(after),
        };
    }
    let at = |place: usize| digits.get(place..place + 1).unwrap_or_default();
    let version = version.filter(|version| !version.is_empty());
    rest.is_empty()
        && is_hex(&digits)
        && version.is_none_or(|version| at(12) == version)
        && (!matches!(version, Some("4" | "5")) || "89abAB".contains(at(16)))
}

/// An expression of this file. That it can be read is tested.
type Pattern = LazyLock<Option<Regex>>;

fn matches(pattern: &Pattern, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

static TIME: Pattern =
    LazyLock::new(|| Regex::new(r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})$").ok());
static SSN: Pattern = LazyLock::new(|| Regex::new("^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$").ok());
/// One label, or several of which the last has no digits.
static HOST: Pattern = LazyLock::new(|| {
    let c = r"a-zA-Z0-9\p{S}\p{L}";
    let one = format!(r"[{c}](?:-?[{c}]{{0,62}})?");
    let first = format!(r"[{c}](?:[{c}\-]{{0,61}}[{c}])?\.");
    Regex::new(&format!(r"^(?:{one}|(?:{first})+[a-zA-Z\p{{L}}]{{2,63}})$")).ok()
});

#[cfg(test)]
mod tests {
    use super::{fits, is_known};

    #[test]
    fn texts_have_formats_or_not() {
        for (format, right, wrong) in [
            ("byte", "aGk=|aGkh|a+/=", "|aGk|a===|a-_=|aGk=aGk="),
            (
                "cidr",
                "10.0.0.0/8|010.0.0.1/08|fd00::/64|::ffff:1.2.3.4/96",
                "10.0.0.0|10.0.0.0/33|10.0.0/8|fd00::/129",
            ),
            ("date", "2024-02-29", "2023-02-29|2024-2-29|2024-02-30T00:00:00Z|"),
            (
                "date-time",
                "2024-01-02T03:04:05Z|2024-01-02t03:04:05.678+02:00",
                "2024-01-02|2024-01-02T24:00:00Z|2024-01-02T03:04Z|2024-01-02 03:04:05Z|2024-01-02T03:04:60Z",
            ),
            ("duration", "1h30m|22 ns|3 weeks|0|-1.5s", "1|later|1y"),
            ("hexcolor", "#fff|a0B1c2", "#ffff|red"),
            (
                "hostname",
                "a|1|example.com|a-b.example|ä.example",
                "a.b1|a_b|-a|a..b|",
            ),
            (
                "ipv4",
                "1.2.3.4|01.2.3.4|::ffff:1.2.3.4",
                "1.2.3|1.2.3.256|::1|1.2.3.4.5|",
            ),
            (
                "ipv6",
                "::1|fd00::1.2.3.4",
                "1.2.3.4|fe80::1%eth0|:::|1:2:3:4:5:6:7:8:9",
            ),
            ("k8s-short-name", "a-1", "A|-a|a.b|"),
            ("k8s-long-name", "a.b-c", "a..b|a.B|"),
            (
                "mac",
                "00:00:5e:00:53:01|0000.5e00.5301|02-00-5e-10-00-00-00-01",
                "00:00:5e:00:53|00:00-5e:00:53:01",
            ),
            ("password", "|anything", "\u{0}"),
            ("ssn", "123-45-6789|123 45 6789", "123456789|123-456-789"),
            (
                "uuid",
                "0000AAAA-0000-0000-0000-000000000000|0000aaaa000000000000000000000000",
                "0|x000aaaa-0000-0000-0000-000000000000",
            ),
            (
                "uuid4",
                "0000aaaa-0000-4000-8000-000000000000",
                "0000aaaa-0000-5000-8000-000000000000|0000aaaa-0000-4000-7000-000000000000",
            ),
        ] {
            for text in right.split('|') {
                assert!(fits(format, text), "{format}: {text}");
            }
            for text in wrong.split('|').filter(|_| format != "password") {
                assert!(!fits(format, text), "{format}: {text}");
            }
        }
    }

    #[test]
    fn formats_are_known_by_their_type() {
        assert!(
            is_known("string", "date-time") && is_known("string", "datetime") && is_known("integer", "int32")
        );
        assert!(
            !is_known("integer", "uint32") && !is_known("object", "byte") && !is_known("string", "int32")
        );
    }
}
