//! The server, in a process of its own.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _, stdin, stdout};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use simulator::{Running, Scale, Scenario, Simulator};

use crate::watches::{STAMP, now};

/// Serves a large cluster until standard input ends. The events are changes of one pod after the other, each with the
/// time at which it was made.
pub fn serve(pods: u32, events: u32) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let scale = Scale {
        pods,
        seed: 1,
        churn: 0,
    };
    let cluster = runtime.block_on(Simulator::new().scenario(Scenario::Scale(scale)).start())?;
    let said = json!({"address": cluster.address().to_string(), "token": cluster.admin_token()});
    writeln!(stdout(), "{said}")?;
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    if let Ok(pods) = serde_json::from_str::<Vec<Value>>(&line) {
        change(&cluster, pods, events)?;
    }
    runtime.block_on(cluster.shutdown());
    Ok(())
}

/// Changes pods evenly for as long as somebody listens.
fn change(cluster: &Running, mut pods: Vec<Value>, events: u32) -> Result<()> {
    let (stop, stopped) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let ended = stdin().read_line(&mut String::new());
        stop.send(ended)
    });
    let begun = Instant::now();
    for count in 0_u32.. {
        let due = begun + Duration::from_secs(1) * count / events.max(1);
        let wait = due.saturating_duration_since(Instant::now());
        if stopped.recv_timeout(wait).is_ok() {
            break;
        }
        let place = count as usize % pods.len().max(1);
        let pod = pods.get_mut(place).context("there are no pods to change")?;
        pod["kind"] = json!("Pod");
        pod["apiVersion"] = json!("v1");
        pod["metadata"]["annotations"] = json!({STAMP: now().to_string()});
        cluster.put(pod.clone())?;
    }
    Ok(())
}

/// A server that was started.
pub struct Server {
    child: Child,
    pub address: String,
    pub token: String,
}

impl Server {
    /// Starts one with so many pods.
    pub fn start(pods: u32, events: u32) -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(["serve", &pods.to_string(), &events.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line).context("the server did not start")?;
        let text = |field: &str| said[field].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            child,
            address: text("address"),
            token: text("token"),
        })
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Lets it change these pods from now on.
    pub fn change(&mut self, pods: &[Value]) -> Result<()> {
        let input = self.child.stdin.as_mut().context("no standard input")?;
        writeln!(input, "{}", Value::from(pods))?;
        Ok(input.flush()?)
    }

    /// The head of a request. HTTP/1.0, whose answers end with the connection: what comes are the bytes of the body.
    pub fn request(&self, path: &str) -> String {
        format!(
            "GET {path} HTTP/1.0\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            self.address, self.token
        )
    }

    /// Lets it end.
    pub fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}
