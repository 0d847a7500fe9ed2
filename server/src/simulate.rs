//! `kubilitics simulate`: the API server simulator alone.

use crate::private_file;
use clap::{Arg, ArgMatches, Command, value_parser};
use simulator::{Running, Scale, Scenario, Simulator, StartError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// Where to listen.
    pub addr: SocketAddr,
    /// What is in the cluster.
    pub scenario: Scenario,
    /// Where to write the kubeconfig; to standard output otherwise.
    pub kubeconfig_out: Option<PathBuf>,
}

/// Why there is no simulation.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// It did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The kubeconfig could not be written.
    #[error("the kubeconfig cannot be written to {}: {source}; choose another file with --kubeconfig-out", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl SimulateError {
    /// Whether who started it has to change what was asked for.
    pub fn is_of_input(&self) -> bool {
        match self {
            Self::Start(error) => error.is_of_input(),
            Self::Write { .. } => true,
        }
    }
}

/// The command's flags.
pub(crate) fn command() -> Command {
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new("simulate")
        .about("Simulate a Kubernetes API server in memory, for demonstrations and tests")
        .arg(
            flag(
                "addr",
                "HOST:PORT",
                "Address to listen on; port 0 takes any free one",
            )
            .default_value("127.0.0.1:0")
            .value_parser(value_parser!(SocketAddr)),
        )
        .arg(
            flag(
                "scenario",
                "demo|empty|FILE",
                "What is in the cluster: the demo shop, nothing, or manifests (YAML or JSON)",
            )
            .default_value("demo"),
        )
        .arg(
            flag(
                "pods",
                "N",
                "A cluster of N pods and what belongs to them, instead of a scenario",
            )
            .value_parser(value_parser!(u32).range(1..))
            .allow_negative_numbers(true)
            .conflicts_with("scenario"),
        )
        .arg(
            flag("churn", "EVENTS_PER_S", "Status changes a second, with --pods")
                .default_value("0")
                .requires("pods")
                .allow_negative_numbers(true)
                .value_parser(value_parser!(u32)),
        )
        .arg(
            flag(
                "seed",
                "N",
                "Which of the clusters of --pods; the same seed gives the same objects",
            )
            .default_value("1")
            .requires("pods")
            .allow_negative_numbers(true)
            .value_parser(value_parser!(u64)),
        )
        .arg(
            flag(
                "kubeconfig-out",
                "FILE",
                "File to write the kubeconfig to when ready; standard output otherwise",
            )
            .value_parser(value_parser!(PathBuf)),
        )
}

/// Whether a file could be there.
fn check_place(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => std::fs::metadata(parent).map(drop),
        None => Ok(()),
    }
}

impl Simulation {
    /// Reads what [`command`] has parsed.
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let number = |name| matches.get_one::<u64>(name).copied().unwrap_or_default();
        let small = |name| matches.get_one::<u32>(name).copied();
        let scenario = match (small("pods"), matches.get_one::<String>("scenario")) {
            (Some(pods), _) => Scenario::Scale(Scale {
                pods,
                seed: number("seed"),
                churn: small("churn").unwrap_or_default(),
            }),
            (None, Some(name)) if name == "empty" => Scenario::Empty,
            (None, Some(file)) if file != "demo" => Scenario::File(file.into()),
            _ => Scenario::Demo,
        };
        Self {
            // The flag has a default.
            addr: matches
                .get_one("addr")
                .copied()
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))),
            scenario,
            kubeconfig_out: matches.get_one("kubeconfig-out").cloned(),
        }
    }

    /// Starts, and hands the kubeconfig over. Answers what to say on standard output.
    pub async fn start(self) -> Result<(Running, String), SimulateError> {
        // A file that cannot be written is no reason to fill a cluster first.
        if let Some(path) = &self.kubeconfig_out {
            check_place(path).map_err(|source| SimulateError::Write {
                path: path.clone(),
                source,
            })?;
        }
        // kubectl sends no token without TLS.
        let running = Simulator::new()
            .tls()
            .address(self.addr)
            .scenario(self.scenario)
            .start()
            .await?;
        let kubeconfig = running.kubeconfig("simulator");
        let said = match &self.kubeconfig_out {
            None => kubeconfig,
            Some(path) => {
                private_file::write(path, &kubeconfig).map_err(|source| SimulateError::Write {
                    path: path.clone(),
                    source,
                })?;
                format!(
                    "Simulating at {}: kubectl --kubeconfig {} get pods -A\n",
                    running.url(),
                    path.display()
                )
            }
        };
        Ok((running, said))
    }
}
