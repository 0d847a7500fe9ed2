use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{apply, case, delete, get, json_patch, merge_patch, post, put, raw};
use crate::run::compare;

const MAPS: &str = "/api/v1/namespaces/{ns}/configmaps";
const MAP: &str = "/api/v1/namespaces/{ns}/configmaps/a";
const JOB: &str = "/apis/batch/v1/namespaces/{ns}/cronjobs/a";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/{ns}/deployments";
const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/{ns}/deployments/a";

fn map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

fn with(metadata: Value, data: Value) -> Value {
    let mut map = map(data);
    for (key, value) in metadata.as_object().into_iter().flatten() {
        map["metadata"][key] = value.clone();
    }
    map
}

fn deployment(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec})
}

fn running(containers: Value) -> Value {
    deployment(json!({"selector": {"matchLabels": {"app": "a"}},
        "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": containers}}}))
}

fn cron_job(spec: Value) -> Value {
    json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a"}, "spec": spec})
}

/// A kind with containers that no controller touches while it is suspended.
fn whole(containers: Value) -> Value {
    cron_job(json!({"schedule": "@daily", "suspend": true,
        "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": containers}}}}}))
}

fn part(containers: Value) -> Value {
    cron_job(json!({"jobTemplate": {"spec": {"template": {"spec": {"containers": containers}}}}}))
}

