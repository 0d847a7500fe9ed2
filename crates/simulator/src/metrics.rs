//! `metrics.k8s.io/v1beta1`: what nodes and pods use, as metrics-server would have measured it. It is there where
//! kubelets run (the controller of that name), and made up of what HorizontalPodAutoscalers see, of requests and limits.

use http::StatusCode;
use serde_json::{Value, json};

use crate::data::Group;
use crate::http::answer::{self, Answer};
use crate::http::form::{Form, Include};
use crate::http::request::{Query, Target};
use crate::resources::Resource;
use crate::selector::Selectors;
use crate::shared::Shared;
use crate::status::Refusal;
use crate::store::Key;
use crate::store::object::text_of;
use crate::view::View;

mod usage;

use usage::Cluster;

pub(crate) const GROUP: &str = "metrics.k8s.io";
const VERSION: &str = "v1beta1";
/// As metrics-server has it: how often it measures, and over how many seconds.
const WINDOW: i64 = 15;

/// The group, for discovery.
pub(crate) fn group() -> Option<Group> {
    let resource = |plural: &str, kind: &str, scope: &str| {
        json!({
            "resource": plural, "responseKind": {"group": GROUP, "version": VERSION, "kind": kind},
            "scope": scope, "singularResource": "", "verbs": ["get", "list"],
        })
    };
    let resources = [
        resource("nodes", "NodeMetrics", "Cluster"),
        resource("pods", "PodMetrics", "Namespaced"),
    ];
    let group =
        json!({"metadata": {"name": GROUP}, "versions": [{"version": VERSION, "resources": resources}]});
    serde_json::from_value(group).ok()
}

/// What belongs to it in the cluster: the APIService, and a role that the usual ones take up.
pub(crate) fn objects(now: &str) -> [Value; 2] {
    let name = format!("{VERSION}.{GROUP}");
    [
        json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": name},
            "spec": {"group": GROUP, "version": VERSION, "groupPriorityMinimum": 100, "versionPriority": 100},
            "status": {"conditions": [{
                "type": "Available", "status": "True", "reason": "Local",
                "message": "Local APIServices are always available", "lastTransitionTime": now,
            }]},
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "system:aggregated-metrics-reader", "labels": {
                "rbac.authorization.k8s.io/aggregate-to-admin": "true",
                "rbac.authorization.k8s.io/aggregate-to-edit": "true",
                "rbac.authorization.k8s.io/aggregate-to-view": "true",
            }},
            "rules": [{"apiGroups": [GROUP], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]}],
        }),
    ]
}

/// Answers `get` and `list`.
pub(crate) fn read(
    shared: &Shared,
    target: &Target,
    query: &Query,
    form: Form,
    gzip: bool,
) -> Result<Answer, Refusal> {
    let resource = &*target.resource;
    let now = shared.clock.seconds();
    let cluster = Cluster::read(shared, now - now.rem_euclid(WINDOW));
    let mut items = match resource.plural.as_str() {
        "nodes" => cluster.nodes(),
        _ => cluster.pods(&target.namespace),
    };
    let single = target.verb == "get";
    if single {
        items.retain(|item| item["metadata"]["name"] == target.name.as_str());
        if items.is_empty() {
            return Err(not_found(resource, target));
        }
    } else {
        let selectors = Selectors::of(resource, query)?;
        items.retain(|item| {
            let text = |field: &str| item["metadata"][field].as_str().unwrap_or_default();
            let key = Key::new(text("namespace"), text("name"));
            selectors.is_empty() || selectors.matches(&key, &text_of(item))
        });
    }
    let body = match form {
        Form::Table => table(resource, &items, Include::parse(query.get("includeObject"))?)
            .to_string()
            .into_bytes(),
        form => written(shared, resource, query, form, &items, single)?,
    };
    Ok(answer::json(StatusCode::OK, body, gzip))
}

fn not_found(resource: &Resource, target: &Target) -> Refusal {
    let name = match target.namespace.as_str() {
        "" => target.name.clone(),
        namespace => format!("{namespace}/{}", target.name),
    };
    // It names the kind in small letters, and the namespace with the name.
    let kind = resource.kind.to_lowercase();
    let message = format!("{kind}.{GROUP} \"{name}\" not found");
    let details = json!({"name": name, "group": GROUP, "kind": kind});
    Refusal::other(StatusCode::NOT_FOUND, "NotFound", message, Some(details))
}

fn written(
    shared: &Shared,
    resource: &Resource,
    query: &Query,
    form: Form,
    items: &[Value],
    single: bool,
) -> Result<Vec<u8>, Refusal> {
    let view = View::of(shared, resource, query, form)?;
    let mut body = Vec::new();
    if single {
        for item in items {
            view.object(&mut body, &text_of(item), 0, true);
        }
        return Ok(body);
    }
    let (kind, api_version) = match form {
        Form::Metadata => ("PartialObjectMetadata", "meta.k8s.io/v1".to_owned()),
        _ => (resource.kind.as_str(), resource.api_version()),
    };
    // Nothing is stored, so the list has no version.
    let head =
        format!("{{\"kind\":\"{kind}List\",\"apiVersion\":\"{api_version}\",\"metadata\":{{}},\"items\":[");
    body.extend_from_slice(head.as_bytes());
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        view.item(&mut body, &text_of(item), index == 0);
    }
    body.extend_from_slice(b"]}");
    Ok(body)
}

/// metrics-server's own table: a column for each resource that is measured.
fn table(resource: &Resource, items: &[Value], include: Include) -> Value {
    let column = |name: &str, format: &str, description: &str| json!({"name": name, "type": "string", "format": format, "description": description, "priority": 0});
    let columns = [
        column("Name", "name", "Name of the resource"),
        column("cpu", "quantity", ""),
        column("memory", "quantity", ""),
        column("Window", "duration", ""),
    ];
    let rows = items.iter().map(|item| {
        let usage = usage::total(item);
        let cells = json!([
            item["metadata"]["name"],
            usage["cpu"],
            usage["memory"],
            item["window"]
        ]);
        let object = match include {
            Include::None => Value::Null,
            Include::Metadata => json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"],
            }),
            Include::Object => {
                let mut object = item.clone();
                object["kind"] = json!(resource.kind);
                object["apiVersion"] = json!(resource.api_version());
                object
            }
        };
        json!({"cells": cells, "object": object})
    });
    // Without an item nobody knows what is measured.
    let columns = if items.is_empty() {
        json!([])
    } else {
        json!(columns)
    };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {},
        "columnDefinitions": columns, "rows": rows.collect::<Vec<Value>>(),
    })
}
