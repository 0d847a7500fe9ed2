//! `cargo xtask dev`: rebuilds what a changed source file changes, and starts the server anew.

use std::process::{Child, ExitCode};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};

use crate::command;
use crate::fingerprint::files;
use crate::product::with_site;
use crate::site::{self, Flavour};
use crate::steps::Steps;
use crate::workspace::Workspace;

/// What is watched. A change to xtask itself needs a new `cargo xtask dev`.
const SOURCES: [&str; 8] = [
    "Cargo.toml",
    "Cargo.lock",
    "app",
    "crates",
    "frontend-wasm",
    "public",
    "server",
    "style",
];

/// How often it is looked at: a walk over the sources takes a few milliseconds, and works on every file system.
const INTERVAL: Duration = Duration::from_millis(200);

/// Goes on until it is interrupted.
pub fn dev(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    let mut seen = state(workspace)?;
    let mut server: Option<Child> = None;
    loop {
        let begun = Instant::now();
        match build(workspace) {
            Ok(()) => {
                server = Some(restart(workspace, server, args)?);
                eprintln!(
                    "dev: built and started in {:.1} s; reload the page",
                    begun.elapsed().as_secs_f64()
                );
            }
            Err(error) => eprintln!("dev: {error:#}\ndev: what ran before runs on; save a file to try again"),
        }
        loop {
            thread::sleep(INTERVAL);
            let now = state(workspace)?;
            if now != seen {
                seen = now;
                break;
            }
            if let Some(child) = &mut server
                && let Some(status) = child.try_wait()?
            {
                eprintln!("dev: the server ended ({status}); save a file to start it again");
                server = None;
            }
        }
    }
}

fn build(workspace: &Workspace) -> Result<()> {
    let _lock = workspace.lock()?;
    let mut steps = Steps::new(site::STEPS + 1);
    let site = site::build(workspace, &mut steps, Flavour::Development)?;
    steps.run("compiling the server (dev)", || {
        let arguments = ["build", "--package", "server", "--bin", "kubilitics"];
        command::run(with_site(workspace.cargo().args(arguments), &site))
    })
}

/// Ends the old server at once: everything that it keeps survives that, and nobody wants to wait for its connections.
fn restart(workspace: &Workspace, old: Option<Child>, args: &[String]) -> Result<Child> {
    if let Some(mut old) = old {
        old.kill()
            .and_then(|()| old.wait())
            .context("cannot end the old server")?;
    }
    let program = workspace.target.join("debug/kubilitics");
    workspace
        .command(&program.to_string_lossy())
        .arg("serve")
        .args(args)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))
}

/// Names and times of the sources. Not their contents: this runs all the time.
fn state(workspace: &Workspace) -> Result<Vec<(std::path::PathBuf, Option<SystemTime>)>> {
    let with_time = |path: std::path::PathBuf| {
        // A file that goes away between the walk and here is a change like any other.
        let modified = path.metadata().and_then(|file| file.modified()).ok();
        (path, modified)
    };
    Ok(files(&workspace.root, &SOURCES)?
        .into_iter()
        .map(with_time)
        .collect())
}
