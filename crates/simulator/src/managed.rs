//! Who wrote which field: `metadata.managedFields`, as the API server keeps it.

use serde_json::Value;

use crate::resources::Resource;
use crate::schema::Schemas;

pub(crate) mod apply;
mod check;
mod compare;
mod entry;
mod merge;
mod prune;
mod set;
mod shape;

use compare::{Comparison, Walk};
use entry::Entry;
pub(crate) use set::FieldSet;

/// Who writes, and how.
#[derive(Clone, Debug)]
pub(crate) struct Manager<'a> {
    pub(crate) name: &'a str,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
    /// Now, as Kubernetes writes it.
    pub(crate) time: &'a str,
}

/// Fields of the metadata that nobody manages.
const UNMANAGED: &[&str] = &[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// Writes `metadata.managedFields` of `new`, which replaces `old` (none for an object that is created).
pub(crate) fn update(
    schemas: &Schemas,
    resource: &Resource,
    old: Option<&Value>,
    new: &mut Value,
    by: &Manager<'_>,
) {
    let Some(holds) = schemas.of(resource) else { return };
    let mut found = Comparison::default();
    let walk = Walk { schemas };
    let nothing = empty(resource);
    let (mut before, mut after) = (stripped(old.unwrap_or(&nothing)), stripped(new));
    // The status belongs to those who write it as such.
    if by.subresource != "status" && resource.has_subresource("status") {
        for object in [&mut before, &mut after] {
            object.as_object_mut().map(|fields| fields.remove("status"));
        }
    }
    walk.compare(
        holds,
        Some(&before),
        Some(&after),
        &mut Vec::new(),
        true,
        &mut found,
    );
    for top in ["f:apiVersion", "f:kind"] {
        found.added.remove_path(&[top.to_owned()]);
    }

    // Who manages what can be changed directly, but not by way of a subresource.
    let given = entry::read(new);
    let reset = given.is_empty() && new.pointer("/metadata/managedFields/0").is_some();
    let was = old.map(entry::read).unwrap_or_default();
    // Whoever sends one empty entry does not want managers. They come back when somebody applies the object.
    if old.is_some() && (was.is_empty() && given.is_empty() || reset && by.subresource.is_empty()) {
        return entry::write(new, Vec::new());
    }
    let inherited = if given.is_empty() || !by.subresource.is_empty() {
        was
    } else {
        given
    };
    let mut entries: Vec<Entry> = inherited;
    let written = found.added.union(&found.modified);
    let api_version = resource.api_version();
    let mut own = None;
    for entry in &mut entries {
        let is_own = entry.operation == "Update"
            && entry.manager == by.name
            && entry.subresource == by.subresource
            && entry.api_version == api_version;
        let fields = if is_own {
            own = Some(());
            entry.fields.union(&written).difference(&found.removed)
        } else {
            entry.fields.difference(&written).difference(&found.removed)
        };
        if is_own && fields != entry.fields {
            entry.time = by.time.to_owned();
        }
        entry.fields = fields;
    }
    if own.is_none() {
        let fields = written;
        entries.push(Entry {
            fields,
            ..Entry::new(by, "Update", api_version)
        });
    }
    entry::write(new, entries);
}

/// An object without contents, as Go has it before anything is read into it.
pub(crate) fn empty(resource: &Resource) -> Value {
    let mut empty = resource.empty.clone();
    if let Some(spec) = empty.get_mut("spec").and_then(Value::as_object_mut) {
        // The one number that what we know of empty objects has and Go has not.
        spec.remove("replicas");
    }
    empty
}

/// An object without what nobody manages.
fn stripped(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !UNMANAGED.contains(&key.as_str()));
    }
    object
}
