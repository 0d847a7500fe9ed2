//! The site: everything a browser loads, under names that hold a hash of their content.
//!
//! ```text
//! cargo rustc ─> split ─> wasm-bindgen ─> wasm-opt ─┐
//! frontend-wasm/js, style, npm ──> esbuild ───┴──> <target>/site/pkg/*, <target>/site/manifest.json
//! public/ ────────────────────────────────────────> <target>/site/*        (+ .br and .gz beside each)
//! ```

mod bundle;
mod wasm;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command;
use crate::fingerprint::{Stamp, fingerprint, of_bytes};
use crate::steps::Steps;
use crate::tools;
use crate::workspace::Workspace;

/// What can change the WASM. The libraries of the server are among it: cargo knows which of them the browser half
/// uses, and is quick to say that none of these changed.
const WASM_INPUTS: [&str; 7] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    ".cargo",
    "app",
    "crates",
    "frontend-wasm",
];

/// What else goes into the site.
const OTHER_INPUTS: [&str; 2] = ["style", "public"];

/// What decides how it is made.
const RECIPE: [&str; 4] = [
    "frontend-wasm/package-lock.json",
    "xtask/scripts",
    "xtask/src/site",
    "xtask/src/site.rs",
];

/// For whom a site is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// As small as it gets.
    Release,
    /// As quickly as it gets.
    Development,
}

/// How many steps [`build`] counts.
pub const STEPS: usize = 6;

/// A built site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its folder.
    pub dir: PathBuf,
}

impl Flavour {
    fn cargo_profile(self) -> &'static str {
        match self {
            Self::Release => "wasm-release",
            Self::Development => "wasm-dev",
        }
    }

    fn site_dir(self, workspace: &Workspace) -> PathBuf {
        workspace.target.join(match self {
            Self::Release => "site",
            Self::Development => "site-dev",
        })
    }
}

/// Builds what changed.
pub fn build(workspace: &Workspace, steps: &mut Steps, flavour: Flavour) -> Result<Site> {
    let profile = flavour.cargo_profile();
    let scratch = workspace.scratch().join(profile);
    let site = flavour.site_dir(workspace);
    let stamp = |name: &str, inputs: String| Stamp::new(scratch.join(format!("{name}.stamp")), inputs);

    tools::wasm_target(workspace, steps)?;
    tools::npm_packages(workspace, steps, "frontend-wasm")?;

    let sources = fingerprint(&workspace.root, &WASM_INPUTS)?;
    let compiled = wasm::compiled(workspace, profile);
    let compiling = stamp("compiled", sources.clone());
    steps.unless_fresh(
        &compiling,
        compiled.is_file(),
        format!("compiling the browser half ({profile})"),
        || wasm::compile(workspace, profile),
    )?;

    let recipe = fingerprint(&workspace.root, &RECIPE)?;
    let binding = stamp("bound", of_bytes(&read(&compiled)?) + &recipe);
    let bound = scratch.join("bound");
    steps.unless_fresh(
        &binding,
        bound.is_dir(),
        format!("splitting, binding and optimising the WASM ({profile})"),
        || {
            let parts = wasm::split_and_bind(&compiled, &bound, flavour)?;
            if flavour == Flavour::Release {
                wasm::optimise(workspace, &bound, &parts)?;
            }
            wasm::name_by_content(&bound, parts)
        },
    )?;

    let others = fingerprint(&workspace.root, &OTHER_INPUTS)?;
    let bundling = stamp(
        "site",
        sources + &others + &recipe + &of_bytes(&read(&bound.join(wasm::FILE))?),
    );
    let is_built = bundling.is_fresh() && site.is_dir();
    if is_built {
        steps.skip();
        steps.skip();
    } else {
        bundling.clear();
        // Made aside and moved as a whole: a name of an older build must not stay and be embedded.
        let partial = scratch.join("site.partial");
        remove(&partial)?;
        steps.run("bundling scripts and styles", || {
            bundle::bundle(workspace, &bound, &partial, &scratch)?;
            copy(&workspace.root.join("public"), &partial)
        })?;
        steps.run("compressing", || compress(workspace, &partial, flavour))?;
        remove(&site)?;
        fs::rename(&partial, &site).with_context(|| format!("cannot write {}", site.display()))?;
        bundling.set()?;
    }
    Ok(Site { dir: site })
}

/// Writes `.br` and `.gz` beside every file that gets smaller by it. Node's zlib has both.
fn compress(workspace: &Workspace, site: &Path, flavour: Flavour) -> Result<()> {
    let quality = match flavour {
        Flavour::Release => "11",
        Flavour::Development => "3",
    };
    let mut node = workspace.command("node");
    node.arg("xtask/scripts/compress.mjs").arg(site).arg(quality);
    command::run(&mut node)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Copies the contents of a folder, which need not exist.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in crate::fingerprint::files(from, &["."])? {
        let target = to.join(file.strip_prefix(from)?);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(&file, &target).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    Ok(())
}
