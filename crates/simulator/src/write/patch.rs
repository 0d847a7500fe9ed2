//! Changing parts of an object, in three of the four ways.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Ownership, Validation, Write, Written, body, operations, rules, strategic, update};
use crate::http::request::Query;
use crate::schema::decode::go_kind;
use crate::schema::strict::strict;
use crate::status::{Cause, Refusal};

/// Patches an object.
pub(super) fn patch(
    write: &Write<'_>,
    content_type: &str,
    text: &[u8],
    query: &Query,
) -> Result<Written, Refusal> {
    rules::writable(write.resource)?;
    match content_type {
        "application/strategic-merge-patch+json" if write.resource.custom.is_some() => {
            let message = "the body of the request was in an unknown format - accepted media types include: \
                application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
            return Err(Refusal::other(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UnsupportedMediaType",
                message,
                None,
            ));
        }
        "application/json-patch+json"
        | "application/merge-patch+json"
        | "application/strategic-merge-patch+json" => {}
        "application/apply-patch+cbor" => {
            return Err(Refusal::unsupported("server-side apply of CBOR"));
        }
        _ => {
            let message = "415: Unsupported Media Type";
            let details = Some(Value::Object(serde_json::Map::new()));
            return Err(Refusal::other(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UnsupportedMediaType",
                message,
                details,
            ));
        }
    }
    if query.has("force") {
        let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(Refusal::invalid("meta.k8s.io", "PatchOptions", "", vec![cause]));
    }
    let mut store = write.shared.store.lock();
    let old = update::current(write, &mut store)?;
    let unreadable = |error: serde_json::Error| {
        let why = match error.is_eof() {
            true => "unexpected end of JSON input".to_owned(),
            false => error.to_string(),
        };
        Refusal::bad_request(format!("error decoding patch: {why}"))
    };
    let mut new = old.clone();
    // Stored objects do not say what they are; patches may speak of it.
    let (kind, api_version) = (&write.resource.kind, write.resource.api_version());
    new["apiVersion"] = json!(api_version);
    new["kind"] = json!(kind);
    match content_type {
        "application/json-patch+json" => {
            let patch: Value = serde_json::from_slice(text).map_err(unreadable)?;
            if !patch.is_array() {
                let got = go_kind(&patch);
                return Err(Refusal::bad_request(format!(
                    "error decoding patch: json: cannot unmarshal {got} into Go value of type []handlers.jsonPatchOp"
                )));
            }
            let list = patch.as_array().map(Vec::as_slice).unwrap_or_default();
            if write.validation != Validation::Ignore {
                operations::check(list)?;
            }
            operations::apply(&mut new, list)?;
        }
        "application/merge-patch+json" => {
            let patch: Value = serde_json::from_slice(text).map_err(unreadable)?;
            if patch.is_null() {
                return Err(Refusal::unsupported("merge patches that are null"));
            }
            if !patch.is_object() {
                let got = go_kind(&patch);
                return Err(Refusal::bad_request(format!(
                    "error decoding patch: json: cannot unmarshal {got} into Go value of type map[string]interface {{}}"
                )));
            }
            json_patch::merge(&mut new, &patch);
        }
        _ => {
            let patch: Value = serde_json::from_slice(text).map_err(unreadable)?;
            strategic::merge(&write.shared.schemas, write.resource, &mut new, patch)?;
        }
    }
    let other = |field: &str, own: &str| new.get(field).is_some_and(|value| *value != own);
    if other("kind", kind) || other("apiVersion", &api_version) {
        return Err(Refusal::unsupported(
            "patches that make another kind of an object",
        ));
    }
    for field in ["apiVersion", "kind"] {
        if let Some(fields) = new.as_object_mut().filter(|_| old.get(field).is_none()) {
            fields.remove(field);
        }
    }
    // A patch that does not speak of the version is applied to whatever is there.
    let whole = new.clone();
    let (object, unknown) = body::read_fields(write, new, &[])
        // The API server answers with the whole object as Go would print it.
        .map_err(|_| Refusal::unsupported("patches whose result cannot be read"))?;
    let mut warnings = match write.validation {
        Validation::Ignore => Vec::new(),
        _ => said_of_patch(content_type, text),
    };
    warnings.extend(unknown);
    if write.validation == Validation::Strict && !warnings.is_empty() {
        return Err(too_strict(content_type, text, &whole, &warnings));
    }
    if object["metadata"]["name"] != old["metadata"]["name"] {
        let message = match object["metadata"]["name"].as_str() {
            None | Some("") => format!(
                "the name of the object ({} based on URL) was undeterminable: name must be provided",
                write.name
            ),
            Some(name) => format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                write.name
            ),
        };
        return Err(Refusal::bad_request(message));
    }
    let uid = &object["metadata"]["uid"];
    if uid.as_str().is_some_and(|uid| !uid.is_empty()) && *uid != old["metadata"]["uid"] {
        let cause = Cause::invalid("metadata.uid", uid, "field is immutable");
        let group = &write.resource.group;
        return Err(Refusal::invalid(group, kind, write.name, vec![cause]));
    }
    update::replace(write, &mut store, &old, object, warnings, Ownership::Update)
}

/// What strict decoding finds in a patch.
fn said_of_patch(content_type: &str, text: &[u8]) -> Vec<String> {
    if content_type != "application/json-patch+json" {
        return strict(text, &[]);
    }
    let operations: Vec<Value> = serde_json::from_slice(text).unwrap_or_default();
    let mut unknown = Vec::new();
    for (index, operation) in operations.iter().enumerate() {
        let names = operation.as_object().into_iter().flatten().map(|(name, _)| name);
        let others = names.filter(|name| !matches!(name.as_str(), "op" | "path" | "from" | "value"));
        unknown.extend(others.map(|name| format!("[{index}].{name}")));
    }
    let found = strict(text, &unknown).into_iter();
    found.map(|message| format!("json patch {message}")).collect()
}

/// The refusal of a patch with such fields. It repeats the object, or the strategic patch as Go prints it.
fn too_strict(content_type: &str, text: &[u8], object: &Value, messages: &[String]) -> Refusal {
    let shown = match content_type {
        "application/strategic-merge-patch+json" => {
            printed(&serde_json::from_slice(text).unwrap_or_default())
        }
        _ => object.to_string(),
    };
    let why = format!("strict decoding error: {}", messages.join(", "));
    let cause = Cause::invalid("patch", &json!(shown), &why);
    Refusal::invalid("", "", "", vec![cause])
}

/// A value as Go prints a map of anything.
fn printed(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(" ");
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(printed).collect())),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{name}:{}", printed(value)));
            format!("map[{}]", joined(fields.collect()))
        }
        other => other.to_string(),
    }
}
