//! Manifests with holes. A tree of JSON is made once for each kind of object; each object is then a few copies of
//! bytes.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{PutError, StartError};
use crate::resources::Resources;
use crate::store::object::text_of;
use crate::store::{Key, ResourceId};

/// What stands for the holes of one object. All of it can be put between quotes as it is.
#[derive(Debug, Default)]
pub(super) struct Values(Vec<(&'static str, String)>);

impl Values {
    /// Sets a value, in place of the one that it had.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((name, value.into())),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == name)?;
        Some(&found.1)
    }
}

/// A text with holes.
#[derive(Debug)]
pub(super) struct Text(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Bytes(String),
    Hole(String),
}

/// What a hole begins with: one within a text, and one that is a whole value, which loses its quotes.
const HOLES: [(&str, &str); 2] = [("$(", ")"), ("\"$json(", ")\"")];

impl Text {
    /// Finds the holes of a text.
    pub(super) fn new(mut text: &str) -> Self {
        let mut pieces = Vec::new();
        let next = |text: &str| {
            let holes = HOLES.iter().filter_map(|(begin, end)| {
                let (before, rest) = text.split_once(begin)?;
                let (name, _) = rest.split_once(end)?;
                let after = before.len() + begin.len() + name.len() + end.len();
                Some((before.len(), name.to_owned(), after))
            });
            holes.min_by_key(|(start, ..)| *start)
        };
        while let Some((start, name, after)) = next(text) {
            pieces.push(Piece::Bytes(text.get(..start).unwrap_or_default().to_owned()));
            pieces.push(Piece::Hole(name));
            text = text.get(after..).unwrap_or_default();
        }
        pieces.push(Piece::Bytes(text.to_owned()));
        Self(pieces)
    }

    /// Adds the text to `into`. A hole that has no value stays one.
    pub(super) fn fill(&self, values: &Values, into: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Bytes(bytes) => into.push_str(bytes),
                Piece::Hole(name) => match values.get(name) {
                    Some(value) => into.push_str(value),
                    None => {
                        // Writing to memory cannot fail.
                        let _ = write!(into, "$({name})");
                    }
                },
            }
        }
    }

    fn filled(&self, values: &Values) -> String {
        let mut text = String::new();
        self.fill(values, &mut text);
        text
    }
}

/// A manifest with holes.
#[derive(Debug)]
pub(super) struct Template {
    resource: ResourceId,
    namespace: Text,
    name: Text,
    /// Up to the resourceVersion, which is known only when the object is stored.
    head: Text,
    tail: Text,
}

/// An object that is made.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) resource: ResourceId,
    pub(super) key: Key,
    text: String,
    /// Where in the text the resourceVersion belongs.
    version_at: usize,
}

const VERSION: &str = "$(resourceVersion)";

impl Template {
    /// Of a manifest, whose kind has to be served.
    pub(super) fn new(resources: &Resources, mut manifest: Value) -> Result<Self, StartError> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text(&manifest["apiVersion"]), text(&manifest["kind"]));
        let Some(resource) = resources.of_kind(&api_version, &kind) else {
            return Err(PutError::UnknownKind { api_version, kind }.into());
        };
        let namespace = text(&manifest["metadata"]["namespace"]);
        let name = text(&manifest["metadata"]["name"]);
        if let Some(fields) = manifest["metadata"].as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        manifest["metadata"]["resourceVersion"] = json!(VERSION);
        let text = text_of(&manifest);
        let text = String::from_utf8_lossy(&text);
        let (head, tail) = text.split_once(VERSION).unwrap_or_default();
        Ok(Self {
            resource: resource.id,
            namespace: Text::new(&namespace),
            name: Text::new(&name),
            head: Text::new(head),
            tail: Text::new(tail),
        })
    }

    /// Makes an object. Objects of the same namespace share its name with `neighbour`.
    pub(super) fn fill(&self, values: &Values, neighbour: Option<&Key>) -> Object {
        let namespace = self.namespace.filled(values);
        let namespace = match neighbour {
            Some(key) if *key.namespace == *namespace => key.namespace.clone(),
            _ => Arc::from(namespace),
        };
        let name = self.name.filled(values).into();
        let mut text = String::with_capacity(4096);
        self.head.fill(values, &mut text);
        let version_at = text.len();
        self.tail.fill(values, &mut text);
        Object {
            resource: self.resource,
            key: Key { namespace, name },
            text,
            version_at,
        }
    }
}

impl Object {
    /// Its text with a resourceVersion.
    pub(super) fn into_text(mut self, version: u64) -> Vec<u8> {
        self.text.insert_str(self.version_at, &version.to_string());
        self.text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_within_texts_and_as_whole_values() {
        let mut values = Values::default();
        values.set("app", "shop");
        values.set("pods", "2");
        values.set("pods", "3");
        let text = Text::new(r#"{"name":"$(app)-x","replicas":"$json(pods)","other":"$(nothing)"}"#);
        assert_eq!(
            text.filled(&values),
            r#"{"name":"shop-x","replicas":3,"other":"$(nothing)"}"#
        );
    }
}
