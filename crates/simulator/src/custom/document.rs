//! What clients are told of custom resources: discovery and OpenAPI.

use serde_json::{Map, Value, json};

use super::types::METADATA;
use crate::resources::Resource;
use crate::shared::Shared;

/// A document of the server itself that has the same paths: one kind in namespaces, with a status.
const MODEL: &str = "apis/policy/v1";

/// The entry of aggregated discovery.
pub(super) fn discovery(resource: &Resource) -> Value {
    let kind =
        |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let mut entry = json!({
        "resource": resource.plural, "singularResource": resource.singular, "verbs": resource.verbs,
        "responseKind": kind(&resource.group, &resource.version, &resource.kind),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        entry["categories"] = json!(resource.categories);
    }
    let subresources: Vec<Value> = resource
        .subresources
        .iter()
        .map(|sub| {
            let of = &sub.response_kind;
            let of = match of.version.as_str() {
                "" => kind(&resource.group, &resource.version, &of.kind),
                version => kind(&of.group, version, &of.kind),
            };
            json!({"subresource": sub.subresource, "responseKind": of, "verbs": sub.verbs})
        })
        .collect();
    if !subresources.is_empty() {
        entry["subresources"] = json!(subresources);
    }
    entry
}

/// The OpenAPI v3 document of a group and version that definitions make; none if there is no such.
pub(crate) fn openapi(shared: &Shared, group: &str, version: &str) -> Option<Value> {
    let resources: Vec<_> = shared
        .resources
        .iter()
        .filter(|r| r.custom.is_some() && r.group == group && r.version == version)
        .collect();
    let model = shared.openapi.get(MODEL).filter(|_| !resources.is_empty())?;
    let model: Value = serde_json::from_str(model.get()).ok()?;
    let mut schemas = Map::new();
    for (name, schema) in model["components"]["schemas"].as_object().into_iter().flatten() {
        if name.starts_with("io.k8s.apimachinery.") {
            schemas.insert(name.clone(), schema.clone());
        }
    }
    let mut paths = Map::new();
    for resource in &resources {
        describe(resource, &mut schemas);
        for (path, item) in model["paths"].as_object().into_iter().flatten() {
            paths.extend(path_of(resource, path, item));
        }
    }
    Some(json!({
        "openapi": "3.0.0", "info": model["info"], "paths": paths, "components": {"schemas": schemas},
    }))
}

/// The path of a resource that is like one of the model, with what can be done there.
fn path_of(resource: &Resource, path: &str, item: &Value) -> Option<(String, Value)> {
    let plural = "poddisruptionbudgets";
    if path.contains("/watch/") || !path.contains(plural) {
        return None;
    }
    if path.ends_with("/status") && !resource.has_subresource("status") {
        return None;
    }
    let mut path = path
        .replace(MODEL, &format!("apis/{}/{}", resource.group, resource.version))
        .replace(plural, &resource.plural);
    if !resource.namespaced {
        if !path.contains("{namespace}") {
            return None;
        }
        path = path.replace("namespaces/{namespace}/", "");
    }
    let mut item = item.clone();
    for operation in item
        .as_object_mut()
        .into_iter()
        .flat_map(|item| item.values_mut())
    {
        if let Some(kind) = operation.get_mut("x-kubernetes-group-version-kind") {
            *kind = gvk(resource, &resource.kind);
        }
    }
    Some((path, item))
}

fn gvk(resource: &Resource, kind: &str) -> Value {
    json!({"group": resource.group, "version": resource.version, "kind": kind})
}

/// Adds the schemas of a kind and of its lists.
fn describe(resource: &Resource, schemas: &mut Map<String, Value>) {
    let Some(custom) = &resource.custom else { return };
    let reversed: Vec<&str> = resource.group.rsplit('.').collect();
    let name = |kind: &str| format!("{}.{}.{kind}", reversed.join("."), resource.version);
    let pointer = |name: &str| format!("#/components/schemas/{name}");
    let reference = |name: &str| json!({"allOf": [{"$ref": pointer(name)}]});
    let about = format!(
        "List of {}. More info: \
         https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md",
        resource.plural
    );
    let mut schema = custom.given.clone();
    let properties = &mut schema["properties"];
    for field in ["apiVersion", "kind"] {
        properties[field] = json!({"type": "string"});
    }
    properties["metadata"] = reference(METADATA);
    schema["x-kubernetes-group-version-kind"] = json!([gvk(resource, &resource.kind)]);
    let list = json!({
        "type": "object", "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"}, "kind": {"type": "string"},
            "metadata": reference("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"),
            "items": {"type": "array", "description": about, "items": {"$ref": pointer(&name(&resource.kind))}},
        },
        "x-kubernetes-group-version-kind": [gvk(resource, &resource.list_kind)],
    });
    schemas.insert(name(&resource.kind), schema);
    schemas.insert(name(&resource.list_kind), list);
}
