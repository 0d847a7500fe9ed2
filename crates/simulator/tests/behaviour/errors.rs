use anyhow::Result;
use serde_json::json;

use crate::case::{case, get, post, put, raw};
use crate::run::compare;

#[tokio::test]
async fn errors() -> Result<()> {
    compare(vec![
        case(
            "paths that lead nowhere",
            [
                get("/nope"),
                get("/api/v1/nope"),
                get("/api/v2/pods"),
                get("/apis/nope.example.org/v1/things"),
                get("/apis/apps/v7/deployments"),
                get("/apis/apps/v7"),
                get("/apis/nope.example.org"),
                get("/api/v1/namespaces/{ns}/nodes"),
            ],
        ),
        case(
            "objects that are not there",
            [
                get("/api/v1/namespaces/{ns}/pods/x"),
                get("/apis/apps/v1/namespaces/{ns}/deployments/x"),
                get("/api/v1/nodes/x"),
                get("/api/v1/namespaces/nowhere-at-all"),
                get("/api/v1/namespaces/nowhere-at-all/pods"),
            ],
        ),
        case(
            "methods that are not allowed",
            [
                post("/api/v1/namespaces/{ns}", json!({})),
                put("/api/v1/pods", json!({})),
                raw("DELETE", "/api/v1/secrets", "application/json", ""),
            ],
        ),
        case(
            "types that are not served",
            [
                get("/api/v1/namespaces/{ns}/pods").header("accept", "text/html"),
                get("/api/v1/namespaces/{ns}/pods")
                    .header("accept", "application/json;as=Nonsense;v=v1;g=meta.k8s.io"),
            ],
        ),
        case(
            "subresources that are not there",
            [get("/api/v1/namespaces/{ns}/configmaps/a/nope")],
        ),
    ])
    .await
}
