//! What the API server fills in when a client leaves it out: the rules of `data/defaults.txt`, applied.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::resources::Resource;

const TEXT: &str = include_str!("../../data/defaults.txt");

static RULES: LazyLock<HashMap<&'static str, Vec<Rule>>> = LazyLock::new(parse);

struct Rule {
    path: Vec<Step>,
    act: Act,
    conditions: Vec<Condition>,
}

enum Step {
    Each,
    /// `true`: only if it is there.
    Field(&'static str, bool),
}

enum Act {
    Set { value: Value, over_zero: bool },
    Section(&'static str),
    Copy(Vec<&'static str>),
    Merge(Vec<&'static str>),
    PullPolicy(Vec<&'static str>),
}

enum Condition {
    Has(Vec<&'static str>),
    HasNot(Vec<&'static str>),
    Is(Vec<&'static str>, Value),
    Only(&'static str),
}

/// Fills in the defaults of an object.
pub(super) fn apply(resource: &Resource, object: &mut Value) {
    let qualified = resource.qualified();
    if let Some(rules) = RULES.get(qualified.as_str()) {
        rules.iter().for_each(|rule| rule.apply(object));
    }
}

fn names(path: &'static str) -> Vec<&'static str> {
    path.trim().split('/').collect()
}

fn parse() -> HashMap<&'static str, Vec<Rule>> {
    let mut sections: HashMap<&'static str, Vec<Rule>> = HashMap::new();
    let mut section = "";
    for line in TEXT.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let Some(rule) = Rule::parse(line) {
            sections.entry(section).or_default().push(rule);
        }
    }
    sections
}

impl Rule {
    fn parse(line: &'static str) -> Option<Self> {
        let (rule, conditions) = line.split_once(" if ").unwrap_or((line, ""));
        let (path, rest) = rule.split_once(' ')?;
        let (sign, operand) = rest.split_once(' ')?;
        let act = match sign {
            "=" | ":=" => Act::Set {
                value: serde_json::from_str(operand).ok()?,
                over_zero: sign == ":=",
            },
            ":" => Act::Section(operand.trim()),
            "<" => Act::Copy(names(operand)),
            "+" => Act::Merge(names(operand)),
            "@" => Act::PullPolicy(names(operand)),
            _ => return None,
        };
        let step = |part: &'static str| match part.strip_suffix('?') {
            _ if part == "*" => Step::Each,
            Some(name) => Step::Field(name, true),
            None => Step::Field(part, false),
        };
        let conditions = conditions.split(" and ").filter(|text| !text.is_empty());
        Some(Self {
            path: path.split('/').map(step).collect(),
            act,
            conditions: conditions.map(Condition::parse).collect::<Option<_>>()?,
        })
    }

    fn apply(&self, root: &mut Value) {
        if !self.conditions.iter().all(|condition| condition.holds(root)) {
            return;
        }
        let source = match &self.act {
            Act::Copy(from) | Act::Merge(from) | Act::PullPolicy(from) => at(root, from).cloned(),
            _ => None,
        };
        self.walk(root, &self.path, source.as_ref());
    }

    fn walk(&self, value: &mut Value, path: &[Step], source: Option<&Value>) {
        match path {
            [] => {
                if let Act::Section(name) = self.act {
                    for rule in RULES.get(name).into_iter().flatten() {
                        rule.apply(value);
                    }
                }
            }
            [Step::Each, rest @ ..] => {
                for item in value.as_array_mut().into_iter().flatten() {
                    self.walk(item, rest, source);
                }
            }
            [Step::Field(name, false)] if !matches!(self.act, Act::Section(_)) => {
                if let Some(fields) = value.as_object_mut() {
                    self.set(fields, name, source);
                }
            }
            [Step::Field(name, only_if_there), rest @ ..] => {
                let Some(fields) = value.as_object_mut() else {
                    return;
                };
                let creates = matches!(self.act, Act::Set { .. })
                    && !only_if_there
                    && rest.iter().all(|step| matches!(step, Step::Field(_, false)));
                if creates && !fields.contains_key(*name) {
                    fields.insert((*name).to_owned(), Value::Object(Map::new()));
                }
                if let Some(inner) = fields.get_mut(*name) {
                    self.walk(inner, rest, source);
                }
            }
        }
    }

    fn set(&self, fields: &mut Map<String, Value>, name: &str, source: Option<&Value>) {
        let own = fields.get(name);
        let absent = own.is_none_or(|own| own.is_null() || own.as_str() == Some(""));
        match &self.act {
            Act::Set { value, over_zero } => {
                if absent || (*over_zero && own.is_some_and(|own| *own == 0)) {
                    fields.insert(name.to_owned(), value.clone());
                }
            }
            Act::Copy(_) => {
                let zero = own.is_some_and(|own| *own == 0);
                if let Some(source) = source.filter(|_| absent || zero) {
                    fields.insert(name.to_owned(), source.clone());
                }
            }
            Act::Merge(_) => {
                let source = source
                    .and_then(Value::as_object)
                    .filter(|source| !source.is_empty());
                let Some(source) = source else { return };
                let own = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
                for (key, value) in source {
                    if let Some(own) = own.as_object_mut() {
                        own.entry(key.clone()).or_insert_with(|| value.clone());
                    }
                }
            }
            Act::PullPolicy(_) if absent => {
                let image = source.and_then(Value::as_str).unwrap_or_default();
                fields.insert(name.to_owned(), pull_policy(image).into());
            }
            Act::PullPolicy(_) | Act::Section(_) => {}
        }
    }
}

impl Condition {
    fn parse(text: &'static str) -> Option<Self> {
        let text = text.trim();
        if let Some(name) = text.strip_prefix("only ") {
            return Some(Self::Only(name));
        }
        if let Some(path) = text.strip_prefix('!') {
            return Some(Self::HasNot(names(path)));
        }
        match text.split_once(" = ") {
            Some((path, value)) => Some(Self::Is(names(path), serde_json::from_str(value).ok()?)),
            None => Some(Self::Has(names(text))),
        }
    }

    fn holds(&self, root: &Value) -> bool {
        match self {
            Self::Has(path) => at(root, path).is_some(),
            Self::HasNot(path) => at(root, path).is_none(),
            Self::Is(path, value) => at(root, path) == Some(value),
            Self::Only(name) => root
                .as_object()
                .is_some_and(|fields| fields.keys().all(|key| key == name)),
        }
    }
}

fn at<'v>(root: &'v Value, path: &[&str]) -> Option<&'v Value> {
    let found = path.iter().try_fold(root, |value, name| value.get(name))?;
    (!found.is_null()).then_some(found)
}

/// Images without a tag are those of the tag `latest`, which changes.
fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or(image);
    let latest = !name.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    if latest { "Always" } else { "IfNotPresent" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_line_is_a_rule_and_every_section_is_there() {
        let mut sections = 0;
        for line in TEXT.lines().map(str::trim) {
            if line.starts_with('[') {
                sections += 1;
            } else if !line.is_empty() && !line.starts_with('#') {
                let rule = Rule::parse(line).unwrap_or_else(|| panic!("not a rule: {line}"));
                if let Act::Section(name) = rule.act {
                    assert!(RULES.contains_key(name), "no section {name}");
                }
            }
        }
        assert_eq!(sections, RULES.len());
    }

    #[test]
    fn what_is_there_stays_and_what_is_not_comes() {
        let mut pod = json!({"restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
            "containers": [{"image": "a:1", "livenessProbe": {"timeoutSeconds": 0}}, {"image": "r:5000/a"}]});
        for rule in &RULES["PodSpec"] {
            rule.apply(&mut pod);
        }
        assert_eq!(pod["restartPolicy"], "Never");
        assert_eq!(pod["terminationGracePeriodSeconds"], 0);
        assert_eq!(pod["containers"][0]["imagePullPolicy"], "IfNotPresent");
        assert_eq!(pod["containers"][0]["livenessProbe"]["timeoutSeconds"], 1);
        assert_eq!(pod["containers"][1]["imagePullPolicy"], "Always");
        assert!(pod["containers"][1].get("readinessProbe").is_none());
        assert!(pod.get("serviceAccount").is_none());
    }
}