#[tokio::test]
async fn server_side_apply() -> Result<()> {
    let dry = format!("{MAP}?dryRun=All");
    let force = format!("{MAP}?force=true");
    compare(vec![
        case("apply creates, changes, and takes away", [
            apply(MAP, "one", map(json!({"k": "v", "l": "1"}))),
            apply(MAP, "one", map(json!({"k": "w"}))),
            apply(MAP, "one", map(json!({"k": "w"}))),
            apply(MAP, "one", map(json!({}))),
            apply(MAP, "one", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})),
            get(MAP),
        ]),
        case("apply with everything in the metadata", [
            apply(MAP, "one", with(json!({"labels": {"x": "y"}, "annotations": {"p": "q"}, "finalizers": ["e.org/a"]}), json!({}))),
            apply(MAP, "two", with(json!({"labels": {"z": "1"}, "finalizers": ["e.org/b"]}), json!({}))),
            apply(MAP, "one", with(json!({"labels": {}}), json!({}))),
            apply(MAP, "two", map(json!({}))),
        ]),
        case("two appliers share a value, and the last one takes it away", [
            apply(MAP, "one", map(json!({"k": "v", "l": "1"}))).quiet(),
            apply(MAP, "two", map(json!({"k": "v", "m": "2"}))),
            apply(MAP, "one", map(json!({"l": "1"}))),
            apply(MAP, "two", map(json!({"m": "2"}))),
        ]),
        case("apply of owners", [
            apply(&dry, "one", with(json!({"ownerReferences": [{"apiVersion": "v1", "kind": "Secret", "name": "o", "uid": "u"},
                {"apiVersion": "v1", "kind": "Secret", "name": "p", "uid": "v"}]}), json!({}))),
        ]),
        case("conflicts", [
            apply(MAP, "one", map(json!({"k": "v", "l": "1"}))).quiet(),
            apply(MAP, "two", map(json!({"k": "w"}))),
            apply(MAP, "two", map(json!({"k": "w", "l": "2"}))),
            apply(&force, "two", map(json!({"k": "w"}))),
            apply(MAP, "one", map(json!({"k": "v", "l": "1"}))),
        ]),
        case("conflicts with an update", [
            post(&format!("{MAPS}?fieldManager=hand"), map(json!({"k": "v", "l": "1"}))),
            apply(MAP, "one", map(json!({"k": "w"}))),
            apply(MAP, "one", map(json!({"k": "v"}))),
            apply(&force, "one", map(json!({"k": "w"}))),
            merge_patch(&format!("{MAP}?fieldManager=hand"), json!({"data": {"k": "x", "n": "1"}})),
            apply(MAP, "one", map(json!({"k": "w"}))),
            put(&format!("{MAP}?fieldManager=other"), map(json!({"n": "2"}))),
            apply(MAP, "one", map(json!({"n": "2"}))),
            apply(MAP, "one", map(json!({}))),
        ]),
        case("dry run", [
            apply(&dry, "one", map(json!({"k": "v"}))),
            get(MAP),
            apply(MAP, "one", map(json!({"k": "v"}))).quiet(),
            apply(&dry, "one", map(json!({"k": "w"}))),
            apply(&dry, "two", map(json!({"k": "x"}))),
            get(MAP),
        ]),
        case("what cannot be applied", [
            raw("PATCH", MAP, "application/apply-patch+yaml", "{}"),
            apply(MAP, "one", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}})),
            apply(MAP, "one", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}})),
            apply(MAP, "one", with(json!({"namespace": "other"}), json!({}))),
            apply(MAP, "one", with(json!({"managedFields": []}), json!({}))),
            apply(MAP, "one", json!({"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "a"}})),
            apply(MAP, "one", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "bogus": 1})),
            apply(MAP, "one", map(json!({"k": 1}))),
            apply(MAP, "one", map(json!({"k": true}))),
            apply(MAP, "one", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "immutable": "yes"})),
            apply(MAP, "one", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": "x"})),
            apply(MAP, "one", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "finalizers": ["a/b", "a/b"]}})),
            apply(MAP, "one", with(json!({"labels": {"a b": "c"}}), json!({"x y": "1"}))),
            apply("/api/v1/namespaces/{ns}-none/configmaps/a", "one", map(json!({}))),
            apply(&format!("{MAP}?force=false"), "one", map(json!({"k": "v"}))),
            merge_patch(&format!("{MAP}?force=true"), json!({})),
        ]),
        case("apply as YAML", [
            raw("PATCH", &format!("{MAP}?fieldManager=one"), "application/apply-patch+yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: \"1\"\n"),
        ]),
        case("apply of an old version", [
            apply(MAP, "one", map(json!({"k": "v"}))).quiet(),
            apply(MAP, "one", with(json!({"resourceVersion": "1"}), json!({"k": "w"}))),
            apply(MAP, "one", with(json!({"resourceVersion": "{rv}"}), json!({"k": "w"}))),
            apply(MAP, "one", with(json!({"uid": "1-2-3"}), json!({"k": "x"}))),
        ]),
        case("apply with a right to patch only", [
            post("/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles", json!({"metadata": {"name": "r"},
                "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["patch"]}]})).quiet(),
            post("/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings", json!({"metadata": {"name": "r"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "patcher-{ns}"}]})).quiet(),
            apply(MAP, "one", map(json!({"k": "v"}))).by("patcher-{ns}"),
            apply(MAP, "one", map(json!({"k": "v"}))).quiet(),
            apply(MAP, "one", map(json!({"k": "w"}))).by("patcher-{ns}"),
        ]),
        case("managers are changed by hand", [
            post(&format!("{MAPS}?fieldManager=hand"), map(json!({"k": "v"}))).quiet(),
            json_patch(MAP, json!([{"op": "replace", "path": "/metadata/managedFields", "value": [{"manager": "x", "operation": "Apply",
                "apiVersion": "v1", "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:k": {}}}}]}])),
            apply(MAP, "x", map(json!({}))),
            merge_patch(MAP, json!({"data": {"z": "1"}})),
            json_patch(MAP, json!([{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}])),
            merge_patch(MAP, json!({"data": {"y": "1"}})),
            apply(MAP, "x", map(json!({"y": "1"}))),
        ]),
        case("a finalizer is taken away by apply", [
            apply(MAP, "one", with(json!({"finalizers": ["e.org/a"]}), json!({}))).quiet(),
            delete(MAP).quiet(),
            apply(MAP, "one", map(json!({}))),
            get(MAP),
        ]),
    ])
    .await
}

