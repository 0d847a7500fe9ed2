//! `cargo xtask bench`: figures with a target and, where there is something to compare with, a baseline that was
//! measured in the same run.

use std::fs;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::steps::Steps;
use crate::suites::Stories;
use crate::workspace::Workspace;
use crate::{command, product, sizes};

mod map;
mod search;
mod simulator;
mod windows;

/// A benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// How much a browser has to load: kilobytes as they travel, against the budget
    SiteSize,
    /// From `cargo xtask run` with nothing changed to "ready": seconds, against starting the executable itself
    WarmStart,
    /// From a request to the API server to the row in the page: milliseconds, against a plain watch of the same events
    EventToDom,
    /// What the demo cluster adds to the start and to the memory of the server: against a start without any cluster
    Demo,
    /// `kubilitics simulate --pods 100000`: seconds to ready, and megabytes resident
    Simulator,
    /// A list of 100,000 pods: megabytes a second of the server's processor time
    Lists,
    /// 1,000 watches and 500 events a second: how late they come, and how many cores the server uses
    Watches,
    /// Search at 145,000 objects: megabytes, and what an event and a query cost
    Search,
    /// A window onto a list of 50,000 pods: the first one, in any order, with any filter
    Windows,
    /// The map of cells at 10,000 and 100,000 pods: what it takes to lay out, and what an event costs and sends
    Map,
    /// 10,000 pods that a client creates, and a list of them: against kube-apiserver with etcd
    Creates,
}

/// One line of the result.
#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    unit: &'static str,
    baseline: Option<f64>,
    ours: f64,
    /// Ours to the baseline.
    ratio: Option<f64>,
    target: Goal,
    met: bool,
}

/// What ours is to be.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Only to be known.
    None,
}

impl Goal {
    fn is_met(self, ours: f64) -> bool {
        match self {
            Self::AtMost(most) => ours <= most,
            Self::AtLeast(least) => ours >= least,
            Self::None => true,
        }
    }
}

/// How many starts a median is taken of.
const STARTS: usize = 5;
/// What `cargo xtask run` may take when nothing changed.
const WARM_START_SECONDS: f64 = 3.0;
/// What the demo cluster may add.
const DEMO_SECONDS: f64 = 0.3;
const DEMO_MEGABYTES: f64 = 30.0;
/// What we may add to the API server's own time, in milliseconds.
const EVENT_BUDGET: f64 = 100.0;

/// Runs one benchmark or all. Missing a target is a result and no error.
pub fn bench(workspace: &Workspace, name: Option<Name>, json: Option<&Path>) -> Result<ExitCode> {
    product::build(workspace)?;
    let chosen = Name::value_variants()
        .iter()
        .filter(|known| name.is_none_or(|name| name == **known));
    let mut figures = Vec::new();
    writeln!(
        stdout(),
        "{:<20}{:>12}{:>12}{:>9}{:>15}",
        "name",
        "baseline",
        "ours",
        "ratio",
        "target"
    )?;
    for name in chosen {
        let new = match name {
            Name::SiteSize => site_size(workspace)?,
            Name::WarmStart => warm_start(workspace)?,
            Name::EventToDom => event_to_dom(workspace)?,
            Name::Demo => demo(workspace)?,
            Name::Simulator => simulator::ready(workspace)?,
            Name::Lists => simulator::lists(workspace)?,
            Name::Watches => simulator::watches(workspace)?,
            Name::Search => search::search(workspace)?,
            Name::Windows => windows::windows(workspace)?,
            Name::Map => map::map(workspace)?,
            Name::Creates => simulator::creates(workspace)?,
        };
        for figure in &new {
            figure.print()?;
        }
        figures.extend(new);
    }
    if let Some(path) = json {
        let text = serde_json::to_vec_pretty(&figures)?;
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Figure {
    fn new(name: &'static str, unit: &'static str, baseline: Option<f64>, ours: f64, target: Goal) -> Self {
        Self {
            name,
            unit,
            baseline,
            ours,
            ratio: baseline.map(|baseline| ours / baseline),
            target,
            met: target.is_met(ours),
        }
    }

    fn print(&self) -> Result<()> {
        let Self {
            name,
            unit,
            baseline,
            ours,
            ratio,
            target,
            met,
        } = self;
        let value = |value: f64| format!("{value:.1} {unit}");
        let (target, met) = match *target {
            Goal::AtMost(most) => (value(most), if *met { "met" } else { "not met" }),
            Goal::AtLeast(least) => (
                format!(">= {}", value(least)),
                if *met { "met" } else { "not met" },
            ),
            Goal::None => ("-".to_owned(), ""),
        };
        writeln!(
            stdout(),
            "{name:<20}{:>12}{:>12}{:>9}{:>15}  {}",
            baseline.map_or("-".to_owned(), value),
            value(*ours),
            ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
            target,
            met
        )?;
        Ok(())
    }
}

fn site_size(workspace: &Workspace) -> Result<Vec<Figure>> {
    let sizes = sizes::measure(&workspace.target.join("site"))?;
    let kilobytes = |bytes: u64| bytes as f64 / 1000.0;
    let figure = |name, bytes, budget| {
        Figure::new(
            name,
            "kB",
            None,
            kilobytes(bytes),
            Goal::AtMost(kilobytes(budget)),
        )
    };
    Ok(vec![
        figure("wasm-brotli", sizes.largest().brotli, sizes::WASM_BUDGET),
        figure("script-gzip", sizes.script.gzip, sizes::SCRIPT_BUDGET),
    ])
}

fn warm_start(workspace: &Workspace) -> Result<Vec<Figure>> {
    let baseline = median(STARTS, || {
        serve(workspace, Command::new(workspace.dist()).arg("serve"))
    })?;
    let ours = median(STARTS, || {
        serve(workspace, workspace.cargo().args(["xtask", "run", "--"]))
    })?;
    let figure = Figure::new(
        "warm-start",
        "s",
        Some(baseline.seconds),
        ours.seconds,
        Goal::AtMost(WARM_START_SECONDS),
    );
    Ok(vec![figure])
}

fn demo(workspace: &Workspace) -> Result<Vec<Figure>> {
    let start = |flags: &'static [&str]| {
        median(STARTS, || {
            serve(workspace, Command::new(workspace.dist()).arg("serve").args(flags))
        })
    };
    let baseline = start(&[])?;
    let ours = start(&["--demo"])?;
    let figure = |name, unit, baseline, ours, more| {
        Figure::new(name, unit, Some(baseline), ours, Goal::AtMost(baseline + more))
    };
    Ok(vec![
        figure("demo-start", "s", baseline.seconds, ours.seconds, DEMO_SECONDS),
        figure(
            "demo-memory",
            "MB",
            baseline.megabytes,
            ours.megabytes,
            DEMO_MEGABYTES,
        ),
    ])
}

/// A start of the executable.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// From the command to the line that says that it is ready.
    seconds: f64,
    /// Resident then.
    megabytes: f64,
}

