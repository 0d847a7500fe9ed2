//! The `scale` scenario: the same bytes for the same seed, in the right proportion, with references that resolve. The
//! measuring one is ignored; run it with `--release -- --ignored --nocapture`.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use anyhow::Result;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use simulator::{Clock, Running, Scale, Scenario, Simulator, StartError};

fn scale(pods: u32, seed: u64) -> Scale {
    Scale { pods, seed, churn: 0 }
}

async fn client(cluster: &Running) -> Result<kube::Client> {
    let kubeconfig = Kubeconfig::from_yaml(&cluster.kubeconfig("simulator"))?;
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    Ok(kube::Client::try_from(config)?)
}

const PATHS: &[&str] = &[
    "/api/v1/pods",
    "/api/v1/nodes",
    "/api/v1/namespaces",
    "/api/v1/services",
    "/api/v1/configmaps",
    "/api/v1/secrets",
    "/api/v1/serviceaccounts",
    "/api/v1/persistentvolumes",
    "/api/v1/persistentvolumeclaims",
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/replicasets",
    "/apis/batch/v1/jobs",
    "/apis/batch/v1/cronjobs",
    "/apis/discovery.k8s.io/v1/endpointslices",
    "/apis/networking.k8s.io/v1/ingresses",
    "/apis/autoscaling/v2/horizontalpodautoscalers",
    "/apis/coordination.k8s.io/v1/leases",
];

async fn everything(pods: u32, seed: u64) -> Result<BTreeMap<&'static str, String>> {
    let cluster = Simulator::new()
        .clock(Clock::manual(1_800_000_000))
        .scenario(Scenario::Scale(scale(pods, seed)))
        .start()
        .await?;
    let client = client(&cluster).await?;
    let mut lists = BTreeMap::new();
    for path in PATHS {
        // Namespaces that every cluster has get their uid at random.
        let request = http::Request::get(format!("{path}?labelSelector=kubernetes.io/bootstrapping!%3Dx"))
            .body(Vec::new())?;
        lists.insert(*path, client.request_text(request).await?);
    }
    cluster.shutdown().await;
    Ok(lists)
}

fn items(text: &str) -> Vec<Value> {
    let list: Value = serde_json::from_str(text).unwrap_or_default();
    list["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes() -> Result<()> {
    let (mut one, mut two, other) = (
        everything(200, 7).await?,
        everything(200, 7).await?,
        everything(200, 8).await?,
    );
    one.remove("/api/v1/namespaces");
    two.remove("/api/v1/namespaces");
    assert!(one == two);
    assert_ne!(one["/api/v1/pods"], other["/api/v1/pods"]);
    Ok(())
}

#[tokio::test]
async fn the_proportion_is_that_of_a_real_cluster_and_owners_exist() -> Result<()> {
    let lists = everything(2_000, 1).await?;
    for (path, text) in &lists {
        assert!(!text.contains("$("), "a hole that nothing fills in {path}");
    }
    let all: Vec<Value> = lists.values().flat_map(|text| items(text)).collect();
    let pods = items(&lists["/api/v1/pods"]).len();
    assert_eq!(pods, 2_000);
    let others = all.len() - pods;
    assert!((800..1_200).contains(&others), "{others} others for 2000 pods");
    let uids: HashSet<&str> = all
        .iter()
        .filter_map(|object| object["metadata"]["uid"].as_str())
        .collect();
    assert_eq!(uids.len(), all.len(), "no uid twice");
    for object in &all {
        for owner in object["metadata"]["ownerReferences"]
            .as_array()
            .into_iter()
            .flatten()
        {
            assert!(uids.contains(owner["uid"].as_str().unwrap()), "{object}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn more_pods_than_memory_allows_are_refused_with_the_estimate() {
    let refused = Simulator::new()
        .scenario(Scenario::Scale(scale(u32::MAX, 1)))
        .start()
        .await;
    assert!(
        matches!(refused, Err(StartError::Memory { pods: u32::MAX, .. })),
        "{refused:?}"
    );
}

fn resident_mb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or("0");
    line.trim()
        .trim_end_matches("kB")
        .trim()
        .parse::<u64>()
        .unwrap_or(0)
        / 1000
}

#[tokio::test]
#[ignore = "measures, for a person to read"]
async fn measure_a_hundred_thousand_pods() -> Result<()> {
    let before = resident_mb();
    let start = Instant::now();
    let cluster = Simulator::new()
        .scenario(Scenario::Scale(scale(100_000, 1)))
        .start()
        .await?;
    eprintln!(
        "ready in {:?}, resident {} MB (before {before} MB)",
        start.elapsed(),
        resident_mb()
    );
    let mut address = tokio::net::TcpStream::connect(cluster.address()).await?;
    let request = format!(
        "GET /api/v1/pods HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
        cluster.admin_token()
    );
    tokio::io::AsyncWriteExt::write_all(&mut address, request.as_bytes()).await?;
    let start = Instant::now();
    let mut buffer = vec![0; 1 << 20];
    let mut total = 0_usize;
    loop {
        match tokio::io::AsyncReadExt::read(&mut address, &mut buffer).await? {
            0 => break,
            read => total += read,
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = f64::from(u32::try_from(total)?) / 1e6;
    eprintln!(
        "list of pods: {megabytes:.0} MB in {seconds:.2} s, {:.0} MB/s on one thread for both ends",
        megabytes / seconds
    );
    eprintln!("resident after the list: {} MB", resident_mb());
    cluster.shutdown().await;
    Ok(())
}

#[tokio::test]
#[ignore = "measures, for a person to read"]
async fn measure_a_thousand_watches() -> Result<()> {
    const WATCHES: usize = 1_000;
    let churn = 500;
    let scale = Scale {
        pods: 1_000,
        seed: 1,
        churn,
    };
    let cluster = Simulator::new().scenario(Scenario::Scale(scale)).start().await?;
    let lines = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut watches = tokio::task::JoinSet::new();
    for _ in 0..WATCHES {
        let (address, token, lines) = (cluster.address(), cluster.admin_token().to_owned(), lines.clone());
        watches.spawn(async move {
            let mut stream = tokio::net::TcpStream::connect(address).await?;
            let request = format!(
                "GET /api/v1/pods?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0 \
                 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
            );
            tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await?;
            let mut buffer = vec![0; 1 << 16];
            loop {
                let read = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await?;
                if read == 0 {
                    return anyhow::Ok(());
                }
                let events = buffer[..read].windows(2).filter(|two| two == b"}\n").count();
                lines.fetch_add(events, std::sync::atomic::Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let (before, start) = (lines.load(std::sync::atomic::Ordering::Relaxed), Instant::now());
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let after = lines.load(std::sync::atomic::Ordering::Relaxed);
    let delivered = f64::from(u32::try_from(after - before)?) / start.elapsed().as_secs_f64();
    let made = f64::from(churn) * f64::from(u32::try_from(WATCHES)?);
    eprintln!(
        "{WATCHES} watches: {delivered:.0} events delivered per second of {made:.0}, the lag grows by {:.2} s a second",
        (1.0 - delivered / made).max(0.0)
    );
    watches.abort_all();
    cluster.shutdown().await;
    Ok(())
}
