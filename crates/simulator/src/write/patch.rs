//! Changing parts of an object, in three of the four ways.

use http::StatusCode;
use serde_json::Value;

use super::{Ownership, Validation, Write, Written, body, rules, strategic, update};
use crate::http::request::Query;
use crate::status::Refusal;

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
        let cause = crate::status::Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(Refusal::invalid("meta.k8s.io", "PatchOptions", "", vec![cause]));
    }
    let mut store = write.shared.store.lock();
    let old = update::current(write, &mut store)?;
    let unreadable =
        |error: serde_json::Error| Refusal::bad_request(format!("error decoding patch: {error}"));
    let mut new = old.clone();
    match content_type {
        "application/json-patch+json" => {
            let patch: json_patch::Patch = serde_json::from_slice(text).map_err(unreadable)?;
            json_patch::patch(&mut new, &patch).map_err(|_| Refusal::patch_failed())?;
        }
        "application/merge-patch+json" => {
            let patch: Value = serde_json::from_slice(text).map_err(unreadable)?;
            json_patch::merge(&mut new, &patch);
        }
        _ => {
            let patch: Value = serde_json::from_slice(text).map_err(unreadable)?;
            strategic::merge(&write.shared.schemas, write.resource, &mut new, patch)?;
        }
    }
    // A patch that does not speak of the version is applied to whatever is there.
    let (object, warnings) = body::read_fields(write, new).map_err(|refusal| match write.validation {
        // The API server answers with the whole object as Go would print it.
        Validation::Ignore | Validation::Warn => Refusal::unsupported("patches whose result cannot be read"),
        Validation::Strict => refusal,
    })?;
    if object["metadata"]["name"] != old["metadata"]["name"] {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let message = format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            write.name
        );
        return Err(Refusal::bad_request(message));
    }
    update::replace(write, &mut store, &old, object, warnings, Ownership::Update)
}
