//! The body of a write: read, decoded, and of the kind that the path is for.

use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{Validation, Write};
use crate::schema::decode::decode;
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
    let object: Value = serde_json::from_slice(text).map_err(|error| {
        let shown = match text {
            [] => "<empty>".to_owned(),
            text => String::from_utf8_lossy(text).into_owned(),
        };
        let why = if error.is_eof() { "unexpected end of JSON input".to_owned() } else { error.to_string() };
        Refusal::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse \
             error: {why} ({shown})"
        ))
    })?;
    check_kind(write, &object, text)?;
    read_fields(write, object)
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

/// Drops what the type does not have, or refuses it.
pub(super) fn read_fields(write: &Write<'_>, object: Value) -> Result<(Value, Vec<String>), Refusal> {
    let decoded = decode(&write.shared.schemas, write.resource, object)?;
    let messages: Vec<String> = decoded
        .unknown
        .iter()
        .map(|field| format!("unknown field {field:?}"))
        .collect();
    match write.validation {
        Validation::Strict if !messages.is_empty() => {
            let kind = &write.resource.kind;
            Err(Refusal::bad_request(format!(
                "{kind} in version {:?} cannot be handled as a {kind}: strict decoding error: {}",
                write.resource.version,
                messages.join(", ")
            )))
        }
        Validation::Warn => Ok((decoded.object, messages)),
        _ => Ok((decoded.object, Vec::new())),
    }
}
