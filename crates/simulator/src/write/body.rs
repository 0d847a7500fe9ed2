//! The body of a write: read, decoded, and of the kind that the path is for.

use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{Validation, Write};
use crate::schema::decode::{decode, go_kind};
use crate::schema::strict::{self, strict};
use crate::status::{Cause, Refusal};

/// The API server's own limit.
const LARGEST: usize = 3 * 1024 * 1024;

/// The whole body.
pub(super) async fn read(body: Incoming) -> Result<Vec<u8>, Refusal> {
    match Limited::new(body, LARGEST).collect().await {
        Ok(collected) => Ok(collected.to_bytes().to_vec()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let message = format!("Request entity too large: limit is {LARGEST}");
            Err(Refusal::other(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                message,
                Some(json!({})),
            ))
        }
        Err(error) => Err(Refusal::bad_request(error.to_string())),
    }
}

/// The object that was sent, with the warnings about it.
pub(super) fn object(
    write: &Write<'_>,
    content_type: &str,
    text: &[u8],
) -> Result<(Value, Vec<String>), Refusal> {
    match content_type {
        "application/json" => {}
        "application/yaml" | "application/vnd.kubernetes.protobuf" | "application/cbor" => {
            return Err(Refusal::unsupported(&format!("objects as {content_type}")));
        }
        _ => {
            let message = "the body of the request was in an unknown format - accepted media types include: \
                application/json, application/yaml, application/vnd.kubernetes.protobuf";
            return Err(Refusal::other(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UnsupportedMediaType",
                message,
                None,
            ));
        }
    }
    let kind = &write.resource.kind;
    let unrecognized = |why: &str| {
        Refusal::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse \
             error: {why} ({})",
            shown(text)
        ))
    };
    let object: Value = serde_json::from_slice(text).map_err(|error| match error.to_string() {
        _ if error.is_eof() => unrecognized("unexpected end of JSON input"),
        why if why.starts_with("recursion limit") => Refusal::unsupported("objects of more than 127 levels"),
        why if why.starts_with("trailing characters") => unrecognized(&trailing(text, &error)),
        why => unrecognized(&why),
    })?;
    let object = match object {
        Value::Null => json!({}),
        Value::Object(_) => object,
        other => return Err(unrecognized(&not_an_object(&other))),
    };
    for field in ["apiVersion", "kind"] {
        if let Some(value) = object
            .get(field)
            .filter(|value| !value.is_string() && !value.is_null())
        {
            let got = go_kind(value);
            return Err(unrecognized(&format!(
                "json: cannot unmarshal {got} into Go struct field .{field} of type string"
            )));
        }
    }
    check_kind(write, &object, text)?;
    let (object, messages) = read_fields(write, object, text)?;
    match write.validation {
        Validation::Strict if !messages.is_empty() => {
            let kind = &write.resource.kind;
            Err(Refusal::bad_request(format!(
                "{kind} in version {:?} cannot be handled as a {kind}: strict decoding error: {}",
                write.resource.version,
                messages.join(", ")
            )))
        }
        _ => Ok((object, messages)),
    }
}

/// The error about a body that is no object.
pub(super) fn not_an_object(body: &Value) -> String {
    let go = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
    format!(
        "json: cannot unmarshal {} into Go value of type {go}",
        go_kind(body)
    )
}

/// The beginning of a body, as errors repeat it: what is no object as hexadecimal digits.
fn shown(text: &[u8]) -> String {
    const LONGEST: usize = 30;
    let start = text.get(..LONGEST).unwrap_or(text);
    let more = if start.len() < text.len() { " ..." } else { "" };
    match text.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(start)),
        Some(_) => format!("{}{more}", hex::encode(start)),
    }
}

/// The error about what follows an object.
fn trailing(text: &[u8], error: &serde_json::Error) -> String {
    let line = text
        .split(|byte| *byte == b'\n')
        .nth(error.line().saturating_sub(1));
    let at = line.and_then(|line| line.get(error.column().saturating_sub(1)));
    let c = at.map_or(' ', |byte| char::from(*byte));
    format!("invalid character '{c}' after top-level value")
}

