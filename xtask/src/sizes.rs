//! How much a browser has to load, against its budget.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The parts of `manifest.json` that have a budget.
#[derive(Deserialize)]
struct Manifest {
    wasm: String,
    parts: BTreeMap<String, Vec<String>>,
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
#[derive(Clone, Debug)]
pub struct Sizes {
    /// What every page loads of the browser half.
    pub wasm: Size,
    /// What each page loads of it when it is the first, by the page's part of the app. Budget: [`WASM_BUDGET`] in brotli.
    pub pages: BTreeMap<String, Size>,
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
    let all = |addresses: &[String]| {
        addresses.iter().try_fold(Size::default(), |sum, address| {
            Ok::<_, anyhow::Error>(sum + size(site, address)?)
        })
    };
    let wasm = size(site, &manifest.wasm)?;
    let pages = manifest
        .parts
        .iter()
        .map(|(part, files)| Ok((part.clone(), wasm + all(files)?)));
    Ok(Sizes {
        wasm,
        pages: pages.collect::<Result<_>>()?,
        script: all(&manifest.first_route)?,
        style: size(site, &manifest.style)?,
    })
}

impl Sizes {
    /// The WASM of the page that loads most when it is the first.
    pub fn largest(&self) -> Size {
        let pages = self.pages.values().copied();
        pages.max_by_key(|size| size.brotli).unwrap_or(self.wasm)
    }

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
            "wasm of every page",
            self.wasm,
            verdict(self.wasm.brotli, WASM_BUDGET, "brotli"),
        );
        for (page, size) in &self.pages {
            let verdict = verdict(size.brotli, WASM_BUDGET, "brotli");
            row(&format!("wasm, {page} first"), *size, verdict);
        }
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
