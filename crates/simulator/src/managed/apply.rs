//! Server-side apply: what becomes of an object when somebody applies a part of it, and whose its fields are then.

use serde_json::{Map, Value, json};

pub(crate) use super::check::Misfit;
use super::compare::{Comparison, Walk};
use super::entry::{self, Entry};
use super::merge::{fields_of, merge};
use super::prune::prune;
use super::{FieldSet, Manager, UNMANAGED, check, empty, stripped};
use crate::resources::Resource;
use crate::schema::{Schemas, Type};
use crate::status::Refusal;

/// Who owned the fields of an object from before anybody applied it, if nobody did.
const BEFORE: &str = "before-first-apply";

/// What applying makes.
pub(crate) struct Applied {
    /// The object, not yet read and completed as the server does.
    pub(crate) object: Value,
    /// Its `metadata.managedFields`; null if nobody manages anything.
    pub(crate) managers: Value,
    /// The object is as it was.
    pub(crate) same: bool,
}

/// Why it cannot be applied.
pub(crate) enum Failure {
    /// It does not fit its type.
    Misfits(Vec<Misfit>),
    /// Others manage the same fields with other values: who, as they are called, and which.
    Conflicts(Vec<(String, String)>),
}

/// Applies `patch` to `live`, the object as it is or an empty one.
pub(crate) fn apply(
    schemas: &Schemas,
    resource: &Resource,
    live: &Value,
    patch: &Value,
    by: &Manager<'_>,
    force: bool,
) -> Result<Applied, Failure> {
    let holds = schemas.of(resource).unwrap_or(&Type::Deduced);
    let misfits = check::check(schemas, holds, patch);
    if !misfits.is_empty() {
        return Err(Failure::Misfits(misfits));
    }
    let (old, part) = (
        stripped(live),
        own_part(resource, by.subresource, stripped(patch)),
    );
    let mut entries = entry::read(live);
    if entries.is_empty() && live["metadata"]["uid"].is_string() {
        entries.push(before(schemas, resource, holds, &old, by));
    }
    let is_own =
        |e: &Entry| e.operation == "Apply" && e.manager == by.name && e.subresource == by.subresource;
    let last = entries
        .iter()
        .find(|e| is_own(e))
        .map(|e| e.fields.clone())
        .unwrap_or_default();
    let mut own = Entry::new(by, "Apply", resource.api_version());
    own.fields = fields_of(schemas, holds, &part);
    // The metadata itself is there by what is in it.
    own.fields = without_metadata(own.fields);
    // Only who changes the object gets a time.
    own.time.clear();
    if let Some(known) = entries.iter_mut().find(|e| is_own(e)) {
        own.time.clone_from(&known.time);
        *known = own;
    } else {
        entries.push(own);
    }
    let merged = merge(schemas, holds, Some(&old), Some(&part)).unwrap_or_default();
    let managed = entries
        .iter()
        .fold(FieldSet::default(), |all, e| all.union(&e.fields));
    let new = prune(schemas, holds, &merged, &last, &managed);

    let mut found = Comparison::default();
    let walk = Walk { schemas };
    walk.compare(holds, Some(&old), Some(&new), &mut Vec::new(), true, &mut found);
    let written = found.added.union(&found.modified);
    let mut conflicts = Vec::new();
    for other in entries.iter_mut().filter(|e| !is_own(e)) {
        let taken = other.fields.intersection(&written);
        conflicts.extend(taken.paths().into_iter().map(|path| (other.shown(), path)));
        other.fields = other.fields.difference(&taken).difference(&found.removed);
    }
    if !force && !conflicts.is_empty() {
        return Err(Failure::Conflicts(conflicts));
    }
    entries.retain(|e| !e.fields.is_empty());
    let same = found.is_same();
    if !same && let Some(own) = entries.iter_mut().find(|e| is_own(e)) {
        by.time.clone_into(&mut own.time);
    }
    let mut managers = json!({"metadata": {}});
    entry::write(&mut managers, entries);
    let mut object = if same { old } else { new };
    restore(&mut object, live, patch);
    Ok(Applied {
        object,
        managers: managers["metadata"]["managedFields"].take(),
        same,
    })
}

