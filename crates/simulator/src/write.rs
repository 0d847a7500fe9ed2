//! Writes: what they share, from the body to the store.

use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;
use hyper::body::Incoming;
use serde_json::Value;

use crate::access::{User, review};
use crate::custom::{definition, life};
use crate::http::answer::{self, Answer};
use crate::http::form::Form;
use crate::http::request::{Query, Target, header};
use crate::managed::{self, Manager};
use crate::protobuf;
use crate::resources::Resource;
use crate::shared::Shared;
use crate::status::{Cause, Refusal};
use crate::store::Inner;
use crate::view::View;

mod admission;
mod apply;
mod body;
mod checks;
mod create;
mod defaults;
mod delete;
mod escalation;
mod eviction;
mod limits;
pub(crate) mod names;
mod operations;
mod patch;
mod quota;
mod rules;
mod strategic;
pub(crate) mod subresource;
mod token;
mod update;

/// What a write is done with.
pub(crate) struct Write<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) resource: &'a Resource,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) user: &'a User,
    pub(crate) manager: Manager<'a>,
    /// Answered as if it were done, and not done.
    pub(crate) dry_run: bool,
    pub(crate) validation: Validation,
}

/// Whose the fields of an object are that is written.
pub(crate) enum Ownership {
    /// What differs is the writer's.
    Update,
    /// It is settled: the `managedFields`.
    Applied(Value),
}

/// What becomes of fields that a type does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validation {
    Ignore,
    Warn,
    Strict,
}

/// How a write ended.
pub(crate) struct Written {
    pub(crate) code: StatusCode,
    /// The object with its resourceVersion; none if `status` is the answer.
    pub(crate) object: Value,
    pub(crate) version: u64,
    pub(crate) warnings: Vec<String>,
    /// An answer that is no object of the resource.
    pub(crate) plain: bool,
}

impl Written {
    fn object(code: StatusCode, object: Value, warnings: Vec<String>) -> Self {
        let version = object
            .pointer("/metadata/resourceVersion")
            .and_then(Value::as_str);
        let version = version.and_then(|v| v.parse().ok()).unwrap_or_default();
        Self {
            code,
            object,
            version,
            warnings,
            plain: false,
        }
    }

    fn plain(object: Value) -> Self {
        Self {
            code: StatusCode::OK,
            object,
            version: 0,
            warnings: Vec::new(),
            plain: true,
        }
    }
}

/// Answers `create`, `update`, `patch`, `delete` and `deletecollection`.
pub(crate) async fn write(
    shared: &Arc<Shared>,
    target: &Target,
    query: &Query,
    form: Form,
    user: &User,
    head: &Parts,
    body: Incoming,
) -> Result<Answer, Refusal> {
    let resource = &*target.resource;
    let time = shared.clock.stamp();
    let agent = header(&head.headers, "user-agent");
    // As in the API server: what stands before the first slash of the User-Agent.
    let agent = agent.split('/').next().unwrap_or_default();
    let manager = query
        .get("fieldManager")
        .unwrap_or(if agent.is_empty() { "unknown" } else { agent });
    if manager.len() > 128 {
        let why = "Too long: may not be more than 128 bytes";
        let cause = Cause {
            reason: "FieldValueTooLong",
            message: why.to_owned(),
            field: "fieldManager".to_owned(),
        };
        return Err(Refusal::invalid(
            "meta.k8s.io",
            options_kind(target.verb),
            "",
            vec![cause],
        ));
    }
    let write = Write {
        shared,
        resource,
        namespace: &target.namespace,
        name: &target.name,
        user,
        manager: Manager {
            name: manager,
            subresource: &target.subresource,
            time: &time,
        },
        dry_run: dry_run(target.verb, query)?,
        validation: validation(target.verb, query)?,
    };
    let content_type = header(&head.headers, "content-type");
    let mut content_type = content_type.split(';').next().unwrap_or_default().trim();
    let mut text = body::read(body).await?;
    if content_type.is_empty() && target.verb != "patch" {
        // kubectl scale says nothing of what it sends.
        content_type = "application/json";
    }
    if content_type == protobuf::CONTENT_TYPE && target.verb != "patch" {
        text = protobuf::json(&shared.schemas, &text)?;
        content_type = "application/json";
    }
    if !resource.is_stored() {
        let (object, warnings) = body::object(&write, content_type, &text)?;
        if !matches!(
            resource.group.as_str(),
            "authorization.k8s.io" | "authentication.k8s.io"
        ) {
            return Err(Refusal::unsupported(&format!(
                "creating {}",
                resource.qualified()
            )));
        }
        let review = review::answer(shared, resource, &target.namespace, user, &write.manager, object)?;
        return respond(
            &write,
            form,
            query,
            &Written::object(StatusCode::CREATED, review, warnings),
        );
    }
    if let Some(written) = subresource(&write, target, content_type, &text, query)? {
        return respond(&write, form, query, &written);
    }
    let written = match target.verb {
        "create" => {
            let (object, warnings) = body::object(&write, content_type, &text)?;
            create::create(&write, object, warnings.clone())
                .map_err(|refusal| refusal.with_warnings(warnings))
        }
        "update" => {
            let (object, warnings) = body::object(&write, content_type, &text)?;
            update::update(&write, object, warnings.clone())
                .map_err(|refusal| refusal.with_warnings(warnings))
        }
        "patch" if apply::is_apply(content_type) => apply::apply(&write, &text, query, user),
        "patch" => patch::patch(&write, content_type, &text, query),
        "delete" => delete::delete(&write, content_type, &text, query),
        _ => delete::collection(&write, content_type, &text, query),
    }?;
    respond(&write, form, query, &written)
}

