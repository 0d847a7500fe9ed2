//! Runs cases against both servers and compares.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use control_plane::{ControlPlane, User};
use kube::client::Body;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use simulator::{Running, Simulator};

use crate::case::{Case, Step};
use crate::normal::{find, normalise};

/// Two ways to one server: as admin, and without credentials for requests that bring their own.
struct Clients {
    admin: kube::Client,
    bare: kube::Client,
}

async fn clients(kubeconfig: Kubeconfig) -> Result<Clients> {
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    // A 429 is an answer like any other here.
    config.default_retry = false;
    let mut bare = config.clone();
    bare.auth_info = AuthInfo::default();
    Ok(Clients {
        admin: kube::Client::try_from(config)?,
        bare: kube::Client::try_from(bare)?,
    })
}

/// Both servers, and the simulator's life.
pub struct Servers {
    simulated: Clients,
    real: Clients,
    running: Running,
}

impl Servers {
    pub async fn start() -> Result<Self> {
        let plane = tokio::task::spawn_blocking(ControlPlane::shared).await??;
        let real = clients(Kubeconfig::read_from(plane.kubeconfig(User::Admin))?).await?;
        let running = Simulator::new().start().await?;
        let simulated = clients(Kubeconfig::from_yaml(&running.kubeconfig("simulator"))?).await?;
        Ok(Self {
            simulated,
            real,
            running,
        })
    }
}

/// Runs every case on both, and fails with all differences.
pub async fn compare(cases: Vec<Case>) -> Result<()> {
    let servers = Servers::start().await?;
    // Tests of one process may begin within the same millisecond.
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let number = RUNS.fetch_add(1, Ordering::Relaxed);
    let time = u32::try_from(jiff_millis() & 0xffff_ffff)?;
    let run = format!("{:08x}-{number}", std::process::id() ^ time);
    let count = cases.len();
    let mut differences = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let namespace = format!("case-{run}-{index}");
        // One after the other: the servers share two cores, and a watch of one second is a second for both.
        let (simulated, real) = tokio::join!(
            transcript(&servers.simulated, &namespace, case),
            transcript(&servers.real, &namespace, case)
        );
        let (simulated, real) = (
            simulated.context("the simulator")?,
            real.context("the real server")?,
        );
        if simulated != real {
            differences.push(difference(case, &simulated, &real));
        }
    }
    servers.running.shutdown().await;
    eprintln!(
        "behaviour: {} of {count} cases are the same on both servers",
        count - differences.len()
    );
    assert!(
        differences.is_empty(),
        "{} of {count} cases differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
    Ok(())
}

fn jiff_millis() -> u128 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_millis())
}

fn difference(case: &Case, simulated: &[Value], real: &[Value]) -> String {
    let mut text = format!("== {}\n", case.name);
    let pairs = simulated.iter().zip(real).enumerate();
    for (index, (simulated, real)) in pairs.filter(|(_, (simulated, real))| simulated != real) {
        let mut paths = Vec::new();
        walk("", simulated, real, &mut paths);
        let step = case.steps.iter().filter(|step| !step.quiet).nth(index);
        let step = step
            .map(|step| format!("{} {}", step.method, step.path))
            .unwrap_or_default();
        text.push_str(&format!("  step {index}: {step}\n{}", paths.join("")));
    }
    text
}

