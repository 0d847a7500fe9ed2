use anyhow::Result;
use serde_json::json;

use crate::case::{Step, case, get, merge_patch, post};
use crate::run::compare;

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1";

fn role(rules: serde_json::Value) -> Step {
    post(
        &format!("{RBAC}/roles"),
        json!({"metadata": {"name": "r"}, "rules": rules}),
    )
    .quiet()
}

fn binding(kind: &str, name: &str) -> Step {
    let body = json!({"metadata": {"name": "b"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
        "subjects": [{"kind": kind, "name": name}]});
    post(&format!("{RBAC}/rolebindings"), body).quiet()
}

fn asks(user: &str, verb: &str, resource: &str, name: &str) -> Step {
    let attributes = json!({"namespace": "{ns}", "verb": verb, "resource": resource, "name": name});
    post(
        &format!("{REVIEWS}/subjectaccessreviews"),
        json!({"spec": {"user": user, "resourceAttributes": attributes}}),
    )
    .only(&["/code", "/body/status", "/body/message"])
}

#[tokio::test]
async fn access() -> Result<()> {
    let reads = || role(json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}]));
    // RBAC reads through a cache that may be a moment behind on the real server.
    let settled = || get("/api/v1/namespaces/{ns}/pods?watch=1&timeoutSeconds=1").quiet();
    compare(vec![
        case("nobody may nothing", [
            get("/api/v1/namespaces/{ns}/secrets").by("nobody"),
            get("/api/v1/namespaces/{ns}/secrets/a").by("nobody"),
            get("/apis/apps/v1/deployments").by("nobody"),
            get("/api/v1/nodes/x/status").by("nobody"),
            get("/api/v1/namespaces/{ns}").by("nobody"),
            get("/api/v1/secrets?watch=1").by("nobody"),
            get("/metrics").by("nobody"),
            get("/apis/nope.example.org/v1/things").by("nobody"),
            post("/api/v1/namespaces/{ns}/configmaps", json!({})).by("nobody"),
        ]),
        case("everybody may discover", [
            get("/api").by("nobody"),
            get("/version").by("nobody").only(&["/code"]),
            get("/readyz").by("nobody"),
        ]),
        case("a role for a user", [
            reads(),
            binding("User", "alice-{ns}"),
            settled(),
            get("/api/v1/namespaces/{ns}/secrets").by("alice-{ns}"),
            get("/api/v1/namespaces/{ns}/secrets?watch=1&timeoutSeconds=1").by("alice-{ns}"),
            get("/api/v1/secrets").by("alice-{ns}"),
            get("/api/v1/namespaces/{ns}/configmaps").by("alice-{ns}"),
        ]),
        case("a role for a group", [
            reads(),
            binding("Group", "readers-{ns}"),
            settled(),
            get("/api/v1/namespaces/{ns}/secrets").by("bob").header("impersonate-group", "readers-{ns}"),
            get("/api/v1/namespaces/{ns}/secrets").by("bob"),
        ]),
        case("one object by its name", [
            role(json!([{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["a"], "verbs": ["get"]}])),
            binding("User", "carol-{ns}"),
            settled(),
            get("/api/v1/namespaces/{ns}/configmaps/a").by("carol-{ns}"),
            get("/api/v1/namespaces/{ns}/configmaps/b").by("carol-{ns}"),
        ]),
        case("reviews of others", [
            reads(),
            binding("User", "dave-{ns}"),
            settled(),
            asks("dave-{ns}", "get", "secrets", ""),
            asks("dave-{ns}", "delete", "secrets", ""),
            asks("dave-{ns}", "get", "configmaps", "x"),
        ]),
        case("a review by oneself", [
            post(&format!("{REVIEWS}/selfsubjectaccessreviews"),
                json!({"spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "{ns}"}}})),
            post(&format!("{REVIEWS}/selfsubjectaccessreviews"),
                json!({"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}})).by("nobody"),
            post(&format!("{REVIEWS}/selfsubjectaccessreviews"),
                json!({"spec": {"nonResourceAttributes": {"verb": "get", "path": "/version"}}})).by("nobody").only(&["/code", "/body/status/allowed"]),
            post(&format!("{REVIEWS}/selfsubjectaccessreviews"), json!({"spec": {}})),
            post(&format!("{REVIEWS}/subjectaccessreviews"), json!({"spec": {}})),
        ]),
        case("rules", [
            post(&format!("{REVIEWS}/selfsubjectrulesreviews"), json!({"spec": {"namespace": "default"}})).by("nobody"),
            post(&format!("{REVIEWS}/selfsubjectrulesreviews"), json!({"spec": {}})).by("nobody"),
        ]),
        case("who am I", [
            post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json!({})).by("nobody"),
            post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json!({}))
                .by("x").header("impersonate-group", "g"),
        ]),
        case("impersonation is a right", [
            get("/api/v1/namespaces/{ns}/pods").header("impersonate-group", "g"),
        ]),
    ])
    .await
}

/// Somebody who may write roles and bindings, and read secrets, and nothing else.
fn keeper(more: serde_json::Value) -> Vec<Step> {
    let group = "rbac.authorization.k8s.io";
    let mut rules = json!([
        {"apiGroups": [group], "resources": ["roles", "rolebindings"], "verbs": ["create", "get", "patch", "update"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]},
    ]);
    if let (Some(rules), Some(more)) = (rules.as_array_mut(), more.as_array()) {
        rules.extend(more.iter().cloned());
    }
    vec![
        role(rules),
        binding("User", "keeper-{ns}"),
        get("/api/v1/namespaces/{ns}/pods?watch=1&timeoutSeconds=1").quiet(),
    ]
}

#[tokio::test]
async fn escalation() -> Result<()> {
    let roles = format!("{RBAC}/roles");
    let bindings = format!("{RBAC}/rolebindings");
    let give = |name: &str, rules: serde_json::Value| {
        post(&roles, json!({"metadata": {"name": name}, "rules": rules})).by("keeper-{ns}")
    };
    let bind = |name: &str, kind: &str, role: &str| {
        let body = json!({"metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind,
            "name": role}, "subjects": [{"kind": "User", "name": "eve"}]});
        post(&bindings, body).by("keeper-{ns}")
    };
    let whole = |first: Vec<Step>, steps: Vec<Step>| first.into_iter().chain(steps).collect::<Vec<_>>();
    let secrets = |verbs: &[&str]| json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": verbs}]);
    compare(vec![
        case("roles with what their writer has", whole(keeper(json!([])), vec![
            give("one", secrets(&["get"])),
            give("named", json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a"], "verbs": ["list"]}])),
        ])),
        case("roles with more than their writer has", whole(keeper(json!([])), vec![
            give("verb", secrets(&["get", "delete", "watch"])),
            give("kinds", json!([{"apiGroups": ["", "apps"], "resources": ["pods", "secrets"], "verbs": ["get"]}])),
            give("all", json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])),
            give("names", json!([{"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a", "b"], "verbs": ["get", "list"]}])),
            give("sub", json!([{"apiGroups": [""], "resources": ["secrets/status"], "verbs": ["get"]}])),
            give("wrong", json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": []}])),
        ])),
        case("a change that gives more", whole(keeper(json!([])), vec![
            give("one", secrets(&["get"])),
            merge_patch(&format!("{roles}/one"), json!({"rules": secrets(&["get", "list"])})).by("keeper-{ns}"),
            merge_patch(&format!("{roles}/one"), json!({"rules": secrets(&["update"])})).by("keeper-{ns}"),
            merge_patch(&format!("{roles}/one"), json!({"rules": secrets(&["update"])})),
            merge_patch(&format!("{roles}/one"), json!({"metadata": {"labels": {"a": "b"}}})).by("keeper-{ns}"),
            merge_patch(&format!("{roles}/one"), json!({"metadata": {"finalizers": ["e.org/f"]}})).by("keeper-{ns}"),
            merge_patch(&format!("{roles}/one"), json!({"metadata": {"finalizers": null}})).quiet(),
        ])),
        case("who may escalate may give anything", whole(
            keeper(json!([{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["escalate"]}])),
            vec![give("all", json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]))],
        )),
        case("bindings", whole(keeper(json!([])), vec![
            bind("own", "Role", "r"),
            bind("admin", "ClusterRole", "system:node-bootstrapper"),
            bind("nothing", "Role", "nothing"),
            bind("nowhere", "ClusterRole", "nothing-{ns}"),
        ])),
        case("who may bind may bind anything", whole(
            keeper(json!([{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"],
                "resourceNames": ["admin"], "verbs": ["bind"]}])),
            vec![bind("admin", "ClusterRole", "admin"), bind("nodes", "ClusterRole", "system:node-bootstrapper")],
        )),
    ])
    .await
}