/// A write of a part of an object; none for the status and the object itself, which are written alike.
fn subresource(
    write: &Write<'_>,
    target: &Target,
    content_type: &str,
    text: &[u8],
    query: &Query,
) -> Result<Option<Written>, Refusal> {
    let unsupported = || {
        let what = format!(
            "{} of {}/{}",
            target.verb,
            write.resource.qualified(),
            target.subresource
        );
        Refusal::unsupported(&what)
    };
    let parsed = || {
        serde_json::from_slice::<Value>(text)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(unsupported)
    };
    match (target.subresource.as_str(), target.verb, content_type) {
        ("" | "status", ..) => Ok(None),
        ("scale", "update", "application/json") => {
            let new = parsed()?;
            subresource::scale(write, |_| Ok(new)).map(Some)
        }
        ("scale", "patch", "application/merge-patch+json" | "application/strategic-merge-patch+json") => {
            let patch = parsed()?;
            let merged = |mut scale: Value| {
                json_patch::merge(&mut scale, &patch);
                Ok(scale)
            };
            subresource::scale(write, merged).map(Some)
        }
        ("scale", "patch", "application/json-patch+json") => {
            let list: Vec<Value> = serde_json::from_slice(text).map_err(|_| unsupported())?;
            let patched = |mut scale: Value| {
                operations::apply(&mut scale, &list)?;
                Ok(scale)
            };
            subresource::scale(write, patched).map(Some)
        }
        ("binding", "create", "application/json") => subresource::bind(write, &parsed()?).map(Some),
        ("eviction", "create", "application/json") => {
            let eviction = body::of_kind(parsed()?, "policy/v1", "Eviction")?;
            eviction::create(write, &eviction, query).map(Some)
        }
        ("finalize", "update", "application/json") if write.resource.qualified() == "namespaces" => {
            subresource::finalize(write, &parsed()?).map(Some)
        }
        ("token", "create", "application/json") => {
            let request = body::of_kind(parsed()?, "authentication.k8s.io/v1", "TokenRequest")?;
            token::create(write, request).map(Some)
        }
        _ => Err(unsupported()),
    }
}

/// The objects of a core resource in the namespace of a write.
fn objects(write: &Write<'_>, store: &mut Inner, plural: &str) -> Vec<Value> {
    let resource = write.shared.resources.core(plural);
    let Some(resource) = resource.filter(|_| !write.namespace.is_empty()) else {
        return Vec::new();
    };
    let snapshot = store.snapshot(resource.id);
    let texts = snapshot
        .from(write.namespace, None)
        .map(|(_, stored)| snapshot.dictionary.unpack(stored));
    texts
        .filter_map(|text| serde_json::from_slice(&text).ok())
        .collect()
}

