//! What an API server says it serves, in both forms of discovery, and what of that is to be watched.

use std::collections::BTreeSet;

use model::KindId;
use model::kind::{Discovered, KindError};
use serde::Deserialize;

use super::super::ApiProblem;

/// The aggregated form first: two answers in place of one for each group and version.
pub(super) const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// A kind that is served, with names of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub group: String,
    pub version: String,
    pub kind: String,
    pub plural: String,
    pub short_names: Vec<String>,
    pub namespaced: bool,
}

impl Found {
    /// The same, as the kind table takes it.
    pub fn with<R>(&self, take: impl FnOnce(&Discovered<'_>) -> R) -> R {
        let short_names: Vec<&str> = self.short_names.iter().map(String::as_str).collect();
        take(&Discovered {
            group: &self.group,
            version: &self.version,
            kind: &self.kind,
            plural: &self.plural,
            short_names: &short_names,
            namespaced: self.namespaced,
        })
    }
}

/// What an API server serves beside the kinds of the table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Catalog {
    /// The kinds to watch, each in the version that the API server prefers.
    pub kinds: Vec<(KindId, Found)>,
    /// The groups of which not all is known at the moment: their service does not answer.
    pub down: BTreeSet<String>,
    /// What is not shown, and why.
    pub problems: Vec<ApiProblem>,
    seen: BTreeSet<(String, String)>,
}

impl Catalog {
    /// Adds what a group serves in one version. The versions that are preferred come first.
    pub fn add(&mut self, group: &str, version: &str, resources: Vec<Resource>) {
        for resource in resources {
            let of_table =
                KindId::of_group_kind(group, &resource.kind).is_some_and(|kind| !kind.is_discovered());
            let seen = (group.to_owned(), resource.kind.clone());
            if of_table || !resource.can_be_watched() || !self.seen.insert(seen) {
                continue;
            }
            let found = Found {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: resource.kind,
                plural: resource.name,
                short_names: resource.short_names,
                namespaced: resource.namespaced,
            };
            match found.with(KindId::discovered) {
                Ok(kind) => self.kinds.push((kind, found)),
                // The same objects, by another name.
                Err(KindError::Alias { .. }) => {}
                Err(error) => self.problems.push(ApiProblem {
                    api: format!("{}.{group}", found.plural),
                    message: error.to_string(),
                }),
            }
        }
    }

    /// A version of a group that does not answer. What was known of it stays.
    pub fn add_down(&mut self, group: &str, version: &str, message: impl Into<String>) {
        self.down.insert(group.to_owned());
        self.problems.push(ApiProblem {
            api: format!("{group}/{version}"),
            message: message.into(),
        });
    }

    /// Adds the aggregated form; an error, in words, if it is something else.
    pub fn add_aggregated(&mut self, groups: GroupDiscoveryList) {
        for group in groups.items {
            let name = group.metadata.name;
            for version in group.versions {
                if version.freshness == "Stale" {
                    let message =
                        "the service of this API does not answer; what it serves may be out of date";
                    self.add_down(&name, &version.version, message);
                }
                let resources = version.resources.into_iter().map(Resource::from).collect();
                self.add(&name, &version.version, resources);
            }
        }
    }
}

/// A resource of a group in one version: APIResource.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resource {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
}

impl Resource {
    /// It is no part of another, and can be listed and watched. All such kinds are watched whole and at once; which are to be
    /// watched by their metadata, or only while somebody looks, is to be decided here when there is a memory budget.
    fn can_be_watched(&self) -> bool {
        let has = |verb: &str| self.verbs.iter().any(|own| own == verb);
        !self.name.contains('/') && has("list") && has("watch")
    }
}

/// APIResourceList.
#[derive(Debug, Deserialize)]
pub(super) struct ResourceList {
    #[serde(default)]
    pub resources: Vec<Resource>,
}

/// What `/api` and `/apis` answer, in either form.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind")]
pub(super) enum Root {
    #[serde(rename = "APIGroupDiscoveryList")]
    Aggregated(GroupDiscoveryList),
    #[serde(rename = "APIGroupList")]
    Groups { groups: Vec<Group> },
    #[serde(rename = "APIVersions")]
    Core { versions: Vec<String> },
}

/// The groups of the aggregated form.
#[derive(Debug, Deserialize)]
pub(super) struct GroupDiscoveryList {
    #[serde(default)]
    items: Vec<GroupDiscovery>,
}

#[derive(Debug, Deserialize)]
struct GroupDiscovery {
    #[serde(default)]
    metadata: Name,
    #[serde(default)]
    versions: Vec<VersionDiscovery>,
}

