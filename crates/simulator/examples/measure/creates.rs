//! Pods that a client creates over a few connections: how long it takes, what the server needs for them, and how long a
//! list of them takes. With the simulator, and with a real API server and etcd.

use std::io::{Write as _, stdout};
use std::time::Instant;

use anyhow::{Context as _, Result};
use control_plane::{Component, ControlPlane, Options, User};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use crate::process::{processor_time, resident};
use crate::server::Server;

/// Requests on their way at the same time.
const AT_ONCE: usize = 8;
const NAMESPACE: &str = "measured";
/// Of the real one, what holds the objects and answers.
const COUNTED: [Component; 2] = [Component::Etcd, Component::ApiServer];

pub async fn measure(pods: u32) -> Result<()> {
    let server = Server::start(0, 0)?;
    let mut config = Config::new(format!("http://{}", server.address).parse()?);
    config.auth_info = AuthInfo {
        token: Some(server.token.clone().into()),
        ..AuthInfo::default()
    };
    let ours = figures(&Client::try_from(config)?, pods, &[server.process()]).await?;
    server.stop()?;

    let plane = tokio::task::spawn_blocking(|| ControlPlane::start(Options::default())).await??;
    let kubeconfig = Kubeconfig::read_from(plane.kubeconfig(User::Admin))?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let running = plane.pids();
    let processes: Vec<u32> = COUNTED
        .iter()
        .filter_map(|one| running.get(one).copied())
        .collect();
    let baseline = figures(&Client::try_from(config)?, pods, &processes).await?;
    plane.shutdown()?;
    writeln!(stdout(), "{}", json!({"ours": ours, "baseline": baseline}))?;
    Ok(())
}

/// Creates pods that nobody schedules, and lists them.
async fn figures(client: &Client, pods: u32, processes: &[u32]) -> Result<Value> {
    let (namespaces, accounts, path) = (
        "/api/v1/namespaces".to_owned(),
        format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts"),
        format!("/api/v1/namespaces/{NAMESPACE}/pods"),
    );
    send(client, &namespaces, &json!({"metadata": {"name": NAMESPACE}})).await?;
    send(client, &accounts, &json!({"metadata": {"name": "robot"}})).await?;
    let memory = || -> Result<f64> { processes.iter().map(|process| resident(*process)).sum() };
    let processor = || -> Result<f64> {
        let times = processes
            .iter()
            .map(|process| Ok(processor_time(*process)?.as_secs_f64()));
        times.sum()
    };
    let (begun, used) = (Instant::now(), processor()?);
    let path = &path;
    stream::iter(0..pods)
        .map(|number| async move { send(client, path, &pod(number)).await })
        .buffer_unordered(AT_ONCE)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    let (created, used) = (begun.elapsed().as_secs_f64(), processor()? - used);
    let begun = Instant::now();
    let request = http::Request::get(path.as_str()).body(Vec::new())?;
    let list = client.request_text(request).await?;
    let listed = begun.elapsed().as_secs_f64();
    let list: Value = serde_json::from_str(&list)?;
    let count = list["items"].as_array().map_or(0, Vec::len);
    anyhow::ensure!(count == pods as usize, "{count} of {pods} pods are in the list");
    Ok(json!({"created": created, "processor": used, "listed": listed, "resident": memory()?}))
}

async fn send(client: &Client, path: &str, object: &Value) -> Result<Value> {
    let request = http::Request::post(path)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(object)?)?;
    client
        .request(request)
        .await
        .with_context(|| format!("cannot create an object in {path}"))
}

fn pod(number: u32) -> Value {
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080}});
    let resources = json!({"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}});
    json!({
        "metadata": {"name": format!("pod-{number:05}"), "labels": {"app": format!("app-{}", number / 25)}},
        "spec": {"schedulerName": "nobody", "serviceAccountName": "robot", "containers": [{
            "name": "main", "image": "registry.example.com/app:1.0", "ports": [{"containerPort": 8080}],
            "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "app", "key": "password"}}}],
            "livenessProbe": probe, "readinessProbe": probe, "resources": resources,
        }]},
    })
}
