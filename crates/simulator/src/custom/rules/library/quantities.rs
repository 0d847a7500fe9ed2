//! Quantities in rules: `quantity("1Gi")`.

use crate::custom::rules::value::{Failure, Result, Value, error, no_overload};
use crate::quantity::Quantity;

const UNIT: i128 = 1_000_000_000;

pub(super) fn read(name: &str, text: &str) -> Result {
    let found = Quantity::parse(text).filter(|_| text.trim() == text);
    if name == "isQuantity" {
        return Ok(Value::Bool(found.is_some()));
    }
    match found {
        // The API server counts on beyond this.
        Some(found) if found.nano.abs() >= i128::from(i64::MAX) * UNIT => {
            Err(Failure::Unsupported(format!("a quantity as large as {text}")))
        }
        Some(found) => Ok(Value::Quantity(found)),
        None if text.is_empty() => error(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        None => Err(Failure::Unsupported(
            "the error of a text that is no quantity".to_owned(),
        )),
    }
}

#[allow(clippy::cast_precision_loss, reason = "it says that it is approximate")]
pub(super) fn one(name: &str, of: Quantity) -> Result {
    let whole = i64::try_from(of.nano / UNIT).ok().filter(|_| of.nano % UNIT == 0);
    match (name, whole) {
        ("sign", _) => Ok(Value::Int(i64::try_from(of.nano.signum()).unwrap_or_default())),
        ("asApproximateFloat", _) => Ok(Value::Double(of.nano as f64 / 1e9)),
        ("isInteger", whole) => Ok(Value::Bool(whole.is_some())),
        ("asInteger", Some(whole)) => Ok(Value::Int(whole)),
        ("asInteger", None) => error("cannot convert value to integer"),
        _ => no_overload(),
    }
}

pub(super) fn two(name: &str, one: Quantity, other: &Value) -> Result {
    let (number, whole) = match other {
        Value::Quantity(other) => (other.nano, false),
        Value::Int(number) => (i128::from(*number) * UNIT, true),
        _ => return no_overload(),
    };
    let ordering = one.nano.cmp(&number);
    Ok(match name {
        "isGreaterThan" if !whole => Value::Bool(ordering.is_gt()),
        "isLessThan" if !whole => Value::Bool(ordering.is_lt()),
        "compareTo" if !whole => Value::Int(ordering as i64),
        "add" => Value::Quantity(moved(one, number)),
        "sub" => Value::Quantity(moved(one, -number)),
        _ => return no_overload(),
    })
}

fn moved(of: Quantity, by: i128) -> Quantity {
    let mut moved = of;
    moved.nano += by;
    moved
}
