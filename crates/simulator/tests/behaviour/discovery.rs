use anyhow::Result;

use crate::case::{case, get};
use crate::run::compare;

#[tokio::test]
async fn discovery() -> Result<()> {
    compare(vec![
        case("the core", [get("/api"), get("/api/v1")]),
        case(
            "groups and versions",
            [
                get("/apis/apps"),
                get("/apis/apps/v1"),
                get("/apis/batch/v1"),
                get("/apis/rbac.authorization.k8s.io/v1"),
                get("/apis/authorization.k8s.io/v1"),
                get("/apis/networking.k8s.io/v1"),
                get("/apis/storage.k8s.io/v1"),
                get("/apis/policy/v1"),
                get("/apis/autoscaling/v2"),
            ],
        ),
        case(
            "aggregated",
            [get("/api").header(
                "accept",
                "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json",
            )],
        ),
        case("health", [get("/readyz"), get("/livez"), get("/healthz")]),
        case("version", [get("/version")]),
    ])
    .await
}
