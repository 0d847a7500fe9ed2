//! The REST API on a scripted cluster.

use crate::fake_cluster::{FakeCluster, crashing, pod, service};
use crate::harness::TestServer;
use serde_json::{Value, json};

async fn shop() -> (FakeCluster, TestServer, String) {
    let cluster = FakeCluster::start().await;
    cluster.put("pods", pod("shop", "cart"));
    cluster.put("pods", crashing("shop", "mail"));
    cluster.put("pods", pod("bank", "vault"));
    cluster.put("services", service("shop", "cart", "cart"));
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let id = server.synced().await;
    (cluster, server, id)
}

fn names(list: &Value) -> Vec<&str> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_document_describes_what_is_served() {
    let server = TestServer::empty().await;
    let answer = server.ask("GET", "/api/openapi.json").send().await;
    insta::assert_json_snapshot!("openapi", answer.json());
    server.stop().await;
}

#[tokio::test]
async fn clusters_are_listed_with_the_problems_of_their_files() {
    let cluster = FakeCluster::start().await;
    let kubeconfig = cluster.kubeconfig();
    let given = [
        ("kubeconfig", "/nowhere/kubeconfig"),
        ("kubeconfig", kubeconfig.to_str().unwrap()),
    ];
    let server = TestServer::start_with(&given).await;
    let id = server.synced().await;
    let list = server.get("/api/v1/clusters").await.json();
    assert_eq!(list["metadata"]["total"], 1);
    assert_eq!(list["metadata"]["current"], json!(id));
    assert_eq!(list["metadata"]["problems"][0]["path"], "/nowhere/kubeconfig");
    let one = server.get(&format!("/api/v1/clusters/{id}")).await.json();
    assert_eq!(
        (&one["id"], &one["context"], &one["status"]),
        (&json!("fake"), &json!("fake"), &json!("connected"))
    );
    assert_eq!(one["version"], "v1.36.3");
    assert_eq!(one["sync"]["complete"], true);
    server.stop().await;
}

#[tokio::test]
async fn from_further_away_there_are_groups_with_true_counts() {
    let (_cluster, server, id) = shop().await;
    let path = format!("/api/v1/clusters/{id}/topology");
    let topology = server.get(&format!("{path}?level=namespace")).await.json();
    assert_eq!(topology["metadata"]["level"], "namespace");
    let nodes = topology["nodes"].as_array().unwrap();
    let shop = nodes.iter().find(|node| node["id"] == "Namespace/shop").unwrap();
    assert_eq!(
        (&shop["state"], &shop["members"]["counts"]["Pod"]),
        (&json!("group"), &json!(2))
    );
    assert_eq!(shop["members"]["healths"]["unhealthy"], 1);
    assert_eq!(shop["computed"]["ownedHealth"]["cause"], "Pod/shop/mail");
    let objects = server.get(&path).await.json();
    assert_eq!(
        objects["metadata"]["level"], "object",
        "it is not too much to be drawn"
    );
    assert_eq!(objects["metadata"]["totals"], topology["metadata"]["totals"]);
}

