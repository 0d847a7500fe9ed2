//! On which line of a text a field is.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// `spec.containers[0].image`, `data[a.b]`, in steps.
fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split(']') {
        let (keys, index) = part.split_once('[').unwrap_or((part, ""));
        let keys = keys.split('.').filter(|key| !key.is_empty());
        steps.extend(keys.map(|key| Step::Key(key.to_owned())));
        match index.parse() {
            Ok(index) => steps.push(Step::Index(index)),
            Err(_) if index.is_empty() => {}
            Err(_) => steps.push(Step::Key(index.to_owned())),
        }
    }
    steps
}

/// The line, from 1, of a field of an object: of a document, or of an item of the list that the document is. Where the
/// field is missing, the line where the part begins that should have it.
pub(crate) fn line_of(text: &str, document: usize, item: Option<usize>, path: &str) -> Option<usize> {
    let mut wanted = Vec::new();
    if let Some(item) = item {
        wanted.extend([Step::Key("items".to_owned()), Step::Index(item)]);
    }
    wanted.extend(steps(path));
    let source = serde_yaml_ng::Deserializer::from_str(text).nth(document - 1)?;
    // What is looked for is told by the place of an error that is raised there.
    let found = Seek { steps: &wanted }.deserialize(source).err()?;
    found.location().map(|location| location.line())
}

struct Seek<'p> {
    steps: &'p [Step],
}

const FOUND: &str = "found";

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Any value raises the error: scalars always, maps and lists where the path ends or goes astray.
impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FOUND)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((Step::Index(index), rest)) = self.steps.split_first() else {
            return Err(A::Error::custom(FOUND));
        };
        for _ in 0..*index {
            if items.next_element::<IgnoredAny>()?.is_none() {
                return Err(A::Error::custom(FOUND));
            }
        }
        items.next_element_seed(Seek { steps: rest })?;
        Err(A::Error::custom(FOUND))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Some((Step::Key(wanted), rest)) = self.steps.split_first() else {
            return Err(A::Error::custom(FOUND));
        };
        let last = rest.is_empty();
        while let Some(is_it) = entries.next_key_seed(Name { wanted, last })? {
            if is_it {
                entries.next_value_seed(Seek { steps: rest })?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Err(A::Error::custom(FOUND))
    }
}

/// A key: the error is raised at the last one of the path.
struct Name<'p> {
    wanted: &'p str,
    last: bool,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        match (key == self.wanted, self.last) {
            (true, true) => Err(E::custom(FOUND)),
            (is_it, _) => Ok(is_it),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
kind: A
---
kind: B
spec:
  containers:
  - name: x
    ports:
    - containerPort: 1
    - {containerPort: 2, name: y}
data: {a.b: c}
---
kind: List
items:
- kind: C
- kind: D
  metadata:
    name: d
";

    #[test]
    fn fields_are_found_in_their_document() {
        let line = |document, item, path: &str| line_of(TEXT, document, item, path);
        assert_eq!(line(1, None, "kind"), Some(1));
        assert_eq!(line(2, None, "kind"), Some(3));
        assert_eq!(line(2, None, "spec.containers[0].name"), Some(6));
        assert_eq!(
            line(2, None, "spec.containers[0].ports[1].containerPort"),
            Some(9)
        );
        assert_eq!(line(2, None, "data[a.b]"), Some(10));
        assert_eq!(line(3, Some(1), "metadata.name"), Some(17));
        assert_eq!(
            line(3, Some(1), "metadata.namespace"),
            Some(17),
            "where it is missing"
        );
    }
}
