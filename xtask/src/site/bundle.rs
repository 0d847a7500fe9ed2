//! Scripts, styles and fonts through esbuild, and the manifest that tells the server their names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::wasm::{FILE, GLUE, Parts, parts};
use crate::command;
use crate::fingerprint::of_bytes;
use crate::workspace::Workspace;

const SCRIPT: &str = "frontend-wasm/js/main.js";
const STYLE: &str = "style/main.css";

/// Addresses of the files that a page loads: `manifest.json`.
#[derive(Debug, PartialEq, Serialize)]
struct Manifest {
    script: String,
    wasm: String,
    /// The WASM files that each part of the app needs besides.
    parts: Parts,
    style: String,
    /// Those that the first paint needs.
    fonts: Vec<String>,
    /// The script and what it imports at once: what the first page loads.
    #[serde(rename = "firstRoute")]
    first_route: Vec<String>,
}

/// What esbuild says it wrote (`--metafile`), paths relative to the workspace.
#[derive(Debug, Deserialize)]
struct Metafile {
    outputs: Outputs,
}

type Outputs = BTreeMap<String, Output>;

#[derive(Debug, Deserialize)]
struct Output {
    #[serde(rename = "entryPoint")]
    entry_point: Option<String>,
    imports: Vec<Import>,
}

#[derive(Debug, Deserialize)]
struct Import {
    path: String,
    kind: String,
}

