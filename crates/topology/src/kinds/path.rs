//! The part of JSONPath that the columns of definitions are written in: fields, places, and the items of a list with a
//! field of a certain value. It means what it means to the API server: `['a.b']` is the field b of the field a, and only a
//! backslash makes a dot part of a name.

use serde_json::Value;

/// A path to values in an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// `.spec`, `['spec']`
    Field(String),
    /// `[0]`; negative ones count from the end.
    Place(i64),
    /// `[*]`, `.*`
    Each,
    /// `[?(@.type=="Ready")]`
    Where(Path, Value),
}

impl Path {
    /// Reads a path; `None` if it is in another part of the language.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        rest = rest.strip_prefix('$').unwrap_or(rest);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            rest = match rest.strip_prefix('[') {
                Some(inside) => {
                    let (inside, after) = until_closed(inside)?;
                    bracket(inside.trim(), &mut steps)?;
                    after
                }
                None => {
                    let (step, after) = field(rest.strip_prefix('.')?)?;
                    steps.push(step);
                    after
                }
            };
        }
        Some(Self(steps))
    }

    /// The first value that the path leads to: the API server prints no other.
    pub(super) fn first<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        let mut found = vec![value];
        for step in &self.0 {
            let mut next = Vec::new();
            for value in found {
                step.take(value, &mut next);
            }
            found = next;
        }
        found.into_iter().next()
    }
}

impl Step {
    fn take<'v>(&self, value: &'v Value, found: &mut Vec<&'v Value>) {
        match self {
            Self::Field(name) => found.extend(value.get(name)),
            Self::Place(place) => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                let from_end = || {
                    items
                        .len()
                        .checked_sub(usize::try_from(place.unsigned_abs()).ok()?)
                };
                let place = usize::try_from(*place).ok().or_else(from_end);
                found.extend(place.and_then(|place| items.get(place)));
            }
            Self::Each => match value {
                Value::Array(items) => found.extend(items),
                Value::Object(fields) => found.extend(fields.values()),
                _ => {}
            },
            Self::Where(path, wanted) => {
                let items = value.as_array().into_iter().flatten();
                found.extend(items.filter(|item| path.first(item) == Some(wanted)));
            }
        }
    }
}

/// The field that a path begins with, after its dot, and what follows. A backslash takes its meaning from the next
/// character.
fn field(text: &str) -> Option<(Step, &str)> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    let mut end = text.len();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => name.push(characters.next()?.1),
            '.' | '[' => {
                end = at;
                break;
            }
            // A union, a range, a call: another part of the language.
            ',' | ':' | '(' | ')' | '{' | '}' | ']' | '?' => return None,
            other => name.push(other),
        }
    }
    let step = match name.as_str() {
        "" => return None,
        "*" => Step::Each,
        _ => Step::Field(name),
    };
    Some((step, text.get(end..)?))
}

/// What stands before the bracket that closes, quotes and brackets within passed over, and what follows it.
fn until_closed(text: &str) -> Option<(&str, &str)> {
    let (mut quote, mut depth) = (None, 0);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn bracket(inside: &str, steps: &mut Vec<Step>) -> Option<()> {
    if let Some(fields) = between(inside, '\'') {
        steps.extend(Path::parse(&format!(".{fields}"))?.0);
        return Some(());
    }
    steps.push(select(inside)?);
    Some(())
}

/// What selects items of a list.
fn select(inside: &str) -> Option<Step> {
    if inside == "*" {
        return Some(Step::Each);
    }
    if let Some(test) = inside.strip_prefix("?(") {
        let (left, right) = test.strip_suffix(')')?.split_once("==")?;
        let path = Path::parse(left.trim().strip_prefix('@')?)?;
        let right = right.trim();
        let wanted = match quoted(right) {
            Some(text) => Value::from(text),
            None => serde_json::from_str(right)
                .ok()
                .filter(|value: &Value| !value.is_object() && !value.is_array())?,
        };
        return Some(Step::Where(path, wanted));
    }
    inside.parse().ok().map(Step::Place)
}

/// The text between quotes of either sort.
fn quoted(text: &str) -> Option<&str> {
    between(text, '\'').or_else(|| between(text, '"'))
}

/// The text between two of these, if there are no others within.
fn between(text: &str, quote: char) -> Option<&str> {
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains(quote)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_to_the_first_value() {
        let object = json!({
            "spec": {"a.b/c": {"d": 7}, "list": [1, 2, {"x": "y"}], "map": {"k": "v"}},
            "status": {"conditions": [
                {"type": "Synced", "status": "False", "at": {"n": 1}},
                {"type": "Ready", "status": "True", "at": {"n": 2}},
            ]},
        });
        for (path, expected) in [
            (r".spec['a\.b/c'].d", json!(7)),
            ("['spec.map'].k", json!("v")),
            (".spec['map']['k']", json!("v")),
            (r".spec.a\.b/c.d", json!(7)),
            ("$.spec.list[1]", json!(2)),
            (".spec.list[-1].x", json!("y")),
            (".spec.list[*]", json!(1)),
            (".spec.map.*", json!("v")),
            (r#".status.conditions[?(@.type=="Ready")].status"#, json!("True")),
            (".status.conditions[?(@.type == 'Synced')].status", json!("False")),
            (".status.conditions[?(@.at.n==2)].type", json!("Ready")),
            (" .spec.list ", json!([1, 2, {"x": "y"}])),
        ] {
            let path = Path::parse(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(path.first(&object), Some(&expected), "{path:?}");
        }
        for path in [
            ".none",
            ".spec.list[9]",
            ".spec.list[-9]",
            ".spec.list.x",
            ".status.conditions[?(@.type=='X')]",
        ] {
            assert_eq!(Path::parse(path).unwrap().first(&object), None, "{path}");
        }
    }

    #[test]
    fn what_is_not_understood_is_no_path() {
        for path in [
            "spec",
            "..a",
            ".a.",
            ".a[",
            ".a[0",
            ".a[]",
            ".a[0:2]",
            ".a[?(@.x>1)]",
            ".a[?(@.x)]",
            ".a['b','c']",
            "{.a}",
            ".a[0,1]",
            r".a\",
            ".a['b]",
            ".['a']",
            ".a[\"b\"]",
            ".a[?(x=='y')]",
        ] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }
}
