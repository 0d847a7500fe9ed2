//! A user's file of manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::load_manifest;
use super::manifests::{Manifest, line_of, parse};
use crate::custom::checks;
use crate::custom::validate;
use crate::error::StartError;
use crate::fault::FaultRule;
use crate::schema::decode::decode;
use crate::shared::Shared;
use crate::simulator::NAMESPACES;
use crate::status::Cause;
use crate::write;

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
/// More mistakes than these are not told.
const MOST: usize = 20;

/// Reads the manifests of a file and checks that they can be put into a cluster.
pub(crate) fn read(shared: &Shared, file: &Path) -> Result<Read, StartError> {
    let text = std::fs::read_to_string(file).map_err(|source| StartError::ScenarioFile {
        file: file.to_owned(),
        source,
    })?;
    let manifests = parse(file, &text)?;
    if manifests.is_empty() {
        return Err(StartError::ScenarioEmpty {
            file: file.to_owned(),
        });
    }
    let mut reader = Reader {
        shared,
        file,
        text: &text,
        wrong: Vec::new(),
    };
    let mut read = Read::default();
    let is_fault = |object: &Value| [&object["apiVersion"], &object["kind"]] == FAULTS;
    let is_definition = |manifest: &Manifest| manifest.object["kind"] == "CustomResourceDefinition";
    let (definitions, others): (Vec<_>, Vec<_>) = manifests.into_iter().partition(is_definition);
    // What definitions make has to be there before it can be looked at.
    for manifest in definitions {
        if let Some(mut definition) = reader.check(&manifest) {
            checks::complete(&mut definition);
            if reader.check_definition(&manifest, &definition) {
                load_manifest(shared, definition)?;
            }
        }
    }
    let mut known: Vec<(Manifest, Value)> = Vec::new();
    for manifest in others {
        if is_fault(&manifest.object) {
            read.faults.extend(reader.faults(&manifest));
        } else if let Some(object) = reader.check(&manifest) {
            known.push((manifest, object));
        }
    }
    reader.check_places(&known);
    let mut wrong = reader.wrong;
    wrong.truncate(MOST);
    match wrong.len() {
        0 => {}
        1 => return Err(wrong.remove(0)),
        _ => return Err(StartError::Several(wrong)),
    }
    read.objects = known.into_iter().map(|(_, object)| object).collect();
    Ok(read)
}

/// Goes through a file and remembers what is wrong with it.
struct Reader<'r> {
    shared: &'r Shared,
    file: &'r Path,
    text: &'r str,
    wrong: Vec<StartError>,
}