/// The core group has no name.
#[derive(Debug, Default, Deserialize)]
struct Name {
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize)]
struct VersionDiscovery {
    version: String,
    #[serde(default)]
    resources: Vec<ResourceDiscovery>,
    #[serde(default)]
    freshness: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceDiscovery {
    resource: String,
    response_kind: Option<ResponseKind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct ResponseKind {
    #[serde(default)]
    kind: String,
}

impl From<ResourceDiscovery> for Resource {
    fn from(found: ResourceDiscovery) -> Self {
        Self {
            name: found.resource,
            kind: found.response_kind.map(|kind| kind.kind).unwrap_or_default(),
            namespaced: found.scope == "Namespaced",
            verbs: found.verbs,
            short_names: found.short_names,
        }
    }
}

/// A group of the older form.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    pub name: String,
    #[serde(default)]
    versions: Vec<Version>,
    preferred_version: Option<Version>,
}

#[derive(Debug, Deserialize)]
struct Version {
    version: String,
}

impl Group {
    /// Its versions, the preferred one first.
    pub fn versions(&self) -> Vec<&str> {
        let preferred = self.preferred_version.as_ref().map(|own| own.version.as_str());
        let others = self.versions.iter().map(|own| own.version.as_str());
        let others = others.filter(|version| Some(*version) != preferred);
        preferred.into_iter().chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn names(catalog: &Catalog) -> Vec<String> {
        let name = |(kind, found): &(KindId, Found)| format!("{}@{}", kind.get().id, found.version);
        catalog.kinds.iter().map(name).collect()
    }

    fn aggregated(items: Value) -> Catalog {
        let root =
            json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items});
        let Root::Aggregated(list) = serde_json::from_value(root).unwrap() else {
            panic!("it is the aggregated form");
        };
        let mut catalog = Catalog::default();
        catalog.add_aggregated(list);
        catalog
    }

    fn resource(plural: &str, kind: &str, verbs: &[&str]) -> Value {
        json!({"resource": plural, "responseKind": {"group": "", "version": "", "kind": kind}, "scope": "Namespaced",
               "singularResource": "", "verbs": verbs, "subresources": [{"subresource": "status"}]})
    }

    const ALL: &[&str] = &["create", "get", "list", "watch"];

    #[test]
    fn what_can_be_watched_and_is_not_in_the_table_is_found_in_its_preferred_version() {
        let catalog = aggregated(json!([
            {"versions": [{"version": "v1", "resources": [
                resource("pods", "Pod", ALL), resource("bindings", "Binding", &["create"]), resource("podtemplates", "PodTemplate", ALL)]}]},
            {"metadata": {"name": "catalog.example.org"}, "versions": [
                {"version": "v2", "freshness": "Current", "resources": [resource("gears", "Gear", ALL)]},
                {"version": "v1", "freshness": "Current", "resources": [resource("gears", "Gear", ALL), resource("cogs", "Cog", ALL)]}]},
            {"metadata": {"name": "events.k8s.io"}, "versions": [{"version": "v1", "resources": [resource("events", "Event", ALL)]}]},
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "resources": [resource("pods", "PodMetrics", &["get", "list"])]}]},
        ]));
        assert_eq!(
            names(&catalog),
            [
                "PodTemplate@v1",
                "Gear.catalog.example.org@v2",
                "Cog.catalog.example.org@v1"
            ]
        );
        assert!(
            catalog.problems.is_empty() && catalog.down.is_empty(),
            "{catalog:?}"
        );
    }

    #[test]
    fn an_api_that_is_down_is_named() {
        let catalog = aggregated(json!([
            {"metadata": {"name": "down.example.org"}, "versions": [{"version": "v1", "freshness": "Stale"}]},
        ]));
        assert_eq!(catalog.down, BTreeSet::from(["down.example.org".to_owned()]));
        assert_eq!(catalog.problems[0].api, "down.example.org/v1");
    }

    #[test]
    fn a_kind_that_cannot_be_addressed_is_named() {
        let catalog = aggregated(json!([
            {"metadata": {"name": "bad.example.org"}, "versions": [{"version": "v1", "resources": [resource("odd", "Odd/Kind", ALL)]}]},
        ]));
        assert!(catalog.kinds.is_empty());
        assert_eq!(catalog.problems[0].api, "odd.bad.example.org");
        assert!(
            catalog.problems[0].message.contains("kind `Odd/Kind`"),
            "{catalog:?}"
        );
    }

    #[test]
    fn the_older_form_has_the_preferred_version_first() {
        let root = json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [{"name": "x", "versions": [
            {"groupVersion": "x/v1", "version": "v1"}, {"groupVersion": "x/v2", "version": "v2"}],
            "preferredVersion": {"groupVersion": "x/v2", "version": "v2"}}]});
        let Root::Groups { groups } = serde_json::from_value(root).unwrap() else {
            panic!("it is the older form");
        };
        assert_eq!(groups[0].versions(), ["v2", "v1"]);
        let list: ResourceList = serde_json::from_value(json!({"kind": "APIResourceList", "resources": [
            {"name": "cranks", "kind": "Crank", "namespaced": true, "verbs": ALL, "shortNames": ["ck"]},
            {"name": "cranks/status", "kind": "Crank", "namespaced": true, "verbs": ALL}]}))
        .unwrap();
        let mut catalog = Catalog::default();
        catalog.add("older.example.org", "v2", list.resources);
        assert_eq!(names(&catalog), ["Crank.older.example.org@v2"]);
        assert_eq!(catalog.kinds[0].0.get().code, "CK");
    }
}