fn walk(path: &str, simulated: &Value, real: &Value, found: &mut Vec<String>) {
    match (simulated, real) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let none = Value::String("(absent)".to_owned());
                let inner = format!("{path}/{key}");
                walk(
                    &inner,
                    a.get(key).unwrap_or(&none),
                    b.get(key).unwrap_or(&none),
                    found,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(&format!("{path}/{index}"), a, b, found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push(format!("    {path}\n      simulator {a}\n      real      {b}\n")),
    }
}

/// What a server says to a case.
async fn transcript(clients: &Clients, namespace: &str, case: &Case) -> Result<Vec<Value>> {
    let mut known: BTreeMap<&'static str, String> = BTreeMap::from([("ns", namespace.to_owned())]);
    let mut uids = Vec::new();
    let made = json!({"metadata": {"name": namespace}});
    let needs_namespace = case.steps.iter().any(|step| step.path.contains("{ns}"));
    if needs_namespace {
        let step = crate::case::post("/api/v1/namespaces", made);
        send(clients, &step, &mut known, &mut uids)
            .await
            .context("cannot make the namespace")?;
    }
    let mut answers = Vec::new();
    for step in &case.steps {
        let sent = send_until(clients, step, &mut known, &mut uids);
        let answer = tokio::time::timeout(std::time::Duration::from_secs(10), sent).await;
        let answer = answer.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within 10 s")));
        let mut answer = answer.with_context(|| format!("{}: {} {}", case.name, step.method, step.path))?;
        if step.quiet {
            continue;
        }
        normalise(&mut answer, &uids);
        let causes = answer.pointer_mut("/body/details/causes");
        if let Some(causes) = causes.and_then(Value::as_array_mut).filter(|_| step.any_order) {
            causes.sort_by_key(Value::to_string);
        }
        if !step.only.is_empty() {
            answer = step
                .only
                .iter()
                .map(|pointer| {
                    answer
                        .pointer(&fill(pointer, &known))
                        .cloned()
                        .unwrap_or_default()
                })
                .collect();
        }
        answers.push(answer);
    }
    Ok(answers)
}

/// Sends a step, again and again if it waits for something.
async fn send_until(
    clients: &Clients,
    step: &Step,
    known: &mut BTreeMap<&'static str, String>,
    uids: &mut Vec<String>,
) -> Result<Value> {
    let mut pause = tokio::time::interval(std::time::Duration::from_millis(50));
    loop {
        pause.tick().await;
        let answer = send(clients, step, known, uids).await?;
        let done = step
            .until
            .as_ref()
            .is_none_or(|(pointer, value)| answer.pointer(pointer) == Some(value));
        if done {
            return Ok(answer);
        }
    }
}

fn fill(text: &str, known: &BTreeMap<&'static str, String>) -> String {
    known.iter().fold(text.to_owned(), |text, (key, value)| {
        text.replace(&format!("{{{key}}}"), value)
    })
}

async fn send(
    clients: &Clients,
    step: &Step,
    known: &mut BTreeMap<&'static str, String>,
    uids: &mut Vec<String>,
) -> Result<Value> {
    let mut request = http::Request::builder()
        .method(step.method)
        .uri(fill(&step.path, known));
    for (name, value) in &step.headers {
        request = request.header(*name, fill(value, known));
    }
    let body = step
        .body
        .as_deref()
        .map(|body| fill(body, known))
        .unwrap_or_default();
    let client = match step.headers.iter().any(|(name, _)| *name == "authorization") {
        true => &clients.bare,
        false => &clients.admin,
    };
    let response = client.send(request.body(Body::from(body.into_bytes()))?).await?;
    let code = response.status().as_u16();
    let header = |name: &str| -> Vec<String> {
        let values = response
            .headers()
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        values.map(str::to_owned).collect()
    };
    let (content_type, warnings, retry) = (header("content-type"), header("warning"), header("retry-after"));
    let bytes = response.into_body().collect_bytes().await?;
    let text = String::from_utf8_lossy(&bytes);
    let whole: Result<Value, _> = serde_json::from_str(&text);
    let body = whole.unwrap_or_else(|_| {
        let lines: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
        lines.map_or_else(|_| json!(text), Value::from)
    });
    // A watch with a single event is a list of one as well.
    let mut body = if step.path.contains("watch=") && body.get("type").is_some() {
        json!([body])
    } else {
        body
    };
    // The real server names the definitions of a group in no particular order.
    if step.path.contains(".example.com/")
        && let Some(resources) = body.get_mut("resources").and_then(Value::as_array_mut)
    {
        resources.sort_by_key(|resource| resource["name"].to_string());
    }
    for (name, key) in [
        ("rv", "resourceVersion"),
        ("uid", "uid"),
        ("continue", "continue"),
        ("name", "name"),
    ] {
        if let Some(value) = find(body.get("metadata").unwrap_or(&Value::Null), key) {
            known.insert(name, value.to_owned());
            if name == "rv" {
                known.entry("first-rv").or_insert_with(|| value.to_owned());
            }
            if name == "uid" {
                uids.push(value.to_owned());
            }
        }
    }
    if let Some(token) = body.pointer("/status/token").and_then(Value::as_str) {
        known.insert("token", token.to_owned());
    }
    let mut answer = json!({"code": code, "type": content_type, "body": body});
    if !warnings.is_empty() {
        answer["warnings"] = json!(warnings);
    }
    if !retry.is_empty() {
        answer["retryAfter"] = json!(retry);
    }
    Ok(answer)
}
