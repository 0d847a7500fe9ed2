//! What each kind adds of its own: which can be written at all, what the API server fills in, and what it refuses.
//!
//! Only kinds whose defaults and checks are written here, and were compared with the real server, can be written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{Write, checks, defaults};
use crate::custom;
use crate::custom::definition::is_definition;
use crate::resources::Resource;
use crate::status::{Cause, Refusal};

const WRITABLE: &[(&str, &str)] = &[
    ("", "configmaps"),
    ("", "events"),
    ("", "limitranges"),
    ("", "namespaces"),
    ("", "nodes"),
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("", "pods"),
    ("", "resourcequotas"),
    ("", "secrets"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "cronjobs"),
    ("batch", "jobs"),
    ("coordination.k8s.io", "leases"),
    ("discovery.k8s.io", "endpointslices"),
    ("networking.k8s.io", "ingresses"),
    ("networking.k8s.io", "networkpolicies"),
    ("policy", "poddisruptionbudgets"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "roles"),
    ("scheduling.k8s.io", "priorityclasses"),
    ("storage.k8s.io", "storageclasses"),
];

const KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/// Refuses with 501 what cannot be written as the API server would.
pub(super) fn writable(resource: &Resource) -> Result<(), Refusal> {
    let known = WRITABLE
        .iter()
        .any(|(group, plural)| *group == resource.group && *plural == resource.plural);
    if known || resource.custom.is_some() {
        Ok(())
    } else {
        Err(Refusal::unsupported(&format!("writing {}", resource.qualified())))
    }
}

/// Fills in what a client may leave out.
pub(super) fn fill(resource: &Resource, object: &mut Value) {
    if let Some(custom) = &resource.custom {
        return custom::read::fill(&custom.schema, object);
    }
    defaults::apply(resource, object);
    complete(object, &resource.empty);
    match resource.plural.as_str() {
        "customresourcedefinitions" => custom::checks::fill(object),
        "namespaces" => {
            let name = object["metadata"]["name"].clone();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
        }
        "secrets" => {
            if object["type"].as_str().is_none_or(str::is_empty) {
                object["type"] = json!("Opaque");
            }
            let texts = object
                .as_object_mut()
                .and_then(|fields| fields.remove("stringData"));
            for (key, text) in texts.as_ref().and_then(Value::as_object).into_iter().flatten() {
                object["data"][key] = json!(STANDARD.encode(text.as_str().unwrap_or_default()));
            }
        }
        "rolebindings" | "clusterrolebindings" => {
            let group = "rbac.authorization.k8s.io";
            if object["roleRef"]["apiGroup"].as_str().is_none_or(str::is_empty) {
                object["roleRef"]["apiGroup"] = json!(group);
            }
            for subject in object
                .get_mut("subjects")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                let of_rbac = matches!(subject["kind"].as_str(), Some("User" | "Group"));
                if of_rbac && subject["apiGroup"].as_str().is_none_or(str::is_empty) {
                    subject["apiGroup"] = json!(group);
                }
            }
        }
        "jobs" => {
            let labels = object["spec"]["template"]["metadata"]["labels"].clone();
            let own = object["metadata"]["labels"].as_object();
            if !labels.is_null() && own.is_none_or(Map::is_empty) {
                object["metadata"]["labels"] = labels;
            }
        }
        "nodes" if object["spec"]["podCIDR"].is_string() && object["spec"]["podCIDRs"].is_null() => {
            object["spec"]["podCIDRs"] = json!([object["spec"]["podCIDR"]]);
        }
        "daemonsets" => {
            let annotations = &mut object["metadata"]["annotations"];
            annotations["deprecated.daemonset.template.generation"] = json!("1");
        }
        _ => {}
    }
}

