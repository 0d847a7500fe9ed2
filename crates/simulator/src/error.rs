//! What can go wrong when a simulator is started or filled.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a simulator did not start. Nothing is left of it then.
#[derive(Debug, thiserror::Error)]
// What users can mend is told whole: who shows the error may not show its source.
pub enum StartError {
    /// The address is taken, or not one of this machine.
    #[error("the simulator cannot listen on {address}: {source}")]
    Listen {
        /// Where it was told to listen.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The data of the built-in kinds is not gzip: the crate was built from a damaged file.
    #[error("the data of the built-in kinds cannot be unpacked")]
    Unpack(#[source] io::Error),
    /// The data of the built-in kinds is not what this version reads.
    #[error("the data of the built-in kinds cannot be read")]
    Data(#[source] serde_json::Error),
    /// No certificate could be made.
    #[error("the simulator cannot make a certificate")]
    Certificate(#[source] rcgen::Error),
    /// The certificate that was made cannot be used.
    #[error("the simulator cannot use its certificate")]
    Tls(#[source] rustls::Error),
    /// The objects would not fit.
    #[error(
        "{pods} pods need about {needed_mb} MB, and {available_mb} MB of memory are available: ask for fewer"
    )]
    Memory {
        /// How many pods were asked for.
        pods: u32,
        /// The estimate, in units of 1,000,000 bytes.
        needed_mb: u64,
        /// What the system has, in the same unit.
        available_mb: u64,
    },
    /// The scenario file cannot be read.
    #[error("the scenario file {} cannot be read: {source}", file.display())]
    ScenarioFile {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A document of the scenario file is neither YAML nor JSON.
    #[error("document {document} of the scenario file {} cannot be read: {source}", file.display())]
    ScenarioSyntax {
        /// The file.
        file: PathBuf,
        /// Which of its documents, from 1.
        document: usize,
        /// What is wrong, with line and column.
        source: serde_yaml_ng::Error,
    },
    /// A document of the scenario file is no object that the simulator knows.
    #[error("the scenario file {}, document {document}{}: {field}{}{problem}", file.display(), on_line(*line), gap(field))]
    Scenario {
        /// The file.
        file: PathBuf,
        /// Which of its documents, from 1.
        document: usize,
        /// On which line of the file the field is, from 1, or should be.
        line: Option<usize>,
        /// The field, as a path with dots; empty for the document itself.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Several things are wrong with the scenario file.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<StartError>),
    /// The scenario file says nothing.
    #[error("the scenario file {} has no manifest; the scenario `empty` is a cluster without objects", file.display())]
    ScenarioEmpty {
        /// The file.
        file: PathBuf,
    },
    /// An object that it was to start with is not one.
    #[error("an object that the simulator was to start with cannot be used")]
    Object(#[from] PutError),
}

fn on_line(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

fn gap(field: &str) -> &'static str {
    if field.is_empty() { "" } else { " " }
}

impl StartError {
    /// Whether who started it has to change what was asked for: a file, an address, a number.
    pub fn is_of_input(&self) -> bool {
        matches!(
            self,
            Self::Listen { .. }
                | Self::Memory { .. }
                | Self::ScenarioFile { .. }
                | Self::ScenarioSyntax { .. }
                | Self::Scenario { .. }
                | Self::Several(_)
                | Self::ScenarioEmpty { .. }
        )
    }
}

/// Why an object was not put.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// No resource is served for this kind.
    #[error("the kind {kind} of {api_version} is not served")]
    UnknownKind {
        /// Its `apiVersion`.
        api_version: String,
        /// Its `kind`.
        kind: String,
    },
    /// It has no name, or no namespace where its kind needs one.
    #[error("the object of kind {kind} has no {field}")]
    NoName {
        /// Its `kind`.
        kind: String,
        /// The field that is missing.
        field: &'static str,
    },
}
