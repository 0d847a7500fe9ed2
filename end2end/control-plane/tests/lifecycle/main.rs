//! The control plane behaves like one, breaks when told to, and leaves nothing behind.

mod pods;
mod processes;
mod users;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use control_plane::ControlPlane;

/// The manifest of a Deployment whose Pods have an annotation.
pub fn deployment(name: &str, replicas: usize, annotation: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}, annotations: {{{annotation}}}}}
    spec: {{containers: [{{name: main, image: example/{name}}}]}}
"
    )
}

/// Asks until the answer is yes.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        ensure!(Instant::now() < deadline, "not seen in a minute: {what}");
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Asks kubectl until its answer is the expected one.
pub fn eventually_prints(plane: &ControlPlane, args: &[&str], expected: &str) -> Result<()> {
    let mut last = String::new();
    eventually(expected, || {
        last = plane.run_kubectl(args).unwrap_or_else(|error| error.to_string());
        last.trim() == expected
    })
    .with_context(|| format!("kubectl {args:?} says {last:?}"))
}
