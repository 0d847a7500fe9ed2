//! The functions and operators, by the values that they are given.

use std::cmp::Ordering;
use std::sync::Arc;

use super::evaluate::concatenate;
use super::value::{Failure, Result, Value, error, no_overload};
use crate::custom::duration;

mod lists;
mod network;
mod numbers;
mod quantities;
mod texts;
mod times;

/// Calls a function. Of those that are called on something, it is the first value.
pub(super) fn call(name: &str, member: bool, values: &[Value]) -> Result {
    if let Some(Value::Unreadable(what)) = values.iter().find(|of| matches!(of, Value::Unreadable(_))) {
        return Err(Failure::Unsupported(what.to_string()));
    }
    match values {
        [of] => one(name, member, of),
        [one, other] => two(name, one, other),
        values if name == "optional.none" && values.is_empty() => Ok(Value::Optional(None)),
        [Value::Text(text), rest @ ..] => texts::call(name, text, rest),
        _ => no_overload(),
    }
}

fn one(name: &str, member: bool, of: &Value) -> Result {
    match (name, of) {
        ("!_", Value::Bool(flag)) => Ok(Value::Bool(!flag)),
        ("-_", of) => numbers::negate(of),
        ("size", of) => size(of),
        ("int" | "uint" | "double" | "bool", of) => numbers::convert(name, of),
        ("timestamp" | "duration", of) => times::convert(name, of),
        ("bytes", Value::Bytes(_)) => Ok(of.clone()),
        ("bytes", Value::Text(text)) => Ok(Value::Bytes(text.as_bytes().into())),
        ("string", of) => Ok(Value::text(shown(of)?)),
        ("dyn", of) => Ok(of.clone()),
        ("type", of) => Ok(Value::Kind(of.kind())),
        ("optional.of", of) => Ok(Value::Optional(Some(Arc::new(of.clone())))),
        ("hasValue", Value::Optional(of)) => Ok(Value::Bool(of.is_some())),
        ("value", Value::Optional(Some(of))) => Ok((**of).clone()),
        ("value", Value::Optional(None)) => error("optional.none() dereference"),
        ("isSorted" | "sum" | "min" | "max" | "join", Value::List(items, _)) => lists::one(name, items),
        (_, Value::Time(time)) => times::part(name, *time),
        (_, Value::Duration(duration)) => times::count(name, *duration),
        (_, Value::Quantity(of)) => quantities::one(name, *of),
        ("quantity" | "isQuantity", Value::Text(text)) => quantities::read(name, text),
        ("url" | "isURL" | "ip" | "isIP" | "cidr" | "isCIDR", Value::Text(text)) if !member => {
            network::read(name, text)
        }
        (_, Value::Url(_) | Value::Ip(_) | Value::Cidr(..)) => network::one(name, of),
        (_, Value::Text(text)) => texts::call(name, text, &[]),
        _ => no_overload(),
    }
}

fn two(name: &str, one: &Value, other: &Value) -> Result {
    let ordered = |wanted: fn(Ordering) -> bool| match one.compare(other) {
        Some(ordering) => Ok(Value::Bool(wanted(ordering))),
        None if matches!((one, other), (Value::Double(_), _) | (_, Value::Double(_))) => Err(
            Failure::Unsupported("comparing with what is no number".to_owned()),
        ),
        None => no_overload(),
    };
    match (name, one, other) {
        ("_==_", ..) => Ok(Value::Bool(one.equals(other))),
        ("_!=_", ..) => Ok(Value::Bool(!one.equals(other))),
        ("_<_", ..) => ordered(Ordering::is_lt),
        ("_<=_", ..) => ordered(Ordering::is_le),
        ("_>_", ..) => ordered(Ordering::is_gt),
        ("_>=_", ..) => ordered(Ordering::is_ge),
        ("_+_", Value::Text(one), Value::Text(other)) => Ok(Value::text(format!("{one}{other}"))),
        ("_+_", Value::Bytes(one), Value::Bytes(other)) => {
            Ok(Value::Bytes([&**one, &**other].concat().into()))
        }
        ("_+_", Value::List(one, order), Value::List(other, _)) => Ok(concatenate(one, order, other)),
        ("_+_" | "_-_", Value::Time(_) | Value::Duration(_), _) => times::calculate(name, one, other),
        ("_+_" | "_-_" | "_*_" | "_/_" | "_%_", ..) => numbers::calculate(name, one, other),
        ("@in", of, Value::List(items, _)) => Ok(Value::Bool(items.iter().any(|item| item.equals(of)))),
        ("@in", of, map @ Value::Map(_)) => Ok(Value::Bool(map.get(of).is_some())),
        ("or", Value::Optional(own), Value::Optional(_)) => {
            Ok(if own.is_some() { one } else { other }.clone())
        }
        ("orValue", Value::Optional(own), _) => Ok(own.as_deref().unwrap_or(other).clone()),
        (_, Value::Time(_), Value::Text(zone)) => {
            Err(Failure::Unsupported(format!("the time zone {zone:?}")))
        }
        (_, Value::Quantity(one), other) => quantities::two(name, *one, other),
        ("containsIP" | "containsCIDR", ..) => network::contains(name, one, other),
        (_, Value::List(items, _), other) => lists::two(name, items, other),
        (_, Value::Text(text), other) => texts::call(name, text, std::slice::from_ref(other)),
        _ => no_overload(),
    }
}

fn size(of: &Value) -> Result {
    let size = match of {
        Value::Text(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items, _) => items.len(),
        Value::Map(entries) => entries.len(),
        _ => return no_overload(),
    };
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

/// A value as a text.
pub(super) fn shown(of: &Value) -> Result<String> {
    Ok(match of {
        Value::Text(text) | Value::Url(text) => text.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => numbers::shown(*number),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return error("invalid UTF-8 in bytes, cannot convert to string"),
        },
        Value::Time(time) => time.to_string(),
        Value::Duration(duration) => format!("{}s", duration::seconds(*duration)),
        Value::Ip(ip) => ip.to_string(),
        Value::Cidr(ip, size) => format!("{ip}/{size}"),
        _ => return no_overload(),
    })
}
