//! `cargo xtask test`: every check and test, counted together.

mod binaries;
mod browser;
mod faults;

use std::io::{BufRead, BufReader, Write, stdout};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::ValueEnum;
use control_plane::{ControlPlane, Options};

use crate::command;
use crate::product::with_site;
use crate::site::{self, Flavour, Site};
use crate::steps::Steps;
use crate::tally::{Runner, Tally};
use crate::tools::{self, WASM_TARGET};
use crate::workspace::Workspace;
use binaries::Binary;

pub use browser::Stories;

/// Parts of `cargo xtask test`, in the order in which they run: the quick ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// rustfmt
    Fmt,
    /// clippy, for the server and for the browser
    Lint,
    /// Licences, sources and banned crates, by deny.toml
    Licences,
    /// rustdoc without warnings
    Docs,
    /// Unit, property and integration tests, with a real control plane and PostgreSQL
    Rust,
    /// The Go module of the control plane
    Cluster,
    /// End-to-end stories in Chromium
    Browser,
}

/// The browser half is not tested natively: with it, cargo would turn on the features `ssr` and `hydrate` of the app at
/// once. Its own code is bindings only; the lints see it, and the browser runs it.
const NATIVE: [&str; 3] = ["--workspace", "--exclude", "frontend-wasm"];

/// Test executables that run at the same time. Each has as many threads as the machine has cores, and they wait a lot.
const AT_ONCE: usize = 2;

