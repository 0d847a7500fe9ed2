//! The executable: the server with the site inside.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::command;
use crate::fingerprint::{Stamp, fingerprint};
use crate::site::{self, Flavour, Site};
use crate::sizes;
use crate::steps::Steps;
use crate::workspace::Workspace;

/// Everything that can change `dist/kubilitics`.
const INPUTS: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    ".cargo",
    "app",
    "crates",
    "frontend-wasm",
    "public",
    "server",
    "style",
    "xtask",
];

/// `cargo xtask build`.
pub fn build(workspace: &Workspace) -> Result<()> {
    let _lock = workspace.lock()?;
    let dist = workspace.dist();
    // Beside the executable: a target folder may be shared by clones, this one never is.
    let stamp = Stamp::new(
        dist.with_extension("inputs"),
        fingerprint(&workspace.root, &INPUTS)?,
    );
    if stamp.is_fresh() && dist.is_file() {
        return Ok(());
    }
    stamp.clear();
    let mut steps = Steps::new(site::STEPS + 1);
    let site = site::build(workspace, &mut steps, Flavour::Release)?;
    steps.run("compiling the server (release)", || {
        let arguments = ["build", "--package", "server", "--bin", "kubilitics", "--release"];
        command::run(with_site(workspace.cargo().args(arguments), &site))?;
        let built = workspace.target.join("release/kubilitics");
        install(&built, &dist)
    })?;
    stamp.set()?;
    sizes::measure(&site.dir)?.print();
    let size = fs::metadata(&dist)?.len();
    eprintln!("{} ({:.1} MB)", dist.display(), size as f64 / 1e6);
    Ok(())
}

/// `cargo xtask run`: becomes the server, so that signals and the exit status are its own.
pub fn run(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    build(workspace)?;
    let error = Command::new(workspace.dist()).arg("serve").args(args).exec();
    Err(error).with_context(|| format!("cannot start {}", workspace.dist().display()))
}

/// Tells the server's build which site to embed; it looks at the times of the files there.
pub fn with_site<'a>(cargo: &'a mut Command, site: &Site) -> &'a mut Command {
    cargo.env("KUBILITICS_SITE", &site.dir)
}

/// Copies a program aside and moves it into place, which works also while the old one runs.
fn install(from: &PathBuf, to: &PathBuf) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    let mut partial = OsString::from(to);
    partial.push(".partial");
    fs::copy(from, &partial)
        .and_then(|_| fs::rename(&partial, to))
        .with_context(|| format!("cannot write {}", to.display()))
}
