//! Many watches of the same resource: they share what they send, and each of them sees every event once and in order.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use simulator::{Running, Simulator};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// More than from where on they are woken together.
const WATCHES: usize = 120;
const EVENTS: u64 = 300;

type Seen = Vec<(String, String)>;

/// The types and resourceVersions that a watch sees, up to one of them.
async fn watch(stream: TcpStream, last: String) -> Result<Seen> {
    let mut lines = BufReader::new(stream).lines();
    let mut seen = Seen::new();
    while let Some(line) = lines.next_line().await? {
        let Ok(event) = serde_json::from_str::<Value>(&line) else {
            // The head of the answer.
            continue;
        };
        let version = event["object"]["metadata"]["resourceVersion"]
            .as_str()
            .unwrap_or_default();
        seen.push((event["type"].to_string(), version.to_owned()));
        if version == last {
            return Ok(seen);
        }
    }
    anyhow::bail!("the watch ended after {} events", seen.len())
}

/// HTTP/1.0: lines without the chunks of 1.1 around them.
async fn open(cluster: &Running, query: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(cluster.address()).await?;
    let (version, token) = (cluster.resource_version(), cluster.admin_token());
    let request = format!(
        "GET /api/v1/pods?watch=1&resourceVersion={version}{query} HTTP/1.0\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

#[tokio::test]
async fn each_of_many_watches_sees_every_event_once_and_in_order() -> Result<()> {
    let cluster = Simulator::new().start().await?;
    let begin = cluster.resource_version();
    let last = (begin + EVENTS).to_string();
    // Shares with nobody: a selector that selects everything.
    let alone = tokio::spawn(watch(
        open(&cluster, "&labelSelector=!nothing").await?,
        last.clone(),
    ));
    let mut crowd = Vec::new();
    for _ in 0..WATCHES {
        crowd.push(tokio::spawn(watch(open(&cluster, "").await?, last.clone())));
    }
    for number in 0..EVENTS {
        let padding = "x".repeat(700);
        cluster.put(json!({
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": format!("pod-{}", number % 7), "namespace": "default", "annotations": {"is": padding}},
        }))?;
        // Now and then the watches run in between, at whatever event they are then.
        if number % 40 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let patience = Duration::from_secs(60);
    let expected = tokio::time::timeout(patience, alone).await???;
    assert_eq!(expected.len() as u64, EVENTS);
    for one in crowd {
        let seen = tokio::time::timeout(patience, one)
            .await
            .context("a watch is stuck")???;
        assert!(seen == expected, "{} events in place of {EVENTS}", seen.len());
    }
    cluster.shutdown().await;
    Ok(())
}
