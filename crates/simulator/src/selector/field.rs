//! `metadata.name=a,spec.nodeName!=b`: only on the fields that a resource offers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::resources::Resource;
use crate::status::Refusal;
use crate::store::Key;

/// Fields, each with what an absent one counts as.
type Offered = &'static [(&'static str, &'static str)];

/// Fields beside the name and namespace that the API server selects by, with what an absent one counts as.
const FIELDS: &[(&str, &str, Offered)] = &[
    (
        "",
        "pods",
        &[
            ("spec.nodeName", ""),
            ("spec.restartPolicy", ""),
            ("spec.schedulerName", ""),
            ("spec.serviceAccountName", ""),
            ("spec.hostNetwork", "false"),
            ("status.phase", ""),
            ("status.podIP", ""),
            ("status.nominatedNodeName", ""),
        ],
    ),
    ("", "nodes", &[("spec.unschedulable", "false")]),
    ("", "namespaces", &[("status.phase", "")]),
    ("", "secrets", &[("type", "")]),
    ("", "services", &[("spec.clusterIP", ""), ("spec.type", "")]),
    ("", "replicationcontrollers", &[("status.replicas", "0")]),
    ("apps", "replicasets", &[("status.replicas", "0")]),
    ("batch", "jobs", &[("status.successful", "0")]),
    (
        "",
        "events",
        &[
            ("involvedObject.kind", ""),
            ("involvedObject.namespace", ""),
            ("involvedObject.name", ""),
            ("involvedObject.uid", ""),
            ("involvedObject.apiVersion", ""),
            ("involvedObject.resourceVersion", ""),
            ("involvedObject.fieldPath", ""),
            ("reason", ""),
            ("reportingComponent", ""),
            ("type", ""),
        ],
    ),
];

/// Requirements that all have to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    field: String,
    absent: &'static str,
    equal: bool,
    value: String,
}

impl FieldSelector {
    /// Parses the parameter `fieldSelector`.
    pub(crate) fn parse(resource: &Resource, text: &str) -> Result<Self, Refusal> {
        let mut requirements = Vec::new();
        for term in text.split(',').filter(|term| !term.is_empty()) {
            let (field, equal, value) = if let Some((field, value)) = term.split_once("!=") {
                (field, false, value)
            } else if let Some((field, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
                (field, true, value)
            } else {
                let message = format!("invalid selector: '{text}'; can't understand '{term}'");
                return Err(Refusal::bad_request(message));
            };
            if value.contains('=') {
                return Err(Refusal::bad_request(
                    "invalid field selector: unescaped character in value: 61",
                ));
            }
            let absent = offered(resource, field)?;
            requirements.push(Requirement {
                field: field.to_owned(),
                absent,
                equal,
                value: value.to_owned(),
            });
        }
        Ok(Self(requirements))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, key: &Key, text: &[u8]) -> bool {
        self.0.iter().all(|requirement| {
            let value = match requirement.field.as_str() {
                "metadata.name" => Cow::from(&*key.name),
                "metadata.namespace" => Cow::from(&*key.namespace),
                // The selector's own name for a field of the status.
                "status.successful" => read(text, "status.succeeded").unwrap_or(requirement.absent.into()),
                "reportingComponent" => read(text, "reportingComponent")
                    .filter(|component| !component.is_empty())
                    .or_else(|| read(text, "source.component"))
                    .unwrap_or_default(),
                path => read(text, path).unwrap_or(requirement.absent.into()),
            };
            (value == requirement.value.as_str()) == requirement.equal
        })
    }
}

fn offered(resource: &Resource, field: &str) -> Result<&'static str, Refusal> {
    if field == "metadata.name" || (field == "metadata.namespace" && resource.namespaced) {
        return Ok("");
    }
    FIELDS
        .iter()
        .filter(|(group, plural, _)| *group == resource.group && *plural == resource.plural)
        .flat_map(|(_, _, fields)| *fields)
        .find(|(name, _)| *name == field)
        .map(|(_, absent)| *absent)
        .ok_or_else(|| Refusal::bad_request(not_offered(resource, field)))
}

/// Each kind that offers fields of its own says so by itself, the others alike.
fn not_offered(resource: &Resource, field: &str) -> String {
    let mut own = FIELDS
        .iter()
        .filter(|(group, plural, _)| *group == resource.group && *plural == resource.plural);
    if resource.qualified() == "jobs.batch" {
        format!("field label {field:?} not supported for Job")
    } else if resource.custom.is_some() || own.next().is_some() {
        format!("field label not supported: {field}")
    } else {
        format!("{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
    }
}

/// The text of a field, without reading what is beside the path.
fn read<'a>(text: &'a [u8], path: &str) -> Option<Cow<'a, str>> {
    let mut rest = std::str::from_utf8(text).ok()?;
    for name in path.split('.') {
        let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(rest).ok()?;
        rest = fields.get(name)?.get();
    }
    match serde_json::from_str(rest).ok()? {
        Value::String(text) => Some(text.into()),
        Value::Null => None,
        other => Some(other.to_string().into()),
    }
}
