//! Times and durations. A time without a zone is in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::custom::duration;
use crate::custom::rules::value::{Failure, Result, Value, error, no_overload};

const SECOND: i128 = 1_000_000_000;
/// The first and the last second that a time may have: those of the years 1 and 9999.
const SECONDS: std::ops::RangeInclusive<i128> = -62_135_596_800..=253_402_300_799;

pub(super) fn convert(name: &str, of: &Value) -> Result {
    match (name, of) {
        ("timestamp", Value::Time(_)) | ("duration", Value::Duration(_)) => Ok(of.clone()),
        ("timestamp", Value::Int(seconds)) => time(i128::from(*seconds) * SECOND),
        ("timestamp", Value::Text(text)) => match text.parse::<Timestamp>() {
            Ok(time) => Ok(Value::Time(time)),
            Err(_) => Err(Failure::Unsupported(
                "the error of a text that is no time".to_owned(),
            )),
        },
        // It is declared, and does nothing else.
        ("duration", Value::Int(_)) => {
            error("type conversion error from 'int' to 'google.protobuf.Duration'")
        }
        ("duration", Value::Text(text)) => match duration::parse(text) {
            Some(duration) => Ok(Value::Duration(duration)),
            None => error("type conversion error from 'string' to 'google.protobuf.Duration'"),
        },
        _ => no_overload(),
    }
}

fn time(nanoseconds: i128) -> Result {
    let within = SECONDS.contains(&nanoseconds.div_euclid(SECOND));
    match Timestamp::from_nanosecond(nanoseconds) {
        Ok(time) if within => Ok(Value::Time(time)),
        _ => error("timestamp overflow"),
    }
}

fn span(nanoseconds: Option<i64>) -> Result {
    nanoseconds.map_or_else(|| error("integer overflow"), |span| Ok(Value::Duration(span)))
}

/// Sums and differences.
pub(super) fn calculate(name: &str, one: &Value, other: &Value) -> Result {
    match (name, one, other) {
        ("_+_", Value::Duration(one), Value::Duration(other)) => span(one.checked_add(*other)),
        ("_-_", Value::Duration(one), Value::Duration(other)) => span(one.checked_sub(*other)),
        ("_+_", Value::Time(moved), Value::Duration(by))
        | ("_+_", Value::Duration(by), Value::Time(moved)) => time(moved.as_nanosecond() + i128::from(*by)),
        ("_-_", Value::Time(_), Value::Duration(i64::MIN)) => span(None),
        ("_-_", Value::Time(moved), Value::Duration(by)) => time(moved.as_nanosecond() - i128::from(*by)),
        ("_-_", Value::Time(one), Value::Time(other)) => {
            span(i64::try_from(one.as_nanosecond() - other.as_nanosecond()).ok())
        }
        _ => no_overload(),
    }
}

/// A part of a time.
pub(super) fn part(name: &str, of: Timestamp) -> Result {
    let at = of.to_zoned(TimeZone::UTC).datetime();
    Ok(Value::Int(match name {
        "getFullYear" => at.year().into(),
        "getMonth" => i64::from(at.month()) - 1,
        "getDayOfYear" => i64::from(at.day_of_year()) - 1,
        "getDayOfMonth" => i64::from(at.day()) - 1,
        "getDate" => at.day().into(),
        "getDayOfWeek" => at.weekday().to_sunday_zero_offset().into(),
        "getHours" => at.hour().into(),
        "getMinutes" => at.minute().into(),
        "getSeconds" => at.second().into(),
        "getMilliseconds" => at.millisecond().into(),
        _ => return no_overload(),
    }))
}

/// A whole duration in a unit.
pub(super) fn count(name: &str, nanoseconds: i64) -> Result {
    let unit = match name {
        "getHours" => 3_600_000_000_000,
        "getMinutes" => 60_000_000_000,
        "getSeconds" => 1_000_000_000,
        "getMilliseconds" => 1_000_000,
        _ => return no_overload(),
    };
    Ok(Value::Int(nanoseconds / unit))
}