fn check_kind(write: &Write<'_>, object: &Value, raw: &[u8]) -> Result<(), Refusal> {
    let resource = write.resource;
    let text = |field: &str| object[field].as_str().filter(|text| !text.is_empty());
    if resource.custom.is_some() {
        return check_custom_kind(write, object, raw);
    }
    let kind = text("kind").unwrap_or(&resource.kind);
    let version = resource.api_version();
    let api_version = text("apiVersion").unwrap_or(&version);
    if kind == resource.kind && api_version == version {
        return Ok(());
    }
    let known = write.shared.resources.of_kind(api_version, kind);
    let short = api_version.rsplit('/').next().unwrap_or(api_version);
    let why = match known {
        Some(other) if other.group.is_empty() && resource.group.is_empty() => {
            format!(
                "converting (v1.{kind}) to (core.{}): unknown conversion",
                resource.kind
            )
        }
        Some(_) => {
            return Err(Refusal::unsupported(
                "an object of another API group than its path",
            ));
        }
        None => format!(
            "no kind {kind:?} is registered for version {api_version:?} in scheme \"pkg/runtime/scheme.go:111\""
        ),
    };
    Err(Refusal::bad_request(format!(
        "{kind} in version {short:?} cannot be handled as a {}: {why}",
        resource.kind
    )))
}

/// An object for a subresource, which has a kind of its own. One that names no kind is taken to be of it.
pub(super) fn of_kind(object: Value, api_version: &str, kind: &str) -> Result<Value, Refusal> {
    let is = |field: &str, wanted: &str| {
        matches!(object[field].as_str(), None | Some("")) || object[field] == wanted
    };
    if is("apiVersion", api_version) && is("kind", kind) {
        return Ok(object);
    }
    Err(Refusal::unsupported(&format!(
        "{} {} in the place of {api_version} {kind}",
        object["apiVersion"].as_str().unwrap_or_default(),
        object["kind"].as_str().unwrap_or_default()
    )))
}

/// Custom resources have to say what they are.
fn check_custom_kind(write: &Write<'_>, object: &Value, raw: &[u8]) -> Result<(), Refusal> {
    let resource = write.resource;
    let expected = resource.api_version();
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    match (text("kind"), text("apiVersion")) {
        ("", _) => {
            let shown = String::from_utf8_lossy(raw);
            Err(Refusal::bad_request(format!(
                "the object provided is unrecognized (must be of type {}): Object 'Kind' is missing in '{shown}' \
                 ({shown})",
                resource.kind
            )))
        }
        (_, "") => Err(Refusal::unsupported("custom resources without an apiVersion")),
        (_, version) if version != expected => Err(Refusal::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({expected})"
        ))),
        (kind, _) if kind != resource.kind => {
            let cause = Cause::invalid("kind", &json!(kind), &format!("must be {}", resource.kind));
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            Err(Refusal::invalid(&resource.group, kind, name, vec![cause]))
        }
        _ => Ok(()),
    }
}

/// Drops what the type does not have. Gives what is to be said of the fields that were sent in `text`, if anybody
/// wants to know.
pub(super) fn read_fields(
    write: &Write<'_>,
    object: Value,
    text: &[u8],
) -> Result<(Value, Vec<String>), Refusal> {
    for field in ["creationTimestamp", "deletionTimestamp"] {
        if let Some(time) = object["metadata"][field].as_str() {
            check_time(write, time)?;
        }
    }
    let decoded = decode(&write.shared.schemas, write.resource, object)?;
    if write.validation == Validation::Ignore {
        return Ok((decoded.object, Vec::new()));
    }
    let unknown = decoded.unknown;
    let mut messages = match write.resource.custom {
        // Of custom resources, unknown fields are found later, in a second look.
        Some(_) => strict(text, &[]),
        None => strict(text, &unknown),
    };
    for message in unknown.iter().map(|path| strict::unknown(path)) {
        if !messages.contains(&message) {
            messages.push(message);
        }
    }
    Ok((decoded.object, messages))
}

/// Times of the metadata are read with the object.
fn check_time(write: &Write<'_>, time: &str) -> Result<(), Refusal> {
    if time.parse::<jiff::Timestamp>().is_ok() {
        return Ok(());
    }
    if time.is_empty() || time.bytes().take(4).filter(u8::is_ascii_digit).count() == 4 {
        return Err(Refusal::unsupported(&format!("reading the time {time:?}")));
    }
    let kind = &write.resource.kind;
    Err(Refusal::bad_request(format!(
        "{kind} in version {:?} cannot be handled as a {kind}: parsing time {time:?} as \"2006-01-02T15:04:05Z07:00\": \
         cannot parse {time:?} as \"2006\"",
        write.resource.version
    )))
}
