use anyhow::Result;
use serde_json::json;

use crate::case::{case, delete, get, merge_patch, post};
use crate::run::compare;

const SECRETS: &str = "/api/v1/namespaces/{ns}/secrets";

#[tokio::test]
async fn watches() -> Result<()> {
    let secret = |name: &str| {
        post(
            SECRETS,
            json!({"metadata": {"name": name, "labels": {"app": "shop"}}}),
        )
        .quiet()
    };
    let from = |query: &str| {
        get(&format!(
            "{SECRETS}?watch=1&timeoutSeconds=1&resourceVersion={{first-rv}}{query}"
        ))
    };
    let state = |query: &str| get(&format!("{SECRETS}?watch=true&timeoutSeconds=1{query}"));
    let initial = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    compare(vec![
        case("a watch without a version begins with what there is", [secret("a"), secret("b"), state("")]),
        case("a watch from 0 as well", [secret("a"), state("&resourceVersion=0")]),
        case(
            "everything since a version, in order",
            [
                secret("a"),
                secret("b"),
                merge_patch(&format!("{SECRETS}/a"), json!({"metadata": {"annotations": {"x": "y"}}})).quiet(),
                delete(&format!("{SECRETS}/b")).quiet(),
                from(""),
            ],
        ),
        case("nothing happens", [secret("a"), from("")]),
        case(
            "an object that ceases to match is gone, and one that begins to is new",
            [
                secret("a"),
                merge_patch(&format!("{SECRETS}/a"), json!({"metadata": {"labels": {"app": "bank"}}})).quiet(),
                merge_patch(&format!("{SECRETS}/a"), json!({"metadata": {"labels": {"app": "shop"}}})).quiet(),
                delete(&format!("{SECRETS}/a")).quiet(),
                from("&labelSelector=app%3Dshop"),
            ],
        ),
        case("one name only", [secret("a"), secret("b"), state("&fieldSelector=metadata.name%3Db")]),
        case(
            "initial events and the bookmark at their end",
            [secret("a"), state(&format!("{initial}&allowWatchBookmarks=true"))],
        ),
        case(
            "initial events of config maps and leases",
            [
                get(&format!(
                    "/api/v1/namespaces/{{ns}}/configmaps?watch=1&timeoutSeconds=1&allowWatchBookmarks=true&labelSelector=x{initial}"
                )),
                get(&format!(
                    "/apis/coordination.k8s.io/v1/namespaces/{{ns}}/leases?watch=1&timeoutSeconds=1&allowWatchBookmarks=true{initial}"
                )),
            ],
        ),
        case("initial events as metadata", [
            secret("a"),
            state(&format!("{initial}&allowWatchBookmarks=true")).metadata(),
        ]),
        case("what is refused", [
            state("&sendInitialEvents=true"),
            state("&resourceVersionMatch=NotOlderThan"),
            state("&resourceVersion=abc"),
            state("&labelSelector=%3D"),
            state("&fieldSelector=nope%3D1"),
            get(&format!("{SECRETS}?watch=1&timeoutSeconds=x")),
        ]),
        case("metadata only", [secret("a"), state("").metadata()]),
        case("tables", [secret("a"), secret("b"), state("").table()]),
    ])
    .await
}
