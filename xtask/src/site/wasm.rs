//! The browser half: compiled, bound to JavaScript, optimised.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use super::Flavour;
use crate::command;
use crate::tools::WASM_TARGET;
use crate::workspace::Workspace;

/// What [`bind`] calls the WASM and the JavaScript around it.
pub const FILE: &str = "frontend_wasm_bg.wasm";
/// See [`FILE`].
pub const GLUE: &str = "frontend_wasm.js";

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

/// Runs cargo.
pub fn compile(workspace: &Workspace, profile: &str) -> Result<()> {
    let arguments = [
        "build",
        "--package",
        "frontend-wasm",
        "--lib",
        "--target",
        WASM_TARGET,
        "--profile",
        profile,
    ];
    command::run(workspace.cargo().args(arguments))
}

/// Runs wasm-bindgen, as a library: its version is locked to that of the crate, and it is built in seconds.
pub fn bind(compiled: &Path, to: &Path, flavour: Flavour) -> Result<()> {
    super::remove(to)?;
    Bindgen::new()
        .input_path(compiled)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(flavour == Flavour::Release)
        .remove_producers_section(true)
        .generate(to)
        .context("wasm-bindgen failed")
}

/// Runs wasm-opt in place: size before speed.
pub fn optimise(workspace: &Workspace, bound: &Path) -> Result<()> {
    let file = bound.join(FILE);
    let optimised = bound.join("optimised.wasm");
    let program = workspace.root.join("frontend-wasm/node_modules/.bin/wasm-opt");
    let mut wasm_opt = workspace.command(&program.to_string_lossy());
    wasm_opt
        .args(FEATURES)
        .args(MEMORY)
        // Rebuilt from scratch, control flow is smaller than as LLVM leaves it.
        .args(["--flatten", "--rereloop", "-Oz", "--converge"])
        .arg(&file)
        .arg("-o")
        .arg(&optimised);
    command::run(&mut wasm_opt)?;
    fs::rename(&optimised, &file).with_context(|| format!("cannot write {}", file.display()))
}
