//! Every fault, as a client meets it. Raw sockets: a client library would hide half of them.

use std::time::Duration;

use anyhow::{Context as _, Result};
use simulator::{Fault, FaultRule, Running, Simulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const NAMESPACES: &str = "/api/v1/namespaces";

async fn begin(cluster: &Running, path: &str) -> Result<TcpStream> {
    let mut socket = TcpStream::connect(cluster.address()).await?;
    let token = cluster.admin_token();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await?;
    Ok(socket)
}

/// All that comes until the connection ends.
async fn get(cluster: &Running, path: &str) -> Result<String> {
    let mut socket = begin(cluster, path).await?;
    let mut bytes = Vec::new();
    timeout(Duration::from_secs(20), socket.read_to_end(&mut bytes))
        .await
        .context("the answer does not end")??;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn with(fault: Fault) -> Result<Running> {
    let cluster = Simulator::new().start().await?;
    cluster.add_fault(FaultRule::on(NAMESPACES, fault).times(1));
    Ok(cluster)
}

/// The end of a chunked body.
const COMPLETE: &str = "0\r\n\r\n";

#[tokio::test]
async fn refusals_have_their_code_and_end_after_their_count() -> Result<()> {
    let cluster = with(Fault::Refuse {
        code: 429,
        retry_after: Some(3),
    })
    .await?;
    let refused = get(&cluster, NAMESPACES).await?;
    assert!(
        refused.starts_with("HTTP/1.1 429") && refused.contains("retry-after: 3"),
        "{refused}"
    );
    assert!(get(&cluster, NAMESPACES).await?.starts_with("HTTP/1.1 200"));
    Ok(())
}

#[tokio::test]
async fn only_later_pages_expire() -> Result<()> {
    let cluster = Simulator::new().start().await?;
    cluster.add_fault(
        FaultRule::on(
            NAMESPACES,
            Fault::Refuse {
                code: 410,
                retry_after: None,
            },
        )
        .query("continue="),
    );
    assert!(get(&cluster, NAMESPACES).await?.starts_with("HTTP/1.1 200"));
    assert!(
        get(&cluster, &format!("{NAMESPACES}?continue=x"))
            .await?
            .starts_with("HTTP/1.1 410")
    );
    cluster.clear_faults();
    assert!(
        get(&cluster, &format!("{NAMESPACES}?continue=x"))
            .await?
            .starts_with("HTTP/1.1 400")
    );
    Ok(())
}

#[tokio::test]
async fn a_cut_body_is_not_complete_and_an_ended_one_is() -> Result<()> {
    let cut = get(&with(Fault::CutAfter(40)).await?, NAMESPACES).await?;
    assert!(cut.contains("NamespaceList") && !cut.ends_with(COMPLETE), "{cut}");
    let ended = get(&with(Fault::EndAfter(40)).await?, NAMESPACES).await?;
    assert!(ended.ends_with(COMPLETE), "{ended}");
    Ok(())
}

#[tokio::test]
async fn a_half_open_connection_says_nothing_more() -> Result<()> {
    let cluster = with(Fault::SilenceAfter(0)).await?;
    let mut socket = begin(&cluster, NAMESPACES).await?;
    let mut bytes = Vec::new();
    let ended = timeout(Duration::from_millis(300), socket.read_to_end(&mut bytes)).await;
    assert!(ended.is_err(), "{}", String::from_utf8_lossy(&bytes));
    assert!(!String::from_utf8_lossy(&bytes).contains("Namespace"));
    Ok(())
}

#[tokio::test]
async fn slow_bodies_late_answers_injected_events_and_wrong_types() -> Result<()> {
    let start = std::time::Instant::now();
    let late = get(
        &with(Fault::DelayFirstByte(Duration::from_millis(200))).await?,
        NAMESPACES,
    )
    .await?;
    assert!(start.elapsed() >= Duration::from_millis(200) && late.starts_with("HTTP/1.1 200"));
    let slow = get(
        &with(Fault::Slow(Duration::from_micros(10))).await?,
        &format!("{NAMESPACES}/default"),
    )
    .await?;
    assert!(slow.contains("\r\n1\r\n{\r\n"), "one byte to a chunk: {slow}");
    let event = "{\"type\":\"ADDED\",\"object\":{\"metadata\":17}}\n";
    let watch = format!("{NAMESPACES}?watch=1&timeoutSeconds=1");
    let injected = get(&with(Fault::Inject(event.to_owned())).await?, &watch).await?;
    assert!(injected.contains(event), "{injected}");
    let typed = get(
        &with(Fault::ContentType("text/html".to_owned())).await?,
        NAMESPACES,
    )
    .await?;
    assert!(typed.contains("content-type: text/html"), "{typed}");
    Ok(())
}

#[tokio::test]
async fn a_compaction_expires_watches_and_a_deletion_is_seen() -> Result<()> {
    let cluster = Simulator::new().start().await?;
    let object = serde_json::json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "default"}});
    let before = cluster.resource_version();
    cluster.put(object)?;
    assert!(cluster.remove("v1", "ConfigMap", "default", "a")?);
    let watch = format!("/api/v1/configmaps?watch=1&timeoutSeconds=1&resourceVersion={before}");
    let seen = get(&cluster, &watch).await?;
    assert!(seen.contains("ADDED") && seen.contains("DELETED"), "{seen}");
    cluster.compact();
    assert!(get(&cluster, &watch).await?.contains("\"code\":410"));
    cluster.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_shutdown_ends_watches() -> Result<()> {
    let cluster = Simulator::new().start().await?;
    let mut watch = begin(&cluster, &format!("{NAMESPACES}?watch=1")).await?;
    let mut first = [0; 1];
    watch.read_exact(&mut first).await?;
    assert!(cluster.revoke(cluster.admin_token()));
    assert!(get(&cluster, NAMESPACES).await?.starts_with("HTTP/1.1 401"));
    cluster.shutdown().await;
    let mut rest = Vec::new();
    let end = timeout(Duration::from_secs(5), watch.read_to_end(&mut rest))
        .await
        .context("the watch goes on")?;
    // Closed or reset, but not left open.
    drop(end);
    Ok(())
}
