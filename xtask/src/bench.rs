//! `cargo xtask bench`: figures with a target and, where there is something to compare with, a baseline that was
//! measured in the same run.

use std::fs;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::steps::Steps;
use crate::suites::Stories;
use crate::workspace::Workspace;
use crate::{command, product, sizes};

/// A benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// How much a browser has to load: kilobytes as they travel, against the budget
    SiteSize,
    /// From `cargo xtask run` with nothing changed to "ready": seconds, against starting the executable itself
    WarmStart,
    /// From a request to the API server to the row in the page: milliseconds, against a plain watch of the same events
    EventToDom,
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
    /// What ours must not exceed.
    target: f64,
    met: bool,
}

/// How many starts a median is taken of.
const STARTS: usize = 5;
/// What `cargo xtask run` may take when nothing changed.
const WARM_START_SECONDS: f64 = 3.0;
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
        "{:<20}{:>12}{:>12}{:>9}{:>12}",
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
    fn new(name: &'static str, unit: &'static str, baseline: Option<f64>, ours: f64, target: f64) -> Self {
        Self {
            name,
            unit,
            baseline,
            ours,
            ratio: baseline.map(|baseline| ours / baseline),
            target,
            met: ours <= target,
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
        writeln!(
            stdout(),
            "{name:<20}{:>12}{:>12}{:>9}{:>12}  {}",
            baseline.map_or("-".to_owned(), value),
            value(*ours),
            ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
            value(*target),
            if *met { "met" } else { "not met" }
        )?;
        Ok(())
    }
}

fn site_size(workspace: &Workspace) -> Result<Vec<Figure>> {
    let sizes = sizes::measure(&workspace.target.join("site"))?;
    let kilobytes = |bytes: u64| bytes as f64 / 1000.0;
    let figure = |name, bytes, budget| Figure::new(name, "kB", None, kilobytes(bytes), kilobytes(budget));
    Ok(vec![
        figure("wasm-brotli", sizes.wasm.brotli, sizes::WASM_BUDGET),
        figure("script-gzip", sizes.script.gzip, sizes::SCRIPT_BUDGET),
    ])
}

fn warm_start(workspace: &Workspace) -> Result<Vec<Figure>> {
    let baseline = median(|| start(workspace, Command::new(workspace.dist()).arg("serve")))?;
    let ours = median(|| start(workspace, workspace.cargo().args(["xtask", "run", "--"])))?;
    let seconds = |time: Duration| time.as_secs_f64();
    let figure = Figure::new(
        "warm-start",
        "s",
        Some(seconds(baseline)),
        seconds(ours),
        WARM_START_SECONDS,
    );
    Ok(vec![figure])
}

/// From starting the command to the line that says that it is ready.
fn start(workspace: &Workspace, command: &mut Command) -> Result<Duration> {
    let home = workspace.scratch().join("warm-start");
    fs::create_dir_all(&home)?;
    let kubeconfig = home.join("kubeconfig");
    fs::write(&kubeconfig, r#"{"apiVersion": "v1", "kind": "Config"}"#)?;
    let begun = Instant::now();
    let mut child = command
        .args(["--addr", "127.0.0.1:0", "--no-open", "--kubeconfig"])
        .arg(&kubeconfig)
        .arg("--data-dir")
        .arg(home.join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start `{}`", command::line(command)))?;
    let mut line = String::new();
    let output = child.stdout.take().context("no standard output")?;
    BufReader::new(output).read_line(&mut line)?;
    let time = begun.elapsed();
    // Both cargo and xtask become the server, so this is the server.
    child.kill()?;
    child.wait()?;
    fs::remove_dir_all(&home)?;
    ensure!(
        line.starts_with("Kubilitics is ready"),
        "`{}` did not get ready",
        command::line(command)
    );
    Ok(time)
}

fn median(mut measure: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    let mut times = (0..STARTS).map(|_| measure()).collect::<Result<Vec<_>>>()?;
    times.sort();
    times.get(STARTS / 2).copied().context("nothing was measured")
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
    let figure =
        |name, baseline, ours| Figure::new(name, "ms", Some(baseline), ours, baseline + EVENT_BUDGET);
    Ok(vec![
        figure("event-to-dom-p50", baseline.p50, total.p50),
        figure("event-to-dom-p99", baseline.p99, total.p99),
    ])
}