#[tokio::test]
async fn a_list_has_kubectls_cells() {
    let (_cluster, server, id) = shop().await;
    let path = format!("/api/v1/clusters/{id}/resources/pods");
    let list = server.get(&format!("{path}?sort=name")).await.json();
    assert_eq!(names(&list), ["cart", "mail", "vault"]);
    assert_eq!(
        list["columns"][3],
        json!({
            "name": "Restarts", "type": "string", "format": "", "priority": 0,
            "description": "Restarts of its containers, and when the last was",
        })
    );
    assert_eq!(list["columns"][4]["format"], "date");
    let cells = &list["items"][0]["cells"];
    assert_eq!(
        cells.as_array().unwrap()[..5],
        [
            json!("cart"),
            json!("1/1"),
            json!("Running"),
            json!("0"),
            json!("2026-01-31T10:00:00Z")
        ]
    );
    let mail = &list["items"][1];
    assert_eq!(
        (&mail["cells"][2], &mail["health"], &mail["id"]),
        (
            &json!("CrashLoopBackOff"),
            &json!("unhealthy"),
            &json!("Pod/shop/mail")
        )
    );
    assert!(mail["cells"][3].as_str().unwrap().starts_with("5 ("), "{mail}");
    let metadata = &list["metadata"];
    assert_eq!(
        (&metadata["total"], &metadata["matched"], &metadata["isComplete"]),
        (&json!(3), &json!(3), &json!(true))
    );
    assert!(metadata.get("continue").is_none());

    let list = server
        .get(&format!("{path}?namespace=shop&filter=crash"))
        .await
        .json();
    assert_eq!(
        (names(&list), &list["metadata"]["total"]),
        (vec!["mail"], &json!(2))
    );
    let list = server
        .get(&format!("{path}?labelSelector=app%21%3Dcart&sort=-name"))
        .await
        .json();
    assert_eq!(names(&list), ["vault", "mail"]);
    let list = server.get(&format!("{path}?limit=0")).await.json();
    assert_eq!(names(&list).len(), 3);
    server.stop().await;
}

#[tokio::test]
async fn pages_of_a_list_join_to_the_whole() {
    let (_cluster, server, id) = shop().await;
    let path = format!("/api/v1/clusters/{id}/resources/pods?sort=name&limit=2");
    let first = server.get(&path).await.json();
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = server.get(&format!("{path}&continue={token}")).await.json();
    assert_eq!(
        [names(&first), names(&second)].concat(),
        ["cart", "mail", "vault"]
    );
    assert!(second["metadata"].get("continue").is_none());
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_understood_is_named() {
    let (_cluster, server, id) = shop().await;
    let base = format!("/api/v1/clusters/{id}");
    let table = [
        ("/resources/pods?limt=1", 400, "bad_request", "limt"),
        ("/resources/pods?limit=-1", 400, "bad_request", "limit"),
        ("/resources/pods?limit=1&limit=2", 400, "bad_request", "limit"),
        (
            "/resources/pods?continue=nonsense",
            400,
            "bad_request",
            "continue",
        ),
        ("/resources/pods?sort=nonsense", 400, "bad_request", "sort"),
        ("/resources/pods?sort=--name", 400, "bad_request", "sort"),
        (
            "/resources/pods?labelSelector=a%20in%20(",
            400,
            "bad_request",
            "selector",
        ),
        ("/resources/nopes", 404, "kind_not_found", "kind"),
        ("/topology?level=galaxy", 400, "bad_request", "level"),
        (
            "/topology?level=namespace&focus=Pod/shop/cart",
            400,
            "bad_request",
            "level",
        ),
        ("/topology?layer=galaxy", 400, "bad_request", "layer"),
        ("/topology?focus=galaxy", 400, "bad_request", "focus"),
        (
            "/topology?focus=Pod/shop/cart&depth=11",
            400,
            "bad_request",
            "depth",
        ),
        ("/topology?depth=2", 400, "bad_request", ""),
        ("/topology?focus=Pod/shop/none", 404, "object_not_found", ""),
    ];
    for (path, status, code, field) in table {
        let answer = server.get(&format!("{base}{path}")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{path}: {}",
            answer.text()
        );
        if !field.is_empty() {
            assert_eq!(
                answer.json()["details"]["field"],
                field,
                "{path}: {}",
                answer.text()
            );
            assert!(
                !answer.json()["details"]["allowed"].is_null(),
                "{path}: {}",
                answer.text()
            );
        }
    }
    for path in ["/resources/pods", "/topology", ""] {
        let answer = server.get(&format!("/api/v1/clusters/none{path}")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "cluster_not_found")
        );
    }
    assert_eq!(server.get("/api/v1/nothing").await.code(), "route_not_found");
    assert_eq!(
        server.ask("DELETE", "/api/v1/clusters").send().await.code(),
        "method_not_allowed"
    );
    server.stop().await;
}

