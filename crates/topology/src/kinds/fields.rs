//! Fields that mean the same in any object: the walk through one of which no schema is known.

use super::meta::Condition;
use crate::json::Text;
use serde::de::DeserializeSeed;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What is found in an object.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    /// The fields called like references, in the order of the document.
    pub refs: Vec<Ref<'a>>,
    /// status.conditions, as far as they are objects.
    pub(super) conditions: Vec<Condition<'a>>,
    /// status.observedGeneration.
    pub(super) observed: Option<i64>,
}

/// A field named `*Ref` that says a name and a kind.
#[derive(Debug, Default)]
pub(crate) struct Ref<'a> {
    /// `spec.templateRef.name`.
    pub path: String,
    pub name: Text<'a>,
    pub kind: Text<'a>,
    pub namespace: Text<'a>,
    /// Of `apiGroup`, `group` or `apiVersion`; `None` if it has none of them.
    pub group: Option<Text<'a>>,
}

impl<'a> Fields<'a> {
    /// Walks through an object, past its metadata.
    pub(super) fn read(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut fields = Self::default();
        let mut path = String::new();
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let walk = Walk {
            fields: &mut fields,
            path: &mut path,
        };
        walk.deserialize(&mut deserializer)?;
        Ok(fields)
    }
}

/// What a value was, for the map around it.
enum Value<'a> {
    Text(Text<'a>),
    Integer(i64),
    Other,
}

/// The step into one value, whose path is known.
struct Walk<'w, 'a> {
    fields: &'w mut Fields<'a>,
    path: &'w mut String,
}

impl<'de: 'a, 'a> DeserializeSeed<'de> for Walk<'_, 'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'a>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Walk<'_, 'a> {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'a>, A::Error> {
        let is_condition = is_condition(self.path);
        let is_ref = is_ref(self.path);
        let (mut found, mut condition) = (Ref::default(), Condition::default());
        // A ref comes before those inside it.
        let place = self.fields.refs.len();
        let length = self.path.len();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if length == 0 && key == "metadata" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            push(self.path, &key);
            let value = map.next_value_seed(Walk {
                fields: &mut *self.fields,
                path: &mut *self.path,
            })?;
            if let (Value::Integer(number), "status.observedGeneration") = (&value, self.path.as_str()) {
                self.fields.observed = Some(*number);
            }
            self.path.truncate(length);
            let Value::Text(text) = value else {
                continue;
            };
            if is_condition {
                match &*key {
                    "type" => condition.kind = text,
                    "status" => condition.status = text,
                    "reason" => condition.reason = text,
                    "message" => condition.message = text,
                    _ => {}
                }
            } else if is_ref {
                match &*key {
                    "name" => found.name = text,
                    "kind" => found.kind = text,
                    "namespace" => found.namespace = text,
                    "apiGroup" | "group" => found.group = Some(text),
                    "apiVersion" => found.group = Some(text.before_slash()),
                    _ => {}
                }
            }
        }
        if is_condition {
            self.fields.conditions.push(condition);
        } else if is_ref && !found.name.is_empty() && !found.kind.is_empty() {
            found.path = format!("{}.name", self.path);
            self.fields.refs.insert(place, found);
        }
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'a>, A::Error> {
        let length = self.path.len();
        for index in 0_usize.. {
            self.path.push('[');
            self.path.push_str(&index.to_string());
            self.path.push(']');
            let next = seq.next_element_seed(Walk {
                fields: &mut *self.fields,
                path: &mut *self.path,
            })?;
            self.path.truncate(length);
            if next.is_none() {
                break;
            }
        }
        Ok(Value::Other)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'a>, E> {
        Ok(Value::Text(Text::from(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(Value::Text(Text::owned(text)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value<'a>, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value<'a>, E> {
        Ok(i64::try_from(number).map_or(Value::Other, Value::Integer))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value<'a>, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value<'a>, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'a>, E> {
        Ok(Value::Other)
    }
}

/// Whether an element of status.conditions is at this path.
fn is_condition(path: &str) -> bool {
    let index = path.strip_prefix("status.conditions[");
    index.is_some_and(|index| index.find(']') == Some(index.len() - 1))
}

/// Whether the field at this path is called `*Ref`.
fn is_ref(path: &str) -> bool {
    let field = path.rsplit('.').next().unwrap_or_default();
    field.len() > "Ref".len() && field.ends_with("Ref")
}

/// Appends a key: those with dots or slashes in brackets.
fn push(path: &mut String, key: &str) {
    if key.contains(['.', '/']) {
        path.push_str("[\"");
        path.push_str(key);
        path.push_str("\"]");
    } else {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(json: &str) -> Vec<String> {
        let fields = Fields::read(json.as_bytes()).unwrap();
        fields.refs.into_iter().map(|found| found.path).collect()
    }

    #[test]
    fn references_are_found_at_any_depth() {
        let json = r#"{"kind": "X", "metadata": {"aRef": {"kind": "K", "name": "n"}}, "spec": {
            "aRef": {"kind": "K", "name": "n", "innerRef": {"kind": "K", "name": "m"}},
            "list": [1, null, {"bRef": {"kind": "K", "name": "n"}}], "a.b/c": {"cRef": {"kind": "K", "name": "n"}},
            "Ref": {"kind": "K", "name": "n"}, "dRef": {"name": "n"}, "eRef": "n", "fRef": [{"kind": "K", "name": "n"}],
            "gRef": {"kind": 1, "name": "n"}}}"#;
        assert_eq!(
            paths(json),
            [
                "spec.aRef.name",
                "spec.aRef.innerRef.name",
                "spec.list[2].bRef.name",
                "spec[\"a.b/c\"].cRef.name",
            ]
        );
    }

    #[test]
    fn groups_are_read_from_any_of_their_fields() {
        let group = |fields: &str| {
            let json = format!(r#"{{"aRef": {{"kind": "K", "name": "n"{fields}}}}}"#);
            let fields = Fields::read(json.as_bytes()).unwrap();
            fields.refs[0].group.as_ref().map(ToString::to_string)
        };
        assert_eq!(group(""), None);
        assert_eq!(group(r#", "apiGroup": "apps""#).unwrap(), "apps");
        assert_eq!(group(r#", "group": """#).unwrap(), "");
        assert_eq!(group(r#", "apiVersion": "apps/v1""#).unwrap(), "apps");
        assert_eq!(group(r#", "apiVersion": "v1""#).unwrap(), "");
    }

    #[test]
    fn conditions_of_any_shape_are_no_error() {
        for json in [
            "[]",
            "7",
            r#"{"status": "up", "conditions": 7}"#,
            r#"{"status": {"conditions": {"Ready": "True"}, "observedGeneration": "x"}}"#,
            r#"{"status": {"conditions": [1, "x", null]}}"#,
        ] {
            let fields = Fields::read(json.as_bytes()).unwrap();
            assert!(fields.conditions.is_empty() && fields.observed.is_none());
        }
        let json = r#"{"status": {"observedGeneration": 3, "conditions": [
            {"type": "Ready", "status": "True", "more": [{"type": "x"}]}]}}"#;
        let fields = Fields::read(json.as_bytes()).unwrap();
        assert_eq!((fields.conditions.len(), fields.observed), (1, Some(3)));
        assert_eq!(&*fields.conditions[0].kind, "Ready");
    }
}
