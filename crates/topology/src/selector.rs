//! Label selectors in kubectl's syntax: `app=web,tier!=cache,env in (dev,prod),!canary`.

use crate::facts::Labels;
use crate::query::QueryError;

/// Requirements that labels must meet, all of them. No requirements: all labels do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    /// `key`
    Exists(String),
    /// `!key`
    Absent(String),
    /// `key=value`, `key in (a,b)`
    In(String, Vec<String>),
    /// `key!=value`, `key notin (a,b)`; a label that is not there passes.
    NotIn(String, Vec<String>),
    /// `key>5`; a label that is not an integer fails.
    Above(String, i64),
    /// `key<5`; a label that is not an integer fails.
    Below(String, i64),
}

const ALLOWED: &str =
    "use key, !key, key=value, key!=value, key in (a,b), key notin (a,b), key>1, key<1, joined by commas";

impl LabelSelector {
    /// Reads a selector.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let error = |part: &str| QueryError::new("selector", part.trim(), ALLOWED);
        let parts = split(text).ok_or_else(|| error(text))?;
        parts
            .into_iter()
            .map(|part| Requirement::parse(part.trim()).ok_or_else(|| error(part)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The requirements of `matchLabels` and `matchExpressions`. An operator that the API does not have is met by nothing.
    pub(crate) fn of<'a>(
        labels: impl Iterator<Item = (&'a str, &'a str)>,
        expressions: impl Iterator<Item = (&'a str, &'a str, Vec<String>)>,
    ) -> Self {
        let equal = labels.map(|(key, value)| Requirement::In(key.to_owned(), vec![value.to_owned()]));
        let others = expressions.map(|(key, operator, values)| {
            let key = key.to_owned();
            match operator {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::Absent(key),
                _ => Requirement::In(key, Vec::new()),
            }
        });
        Self(equal.chain(others).collect())
    }

    /// The requirements that say which values a label may have: an index by labels answers them.
    pub(crate) fn choices(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().filter_map(|requirement| match requirement {
            Requirement::In(key, values) => Some((key.as_str(), values.as_slice())),
            _ => None,
        })
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the labels meet all requirements.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0
            .iter()
            .all(|requirement| requirement.met_by(|key| labels.get(key).map(|value| &**value)))
    }
}

/// The parts between commas that are not in parentheses; `None` if parentheses do not match.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut inside) = (Vec::new(), 0, false);
    for (place, c) in text.char_indices() {
        match c {
            '(' if inside => return None,
            ')' if !inside => return None,
            '(' | ')' => inside = c == '(',
            ',' if !inside => {
                parts.push(text.get(start..place)?);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?);
    (!inside).then_some(parts)
}

impl Requirement {
    fn parse(text: &str) -> Option<Self> {
        if let Some(key) = text.strip_prefix('!') {
            return Some(Self::Absent(label_key(key)?));
        }
        if let Some(rest) = text.strip_suffix(')') {
            let (head, values) = rest.split_once('(')?;
            let (key, word) = head.trim().rsplit_once(char::is_whitespace)?;
            let values = values
                .split(',')
                .map(|value| label_value(value.trim()))
                .collect::<Option<Vec<_>>>()?;
            return match word {
                "in" => Some(Self::In(label_key(key)?, values)),
                "notin" => Some(Self::NotIn(label_key(key)?, values)),
                _ => None,
            };
        }
        if let Some((key, value)) = text.split_once("!=") {
            return Some(Self::NotIn(label_key(key)?, vec![label_value(value)?]));
        }
        if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
            return Some(Self::In(label_key(key)?, vec![label_value(value)?]));
        }
        if let Some((key, value)) = text.split_once('>') {
            return Some(Self::Above(label_key(key)?, value.trim().parse().ok()?));
        }
        if let Some((key, value)) = text.split_once('<') {
            return Some(Self::Below(label_key(key)?, value.trim().parse().ok()?));
        }
        Some(Self::Exists(label_key(text)?))
    }

    fn met_by<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        let number = |key: &str| label(key).and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Exists(key) => label(key).is_some(),
            Self::Absent(key) => label(key).is_none(),
            Self::In(key, values) => label(key).is_some_and(|own| values.iter().any(|value| value == own)),
            Self::NotIn(key, values) => label(key).is_none_or(|own| values.iter().all(|value| value != own)),
            Self::Above(key, limit) => number(key).is_some_and(|own| own > *limit),
            Self::Below(key, limit) => number(key).is_some_and(|own| own < *limit),
        }
    }
}

fn label_key(text: &str) -> Option<String> {
    let text = text.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    (!text.is_empty() && text.chars().all(allowed)).then(|| text.to_owned())
}

fn label_value(text: &str) -> Option<String> {
    let text = text.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.chars().all(allowed).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::Symbols;

    #[test]
    fn selectors_match_as_in_kubectl() {
        let labels = Symbols::new().labels([("app", "web"), ("tier", "front"), ("rev", "7"), ("empty", "")]);
        let table = [
            ("", true),
            ("app", true),
            ("canary", false),
            ("!canary", true),
            ("!app", false),
            ("app=web", true),
            ("app==web", true),
            ("app = api", false),
            ("app!=api", true),
            ("app!=web", false),
            ("canary!=yes", true),
            ("app in (api, web)", true),
            ("app in (api)", false),
            ("app notin (api,db),tier=front", true),
            ("canary notin (x)", true),
            ("app=web,tier=back", false),
            ("rev>6", true),
            ("rev>7", false),
            ("rev<8", true),
            ("app<8", false),
            ("empty=", true),
        ];
        for (text, expected) in table {
            assert_eq!(
                LabelSelector::parse(text).unwrap().matches(&labels),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn bad_selectors_name_their_bad_part() {
        let table = [
            ("app=web,a b", "a b"),
            ("x in (a", "x in (a"),
            ("x of (a)", "x of (a)"),
            ("rev>new", "rev>new"),
            ("=web", "=web"),
            ("app=a=b", "app=a=b"),
            (",", ""),
        ];
        for (text, part) in table {
            let error = LabelSelector::parse(text).unwrap_err();
            assert_eq!((error.field, error.value.as_str()), ("selector", part), "{text}");
        }
    }
}
