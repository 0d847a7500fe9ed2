//! What a request is about, as the API server's handler chain sees it: the verb, the resource, the object.

use std::sync::Arc;

use http::{HeaderMap, Method};

use crate::resources::{Resource, Resources};
use crate::status::Refusal;

/// A request below `/api/v1` or `/apis/<group>/<version>` for a resource that is served.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) verb: &'static str,
    pub(crate) resource: Arc<Resource>,
    /// Empty: all namespaces, or a resource of the cluster.
    pub(crate) namespace: String,
    /// Empty: the collection.
    pub(crate) name: String,
    /// Empty: the object itself.
    pub(crate) subresource: String,
}

/// What access is asked for; also of resources that are not served.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Set for a path that is no resource, and then all but the verb is empty.
    pub(crate) path: String,
}

/// The query of a URL, decoded.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: Option<&str>) -> Self {
        Self(
            form_urlencoded::parse(text.unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of a parameter; none when it is absent or empty, which is the same to the API server.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    /// All values of a parameter.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is there with a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A boolean as Go's conversion for query parameters reads it: anything but `0` and `false` is true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .is_some_and(|(_, value)| !matches!(value.as_str(), "0" | "false"))
    }

    /// A number, or the error of Go's `strconv`.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let failed = |_| {
            let why = match text.trim_start_matches('-') {
                digits if !digits.is_empty() && digits.bytes().all(|d| d.is_ascii_digit()) => {
                    "value out of range"
                }
                _ => "invalid syntax",
            };
            Refusal::bad_request(format!("strconv.ParseInt: parsing {text:?}: {why}"))
        };
        text.parse().map(Some).map_err(failed)
    }
}

/// The parts of a path below the group version.
struct Parts<'p> {
    group: &'p str,
    version: &'p str,
    resource: &'p str,
    namespace: &'p str,
    name: &'p str,
    subresource: String,
}

fn parts(path: &str) -> Option<Parts<'_>> {
    let mut segments = path.trim_matches('/').split('/').filter(|s| !s.is_empty());
    let (group, version) = match segments.next()? {
        "api" => ("", segments.next()?),
        "apis" => (segments.next()?, segments.next()?),
        _ => return None,
    };
    let rest: Vec<&str> = segments.collect();
    let (namespace, rest) = match rest.as_slice() {
        // `namespaces/x` and its own subresources are about the namespace; anything longer is inside of it.
        ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => (*rest.get(1)?, rest.as_slice()),
        ["namespaces", namespace, inner @ ..] if !inner.is_empty() => (*namespace, inner),
        other => ("", other),
    };
    let (resource, name, sub) = match rest {
        [resource] => (*resource, "", &[][..]),
        [resource, name, sub @ ..] => (*resource, *name, sub),
        [] => return None,
    };
    Some(Parts {
        group,
        version,
        resource,
        namespace,
        name,
        subresource: sub.join("/"),
    })
}

/// The verb that a method is for, as RBAC calls it.
fn verb(method: &Method, has_name: bool, query: &Query) -> &'static str {
    match *method {
        Method::GET | Method::HEAD if query.flag("watch") && !has_name => "watch",
        Method::GET | Method::HEAD if has_name => "get",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if has_name => "delete",
        Method::DELETE => "deletecollection",
        _ => "",
    }
}

/// What a request needs access to.
pub(crate) fn attributes(method: &Method, path: &str, query: &Query) -> Attributes {
    match parts(path) {
        Some(parts) => Attributes {
            verb: verb(method, !parts.name.is_empty(), query).to_owned(),
            group: parts.group.to_owned(),
            resource: parts.resource.to_owned(),
            subresource: parts.subresource,
            namespace: parts.namespace.to_owned(),
            name: parts.name.to_owned(),
            path: String::new(),
        },
        None => Attributes {
            verb: method.as_str().to_ascii_lowercase(),
            path: path.to_owned(),
            ..Attributes::default()
        },
    }
}

/// The resource that a path leads to, or the refusal of one that leads nowhere.
pub(crate) fn target(
    resources: &Resources,
    method: &Method,
    path: &str,
    query: &Query,
) -> Result<Target, Refusal> {
    let parts = parts(path).ok_or_else(Refusal::no_such_resource)?;
    if parts.resource == "watch" {
        return Err(Refusal::unsupported(
            "watches below /watch, deprecated since Kubernetes 1.11",
        ));
    }
    let resource = resources
        .find(parts.group, parts.version, parts.resource)
        .ok_or_else(Refusal::no_such_resource)?;
    let in_namespace = !parts.namespace.is_empty() && parts.resource != "namespaces";
    let everywhere = resource.namespaced && !in_namespace;
    // Objects of a namespace have no address outside of it; those of the cluster none inside of one.
    if (in_namespace && !resource.namespaced) || (everywhere && !parts.name.is_empty()) {
        return Err(Refusal::no_such_resource());
    }
    let verb = verb(method, !parts.name.is_empty(), query);
    // What comes behind a proxy is its own matter.
    let subresource = match parts.subresource.split_once('/') {
        Some(("proxy", _)) => "proxy",
        _ => parts.subresource.as_str(),
    };
    let allowed = match subresource {
        "" => resource.has_verb(verb),
        sub => {
            let entry = resource
                .subresources
                .iter()
                .find(|entry| entry.subresource == sub);
            let entry = entry.ok_or_else(|| match &resource.custom {
                Some(_) => Refusal::not_found(&resource, parts.name),
                None => Refusal::no_such_resource(),
            })?;
            entry.verbs.iter().any(|v| v == verb)
        }
    };
    // A collection over all namespaces is read or watched, never written.
    let across = everywhere && !matches!(verb, "list" | "watch");
    let named_create = verb == "create" && !parts.name.is_empty() && parts.subresource.is_empty();
    let nameless = parts.name.is_empty() && matches!(verb, "update" | "patch");
    if !allowed || across || named_create || nameless || *method == Method::HEAD {
        return Err(Refusal::no_such_method());
    }
    let namespace = if resource.namespaced { parts.namespace } else { "" };
    Ok(Target {
        verb,
        namespace: namespace.to_owned(),
        resource,
        name: parts.name.to_owned(),
        subresource: parts.subresource,
    })
}

/// A header as text; empty when it is absent.
pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
