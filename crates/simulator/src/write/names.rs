//! Names, labels and namespaces: the checks that every object goes through.

use serde_json::{Map, Value, json};

use super::Write;
use crate::resources::Resource;
use crate::status::{Cause, Refusal};

pub(super) const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
pub(super) const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
pub(crate) const LABEL_NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
pub(crate) const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// The namespace of an object has to be that of the path.
pub(super) fn check_namespace(write: &Write<'_>, metadata: &Map<String, Value>) -> Result<(), Refusal> {
    let own = metadata
        .get("namespace")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !own.is_empty() && own != write.namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Refusal::bad_request(message));
    }
    Ok(())
}

/// A name within a label: letters and digits at its ends, `-`, `_` and `.` inside.
pub(crate) fn is_label_name(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    ends(text.chars().next())
        && ends(text.chars().last())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

pub(super) fn is_dns_label(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    ends(text.chars().next())
        && ends(text.chars().last())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

pub(crate) fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_dns_label)
}

/// What is wrong with the owners and finalizers of an object that is new.
pub(super) fn check_ties(resource: &Resource, object: &Value) -> Vec<Cause> {
    const STANDARD: [&str; 3] = ["foregroundDeletion", "kubernetes", "orphan"];
    let metadata = &object["metadata"];
    let mut causes = Vec::new();
    for owner in metadata["ownerReferences"].as_array().into_iter().flatten() {
        for (field, why) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "kind must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner[field].as_str().is_none_or(str::is_empty) {
                causes.push(Cause::invalid(
                    format!("metadata.ownerReferences.{field}"),
                    &json!(""),
                    why,
                ));
            }
        }
    }
    let finalizers = metadata["finalizers"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate();
    for (index, finalizer) in finalizers.filter(|_| resource.custom.is_none()) {
        let name = finalizer.as_str().unwrap_or_default();
        if !name.contains('/') && !STANDARD.contains(&name) {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(Cause::invalid(
                format!("metadata.finalizers[{index}]"),
                finalizer,
                why,
            ));
        }
    }
    causes
}

/// The causes for which the metadata of an object is refused.
pub(super) fn check(resource: &Resource, object: &Value) -> Vec<Cause> {
    let metadata = &object["metadata"];
    let mut causes = Vec::new();
    let name = metadata["name"].as_str().unwrap_or_default();
    let too_long = |longest: usize| format!("must be no more than {longest} bytes");
    if name.is_empty() {
        causes.push(Cause::required(
            "metadata.name",
            "name or generateName is required",
        ));
    } else if resource.group == "rbac.authorization.k8s.io" {
        // Names of roles go into paths and are otherwise free.
        for (bad, why) in [("/", "may not contain '/'"), ("%", "may not contain '%'")] {
            if name.contains(bad) {
                causes.push(Cause::invalid("metadata.name", &json!(name), why));
            }
        }
    } else {
        let label = matches!(resource.plural.as_str(), "namespaces" | "services");
        let (longest, valid, why) = if label {
            (63, is_dns_label(name), LABEL)
        } else {
            (253, is_subdomain(name), SUBDOMAIN)
        };
        if name.len() > longest {
            causes.push(Cause::invalid("metadata.name", &json!(name), &too_long(longest)));
        }
        if !valid {
            causes.push(Cause::invalid("metadata.name", &json!(name), why));
        }
    }
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        causes.extend(label_causes("metadata.labels", key, value));
    }
    for key in metadata["annotations"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key)
    {
        causes.extend(key_causes("metadata.annotations", key, &key.to_ascii_lowercase()));
    }
    causes
}

/// A label: its key and its value.
pub(super) fn label_causes(field: &str, key: &str, value: &Value) -> Vec<Cause> {
    let mut causes = key_causes(field, key, key);
    let text = value.as_str().unwrap_or_default();
    if text.len() > 63 {
        causes.push(Cause::invalid(field, value, "must be no more than 63 bytes"));
    }
    if !text.is_empty() && !is_label_name(text) {
        causes.push(Cause::invalid(field, value, LABEL_VALUE));
    }
    causes
}

/// A key of a label or annotation: a name, with or without a domain before it. `shown` is the key as it was sent.
pub(super) fn key_causes(field: &str, shown: &str, key: &str) -> Vec<Cause> {
    let shown = json!(shown);
    let cause = |why: &str| Cause::invalid(field, &shown, why);
    let mut causes = Vec::new();
    let name = match key.split('/').collect::<Vec<_>>().as_slice() {
        [name] => *name,
        ["", name] => {
            causes.push(cause("prefix part must be non-empty"));
            *name
        }
        [domain, name] => {
            if !is_subdomain(domain) {
                causes.push(cause(&format!("prefix part {SUBDOMAIN}")));
            }
            *name
        }
        _ => {
            let rest = LABEL_NAME.trim_start_matches("name part ");
            let why = format!(
                "a qualified name {rest} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            );
            return vec![cause(&why)];
        }
    };
    if name.is_empty() {
        causes.push(cause("name part must be non-empty"));
    } else if name.len() > 63 {
        causes.push(cause("name part must be no more than 63 bytes"));
    }
    if !is_label_name(name) {
        causes.push(cause(LABEL_NAME));
    }
    causes
}
