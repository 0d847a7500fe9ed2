//! A CustomResourceDefinition: which resources it makes.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::columns::columns;
use super::path::Path;
use super::schema::{Fault, Schema};
use super::{Custom, Scale, document, format, types};
use crate::data::{GroupVersionKind, SubresourceEntry};
use crate::resources::Resource;
use crate::shared::Shared;
use crate::store::ResourceId;

/// The resource of definitions.
pub(super) const KIND: (&str, &str) = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
const VERBS: [&str; 8] = [
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "create",
    "update",
    "watch",
];

/// Whether a resource is that of definitions.
pub(crate) fn is_definition(resource: &Resource) -> bool {
    resource.group == "apiextensions.k8s.io" && resource.plural == "customresourcedefinitions"
}

/// What the API server warns of in a definition that replaces `old`: formats that it does not know.
pub(crate) fn warnings(old: Option<&Value>, new: &Value) -> Vec<String> {
    let formats = |definition: &Value| {
        let mut found = Vec::new();
        let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
        versions.for_each(|version| format::unknown(&version["schema"]["openAPIV3Schema"], &mut found));
        found
    };
    let known = old.map(formats).unwrap_or_default();
    let mut warnings = Vec::new();
    for format in formats(new).into_iter().filter(|format| !known.contains(format)) {
        let warning = format!("unrecognized format {format:?}");
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    warnings
}

/// The resources that a definition makes, one for each version that is served. Their objects are stored under `id`.
pub(crate) fn resources(shared: &Shared, definition: &Value, id: ResourceId) -> Result<Vec<Resource>, Fault> {
    let ended = CancellationToken::new();
    let spec = &definition["spec"];
    let versions = spec["versions"].as_array().into_iter().flatten();
    let schema_of = |version: &Value| version["schema"]["openAPIV3Schema"].clone();
    let storage = versions.clone().find(|version| version["storage"] == true);
    let stored_version = storage.map(|version| text(version, "/name")).unwrap_or_default();
    let storage = storage.map(schema_of).unwrap_or_default();
    // The API server takes a schema that all versions share out of them before it looks at it.
    let shared_schema = versions.clone().all(|version| schema_of(version) == storage);
    let place = |index: usize| match shared_schema {
        true => "spec.validation.openAPIV3Schema".to_owned(),
        false => format!("spec.versions[{index}].schema.openAPIV3Schema"),
    };
    let index = versions.clone().position(|version| version["storage"] == true);
    let stored = Arc::new(Schema::whole(&storage, &place(index.unwrap_or_default()))?);
    let mut resources = Vec::new();
    let common = shared
        .resources
        .of_kind(KIND.0, KIND.1)
        .map(|kind| kind.columns.clone())
        .unwrap_or_default();
    for (index, version) in versions.enumerate() {
        let path = format!("spec.versions[{index}]");
        let schema = schema_of(version);
        // Most versions hold the same, and rules take their time.
        let read = match schema == storage {
            true => stored.clone(),
            false => Arc::new(Schema::whole(&schema, &place(index))?),
        };
        let unsupported = |field: &str| Fault::Unsupported(format!("{path}.{field}"));
        if version["selectableFields"].is_array() {
            return Err(unsupported("selectableFields"));
        }
        let (columns, column_definitions) =
            columns(version, &common).ok_or_else(|| unsupported("additionalPrinterColumns"))?;
        let scale = scale(version).ok_or_else(|| unsupported("subresources.scale"))?;
        let custom = Custom {
            definition: text(definition, "/metadata/name"),
            holds: types::whole(&read),
            converted: schema != storage,
            stored_version: stored_version.clone(),
            stored: stored.clone(),
            changed: definition["metadata"]["generation"]
                .as_i64()
                .is_some_and(|count| count > 1),
            schema: read,
            given: schema,
            columns,
            scale,
            deprecated: deprecation(spec, version),
            ended: ended.clone(),
        };
        if version["served"] == true {
            resources.push(resource(spec, version, id, custom, column_definitions));
        }
    }
    resources.sort_by_key(|resource| priority(&resource.version));
    Ok(resources)
}

/// The warning about a version that is deprecated: its own, or one that names the newest that is not.
fn deprecation(spec: &Value, version: &Value) -> Option<String> {
    if version["deprecated"] != true {
        return None;
    }
    if let Some(warning) = version["deprecationWarning"].as_str() {
        return Some(warning.to_owned());
    }
    let named = |name: &str| format!("{}/{name} {}", text(spec, "/group"), text(spec, "/names/kind"));
    let own = text(version, "/name");
    let versions = spec["versions"].as_array().into_iter().flatten();
    let others = versions.filter(|other| other["served"] == true && other["deprecated"] != true);
    let newer = others.map(|other| text(other, "/name"));
    let newer = newer.filter(|other| priority(other) < priority(&own));
    Some(match newer.min_by_key(|other| priority(other)) {
        Some(newest) => format!("{} is deprecated; use {}", named(&own), named(&newest)),
        None => format!("{} is deprecated", named(&own)),
    })
}

/// None if a path is not understood.
fn scale(version: &Value) -> Option<Option<Scale>> {
    let Some(given) = version["subresources"].get("scale") else {
        return Some(None);
    };
    let path = |field: &str| Path::parse(given[field].as_str()?);
    let selector = match given["labelSelectorPath"].as_str() {
        None | Some("") => None,
        Some(text) => Some(Path::parse(text)?),
    };
    Some(Some(Scale {
        replicas: path("specReplicasPath")?,
        status: path("statusReplicasPath")?,
        selector,
    }))
}

pub(super) fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Sorts `v2` before `v1` before `v1beta1` before anything else.
pub(crate) fn priority(version: &str) -> (u8, std::cmp::Reverse<(u64, u64)>, String) {
    let number = |text: &str| text.parse::<u64>().ok();
    let parsed = version.strip_prefix('v').and_then(|rest| {
        for (stage, word) in [(1, "beta"), (2, "alpha")] {
            if let Some((major, minor)) = rest.split_once(word) {
                return Some((stage, (number(major)?, number(minor)?)));
            }
        }
        Some((0, (number(rest)?, 0)))
    });
    let (stage, numbers) = parsed.unwrap_or((3, (0, 0)));
    (stage, std::cmp::Reverse(numbers), version.to_owned())
}

fn resource(spec: &Value, version: &Value, id: ResourceId, custom: Custom, columns: Value) -> Resource {
    let names = &spec["names"];
    let kind = text(names, "/kind");
    let verbs = |verbs: &[&str]| verbs.iter().map(|verb| (*verb).to_owned()).collect::<Vec<_>>();
    let mut subresources = Vec::new();
    let mut add = |name: &str, group: &str, version: &str, kind: &str| {
        subresources.push(SubresourceEntry {
            subresource: name.to_owned(),
            response_kind: GroupVersionKind {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: kind.to_owned(),
            },
            verbs: verbs(&["get", "patch", "update"]),
        });
    };
    if version["subresources"].get("status").is_some() {
        add("status", "", "", &kind);
    }
    if custom.scale.is_some() {
        add("scale", "autoscaling", "v1", "Scale");
    }
    let mut resource = Resource {
        id,
        group: text(spec, "/group"),
        version: text(version, "/name"),
        plural: text(names, "/plural"),
        singular: text(names, "/singular"),
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        list_kind: text(names, "/listKind"),
        kind,
        namespaced: spec["scope"] == "Namespaced",
        verbs: verbs(&VERBS),
        subresources,
        columns,
        empty: json!({}),
        discovery: Value::Null,
        custom: Some(Arc::new(custom)),
    };
    resource.discovery = document::discovery(&resource);
    resource
}
