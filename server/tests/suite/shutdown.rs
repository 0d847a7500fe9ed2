//! Stopping: everything ends, and everyone is told.

use crate::fake_cluster::{FakeCluster, pod};
use crate::harness::{PATIENCE, TestServer};
use model::graph::GraphQuery;
use model::stream::{ServerMessage, Topic};
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test]
async fn sockets_are_told_and_nothing_is_left() {
    let cluster = FakeCluster::start().await;
    cluster.put("pods", pod("shop", "cart"));
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let id = server.synced().await;
    let mut following = server.client().await;
    let topic = Topic::Graph {
        cluster: id.as_str().into(),
        query: GraphQuery::default(),
    };
    following.subscribe(1, topic, None).await;
    assert!(matches!(following.next().await, ServerMessage::Snapshot { .. }));
    // One that never says anything, and a connection that never asks anything.
    let bearer = server.bearer();
    let mut silent = server
        .open("/api/v1/stream", &[("Authorization", &bearer)])
        .await
        .ok()
        .unwrap();
    let idle = TcpStream::connect(server.address()).await.unwrap();
    let address = server.address();

    let clients = async { (following.close_code().await, silent.close_code().await) };
    let ((), codes) = timeout(PATIENCE, async { tokio::join!(server.stop(), clients) })
        .await
        .unwrap();
    assert_eq!(codes, (Some(1001), Some(1001)));
    drop(idle);
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nothing listens any more"
    );
}

/// A client that reads nothing holds nothing up: neither the server's memory nor its end.
#[tokio::test]
async fn a_client_that_does_not_read_is_not_waited_for() {
    let cluster = FakeCluster::start().await;
    for number in 0..3000 {
        cluster.put("pods", pod("shop", &format!("cart-{number}")));
    }
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let id = server.synced().await;
    let mut client = server.client().await;
    for number in 0..30 {
        let topic = Topic::Graph {
            cluster: id.as_str().into(),
            query: GraphQuery::default(),
        };
        client.subscribe(number, topic, None).await;
    }
    // By now the server waits for room in the socket.
    server
        .get_until("/metrics", |answer| {
            let text = answer.text();
            let frames = text
                .lines()
                .find_map(|line| line.strip_prefix("kubilitics_stream_frames_total "));
            frames.is_some_and(|count| count.parse::<u32>().unwrap() > 3)
        })
        .await;
    timeout(PATIENCE, server.stop()).await.unwrap();
    drop(client);
}
