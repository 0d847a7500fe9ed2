//! The part of JSONPath that definitions use: fields, indexes, and items with a field of a certain value.

use serde_json::Value;

/// A parsed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    /// Negative ones count from the end.
    Index(i64),
    /// Every item.
    Each,
    /// `[?(@.type=="Ready")]`
    Where(Vec<String>, Value),
}

impl Path {
    /// Parses a path; none if it is another part of JSONPath.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text.trim().strip_prefix('$').unwrap_or(text.trim());
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let end = end_of_brackets(inner)?;
                let (inside, after) = inner.split_at_checked(end)?;
                steps.extend(bracket(inside)?);
                rest = after.get(1..)?;
            } else {
                let inner = rest.strip_prefix('.')?;
                let (name, after) = field(inner);
                if name.is_empty() {
                    return None;
                }
                steps.push(if name == "*" {
                    Step::Each
                } else {
                    Step::Field(name)
                });
                rest = after;
            }
        }
        Some(Self(steps))
    }

    /// The first value that the path leads to.
    pub(crate) fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        let mut found = vec![value];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| step.take(value)).collect();
        }
        found.into_iter().next()
    }

    /// Sets the value that a path of fields leads to.
    pub(crate) fn set(&self, object: &mut Value, value: Value) {
        let mut at = object;
        for step in &self.0 {
            let Step::Field(name) = step else { return };
            if !at.is_object() {
                *at = Value::Object(serde_json::Map::new());
            }
            at = &mut at[name.as_str()];
        }
        *at = value;
    }
}

impl Step {
    fn take<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match self {
            Self::Field(name) => value.get(name).into_iter().collect(),
            Self::Index(index) => {
                let list = value.as_array().map_or(&[][..], Vec::as_slice);
                let index = usize::try_from(*index).ok().or_else(|| {
                    list.len()
                        .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
                });
                index.and_then(|index| list.get(index)).into_iter().collect()
            }
            Self::Each => match value {
                Value::Array(items) => items.iter().collect(),
                Value::Object(fields) => fields.values().collect(),
                _ => Vec::new(),
            },
            Self::Where(path, wanted) => {
                let items = value.as_array().into_iter().flatten();
                let own = |item: &'v Value| path.iter().try_fold(item, |value, name| value.get(name));
                items.filter(|item| own(item) == Some(wanted)).collect()
            }
        }
    }
}

/// A field's name up to the next step, and what follows. A backslash lets the next character be part of it.
fn field(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => name.extend(characters.next().map(|(_, c)| c)),
            '.' | '[' => return (name, text.get(at..).unwrap_or_default()),
            c => name.push(c),
        }
    }
    (name, "")
}

/// Where a bracket is closed, past those within quotes.
fn end_of_brackets(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, ']') => return Some(at),
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn bracket(inside: &str) -> Option<Vec<Step>> {
    let inside = inside.trim();
    if inside == "*" {
        return Some(vec![Step::Each]);
    }
    // A name in brackets is read as a path again: `['a.b']` is two fields, `['a\.b']` is one.
    if let Some(name) = inside.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return Path::parse(&format!(".{name}")).map(|path| path.0);
    }
    if let Some(filter) = inside.strip_prefix("?(").and_then(|rest| rest.strip_suffix(')')) {
        let (left, right) = filter.split_once("==")?;
        let path = left.trim().strip_prefix("@.")?;
        let right = right.trim();
        let value = match quoted(right) {
            Some(text) => text.into(),
            None => serde_json::from_str(right).ok()?,
        };
        let path = path.split('.').map(str::to_owned).collect();
        return Some(vec![Step::Where(path, value)]);
    }
    inside.parse().ok().map(|index| vec![Step::Index(index)])
}

fn quoted(text: &str) -> Option<&str> {
    ['\'', '"']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_to_values() {
        let object = json!({"a": {"b.c": [1, 2], "d": {"e": 3}, "d.e": 4}, "conditions": [{"type": "A", "status": "x"}, {"type": "B", "status": "y"}]});
        for (path, expected) in [
            (".a['b\\.c'][1]", json!(2)),
            (".a['d.e']", json!(3)),
            (".a.b\\.c[-1]", json!(2)),
            ("$.conditions[?(@.type==\"B\")].status", json!("y")),
            (".conditions[?(@.type=='A')].status", json!("x")),
            (".conditions[*].type", json!("A")),
        ] {
            let found = Path::parse(path).and_then(|path| path.find(&object).cloned());
            assert_eq!(found, Some(expected), "{path}");
        }
        assert_eq!(Path::parse(".none").map(|p| p.find(&object).cloned()), Some(None));
        for path in ["a", "..a", ".a[?(@.x>1)]", ".a[", ".a[\"b\"]"] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }
}
