//! An event of a watch, cut out of its line without being read.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use model::kind::WatchForm;
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::lines::TooLong;

/// What happened to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It is so now.
    Set {
        /// The object, or its row.
        object: Bytes,
        /// Its resourceVersion, where that is a number.
        version: Option<u64>,
    },
    /// It is gone; it was so last.
    Gone {
        /// The object, or its row.
        object: Bytes,
        /// The resourceVersion of its end.
        version: Option<u64>,
    },
    /// Something came that is no event; why.
    Unreadable(String),
}

/// What a line of a watch says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WatchLine {
    Event { event: Event, version: String },
    Bookmark { version: String },
    Error(Line),
    Unreadable(String),
}

/// An ERROR event's Status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Line {
    #[serde(default)]
    pub code: u16,
    #[serde(default)]
    pub message: String,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

impl WatchLine {
    pub fn read(line: Result<Bytes, TooLong>, form: WatchForm) -> Self {
        let line = match line {
            Ok(line) => line,
            Err(too_long) => return Self::Unreadable(too_long.to_string()),
        };
        let envelope: Envelope = match serde_json::from_slice(&line) {
            Ok(envelope) => envelope,
            Err(error) => return Self::Unreadable(format!("an event is not valid JSON: {error}")),
        };
        let text = envelope.object.get();
        if envelope.kind == "ERROR" {
            return Self::Error(serde_json::from_str(text).unwrap_or_default());
        }
        let Some(version) = resource_version(text) else {
            return Self::Unreadable(format!("a {} event has no resourceVersion", envelope.kind));
        };
        if envelope.kind == "BOOKMARK" {
            return Self::Bookmark { version };
        }
        let object = match form {
            WatchForm::Object => text,
            WatchForm::Table => match row(text) {
                Ok(row) => row,
                Err(reason) => return Self::Unreadable(reason),
            },
        };
        let object = line.slice_ref(object.as_bytes());
        let number = version.parse().ok();
        let event = match &*envelope.kind {
            "ADDED" | "MODIFIED" => Event::Set {
                object,
                version: number,
            },
            "DELETED" => Event::Gone {
                object,
                version: number,
            },
            other => {
                let other = crate::exec::harmless(other);
                return Self::Unreadable(format!("an event has the unknown type `{other}`"));
            }
        };
        Self::Event { event, version }
    }
}

/// The only row of an event's Table.
fn row(table: &str) -> Result<&str, String> {
    #[derive(Deserialize)]
    struct Table<'a> {
        #[serde(borrow, default)]
        kind: Cow<'a, str>,
        #[serde(borrow, default)]
        rows: Vec<&'a RawValue>,
    }
    let table: Table =
        serde_json::from_str(table).map_err(|error| format!("an event is no Table: {error}"))?;
    match table.rows.as_slice() {
        [row] if table.kind == "Table" => Ok(row.get()),
        _ => Err("an event's Table does not have one row".to_owned()),
    }
}

/// metadata.resourceVersion of an object or Table, read no further than it has to be: the version stands before
/// managedFields, spec and status in what an API server writes.
fn resource_version(object: &str) -> Option<String> {
    let mut found = None;
    let mut deserializer = serde_json::Deserializer::from_str(object);
    // The error is how the search stops early; whether something was found says the rest.
    let _ = deserializer.deserialize_map(Find {
        path: &["metadata", "resourceVersion"],
        found: &mut found,
    });
    found.filter(|version| !version.is_empty())
}

/// Looks for the text at a path of keys, and stops with an error when it is there.
struct Find<'a> {
    path: &'a [&'static str],
    found: &'a mut Option<String>,
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.path.split_first() else {
            return Ok(());
        };
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key != *wanted {
                map.next_value::<IgnoredAny>()?;
            } else if rest.is_empty() {
                *self.found = Some(map.next_value()?);
                return Err(de::Error::custom("found"));
            } else {
                map.next_value_seed(Find {
                    path: rest,
                    found: self.found,
                })?;
            }
        }
        Ok(())
    }
}

impl<'de> de::DeserializeSeed<'de> for Find<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

/// What identifies an object; all that is needed to take one away.
#[derive(Debug, Deserialize)]
pub(crate) struct ObjectName<'a> {
    #[serde(borrow, default)]
    pub namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub uid: Option<Cow<'a, str>>,
}

impl<'a> ObjectName<'a> {
    /// Of an object, or of a row of a Table.
    pub fn read(object: &'a [u8], form: WatchForm) -> Option<Self> {
        #[derive(Deserialize)]
        struct Object<'a> {
            #[serde(borrow)]
            metadata: ObjectName<'a>,
        }
        #[derive(Deserialize)]
        struct Row<'a> {
            #[serde(borrow)]
            object: Object<'a>,
        }
        match form {
            WatchForm::Object => serde_json::from_slice::<Object>(object)
                .ok()
                .map(|object| object.metadata),
            WatchForm::Table => serde_json::from_slice::<Row>(object)
                .ok()
                .map(|row| row.object.metadata),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &'static str, form: WatchForm) -> WatchLine {
        WatchLine::read(Ok(Bytes::from_static(line.as_bytes())), form)
    }

    #[test]
    fn the_object_is_handed_on_as_it_came() {
        let line = r#"{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"name":"a","resourceVersion":"42"},"spec":{}}}"#;
        let WatchLine::Event { event, version } = read(line, WatchForm::Object) else {
            panic!("not an event")
        };
        assert_eq!(version, "42");
        let object =
            Bytes::from(r#"{"kind":"Pod","metadata":{"name":"a","resourceVersion":"42"},"spec":{}}"#);
        assert_eq!(
            event,
            Event::Set {
                object,
                version: Some(42)
            }
        );
    }

    #[test]
    fn of_a_table_the_row_is_handed_on() {
        let line = r#"{"type":"DELETED","object":{"kind":"Table","metadata":{"resourceVersion":"9"},"rows":[{"cells":["a"],"object":{"metadata":{"name":"a","uid":"u"}}}]}}"#;
        let WatchLine::Event {
            event: Event::Gone { object, version },
            ..
        } = read(line, WatchForm::Table)
        else {
            panic!("not an end")
        };
        assert_eq!(version, Some(9));
        let name = ObjectName::read(&object, WatchForm::Table).unwrap();
        assert_eq!((&*name.name, name.uid.as_deref()), ("a", Some("u")));
    }

    #[test]
    fn bookmarks_errors_and_nonsense_are_told_apart() {
        let bookmark =
            r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12","creationTimestamp":null}}}"#;
        assert_eq!(
            read(bookmark, WatchForm::Object),
            WatchLine::Bookmark {
                version: "12".to_owned()
            }
        );
        let error =
            r#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old","details":{}}}"#;
        let WatchLine::Error(status) = read(error, WatchForm::Object) else {
            panic!("not an error")
        };
        assert_eq!((status.code, status.message.as_str()), (410, "too old"));
        for nonsense in [
            "{",
            r#"{"type":"ADDED"}"#,
            r#"{"type":"ADDED","object":{"metadata":{}}}"#,
            r#"{"type":"ADDED","object":[]}"#,
            r#"{"type":"GROWN","object":{"metadata":{"resourceVersion":"1"}}}"#,
        ] {
            let line = read(nonsense, WatchForm::Object);
            assert!(matches!(line, WatchLine::Unreadable(_)), "{nonsense}: {line:?}");
        }
    }
}
