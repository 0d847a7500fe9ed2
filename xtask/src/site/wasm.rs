//! The browser half: compiled, cut into parts, bound to JavaScript, optimised.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use super::Flavour;
use crate::command;
use crate::fingerprint::of_bytes;
use crate::tools::WASM_TARGET;
use crate::workspace::Workspace;

/// What [`split_and_bind`] calls the WASM and the JavaScript around it.
pub const FILE: &str = "frontend_wasm_bg.wasm";
/// See [`FILE`].
pub const GLUE: &str = "frontend_wasm.js";

/// The script that loads the parts, beside them.
const LINK: &str = "./__wasm_split.js";
/// Which files each part is made of.
const PARTS: &str = "parts.json";

/// What Rust's `wasm32-unknown-unknown` uses by default: every browser since 2022 has it.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// What wasm-opt may assume. The stack lies lowest in memory and grows down, so that its first kilobyte is reached only
/// when it overflows; and memory that nothing has written to is zero.
const MEMORY: [&str; 2] = ["--low-memory-unused", "--zero-filled-memory"];

/// Where cargo puts it.
pub fn compiled(workspace: &Workspace, profile: &str) -> PathBuf {
    workspace
        .target
        .join(WASM_TARGET)
        .join(profile)
        .join("frontend_wasm.wasm")
}

/// Runs cargo. The linker's relocations tell [`split_and_bind`] what uses what.
pub fn compile(workspace: &Workspace, profile: &str) -> Result<()> {
    let arguments = [
        "rustc",
        "--package",
        "frontend-wasm",
        "--lib",
        "--crate-type",
        "cdylib",
        "--target",
        WASM_TARGET,
        "--profile",
        profile,
        "--",
        "-C",
        "link-arg=--emit-relocs",
    ];
    command::run(workspace.cargo().args(arguments))
}

/// The files that each part of the app needs besides the main one, as [`split_and_bind`] cut them: names in the bound folder.
pub type Parts = BTreeMap<String, Vec<String>>;

/// Cuts the pages out of the whole (`app::pages::lazy` says which), and runs wasm-bindgen on what stays, as a library: its
/// version is locked to that of the crate, and it is built in seconds.
pub fn split_and_bind(compiled: &Path, to: &Path, flavour: Flavour) -> Result<Parts> {
    super::remove(to)?;
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    let whole = fs::read(compiled).with_context(|| format!("cannot read {}", compiled.display()))?;
    let main = to.join("main.wasm");
    let mut options = wasm_split_cli_support::Options::new(&whole);
    options.output_dir = to;
    options.main_out_path = &main;
    options.link_name = LINK;
    options.main_module = "./frontend_wasm.js";
    let split = wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow::anyhow!("the WASM cannot be split: {error:#}"))?;

    Bindgen::new()
        .input_path(&main)
        .out_name("frontend_wasm")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        // The parts use what the linker exported for them.
        .keep_lld_exports(true)
        .remove_name_section(flavour == Flavour::Release)
        .remove_producers_section(true)
        .generate(to)
        .context("wasm-bindgen failed")?;
    fs::remove_file(&main)?;
    let files = |stems: Vec<String>| stems.into_iter().map(|stem| format!("{stem}.wasm")).collect();
    Ok(split
        .prefetch_map
        .into_iter()
        .map(|(part, stems)| (part, files(stems)))
        .collect())
}

/// Runs wasm-opt in place on every file: size before speed.
pub fn optimise(workspace: &Workspace, bound: &Path, parts: &Parts) -> Result<()> {
    let program = workspace.root.join("frontend-wasm/node_modules/.bin/wasm-opt");
    for name in parts
        .values()
        .flatten()
        .map(String::as_str)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .chain([FILE])
    {
        let file = bound.join(name);
        let optimised = bound.join("optimised.wasm");
        let mut wasm_opt = workspace.command(&program.to_string_lossy());
        wasm_opt
            .args(FEATURES)
            .args(MEMORY)
            // Rebuilt from scratch, control flow is smaller than as LLVM leaves it.
            // What the first round uncovers is worth a second one.
            .args(["--flatten", "--rereloop", "-Oz", "-Oz", "--converge"])
            .arg(&file)
            .arg("-o")
            .arg(&optimised);
        command::run(&mut wasm_opt)?;
        fs::rename(&optimised, &file).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Gives the files of the parts names that hold a hash of their content, in the script that loads them too. Answers the
/// new names, and leaves them in [`PARTS`].
pub fn name_by_content(bound: &Path, parts: Parts) -> Result<()> {
    let link = bound.join(LINK);
    let mut script = fs::read_to_string(&link).with_context(|| format!("cannot read {}", link.display()))?;
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for old in parts.values().flatten() {
        if names.contains_key(old) {
            continue;
        }
        let content = fs::read(bound.join(old)).with_context(|| format!("there is no {old}"))?;
        let stem = old.trim_end_matches(".wasm");
        let new = format!("{stem}-{}.wasm", of_bytes(&content));
        fs::rename(bound.join(old), bound.join(&new))?;
        script = script.replace(&format!("\"./{old}\""), &format!("\"./{new}\""));
        names.insert(old.clone(), new);
    }
    let named = |files: Vec<String>| {
        files
            .into_iter()
            .filter_map(|file| names.get(&file).cloned())
            .collect()
    };
    let parts: Parts = parts
        .into_iter()
        .map(|(part, files)| (part, named(files)))
        .collect();
    fs::write(&link, script)?;
    fs::write(bound.join(PARTS), serde_json::to_vec_pretty(&parts)?)?;
    Ok(())
}

/// What [`name_by_content`] left.
pub fn parts(bound: &Path) -> Result<Parts> {
    let path = bound.join(PARTS);
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(serde_json::from_slice(&text)?)
}
