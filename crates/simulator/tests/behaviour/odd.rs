//! Requests that nobody should send.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{apply, case, delete, get, json_patch, merge_patch, post, put, raw, strategic};
use crate::run::compare;

/// Of which there are none.
const NOTHING: &str = "/api/v1/namespaces/{ns}/secrets";
const MAPS: &str = "/api/v1/namespaces/{ns}/configmaps";
const MAP: &str = "/api/v1/namespaces/{ns}/configmaps/a";

fn map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

fn nested(depth: usize) -> String {
    format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth))
}

#[tokio::test]
async fn odd_parameters() -> Result<()> {
    let lists = [
        "limit=0",
        "limit=-1",
        "limit=abc",
        "limit=99999999999999999999",
        "limit=1&continue=",
        "resourceVersion=abc",
        "resourceVersion=-1",
        "resourceVersion=1.5",
        "resourceVersion=0&resourceVersionMatch=Exact",
        "resourceVersionMatch=Exact",
        "resourceVersionMatch=Other&resourceVersion=1",
        "timeoutSeconds=-1",
        "timeoutSeconds=abc",
        "timeoutSeconds=0",
        "labelSelector=%3D",
        "labelSelector=a%20in%20()",
        "labelSelector=a%3Db%3Dc",
        "labelSelector=,",
        "labelSelector=a,,b",
        "labelSelector=!a",
        "labelSelector=-a%3Db",
        "labelSelector=a%3D-b",
        "labelSelector=a%20in%20(b",
        "labelSelector=a%20notin%20(b),a!%3Dc",
        "fieldSelector=metadata.name",
        "fieldSelector=metadata.name%3Da,",
        "fieldSelector=nothing%3Da",
        "fieldSelector=data.a%3Db",
        "fieldSelector=metadata.name%3Da%3Db",
        "fieldSelector=metadata.namespace!%3Dx",
        "watch=abc&timeoutSeconds=1&resourceVersion=0",
        "watch=0",
        "watch=false",
        "allowWatchBookmarks=x",
        "sendInitialEvents=true",
        "sendInitialEvents=x",
        "pretty=true&limit=1",
        "unknown=1",
        "watch=1&timeoutSeconds=-5&resourceVersion=abc",
        "watch=1&timeoutSeconds=1&limit=0&resourceVersion=1&sendInitialEvents=false",
        "shardSelector=x",
        "limit=1&limit=2",
        "LIMIT=1",
    ];
    let long = format!(
        "{NOTHING}?labelSelector=a+in+({})",
        (0..3000).map(|n| format!("v{n}")).collect::<Vec<_>>().join(",")
    );
    let mut steps: Vec<_> = lists
        .iter()
        .map(|query| {
            get(&format!("{NOTHING}?{query}")).only(&[
                "/code",
                "/type",
                "/body/message",
                "/body/reason",
                "/body/details",
                "/body/items",
                "/body/0/type",
                "/body/0/object/message",
            ])
        })
        .collect();
    steps.push(get(&long).only(&["/code", "/body/items"]));
    let writes = [
        "dryRun=x",
        "dryRun=All&dryRun=All",
        "fieldValidation=x",
        "fieldValidation=",
        "fieldManager=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "force=true",
        "pretty=x",
        "unknown=1",
    ];
    let created = writes.iter().map(|query| {
        post(&format!("{MAPS}?{query}&x=1"), map(json!({}))).only(&[
            "/code",
            "/body/message",
            "/body/reason",
            "/body/details",
        ])
    });
    compare(vec![
        case("parameters of lists", steps),
        case("parameters of writes", created.collect::<Vec<_>>()),
        case(
            "parameters of deletes",
            [
                post(MAPS, map(json!({}))).quiet(),
                delete(&format!("{MAP}?gracePeriodSeconds=-1&dryRun=All")).only(&["/code", "/body/message"]),
                delete(&format!("{MAP}?gracePeriodSeconds=x")).only(&["/code", "/body/message"]),
                delete(&format!("{MAP}?propagationPolicy=x")).only(&[
                    "/code",
                    "/body/message",
                    "/body/details",
                ]),
                raw(
                    "DELETE",
                    MAP,
                    "application/json",
                    "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":\"x\"}}",
                )
                .only(&["/code", "/body/reason", "/body/details"]),
                raw(
                    "DELETE",
                    MAP,
                    "application/json",
                    "{\"kind\":\"Other\",\"apiVersion\":\"v1\"}",
                )
                .only(&["/code", "/body/message"]),
                raw("DELETE", MAP, "application/json", "[]").only(&["/code", "/body/message"]),
                raw("DELETE", MAP, "application/json", "{").only(&["/code", "/body/reason"]),
            ],
        ),
        case(
            "parameters of patches",
            [
                post(MAPS, map(json!({}))).quiet(),
                merge_patch(&format!("{MAP}?force=true"), json!({})),
                apply(MAP, "", map(json!({}))),
                apply(MAP, "m&force=x", map(json!({}))),
                json_patch(&format!("{MAP}?dryRun=x"), json!([])),
            ],
        ),
    ])
    .await
}