/// The paths of an earlier configuration whose values are still those of the object.
pub(crate) fn still_applied(
    schemas: &Schemas,
    resource: &Resource,
    live: &Value,
    last: &Value,
) -> Vec<String> {
    let holds = schemas.of(resource).unwrap_or(&Type::Deduced);
    let (live, last) = (stripped(live), stripped(last));
    let mut found = Comparison::default();
    let walk = Walk { schemas };
    walk.compare(holds, Some(&last), Some(&live), &mut Vec::new(), true, &mut found);
    let set = fields_of(schemas, holds, &last);
    set.difference(&found.modified).difference(&found.removed).paths()
}

/// What may be applied in this way: the status as such, everything else without it.
fn own_part(resource: &Resource, subresource: &str, mut part: Value) -> Value {
    if let Some(fields) = part.as_object_mut() {
        if subresource == "status" {
            fields.retain(|name, _| name == "status");
        } else if resource.has_subresource("status") {
            fields.remove("status");
        }
    }
    part
}

fn without_metadata(mut set: FieldSet) -> FieldSet {
    if set
        .child("f:metadata")
        .is_some_and(|metadata| !metadata.has_children())
    {
        set.remove_path(&["f:metadata".to_owned()]);
    }
    set
}

/// The manager of everything that is there.
fn before(schemas: &Schemas, resource: &Resource, holds: &Type, old: &Value, by: &Manager<'_>) -> Entry {
    let by = Manager {
        name: BEFORE,
        ..by.clone()
    };
    let mut found = Comparison::default();
    let empty = empty(resource);
    let walk = Walk { schemas };
    walk.compare(holds, Some(&empty), Some(old), &mut Vec::new(), true, &mut found);
    let mut entry = Entry::new(&by, "Update", resource.api_version());
    entry.fields = found.added.union(&found.modified);
    entry
}

/// Puts back what nobody manages: the server's from the object as it is, and from the patch what is to be compared
/// with it.
fn restore(object: &mut Value, live: &Value, patch: &Value) {
    if !object.is_object() {
        *object = json!({});
    }
    if !object["metadata"].is_object() {
        object["metadata"] = Value::Object(Map::new());
    }
    for field in UNMANAGED.iter().filter(|field| **field != "managedFields") {
        let given = patch["metadata"]
            .get(field)
            .or_else(|| live["metadata"].get(field));
        if let Some(value) = given {
            object["metadata"][field] = value.clone();
        }
    }
}

impl Failure {
    /// As the API server says it. `shown` is what it calls the object.
    pub(crate) fn refusal(self, shown: &str) -> Refusal {
        match self {
            Self::Misfits(misfits) => {
                let said: Option<Vec<String>> = misfits
                    .into_iter()
                    .map(|misfit| match misfit {
                        Misfit::Said(text) => Some(text),
                        Misfit::Unsayable => None,
                    })
                    .collect();
                let Some(said) = said else {
                    return Refusal::unsupported("applying objects whose values are of another type");
                };
                let all = match said.as_slice() {
                    [one] => one.clone(),
                    many => format!("errors:\n  {}", many.join("\n  ")),
                };
                let message = format!("failed to create typed patch object ({shown}): {all}");
                Refusal::other(http::StatusCode::INTERNAL_SERVER_ERROR, "", message, None)
            }
            Self::Conflicts(conflicts) => conflict(&conflicts),
        }
    }
}

fn conflict(conflicts: &[(String, String)]) -> Refusal {
    let message = match conflicts {
        [(who, path)] => format!("Apply failed with 1 conflict: conflict with {who}: {path}"),
        many => {
            let mut lines = Vec::new();
            let mut managers: Vec<&String> = many.iter().map(|(who, _)| who).collect();
            managers.sort();
            managers.dedup();
            for manager in managers {
                lines.push(format!("conflicts with {manager}:"));
                let own = many.iter().filter(|(who, _)| who == manager);
                lines.extend(own.map(|(_, path)| format!("- {path}")));
            }
            format!("Apply failed with {} conflicts: {}", many.len(), lines.join("\n"))
        }
    };
    let causes: Vec<Value> = conflicts
        .iter()
        .map(|(who, path)| {
            json!({"reason": "FieldManagerConflict", "message": format!("conflict with {who}"), "field": path})
        })
        .collect();
    let details = Some(json!({"causes": causes}));
    Refusal::other(http::StatusCode::CONFLICT, "Conflict", message, details)
}
