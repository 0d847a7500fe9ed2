//! What a CustomResourceDefinition has to be like, and what the API server fills in.

use serde_json::{Value, json};

use super::definition;
use super::schema::Fault;
use crate::shared::Shared;
use crate::status::{Cause, Refusal};

/// Groups that only the Kubernetes project hands out.
pub(crate) fn is_protected(group: &str) -> bool {
    let of = |domain: &str| group == domain || group.ends_with(&format!(".{domain}"));
    of("k8s.io") || of("kubernetes.io")
}

/// What an approval says of a definition in such a group: status, reason and message of its condition.
pub(super) fn approval(text: &str) -> (&'static str, &'static str, String) {
    if text.starts_with("unapproved") {
        return ("False", "UnapprovedAnnotation", format!("not approved: {text:?}"));
    }
    if text
        .parse::<http::Uri>()
        .is_ok_and(|uri| uri.host().is_some() && uri.scheme().is_some())
    {
        return ("True", "ApprovedAnnotation", format!("approved in {text}"));
    }
    let message = "protected groups must have approval annotation \"api-approved.kubernetes.io\" with either a URL or a \
        reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111";
    ("False", "InvalidAnnotation", message.to_owned())
}

/// Makes a definition of a manifest complete.
pub(crate) fn complete(definition: &mut Value) {
    fill(definition);
    if !definition["status"].is_object() {
        first_status(definition);
    }
    if definition["metadata"]["generation"].is_null() {
        definition["metadata"]["generation"] = json!(1);
    }
}

/// Fills in names and the conversion.
pub(crate) fn fill(definition: &mut Value) {
    let names = &mut definition["spec"]["names"];
    let kind = names["kind"].as_str().unwrap_or_default().to_owned();
    for (field, value) in [
        ("singular", kind.to_lowercase()),
        ("listKind", format!("{kind}List")),
    ] {
        if !kind.is_empty() && names[field].as_str().is_none_or(str::is_empty) {
            names[field] = json!(value);
        }
    }
    if definition["spec"]["conversion"]["strategy"]
        .as_str()
        .is_none_or(str::is_empty)
    {
        definition["spec"]["conversion"] = json!({"strategy": "None"});
    }
}

/// The state of a definition that is new.
pub(crate) fn first_status(definition: &mut Value) {
    let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
    let stored = versions.filter(|version| version["storage"] == true);
    let stored: Vec<Value> = stored.map(|version| version["name"].clone()).collect();
    definition["status"] = json!({
        "conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored,
    });
}

/// Adds the version that objects are stored in now to those that they were ever stored in.
pub(crate) fn remember_storage(definition: &mut Value) {
    let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
    let stored = versions.filter(|version| version["storage"] == true);
    let stored: Vec<Value> = stored.map(|version| version["name"].clone()).collect();
    if let Some(known) = definition["status"]["storedVersions"].as_array_mut() {
        known.extend(
            stored
                .into_iter()
                .filter(|name| !known.contains(name))
                .collect::<Vec<_>>(),
        );
    }
}

