//! URLs, addresses and networks in rules. What this cannot read with certainty is refused, not guessed.

use std::net::IpAddr;
use std::sync::Arc;

use crate::custom::rules::value::{Failure, Result, Value, no_overload};

pub(super) fn read(name: &str, text: &str) -> Result {
    match name {
        "isURL" => Ok(Value::Bool(is_url(text)?)),
        "url" if is_url(text)? => Ok(Value::Url(text.into())),
        "url" => Err(Failure::Unsupported(
            "the error of a text that is no URL".to_owned(),
        )),
        "isIP" => Ok(Value::Bool(ip(text).is_some())),
        "ip" => match ip(text) {
            Some(ip) => Ok(Value::Ip(ip)),
            None => Err(Failure::Unsupported(
                "the error of a text that is no IP address".to_owned(),
            )),
        },
        "isCIDR" => Ok(Value::Bool(cidr(text).is_some())),
        _ => match cidr(text) {
            Some((ip, size)) => Ok(Value::Cidr(ip, size)),
            None => Err(Failure::Unsupported(
                "the error of a text that is no network".to_owned(),
            )),
        },
    }
}

/// An address without a zone; one of version 4 is not written as one of version 6.
fn ip(text: &str) -> Option<IpAddr> {
    let ip: IpAddr = text.parse().ok()?;
    let mapped = matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some());
    (!mapped).then_some(ip)
}

fn cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, size) = text.split_once('/')?;
    let address = ip(address)?;
    let plain = size.bytes().all(|digit| digit.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
    let size: u8 = size.parse().ok().filter(|_| plain)?;
    (size <= bits(address)).then_some((address, size))
}

fn bits(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

/// An address with everything after a number of bits taken away.
fn masked(ip: IpAddr, size: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(size.min(32))).unwrap_or(0);
            IpAddr::V4((ip.to_bits() & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(size.min(128))).unwrap_or(0);
            IpAddr::V6((ip.to_bits() & mask).into())
        }
    }
}

pub(super) fn contains(name: &str, of: &Value, other: &Value) -> Result {
    let Value::Cidr(net, size) = of else {
        return no_overload();
    };
    let (ip, other_size) = match (name, other) {
        ("containsIP", Value::Ip(ip)) => (*ip, bits(*ip)),
        ("containsCIDR", Value::Cidr(ip, size)) => (*ip, *size),
        ("containsIP", Value::Text(text)) => match self::ip(text) {
            Some(ip) => (ip, bits(ip)),
            None => {
                return Err(Failure::Unsupported(
                    "the error of a text that is no IP address".to_owned(),
                ));
            }
        },
        ("containsCIDR", Value::Text(text)) => match cidr(text) {
            Some(found) => found,
            None => {
                return Err(Failure::Unsupported(
                    "the error of a text that is no network".to_owned(),
                ));
            }
        },
        _ => return no_overload(),
    };
    let within =
        ip.is_ipv4() == net.is_ipv4() && other_size >= *size && masked(ip, *size) == masked(*net, *size);
    Ok(Value::Bool(within))
}

pub(super) fn one(name: &str, of: &Value) -> Result {
    Ok(match (name, of) {
        ("family", Value::Ip(ip)) => Value::Int(if ip.is_ipv4() { 4 } else { 6 }),
        ("isUnspecified", Value::Ip(ip)) => Value::Bool(ip.is_unspecified()),
        ("isLoopback", Value::Ip(ip)) => Value::Bool(ip.is_loopback()),
        ("ip", Value::Cidr(ip, _)) => Value::Ip(*ip),
        ("prefixLength", Value::Cidr(_, size)) => Value::Int(i64::from(*size)),
        ("masked", Value::Cidr(ip, size)) => Value::Cidr(masked(*ip, *size), *size),
        (_, Value::Url(text)) => url(name, text)?,
        _ => return no_overload(),
    })
}

/// The parts of a URL that `is_url` let through.
fn url(name: &str, text: &str) -> Result {
    let text = text.split_once('#').map_or(text, |(text, _)| text);
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (host, path) = match rest.find('/') {
        _ if scheme.is_empty() => ("", rest),
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (hostname, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    Ok(match name {
        "getScheme" => Value::text(scheme.to_ascii_lowercase()),
        "getHost" => Value::text(host),
        "getHostname" => Value::text(hostname.trim_start_matches('[').trim_end_matches(']')),
        "getPort" => Value::text(port),
        "getEscapedPath" => Value::text(path),
        "getQuery" => {
            let mut entries: Vec<(Value, Vec<Value>)> = Vec::new();
            for (key, value) in form_urlencoded::parse(query.as_bytes()) {
                let (key, value) = (Value::text(&*key), Value::text(&*value));
                match entries.iter_mut().find(|(known, _)| known.equals(&key)) {
                    Some((_, values)) => values.push(value),
                    None => entries.push((key, vec![value])),
                }
            }
            let entries = entries
                .into_iter()
                .map(|(key, values)| (key, Value::list(values)));
            Value::Map(Arc::new(entries.collect()))
        }
        _ => return no_overload(),
    })
}

/// Whether a text is an absolute URL or an absolute path. Only what is beyond doubt is answered.
fn is_url(text: &str) -> Result<bool> {
    let doubt = || Err(Failure::Unsupported(format!("telling whether {text:?} is a URL")));
    if text.is_empty() || text.chars().any(|c| c.is_ascii_control()) {
        return Ok(false);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?#".contains(c);
    if text.starts_with('/') {
        return if text.chars().all(plain) && !text.starts_with("//") {
            Ok(true)
        } else {
            doubt()
        };
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        // Neither a scheme nor a path.
        return if text.chars().all(plain) {
            Ok(false)
        } else {
            doubt()
        };
    };
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let Some(rest) = rest.strip_prefix("//").filter(|_| named) else {
        return doubt();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let simple = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c));
    if simple && port.bytes().all(|digit| digit.is_ascii_digit()) && path.chars().all(plain) {
        return Ok(true);
    }
    match simple && port.chars().all(|c| c.is_ascii_alphabetic()) && path.chars().all(plain) {
        // A port that is no number.
        true => Ok(false),
        false => doubt(),
    }
}
