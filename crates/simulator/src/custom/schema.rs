//! A structural schema: what the objects of a custom resource may hold.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::format;
use super::rules::{Rule, Wrong};
use crate::schema::ListKind;
use crate::status::Cause;

/// One level of it.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    /// `object`, `array`, `string`, `integer`, `number`, `boolean`; empty where anything may be.
    pub(crate) kind: String,
    pub(crate) properties: BTreeMap<String, Schema>,
    /// Of the values of a map.
    pub(crate) values: Option<Box<Schema>>,
    pub(crate) items: Option<Box<Schema>>,
    pub(crate) required: Vec<String>,
    pub(crate) nullable: bool,
    pub(crate) default: Option<Value>,
    /// Fields that are not known are kept.
    pub(crate) open: bool,
    pub(crate) int_or_text: bool,
    /// It holds a whole object, with kind and metadata.
    pub(crate) embedded: bool,
    pub(crate) list: ListKind,
    pub(crate) atomic_map: bool,
    pub(crate) limits: Limits,
    /// In CEL.
    pub(crate) rules: Vec<Rule>,
}

/// What values have to be like.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) one_of_values: Option<Vec<Value>>,
    pub(crate) pattern: Option<(String, Regex)>,
    pub(crate) format: String,
    pub(crate) least: Option<f64>,
    pub(crate) most: Option<f64>,
    pub(crate) above_least: bool,
    pub(crate) below_most: bool,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) shortest: Option<u64>,
    pub(crate) longest: Option<u64>,
    pub(crate) fewest_items: Option<u64>,
    pub(crate) most_items: Option<u64>,
    pub(crate) fewest_fields: Option<u64>,
    pub(crate) most_fields: Option<u64>,
    pub(crate) all_of: Vec<Schema>,
    pub(crate) any_of: Vec<Schema>,
    pub(crate) one_of: Vec<Schema>,
    pub(crate) not: Option<Box<Schema>>,
}

/// Why a schema cannot be used.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// A field of it is wrong, in the API server's words: path, what it says.
    Required(String, &'static str),
    /// Rules are wrong.
    Rules(Vec<Cause>),
    /// This is not done here.
    Unsupported(String),
}

/// Parts of a schema that are not understood.
const UNSUPPORTED: &[&str] = &[
    "$ref",
    "definitions",
    "dependencies",
    "patternProperties",
    "additionalItems",
    "id",
];

impl Schema {
    /// Reads the schema of whole objects, with its rules.
    pub(crate) fn whole(given: &Value, path: &str) -> Result<Self, Fault> {
        let mut schema = Self::read(given, path, false)?;
        let mut causes = Vec::new();
        for wrong in super::rules::compile(&mut schema, path) {
            match wrong {
                Wrong::Unsupported(what) => return Err(Fault::Unsupported(what)),
                Wrong::Cause(cause) => causes.push(cause),
            }
        }
        if !causes.is_empty() {
            return Err(Fault::Rules(causes));
        }
        Ok(schema)
    }