/// Starts a server that knows no cluster.
fn serve(workspace: &Workspace, command: &mut Command) -> Result<Start> {
    let home = workspace.scratch().join("serve");
    fs::create_dir_all(&home)?;
    let kubeconfig = home.join("kubeconfig");
    fs::write(&kubeconfig, r#"{"apiVersion": "v1", "kind": "Config"}"#)?;
    command
        .args(["--addr", "127.0.0.1:0", "--no-open", "--kubeconfig"])
        .arg(&kubeconfig)
        .arg("--data-dir")
        .arg(home.join("data"));
    let started = start(command, "Kubilitics is ready")?;
    fs::remove_dir_all(&home)?;
    Ok(started)
}

/// Runs a command until the first line that it prints, which has to begin so.
fn start(command: &mut Command, ready: &str) -> Result<Start> {
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start `{}`", command::line(command)))?;
    let mut line = String::new();
    let output = child.stdout.take().context("no standard output")?;
    BufReader::new(output).read_line(&mut line)?;
    let seconds = begun.elapsed().as_secs_f64();
    // Both cargo and xtask become the server, so this is the server.
    let megabytes = resident_megabytes(child.id());
    child.kill()?;
    child.wait()?;
    ensure!(
        line.starts_with(ready),
        "`{}` did not get ready",
        command::line(command)
    );
    Ok(Start {
        seconds,
        megabytes: megabytes?,
    })
}

fn resident_megabytes(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .context("the memory of a process is read from /proc, which Linux has")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    Ok(kilobytes.context("no VmRSS in /proc")? * 1.024 / 1000.0)
}

/// The median of each figure.
fn median(times: usize, mut measure: impl FnMut() -> Result<Start>) -> Result<Start> {
    let all = (0..times).map(|_| measure()).collect::<Result<Vec<_>>>()?;
    let middle = |figure: fn(&Start) -> f64| {
        let mut figures: Vec<f64> = all.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(times / 2).copied().context("nothing was measured")
    };
    Ok(Start {
        seconds: middle(|start| start.seconds)?,
        megabytes: middle(|start| start.megabytes)?,
    })
}

/// What the story `latency.mjs` writes, in milliseconds.
#[derive(Deserialize)]
struct Latency {
    baseline: Percentiles,
    total: Percentiles,
}

#[derive(Deserialize)]
struct Percentiles {
    p50: f64,
    p99: f64,
}

fn event_to_dom(workspace: &Workspace) -> Result<Vec<Figure>> {
    let stories = Stories::prepare(workspace, &mut Steps::new(Stories::STEPS))?;
    let result = workspace.scratch().join("latency.json");
    stories.run(workspace, &workspace.dist(), |node| {
        node.env("KUBILITICS_TEST_RESULT", &result)
            .arg("end2end/stories/latency.mjs");
        command::run(node)
    })?;
    let text = fs::read(&result).with_context(|| format!("cannot read {}", result.display()))?;
    let Latency { baseline, total } = serde_json::from_slice(&text)?;
    let figure = |name, baseline, ours| {
        Figure::new(
            name,
            "ms",
            Some(baseline),
            ours,
            Goal::AtMost(baseline + EVENT_BUDGET),
        )
    };
    Ok(vec![
        figure("event-to-dom-p50", baseline.p50, total.p50),
        figure("event-to-dom-p99", baseline.p99, total.p99),
    ])
}
