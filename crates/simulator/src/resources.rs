//! The table of resources: what is served under which path, under which names, with which verbs.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::data::{Data, Group, ResourceEntry, SubresourceEntry};
use crate::store::ResourceId;

/// One resource in the version that is served.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) id: ResourceId,
    /// Empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) kind: String,
    pub(crate) namespaced: bool,
    pub(crate) verbs: Vec<String>,
    pub(crate) subresources: Vec<SubresourceEntry>,
    /// The `columnDefinitions` of its Table.
    pub(crate) columns: Value,
    /// An object of it without contents, as in bookmarks.
    pub(crate) empty: Value,
    /// Its entry in aggregated discovery.
    pub(crate) discovery: Value,
}

impl Resource {
    /// `v1`, `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// As in messages: `pods`, `deployments.apps`.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// As in messages: `Pod`, `Deployment.apps`.
    pub(crate) fn qualified_kind(&self) -> String {
        if self.group.is_empty() {
            self.kind.clone()
        } else {
            format!("{}.{}", self.kind, self.group)
        }
    }

    /// The `details` of a Status about an object.
    pub(crate) fn details(&self, name: &str) -> Value {
        self.details_with(&self.plural, name)
    }

    /// The same with the kind in the place of the resource.
    pub(crate) fn kind_details(&self, name: &str) -> Value {
        self.details_with(&self.kind, name)
    }

    fn details_with(&self, kind: &str, name: &str) -> Value {
        let mut details = json!({"kind": kind});
        if !name.is_empty() {
            details["name"] = json!(name);
        }
        if !self.group.is_empty() {
            details["group"] = json!(self.group);
        }
        details
    }

    /// Whether objects of it are kept: reviews and bindings are only answered.
    pub(crate) fn is_stored(&self) -> bool {
        self.has_verb("get")
    }

    pub(crate) fn has_verb(&self, verb: &str) -> bool {
        self.verbs.iter().any(|v| v == verb)
    }

    pub(crate) fn has_subresource(&self, name: &str) -> bool {
        self.subresources.iter().any(|entry| entry.subresource == name)
    }

    /// What an object's text begins with once its kind is written before it.
    pub(crate) fn head(&self) -> String {
        format!(
            "{{\"kind\":\"{}\",\"apiVersion\":\"{}\",",
            self.kind,
            self.api_version()
        )
    }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Resources {
    all: Vec<Resource>,
    by_path: HashMap<(String, String, String), ResourceId>,
    by_kind: BTreeMap<(String, String), ResourceId>,
}

impl Resources {
    /// From discovery.
    pub(crate) fn new(data: &Data) -> Self {
        let mut table = Self {
            all: Vec::new(),
            by_path: HashMap::new(),
            by_kind: BTreeMap::new(),
        };
        for group in data.core.items.iter().chain(&data.groups.items) {
            table.add_group(group, data);
        }
        table
    }

    fn add_group(&mut self, group: &Group, data: &Data) {
        for version in &group.versions {
            for entry in &version.resources {
                self.add(&group.metadata.name, &version.version, entry, data);
            }
        }
    }

    fn add(&mut self, group: &str, version: &str, entry: &ResourceEntry, data: &Data) {
        let path = if group.is_empty() {
            format!("api/{version}")
        } else {
            format!("apis/{group}/{version}")
        };
        let id = self.all.len();
        self.all.push(Resource {
            id,
            group: group.to_owned(),
            version: version.to_owned(),
            plural: entry.resource.clone(),
            singular: entry.singular_resource.clone(),
            short_names: entry.short_names.clone(),
            categories: entry.categories.clone(),
            kind: entry.response_kind.kind.clone(),
            namespaced: entry.scope == "Namespaced",
            verbs: entry.verbs.clone(),
            subresources: entry.subresources.clone(),
            empty: data
                .empty
                .get(&format!("{path}/{}", entry.resource))
                .cloned()
                .unwrap_or_else(|| json!({})),
            discovery: entry.raw.clone(),
            columns: data
                .tables
                .get(&format!("{path}/{}", entry.resource))
                .cloned()
                .unwrap_or_default(),
        });
        self.by_path
            .insert((group.to_owned(), version.to_owned(), entry.resource.clone()), id);
        self.by_kind
            .insert((group.to_owned(), entry.response_kind.kind.clone()), id);
    }

    /// The resource of a path.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Resource> {
        let path = (group.to_owned(), version.to_owned(), plural.to_owned());
        self.by_path.get(&path).and_then(|id| self.all.get(*id))
    }

    /// The resource of an object, by its `apiVersion` and `kind`.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Resource> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let id = self.by_kind.get(&(group.to_owned(), kind.to_owned()))?;
        self.all.get(*id).filter(|resource| resource.version == version)
    }

    /// One that is known to be served; none only if the data file lacks it.
    pub(crate) fn core(&self, plural: &str) -> Option<&Resource> {
        self.find("", "v1", plural)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.all.iter()
    }
}
