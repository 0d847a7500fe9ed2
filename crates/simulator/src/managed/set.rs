//! A set of field paths, and its form as `fieldsV1`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Paths of fields. A path can be in the set itself, and so can longer ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    member: bool,
    children: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.children.is_empty()
    }

    /// Adds a path. The root itself is no path.
    pub(crate) fn insert(&mut self, path: &[String]) {
        if path.is_empty() {
            return;
        }
        let mut at = self;
        for part in path {
            at = at.children.entry(part.clone()).or_default();
        }
        at.member = true;
    }

    /// Takes a path out, and all below it.
    pub(crate) fn remove_path(&mut self, path: &[String]) {
        match path {
            [] => *self = Self::default(),
            [last] => {
                self.children.remove(last);
            }
            [first, rest @ ..] => {
                if let Some(child) = self.children.get_mut(first) {
                    child.remove_path(rest);
                    if child.is_empty() {
                        self.children.remove(first);
                    }
                }
            }
        }
    }

    /// All paths of both.
    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        union.member |= other.member;
        for (part, child) in &other.children {
            let own = union.children.entry(part.clone()).or_default();
            *own = own.union(child);
        }
        union
    }

    /// The paths that are not in the other.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        let children = self.children.iter().filter_map(|(part, child)| {
            let rest = match other.children.get(part) {
                Some(other) => child.difference(other),
                None => child.clone(),
            };
            (!rest.is_empty()).then(|| (part.clone(), rest))
        });
        Self {
            member: self.member && !other.member,
            children: children.collect(),
        }
    }

    /// The paths that are in the other, too.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let children = self.children.iter().filter_map(|(part, child)| {
            let both = child.intersection(other.children.get(part)?);
            (!both.is_empty()).then(|| (part.clone(), both))
        });
        Self {
            member: self.member && other.member,
            children: children.collect(),
        }
    }

    /// What is below a part.
    pub(crate) fn child(&self, part: &str) -> Option<&Self> {
        self.children.get(part)
    }

    /// Whether there are longer paths than this one.
    pub(crate) fn has_children(&self) -> bool {
        !self.children.is_empty()
    }

    /// Whether the path up to here is in the set.
    pub(crate) fn has_self(&self) -> bool {
        self.member
    }

    /// Adds the path up to here.
    pub(crate) fn add_self(&mut self) {
        self.member = true;
    }

    /// The same set with each part below made anew.
    pub(crate) fn map_children(&self, make: impl Fn(&str, &Self) -> Self) -> Self {
        Self {
            member: self.member,
            children: self
                .children
                .iter()
                .map(|(part, child)| (part.clone(), make(part, child)))
                .collect(),
        }
    }

    /// All paths as conflicts name them: shorter ones first, then what is below them.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.list("", &mut paths);
        paths
    }

    fn list(&self, prefix: &str, paths: &mut Vec<String>) {
        let whole = |part: &str| format!("{prefix}{}", shown(part));
        let members = self.children.iter().filter(|(_, child)| child.member);
        paths.extend(members.map(|(part, _)| whole(part)));
        for (part, child) in &self.children {
            child.list(&whole(part), paths);
        }
    }

    /// As `fieldsV1`.
    pub(crate) fn to_json(&self) -> Value {
        let mut fields = Map::new();
        if self.member && !self.children.is_empty() {
            fields.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (part, child) in &self.children {
            fields.insert(part.clone(), child.to_json());
        }
        Value::Object(fields)
    }

    /// From `fieldsV1`.
    pub(crate) fn from_json(value: &Value) -> Self {
        let mut set = Self::read(value);
        set.member = false;
        set
    }

    fn read(value: &Value) -> Self {
        let Some(fields) = value.as_object() else {
            return Self::default();
        };
        let inner = fields.iter().filter(|(part, _)| *part != ".");
        Self {
            member: fields.is_empty() || fields.contains_key("."),
            children: inner
                .map(|(part, child)| (part.clone(), Self::read(child)))
                .collect(),
        }
    }
}

/// A part of a path in words: `.spec`, `[name="a"]`, `[="x"]`.
fn shown(part: &str) -> String {
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    match part.split_once(':') {
        Some(("f", name)) => format!(".{name}"),
        Some(("k", keys)) => {
            let keys = value(keys);
            let keys = keys.as_object().into_iter().flatten();
            let keys: Vec<String> = keys.map(|(key, value)| format!("{key}={value}")).collect();
            format!("[{}]", keys.join(","))
        }
        Some(("v", text)) => format!("[={text}]"),
        _ => format!("[{part}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_set_survives_its_json_form() {
        let json = json!({"f:data": {".": {}, "f:a": {}}, "f:metadata": {"f:generateName": {}}});
        assert_eq!(FieldSet::from_json(&json).to_json(), json);
    }

    #[test]
    fn what_another_took_over_is_no_longer_owned() {
        let own = FieldSet::from_json(&json!({"f:data": {".": {}, "f:a": {}}}));
        let taken = FieldSet::from_json(&json!({"f:data": {"f:a": {}}}));
        assert_eq!(own.difference(&taken).to_json(), json!({"f:data": {}}));
        assert_eq!(own.union(&taken), own);
    }
}