/// Adds what Go writes of an object even if nobody set it.
fn complete(object: &mut Value, empty: &Value) {
    let (Some(fields), Some(empty)) = (object.as_object_mut(), empty.as_object()) else {
        return;
    };
    for (name, value) in empty {
        match fields.get_mut(name) {
            Some(own) => complete(own, value),
            None => {
                fields.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Sets what is the server's own, once it is settled who manages which field.
pub(super) fn prepare(resource: &Resource, old: Option<&Value>, object: &mut Value) {
    if resource.plural == "namespaces" && resource.group.is_empty() {
        match old {
            None => {
                object["spec"]["finalizers"] = json!(["kubernetes"]);
                object["status"] = json!({"phase": "Active"});
            }
            Some(old) => {
                object["spec"]["finalizers"] = old["spec"]["finalizers"].clone();
                object["status"] = old["status"].clone();
            }
        }
    }
}

/// The causes for which an object is refused. `old` is what it replaces.
pub(super) fn check(write: &Write<'_>, old: Option<&Value>, object: &Value) -> Result<Vec<Cause>, Refusal> {
    let resource = write.resource;
    if resource.custom.is_some() {
        return custom::validate::check(resource, old, object);
    }
    if is_definition(resource) {
        return custom::checks::check(write.shared, old, object);
    }
    of_kind(resource, old, object)
}

/// The same for a built-in kind.
pub(super) fn of_kind(
    resource: &Resource,
    old: Option<&Value>,
    object: &Value,
) -> Result<Vec<Cause>, Refusal> {
    let mut causes = checks::check(resource, old, object)?;
    match resource.plural.as_str() {
        "configmaps" => {
            causes.extend(key_causes(object, "data"));
            causes.extend(key_causes(object, "binaryData"));
            causes.extend(immutable_causes(old, object, &["data", "binaryData"]));
            if size(&object["data"], false) + size(&object["binaryData"], true) > LARGEST {
                causes.push(too_large("[]"));
            }
        }
        "secrets" => {
            causes.extend(key_causes(object, "data"));
            if old.is_some_and(|old| old["type"] != object["type"]) {
                causes.push(Cause::invalid("type", &object["type"], "field is immutable"));
            }
            causes.extend(immutable_causes(old, object, &["data"]));
            if size(&object["data"], true) > LARGEST {
                causes.push(too_large("data"));
            }
        }
        "rolebindings" | "clusterrolebindings"
            if old.is_some_and(|old| old["roleRef"] != object["roleRef"]) =>
        {
            // Shown with the names of Go's fields.
            let role = &object["roleRef"];
            let shown = json!({"APIGroup": role["apiGroup"], "Kind": role["kind"], "Name": role["name"]});
            causes.push(Cause::invalid("roleRef", &shown, "cannot change roleRef"));
        }
        _ => {}
    }
    Ok(causes)
}

/// What a ConfigMap or a Secret may hold, in bytes.
const LARGEST: usize = 1024 * 1024;

/// The size of the values of a map, which may be written in base64.
fn size(map: &Value, encoded: bool) -> usize {
    let texts = map
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, value)| value.as_str());
    let sizes = texts.map(|text| match encoded {
        true => text.trim_end_matches('=').len() * 3 / 4,
        false => text.len(),
    });
    sizes.sum()
}

fn too_large(field: &str) -> Cause {
    let message = format!("Too long: may not be more than {LARGEST} bytes");
    Cause::plain("FieldValueTooLong", field.to_owned(), &message)
}

fn key_causes(object: &Value, field: &str) -> Vec<Cause> {
    let keys = object[field]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key);
    let valid = |key: &str| {
        !key.is_empty()
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let bad = keys.filter(|key| !valid(key));
    bad.map(|key| Cause::invalid(format!("{field}[{key}]"), &json!(key), KEY))
        .collect()
}

fn immutable_causes(old: Option<&Value>, object: &Value, fields: &[&str]) -> Vec<Cause> {
    let Some(old) = old.filter(|old| old["immutable"] == true) else {
        return Vec::new();
    };
    let why = "field is immutable when `immutable` is set";
    let mut causes = Vec::new();
    if object["immutable"] != true {
        causes.push(Cause::forbidden("immutable", why));
    }
    causes.extend(
        fields
            .iter()
            .filter(|f| old[**f] != object[**f])
            .map(|f| Cause::forbidden(*f, why)),
    );
    causes
}