    /// Reads a schema at a path of the definition. `inner`: within `anyOf` and the like, where types are not repeated.
    fn read(given: &Value, path: &str, inner: bool) -> Result<Self, Fault> {
        for part in UNSUPPORTED {
            if given.get(*part).is_some() {
                return Err(Fault::Unsupported(format!("{path}.{part}")));
            }
        }
        let text = |field: &str| given[field].as_str().unwrap_or_default();
        let flag = |field: &str| given[field] == true;
        let (open, int_or_text) = (
            flag("x-kubernetes-preserve-unknown-fields"),
            flag("x-kubernetes-int-or-string"),
        );
        if text("type").is_empty() && !open && !int_or_text && !inner {
            let why = if path.ends_with("openAPIV3Schema") {
                "must not be empty at the root"
            } else if path.ends_with(".items") {
                "must not be empty for specified array items"
            } else {
                "must not be empty for specified object fields"
            };
            return Err(Fault::Required(format!("{path}.type"), why));
        }
        let nested = |field: &str| match given.get(field) {
            Some(schema @ Value::Object(_)) => {
                Self::read(schema, &format!("{path}.{field}"), inner).map(|s| Some(Box::new(s)))
            }
            Some(Value::Bool(true)) if field == "additionalProperties" => {
                Err(Fault::Unsupported(format!("{path}.additionalProperties: true")))
            }
            _ => Ok(None),
        };
        if inner && given.get("x-kubernetes-validations").is_some() {
            return Err(Fault::Unsupported(format!("{path}.x-kubernetes-validations")));
        }
        let mut properties = BTreeMap::new();
        for (name, schema) in given["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.properties[{name}]");
            properties.insert(name.clone(), Self::read(schema, &path, inner)?);
        }
        Ok(Self {
            kind: text("type").to_owned(),
            properties,
            values: nested("additionalProperties")?,
            items: nested("items")?,
            required: texts(&given["required"]),
            nullable: flag("nullable"),
            default: given.get("default").cloned(),
            open,
            int_or_text,
            embedded: flag("x-kubernetes-embedded-resource"),
            list: match text("x-kubernetes-list-type") {
                "map" => ListKind::Keyed(texts(&given["x-kubernetes-list-map-keys"])),
                "set" => ListKind::Set,
                _ => ListKind::Atomic,
            },
            atomic_map: text("x-kubernetes-map-type") == "atomic",
            limits: Limits::read(given, path)?,
            rules: Rule::read_all(given),
        })
    }
}

impl Schema {
    /// Whether anything in it has a default.
    pub(crate) fn has_defaults(&self) -> bool {
        let inner = [&self.values, &self.items];
        let inner = inner.into_iter().flatten().map(|schema| &**schema);
        let mut inner = self.properties.values().chain(inner);
        self.default.is_some() || inner.any(Self::has_defaults)
    }
}

impl Limits {
    fn read(given: &Value, path: &str) -> Result<Self, Fault> {
        let number = |field: &str| given[field].as_f64();
        let count = |field: &str| given[field].as_u64();
        let all = |field: &str| -> Result<Vec<Schema>, Fault> {
            let list = given[field].as_array().into_iter().flatten().enumerate();
            list.map(|(index, schema)| Schema::read(schema, &format!("{path}.{field}[{index}]"), true))
                .collect()
        };
        let pattern = match given["pattern"].as_str() {
            Some(text) => match Regex::new(text) {
                Ok(regex) => Some((text.to_owned(), regex)),
                Err(_) => return Err(Fault::Unsupported(format!("{path}.pattern: {text:?}"))),
            },
            None => None,
        };
        let kind = given["type"].as_str().unwrap_or_default();
        let format = given["format"].as_str().unwrap_or_default();
        if format::is_unsupported(kind, format) {
            return Err(Fault::Unsupported(format!("{path}.format: {format:?}")));
        }
        // A format that the API server does not know is none.
        let format = if format::is_known(kind, format) {
            format
        } else {
            ""
        };
        let not = match given.get("not") {
            Some(schema) => Some(Box::new(Schema::read(schema, &format!("{path}.not"), true)?)),
            None => None,
        };
        Ok(Self {
            one_of_values: given["enum"].as_array().cloned(),
            pattern,
            format: format.to_owned(),
            least: number("minimum"),
            most: number("maximum"),
            above_least: given["exclusiveMinimum"] == true,
            below_most: given["exclusiveMaximum"] == true,
            multiple_of: number("multipleOf"),
            shortest: count("minLength"),
            longest: count("maxLength"),
            fewest_items: count("minItems"),
            most_items: count("maxItems"),
            fewest_fields: count("minProperties"),
            most_fields: count("maxProperties"),
            all_of: all("allOf")?,
            any_of: all("anyOf")?,
            one_of: all("oneOf")?,
            not,
        })
    }
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}
