//! How large the values that a schema describes may become, as the API server reckons.

use std::collections::BTreeMap;

use super::types::escape;
use crate::custom::schema::Schema;

/// The largest body of a request.
const REQUEST: u64 = 3 * 1024 * 1024;

/// How large a value may become.
#[derive(Debug, Default)]
pub(super) struct Extent {
    /// Characters, items or entries. Of others it is 0.
    pub(super) most: u64,
    /// How many bytes its JSON has at least.
    least_bytes: u64,
    inner: Inner,
}

#[derive(Debug, Default)]
enum Inner {
    #[default]
    Plain,
    List(Box<Extent>),
    Map(Box<Extent>),
    Object(BTreeMap<String, Extent>),
}

/// Of the keys of maps, which have no known length.
static KEY: Extent = Extent {
    most: 0,
    least_bytes: 2,
    inner: Inner::Plain,
};

impl Extent {
    fn plain(most: u64, least_bytes: u64) -> Self {
        Self {
            most,
            least_bytes,
            inner: Inner::Plain,
        }
    }

    /// Of what a schema describes; none where it says too little, as with its type.
    pub(super) fn of(schema: &Schema, whole: bool) -> Option<Self> {
        let limits = &schema.limits;
        let text = |most: Option<u64>| Self::plain(most.unwrap_or(REQUEST - 2), 2);
        let longest = limits.longest.map(|longest| longest.saturating_mul(4));
        if schema.int_or_text {
            return Some(Self::plain(longest.unwrap_or(REQUEST - 2), 1));
        }
        let inner = |schema: &Schema| Self::of(schema, schema.embedded);
        Some(match (schema.kind.as_str(), limits.format.as_str()) {
            ("array", _) => {
                let items = inner(schema.items.as_deref()?)?;
                let most = limits.most_items;
                Self {
                    most: most.unwrap_or((REQUEST - 2) / (items.least_bytes + 1)),
                    least_bytes: 2,
                    inner: Inner::List(Box::new(items)),
                }
            }
            ("object", _) => match &schema.values {
                Some(values) => {
                    let values = inner(values)?;
                    let most = limits.most_fields;
                    Self {
                        most: most.unwrap_or((REQUEST - 2) / (values.least_bytes + 6)),
                        least_bytes: 2,
                        inner: Inner::Map(Box::new(values)),
                    }
                }
                None => Self::object(schema, whole),
            },
            ("string", "byte") => text(limits.longest),
            ("string", "duration") => Self::plain(32, 3),
            ("string", "date") => Self::plain(12, 12),
            ("string", "date-time") => Self::plain(32, 21),
            ("string", _) => match (&limits.one_of_values, longest) {
                (Some(values), None) => {
                    let lengths = values.iter().filter_map(|value| value.as_str()).map(str::len);
                    text(lengths.max().and_then(|length| u64::try_from(length).ok()))
                }
                (_, longest) => text(longest),
            },
            ("boolean", _) => Self::plain(0, 4),
            ("number" | "integer", _) => Self::plain(0, 1),
            _ => return None,
        })
    }

    fn object(schema: &Schema, whole: bool) -> Self {
        let mut fields = BTreeMap::new();
        let mut least_bytes = 2;
        let mut add = |name: &str, own: Self, has_default: bool| {
            if !has_default && schema.required.iter().any(|required| required == name) {
                least_bytes += name.len() as u64 + own.least_bytes + 4;
            }
            if let Some(escaped) = escape(name) {
                fields.insert(escaped, own);
            }
        };
        let head = ["apiVersion", "kind", "metadata"];
        for (name, own) in &schema.properties {
            if whole && head.contains(&name.as_str()) {
                continue;
            }
            if let Some(extent) = Self::of(own, own.embedded) {
                add(name, extent, own.default.is_some());
            }
        }
        if whole {
            let text = || Self::plain(REQUEST - 2, 2);
            let names = ["name", "generateName"].map(|name| (name.to_owned(), text()));
            let metadata = Self {
                most: 0,
                least_bytes: 2,
                inner: Inner::Object(names.into()),
            };
            add("apiVersion", text(), false);
            add("kind", text(), false);
            add("metadata", metadata, false);
        }
        Self {
            most: 0,
            least_bytes,
            inner: Inner::Object(fields),
        }
    }

    /// What is at a path below it: fields, `@items`, `@values` and `@keys`.
    pub(super) fn at(&self, path: &[String]) -> Option<&Self> {
        let mut at = self;
        for part in path {
            at = match (&at.inner, part.as_str()) {
                (Inner::List(inner) | Inner::Map(inner), "@items" | "@values") => inner,
                (Inner::Map(_), "@keys") => &KEY,
                (Inner::Object(fields), name) => fields.get(name)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// How often it may be in an object, where nothing else says.
    pub(super) fn often(&self) -> u64 {
        REQUEST / (self.least_bytes + 1)
    }
}
