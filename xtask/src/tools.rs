//! Programs that are not ours: found, installed where we can, else named in one line.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::command::{self, find};
use crate::fingerprint::{Stamp, fingerprint};
use crate::steps::Steps;
use crate::workspace::Workspace;

/// The target that the browser half is compiled for.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The licence checker's version; what it checks against is in `deny.toml`.
const CARGO_DENY: &str = "0.20.2";

/// Where Debian has PostgreSQL's server programs: one folder per major version, not on the PATH.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// Rust's standard library for the browser.
pub fn wasm_target(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    let query = ["--print", "target-libdir", "--target", WASM_TARGET];
    let libraries = command::read(workspace.command("rustc").args(query))?;
    if Path::new(libraries.trim()).is_dir() {
        steps.skip();
        return Ok(());
    }
    ensure!(
        find("rustup").is_some(),
        "this Rust has no {WASM_TARGET} and there is no rustup to add it: install Rust from https://rustup.rs, \
         or your system's package of the standard library for {WASM_TARGET}"
    );
    steps.run(format!("adding the target {WASM_TARGET}"), || {
        command::run(workspace.command("rustup").args(["target", "add", WASM_TARGET]))
    })
}

/// The npm packages of a folder, as its lock file says.
pub fn npm_packages(workspace: &Workspace, steps: &mut Steps, folder: &str) -> Result<()> {
    let lock = format!("{folder}/package-lock.json");
    let installed = workspace.root.join(folder).join("node_modules");
    // Beside the packages and not in the target folder: several clones may share that one.
    let stamp = Stamp::new(
        installed.join(".kubilitics-lock"),
        fingerprint(&workspace.root, &[&lock])?,
    );
    steps.unless_fresh(&stamp, true, format!("installing the npm packages of {folder}/"), || {
        ensure!(
            find("npm").is_some(),
            "there is no `npm` on the PATH: install Node.js 20 or newer with npm (Debian: apt-get install nodejs npm)"
        );
        let arguments = ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder];
        command::run(workspace.command("npm").args(arguments))
    })
}

/// The browser that the tests drive.
pub fn chromium(steps: &mut Steps) -> Result<PathBuf> {
    let search = || {
        ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find_map(find)
    };
    installed(steps, "Chromium", "chromium", search)
}

/// The folder of PostgreSQL's server programs.
pub fn postgresql(steps: &mut Steps) -> Result<PathBuf> {
    let search = || {
        let versions = fs::read_dir(POSTGRESQL).into_iter().flatten().flatten();
        let mut folders: Vec<_> = versions
            .map(|version| version.path().join("bin"))
            .filter(|folder| folder.join("postgres").is_file())
            .collect();
        folders.sort();
        let on_path = || Some(find("postgres")?.parent()?.to_owned());
        folders.pop().or_else(on_path)
    };
    installed(steps, "PostgreSQL", "postgresql", search)
}

/// A Debian package: found, else installed where we may.
fn installed(
    steps: &mut Steps,
    name: &str,
    package: &str,
    search: impl Fn() -> Option<PathBuf>,
) -> Result<PathBuf> {
    if let Some(found) = search() {
        steps.skip();
        return Ok(found);
    }
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root || find("apt-get").is_none() {
        bail!(
            "{name} is missing, and only root on Debian can install it from here: apt-get install {package}"
        );
    }
    steps.run(format!("installing {name} ({package})"), || {
        let apt = |arguments: &[&str]| {
            let mut apt = Command::new("apt-get");
            command::run(apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
        };
        let install = || apt(&["install", "-qq", "-y", "--no-install-recommends", package]);
        // A new machine has no lists of packages, and an old one has old lists; one that has good ones need not wait.
        install().or_else(|_| apt(&["update", "-qq"]).and_then(|()| install()))?;
        search().with_context(|| {
            format!("the package {package} is installed, but {name} is not where it should be")
        })
    })
}

/// Go: the test control plane is built with it. A control plane that is built needs none.
pub fn go() -> Result<()> {
    ensure!(
        find("go").is_some(),
        "there is no `go` on the PATH: install Go 1.26 or newer from https://go.dev/dl (only the tests need it)"
    );
    Ok(())
}

/// `cargo-deny`, compiled without optimisation: it takes a minute instead of four, and runs as long.
pub fn cargo_deny(workspace: &Workspace, steps: &mut Steps) -> Result<PathBuf> {
    let root = workspace
        .target
        .join("tools")
        .join(format!("cargo-deny-{CARGO_DENY}"));
    let program = root.join("bin/cargo-deny");
    if program.is_file() {
        steps.skip();
        return Ok(program);
    }
    steps.run("installing cargo-deny", || {
        let arguments = [
            "install",
            "cargo-deny",
            "--version",
            CARGO_DENY,
            "--locked",
            "--debug",
            "--root",
        ];
        // Its own temporary target folder: nothing of it is shared with ours, and half a gigabyte goes away.
        let mut install = workspace.cargo();
        install.args(arguments).arg(&root).env_remove("CARGO_TARGET_DIR");
        // Not from the workspace's folder, whose configuration is for the workspace.
        install.current_dir(env::temp_dir());
        command::run(&mut install)
    })?;
    Ok(program)
}
