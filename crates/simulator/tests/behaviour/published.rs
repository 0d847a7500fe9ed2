//! Definitions that other projects publish, and objects of them. Their files come from the projects' Go modules:
//! `cargo test -p simulator --test behaviour published -- --ignored`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::case::{Step, case, delete, get, post};
use crate::customs::DEFINITIONS;
use crate::run::compare;

/// A module, and the folder with its definitions.
const GATEWAY: [(&str, &str); 6] = [
    ("sigs.k8s.io/gateway-api@v1.2.1", "config/crd/standard"),
    ("sigs.k8s.io/gateway-api@v1.2.1", "config/crd/experimental"),
    ("sigs.k8s.io/gateway-api@v1.3.0", "config/crd/standard"),
    ("sigs.k8s.io/gateway-api@v1.3.0", "config/crd/experimental"),
    ("sigs.k8s.io/gateway-api@v1.4.0", "config/crd/standard"),
    ("sigs.k8s.io/gateway-api@v1.4.0", "config/crd/experimental"),
];
const OTHERS: [(&str, &str); 3] = [
    ("github.com/cert-manager/cert-manager@v1.16.2", "deploy/crds"),
    (
        "github.com/prometheus-operator/prometheus-operator@v0.79.2",
        "example/prometheus-operator-crd",
    ),
    ("github.com/argoproj/argo-cd/v2@v2.13.2", "manifests/crds"),
];

/// The definitions in a folder of a module.
fn definitions(module: &str, folder: &str) -> Result<Vec<Value>> {
    let go = Command::new("go")
        .args(["mod", "download", "-json", module])
        .output();
    let answer: Value = serde_json::from_slice(&go.context("cannot run go")?.stdout)?;
    let dir = answer["Dir"]
        .as_str()
        .with_context(|| format!("{module}: {}", answer["Error"]))?;
    let files = std::fs::read_dir(PathBuf::from(dir).join(folder))?;
    let mut files: Vec<PathBuf> = files
        .map(|file| Ok(file?.path()))
        .collect::<std::io::Result<_>>()?;
    files.sort();
    let mut found = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "yaml"))
    {
        // Some are templates, with nothing but labels to be filled in.
        let text = std::fs::read_to_string(file)?;
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains("{{")).collect();
        for document in serde_yaml_ng::Deserializer::from_str(&lines.join("\n")) {
            let value = Value::deserialize(document)?;
            if value["kind"] == "CustomResourceDefinition" {
                found.push(value);
            }
        }
    }
    ensure!(!found.is_empty(), "{module} has no definitions in {folder}");
    Ok(found)
}

/// The steps that make objects of these definitions: all of `published.yaml` that they have.
fn objects(definitions: &[Value]) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(include_str!("published.yaml")) {
        let object = Value::deserialize(document)?;
        let (group, version) = object["apiVersion"]
            .as_str()
            .unwrap_or_default()
            .split_once('/')
            .unwrap_or_default();
        let is_served = |version: &str, definition: &Value| {
            let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
            versions
                .into_iter()
                .any(|own| own["name"] == version && own["served"] == true)
        };
        let found = definitions.iter().find(|definition| {
            let spec = &definition["spec"];
            spec["group"] == group
                && spec["names"]["kind"] == object["kind"]
                && is_served(version, definition)
        });
        let Some(found) = found else { continue };
        let plural = found["spec"]["names"]["plural"].as_str().unwrap_or_default();
        let place = match found["spec"]["scope"] == "Namespaced" {
            true => format!("/apis/{group}/{version}/namespaces/{{ns}}/{plural}"),
            false => format!("/apis/{group}/{version}/{plural}"),
        };
        let only = ["/code", "/warnings", "/body/details/causes", "/body/spec"];
        steps.push(
            post(&format!("{place}?dryRun=All"), object)
                .any_order()
                .only(&only),
        );
        steps.push(get(&place).table().only(&["/code", "/body/columnDefinitions"]));
    }
    ensure!(!steps.is_empty(), "there are no objects of these definitions");
    Ok(steps)
}

fn steps(definitions: &[Value]) -> Result<Vec<Step>> {
    let name = |definition: &Value| {
        let name = definition["metadata"]["name"].as_str().unwrap_or_default();
        format!("{DEFINITIONS}/{name}")
    };
    let mut steps = Vec::new();
    for definition in definitions {
        let made = post(DEFINITIONS, definition.clone());
        steps.push(made.only(&["/code", "/warnings", "/body/message", "/body/spec"]));
    }
    for definition in definitions {
        let served = get(&name(definition)).until("/body/status/conditions/1/status", json!("True"));
        steps.push(served.quiet());
        let spec = &definition["spec"];
        let versions = spec["versions"].as_array().into_iter().flatten();
        for version in versions.filter(|version| version["served"] == true) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
            let path = format!("/apis/{group}/{}/{plural}", text(&version["name"]));
            steps.push(get(&path).until("/code", json!(200)).quiet());
        }
    }
    steps.extend(objects(definitions)?);
    for definition in definitions {
        steps.push(delete(&name(definition)).quiet());
        steps.push(
            get(&name(definition))
                .until("/body/reason", json!("NotFound"))
                .quiet(),
        );
    }
    Ok(steps)
}

#[tokio::test]
#[ignore = "downloads Go modules"]
async fn published_definitions_and_their_objects() -> Result<()> {
    let mut cases = Vec::new();
    for (module, folder) in GATEWAY.into_iter().chain(OTHERS) {
        let name: &'static str = format!("{module} {folder}").leak();
        cases.push(case(name, steps(&definitions(module, folder)?)?));
    }
    compare(cases).await
}
