//! What is done with texts. Places are counted in characters.

use regex::Regex;

use crate::custom::rules::value::{Failure, Result, Value, error, no_overload};

pub(super) fn call(name: &str, text: &str, rest: &[Value]) -> Result {
    Ok(match (name, rest) {
        ("startsWith", [Value::Text(part)]) => Value::Bool(text.starts_with(&**part)),
        ("endsWith", [Value::Text(part)]) => Value::Bool(text.ends_with(&**part)),
        ("contains", [Value::Text(part)]) => Value::Bool(text.contains(&**part)),
        ("matches", [Value::Text(pattern)]) => Value::Bool(regex(pattern)?.is_match(text)),
        ("find", [Value::Text(pattern)]) => {
            let found = regex(pattern)?;
            Value::text(found.find(text).map_or("", |found| found.as_str()))
        }
        ("findAll", [Value::Text(pattern)]) => found(text, pattern, -1)?,
        ("findAll", [Value::Text(pattern), Value::Int(most)]) => found(text, pattern, *most)?,
        ("lowerAscii", []) => Value::text(text.to_ascii_lowercase()),
        ("upperAscii", []) => Value::text(text.to_ascii_uppercase()),
        ("trim", []) => Value::text(text.trim()),
        ("replace", [Value::Text(from), Value::Text(to)]) => Value::text(text.replace(&**from, to)),
        ("replace", [Value::Text(from), Value::Text(to), Value::Int(times)]) => match usize::try_from(*times)
        {
            Ok(times) => Value::text(text.replacen(&**from, to, times)),
            Err(_) => Value::text(text.replace(&**from, to)),
        },
        ("split", [Value::Text(by)]) => split(text, by, -1),
        ("split", [Value::Text(by), Value::Int(most)]) => split(text, by, *most),
        ("charAt", [Value::Int(at)]) => match usize::try_from(*at) {
            Ok(place) if place < text.chars().count() => Value::text(part(text, place, place + 1)),
            Ok(place) if place == text.chars().count() => Value::text(""),
            _ => return error(format!("index out of range: {at}")),
        },
        ("substring", [Value::Int(from)]) => {
            let count = length(text);
            substring(text, *from, count)?
        }
        ("substring", [Value::Int(from), Value::Int(to)]) => substring(text, *from, *to)?,
        ("indexOf", [Value::Text(part)]) => Value::Int(position(text, part, 0)?),
        ("indexOf", [Value::Text(part), Value::Int(from)]) => Value::Int(position(text, part, *from)?),
        ("lastIndexOf", [Value::Text(part)]) => {
            let found = text.rfind(&**part);
            Value::Int(found.map_or(-1, |at| length(text.get(..at).unwrap_or_default())))
        }
        ("lastIndexOf", _) => return Err(Failure::Unsupported("lastIndexOf with a place".to_owned())),
        _ => return no_overload(),
    })
}

fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

fn part(text: &str, from: usize, to: usize) -> String {
    text.chars().skip(from).take(to.saturating_sub(from)).collect()
}

fn regex(pattern: &str) -> Result<Regex> {
    let unreadable = |_| Failure::Unsupported(format!("the pattern {pattern:?}"));
    Regex::new(pattern).map_err(unreadable)
}

fn found(text: &str, pattern: &str, most: i64) -> Result {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let pattern = regex(pattern)?;
    let found = pattern.find_iter(text).take(most);
    Ok(Value::list(
        found.map(|found| Value::text(found.as_str())).collect(),
    ))
}

fn split(text: &str, by: &str, most: i64) -> Value {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let parts: Vec<Value> = if by.is_empty() {
        let mut parts: Vec<String> = text.chars().map(String::from).collect();
        if parts.len() > most && most > 0 {
            let rest = parts.split_off(most - 1).concat();
            parts.push(rest);
        }
        if most == 0 {
            parts.clear();
        }
        parts.into_iter().map(Value::text).collect()
    } else if most == usize::MAX {
        text.split(by).map(Value::text).collect()
    } else {
        text.splitn(most, by).map(Value::text).collect()
    };
    Value::list(parts)
}

fn substring(text: &str, from: i64, to: i64) -> Result {
    let count = length(text);
    if from > to {
        return error(format!("invalid substring range. start: {from}, end: {to}"));
    }
    match (usize::try_from(from), usize::try_from(to)) {
        (Ok(first), Ok(last)) if from <= count && to <= count => Ok(Value::text(part(text, first, last))),
        (Ok(_), _) if from <= count => error(format!("index out of range: {to}")),
        _ => error(format!("index out of range: {from}")),
    }
}

fn position(text: &str, wanted: &str, from: i64) -> Result<i64> {
    let start = match usize::try_from(from) {
        Ok(start) if from <= length(text) => start,
        _ if wanted.is_empty() => return Ok(from),
        _ => return error(format!("index out of range: {from}")),
    };
    let rest: String = text.chars().skip(start).collect();
    let found = rest.find(wanted);
    Ok(found.map_or(-1, |at| from + length(rest.get(..at).unwrap_or_default())))
}
