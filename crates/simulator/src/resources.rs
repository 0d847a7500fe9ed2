//! The table of resources: what is served under which path, under which names, with which verbs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::{Value, json};

use crate::custom::Custom;
use crate::custom::definition::priority;
use crate::data::{Data, ResourceEntry, SubresourceEntry};
use crate::store::ResourceId;

/// One resource in the version that is served.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Where its objects are stored. Versions of one definition share it.
    pub(crate) id: ResourceId,
    /// Empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) kind: String,
    /// The kind of its lists.
    pub(crate) list_kind: String,
    pub(crate) namespaced: bool,
    pub(crate) verbs: Vec<String>,
    pub(crate) subresources: Vec<SubresourceEntry>,
    /// The `columnDefinitions` of its Table.
    pub(crate) columns: Value,
    /// An object of it without contents, as in bookmarks.
    pub(crate) empty: Value,
    /// Its entry in aggregated discovery.
    pub(crate) discovery: Value,
    /// Set for one that a definition makes.
    pub(crate) custom: Option<Arc<Custom>>,
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

/// All of them. Those of the server itself are there from the start, those of definitions come and go.
#[derive(Debug)]
pub(crate) struct Resources {
    table: RwLock<Arc<Table>>,
    /// The ids that definitions have had, by their names. One that is made again finds its past where it was.
    ids: Mutex<HashMap<String, ResourceId>>,
    /// How many ids the server's own resources have.
    own: usize,
}

/// A state of them.
#[derive(Clone, Debug, Default)]
struct Table {
    all: Vec<Arc<Resource>>,
    by_path: HashMap<(String, String, String), Arc<Resource>>,
    by_kind: HashMap<(String, String), Arc<Resource>>,
}

impl Table {
    fn of(all: Vec<Arc<Resource>>) -> Self {
        let path = |r: &Arc<Resource>| (r.group.clone(), r.version.clone(), r.plural.clone());
        let kind = |r: &Arc<Resource>| (r.api_version(), r.kind.clone());
        Self {
            by_path: all.iter().map(|r| (path(r), r.clone())).collect(),
            by_kind: all.iter().map(|r| (kind(r), r.clone())).collect(),
            all,
        }
    }
}

impl Resources {
    /// From discovery.
    pub(crate) fn new(data: &Data) -> Self {
        let mut all = Vec::new();
        for group in data.core.items.iter().chain(&data.groups.items) {
            for version in &group.versions {
                for entry in &version.resources {
                    let id = all.len();
                    all.push(Arc::new(resource(
                        id,
                        &group.metadata.name,
                        &version.version,
                        entry,
                        data,
                    )));
                }
            }
        }
        Self {
            ids: Mutex::default(),
            own: all.len(),
            table: RwLock::new(Arc::new(Table::of(all))),
        }
    }

    fn table(&self) -> Arc<Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The id for the objects of a definition.
    pub(crate) fn id_of(&self, definition: &str) -> ResourceId {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let next = self.own + ids.len();
        *ids.entry(definition.to_owned()).or_insert(next)
    }

    /// Replaces the resources of a definition, all versions at once. With none it is not served any more.
    pub(crate) fn define(&self, definition: &str, resources: Vec<Resource>) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let is_of = |r: &Arc<Resource>| r.custom.as_ref().is_some_and(|c| c.definition == definition);
        let others = table.all.iter().filter(|r| !is_of(r)).cloned();
        let all = others.chain(resources.into_iter().map(Arc::new));
        let (mut defined, mut all): (Vec<_>, Vec<_>) = all.partition(|r| r.custom.is_some());
        // Groups by their names, versions from the best to the least, as in discovery.
        defined.sort_by_cached_key(|r| (r.group.clone(), priority(&r.version), r.plural.clone()));
        all.append(&mut defined);
        *table = Arc::new(Table::of(all));
    }

    /// The resources of a definition, one for each version that is served.
    pub(crate) fn of_definition(&self, definition: &str) -> Vec<Arc<Resource>> {
        let of = |r: &Arc<Resource>| r.custom.as_ref().is_some_and(|c| c.definition == definition);
        self.iter().filter(of).collect()
    }

    /// The resource of a path.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        let path = (group.to_owned(), version.to_owned(), plural.to_owned());
        self.table().by_path.get(&path).cloned()
    }

    /// The resource of an object, by its `apiVersion` and `kind`.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<Arc<Resource>> {
        let kind = (api_version.to_owned(), kind.to_owned());
        self.table().by_kind.get(&kind).cloned()
    }

    /// One that is known to be served; none only if the data file lacks it.
    pub(crate) fn core(&self, plural: &str) -> Option<Arc<Resource>> {
        self.find("", "v1", plural)
    }

    /// All of them, as of now.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Arc<Resource>> + use<> {
        self.table().all.clone().into_iter()
    }
}

fn resource(id: ResourceId, group: &str, version: &str, entry: &ResourceEntry, data: &Data) -> Resource {
    let path = if group.is_empty() {
        format!("api/{version}/{}", entry.resource)
    } else {
        format!("apis/{group}/{version}/{}", entry.resource)
    };
    Resource {
        id,
        group: group.to_owned(),
        version: version.to_owned(),
        plural: entry.resource.clone(),
        singular: entry.singular_resource.clone(),
        short_names: entry.short_names.clone(),
        categories: entry.categories.clone(),
        kind: entry.response_kind.kind.clone(),
        list_kind: format!("{}List", entry.response_kind.kind),
        namespaced: entry.scope == "Namespaced",
        verbs: entry.verbs.clone(),
        subresources: entry.subresources.clone(),
        empty: data.empty.get(&path).cloned().unwrap_or_else(|| json!({})),
        discovery: entry.raw.clone(),
        columns: data.tables.get(&path).cloned().unwrap_or_default(),
        custom: None,
    }
}
