//! Fields that a body has twice, or that nobody knows.

use anyhow::Result;
use serde_json::json;

use crate::case::{Step, case, get, post, raw};
use crate::customs::{WIDGET, WIDGETS, definition, spec_of, widget, with};
use crate::run::compare;

const MAPS: &str = "/api/v1/namespaces/{ns}/configmaps";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/{ns}/deployments";

/// The same body under each way to look at it.
fn ways(method: &'static str, path: &str, content_type: &str, body: &str) -> Vec<Step> {
    let ways = ["Warn", "Strict", "Ignore"].map(|way| {
        let path = format!("{path}?dryRun=All&fieldValidation={way}");
        raw(method, &path, content_type, body).only(&[
            "/code",
            "/warnings",
            "/body/message",
            "/body/reason",
            "/body/details",
            "/body/data",
            "/body/spec",
        ])
    });
    ways.into()
}

#[tokio::test]
async fn fields_that_are_sent_twice() -> Result<()> {
    let json = "application/json";
    let map = r#"{"metadata": {"name": "a", "labels": {"x": "1", "x": "2"}, "name": "a"}, "other": {"b": 1, "b": 1}, "data": {"k": "1", "k": "2", "k": "3"}, "kind": "ConfigMap", "kind": "ConfigMap"}"#;
    let pods = r#"{"metadata": {"name": "a"}, "spec": {"replicas": 1, "replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "nope": 1,
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i", "zzz": 1, "image": "j", "env": [{"name": "x", "name": "y"}]}]}}}}"#;
    let merge = "application/merge-patch+json";
    let strategic = "application/strategic-merge-patch+json";
    let patch = "application/json-patch+json";
    let mut steps = vec![post(MAPS, json!({"metadata": {"name": "a"}, "data": {"k": "0"}})).quiet()];
    let one = format!("{MAPS}/a");
    steps.extend(ways("POST", MAPS, json, &map.replace("\"a\"", "\"b\"")));
    steps.extend(ways("PUT", &one, json, map));
    steps.extend(ways("POST", DEPLOYMENTS, json, pods));
    steps.extend(ways(
        "PATCH",
        &one,
        strategic,
        r#"{"data": {"k": "1", "k": "2"}, "other": [1, true, null, "x", {"b": 1.5, "a": {}}]}"#,
    ));
    for body in [
        r#"[{"op": "replace", "path": "/data/k", "value": "1", "value": "2"}]"#,
        r#"[{"op": "test", "path": "/data/k", "value": "0"}, {"op": "add", "path": "/data/l", "value": "2", "why": "x"}]"#,
    ] {
        // The refusal repeats the object in the order of Go's fields.
        let mut some = ways("PATCH", &one, patch, body);
        some.remove(1);
        steps.extend(some);
    }
    let mut some = ways(
        "PATCH",
        &one,
        merge,
        r#"{"data": {"k": "1", "k": "2"}, "other": 1}"#,
    );
    some.remove(1);
    steps.extend(some);
    let strict = format!("{one}?fieldValidation=Strict");
    let brief = [
        "/code",
        "/body/reason",
        "/body/details/causes/0/field",
        "/body/details/causes/0/reason",
    ];
    steps.push(raw("PATCH", &strict, merge, r#"{"data": {"k": "1", "k": "2"}}"#).only(&brief));
    steps.push(raw("PATCH", &strict, merge, r#"{"other": 1}"#).only(&brief));
    steps.push(
        raw(
            "PATCH",
            &strict,
            patch,
            r#"[{"op": "add", "path": "/other", "value": 1}]"#,
        )
        .only(&brief),
    );
    steps.push(get(&one));
    compare(vec![case("bodies with fields twice", steps)]).await
}

#[tokio::test]
async fn fields_that_custom_resources_have_twice() -> Result<()> {
    let json = "application/json";
    let given = definition(
        json!({"schema": spec_of(json!({"n": {"type": "integer"}, "parts": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "string"}}}}}))}),
    );
    let body = r#"{"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "b", "labels": {"x": "1", "x": "2"}, "bogus": 1},
        "spec": {"zzz": {"a": 1, "a": 2}, "n": 1, "n": 2, "parts": [{"x": "a", "x": "b", "y": 1}], "aaa": 1}, "kind": "Widget"}"#;
    let mut steps = vec![post(WIDGETS, widget(json!({"n": 1}))).quiet()];
    steps.extend(ways("POST", WIDGETS, json, body));
    let mut some = ways(
        "PATCH",
        WIDGET,
        "application/merge-patch+json",
        r#"{"spec": {"n": 3, "n": 4, "bogus": 1}}"#,
    );
    some.remove(1);
    steps.extend(some);
    compare(vec![with("custom resources with fields twice", given, steps)]).await
}