#[tokio::test]
async fn apply_of_workloads() -> Result<()> {
    compare(vec![
        case("containers are merged by name", [
            apply(JOB, "one", whole(json!([
                {"name": "b", "image": "x:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                    "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}], "resources": {"limits": {"cpu": "1000m"}}},
                {"name": "d", "image": "y:1"}]))),
            apply(JOB, "two", part(json!([{"name": "a", "image": "z"}, {"name": "d", "args": ["x"]}, {"name": "c", "image": "q"}]))),
            apply(JOB, "one", whole(json!([{"name": "b", "image": "x:1", "env": [{"name": "B", "value": "2"}]}]))),
            apply(JOB, "two", part(json!([{"name": "b", "env": [{"name": "C", "value": "3"}]}]))),
            apply(JOB, "two", part(json!([{"name": "b", "image": "x:2", "env": [{"name": "B", "value": "4"}]}]))),
        ]),
        case("replicas that somebody else sets", [
            apply(DEPLOYMENT, "one", {
                let mut all = running(json!([{"name": "b", "image": "x:1"}]));
                all["spec"]["replicas"] = json!(0);
                all
            }),
            merge_patch(&format!("{DEPLOYMENT}/scale?fieldManager=scaler"), json!({"spec": {"replicas": 1}})).only(&["/code"]),
            get(DEPLOYMENT).only(&["/body/spec/replicas"]),
            apply(DEPLOYMENT, "one", {
                let mut all = running(json!([{"name": "b", "image": "x:1"}]));
                all["spec"]["replicas"] = json!(0);
                all
            }),
            apply(DEPLOYMENT, "one", running(json!([{"name": "b", "image": "x:1"}]))).only(&["/code", "/body/spec/replicas"]),
        ]),
        case("values that the server writes differently", [
            apply(JOB, "one", whole(json!([{"name": "b", "image": "x:1", "resources": {"limits": {"cpu": "1000m"}}}]))).only(&["/code"]),
            apply(JOB, "two", part(json!([{"name": "b", "resources": {"limits": {"cpu": "1"}}}]))).only(&["/code", "/body/metadata/managedFields"]),
            apply(JOB, "three", part(json!([{"name": "b", "resources": {"limits": {"cpu": "1000m"}}}]))).only(&["/code", "/body/message", "/body/details"]),
        ]),
        case("workloads that do not fit", [
            apply(DEPLOYMENT, "one", deployment(json!({"replicas": "2"}))),
            apply(DEPLOYMENT, "one", deployment(json!({"template": {"spec": {"bogus": 1}}}))),
            apply(DEPLOYMENT, "one", deployment(json!({"replicas": 1}))),
            apply(JOB, "one", whole(json!([{"name": "b", "image": "x"}, {"name": "b", "image": "y"}]))),
            apply(JOB, "one", whole(json!([{"image": "x"}]))),
            apply(JOB, "one", whole(json!("x"))),
        ]),
        case("apply of the status", [
            post(DEPLOYMENTS, running(json!([{"name": "b", "image": "x:1"}]))).quiet(),
            apply(&format!("{DEPLOYMENT}/status"), "one", json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
                "spec": {"replicas": 7}, "status": {"conditions": [{"type": "X", "status": "True"}]}}))
                .only(&["/code", "/body/spec/replicas", "/body/metadata/managedFields/0"]),
            apply("/apis/apps/v1/namespaces/{ns}/deployments/none/status", "one", json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "none"}})),
        ]),
        case("apply of a status with the object", [
            apply("/api/v1/namespaces/{ns}/services/s", "one", json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
                "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}, {"port": 53, "protocol": "UDP", "name": "dns"}]}, "status": {"loadBalancer": {}}}))
                .only(&["/code", "/body/message", "/body/metadata/managedFields"]),
            apply("/api/v1/namespaces/{ns}/services/s", "one", json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
                "spec": {"selector": {"a": "b"}, "ports": [{"port": 80, "name": "http"}, {"port": 53, "protocol": "UDP", "name": "dns"}]}}))
                .only(&["/code", "/body/message", "/body/metadata/managedFields", "/body/spec/ports/0/name"]),
            apply("/api/v1/namespaces/{ns}/services/s", "one", json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
                "spec": {"selector": {"a": "c"}, "ports": [{"port": 80, "name": "http"}]}}))
                .only(&["/code", "/body/message", "/body/metadata/managedFields", "/body/spec/selector"]),
        ]),
        case("apply of other kinds", [
            apply("/api/v1/namespaces/{ns}/secrets/s", "one", json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}})),
            apply("/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles/r", "one", json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
                "metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]})),
            apply("/apis/batch/v1/namespaces/{ns}/cronjobs/c", "one", json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"},
                "spec": {"schedule": "@daily", "suspend": true, "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never",
                    "containers": [{"name": "c", "image": "x"}]}}}}}})),
            apply("/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/i", "one", json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                "metadata": {"name": "i"}, "spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}})),
        ]),
    ])
    .await
}
