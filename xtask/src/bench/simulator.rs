//! The simulator's figures: a large cluster, lists, watches, and the same pods in a real API server. Most are measured by
//! the example `measure` of the crate, which keeps server and clients in processes of their own.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Figure, Goal, Start, median, start};
use crate::command;
use crate::workspace::Workspace;

/// A simulated cluster of so many pods, and some 45,000 other objects.
const PODS: &str = "100000";
const EXAMPLE: (&str, &str) = ("simulator", "measure");
const READY_SECONDS: f64 = 10.0;
const READY_MEGABYTES: f64 = 400.0;
/// What one core has to send of a list, in megabytes a second.
const LIST_SPEED: f64 = 60.0;
const WATCHES: &str = "1000";
const EVENTS: &str = "500";
/// A watch that is later than this has fallen behind: milliseconds.
const LATEST: f64 = 1_000.0;
/// What clients create, here and in a real API server.
const CREATED: &str = "10000";

pub(super) fn ready(workspace: &Workspace) -> Result<Vec<Figure>> {
    let home = workspace.scratch().join("simulator");
    fs::create_dir_all(&home)?;
    let Start { seconds, megabytes } = median(1, || {
        let mut simulate = Command::new(workspace.dist());
        simulate.args(["simulate", "--pods", PODS, "--kubeconfig-out"]);
        start(simulate.arg(home.join("kubeconfig")), "Simulating at")
    })?;
    fs::remove_dir_all(&home)?;
    let figure = |name, unit, ours, target| Figure::new(name, unit, None, ours, Goal::AtMost(target));
    Ok(vec![
        figure("simulator-ready", "s", seconds, READY_SECONDS),
        figure("simulator-memory", "MB", megabytes, READY_MEGABYTES),
    ])
}

/// What `measure lists` says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lists {
    per_core: f64,
}

pub(super) fn lists(workspace: &Workspace) -> Result<Vec<Figure>> {
    let lists: Lists = measure(workspace, EXAMPLE, &["lists", PODS])?;
    let goal = Goal::AtLeast(LIST_SPEED);
    Ok(vec![Figure::new(
        "list-per-core",
        "MB/s",
        None,
        lists.per_core,
        goal,
    )])
}

/// What `measure watches` says: milliseconds, shares of what was to be delivered, cores.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Watches {
    lag_p50: f64,
    lag_p99: f64,
    delivered: f64,
    cores: f64,
}

pub(super) fn watches(workspace: &Workspace) -> Result<Vec<Figure>> {
    let watches: Watches = measure(workspace, EXAMPLE, &["watches", WATCHES, EVENTS])?;
    let figure = |name, unit, ours, goal| Figure::new(name, unit, None, ours, goal);
    Ok(vec![
        figure(
            "watch-delivered",
            "%",
            watches.delivered * 100.0,
            Goal::AtLeast(99.0),
        ),
        figure("watch-lag-p50", "ms", watches.lag_p50, Goal::AtMost(LATEST)),
        figure("watch-lag-p99", "ms", watches.lag_p99, Goal::AtMost(LATEST)),
        figure("watch-cores", "", watches.cores, Goal::None),
    ])
}

/// What `measure creates` says of one server: seconds, and megabytes.
#[derive(Deserialize)]
struct Creates {
    created: f64,
    listed: f64,
    resident: f64,
}

#[derive(Deserialize)]
struct Both {
    ours: Creates,
    baseline: Creates,
}

pub(super) fn creates(workspace: &Workspace) -> Result<Vec<Figure>> {
    let Both { ours, baseline } = measure(workspace, EXAMPLE, &["creates", CREATED])?;
    let figure = |name, unit, baseline: f64, ours| {
        Figure::new(name, unit, Some(baseline), ours, Goal::AtMost(baseline))
    };
    Ok(vec![
        figure("create-10000-pods", "s", baseline.created, ours.created),
        figure("list-10000-pods", "s", baseline.listed, ours.listed),
        figure("memory-10000-pods", "MB", baseline.resident, ours.resident),
    ])
}

/// Runs an example of a package, built for release, and reads the line that it prints.
pub(super) fn measure<T: DeserializeOwned>(
    workspace: &Workspace,
    (package, example): (&str, &str),
    arguments: &[&str],
) -> Result<T> {
    let mut cargo = workspace.cargo();
    cargo.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        package,
        "--example",
        example,
        "--",
    ]);
    cargo.args(arguments).stderr(Stdio::inherit());
    let output = cargo
        .output()
        .with_context(|| format!("cannot start `{}`", command::line(&cargo)))?;
    ensure!(output.status.success(), "`{}` failed", command::line(&cargo));
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("`{}` printed something else than figures", command::line(&cargo)))
}
