//! Numbers: calculations that notice when they go too far, and conversions.

use crate::custom::rules::value::{Result, Value, error, no_overload};

pub(super) fn negate(of: &Value) -> Result {
    match of {
        Value::Int(number) => number.checked_neg().map_or_else(overflow, |n| Ok(Value::Int(n))),
        Value::Double(number) => Ok(Value::Double(-number)),
        _ => no_overload(),
    }
}

fn overflow() -> Result {
    error("integer overflow")
}

pub(super) fn calculate(name: &str, one: &Value, other: &Value) -> Result {
    match (one, other) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) if name == "_/_" => {
            error("division by zero")
        }
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) if name == "_%_" => {
            error("modulus by zero")
        }
        (Value::Int(one), Value::Int(other)) => {
            let result = match name {
                "_+_" => one.checked_add(*other),
                "_-_" => one.checked_sub(*other),
                "_*_" => one.checked_mul(*other),
                "_/_" => one.checked_div(*other),
                _ => one.checked_rem(*other),
            };
            result.map_or_else(overflow, |number| Ok(Value::Int(number)))
        }
        (Value::Uint(one), Value::Uint(other)) => {
            let result = match name {
                "_+_" => one.checked_add(*other),
                "_-_" => one.checked_sub(*other),
                "_*_" => one.checked_mul(*other),
                "_/_" => one.checked_div(*other),
                _ => one.checked_rem(*other),
            };
            result.map_or_else(
                || error("unsigned integer overflow"),
                |number| Ok(Value::Uint(number)),
            )
        }
        (Value::Double(one), Value::Double(other)) => Ok(Value::Double(match name {
            "_+_" => one + other,
            "_-_" => one - other,
            "_*_" => one * other,
            "_/_" => one / other,
            _ => return no_overload(),
        })),
        _ => no_overload(),
    }
}

/// `int(x)` and the like.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "bounds are looked at before; a double has the precision that it has"
)]
pub(super) fn convert(name: &str, of: &Value) -> Result {
    const LARGEST: f64 = i64::MAX as f64;
    Ok(match (name, of) {
        ("int", Value::Int(_))
        | ("uint", Value::Uint(_))
        | ("double", Value::Double(_))
        | ("bool", Value::Bool(_)) => of.clone(),
        ("int", Value::Duration(nanoseconds)) => Value::Int(*nanoseconds),
        ("int", Value::Uint(number)) => match i64::try_from(*number) {
            Ok(number) => Value::Int(number),
            Err(_) => return overflow(),
        },
        ("int", Value::Double(number)) if number.abs() < LARGEST => Value::Int(*number as i64),
        ("int", Value::Double(_)) => return overflow(),
        ("int", Value::Time(time)) => Value::Int(time.as_second()),
        ("int", Value::Text(text)) => match text.parse() {
            Ok(number) => Value::Int(number),
            Err(_) => return unreadable("int"),
        },
        ("uint", Value::Int(number)) => match u64::try_from(*number) {
            Ok(number) => Value::Uint(number),
            Err(_) => return error("unsigned integer overflow"),
        },
        ("uint", Value::Double(number)) if (0.0..LARGEST * 2.0).contains(number) => {
            Value::Uint(*number as u64)
        }
        ("uint", Value::Double(_)) => return error("unsigned integer overflow"),
        ("uint", Value::Text(text)) if !text.starts_with('+') => match text.parse() {
            Ok(number) => Value::Uint(number),
            Err(_) => return unreadable("uint"),
        },
        ("uint", Value::Text(_)) => return unreadable("uint"),
        ("double", Value::Int(number)) => Value::Double(*number as f64),
        ("double", Value::Uint(number)) => Value::Double(*number as f64),
        ("double", Value::Text(text)) => match text.parse() {
            Ok(number) => Value::Double(number),
            Err(_) => return unreadable("double"),
        },
        ("bool", Value::Text(text)) => match &**text {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Value::Bool(true),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Value::Bool(false),
            _ => return unreadable("bool"),
        },
        _ => return no_overload(),
    })
}

fn unreadable(what: &str) -> Result {
    error(format!("type conversion error from 'string' to '{what}'"))
}

/// As Go's `%g` has it.
pub(super) fn shown(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
