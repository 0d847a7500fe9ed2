//! How much a browser has to load, against its budget.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The parts of `manifest.json` that have a budget.
#[derive(Deserialize)]
struct Manifest {
    wasm: String,
    style: String,
    #[serde(rename = "firstRoute")]
    first_route: Vec<String>,
}

/// A part of the site, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// As it is used.
    pub raw: u64,
    /// As it travels to old clients.
    pub gzip: u64,
    /// As it travels.
    pub brotli: u64,
}

/// What the first page loads.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// The browser half. Budget: [`WASM_BUDGET`] in brotli.
    pub wasm: Size,
    /// The scripts of the first page. Budget: [`SCRIPT_BUDGET`] in gzip.
    pub script: Size,
    /// The style sheet.
    pub style: Size,
}

/// In bytes, brotli.
pub const WASM_BUDGET: u64 = 250_000;
/// In bytes, gzip.
pub const SCRIPT_BUDGET: u64 = 160_000;

/// Reads them from a built site.
pub fn measure(site: &Path) -> Result<Sizes> {
    let path = site.join("manifest.json");
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let manifest: Manifest = serde_json::from_slice(&text)?;
    let script = manifest
        .first_route
        .iter()
        .try_fold(Size::default(), |sum, address| {
            Ok::<_, anyhow::Error>(sum + size(site, address)?)
        })?;
    Ok(Sizes {
        wasm: size(site, &manifest.wasm)?,
        script,
        style: size(site, &manifest.style)?,
    })
}

impl Sizes {
    /// A table on standard error.
    pub fn print(&self) {
        eprintln!("{:<24}{:>10}{:>10}{:>10}", "kB", "raw", "gzip", "brotli");
        let row = |name: &str, size: Size, budget: String| {
            let kb = |bytes: u64| format!("{:.1}", bytes as f64 / 1000.0);
            eprintln!(
                "{name:<24}{:>10}{:>10}{:>10}  {budget}",
                kb(size.raw),
                kb(size.gzip),
                kb(size.brotli)
            );
        };
        row(
            "wasm",
            self.wasm,
            verdict(self.wasm.brotli, WASM_BUDGET, "brotli"),
        );
        row(
            "scripts, first page",
            self.script,
            verdict(self.script.gzip, SCRIPT_BUDGET, "gzip"),
        );
        row("styles", self.style, String::new());
    }
}

fn verdict(bytes: u64, budget: u64, coding: &str) -> String {
    let met = if bytes <= budget { "met" } else { "NOT met" };
    format!("budget {} {coding}: {met}", budget / 1000)
}

fn size(site: &Path, address: &str) -> Result<Size> {
    let path = site.join(address.trim_start_matches('/'));
    let raw = length(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let compressed = |extension: &str| {
        let mut name = path.clone().into_os_string();
        name.push(extension);
        // A file that does not get smaller has no compressed variant.
        length(Path::new(&name)).unwrap_or(raw)
    };
    Ok(Size {
        raw,
        gzip: compressed(".gz"),
        brotli: compressed(".br"),
    })
}

fn length(path: &Path) -> std::io::Result<u64> {
    fs::metadata(path).map(|file| file.len())
}

impl std::ops::Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            raw: self.raw + other.raw,
            gzip: self.gzip + other.gzip,
            brotli: self.brotli + other.brotli,
        }
    }
}
