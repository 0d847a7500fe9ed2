//! Strategic merge patches as kubectl makes them: lists that are merged, directives, and the order of what comes out.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Case, Step, case, post, strategic};
use crate::run::compare;

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/{ns}/deployments";
const A: &str = "/apis/apps/v1/namespaces/{ns}/deployments/a";
const SPEC: &[&str] = &[
    "/code",
    "/body/spec/template/spec",
    "/body/spec/strategy",
    "/body/metadata/finalizers",
    "/body/metadata/labels",
];

fn container(name: &str) -> Value {
    json!({"name": name, "image": "x:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, {"name": "C", "value": "3"}],
        "ports": [{"containerPort": 80}, {"containerPort": 81}], "args": ["a", "b"]})
}

fn made() -> Step {
    let containers = ["a", "b", "c"].map(container);
    let spec = json!({"replicas": 0, "selector": {"matchLabels": {"app": "a"}}, "template": {"metadata": {"labels": {"app": "a"}},
        "spec": {"containers": containers, "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "configMap": {"name": "m"}}]}}});
    let metadata =
        json!({"name": "a", "labels": {"l": "1", "m": "2"}, "finalizers": ["e.org/a", "e.org/b", "e.org/c"]});
    post(DEPLOYMENTS, json!({"metadata": metadata, "spec": spec})).quiet()
}

/// A patch of the pod template, tried on a fresh object.
fn template(name: &'static str, patches: impl IntoIterator<Item = Value>) -> Case {
    let patches = patches
        .into_iter()
        .map(|spec| strategic(A, json!({"spec": {"template": {"spec": spec}}})).only(SPEC));
    let end = strategic(A, json!({"metadata": {"finalizers": null}})).quiet();
    case(name, [made()].into_iter().chain(patches).chain([end]))
}

fn whole(name: &'static str, patches: impl IntoIterator<Item = Value>) -> Case {
    let patches = patches.into_iter().map(|patch| strategic(A, patch).only(SPEC));
    let end = strategic(A, json!({"metadata": {"finalizers": null}})).quiet();
    case(name, [made()].into_iter().chain(patches).chain([end]))
}

#[tokio::test]
async fn strategic_patches() -> Result<()> {
    let named = |names: &[&str]| -> Value { names.iter().map(|name| json!({"name": name})).collect() };
    compare(vec![
        template("items are merged and new ones come first", [
            json!({"containers": [{"name": "b", "image": "y:2"}]}),
            json!({"containers": [{"name": "d", "image": "d:1"}]}),
            json!({"containers": [{"name": "c", "image": "z:3"}, {"name": "e", "image": "e:1"}, {"name": "a", "image": "w:4"}]}),
        ]),
        template("with an order", [
            json!({"$setElementOrder/containers": named(&["c", "b", "a"])}),
            json!({"$setElementOrder/containers": named(&["a", "n", "c"]), "containers": [{"name": "n", "image": "n:1"}]}),
            json!({"$setElementOrder/containers": named(&["b"]), "containers": [{"name": "b", "$setElementOrder/env": named(&["C", "N", "A"]), "env": [{"name": "N", "value": "n"}]}]}),
            json!({"$setElementOrder/initContainers": named(&["i"]), "initContainers": [{"name": "i", "image": "i:1"}]}),
            json!({"$setElementOrder/containers": named(&["a"]), "containers": [{"name": "a", "$setElementOrder/ports": [{"containerPort": 81}, {"containerPort": 82}], "ports": [{"containerPort": 82, "protocol": "TCP"}]}]}),
        ]),
        template("items that go", [
            json!({"containers": [{"name": "a", "$patch": "delete"}]}),
            json!({"containers": [{"name": "b", "env": [{"name": "B", "$patch": "delete"}, {"name": "none", "$patch": "delete"}]}]}),
            json!({"$setElementOrder/volumes": named(&["w"]), "volumes": [{"name": "v", "$patch": "delete"}]}),
        ]),
        template("lists and maps that are replaced", [
            json!({"containers": [{"name": "a", "args": ["z"]}]}),
            json!({"containers": [{"$patch": "replace"}, {"name": "z", "image": "z:1"}]}),
            json!({"$patch": "replace", "containers": [{"name": "y", "image": "y:1"}]}),
        ]),
        template("one kind of volume for another", [
            json!({"volumes": [{"name": "v", "$retainKeys": ["name", "secret"], "secret": {"secretName": "s"}}]}),
        ]),
        template("fields that are not there and go", [
            json!({"containers": [{"name": "n", "image": "n:1", "command": null, "env": [{"name": "A", "value": "1", "valueFrom": null}]}], "affinity": {"nodeAffinity": null}}),
        ]),
        whole("a strategy for another", [
            json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate", "rollingUpdate": null}}}),
        ]),
        whole("lists of texts", [
            json!({"metadata": {"finalizers": ["e.org/b", "e.org/d"]}}),
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["e.org/b"]}}),
            json!({"metadata": {"$setElementOrder/finalizers": ["e.org/d", "e.org/a"], "finalizers": ["e.org/d"]}}),
        ]),
        whole("maps that are emptied", [
            json!({"metadata": {"labels": {"$patch": "replace", "n": "3"}}}),
            json!({"metadata": {"labels": {"$patch": "delete"}}}),
        ]),
    ])
    .await
}
