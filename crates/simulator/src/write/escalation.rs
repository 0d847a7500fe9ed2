//! Who writes a role or a binding hands out rights, and has to have them: RBAC allows no escalation.

use serde_json::Value;

use super::Write;
use crate::access::cover::{missing, quoted};
use crate::access::rbac::{GROUP, Rule};
use crate::access::{self, MASTERS};
use crate::http::request::Attributes;
use crate::status::Refusal;
use crate::store::Inner;

/// Refuses a role or a binding that gives more than the writer has. `old` is what it replaces.
pub(super) fn check(
    write: &Write<'_>,
    store: &mut Inner,
    old: Option<&Value>,
    object: &Value,
) -> Result<(), Refusal> {
    let resource = write.resource;
    let is_master = write.user.groups.iter().any(|group| group == MASTERS);
    if resource.group != GROUP || is_master || old.is_some_and(|old| same_but_for_owners(old, object)) {
        return Ok(());
    }
    match resource.plural.as_str() {
        "roles" | "clusterroles" => role(write, store, old, object),
        _ => binding(write, store, object),
    }
}

fn role(write: &Write<'_>, store: &mut Inner, old: Option<&Value>, object: &Value) -> Result<(), Refusal> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if may(write, store, "escalate", &write.resource.plural, name) {
        return Ok(());
    }
    confirm(write, store, object, &rules(&object["rules"]))?;
    let aggregates = |object: &Value| object["aggregationRule"]["clusterRoleSelectors"].is_array();
    if !aggregates(object) && !old.is_some_and(aggregates) {
        return Ok(());
    }
    let all = || vec!["*".to_owned()];
    let everything = [
        Rule {
            verbs: all(),
            api_groups: all(),
            resources: all(),
            ..Rule::default()
        },
        Rule {
            verbs: all(),
            urls: all(),
            ..Rule::default()
        },
    ];
    confirm(write, store, object, &everything).map_err(|_| {
        let why = "must have cluster-admin privileges to use the aggregationRule";
        Refusal::forbidden_object(write.resource, name, why)
    })
}

fn binding(write: &Write<'_>, store: &mut Inner, object: &Value) -> Result<(), Refusal> {
    let role = &object["roleRef"];
    let text = |field: &str| role[field].as_str().unwrap_or_default();
    let name = text("name");
    let (plural, place) = match text("kind") {
        "Role" => ("roles", write.namespace),
        "ClusterRole" => ("clusterroles", ""),
        _ => return Err(Refusal::unsupported("bindings to something else than a role")),
    };
    if may(write, store, "bind", plural, name) {
        return Ok(());
    }
    let rbac = write.shared.rbac_of(store);
    let Some(rules) = rbac.role(place, name) else {
        // The real one says so, too: the binding's kind with the role's name.
        return Err(Refusal::not_found(write.resource, name));
    };
    confirm(write, store, object, rules)
}

/// Refuses to hand out rules that the writer does not have.
fn confirm(write: &Write<'_>, store: &mut Inner, object: &Value, wanted: &[Rule]) -> Result<(), Refusal> {
    let held = write.shared.rbac_of(store).rules(write.user, write.namespace);
    let missing = missing(&held, wanted);
    if missing.is_empty() {
        return Ok(());
    }
    let why = format!(
        "user {:?} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
        write.user.name,
        quoted(&write.user.groups),
        missing.join("\n")
    );
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    Err(Refusal::forbidden_object(write.resource, name, &why))
}

/// Whether the writer may do this with a role whatever rights it gives.
fn may(write: &Write<'_>, store: &mut Inner, verb: &str, plural: &str, name: &str) -> bool {
    let asked = Attributes {
        verb: verb.to_owned(),
        group: GROUP.to_owned(),
        resource: plural.to_owned(),
        namespace: write.namespace.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    };
    let rbac = write.shared.rbac_of(store);
    access::allowed_by(&rbac, write.user, &asked).is_some()
}

fn rules(value: &Value) -> Vec<Rule> {
    let rules = value.as_array().into_iter().flatten();
    // Each was read by its type before.
    rules
        .filter_map(|rule| serde_json::from_value(rule.clone()).ok())
        .collect()
}

/// Whether a change is one that the garbage collector makes.
fn same_but_for_owners(old: &Value, new: &Value) -> bool {
    let rest = |object: &Value| {
        let mut rest = object.clone();
        if let Some(metadata) = rest["metadata"].as_object_mut() {
            for field in ["ownerReferences", "finalizers", "managedFields"] {
                metadata.remove(field);
            }
        }
        rest
    };
    rest(old) == rest(new)
}
