//! The types of the built-in kinds, from their OpenAPI documents: which fields there are, what they hold, and how two
//! objects of a type are compared.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use serde_json::value::RawValue;

use crate::resources::Resource;

mod base64;
pub(crate) mod decode;
mod pointers;
pub(crate) mod strict;

/// What a field holds.
#[derive(Clone, Debug)]
pub(crate) enum Type {
    /// A type by its name.
    Named(String),
    Text,
    /// A text in base64.
    Bytes,
    Integer,
    Number,
    Boolean,
    /// A number or a text: ports.
    IntOrText,
    Quantity,
    Object(Fields),
    Map {
        values: Box<Type>,
        atomic: bool,
    },
    List {
        items: Box<Type>,
        kind: ListKind,
        /// How a strategic merge patch merges it; none if it replaces it.
        merge: Option<Merge>,
    },
    /// Anything, kept as it is and compared as a whole.
    Any,
    /// Anything, kept as it is and compared by what it turns out to be.
    Deduced,
}

/// The fields of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pub(crate) fields: BTreeMap<String, Field>,
    pub(crate) atomic: bool,
    /// Fields that are not known are kept.
    pub(crate) open: bool,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) holds: Type,
    /// Go writes it also when it is empty.
    pub(crate) required: bool,
    /// A struct that is there even if nobody writes it: in Go no pointer.
    pub(crate) always: bool,
    /// What stands in where it is absent, for the fields that tell items of a list apart.
    pub(crate) default: Option<Value>,
}

/// How the items of a list are told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// Not at all: the list changes as a whole.
    #[default]
    Atomic,
    /// By their value.
    Set,
    /// By these fields.
    Keyed(Vec<String>),
}

/// What tells a strategic merge patch that two items are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// Their value.
    Value,
    /// This field of theirs.
    Key(String),
}

/// All types. They are read when one is asked for first: a cluster that nobody writes to never needs them.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    documents: Arc<BTreeMap<String, Box<RawValue>>>,
    types: OnceLock<Types>,
}

#[derive(Debug, Default)]
struct Types {
    named: HashMap<String, Type>,
    kinds: HashMap<(String, String, String), String>,
}

impl Schemas {
    /// Of OpenAPI documents.
    pub(crate) fn new(documents: Arc<BTreeMap<String, Box<RawValue>>>) -> Self {
        Self {
            documents,
            types: OnceLock::new(),
        }
    }

    fn types(&self) -> &Types {
        self.types.get_or_init(|| Types::read(&self.documents))
    }

    /// The type of a resource's objects.
    pub(crate) fn of<'a>(&'a self, resource: &'a Resource) -> Option<&'a Type> {
        if let Some(custom) = &resource.custom {
            return Some(&custom.holds);
        }
        let types = self.types();
        let kind = (
            resource.group.clone(),
            resource.version.clone(),
            resource.kind.clone(),
        );
        types.named.get(types.kinds.get(&kind)?)
    }

    /// What the type of a kind is called in OpenAPI.
    pub(crate) fn name_of(&self, group: &str, version: &str, kind: &str) -> Option<&str> {
        let kind = (group.to_owned(), version.to_owned(), kind.to_owned());
        self.types().kinds.get(&kind).map(String::as_str)
    }

    /// A type with its name looked up.
    pub(crate) fn resolve<'a>(&'a self, mut holds: &'a Type) -> &'a Type {
        while let Type::Named(name) = holds {
            match self.types().named.get(name) {
                Some(next) => holds = next,
                None => return &Type::Any,
            }
        }
        holds
    }
}

impl Types {
    fn read(documents: &BTreeMap<String, Box<RawValue>>) -> Self {
        let mut types = Self::default();
        for document in documents.values() {
            // It was part of a larger document that was read.
            let document: Value = serde_json::from_str(document.get()).unwrap_or_default();
            let all = document.pointer("/components/schemas").and_then(Value::as_object);
            for (name, schema) in all.into_iter().flatten() {
                let is_quantity = name.ends_with(".resource.Quantity");
                let read = || if is_quantity { Type::Quantity } else { read(schema) };
                types.named.entry(name.clone()).or_insert_with(read);
                let kinds = schema
                    .get("x-kubernetes-group-version-kind")
                    .and_then(Value::as_array);
                for kind in kinds.into_iter().flatten() {
                    let text = |field: &str| {
                        kind.get(field)
                            .and_then(Value::as_str)
                            .unwrap_or_default()
                            .to_owned()
                    };
                    types
                        .kinds
                        .insert((text("group"), text("version"), text("kind")), name.clone());
                }
            }
        }
        types
    }
}

fn read(schema: &Value) -> Type {
    let reference = |value: &Value| {
        let name = value.get("$ref")?.as_str()?.rsplit('/').next()?;
        Some(Type::Named(name.to_owned()))
    };
    if let Some(named) = reference(schema) {
        return named;
    }
    if let Some(named) = schema.pointer("/allOf/0").and_then(reference) {
        return named;
    }
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("format") == "int-or-string" || schema.get("oneOf").is_some() {
        return Type::IntOrText;
    }
    match text("type") {
        "string" if text("format") == "byte" => Type::Bytes,
        "string" => Type::Text,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        "array" => Type::List {
            items: Box::new(schema.get("items").map_or(Type::Any, read)),
            kind: list_kind(schema),
            merge: merge(schema),
        },
        "object" => object(schema, text("x-kubernetes-map-type") == "atomic"),
        _ => Type::Any,
    }
}

fn object(schema: &Value, atomic: bool) -> Type {
    if let Some(values) = schema.get("additionalProperties") {
        return Type::Map {
            values: Box::new(read(values)),
            atomic,
        };
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Type::Any;
    };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fields = properties.iter().map(|(name, schema)| {
        let field = Field {
            holds: read(schema),
            required: required.contains(&name.as_str()),
            always: schema
                .get("default")
                .is_some_and(|d| d.as_object().is_some_and(|d| d.is_empty())),
            default: schema
                .get("default")
                .filter(|d| !d.is_object() && !d.is_array())
                .cloned(),
        };
        (name.clone(), field)
    });
    Type::Object(Fields {
        fields: fields.collect(),
        atomic,
        open: false,
    })
}

fn list_kind(schema: &Value) -> ListKind {
    let keys = |value: Option<&Value>| -> Vec<String> {
        let keys = value.and_then(Value::as_array).into_iter().flatten();
        keys.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("map") => ListKind::Keyed(keys(schema.get("x-kubernetes-list-map-keys"))),
        Some("set") => ListKind::Set,
        Some(_) => ListKind::Atomic,
        None => match merge(schema) {
            None => ListKind::Atomic,
            Some(Merge::Key(key)) => ListKind::Keyed(vec![key]),
            Some(Merge::Value) => ListKind::Set,
        },
    }
}

fn merge(schema: &Value) -> Option<Merge> {
    let strategy = schema
        .get("x-kubernetes-patch-strategy")
        .and_then(Value::as_str)?;
    let key = schema.get("x-kubernetes-patch-merge-key").and_then(Value::as_str);
    let merges = strategy.split(',').any(|s| s == "merge");
    merges.then(|| key.map_or(Merge::Value, |key| Merge::Key(key.to_owned())))
}
