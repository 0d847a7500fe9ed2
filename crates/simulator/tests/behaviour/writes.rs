use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{case, delete, delete_with, get, json_patch, merge_patch, post, put, raw, strategic};
use crate::run::compare;

const MAPS: &str = "/api/v1/namespaces/{ns}/configmaps";
const MAP: &str = "/api/v1/namespaces/{ns}/configmaps/a";
const SECRETS: &str = "/api/v1/namespaces/{ns}/secrets";
const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings";

fn map(data: Value) -> Value {
    json!({"metadata": {"name": "a"}, "data": data})
}

#[tokio::test]
async fn writes() -> Result<()> {
    let made = || post(MAPS, map(json!({"k": "v"}))).quiet();
    compare(vec![
        case("create", [post(MAPS, map(json!({"k": "v"}))), get(MAP)]),
        case("create with everything in the metadata", [post(
            MAPS,
            json!({"metadata": {"name": "a", "labels": {"x": "y"}, "annotations": {"p": "q"}, "finalizers": ["e.org/f"],
                "ownerReferences": [{"apiVersion": "v1", "kind": "Secret", "name": "o", "uid": "u"}]}}),
        )]),
        case("create twice", [made(), post(MAPS, map(json!({})))]),
        case("create with a generated name", [
            post(MAPS, json!({"metadata": {"generateName": "a-"}})).only(&["/code", "/body/metadata/generateName"]),
        ]),
        case("create without a name", [post(MAPS, json!({})), post(MAPS, json!({"metadata": {}}))]),
        case("create with bad names", [post(
            MAPS,
            json!({"metadata": {"name": "A_b", "labels": {"x y": "1"}}, "data": {"a b": "1"}}),
        )]),
        case("create with bad annotations", [post(
            MAPS,
            json!({"metadata": {"name": "b", "annotations": {"A.b/": ""}}}),
        )]),
        case("create with a resourceVersion", [post(MAPS, json!({"metadata": {"name": "b", "resourceVersion": "7"}}))]),
        case("create in another namespace than the path's", [
            post(MAPS, json!({"metadata": {"name": "b", "namespace": "other"}})),
            post("/api/v1/namespaces/nowhere-at-all/configmaps", json!({"metadata": {"name": "b"}})),
        ]),
        case("create with unknown fields", [
            post(MAPS, json!({"metadata": {"name": "b", "nope": 1}, "bogus": {"x": 1}})),
            post(&format!("{MAPS}?fieldValidation=Ignore"), json!({"metadata": {"name": "c"}, "bogus": 1})),
            post(&format!("{MAPS}?fieldValidation=Strict"), json!({"metadata": {"name": "d"}, "bogus": 1})),
            post(&format!("{MAPS}?fieldValidation=Nonsense"), json!({"metadata": {"name": "e"}})),
        ]),
        case("create with values of another type", [
            post(MAPS, map(json!({"k": 1}))),
            post(MAPS, json!({"metadata": {"name": 1}})),
            post(MAPS, json!({"metadata": {"name": "x"}, "immutable": "yes"})),
        ]),
        case("create another kind", [
            post(MAPS, json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "b"}})),
            post(MAPS, json!({"kind": "ConfigMap", "apiVersion": "v2", "metadata": {"name": "b"}})),
        ]),
        case("what is no JSON", [
            raw("POST", MAPS, "application/json", "{\"metadata\":"),
            raw("POST", MAPS, "application/json", ""),
            raw("POST", MAPS, "text/plain", "{}"),
        ]),
        case("nulls and empty fields", [post(
            MAPS,
            json!({"metadata": {"name": "a", "labels": null, "annotations": {}, "finalizers": []}, "data": {}, "binaryData": null}),
        )]),
        case("dry run", [
            post(&format!("{MAPS}?dryRun=All"), map(json!({"k": "v"}))),
            get(MAP),
            post(&format!("{MAPS}?dryRun=Some"), map(json!({}))),
        ]),
        case("secrets", [
            post(SECRETS, json!({"metadata": {"name": "s"}, "stringData": {"b": "x"}, "data": {"a": "eA=="}})),
            put(&format!("{SECRETS}/s"), json!({"metadata": {"name": "s"}, "type": "other"})),
        ]),
        case("update", [
            made(),
            put(&format!("{MAP}?fieldManager=other"), map(json!({"k": "w", "l": "1"}))),
            put(MAP, map(json!({"l": "1"}))),
            get(MAP),
        ]),
        case("update without a change", [
            made(),
            get(MAP).quiet(),
            put(MAP, map(json!({"k": "v"}))),
            get(&format!("{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={{first-rv}}&fieldSelector=metadata.name%3Da")).quiet(),
        ]),
        case("update of an old version", [
            made(),
            put(MAP, json!({"metadata": {"name": "a", "resourceVersion": "1"}})),
            put(MAP, json!({"metadata": {"name": "a", "uid": "1-2-3"}})),
        ]),
        case("update of what is not there, or is another", [
            put(MAP, map(json!({}))),
            made(),
            put(MAP, json!({"metadata": {"name": "b"}})),
            put(MAP, json!({"metadata": {}})),
        ]),
        case("immutable maps", [
            post(MAPS, json!({"metadata": {"name": "a"}, "immutable": true, "data": {"k": "v"}})),
            put(MAP, map(json!({"k": "w"}))),
            merge_patch(MAP, json!({"data": {"k": "w"}})),
            merge_patch(MAP, json!({"metadata": {"labels": {"x": "y"}}})),
        ]),
        case("merge patch", [
            made(),
            merge_patch(MAP, json!({"data": {"l": "1"}, "metadata": {"labels": {"x": "y"}}})),
            merge_patch(MAP, json!({"data": {"k": null}})),
            merge_patch(MAP, json!({"metadata": {"resourceVersion": "1"}})),
            merge_patch("/api/v1/namespaces/{ns}/configmaps/none", json!({})),
        ]),
        case("JSON patch", [
            made(),
            json_patch(MAP, json!([{"op": "add", "path": "/data/l", "value": "1"}, {"op": "test", "path": "/data/k", "value": "v"}])),
            json_patch(MAP, json!([{"op": "test", "path": "/data/k", "value": "nope"}])),
            json_patch(MAP, json!([{"op": "remove", "path": "/data/none"}])),
            json_patch(MAP, json!([{"op": "replace", "path": "/data", "value": {"z": "9"}}])),
        ]),
        case("strategic merge patch", [
            made(),
            strategic(MAP, json!({"metadata": {"finalizers": ["e.org/a"]}})),
            strategic(MAP, json!({"metadata": {"finalizers": ["e.org/b"]}, "data": {"k": null, "m": "1"}})),
            strategic(MAP, json!({"metadata": {"finalizers": null}})),
        ]),
        case("strategic merge patches with directives", {
            let job = "/apis/batch/v1/namespaces/{ns}/cronjobs/a";
            let pod = |spec: Value| json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}});
            let mut made = pod(json!({"restartPolicy": "Never", "containers": [{"name": "a", "image": "x", "env": [{"name": "A", "value": "1"}]},
                {"name": "b", "image": "x"}, {"name": "c", "image": "x"}], "volumes": [{"name": "v", "emptyDir": {}}]}));
            made["metadata"] = json!({"name": "a", "finalizers": ["e.org/a", "e.org/b"]});
            made["spec"]["schedule"] = json!("@daily");
            made["spec"]["suspend"] = json!(true);
            vec![
                post("/apis/batch/v1/namespaces/{ns}/cronjobs", made).only(&["/code", "/body/message"]),
                strategic(job, pod(json!({"$setElementOrder/containers": [{"name": "c"}, {"name": "n"}, {"name": "a"}],
                    "containers": [{"name": "n", "image": "y"}, {"name": "a", "image": "z"}]}))),
                strategic(job, pod(json!({"containers": [{"name": "m", "image": "y"}, {"name": "b", "image": "w"}]}))),
                strategic(job, pod(json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "c", "$patch": "delete"}]}))),
                strategic(job, pod(json!({"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}]}))),
                strategic(job, pod(json!({"containers": [{"$patch": "replace"}, {"name": "q", "image": "y"}]}))),
                strategic(job, json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["e.org/a"]}})),
                strategic(job, json!({"metadata": {"$setElementOrder/finalizers": ["e.org/c", "e.org/b"], "finalizers": ["e.org/c"]}})),
                strategic(job, json!({"metadata": {"finalizers": ["e.org/d", "e.org/b"]}})),
                strategic(job, json!({"metadata": {"labels": {"$patch": "replace", "x": "y"}, "finalizers": null}})),
            ]
        }),
        case("a patch of no known type", [made(), raw("PATCH", MAP, "application/json", "{}")]),
        case("a patch without effect", [made(), merge_patch(MAP, json!({"data": {"k": "v"}}))]),
        case("a patch in dry run", [made(), merge_patch(&format!("{MAP}?dryRun=All"), json!({"data": {"k": "w"}})), get(MAP)]),
        case("delete", [made(), delete(MAP), get(MAP), delete(MAP)]),
        case("delete in dry run", [made(), delete(&format!("{MAP}?dryRun=All")), get(MAP)]),
        case("delete in dry run, as the body says", [
            made(),
            delete_with(MAP, json!({"dryRun": ["All"]})),
            delete_with(&format!("{MAPS}?labelSelector=!x"), json!({"dryRun": ["All"]})).only(&["/code", "/body/kind"]),
            get(MAP),
        ]),
        case("delete with preconditions", [
            made(),
            delete_with(MAP, json!({"preconditions": {"uid": "x"}})),
            delete_with(MAP, json!({"preconditions": {"resourceVersion": "1"}})),
            get(MAP).quiet(),
            delete_with(MAP, json!({"preconditions": {"uid": "{uid}", "resourceVersion": "{rv}"}})),
        ]),
        case("delete with finalizers", [
            post(MAPS, json!({"metadata": {"name": "a", "finalizers": ["e.org/f"]}})).quiet(),
            delete(MAP),
            delete(MAP),
            get(MAP),
            merge_patch(MAP, json!({"metadata": {"finalizers": null}})),
            get(MAP),
        ]),
        case("delete with an unknown policy", [made(), delete(&format!("{MAP}?propagationPolicy=Nonsense"))]),
        case("delete a collection", [
            post(SECRETS, json!({"metadata": {"name": "a", "labels": {"x": "1"}}})).quiet(),
            post(SECRETS, json!({"metadata": {"name": "b", "labels": {"x": "1"}}})).quiet(),
            post(SECRETS, json!({"metadata": {"name": "c"}})).quiet(),
            delete(&format!("{SECRETS}?labelSelector=x")),
            get(SECRETS),
        ]),
        case("delete a service account", [
            post("/api/v1/namespaces/{ns}/serviceaccounts", json!({"metadata": {"name": "robot"}})),
            delete("/api/v1/namespaces/{ns}/serviceaccounts/robot"),
        ]),
        case("roles", [
            post(ROLES, json!({"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]})),
            post(ROLES, json!({"metadata": {"name": "r2"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": []}]})),
            post(ROLES, json!({"metadata": {"name": "r/3"}})),
            get(ROLES).table(),
        ]),
        case("role bindings", [
            post(BINDINGS, json!({"metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "r"},
                "subjects": [{"kind": "User", "name": "alice"}]})),
            put(&format!("{BINDINGS}/b"), json!({"metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "other"}})),
        ]),
        case("a manager's name that is too long", [
            post(&format!("{MAPS}?fieldManager={}", "x".repeat(130)), map(json!({}))),
        ]),
    ])
    .await
}
