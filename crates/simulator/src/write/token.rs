//! `serviceaccounts/token`: a token for a ServiceAccount, for some time.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Write, Written, update};
use crate::access::token::{Claims, ISSUER};
use crate::clock::stamp;
use crate::status::{Cause, Refusal};
use crate::store::Key;

const GROUP: &str = "authentication.k8s.io";
const KIND: &str = "TokenRequest";
/// How long a token holds unless somebody says otherwise, and at least and at most, in seconds.
const USUAL: i64 = 3600;
const LEAST: i64 = 600;
const MOST: i64 = 1 << 32;

/// Answers a TokenRequest with a token.
pub(super) fn create(write: &Write<'_>, mut request: Value) -> Result<Written, Refusal> {
    let account = {
        let mut store = write.shared.store.lock();
        let given = |field: &str| request["metadata"][field].as_str().unwrap_or_default().to_owned();
        for (field, own) in [("name", write.name), ("namespace", write.namespace)] {
            let sent = given(field);
            if !sent.is_empty() && sent != own {
                let why = format!("must match the service account {field} if specified");
                let cause = Cause::invalid(format!("metadata.{field}"), &json!(sent), &why);
                return Err(Refusal::invalid(GROUP, KIND, write.name, vec![cause]));
            }
        }
        let account = update::current(write, &mut store)?;
        let (sent, own) = (
            given("uid"),
            account["metadata"]["uid"].as_str().unwrap_or_default(),
        );
        if !sent.is_empty() && sent != own {
            let why = format!(
                "the UID in the token request ({sent}) does not match the UID of the service account ({own})"
            );
            return Err(conflict(
                "TokenRequest.authentication.k8s.io",
                GROUP,
                KIND,
                write.name,
                &why,
            ));
        }
        account
    };
    let spec = &request["spec"];
    let audiences = match spec["audiences"].as_array() {
        Some(list) if !list.is_empty() => spec["audiences"].clone(),
        _ => json!([ISSUER]),
    };
    let seconds = spec["expirationSeconds"].as_i64().unwrap_or(USUAL);
    let wrong = match seconds {
        ..LEAST => Some("may not specify a duration less than 10 minutes"),
        LEAST..=MOST => None,
        _ => Some("may not specify a duration larger than 2^32 seconds"),
    };
    if let Some(why) = wrong {
        let cause = Cause::invalid("spec.expirationSeconds", &json!(seconds), why);
        return Err(Refusal::invalid(GROUP, KIND, "", vec![cause]));
    }
    let bound = match &spec["boundObjectRef"] {
        Value::Null => Vec::new(),
        reference => bound(write, reference)?,
    };
    let manager = manager(write, spec, seconds);
    let now = write.shared.clock.seconds();
    let token = write.shared.signer.issue(&Claims {
        account: &account,
        audiences: &audiences,
        now,
        seconds,
        bound: &bound,
    });
    let reference = spec["boundObjectRef"].clone();
    let mut metadata = request["metadata"].take();
    for field in ["name", "namespace", "uid"] {
        metadata[field] = account["metadata"][field].clone();
    }
    metadata["creationTimestamp"] = json!(write.manager.time);
    metadata["managedFields"] = json!([manager]);
    let mut written = Written::plain(json!({
        "kind": KIND, "apiVersion": format!("{GROUP}/v1"), "metadata": metadata,
        "spec": {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": reference},
        "status": {"token": token, "expirationTimestamp": stamp(now + seconds)},
    }));
    written.code = StatusCode::CREATED;
    Ok(written)
}

/// Who asked for what: the entry of the managed fields, of the request as it came and with its default.
fn manager(write: &Write<'_>, spec: &Value, seconds: i64) -> Value {
    let mut asked = spec.clone();
    asked["expirationSeconds"] = json!(seconds);
    let fields = |value: &Value| -> Value {
        let given = value
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, value)| match value {
                Value::Null => false,
                Value::String(text) => !text.is_empty(),
                Value::Array(list) => !list.is_empty(),
                _ => true,
            });
        given.map(|(name, _)| (format!("f:{name}"), json!({}))).collect()
    };
    let mut all = fields(&asked);
    if asked["boundObjectRef"].is_object() {
        all["f:boundObjectRef"] = fields(&asked["boundObjectRef"]);
    }
    json!({
        "apiVersion": format!("{GROUP}/v1"), "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": all},
        "manager": write.manager.name, "operation": "Update", "subresource": "token", "time": write.manager.time,
    })
}

fn conflict(qualified: &str, group: &str, kind: &str, name: &str, why: &str) -> Refusal {
    let message = format!("Operation cannot be fulfilled on {qualified} \"{name}\": {why}");
    let mut details = json!({"name": name, "kind": kind});
    if !group.is_empty() {
        details["group"] = json!(group);
    }
    Refusal::other(StatusCode::CONFLICT, "Conflict", message, Some(details))
}

/// The object that a token is bound to, and the node of a pod.
fn bound(write: &Write<'_>, reference: &Value) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let (api_version, kind, name) = (text("apiVersion"), text("kind"), text("name"));
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let (claim, plural, space) = match (group, kind) {
        ("", "Pod") => ("pod", "pods", write.namespace),
        ("", "Node") => ("node", "nodes", ""),
        ("", "Secret") => ("secret", "secrets", write.namespace),
        _ => {
            let shown = format!("{group}/{version}, Kind={kind}");
            return Err(Refusal::bad_request(format!(
                "cannot bind token to object of type {shown}"
            )));
        }
    };
    let object = read(write, plural, space, name)?;
    let mut all = vec![(claim, object)];
    let Some((_, object)) = all.first() else {
        return Ok(all);
    };
    if claim == "pod" && object["spec"]["serviceAccountName"] != write.name {
        return Err(Refusal::bad_request(format!(
            "cannot bind token for serviceaccount {:?} to pod running with different serviceaccount name.",
            write.name
        )));
    }
    let (sent, own) = (
        text("uid"),
        object["metadata"]["uid"].as_str().unwrap_or_default(),
    );
    if !sent.is_empty() && sent != own {
        let why = format!(
            "the UID in the bound object reference ({sent}) does not match the UID in record. The object might have \
             been deleted and then recreated"
        );
        return Err(conflict(kind, "", kind, name, &why));
    }
    if let Some(node) = object["spec"]["nodeName"].as_str().filter(|_| claim == "pod") {
        let known = read(write, "nodes", "", node);
        let node = known.unwrap_or_else(|_| json!({"metadata": {"name": node, "uid": ""}}));
        all.push(("node", node));
    }
    Ok(all)
}

fn read(write: &Write<'_>, plural: &str, space: &str, name: &str) -> Result<Value, Refusal> {
    let resource = write.shared.resources.core(plural);
    let resource = resource.ok_or_else(Refusal::no_such_resource)?;
    let found = write.shared.store.lock().get(resource.id, &Key::new(space, name));
    let (_, text) = found.ok_or_else(|| Refusal::not_found(&resource, name))?;
    serde_json::from_slice(&text).map_err(|error| Refusal::bad_request(error.to_string()))
}
