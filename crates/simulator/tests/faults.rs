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
async fn a_fault_may_look_for_more_where_another_has_ended_it() -> Result<()> {
    for fault in [Fault::Reorder, Fault::Oversized(10)] {
        let cluster = with(Fault::EndAfter(4)).await?;
        cluster.add_fault(FaultRule::on(NAMESPACES, fault.clone()).times(1));
        let ended = get(&cluster, NAMESPACES).await?;
        assert!(ended.ends_with(COMPLETE), "{fault:?}: {ended}");
    }
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

#[tokio::test]
async fn what_a_watch_sends_is_repeated_or_reordered() -> Result<()> {
    let types = |text: &str| -> Vec<String> {
        let names = text.split("\"name\":\"").skip(1);
        names
            .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
            .collect()
    };
    let watch = format!("{NAMESPACES}?watch=1&timeoutSeconds=1");
    let plain = types(&get(&Simulator::new().start().await?, &watch).await?);
    assert_eq!(plain.len(), 4, "{plain:?}");
    let twice = types(&get(&with(Fault::Duplicate).await?, &watch).await?);
    assert_eq!(twice.len(), 8, "{twice:?}");
    let other = types(&get(&with(Fault::Reorder).await?, &watch).await?);
    let mut swapped = plain.clone();
    swapped.swap(0, 1);
    swapped.swap(2, 3);
    assert_eq!(other, swapped);
    Ok(())
}

#[tokio::test]
async fn a_large_object_and_half_a_compressed_body() -> Result<()> {
    const LARGE: usize = 3_000_000;
    let plain = get(&Simulator::new().start().await?, NAMESPACES).await?;
    for (path, cluster) in [
        (NAMESPACES, with(Fault::Oversized(LARGE)).await?),
        (
            "/api/v1/namespaces?watch=1&timeoutSeconds=1",
            with(Fault::Oversized(LARGE)).await?,
        ),
    ] {
        let large = get(&cluster, path).await?;
        assert!(
            large.len() > LARGE && large.contains("\"padding\":\"xxx"),
            "{}",
            large.len()
        );
    }
    let half = get(&with(Fault::TruncatedGzip).await?, NAMESPACES).await?;
    assert!(
        half.contains("content-encoding: gzip") && half.ends_with(COMPLETE),
        "{half}"
    );
    assert!(
        half.len() < plain.len() && !half.contains("NamespaceList"),
        "{half}"
    );
    Ok(())
}

#[tokio::test]
async fn a_watch_ends_in_the_middle_of_its_first_compressed_event() -> Result<()> {
    let cluster = with(Fault::TruncatedGzip).await?;
    // It comes to its end long before the watch would.
    let half = get(&cluster, "/api/v1/namespaces?watch=1&timeoutSeconds=300").await?;
    assert!(
        half.contains("content-encoding: gzip") && half.ends_with(COMPLETE),
        "{half}"
    );
    let (_, body) = half.split_once("\r\n\r\n").unwrap_or_default();
    assert!(
        body.len() > 2 * COMPLETE.len(),
        "something of an event is there: {half}"
    );
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_wrong_everywhere_until_it_is_right_again() -> Result<()> {
    let cluster = Simulator::new().start().await?;
    let object =
        |name: &str| serde_json::json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}});
    let year = |text: &str| text.contains("\"creationTimestamp\":\"19");
    cluster.add_fault(FaultRule::on("", Fault::ClockSkew(-60 * 365 * 24 * 3600)));
    cluster.put(object("old"))?;
    let old = get(&cluster, &format!("{NAMESPACES}/old")).await?;
    assert!(
        year(&old) && old.contains("date: ") && old.contains(" 19"),
        "{old}"
    );
    cluster.clear_faults();
    cluster.put(object("new"))?;
    let new = get(&cluster, &format!("{NAMESPACES}/new")).await?;
    assert!(!year(&new), "{new}");
    Ok(())
}

