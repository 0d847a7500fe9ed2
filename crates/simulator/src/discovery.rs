//! What there is: discovery in both forms, the version, health, and OpenAPI.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::custom::document;
use crate::http::answer::{self, Answer};
use crate::http::form::accepted;
use crate::resources::Resource;
use crate::shared::Shared;
use crate::status::Refusal;

/// A page that is no resource; none if the path is not one of these.
pub(crate) fn page(shared: &Shared, path: &str, accept: &str, address: &str, gzip: bool) -> Option<Answer> {
    let path = path.trim_end_matches('/');
    let ok = |value: Value| Some(answer::json(StatusCode::OK, value.to_string(), gzip));
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["readyz" | "livez" | "healthz"] => Some(answer::text(StatusCode::OK, "ok")),
        ["version"] => ok(shared.version.clone()),
        ["api"] if wants_aggregated(accept) => Some(aggregated(shared, true, gzip)),
        ["apis"] if wants_aggregated(accept) => Some(aggregated(shared, false, gzip)),
        ["api"] => ok(json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
        })),
        ["apis"] => ok(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups(shared)})),
        ["apis", group] => {
            let mut found = groups(shared).into_iter().find(|g| g["name"] == *group)?;
            found["kind"] = json!("APIGroup");
            found["apiVersion"] = json!("v1");
            ok(found)
        }
        ["api", version] => resources(shared, "", version).and_then(ok),
        ["apis", group, version] => resources(shared, group, version).and_then(ok),
        ["openapi", "v3"] => ok(openapi_index(shared)),
        ["openapi", "v3", rest @ ..] => {
            if accept.contains("application/com.github.proto-openapi") && !accept.contains("json") {
                return Some(answer::refusal(&Refusal::unsupported("OpenAPI as protobuf")));
            }
            ok(openapi(shared, rest)?)
        }
        ["openapi", "v2"] => Some(answer::refusal(&Refusal::unsupported(
            "OpenAPI v2; ask for /openapi/v3",
        ))),
        _ => None,
    }
}

fn openapi(shared: &Shared, path: &[&str]) -> Option<Value> {
    match (shared.openapi.get(&path.join("/")), path) {
        (Some(known), _) => serde_json::from_str(known.get()).ok(),
        (None, ["apis", group, version]) => document::openapi(shared, group, version),
        _ => None,
    }
}

/// Group versions in the order of the data, each once.
fn group_versions(shared: &Shared) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for resource in shared.resources.iter() {
        let pair = (resource.group.clone(), resource.version.clone());
        if !all.contains(&pair) {
            all.push(pair);
        }
    }
    all
}

fn groups(shared: &Shared) -> Vec<Value> {
    let mut groups: Vec<Value> = Vec::new();
    for (group, version) in group_versions(shared)
        .into_iter()
        .filter(|(group, _)| !group.is_empty())
    {
        let entry = json!({"groupVersion": format!("{group}/{version}"), "version": version});
        match groups.iter_mut().find(|g| g["name"] == group) {
            Some(known) => {
                if let Some(versions) = known["versions"].as_array_mut() {
                    versions.push(entry);
                }
            }
            None => {
                groups.push(json!({"name": group, "versions": [entry.clone()], "preferredVersion": entry}))
            }
        }
    }
    groups
}

fn resources(shared: &Shared, group: &str, version: &str) -> Option<Value> {
    let mut list = Vec::new();
    let of_version = |r: &Arc<Resource>| r.group == group && r.version == version;
    for resource in shared.resources.iter().filter(of_version) {
        let mut entry = json!({
            "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
            "kind": resource.kind, "verbs": resource.verbs,
        });
        if !resource.short_names.is_empty() {
            entry["shortNames"] = json!(resource.short_names);
        }
        if !resource.categories.is_empty() {
            entry["categories"] = json!(resource.categories);
        }
        let kept = resource.plural != "componentstatuses" && resource.group != crate::metrics::GROUP;
        if resource.is_stored() && kept {
            entry["storageVersionHash"] = json!(storage_version_hash(&resource));
        }
        list.push(entry);
        for sub in &resource.subresources {
            let mut entry = json!({
                "name": format!("{}/{}", resource.plural, sub.subresource), "singularName": "",
                "namespaced": resource.namespaced, "kind": sub.response_kind.kind, "verbs": sub.verbs,
            });
            let kind = &sub.response_kind;
            if !kind.version.is_empty() {
                entry["group"] = json!(kind.group);
                entry["version"] = json!(kind.version);
            }
            list.push(entry);
        }
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    (!list.is_empty()).then(|| {
        let mut answer = json!({"kind": "APIResourceList", "groupVersion": group_version, "resources": list});
        if !group.is_empty() {
            answer["apiVersion"] = json!("v1");
        }
        answer
    })
}

/// The API server's way to say in which version objects are stored: a hash of group, version and kind.
fn storage_version_hash(resource: &Resource) -> String {
    let custom = resource.custom.as_ref();
    let version = custom.map_or(&resource.version, |custom| &custom.stored_version);
    let kind = format!("{}/{version}/{}", resource.group, resource.kind);
    let digest = Sha256::digest(kind.as_bytes());
    STANDARD.encode(digest.get(..8).unwrap_or_default())
}

fn wants_aggregated(accept: &str) -> bool {
    let first_json = accepted(accept).into_iter().find(|media| {
        media.kind == "application/json"
            && (media.parameter("as").is_empty()
                || (media.parameter("g") == "apidiscovery.k8s.io" && media.parameter("v") == "v2"))
    });
    first_json.is_some_and(|media| media.parameter("as") == "APIGroupDiscoveryList")
}

fn aggregated(shared: &Shared, core: bool, gzip: bool) -> Answer {
    let mut items: Vec<Value> = Vec::new();
    for (group, version) in group_versions(shared)
        .into_iter()
        .filter(|(group, _)| group.is_empty() == core)
    {
        let of_version = |r: &Arc<Resource>| r.group == group && r.version == version;
        let resources: Vec<Value> = shared
            .resources
            .iter()
            .filter(of_version)
            .map(|r| r.discovery.clone())
            .collect();
        let entry = json!({"version": version, "resources": resources, "freshness": "Current"});
        match items.iter_mut().find(|item| item["metadata"]["name"] == group) {
            Some(known) if !core => {
                if let Some(versions) = known["versions"].as_array_mut() {
                    versions.push(entry);
                }
            }
            _ => {
                let metadata = if core { json!({}) } else { json!({"name": group}) };
                items.push(json!({"metadata": metadata, "versions": [entry]}));
            }
        }
    }
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    let content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    answer::typed(content_type, &list, gzip)
}

fn openapi_index(shared: &Shared) -> Value {
    let custom = shared
        .resources
        .iter()
        .filter(|resource| resource.custom.is_some());
    let custom = custom.map(|resource| format!("apis/{}", resource.api_version()));
    let paths: serde_json::Map<String, Value> = shared
        .openapi
        .keys()
        .cloned()
        .chain(custom)
        .map(|path| {
            (
                path.clone(),
                json!({"serverRelativeURL": format!("/openapi/v3/{path}")}),
            )
        })
        .collect();
    json!({"paths": paths})
}
