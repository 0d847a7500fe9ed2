//! What strict decoding finds in a body: fields that it has twice, and among them those that are not known, in the
//! order in which they are sent.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// As many as the API server tells.
const MOST: usize = 100;

/// What is wrong with the fields of a body. `unknown`: those that its type does not have, which are not looked into.
/// Nothing if the body cannot be read.
pub(crate) fn strict(text: &[u8], unknown: &[String]) -> Vec<String> {
    let mut found = Found {
        unknown,
        messages: Vec::new(),
    };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let walk = Walk {
        path: "",
        found: &mut found,
    };
    match walk.deserialize(&mut reader) {
        Ok(()) => found.messages,
        Err(_) => Vec::new(),
    }
}

/// The message about a field that a type does not have.
pub(crate) fn unknown(path: &str) -> String {
    format!("unknown field {path:?}")
}

struct Found<'a> {
    unknown: &'a [String],
    messages: Vec<String>,
}

impl Found<'_> {
    fn add(&mut self, message: String) {
        if self.messages.len() < MOST && !self.messages.contains(&message) {
            self.messages.push(message);
        }
    }
}

/// Goes through a value at a path.
struct Walk<'a, 'b> {
    path: &'a str,
    found: &'a mut Found<'b>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            let path = match self.path {
                "" => name.clone(),
                path => format!("{path}.{name}"),
            };
            if self.found.unknown.contains(&path) {
                self.found.add(unknown(&path));
                fields.next_value::<IgnoredAny>()?;
                continue;
            }
            if !seen.insert(name) {
                self.found.add(format!("duplicate field {path:?}"));
            }
            fields.next_value_seed(Walk {
                path: &path,
                found: &mut *self.found,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        loop {
            let path = format!("{}[{index}]", self.path);
            let inner = Walk {
                path: &path,
                found: &mut *self.found,
            };
            if items.next_element_seed(inner)?.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::strict;

    #[test]
    fn fields_that_are_sent_twice_are_found_in_their_order() {
        let text = br#"{"b": {"c": 1, "x": {"d": 1, "d": 2}, "c": 2, "c": 3}, "a": [{"e": 1}, {"e": 1, "e": [2]}], "b": {"c": 1}}"#;
        let unknown = ["b.x".to_owned()];
        let found = strict(text, &unknown);
        assert_eq!(
            found,
            [
                "unknown field \"b.x\"",
                "duplicate field \"b.c\"",
                "duplicate field \"a[1].e\"",
                "duplicate field \"b\""
            ]
        );
        assert!(strict(b"{\"a\": 1, \"a\":", &[]).is_empty());
    }
}
