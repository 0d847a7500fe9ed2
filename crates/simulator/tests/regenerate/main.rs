//! Makes `data/kubernetes.json.gz` anew from a real API server: discovery, OpenAPI without its prose, the columns of
//! its tables, and the roles that every cluster starts with. Run it when the control plane's version changes:
//! `cargo test -p simulator --test regenerate -- --ignored`.

mod protobuf;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use control_plane::{ControlPlane, User};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Map, Value, json};

/// Kinds whose version here is a conversion of another (`events.k8s.io`, `autoscaling/v1`), or that nothing needs yet.
const LEFT_OUT: &[&str] = &[
    "events.k8s.io/v1",
    "autoscaling/v1",
    "certificates.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1",
    "resource.k8s.io/v1",
];

#[tokio::test]
#[ignore = "rewrites a file of the source tree"]
async fn regenerate_the_data_of_the_built_in_kinds() -> Result<()> {
    let plane = tokio::task::spawn_blocking(ControlPlane::shared).await??;
    let kubeconfig = Kubeconfig::read_from(plane.kubeconfig(User::Admin))?;
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let real = Real(kube::Client::try_from(config)?);

    let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let mut core = real.get("/api", aggregated).await?;
    let mut groups = real.get("/apis", aggregated).await?;
    for group in list(&mut groups["items"])? {
        let name = group["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let left_out = |v: &Value| {
            LEFT_OUT.contains(&format!("{name}/{}", v["version"].as_str().unwrap_or_default()).as_str())
        };
        list(&mut group["versions"])?.retain(|version| !left_out(version));
    }
    list(&mut groups["items"])?.retain(|group| group["versions"].as_array().is_some_and(|v| !v.is_empty()));

    let mut tables = Map::new();
    let mut openapi = Map::new();
    let mut empty = Map::new();
    for group in list(&mut core["items"])?
        .iter()
        .chain(groups["items"].as_array().into_iter().flatten())
    {
        let name = group["metadata"]["name"].as_str();
        for version in group["versions"].as_array().into_iter().flatten() {
            let version_name = version["version"].as_str().context("a version has a name")?;
            let path = match name {
                Some(name) => format!("apis/{name}/{version_name}"),
                None => format!("api/{version_name}"),
            };
            let mut document = real
                .get(&format!("/openapi/v3/{path}"), "application/json")
                .await?;
            trim(&mut document);
            openapi.insert(path.clone(), document);
            for resource in version["resources"].as_array().into_iter().flatten() {
                let lists = resource["verbs"]
                    .as_array()
                    .is_some_and(|verbs| verbs.contains(&json!("list")));
                let plural = resource["resource"].as_str().context("a resource has a name")?;
                if lists {
                    let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
                    let table = real.get(&format!("/{path}/{plural}?limit=1"), table).await?;
                    tables.insert(format!("{path}/{plural}"), table["columnDefinitions"].clone());
                    let watches = resource["verbs"]
                        .as_array()
                        .is_some_and(|verbs| verbs.contains(&json!("watch")));
                    if watches {
                        let path = format!("{path}/{plural}");
                        let object = real.bookmark(&format!("/{path}")).await?;
                        empty.insert(path, object);
                    }
                }
            }
        }
    }

    let mut bootstrap = Vec::new();
    for (plural, kind) in [
        ("clusterroles", "ClusterRole"),
        ("clusterrolebindings", "ClusterRoleBinding"),
        ("roles", "Role"),
        ("rolebindings", "RoleBinding"),
    ] {
        let path = format!(
            "/apis/rbac.authorization.k8s.io/v1/{plural}?labelSelector=kubernetes.io/bootstrapping=rbac-defaults"
        );
        let mut answer = real.get(&path, "application/json").await?;
        for mut object in std::mem::take(list(&mut answer["items"])?) {
            object["kind"] = json!(kind);
            object["apiVersion"] = json!("rbac.authorization.k8s.io/v1");
            for given in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
                object["metadata"]
                    .as_object_mut()
                    .context("metadata is an object")?
                    .remove(given);
            }
            bootstrap.push(object);
        }
    }

    let data = json!({
        "version": real.get("/version", "application/json").await?,
        "core": core,
        "groups": groups,
        "tables": tables,
        "empty": empty,
        "openapi": openapi,
        "bootstrap": bootstrap,
    });
    let file = std::fs::File::create(Path::new("data/kubernetes.json.gz"))?;
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::best());
    gzip.write_all(&serde_json::to_vec(&data)?)?;
    gzip.finish()?;
    Ok(())
}

struct Real(kube::Client);

impl Real {
    async fn get(&self, path: &str, accept: &str) -> Result<Value> {
        let request = http::Request::get(path)
            .header("accept", accept)
            .body(Vec::new())?;
        self.0
            .request(request)
            .await
            .with_context(|| format!("cannot read {path}"))
    }

    /// The object of a bookmark, without what every object has.
    async fn bookmark(&self, path: &str) -> Result<Value> {
        let query = "watch=1&timeoutSeconds=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
        let request = http::Request::get(format!("{path}?{query}&labelSelector=none")).body(Vec::new())?;
        let text = self
            .0
            .request_text(request)
            .await
            .with_context(|| format!("cannot watch {path}"))?;
        let event: Value = serde_json::from_str(text.lines().next().unwrap_or("{}"))?;
        let mut object = event["object"].clone();
        if let Some(fields) = object.as_object_mut() {
            fields.retain(|key, _| !matches!(key.as_str(), "kind" | "apiVersion" | "metadata"));
        }
        Ok(object)
    }
}

fn list(value: &mut Value) -> Result<&mut Vec<Value>> {
    value.as_array_mut().context("the API server answers with a list")
}

/// Leaves out the prose, the answers of each operation, and what only documents.
fn trim(document: &mut Value) {
    if let Some(paths) = document["paths"].as_object_mut() {
        for path in paths.values_mut().filter_map(Value::as_object_mut) {
            path.remove("parameters");
            for operation in path.values_mut().filter_map(Value::as_object_mut) {
                operation.retain(|key, _| key.starts_with("x-kubernetes") || key == "parameters");
                for parameter in operation
                    .get_mut("parameters")
                    .and_then(Value::as_array_mut)
                    .into_iter()
                    .flatten()
                {
                    if let Some(parameter) = parameter.as_object_mut() {
                        parameter.retain(|key, _| key == "name" || key == "in" || key == "schema");
                    }
                }
            }
        }
    }
    if let Some(components) = document["components"].as_object_mut() {
        components.retain(|key, _| key == "schemas");
        for schema in components["schemas"]
            .as_object_mut()
            .into_iter()
            .flat_map(|s| s.values_mut())
        {
            without_prose(schema);
        }
    }
}

fn without_prose(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    schema.remove("description");
    for (key, inner) in schema.iter_mut() {
        match (key.as_str(), inner) {
            ("properties", Value::Object(fields)) => fields.values_mut().for_each(without_prose),
            ("items" | "additionalProperties", inner) => without_prose(inner),
            ("allOf" | "oneOf" | "anyOf", Value::Array(all)) => all.iter_mut().for_each(without_prose),
            _ => {}
        }
    }
}