/// The causes for which a definition is refused. An error is what is not done here.
pub(crate) fn check(shared: &Shared, old: Option<&Value>, new: &Value) -> Result<Vec<Cause>, Refusal> {
    let spec = &new["spec"];
    let text = |field: &str| spec.pointer(field).and_then(Value::as_str).unwrap_or_default();
    let mut causes = Vec::new();
    let (group, plural, kind) = (text("/group"), text("/names/plural"), text("/names/kind"));
    let name = new["metadata"]["name"].as_str().unwrap_or_default();
    if name != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid("metadata.name", &json!(name), why));
    }
    if is_protected(group) && new["metadata"]["annotations"]["api-approved.kubernetes.io"].is_null() {
        causes.push(Cause::required(
            "metadata.annotations[api-approved.kubernetes.io]",
            "protected groups must have approval annotation \"api-approved.kubernetes.io\", see \
             https://github.com/kubernetes/enhancements/pull/1111",
        ));
    }
    for (field, value) in [("group", group), ("names.plural", plural), ("names.kind", kind)] {
        if value.is_empty() {
            causes.push(Cause::required(format!("spec.{field}"), ""));
        }
    }
    if !matches!(text("/scope"), "Namespaced" | "Cluster") {
        causes.push(match text("/scope") {
            "" => Cause::required("spec.scope", ""),
            scope => Cause::unsupported("spec.scope", &json!(scope), &["Cluster", "Namespaced"]),
        });
    }
    let versions = spec["versions"].as_array().into_iter().flatten();
    if versions
        .clone()
        .filter(|version| version["storage"] == true)
        .count()
        != 1
    {
        let why = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid("spec.versions", &spec["versions"], why));
    }
    for (index, version) in versions.enumerate() {
        if version["schema"]["openAPIV3Schema"].is_null() {
            let field = format!("spec.versions[{index}].schema.openAPIV3Schema");
            causes.push(Cause::required(field, ""));
        }
    }
    if let Some(old) = old {
        causes.extend(change_causes(old, spec));
    }
    if causes.iter().any(|cause| cause.field == "spec.versions") {
        // The real message repeats the versions as Go would print them.
        return Err(Refusal::unsupported(
            "definitions without exactly one version for storage",
        ));
    }
    if !causes.is_empty() {
        return Ok(causes);
    }
    supported(shared, name, spec)?;
    match definition::resources(shared, new, 0) {
        Ok(_) => Ok(causes),
        Err(Fault::Required(field, why)) => Ok(vec![Cause::required(field, why)]),
        Err(Fault::Rules(causes)) => Ok(causes),
        Err(Fault::Unsupported(field)) => {
            let what = format!("definitions with {field}");
            Err(Refusal::unsupported(&what))
        }
    }
}

/// What cannot be changed any more.
fn change_causes(old: &Value, spec: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (path, field) in [
        ("/group", "spec.group"),
        ("/scope", "spec.scope"),
        ("/names/kind", "spec.names.kind"),
    ] {
        let new = spec.pointer(path).unwrap_or(&Value::Null);
        if old["spec"].pointer(path) != Some(new) {
            causes.push(Cause::invalid(field, new, "field is immutable"));
        }
    }
    let versions = spec["versions"].as_array();
    let stored = old["status"]["storedVersions"].as_array().into_iter().flatten();
    for (index, name) in stored.enumerate() {
        if !versions
            .into_iter()
            .flatten()
            .any(|version| version["name"] == *name)
        {
            let shown = name.as_str().unwrap_or_default();
            let why = format!(
                "missing from spec.versions; {shown} was previously a storage version, and must remain in spec.versions \
                 until a storage migration ensures no data remains persisted in {shown} and removes {shown} from \
                 status.storedVersions"
            );
            causes.push(Cause::invalid(
                format!("status.storedVersions[{index}]"),
                name,
                &why,
            ));
        }
    }
    causes
}

fn supported(shared: &Shared, name: &str, spec: &Value) -> Result<(), Refusal> {
    if spec["conversion"]["strategy"] != "None" {
        return Err(Refusal::unsupported("conversion by webhooks"));
    }
    if spec["preserveUnknownFields"] == true {
        return Err(Refusal::unsupported("definitions with preserveUnknownFields"));
    }
    let mut versions = spec["versions"].as_array().into_iter().flatten();
    if !versions.any(|version| version["served"] == true) {
        return Err(Refusal::unsupported("definitions of which no version is served"));
    }
    let is_other = |r: &crate::resources::Resource| r.custom.as_ref().is_none_or(|c| c.definition != name);
    let mut others = shared
        .resources
        .iter()
        .filter(|r| spec["group"] == r.group && is_other(r));
    let names = &spec["names"];
    if others.any(|other| names["kind"] == other.kind || names["plural"] == other.plural) {
        return Err(Refusal::unsupported(
            "definitions whose names another resource of the group has",
        ));
    }
    Ok(())
}
