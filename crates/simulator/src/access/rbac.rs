//! RBAC: Roles, ClusterRoles and their bindings, read once per change of any of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::access::User;
use crate::http::request::Attributes;
use crate::resources::Resources;
use crate::store::Inner;

/// The group of roles and bindings.
pub(crate) const GROUP: &str = "rbac.authorization.k8s.io";

/// All grants, as of one state of the four kinds.
#[derive(Debug, Default)]
pub(crate) struct Rbac {
    /// The newest resourceVersions of the four kinds that it was made from.
    pub(crate) made_from: [u64; 4],
    grants: Vec<Grant>,
    /// By namespace, which ClusterRoles do not have, and name.
    roles: HashMap<(String, String), Arc<Vec<Rule>>>,
}

/// A PolicyRule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Rule {
    pub(crate) verbs: Vec<String>,
    pub(crate) api_groups: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) resource_names: Vec<String>,
    #[serde(rename = "nonResourceURLs")]
    pub(crate) urls: Vec<String>,
}

#[derive(Debug)]
struct Grant {
    /// None for the whole cluster.
    namespace: Option<String>,
    binding: String,
    role_kind: String,
    role_name: String,
    subjects: Vec<Subject>,
    rules: Arc<Vec<Rule>>,
}

#[derive(Debug, Deserialize)]
struct Subject {
    kind: String,
    name: String,
    #[serde(default)]
    namespace: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RoleObject {
    metadata: Metadata,
    rules: Option<Vec<Rule>>,
    aggregation_rule: Option<Aggregation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Aggregation {
    cluster_role_selectors: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BindingObject {
    metadata: Metadata,
    role_ref: RoleRef,
    #[serde(default)]
    subjects: Option<Vec<Subject>>,
}

#[derive(Debug, Deserialize)]
struct RoleRef {
    kind: String,
    name: String,
}

/// The plurals, in the order of [`Rbac::made_from`].
const KINDS: [&str; 4] = ["clusterroles", "roles", "clusterrolebindings", "rolebindings"];

/// The newest resourceVersions of the four kinds.
pub(crate) fn versions(store: &mut Inner, resources: &Resources) -> [u64; 4] {
    KINDS.map(|plural| {
        resources
            .find(GROUP, "v1", plural)
            .map_or(0, |resource| store.changed(resource.id))
    })
}

fn objects<T: for<'de> Deserialize<'de>>(store: &mut Inner, resources: &Resources, plural: &str) -> Vec<T> {
    let Some(resource) = resources.find(GROUP, "v1", plural) else {
        return Vec::new();
    };
    let snapshot = store.snapshot(resource.id);
    let texts = snapshot
        .from("", None)
        .map(|(_, stored)| snapshot.dictionary.unpack(stored));
    texts
        .filter_map(|text| serde_json::from_slice(&text).ok())
        .collect()
}

impl Rbac {
    /// Reads everything.
    pub(crate) fn read(store: &mut Inner, resources: &Resources) -> Self {
        let made_from = versions(store, resources);
        let mut roles: HashMap<(String, String), Arc<Vec<Rule>>> = HashMap::new();
        let cluster: Vec<RoleObject> = objects(store, resources, "clusterroles");
        for role in &cluster {
            let mut rules = role.rules.clone().unwrap_or_default();
            for selector in role
                .aggregation_rule
                .iter()
                .flat_map(|a| &a.cluster_role_selectors)
            {
                let others = cluster
                    .iter()
                    .filter(|other| other.metadata.name != role.metadata.name);
                let selected = others.filter(|other| selects(selector, &other.metadata.labels));
                rules.extend(selected.flat_map(|other| other.rules.clone().unwrap_or_default()));
            }
            roles.insert((String::new(), role.metadata.name.clone()), Arc::new(rules));
        }
        for role in objects::<RoleObject>(store, resources, "roles") {
            let rules = Arc::new(role.rules.unwrap_or_default());
            roles.insert((role.metadata.namespace, role.metadata.name), rules);
        }
        let mut grants = Vec::new();
        for plural in ["clusterrolebindings", "rolebindings"] {
            for binding in objects::<BindingObject>(store, resources, plural) {
                let namespace = (plural == "rolebindings").then(|| binding.metadata.namespace.clone());
                let place = match binding.role_ref.kind.as_str() {
                    "ClusterRole" => String::new(),
                    _ => binding.metadata.namespace.clone(),
                };
                let Some(rules) = roles.get(&(place, binding.role_ref.name.clone())) else {
                    continue;
                };
                grants.push(Grant {
                    namespace,
                    binding: binding.metadata.name,
                    role_kind: binding.role_ref.kind,
                    role_name: binding.role_ref.name,
                    subjects: binding.subjects.unwrap_or_default(),
                    rules: rules.clone(),
                });
            }
        }
        Self {
            made_from,
            grants,
            roles,
        }
    }

    /// The reason why something is allowed, in the API server's words.
    pub(crate) fn allows(&self, user: &User, asked: &Attributes) -> Option<String> {
        self.grants_of(user, &asked.namespace)
            .find(|(grant, _)| grant.rules.iter().any(|rule| rule.allows(asked)))
            .map(|(grant, subject)| {
                let binding = match &grant.namespace {
                    None => format!("ClusterRoleBinding {:?}", grant.binding),
                    Some(namespace) => format!("RoleBinding {:?}", format!("{}/{namespace}", grant.binding)),
                };
                let subject = match subject.namespace.as_str() {
                    "" => format!("{} {:?}", subject.kind, subject.name),
                    namespace => format!("{} {:?}", subject.kind, format!("{}/{namespace}", subject.name)),
                };
                format!(
                    "RBAC: allowed by {binding} of {} {:?} to {subject}",
                    grant.role_kind, grant.role_name
                )
            })
    }

    /// The rules of a role; the namespace is empty for ClusterRoles.
    pub(crate) fn role(&self, namespace: &str, name: &str) -> Option<&[Rule]> {
        let rules = self.roles.get(&(namespace.to_owned(), name.to_owned()))?;
        Some(rules)
    }

    /// All rules that hold for a user in a namespace, in the order in which they are tried.
    pub(crate) fn rules(&self, user: &User, namespace: &str) -> Vec<Rule> {
        self.grants_of(user, namespace)
            .flat_map(|(grant, _)| grant.rules.iter().cloned())
            .collect()
    }

    fn grants_of<'a>(
        &'a self,
        user: &'a User,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a Grant, &'a Subject)> {
        let grants = self.grants.iter().filter(move |grant| match &grant.namespace {
            None => true,
            Some(own) => own == namespace,
        });
        grants.filter_map(move |grant| {
            let subject = grant
                .subjects
                .iter()
                .find(|subject| subject.is(user, grant.namespace.as_deref()))?;
            Some((grant, subject))
        })
    }
}

impl Subject {
    fn is(&self, user: &User, namespace: Option<&str>) -> bool {
        match self.kind.as_str() {
            "User" => user.name == self.name,
            "Group" => user.groups.contains(&self.name),
            "ServiceAccount" => {
                let own = namespace.unwrap_or_default();
                let namespace = if self.namespace.is_empty() {
                    own
                } else {
                    &self.namespace
                };
                let account = user
                    .name
                    .strip_prefix("system:serviceaccount:")
                    .and_then(|a| a.split_once(':'));
                account == Some((namespace, &self.name))
            }
            _ => false,
        }
    }
}

impl Rule {
    fn allows(&self, asked: &Attributes) -> bool {
        let has = |list: &[String], value: &str| list.iter().any(|item| item == "*" || item == value);
        if !has(&self.verbs, &asked.verb) {
            return false;
        }
        if !asked.path.is_empty() {
            return self.urls.iter().any(|url| match url.strip_suffix('*') {
                Some(start) => asked.path.starts_with(start.trim_end_matches('*')),
                None => *url == asked.path,
            });
        }
        has(&self.api_groups, &asked.group)
            && self
                .resources
                .iter()
                .any(|resource| match resource.split_once('/') {
                    _ if resource == "*" => true,
                    Some(("*", sub)) => sub == asked.subresource,
                    Some((name, sub)) => name == asked.resource && sub == asked.subresource,
                    None => *resource == asked.resource && asked.subresource.is_empty(),
                })
            && (self.resource_names.is_empty() || self.resource_names.contains(&asked.name))
    }
}

/// Whether a LabelSelector object selects labels.
pub(crate) fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let equal = selector.get("matchLabels").and_then(Value::as_object);
    let equal = equal
        .into_iter()
        .flatten()
        .all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str());
    let terms = selector.get("matchExpressions").and_then(Value::as_array);
    equal
        && terms.into_iter().flatten().all(|term| {
            let value = term["key"].as_str().and_then(|key| labels.get(key));
            let listed = term["values"].as_array().is_some_and(|values| {
                values
                    .iter()
                    .any(|v| v.as_str().is_some_and(|v| value.is_some_and(|value| value == v)))
            });
            match term["operator"].as_str() {
                Some("In") => listed,
                Some("NotIn") => !listed,
                Some("Exists") => value.is_some(),
                Some("DoesNotExist") => value.is_none(),
                _ => false,
            }
        })
}
