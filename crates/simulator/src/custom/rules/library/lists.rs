//! What is done with lists.

use std::cmp::Ordering;

use super::numbers;
use crate::custom::rules::value::{Result, Value, error, no_overload};

pub(super) fn one(name: &str, items: &[Value]) -> Result {
    match name {
        "isSorted" => {
            let pairs = items.iter().zip(items.iter().skip(1));
            let mut sorted = true;
            for (one, other) in pairs {
                match one.compare(other) {
                    Some(ordering) => sorted &= ordering.is_le(),
                    None => return no_overload(),
                }
            }
            Ok(Value::Bool(sorted))
        }
        "sum" => {
            let Some((first, rest)) = items.split_first() else {
                return Ok(Value::Int(0));
            };
            rest.iter()
                .try_fold(first.clone(), |sum, item| numbers::calculate("_+_", &sum, item))
        }
        "min" | "max" => {
            let Some((first, rest)) = items.split_first() else {
                return error(format!("{name} called on empty list"));
            };
            let wanted = if name == "min" {
                Ordering::Less
            } else {
                Ordering::Greater
            };
            let mut best = first;
            for item in rest {
                match item.compare(best) {
                    Some(ordering) if ordering == wanted => best = item,
                    Some(_) => {}
                    None => return no_overload(),
                }
            }
            Ok(best.clone())
        }
        _ => join(items, ""),
    }
}

pub(super) fn two(name: &str, items: &[Value], other: &Value) -> Result {
    let place = |place: Option<usize>| {
        Ok(Value::Int(
            place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1),
        ))
    };
    let all_in = |items: &[Value], others: &[Value]| {
        items
            .iter()
            .all(|item| others.iter().any(|other| other.equals(item)))
    };
    match (name, other) {
        ("join", Value::Text(by)) => join(items, by),
        ("indexOf", other) => place(items.iter().position(|item| item.equals(other))),
        ("lastIndexOf", other) => place(items.iter().rposition(|item| item.equals(other))),
        ("sets.contains", Value::List(others, _)) => Ok(Value::Bool(all_in(others, items))),
        ("sets.equivalent", Value::List(others, _)) => {
            Ok(Value::Bool(all_in(others, items) && all_in(items, others)))
        }
        ("sets.intersects", Value::List(others, _)) => {
            let shared = items
                .iter()
                .any(|item| others.iter().any(|other| other.equals(item)));
            Ok(Value::Bool(shared))
        }
        _ => no_overload(),
    }
}

fn join(items: &[Value], by: &str) -> Result {
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::Text(text) => texts.push(&**text),
            _ => return no_overload(),
        }
    }
    Ok(Value::text(texts.join(by)))
}
