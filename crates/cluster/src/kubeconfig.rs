//! Kubeconfig files: read leniently, merged as kubectl merges them, resolved context by context.
//!
//! One wrong entry spoils only the contexts that use it. The files are never written, and no message ever quotes a value
//! of a user entry. Read [`Kubeconfig`] first.

mod context;
mod entries;
mod fields;
mod file;
pub(crate) mod identity;
pub(crate) mod pem;
mod problem;
mod reader;
pub(crate) mod resolve;
pub(crate) mod small_file;
mod source;

pub use context::{Authority, Context, Credential, ExecPlugin, Identity, Impersonation, Secret};
pub use file::FileProblem;
pub(crate) use file::Files;
pub use problem::ContextProblem;
pub use source::Source;

use std::path::PathBuf;
use std::sync::Arc;

/// What one source offers: its contexts in order, usable or not.
#[derive(Clone, Debug, Default)]
pub struct Kubeconfig {
    /// All contexts.
    pub contexts: Vec<ContextEntry>,
    /// The context that kubectl would use.
    pub current: Option<String>,
    /// Files that could not be read, and contexts that are hidden by others of the same name.
    pub problems: Vec<FileProblem>,
}

/// A context by name, with what it resolves to.
#[derive(Clone, Debug)]
pub struct ContextEntry {
    /// Its name.
    pub name: String,
    /// The file that it stands in.
    pub file: PathBuf,
    /// The API server's URL, if the context gets as far as naming one.
    pub server: Option<String>,
    /// Changes when anything that the context uses changes in a kubeconfig file.
    pub fingerprint: u64,
    /// What to connect with, or why it cannot be used.
    pub resolved: Result<Arc<Context>, Arc<ContextProblem>>,
}

impl Kubeconfig {
    /// Reads and resolves everything that a source offers. Blocking: it reads small files.
    pub fn load(source: &Source) -> Self {
        let mut files = Files::default();
        Self::load_with(source, &mut files)
    }

    /// As [`load`](Self::load); a file that was good before and is malformed or empty now keeps its last good content,
    /// because editors write in two steps.
    pub(crate) fn load_with(source: &Source, files: &mut Files) -> Self {
        match source {
            Source::Files { paths, optional } => resolve::files(paths, *optional, files),
            Source::Demo { path } => resolve::files(std::slice::from_ref(path), false, files),
            Source::InCluster => resolve::in_cluster(&source::InCluster::default()),
        }
    }
}

#[cfg(test)]
mod tests;