/// Runs the suites (none named: all of them). A suite that fails stops no other.
pub fn test(workspace: &Workspace, mut names: Vec<Suite>) -> Result<ExitCode> {
    if names.is_empty() {
        names = Suite::value_variants().to_vec();
    }
    let _lock = workspace.lock()?;
    let mut total = Tally::default();
    let mut report = Vec::new();
    for suite in Suite::value_variants()
        .iter()
        .filter(|suite| names.contains(suite))
    {
        let name = suite.name();
        eprintln!("\n=== {name}");
        let begun = Instant::now();
        let tally = suite.run(workspace).unwrap_or_else(|error| {
            eprintln!("{name}: {error:#}");
            Tally::of_check(&name, false)
        });
        report.push(format!(
            "{name:<10}{:>6} passed{:>6} failed{:>8.1} s",
            tally.passed,
            tally.failed,
            begun.elapsed().as_secs_f64()
        ));
        let failures = tally
            .failures
            .iter()
            .map(|failure| format!("{name}: {failure}"))
            .collect();
        total.add(Tally { failures, ..tally });
    }

    eprintln!("\n{}", report.join("\n"));
    for failure in &total.failures {
        eprintln!("FAILED {failure}");
    }
    writeln!(stdout(), "{} passed, {} failed", total.passed, total.failed)?;
    Ok(if total.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Suite {
    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn run(self, workspace: &Workspace) -> Result<Tally> {
        match self {
            Self::Fmt => fmt(workspace),
            Self::Lint => lint(workspace),
            Self::Licences => licences(workspace),
            Self::Docs => docs(workspace),
            Self::Rust => rust(workspace),
            Self::Cluster => cluster(workspace),
            Self::Browser => browser::run(workspace),
        }
    }
}

fn fmt(workspace: &Workspace) -> Result<Tally> {
    let arguments = ["fmt", "--all", "--", "--check", "--files-with-diff"];
    let tally = check("rustfmt", workspace.cargo().args(arguments))?;
    if tally.failed > 0 {
        eprintln!("these files are not formatted: run `cargo fmt --all`");
    }
    Ok(tally)
}

fn lint(workspace: &Workspace) -> Result<Tally> {
    let mut steps = Steps::new(site::STEPS);
    let site = site::build(workspace, &mut steps, Flavour::Release)?;
    let deny = ["--", "-D", "warnings"];

    let mut native = workspace.cargo();
    native.arg("clippy").args(NATIVE).arg("--all-targets").args(deny);
    let mut tally = check("clippy", with_site(&mut native, &site))?;

    // The app's own tests are native, so `--all-targets` would add nothing here.
    let browser = ["clippy", "--package", "frontend-wasm", "--target", WASM_TARGET];
    tally.add(check(
        "clippy for the browser",
        workspace.cargo().args(browser).args(deny),
    )?);
    Ok(tally)
}

fn licences(workspace: &Workspace) -> Result<Tally> {
    let cargo_deny = tools::cargo_deny(workspace, &mut Steps::new(1))?;
    // Not the advisories: their database is fetched from a git host that a build machine may not reach.
    let arguments = [
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "licenses",
        "bans",
        "sources",
    ];
    check(
        "cargo-deny",
        workspace.command(&cargo_deny.to_string_lossy()).args(arguments),
    )
}

fn docs(workspace: &Workspace) -> Result<Tally> {
    let site = site::build(workspace, &mut Steps::new(site::STEPS), Flavour::Release)?;
    let mut rustdoc = workspace.cargo();
    rustdoc
        .arg("doc")
        .args(NATIVE)
        .args(["--no-deps", "--document-private-items", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links");
    check("rustdoc", with_site(&mut rustdoc, &site))
}

fn rust(workspace: &Workspace) -> Result<Tally> {
    let mut steps = Steps::new(site::STEPS + 4);
    let site = site::build(workspace, &mut steps, Flavour::Release)?;
    tools::postgresql(&mut steps)?;
    build_tests(workspace, &mut steps, &site)?;
    let plane = start_control_plane(&mut steps, 3)?;

    let cargo_test = || {
        let mut cargo = workspace.cargo();
        cargo.arg("test").args(NATIVE);
        with_site(&mut cargo, &site);
        cargo
    };
    let environment = [
        ("KUBILITICS_TEST_CONTROL_PLANE", plane.dir()),
        ("INSTA_UPDATE", Path::new("no")),
        // Else it is where the tests were compiled, which may have been another clone.
        ("INSTA_WORKSPACE_ROOT", &workspace.root),
    ];
    let mut tally = binaries::run(Binary::all(&mut cargo_test())?, AT_ONCE, &environment)?;
    let mut examples = cargo_test();
    examples.args(["--doc", "--no-fail-fast"]);
    tally.add(counted("cargo test --doc", &mut examples, Runner::Libtest)?);
    plane.shutdown()?;
    Ok(tally)
}

fn cluster(workspace: &Workspace) -> Result<Tally> {
    tools::go()?;
    let go = |name: &str, arguments: &[&str]| {
        let mut go = workspace.command("go");
        go.args(arguments)
            .current_dir(workspace.root.join("end2end/cluster"));
        check(name, go.env("GOWORK", "off").env("GOFLAGS", "-mod=readonly"))
    };
    let mut tally = go("go mod verify", &["mod", "verify"])?;
    tally.add(go("go mod tidy -diff", &["mod", "tidy", "-diff"])?);
    Ok(tally)
}

/// Builds the tests and the executable that the browser's stories run, in one go: cargo then decides on one set of
/// features for both, and compiles nothing twice.
fn build_tests(workspace: &Workspace, steps: &mut Steps, site: &Site) -> Result<()> {
    steps.run("compiling the server and the tests", || {
        let mut cargo = workspace.cargo();
        cargo.arg("build").args(NATIVE).args(["--tests", "--bins"]);
        command::run(with_site(&mut cargo, site))
    })
}

fn start_control_plane(steps: &mut Steps, nodes: usize) -> Result<ControlPlane> {
    steps.run(
        "building the control plane (the first time takes minutes)",
        || Ok(control_plane::build()?),
    )?;
    let options = Options {
        nodes,
        ..Options::default()
    };
    steps.run("starting the control plane", || Ok(ControlPlane::start(options)?))
}

/// A check is its exit status; its output is shown as it comes.
fn check(name: &str, command: &mut Command) -> Result<Tally> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {name}: `{}`", command::line(command)))?;
    Ok(Tally::of_check(name, status.success()))
}

/// A test runner: its output is shown as it comes, and counted.
fn counted(name: &str, command: &mut Command, runner: Runner) -> Result<Tally> {
    let cannot = || format!("cannot run {name}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(cannot)?;
    let mut tally = Tally::default();
    let output = child.stdout.take().with_context(cannot)?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.with_context(cannot)?;
        let line = String::from_utf8_lossy(&line);
        writeln!(stdout(), "{line}")?;
        tally.read(runner, &line);
    }
    let status = child.wait().with_context(cannot)?;
    tally.end(name, status.success());
    Ok(tally)
}
