//! Values, as rules see them.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::types::{Type, escape};
use crate::custom::schema::Schema;
use crate::custom::{duration, format};
use crate::quantity::Quantity;
use crate::schema::ListKind;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    Time(Timestamp),
    /// In nanoseconds.
    Duration(i64),
    List(Arc<Vec<Value>>, Order),
    /// Maps, and objects by the escaped names of their fields.
    Map(Arc<Vec<(Value, Value)>>),
    Optional(Option<Arc<Value>>),
    Kind(Type),
    Url(Arc<str>),
    Quantity(Quantity),
    Ip(IpAddr),
    Cidr(IpAddr, u8),
    /// What an object holds, and the API server cannot read either, with an error that Go words.
    Unreadable(Arc<str>),
}

/// What the order of a list means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It matters.
    Given,
    /// Nothing: it is a set.
    Set,
    /// Nothing: items are known by these fields.
    Keyed(Arc<[String]>),
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// As the API server says it.
    Error(String),
    /// It cannot be told here.
    Unsupported(String),
}

/// A value or none.
pub(super) type Result<T = Value> = std::result::Result<T, Failure>;

/// An error, in the API server's words.
pub(super) fn error<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure::Error(message.into()))
}

/// No way to do this with values of these types.
pub(super) fn no_overload<T>() -> Result<T> {
    error("no such overload")
}

impl Value {
    pub(super) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items), Order::Given)
    }

    pub(super) fn kind(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::Text(_) => Type::Text,
            Self::Bytes(_) => Type::Bytes,
            Self::Time(_) => Type::Time,
            Self::Duration(_) => Type::Duration,
            Self::List(..) => Type::List(Box::new(Type::Dyn)),
            Self::Map(_) => Type::Map(Box::new(Type::Dyn), Box::new(Type::Dyn)),
            Self::Optional(_) => Type::Optional(Box::new(Type::Dyn)),
            Self::Kind(_) => Type::Kind(Box::new(Type::Dyn)),
            Self::Url(_) => super::types::URL,
            Self::Quantity(_) => super::types::QUANTITY,
            Self::Ip(_) => super::types::IP,
            Self::Cidr(..) => super::types::CIDR,
            Self::Unreadable(_) => Type::Wrong,
        }
    }

    /// What a map holds under a key.
    pub(super) fn get(&self, key: &Self) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries
            .iter()
            .find(|(own, _)| own.equals(key))
            .map(|(_, value)| value)
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) | (Self::Url(a), Self::Url(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::List(a, order), Self::List(b, _)) => {
                a.len() == b.len()
                    && match order {
                        Order::Given => a.iter().zip(b.iter()).all(|(a, b)| a.equals(b)),
                        Order::Set | Order::Keyed(_) => a.iter().all(|a| b.iter().any(|b| a.equals(b))),
                    }
            }
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(key, value)| other.get(key).is_some_and(|own| value.equals(own)))
            }
            (Self::Optional(a), Self::Optional(b)) => match (a, b) {
                (None, None) => true,
                (Some(a), Some(b)) => a.equals(b),
                _ => false,
            },
            // Types are told apart by what they are, not by what they are made of.
            (Self::Kind(a), Self::Kind(b)) => a == b,
            (Self::Quantity(a), Self::Quantity(b)) => a.nano == b.nano,
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Cidr(a, size), Self::Cidr(b, other)) => a == b && size == other,
            (a, b) => a.compare(b) == Some(Ordering::Equal),
        }
    }

    /// How two values stand to each other; none if they cannot be compared.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Uint(a), Self::Uint(b)) => Some(a.cmp(b)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Int(a), Self::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Uint(a), Self::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Int(a), Self::Double(b)) => whole_and_double(i128::from(*a), *b),
            (Self::Uint(a), Self::Double(b)) => whole_and_double(i128::from(*a), *b),
            (Self::Double(_), Self::Int(_) | Self::Uint(_)) => other.compare(self).map(Ordering::reverse),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            (Self::Time(a), Self::Time(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// A text of an object, as its format says.
    fn of_format(format: &str, text: &str) -> Self {
        let read = match format {
            "date" => {
                let midnight = format::date(text).and_then(|date| date.to_zoned(TimeZone::UTC).ok());
                midnight.map(|time| Self::Time(time.timestamp()))
            }
            "date-time" => text.parse().ok().map(Self::Time),
            "duration" => duration::parse_loosely(text).map(Self::Duration),
            // With the alphabet for URLs, though a text that is checked has the other.
            "byte" => URL_SAFE.decode(text).ok().map(|bytes| Self::Bytes(bytes.into())),
            _ => return Self::text(text),
        };
        read.unwrap_or_else(|| Self::Unreadable(format!("reading {text:?} as {format}").into()))
    }

    /// A value of an object as its schema says.
    pub(super) fn of_json(schema: Option<&Schema>, whole: bool, json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::String(text) => match schema {
                Some(schema) if schema.kind == "string" && !schema.int_or_text => {
                    Self::of_format(&schema.limits.format, text)
                }
                _ => Self::text(text.as_str()),
            },
            Json::Number(number) => {
                let double = schema.is_some_and(|schema| schema.kind == "number" && !schema.int_or_text);
                match number.as_i64() {
                    Some(whole) if !double => Self::Int(whole),
                    _ => Self::Double(number.as_f64().unwrap_or_default()),
                }
            }
            Json::Array(items) => {
                let inner = schema.and_then(|schema| schema.items.as_deref());
                let order = match schema.map(|schema| &schema.list) {
                    Some(ListKind::Set) => Order::Set,
                    Some(ListKind::Keyed(keys)) => Order::Keyed(keys.clone().into()),
                    _ => Order::Given,
                };
                let embedded = inner.is_some_and(|schema| schema.embedded);
                let items = items.iter().map(|item| Self::of_json(inner, embedded, item));
                Self::List(Arc::new(items.collect()), order)
            }
            Json::Object(fields) => {
                let values = schema.and_then(|schema| schema.values.as_deref());
                let mut entries = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    let own = schema.and_then(|schema| schema.properties.get(name));
                    let inner = own.or(values);
                    let embedded = inner.is_some_and(|schema| schema.embedded);
                    // The head is read even where no schema speaks of it, and nothing else is.
                    let is_head = whole && matches!(name.as_str(), "apiVersion" | "kind" | "metadata");
                    let key = match values {
                        Some(_) => Some(name.clone()),
                        None if own.is_some() || is_head || schema.is_none() => escape(name),
                        None => None,
                    };
                    if let Some(key) = key {
                        entries.push((Self::text(key), Self::of_json(inner, embedded, value)));
                    }
                }
                Self::Map(Arc::new(entries))
            }
        }
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "what is beyond the precision is told apart before"
)]
fn whole_and_double(whole: i128, double: f64) -> Option<Ordering> {
    (whole as f64).partial_cmp(&double)
}
