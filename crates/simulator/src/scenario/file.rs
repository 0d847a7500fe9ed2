//! A user's file of manifests.

use std::path::Path;

use serde_json::{Value, json};

use super::load_manifest;
use super::manifests::parse;
use crate::custom::checks;
use crate::custom::validate;
use crate::error::StartError;
use crate::fault::FaultRule;
use crate::schema::decode::decode;
use crate::shared::Shared;

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// What is in the cluster.
    pub(crate) objects: Vec<Value>,
    /// What its clients suffer from the start.
    pub(crate) faults: Vec<FaultRule>,
}

/// The apiVersion and kind of a document that has faults in place of an object.
const FAULTS: [&str; 2] = ["simulator.kubilitics.io/v1", "Faults"];

/// Reads the manifests of a file and checks that they can be put into a cluster.
pub(crate) fn read(shared: &Shared, file: &Path) -> Result<Read, StartError> {
    let text = std::fs::read_to_string(file).map_err(|source| StartError::ScenarioFile {
        file: file.to_owned(),
        source,
    })?;
    let mut read = Read::default();
    let is_fault = |object: &Value| [&object["apiVersion"], &object["kind"]] == FAULTS;
    let is_definition = |object: &Value| object["kind"] == "CustomResourceDefinition";
    let (definitions, others): (Vec<_>, Vec<_>) = parse(file, &text)?
        .into_iter()
        .partition(|(_, object)| is_definition(object));
    // What definitions make has to be there before it can be looked at.
    for (document, object) in definitions {
        let mut definition = check(shared, file, document, object)?;
        checks::complete(&mut definition);
        check_definition(shared, file, document, &definition)?;
        load_manifest(shared, definition)?;
    }
    for (document, object) in others {
        if is_fault(&object) {
            read.faults.extend(faults(shared, file, document, object)?);
        } else {
            read.objects.push(check(shared, file, document, object)?);
        }
    }
    Ok(read)
}

fn faults(
    shared: &Shared,
    file: &Path,
    document: usize,
    mut object: Value,
) -> Result<Vec<FaultRule>, StartError> {
    let wrong = |field: String, problem: String| StartError::Scenario {
        file: file.to_owned(),
        document,
        field,
        problem,
    };
    let Value::Array(rules) = object["rules"].take() else {
        return Err(wrong("rules".to_owned(), "has to be a list of faults".to_owned()));
    };
    let read = |(place, rule): (usize, Value)| {
        FaultRule::read(rule, shared.tls).map_err(|problem| wrong(format!("rules[{place}]"), problem))
    };
    rules.into_iter().enumerate().map(read).collect()
}

fn check_definition(shared: &Shared, file: &Path, document: usize, object: &Value) -> Result<(), StartError> {
    let wrong = |field: String, problem: String| StartError::Scenario {
        file: file.to_owned(),
        document,
        field,
        problem,
    };
    let causes = checks::check(shared, None, object).map_err(|refusal| {
        wrong(
            "spec".to_owned(),
            format!("cannot be served: {}", refusal.message),
        )
    })?;
    match causes.into_iter().next() {
        Some(cause) => Err(wrong(cause.field, format!("is wrong: {}", cause.message))),
        None => Ok(()),
    }
}

fn check(shared: &Shared, file: &Path, document: usize, mut object: Value) -> Result<Value, StartError> {
    let wrong = |field: &str, problem: String| StartError::Scenario {
        file: file.to_owned(),
        document,
        field: field.to_owned(),
        problem,
    };
    if !object.is_object() {
        return Err(wrong("", "is no object".to_owned()));
    }
    for (path, field) in [
        ("/apiVersion", "apiVersion"),
        ("/kind", "kind"),
        ("/metadata/name", "metadata.name"),
    ] {
        match object.pointer(path) {
            Some(Value::String(text)) if !text.is_empty() => {}
            Some(Value::String(_)) | None | Some(Value::Null) => {
                return Err(wrong(field, "is missing".to_owned()));
            }
            Some(other) => return Err(wrong(field, format!("is {other}, and has to be a text"))),
        }
    }
    let (api_version, kind) = (
        object["apiVersion"].as_str().unwrap_or_default().to_owned(),
        object["kind"].as_str().unwrap_or_default().to_owned(),
    );
    let resource = shared
        .resources
        .of_kind(&api_version, &kind)
        .filter(|resource| resource.is_stored())
        .ok_or_else(|| wrong("kind", format!("is {kind} of {api_version}, which is not served")))?;
    if resource.namespaced && object["metadata"]["namespace"].is_null() {
        object["metadata"]["namespace"] = json!("default");
    }
    let decoded = decode(&shared.schemas, &resource, object).map_err(|refusal| wrong("", refusal.message))?;
    if let Some(field) = decoded.unknown.first() {
        return Err(wrong(field, "is not a field of this kind".to_owned()));
    }
    let mut object = decoded.object;
    let causes = validate::check(&resource, None, &object);
    let causes = causes.map_err(|refusal| wrong("", refusal.message))?;
    if let Some(cause) = causes.into_iter().next() {
        return Err(wrong(&cause.field, format!("is wrong: {}", cause.message)));
    }
    object["apiVersion"] = json!(api_version);
    object["kind"] = json!(kind);
    Ok(object)
}