/// Writes `pkg/` and `manifest.json` into the site's folder.
pub fn bundle(workspace: &Workspace, bound: &Path, site: &Path, scratch: &Path) -> Result<()> {
    let pkg = site.join("pkg");
    fs::create_dir_all(&pkg).with_context(|| format!("cannot make {}", pkg.display()))?;

    let wasm = fs::read(bound.join(FILE)).context("wasm-bindgen wrote no WASM")?;
    let wasm_name = format!("kubilitics-{}.wasm", of_bytes(&wasm));
    fs::write(pkg.join(&wasm_name), wasm)?;

    let parts = parts(bound)?;
    for name in parts.values().flatten() {
        fs::copy(bound.join(name), pkg.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }

    let glue = format!("--alias:frontend-wasm={}", bound.join(GLUE).display());
    let scripts = [
        "--splitting",
        "--format=esm",
        "--target=es2022",
        "--chunk-names=[name]-[hash]",
        &glue,
    ];
    let mut outputs = esbuild(workspace, SCRIPT, &scripts, &pkg, scratch)?;
    let styles = [
        "--asset-names=fonts/[name]-[hash]",
        "--loader:.woff=file",
        "--loader:.woff2=file",
    ];
    outputs.extend(esbuild(workspace, STYLE, &styles, &pkg, scratch)?);

    let manifest = manifest(&outputs, &wasm_name, &parts)?;
    fs::write(site.join("manifest.json"), serde_json::to_vec_pretty(&manifest)?)?;
    Ok(())
}

/// Bundles one entry point, and returns what was written.
fn esbuild(
    workspace: &Workspace,
    entry: &str,
    options: &[&str],
    pkg: &Path,
    scratch: &Path,
) -> Result<Outputs> {
    let metafile = scratch.join("esbuild.json");
    let packages = workspace.root.join("frontend-wasm/node_modules");
    let mut esbuild = workspace.command(&packages.join(".bin/esbuild").to_string_lossy());
    esbuild
        .args([entry, "--bundle", "--minify", "--entry-names=[name]-[hash]"])
        .args(options)
        .arg(format!("--outdir={}", pkg.display()))
        .arg(format!("--metafile={}", metafile.display()))
        .args(["--legal-comments=linked", "--log-level=warning"])
        // The style sheet and the glue lie outside the folder that has the packages.
        .env("NODE_PATH", &packages);
    command::run(&mut esbuild)?;
    let text = fs::read(&metafile).with_context(|| format!("cannot read {}", metafile.display()))?;
    let metafile: Metafile =
        serde_json::from_slice(&text).context("esbuild's metafile is not what it was")?;
    Ok(metafile.outputs)
}

fn manifest(outputs: &Outputs, wasm: &str, parts: &Parts) -> Result<Manifest> {
    let entry = |source: &str| {
        let of_source = |(path, output): (&String, &Output)| {
            (output.entry_point.as_deref() == Some(source)).then(|| path.clone())
        };
        outputs
            .iter()
            .find_map(of_source)
            .with_context(|| format!("esbuild wrote nothing for {source}"))
    };
    let script = entry(SCRIPT)?;
    let mut first_route = vec![script.clone()];
    let mut next = 0;
    while let Some(output) = first_route.get(next).and_then(|path| outputs.get(path)) {
        for import in output
            .imports
            .iter()
            .filter(|import| import.kind == "import-statement")
        {
            if !first_route.contains(&import.path) {
                first_route.push(import.path.clone());
            }
        }
        next += 1;
    }
    Ok(Manifest {
        script: address(&script),
        wasm: format!("/pkg/{wasm}"),
        parts: parts
            .iter()
            .map(|(part, files)| (part.clone(), files.iter().map(|file| address(file)).collect()))
            .collect(),
        style: address(&entry(STYLE)?),
        fonts: outputs
            .keys()
            .filter(|path| is_first_font(path))
            .map(|path| address(path))
            .collect(),
        first_route: first_route.iter().map(|path| address(path)).collect(),
    })
}

/// One face of each family is enough for the first paint: latin, regular, upright. The others load when they are used.
fn is_first_font(path: &str) -> bool {
    path.ends_with(".woff2") && path.contains("-latin-400-normal-")
}

/// The address of an output: esbuild's paths end with `pkg/...`.
fn address(path: &str) -> String {
    let in_pkg = path.rsplit_once("/pkg/").map_or(path, |(_, name)| name);
    format!("/pkg/{in_pkg}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_names_what_the_first_page_loads() {
        let metafile = r#"{"inputs": {}, "outputs": {
            "../target/site/pkg/main-A.js": {"entryPoint": "frontend-wasm/js/main.js", "imports": [
                {"path": "../target/site/pkg/chunk-B.js", "kind": "import-statement"},
                {"path": "../target/site/pkg/graph-C.js", "kind": "dynamic-import"}], "bytes": 1},
            "../target/site/pkg/chunk-B.js": {"imports": [], "bytes": 1},
            "../target/site/pkg/graph-C.js": {"entryPoint": "frontend-wasm/js/graph.js", "imports": [
                {"path": "../target/site/pkg/chunk-B.js", "kind": "import-statement"}], "bytes": 1},
            "../target/site/pkg/main-D.css": {"entryPoint": "style/main.css", "imports": [], "bytes": 1},
            "../target/site/pkg/fonts/ibm-plex-mono-latin-400-normal-E.woff2": {"imports": [], "bytes": 1},
            "../target/site/pkg/fonts/ibm-plex-mono-latin-600-normal-F.woff2": {"imports": [], "bytes": 1},
            "../target/site/pkg/fonts/ibm-plex-mono-latin-400-normal-G.woff": {"imports": [], "bytes": 1}}}"#;
        let metafile: Metafile = serde_json::from_str(metafile).unwrap();
        let parts = Parts::from([(
            "list".to_owned(),
            vec!["chunk_1-2.wasm".to_owned(), "list-3.wasm".to_owned()],
        )]);
        let expected = Manifest {
            script: "/pkg/main-A.js".into(),
            wasm: "/pkg/kubilitics-1.wasm".into(),
            parts: Parts::from([(
                "list".into(),
                vec!["/pkg/chunk_1-2.wasm".into(), "/pkg/list-3.wasm".into()],
            )]),
            style: "/pkg/main-D.css".into(),
            fonts: vec!["/pkg/fonts/ibm-plex-mono-latin-400-normal-E.woff2".into()],
            first_route: vec!["/pkg/main-A.js".into(), "/pkg/chunk-B.js".into()],
        };
        assert_eq!(
            manifest(&metafile.outputs, "kubilitics-1.wasm", &parts).unwrap(),
            expected
        );
    }
}