/// Writes `metadata.managedFields` of an object that is written, which replaces `old`.
fn settle(write: &Write<'_>, old: Option<&Value>, object: &mut Value, ownership: Ownership) {
    match ownership {
        Ownership::Update => {
            managed::update(&write.shared.schemas, write.resource, old, object, &write.manager)
        }
        Ownership::Applied(managers) => {
            if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("managedFields");
                if !managers.is_null() {
                    metadata.insert("managedFields".to_owned(), managers);
                }
            }
        }
    }
}

/// Lets the server follow what was written, if it is a definition or one of its last objects.
fn followed(write: &Write<'_>, store: &mut Inner, name: &str) {
    if definition::is_definition(write.resource) {
        life::follow(write.shared, store, name);
    } else if let Some(custom) = &write.resource.custom {
        life::end_if_due(write.shared, store, &custom.definition);
    }
}

fn respond(write: &Write<'_>, form: Form, query: &Query, written: &Written) -> Result<Answer, Refusal> {
    let mut answer = if written.plain {
        answer::json(written.code, written.object.to_string(), false)
    } else {
        let view = View::of(write.shared, write.resource, query, form)?;
        let mut body = Vec::new();
        view.object(
            &mut body,
            &crate::store::object::text_of(&written.object),
            written.version,
            true,
        );
        answer::json(written.code, body, false)
    };
    answer::warn(&mut answer, &written.warnings);
    Ok(answer)
}

fn options_kind(verb: &str) -> &'static str {
    match verb {
        "create" => "CreateOptions",
        "update" => "UpdateOptions",
        "patch" => "PatchOptions",
        _ => "DeleteOptions",
    }
}

fn dry_run(verb: &str, query: &Query) -> Result<bool, Refusal> {
    if query.has("orphanDependents") {
        return Err(Refusal::unsupported(
            "orphanDependents, deprecated in favour of propagationPolicy",
        ));
    }
    if query.all("dryRun").any(str::is_empty) {
        return Err(Refusal::unsupported("an empty dryRun"));
    }
    if query
        .all("fieldManager")
        .any(|name| name.chars().any(char::is_control))
    {
        return Err(Refusal::unsupported("names of managers with control characters"));
    }
    match query.get("dryRun") {
        None => Ok(false),
        Some("All") => Ok(true),
        Some(other) => {
            let cause = Cause {
                reason: "FieldValueNotSupported",
                message: format!("Unsupported value: [{other:?}]: supported values: \"All\""),
                field: "dryRun".to_owned(),
            };
            Err(Refusal::invalid(
                "meta.k8s.io",
                options_kind(verb),
                "",
                vec![cause],
            ))
        }
    }
}

fn validation(verb: &str, query: &Query) -> Result<Validation, Refusal> {
    match query.get("fieldValidation") {
        None | Some("Warn") => Ok(Validation::Warn),
        Some("Ignore") => Ok(Validation::Ignore),
        Some("Strict") => Ok(Validation::Strict),
        Some(other) => {
            let cause = Cause {
                reason: "FieldValueNotSupported",
                message: format!(
                    "Unsupported value: {other:?}: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
                ),
                field: "fieldValidation".to_owned(),
            };
            Err(Refusal::invalid(
                "meta.k8s.io",
                options_kind(verb),
                "",
                vec![cause],
            ))
        }
    }
}

/// Fills in what the API server would, in an object of a built-in kind that a scenario brings.
pub(crate) fn fill_manifest(resource: &Resource, object: &mut Value) {
    let is_built_in = resource.custom.is_none() && !definition::is_definition(resource);
    if is_built_in && rules::writable(resource).is_ok() {
        let status = object.get("status").cloned();
        rules::fill(resource, object);
        // A status that nobody wrote is left to the controllers.
        if let (None, Some(fields)) = (status, object.as_object_mut()) {
            fields.remove("status");
        }
    }
}

/// What is wrong with an object of a built-in kind that a scenario brings, in the words of the API server.
pub(crate) fn check_manifest(resource: &Resource, object: &Value) -> Result<Vec<Cause>, Refusal> {
    let mut causes = names::check(resource, object);
    if !definition::is_definition(resource) {
        causes.extend(rules::of_kind(resource, None, object)?);
    }
    Ok(causes)
}
