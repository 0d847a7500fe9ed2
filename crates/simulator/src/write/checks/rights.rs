//! Roles and their bindings.

use serde_json::{Value, json};

use super::{Causes, items};
use crate::status::Cause;
use crate::write::names;

const GROUP: &str = "rbac.authorization.k8s.io";

/// The rules of a Role or a ClusterRole.
pub(super) fn role(causes: &mut Causes, object: &Value, namespaced: bool) {
    for (index, rule) in items(&object["rules"]) {
        let path = format!("rules[{index}]");
        let none = |field: &str| rule[field].as_array().is_none_or(Vec::is_empty);
        let mut needs = |field: &str, why: &str| {
            if none(field) {
                causes.0.push(Cause::required(format!("{path}.{field}"), why));
            }
        };
        needs("verbs", "verbs must contain at least one value");
        let urls = &rule["nonResourceURLs"];
        if none("nonResourceURLs") {
            needs("apiGroups", "resource rules must supply at least one api group");
            needs("resources", "resource rules must supply at least one resource");
            continue;
        }
        let path = format!("{path}.nonResourceURLs");
        if namespaced {
            let why = "namespaced rules cannot apply to non-resource URLs";
            causes.invalid(path.clone(), urls, why);
        }
        if !none("apiGroups") || !none("resources") || !none("resourceNames") {
            let why = "rules cannot apply to both regular resources and non-resource URLs";
            causes.invalid(path, urls, why);
        }
    }
}

/// The role and the subjects of a RoleBinding or a ClusterRoleBinding.
pub(super) fn binding(causes: &mut Causes, object: &Value, namespaced: bool) {
    let role = &object["roleRef"];
    let kinds: &[&str] = match namespaced {
        true => &["Role", "ClusterRole"],
        false => &["ClusterRole"],
    };
    causes.one_of("roleRef.apiGroup", &role["apiGroup"], &[GROUP]);
    causes.one_of("roleRef.kind", &role["kind"], kinds);
    causes.required("roleRef.name", &role["name"]);
    for (index, subject) in items(&object["subjects"]) {
        let path = format!("subjects[{index}]");
        causes.required(format!("{path}.name"), &subject["name"]);
        let name = subject["name"].as_str().unwrap_or_default();
        match subject["kind"].as_str() {
            Some("ServiceAccount") => {
                if !name.is_empty() && !names::is_subdomain(name) {
                    causes.invalid(format!("{path}.name"), &subject["name"], names::SUBDOMAIN);
                }
                let group = &subject["apiGroup"];
                if group.as_str().is_some_and(|group| !group.is_empty()) {
                    causes.one_of(format!("{path}.apiGroup"), group, &[""]);
                }
                if !namespaced {
                    causes.required(format!("{path}.namespace"), &subject["namespace"]);
                }
            }
            Some("User" | "Group") => {
                causes.one_of(format!("{path}.apiGroup"), &subject["apiGroup"], &[GROUP]);
            }
            other => {
                let known = ["ServiceAccount", "User", "Group"];
                causes.one_of(format!("{path}.kind"), &json!(other.unwrap_or_default()), &known);
            }
        }
    }
}
