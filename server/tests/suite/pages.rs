//! Pages without script: complete HTML with the right status.

use crate::fake_cluster::{FakeCluster, pod};
use crate::harness::{Kept, TestServer};
use model::graph::GraphQuery;
use model::stream::Topic;
use model::{ErrorCode, KindId};

#[tokio::test]
async fn a_page_is_complete_without_script() {
    let cluster = FakeCluster::start().await;
    cluster.put("pods", pod("shop", "cart-0"));
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let id = server.synced().await;
    let list = server.get(&format!("/c/{id}/pods")).await;
    assert_eq!(list.status, 200);
    assert!(list.header("content-type").unwrap().starts_with("text/html"));
    let html = list.text();
    for part in ["data-testid=\"list-table\"", "cart-0", "Running", "</html>"] {
        assert!(html.contains(part), "{part} in {html}");
    }
    let topology = server.get(&format!("/c/{id}/topology")).await;
    assert_eq!(topology.status, 200);
    assert!(
        topology.text().contains("data-testid=\"topology-tree\""),
        "{}",
        topology.text()
    );
    server.stop().await;
}

#[tokio::test]
async fn a_page_that_does_not_exist_says_so_with_its_status() {
    let cluster = FakeCluster::start().await;
    cluster.deny("secrets");
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let id = server.synced().await;
    for (path, status, code) in [
        ("/nowhere".to_owned(), 404, "route_not_found"),
        ("/c/none/pods".to_owned(), 404, "cluster_not_found"),
        (format!("/c/{id}/nopes"), 404, "kind_not_found"),
        (format!("/c/{id}/secrets"), 403, "forbidden"),
    ] {
        let page = server.get(&path).await;
        assert_eq!(page.status, status, "{path}");
        assert!(
            page.text().contains("data-testid=\"problem\""),
            "{path}: {}",
            page.text()
        );
        assert!(
            page.text().contains(&format!("data-code=\"{code}\"")),
            "{path}: {}",
            page.text()
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_can_be_corrected() {
    let cluster = FakeCluster::start().await;
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let id = server.synced().await;
    let page = server.get(&format!("/c/{id}/pods?q=status:")).await;
    assert_eq!(page.status, 400);
    let text = page.text();
    assert!(text.contains("data-code=\"bad_request\""), "{text}");
    assert!(text.contains("value=\"status:\""), "{text}");
    server.stop().await;
}

#[tokio::test]
async fn a_cluster_that_denies_everything_is_not_drawn_as_an_empty_one() {
    let cluster = FakeCluster::start().await;
    for kind in KindId::all() {
        cluster.deny(kind.get().plural);
    }
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let id = server.synced().await;
    for view in ["topology", "map", "search?q=cart"] {
        let page = server.get(&format!("/c/{id}/{view}")).await;
        let text = page.text();
        assert!(
            page.status == 403 && text.contains("data-code=\"forbidden\""),
            "{view}: {text}"
        );
        assert!(
            text.contains("every kind is denied to this user"),
            "{view}: {text}"
        );
    }
    let mut client = server.client().await;
    let topic = Topic::Graph {
        cluster: id.as_str().into(),
        query: GraphQuery::default(),
    };
    client.subscribe(0, topic, None).await;
    let mut kept = Kept::default();
    kept.until(&mut client, 0, |kept| kept.error.is_some()).await;
    assert_eq!(kept.error.unwrap().code, ErrorCode::Forbidden);
    server.stop().await;
}

#[tokio::test]
async fn an_unreadable_kubeconfig_is_shown() {
    let server = TestServer::empty().await;
    let page = server.get("/clusters").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("/nowhere/kubeconfig"), "{}", page.text());
    server.stop().await;
}

#[tokio::test]
async fn an_unknown_file_is_not_found() {
    let server = TestServer::empty().await;
    let answer = server.ask("GET", "/pkg/none.js").send().await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("data-code=\"route_not_found\""));
    server.stop().await;
}