impl Reader<'_> {
    fn wrong(&mut self, manifest: &Manifest, field: &str, problem: impl Into<String>) {
        self.wrong.push(StartError::Scenario {
            file: self.file.to_owned(),
            document: manifest.document,
            line: line_of(self.text, manifest.document, manifest.item, field),
            field: field.to_owned(),
            problem: problem.into(),
        });
    }

    /// The same for what was refused with a message that names the field as Go does.
    fn refused(&mut self, manifest: &Manifest, message: &str) {
        let of_go = message.split("Go struct field ").nth(1);
        let field = of_go.and_then(|rest| rest.split_whitespace().next()?.split_once('.'));
        let field = field.map(|(_, field)| field.to_owned()).unwrap_or_default();
        self.wrong(manifest, &field, format!("cannot be read: {message}"));
    }

    fn faults(&mut self, manifest: &Manifest) -> Vec<FaultRule> {
        let Value::Array(rules) = manifest.object["rules"].clone() else {
            self.wrong(manifest, "rules", "has to be a list of faults");
            return Vec::new();
        };
        let mut read = Vec::new();
        for (place, rule) in rules.into_iter().enumerate() {
            match FaultRule::read(rule, self.shared.tls) {
                Ok(rule) => read.push(rule),
                Err(problem) => self.wrong(manifest, &format!("rules[{place}]"), problem),
            }
        }
        read
    }

    fn check_definition(&mut self, manifest: &Manifest, object: &Value) -> bool {
        match checks::check(self.shared, None, object) {
            Err(refusal) => {
                self.wrong(manifest, "spec", format!("cannot be served: {}", refusal.message));
                false
            }
            Ok(causes) => {
                let good = causes.is_empty();
                self.causes(manifest, causes);
                good
            }
        }
    }

    fn causes(&mut self, manifest: &Manifest, causes: Vec<Cause>) {
        for cause in causes {
            self.wrong(manifest, &cause.field, format!("is wrong: {}", cause.message));
        }
    }

    /// An object as it is put into the cluster; none if something is wrong with it.
    fn check(&mut self, manifest: &Manifest) -> Option<Value> {
        let before = self.wrong.len();
        let object = self.object(manifest)?;
        (self.wrong.len() == before).then_some(object)
    }

    fn object(&mut self, manifest: &Manifest) -> Option<Value> {
        let mut object = manifest.object.clone();
        if !object.is_object() {
            self.wrong(manifest, "", "it is no object");
            return None;
        }
        for (path, field) in [
            ("/apiVersion", "apiVersion"),
            ("/kind", "kind"),
            ("/metadata/name", "metadata.name"),
        ] {
            match object.pointer(path) {
                Some(Value::String(text)) if !text.is_empty() => {}
                Some(Value::String(_)) | None | Some(Value::Null) => {
                    self.wrong(manifest, field, "is missing");
                    return None;
                }
                Some(other) => {
                    self.wrong(manifest, field, format!("is {other}, and has to be a text"));
                    return None;
                }
            }
        }
        let (api_version, kind) = (
            object["apiVersion"].as_str().unwrap_or_default().to_owned(),
            object["kind"].as_str().unwrap_or_default().to_owned(),
        );
        let resource = self
            .shared
            .resources
            .of_kind(&api_version, &kind)
            .filter(|resource| resource.is_stored());
        let Some(resource) = resource else {
            let why = format!("is {kind} of {api_version}, which is not served");
            self.wrong(manifest, "kind", why);
            return None;
        };
        if resource.namespaced && object["metadata"]["namespace"].is_null() {
            object["metadata"]["namespace"] = json!("default");
        }
        let decoded = match decode(&self.shared.schemas, &resource, object) {
            Ok(decoded) => decoded,
            Err(refusal) => {
                self.refused(manifest, &refusal.message);
                return None;
            }
        };
        for field in &decoded.unknown {
            self.wrong(manifest, field, "is not a field of this kind");
        }
        if !decoded.unknown.is_empty() {
            return None;
        }
        let mut object = decoded.object;
        write::fill_manifest(&resource, &mut object);
        let checked = match resource.custom.is_some() {
            true => validate::check(&resource, None, &object),
            false => write::check_manifest(&resource, &object),
        };
        match checked {
            Ok(causes) => self.causes(manifest, causes),
            Err(refusal) => self.refused(manifest, &refusal.message),
        }
        object["apiVersion"] = json!(api_version);
        object["kind"] = json!(kind);
        Some(object)
    }

    /// No two objects may have one name, and the namespace of each has to be there.
    fn check_places(&mut self, known: &[(Manifest, Value)]) {
        let text =
            |object: &Value, field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let mut spaces: BTreeSet<String> = NAMESPACES.iter().map(|&name| name.to_owned()).collect();
        let of_file = known.iter().filter(|(_, object)| object["kind"] == "Namespace");
        spaces.extend(of_file.map(|(_, object)| text(object, "name")));
        let mut seen: BTreeMap<(String, String, String), usize> = BTreeMap::new();
        for (manifest, object) in known {
            let (space, name) = (text(object, "namespace"), text(object, "name"));
            let group = object["apiVersion"].as_str().unwrap_or_default();
            let group = group.split_once('/').map_or("", |(group, _)| group);
            let kind = format!("{} of {group:?}", object["kind"].as_str().unwrap_or_default());
            if let Some(first) = seen.insert((kind, space.clone(), name.clone()), manifest.document) {
                let why = format!("{name:?} is that of an object of document {first}, too");
                self.wrong(manifest, "metadata.name", why);
            }
            if !space.is_empty() && !spaces.contains(&space) {
                let why = format!(
                    "is wrong: namespaces {space:?} not found: add a Namespace of that name to the file"
                );
                self.wrong(manifest, "metadata.namespace", why);
            }
        }
    }
}