#[tokio::test]
async fn the_topology_has_edges_with_their_proof_and_a_place_for_each_node() {
    let (_cluster, server, id) = shop().await;
    let path = format!("/api/v1/clusters/{id}/topology");
    let whole = server.get(&path).await.json();
    assert_eq!(whole["metadata"]["isComplete"], true, "{}", whole["metadata"]);
    assert_eq!(whole["metadata"]["totals"]["Pod"], 3);
    let edges = whole["edges"].as_array().unwrap();
    let selects = edges
        .iter()
        .find(|edge| edge["id"] == "Service/shop/cart|selects|Pod/shop/cart")
        .unwrap();
    assert_eq!(
        selects["metadata"]["sourceFields"][0],
        json!({"path": "spec.selector", "on": "source", "default": false})
    );
    let nodes = whole["nodes"].as_array().unwrap();
    let places: std::collections::BTreeSet<String> =
        nodes.iter().map(|node| node["position"].to_string()).collect();
    assert_eq!(places.len(), nodes.len(), "no two nodes at one place");
    for edge in edges {
        for end in ["source", "target"] {
            assert!(nodes.iter().any(|node| node["id"] == edge[end]), "{edge}");
        }
    }
    assert!(
        whole["groups"]
            .as_array()
            .unwrap()
            .iter()
            .any(|group| group["id"] == "namespace/shop")
    );

    let again = server.get(&path).await.json();
    assert_eq!(whole["metadata"]["layoutSeed"], again["metadata"]["layoutSeed"]);
    assert_eq!(whole["nodes"], again["nodes"]);
    let focus = server
        .get(&format!("{path}?focus=Service/shop/cart&depth=1&layer=network"))
        .await
        .json();
    let ids: Vec<&str> = focus["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["Pod/shop/cart", "Service/shop/cart"]);
    let bank = server.get(&format!("{path}?namespace=bank")).await.json();
    assert_eq!(bank["metadata"]["totals"]["Pod"], 1);
    server.stop().await;
}

#[tokio::test]
async fn a_denied_kind_is_said_to_be_denied() {
    let cluster = FakeCluster::start().await;
    cluster.deny("secrets");
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let id = server.synced().await;
    let answer = server
        .get(&format!("/api/v1/clusters/{id}/resources/secrets"))
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    let details = &answer.json()["details"];
    assert_eq!(
        (&details["cluster"], &details["resource"], &details["group"]),
        (&json!("fake"), &json!("secrets"), &json!(""))
    );
    assert!(["list", "watch"].contains(&details["verb"].as_str().unwrap()));
    for (focus, status, code) in [
        ("Secret/shop/hush", 403, "forbidden"),
        ("ConfigMap/shop/hush", 404, "object_not_found"),
    ] {
        let path = format!("/api/v1/clusters/{id}/topology?focus={focus}");
        let answer = server.get(&path).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{focus}");
        assert!(answer.json()["message"].as_str().unwrap().contains(focus));
    }
    let topology = server
        .get(&format!("/api/v1/clusters/{id}/topology"))
        .await
        .json();
    assert_eq!(topology["metadata"]["isComplete"], false);
    let warning = &topology["metadata"]["warnings"][0];
    assert_eq!(
        (&warning["code"], &warning["affected"]),
        (&json!("denied"), &json!(["Secret"]))
    );
    assert!(
        topology["metadata"]["totals"].get("Secret").is_none(),
        "unknown is not zero"
    );
    assert_eq!(
        server
            .get(&format!("/api/v1/clusters/{id}/resources/pods"))
            .await
            .status,
        200
    );
    server.stop().await;
}

#[tokio::test]
async fn a_kind_that_is_not_in_yet_is_said_to_be_syncing() {
    let cluster = FakeCluster::start().await;
    cluster.hold("pods");
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let answer = server
        .get_until("/api/v1/clusters/fake/resources/services", |answer| {
            answer.status == 200
        })
        .await;
    assert_eq!(answer.json()["metadata"]["total"], 0);
    let answer = server.get("/api/v1/clusters/fake/resources/pods").await;
    assert_eq!(
        (
            answer.status,
            answer.code().as_str(),
            answer.header("retry-after")
        ),
        (503, "syncing", Some("1"))
    );
    let topology = server.get("/api/v1/clusters/fake/topology").await.json();
    assert_eq!(topology["metadata"]["isComplete"], false);
    assert!(
        topology["metadata"]["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|warning| warning["code"] == "syncing")
    );
    assert_eq!(
        server
            .get("/api/v1/clusters/fake/topology?focus=Pod/shop/cart")
            .await
            .code(),
        "syncing"
    );
    let page = server.get("/c/fake/pods").await;
    assert_eq!(page.status, 200, "the page shows progress");
    server.stop().await;
}

#[tokio::test]
async fn a_cluster_that_is_not_there_has_a_reason_and_a_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    std::fs::write(
        &config,
        json!({
            "apiVersion": "v1", "kind": "Config",
            "clusters": [{"name": "gone", "cluster": {"server": format!("http://127.0.0.1:{port}")}}],
            "users": [{"name": "me", "user": {}}],
            "contexts": [
                {"name": "gone", "context": {"cluster": "gone", "user": "me"}},
                {"name": "broken", "context": {"cluster": "none", "user": "me"}},
            ],
        })
        .to_string(),
    )
    .unwrap();
    let server = TestServer::start(&config).await;
    for id in ["gone", "broken"] {
        let path = format!("/api/v1/clusters/{id}");
        server
            .get_until(&path, |answer| answer.json()["status"] == "error")
            .await;
        let answer = server.get(&format!("{path}/resources/pods")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, "cluster_unavailable")
        );
        assert!(!answer.json()["details"]["next"].as_str().unwrap().is_empty());
        assert_eq!(
            server.get(&format!("{path}/topology")).await.code(),
            "cluster_unavailable"
        );
        // The pages say the same, and nothing of objects that nobody has seen.
        for view in ["topology", "map", "pods", "search?q=x"] {
            let page = server.get(&format!("/c/{id}/{view}")).await;
            assert!(
                page.text().contains("data-code=\"cluster_unavailable\""),
                "{id} {view}"
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn operators_get_their_numbers() {
    let (_cluster, server, id) = shop().await;
    assert_eq!(server.ask("GET", "/healthz").send().await.status, 200);
    assert_eq!(
        server.ask("GET", "/readyz").send().await.json(),
        json!({"database": true, "listening": true})
    );
    assert_eq!(
        server.ask("GET", "/api/v1/version").send().await.json()["api"],
        "v1"
    );
    let answer = server.ask("GET", "/metrics").send().await;
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    let text = answer.text();
    for line in [
        format!("kubilitics_cluster_objects{{cluster=\"{id}\",kind=\"Pod\"}} 3"),
        format!("kubilitics_cluster_watch_state{{cluster=\"{id}\",kind=\"Pod\",state=\"watching\"}} 1"),
        format!("kubilitics_cluster_skipped{{cluster=\"{id}\",kind=\"Pod\"}} 0"),
        "kubilitics_stream_sockets 0".to_owned(),
        "kubilitics_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} in\n{text}");
    }
    assert!(text.contains(&format!("kubilitics_cluster_ring_entries{{cluster=\"{id}\"}}")));
    assert!(text.ends_with("# EOF\n"));
    server.stop().await;
}

#[tokio::test]
async fn a_request_keeps_its_name() {
    let server = TestServer::empty().await;
    let answer = server
        .ask("GET", "/api/v1/nothing")
        .header("X-Request-ID", "job-42")
        .send()
        .await;
    assert_eq!(
        (answer.header("x-request-id"), answer.code().as_str()),
        (Some("job-42"), "route_not_found")
    );
    let answer = server
        .ask("GET", "/healthz")
        .header("X-Request-ID", "two words")
        .send()
        .await;
    assert_eq!(answer.header("x-request-id").unwrap().len(), 16);
    server.stop().await;
}

#[tokio::test]
async fn a_search_finds_objects_of_all_kinds() {
    let (_cluster, server, id) = shop().await;
    let ask = async |query: &str| {
        server
            .get(&format!("/api/v1/clusters/{id}/search?{query}"))
            .await
            .json()
    };
    let found = ask("q=cart").await;
    let ids: Vec<&str> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["Pod/shop/cart", "Service/shop/cart"]);
    let metadata = &found["metadata"];
    assert_eq!(
        (&metadata["total"], &metadata["isComplete"]),
        (&json!(2), &json!(true)),
        "{metadata}"
    );
    let hit = &ask("q=po%20crash&limit=1").await["items"][0];
    assert_eq!(
        (
            &hit["id"],
            &hit["kind"],
            &hit["apiVersion"],
            &hit["namespace"],
            &hit["name"]
        ),
        (
            &json!("Pod/shop/mail"),
            &json!("Pod"),
            &json!("v1"),
            &json!("shop"),
            &json!("mail")
        )
    );
    assert_eq!(
        (&hit["status"], &hit["health"]),
        (&json!("CrashLoopBackOff"), &json!("unhealthy"))
    );
    assert_eq!(
        hit["matched"],
        json!([{"field": "kind", "text": "Pod"}, {"field": "status", "text": "CrashLoopBackOff"}])
    );
    let some = ask("q=%22shop%22&limit=1").await;
    assert_eq!(some["items"].as_array().unwrap().len(), 1);
    assert_eq!(some["metadata"]["total"], 3);
    assert_eq!(ask("q=nothing+of+it").await["items"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn a_search_that_cannot_be_read_is_refused() {
    let (_cluster, server, id) = shop().await;
    let long = format!("q={}", "x".repeat(257));
    for (query, field, allowed) in [
        ("", "q", "say one word at least"),
        ("q=", "q", "say one word at least"),
        ("q=+%22%22", "q", "say one word at least"),
        ("q=%22cart", "q", "close the quotes"),
        (&long, "q", "it is too long; 256 bytes are allowed"),
        ("q=x&limit=0", "limit", "a number from 1 to 500"),
        ("q=x&limit=501", "limit", "a number from 1 to 500"),
        ("q=x&limit=many", "limit", "a number from 1 to 500"),
    ] {
        let answer = server.get(&format!("/api/v1/clusters/{id}/search?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        let error = answer.json();
        assert_eq!(
            (
                &error["code"],
                &error["details"]["field"],
                &error["details"]["allowed"]
            ),
            (&json!("bad_request"), &json!(field), &json!(allowed)),
            "{error}"
        );
    }
    let answer = server.get("/api/v1/clusters/nowhere/search?q=x").await;
    assert_eq!(answer.json()["code"], "cluster_not_found");
    server.stop().await;
}

#[tokio::test]
async fn diagnostics_say_how_each_watch_is() {
    let cluster = FakeCluster::start().await;
    cluster.deny("secrets");
    cluster.put("pods", pod("shop", "cart"));
    cluster.put(
        "pods",
        json!({"metadata": {"name": "odd", "namespace": "shop", "labels": 7}}),
    );
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let id = server.synced().await;
    let found = server
        .get(&format!("/api/v1/clusters/{id}/diagnostics"))
        .await
        .json();
    let kind = |resource: &str| {
        let kinds = found["kinds"].as_array().unwrap();
        kinds.iter().find(|kind| kind["resource"] == resource).unwrap()
    };
    let pods = kind("pods");
    assert_eq!(
        (&pods["state"], &pods["objects"], &pods["skipped"]),
        (&json!("watching"), &json!(1), &json!(1)),
        "{pods}"
    );
    assert!(
        pods["skipReasons"][0].as_str().unwrap().contains("shop/odd"),
        "{pods}"
    );
    let secrets = kind("secrets");
    assert_eq!(secrets["state"], "denied");
    assert!(
        secrets["error"]
            .as_str()
            .unwrap()
            .contains("secrets is forbidden"),
        "{secrets}"
    );

    let answer = server.get("/api/v1/clusters/nowhere/diagnostics").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (404, "cluster_not_found")
    );
    let answer = server
        .get(&format!("/api/v1/clusters/{id}/diagnostics?kind=pods"))
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
    server.stop().await;
}