#[tokio::test]
async fn handshakes_are_late_and_certificates_expire() -> Result<()> {
    let cluster = Simulator::new().tls().start().await?;
    let kubeconfig = kube::config::Kubeconfig::from_yaml(&cluster.kubeconfig("a"))?;
    let client = || async {
        let config = kube::Config::from_custom_kubeconfig(kubeconfig.clone(), &Default::default()).await?;
        anyhow::Ok(kube::Client::try_from(config)?)
    };
    cluster.add_fault(FaultRule::of_connections(Fault::SlowHandshake(Duration::from_millis(300))).times(1));
    let start = std::time::Instant::now();
    client().await?.apiserver_version().await?;
    assert!(start.elapsed() >= Duration::from_millis(300));
    cluster.add_fault(FaultRule::of_connections(Fault::ExpiredCertificate));
    let refused = client().await?.apiserver_version().await;
    let refused = refused
        .map(|_| ())
        .err()
        .context("an expired certificate is trusted")?;
    assert!(format!("{:#}", anyhow::Error::from(refused)).contains("xpired"));
    cluster.clear_faults();
    client().await?.apiserver_version().await?;
    Ok(())
}

/// A request with a body; the answer's code and body.
async fn send(cluster: &Running, method: &str, body: &str) -> Result<(u16, serde_json::Value)> {
    let mut socket = TcpStream::connect(cluster.address()).await?;
    let (token, length) = (cluster.admin_token(), body.len());
    let request = format!(
        "{method} /simulator/v1/faults HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    timeout(Duration::from_secs(20), socket.read_to_end(&mut bytes)).await??;
    let text = String::from_utf8(bytes)?;
    let code = text.split(' ').nth(1).context("no status line")?.parse()?;
    let (_, body) = text.split_once("\r\n\r\n").context("no body")?;
    Ok((code, serde_json::from_str(body)?))
}

#[tokio::test]
async fn faults_are_added_listed_and_ended_over_http() -> Result<()> {
    let cluster = Simulator::new().start().await?;
    let rule = r#"{"fault": {"refuse": {"code": 503}}, "path": "", "times": 2}"#;
    assert_eq!(send(&cluster, "POST", rule).await?.0, 200);
    assert_eq!(
        send(
            &cluster,
            "POST",
            r#"{"fault": {"delayFirstByte": "200ms"}, "method": "get"}"#
        )
        .await?
        .0,
        200
    );
    let (code, all) = send(&cluster, "GET", "").await?;
    assert_eq!(
        (code, all["items"].as_array().map(Vec::len)),
        (200, Some(2)),
        "{all}"
    );
    assert_eq!(all["items"][1]["fault"]["delayFirstByte"], "200ms", "{all}");
    assert!(get(&cluster, NAMESPACES).await?.starts_with("HTTP/1.1 503"));
    assert_eq!(
        send(&cluster, "DELETE", "").await?.1["items"],
        serde_json::json!([])
    );
    assert!(get(&cluster, NAMESPACES).await?.starts_with("HTTP/1.1 200"));
    for (wrong, said) in [
        ("{", "EOF"),
        (r#"{"path": "/api"}"#, "missing field `fault`"),
        (r#"{"fault": "explode"}"#, "unknown variant `explode`"),
        (r#"{"fault": "noBookmarks", "tims": 2}"#, "unknown field `tims`"),
        (r#"{"fault": {"slow": "soon"}}"#, "`soon` is no duration"),
        (r#"{"fault": {"refuse": {"code": 200}}}"#, "from 400 to 599"),
        (r#"{"fault": "duplicate", "times": 0}"#, "times is 0"),
        (r#"{"fault": "duplicate", "path": "api"}"#, "path is \"api\""),
        (
            r#"{"fault": "duplicate", "method": "FETCH"}"#,
            "method is \"FETCH\"",
        ),
        (r#"{"fault": "noBookmarks", "watch": false}"#, "watch is false"),
        (
            r#"{"fault": {"clockSkew": 99999999999}}"#,
            "fault.clockSkew is 99999999999",
        ),
        (
            r#"{"fault": {"clockSkew": 5}, "times": 1}"#,
            "of the whole server",
        ),
        (r#"{"fault": {"contentType": "a\nb"}}"#, "fault.contentType is"),
        (r#"{"fault": "expiredCertificate"}"#, "without TLS"),
        (
            r#"{"fault": {"slowHandshake": "1s"}, "path": "/api"}"#,
            "path, method, watch and query",
        ),
    ] {
        let (code, status) = send(&cluster, "POST", wrong).await?;
        let message = status["message"].as_str().unwrap_or_default();
        assert!(code == 400 && message.contains(said), "{wrong}: {status}");
    }
    Ok(())
}
