//! What people try who do not know what was tried before.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Step, case, delete, get, json_patch, merge_patch, post, raw};
use crate::run::compare;

fn made(path: &str, spec: Value) -> Step {
    let mut object = json!({"metadata": {"name": "a"}});
    for (key, value) in spec.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    post(&format!("{path}?dryRun=All"), object).only(&["/code", "/body/message", "/body/details"])
}

#[tokio::test]
async fn mistakes_that_nobody_had_made() -> Result<()> {
    const RIGHTS: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}";
    const INGRESSES: &str = "/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses";
    const POLICIES: &str = "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies";
    const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/{ns}/deployments";
    const MAPS: &str = "/api/v1/namespaces/{ns}/configmaps";
    let mut rights = Vec::new();
    for rule in [
        json!({"verbs": ["get"], "resources": ["a"]}),
        json!({"verbs": ["get"], "apiGroups": [""]}),
        json!({"verbs": ["get"], "nonResourceURLs": ["/x"], "resources": ["a"], "apiGroups": [""]}),
        json!({"verbs": [], "nonResourceURLs": ["/x"]}),
        json!({}),
    ] {
        rights.push(made(&format!("{RIGHTS}/roles"), json!({"rules": [rule]})));
        rights.push(made(
            "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            json!({"rules": [rule]}),
        ));
    }
    for (role, subjects) in [
        (json!({"kind": "X", "name": "y"}), json!([])),
        (json!({"kind": "Role", "name": ""}), json!([])),
        (
            json!({"kind": "Role", "name": "a", "apiGroup": "x"}),
            json!([{"kind": "User", "name": ""}, {"kind": "Z", "name": "a"},
            {"kind": "ServiceAccount", "name": "A_"}, {"kind": "ServiceAccount", "name": "a"}, {"kind": "Group", "name": "a", "apiGroup": "q"}]),
        ),
    ] {
        rights.push(made(
            &format!("{RIGHTS}/rolebindings"),
            json!({"roleRef": role, "subjects": subjects}),
        ));
    }
    let subjects = json!([{"kind": "ServiceAccount", "name": "a"}, {"kind": "ServiceAccount", "name": "a", "namespace": "b", "apiGroup": "c"}]);
    rights.push(made(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        json!({"roleRef": {"kind": "Role", "name": "a"}, "subjects": subjects}),
    ));
    let host = |host: &str| {
        let backend = json!({"service": {"name": "a", "port": {"number": 80}}});
        made(
            INGRESSES,
            json!({"spec": {"defaultBackend": backend, "rules": [{"host": host}]}}),
        )
    };
    let peer = |peer: Value| {
        made(
            POLICIES,
            json!({"spec": {"podSelector": {}, "ingress": [{"from": [peer]}], "policyTypes": ["X"]}}),
        )
    };
    let template =
        json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let deployment = |more: Value| {
        let mut spec = json!({"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template});
        for (key, value) in more.as_object().into_iter().flatten() {
            spec[key] = value.clone();
        }
        json!({"spec": spec})
    };
    let scale = format!("{DEPLOYMENTS}/a/scale?dryRun=All");
    let mut real = deployment(json!({}));
    real["metadata"] = json!({"name": "a"});
    let one = format!("{MAPS}/a");
    let mut operations = vec![
        post(
            MAPS,
            json!({"metadata": {"name": "a", "finalizers": ["a.b/c", "d.e/f"]}, "data": {"k": "1"}}),
        )
        .quiet(),
    ];
    operations.extend(patches().into_iter().map(|patch| {
        let only = [
            "/code",
            "/warnings",
            "/body/message",
            "/body/data",
            "/body/metadata/finalizers",
        ];
        json_patch(&format!("{one}?dryRun=All"), patch).only(&only)
    }));
    operations.push(merge_patch(&one, json!({"metadata": {"finalizers": null}})).quiet());
    let selected =
        |path: &str| get(&format!("{path}?fieldSelector=spec.zzz%3D1")).only(&["/code", "/body/message"]);
    compare(vec![
        case("roles and bindings", rights),
        case(
            "hosts of an ingress",
            ["*.*.a", "*.a", "A.b", "1.2.3.4", "a..b", "*", "a*b", "*."].map(host),
        ),
        case(
            "peers of a policy",
            [
                json!({"ipBlock": {"cidr": ""}}),
                json!({"ipBlock": {"cidr": "10.0.0.0"}}),
                json!({"ipBlock": {"cidr": "10.0.0.0/33"}}),
                json!({"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}),
                json!({"ipBlock": {"cidr": "fd00::/8"}}),
                json!({"ipBlock": {"cidr": "010.0.0.0/8"}}),
                json!({"ipBlock": {"cidr": "10.0.0.1/8"}}),
                json!({"ipBlock": {"cidr": "10.0.0.0/08"}}),
                json!({"ipBlock": {"cidr": "::ffff:10.0.0.0/112"}}),
                json!({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "192.168.0.0/16"]}}),
                json!({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["nope", "11.0.0.0/24", "10.0.0.0/8"]}}),
                json!({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/7", "fd00::/9", "10.1.0.1/16"]}}),
                json!({"ipBlock": {"cidr": "nope", "except": ["10.0.0.0/16", "010.1.0.0/16"]}}),
                json!({"ipBlock": {"cidr": "010.0.0.0/8", "except": ["10.1.0.0/16", "011.1.0.0/16", "x"]}}),
                json!({"ipBlock": {"cidr": "10.0.0.1/8", "except": ["10.1.0.0/016", "10.0.0.0/+9"]}}),
                json!({"ipBlock": {"cidr": "fd00::/8", "except": ["fd01::/16", "fe00::/16", "::ffff:010.0.0.0/120"]}}),
            ]
            .map(peer),
        ),
        case(
            "a strategy with what another one has",
            [made(
                DEPLOYMENTS,
                deployment(json!({"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}})),
            )],
        ),
        case(
            "a scale that is patched",
            [
                post(DEPLOYMENTS, real).quiet(),
                json_patch(
                    &scale,
                    json!([{"op": "replace", "path": "/spec/replicas", "value": 3}]),
                )
                .only(&["/code", "/body/spec", "/body/message"]),
                json_patch(
                    &scale,
                    json!([{"op": "test", "path": "/spec/replicas", "value": 3}]),
                )
                .only(&["/code", "/body/message"]),
                json_patch(
                    &scale,
                    json!([{"op": "replace", "path": "/spec/replicas", "value": -3}]),
                )
                .only(&["/code", "/body/message"]),
            ],
        ),
        case(
            "finalizers of what is being deleted",
            [
                post(MAPS, json!({"metadata": {"name": "a", "finalizers": ["a.b/c"]}})).quiet(),
                delete(&one).quiet(),
                merge_patch(
                    &one,
                    json!({"metadata": {"finalizers": ["a.b/c", "g.h/i", "d.e/f"]}}),
                ),
                merge_patch(&one, json!({"metadata": {"finalizers": []}})).only(&["/code"]),
                get(&one).only(&["/code"]),
            ],
        ),
        case(
            "a patch that ends too early",
            [
                post(MAPS, json!({"metadata": {"name": "a"}})).quiet(),
                raw("PATCH", &one, "application/merge-patch+json", "{\"a\":"),
            ],
        ),
        case("operations of patches", operations),
        case(
            "namespaces that stay",
            ["default", "kube-system", "kube-public"]
                .map(|name| delete(&format!("/api/v1/namespaces/{name}"))),
        ),
        case(
            "fields that cannot select",
            [
                "/api/v1/pods",
                "/api/v1/serviceaccounts",
                "/api/v1/persistentvolumes",
                "/apis/apps/v1/deployments",
                "/apis/batch/v1/jobs",
                "/apis/batch/v1/cronjobs",
                "/api/v1/secrets",
            ]
            .map(selected),
        ),
    ])
    .await
}

/// Patches beyond what RFC 6902 says.
fn patches() -> Vec<Value> {
    let place = |op: &str, at: &str| json!([{"op": op, "path": format!("/metadata/finalizers/{at}"), "value": "x.y/z"}]);
    let mut patches: Vec<Value> = ["1", "7", "-1", "-2", "-3", "x", "-"]
        .map(|at| place("replace", at))
        .into();
    patches.extend(["0", "2", "3", "-1", "-3", "-4", "-"].map(|at| place("add", at)));
    patches.extend(["0", "2", "-1", "-3"].map(|at| place("remove", at)));
    let operations = json!([
        {"op": "replace", "path": "/data/zz", "value": "1"}, {"op": "replace", "path": "/nope/zz", "value": "1"},
        {"op": "replace", "path": "/data/k", "value": null}, {"op": "replace", "path": "/data/k"},
        {"op": "test", "path": "/data/none", "value": null}, {"op": "test", "path": "/data/none"}, {"op": "test", "path": "/data/none", "value": "x"},
        {"op": "test", "path": "/data/k", "value": "1"}, {"op": "test", "path": "/data/k", "value": 1}, {"op": "test", "path": "/data/k"},
        {"op": "copy", "from": "/data/none", "path": "/data/x"}, {"op": "move", "from": "/data/none", "path": "/data/x"},
        {"op": "copy", "from": "/none/none", "path": "/data/x"}, {"op": "move", "from": "/data/k", "path": "/data/l"},
        {"op": "nope", "path": "/data/k"}, {"op": "add", "path": "/data/k"}, {"op": "add", "path": "data/k", "value": "x"},
        {"path": "/data/k", "value": "x"}, {"op": "add", "path": "/data/a~0b", "value": "x"}, {"op": "remove", "path": "/data/none"},
        {"op": 1, "path": "/data/k"}, {"op": "add", "path": {}}, {"op": "add", "value": "x"}, "x", 1, null,
        {"op": "remove", "path": "/data"}, {"op": "add", "path": "/data/k/l", "value": "x"},
    ]);
    let operations = operations.as_array().cloned().unwrap_or_default();
    patches.extend(operations.into_iter().map(|operation| json!([operation])));
    patches.push(json!([]));
    patches
}
