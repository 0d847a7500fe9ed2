//! `cargo xtask`: every set-up, build, test and measuring step of Kubilitics, from a fresh clone on.
//!
//! It owns how things are built and checked and in which order. It must never hold product logic, and never need more
//! than Rust, Node.js and Go (the last for the tests only): what else is missing it installs, or it says in one line
//! what is missing and how to get it.
//!
//! `site.rs` is the build of everything a browser loads, `product.rs` that of the executable around it, `suites.rs` is
//! what `cargo xtask test` runs. Read [`workspace::Workspace`] and [`steps::Steps`] first: the first knows where things
//! are, the second skips what has not changed.

mod bench;
mod cluster;
mod command;
mod dev;
mod fingerprint;
mod product;
mod site;
mod sizes;
mod sources;
mod steps;
mod suites;
mod tally;
mod tools;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use workspace::Workspace;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Builds, runs, tests and measures Kubilitics",
    version
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything that changed, then serve; ARGS go to `kubilitics serve`
    Run {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        args: Vec<String>,
    },
    /// Build dist/kubilitics: one executable with all assets inside
    Build,
    /// Serve a development build, and rebuild and restart whenever a source file changes
    Dev {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        args: Vec<String>,
    },
    /// Run all checks and tests, or the named suites; ends with `N passed, M failed`
    Test {
        /// The suites to run, in this order whatever the order of the names
        #[arg(value_enum, value_name = "NAME")]
        suites: Vec<suites::Suite>,
    },
    /// Run the benchmarks: baseline, ours, ratio, target, met or not
    Bench {
        /// Only this one
        #[arg(value_enum)]
        name: Option<bench::Name>,
        /// Also write the results to this file
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// A real Kubernetes control plane to test against
    #[command(subcommand)]
    Cluster(cluster::Cluster),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Run { args } => product::run(&workspace, &args),
        Command::Build => product::build(&workspace).map(|()| ExitCode::SUCCESS),
        Command::Dev { args } => dev::dev(&workspace, &args),
        Command::Test { suites } => suites::test(&workspace, suites),
        Command::Bench { name, json } => bench::bench(&workspace, name, json.as_deref()),
        Command::Cluster(action) => cluster::cluster(action).map(|()| ExitCode::SUCCESS),
    }
}