#[tokio::test]
async fn odd_bodies() -> Result<()> {
    let bodies = [
        "",
        " ",
        "null",
        "1",
        "[]",
        "{}",
        "\"a\"",
        "{",
        "{\"a\":1",
        "{\"kind\":1}",
        "{\"kind\":\"ConfigMap\"}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\"}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v2\"}",
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":1}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":1}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"},\"data\":{\"a\":1}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"},\"data\":[]}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"}}x",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"namespace\":\"other\"}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"uid\":\"x\",\"resourceVersion\":\"5\"}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"labels\":{\"a b\":\"c\"}}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"annotations\":{\"\":\"c\"}}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"finalizers\":[\"x\"]}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"ownerReferences\":[{\"kind\":\"x\"}]}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"x\"}}",
    ];
    let steps = bodies.iter().map(|body| {
        raw("POST", &format!("{MAPS}?dryRun=All"), "application/json", body).only(&[
            "/code",
            "/body/message",
            "/body/reason",
            "/body/details",
            "/warnings",
        ])
    });
    let deep = [20, 50, 100].map(|depth| {
        let body = format!(
            "{{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{{\"name\":\"a\"}},\"x\":{}}}",
            nested(depth)
        );
        raw("POST", &format!("{MAPS}?dryRun=All"), "application/json", &body).only(&["/code", "/warnings"])
    });
    let types = [
        "text/plain",
        "application/xml",
        "application/json; charset=utf-8",
        "",
        "application/merge-patch+json",
        "*/*",
    ];
    let types = types.map(|kind| {
        raw(
            "POST",
            &format!("{MAPS}?dryRun=All"),
            kind,
            &map(json!({})).to_string(),
        )
        .only(&["/code", "/body/message", "/body/reason"])
    });
    let accepts = [
        "text/html",
        "*/*",
        "application/*",
        "application/json;q=0.1,*/*;q=0.5",
        "application/json;as=Nothing",
        "application/json;as=Table;v=v2;g=meta.k8s.io",
        "",
        "x",
    ];
    let accepts = accepts.map(|accept| {
        get(MAP)
            .header("accept", accept)
            .only(&["/code", "/type", "/body/message", "/body/kind"])
    });
    let big = map(json!({"a": "x".repeat(2 << 20)}));
    let patches = |path: &str| {
        vec![
        raw("PATCH", path, "application/json", "{}").only(&["/code", "/body/message"]), raw("PATCH", path, "application/json-patch+json", "{}").only(&["/code", "/body/message"]), raw("PATCH", path, "application/json-patch+json", "[{\"op\":\"x\"}]").only(&["/code", "/body/message"]),
        json_patch(path, json!([{"op": "remove", "path": "/data/none"}])).only(&["/code", "/body/message"]), json_patch(path, json!([{"op": "test", "path": "/data/k", "value": "w"}])).only(&["/code", "/body/message"]), json_patch(path, json!([{"op": "replace", "path": "/metadata/name", "value": "b"}])).only(&["/code", "/body/message"]),
        json_patch(path, json!([{"op": "test", "path": "/kind", "value": "ConfigMap"}])).only(&["/code", "/body/message"]), json_patch(path, json!([{"op": "add", "path": "nothing", "value": 1}])).only(&["/code", "/body/message"]), json_patch(path, json!([{"op": "move", "from": "/data/k", "path": "/data/l"}, {"op": "copy", "from": "/data/l", "path": "/data/m"}])).only(&["/code", "/body/data"]),
        raw("PATCH", path, "application/merge-patch+json", "[]").only(&["/code", "/body/reason", "/body/message"]), merge_patch(path, json!({"metadata": {"resourceVersion": "1"}})).only(&["/code", "/body/reason"]), merge_patch(path, json!({"metadata": null})).only(&["/code", "/body/reason", "/body/message"]),
        merge_patch(path, json!({"metadata": {"uid": "x"}})).only(&["/code", "/body/reason", "/body/message"]), strategic(path, json!({"data": {"$patch": "replace", "z": "1"}})).only(&["/code", "/body/data"]), strategic(path, json!({"$patch": "delete"})).only(&["/code", "/body/reason", "/body/message"]), 
    ]
    };
    let mut patched = vec![post(MAPS, map(json!({"k": "v"}))).quiet()];
    patched.extend(patches(MAP));
    compare(vec![
        case("bodies", steps.collect::<Vec<_>>()),
        case("deep bodies", deep),
        case("types of bodies", types),
        case(
            "accepted types",
            [post(MAPS, map(json!({}))).quiet()]
                .into_iter()
                .chain(accepts)
                .collect::<Vec<_>>(),
        ),
        case(
            "large bodies",
            [post(MAPS, big).only(&["/code", "/body/message", "/body/reason"])],
        ),
        case("odd patches", patched),
        case(
            "odd methods and paths",
            [
                raw("POST", MAP, "application/json", "{}").only(&["/code", "/body/message"]),
                raw("PUT", MAPS, "application/json", "{}").only(&["/code", "/body/message"]),
                raw("OPTIONS", MAP, "application/json", "").only(&["/code", "/body/message"]),
                raw("TRACE", MAP, "application/json", "").only(&["/code", "/body/message"]),
                get("/api/v1/namespaces/{ns}/nothing"),
                get("/api/v1/nothing/{ns}/configmaps"),
                get("/api/v2"),
                get("/apis/none"),
                get("/apis/apps/v2"),
                get("/nothing").only(&["/code"]),
                get("/api/v1/namespaces/{ns}/configmaps/").only(&["/code"]),
                get("//api").only(&["/code"]),
                get("/api/v1/namespaces/{ns}/pods/a/nothing"),
                get("/api/v1/namespaces/{ns}/configmaps/a/status"),
                get("/api/v1/namespaces/none/configmaps").only(&["/code", "/body/items"]),
                get("/api/v1/configmaps/a").only(&["/code", "/body/message"]),
                raw("HEAD", MAPS, "application/json", "").only(&["/code"]),
                put(MAP, map(json!({}))).only(&["/code", "/body/message"]),
                put(
                    MAP,
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}),
                )
                .only(&["/code", "/body/message"]),
            ],
        ),
    ])
    .await
}
