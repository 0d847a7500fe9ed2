//! Why a context cannot be used.

use std::path::PathBuf;

/// Why a context cannot be used. Every message names the file, the entry and the field, and never a value that may be
/// secret.
#[derive(Debug, thiserror::Error)]
pub enum ContextProblem {
    /// The entry is there, but not as it should be.
    #[error("{entry} in {}: {field} {problem}", file.display())]
    Field {
        /// `context `dev``, `cluster `dev``, `user `admin``.
        entry: String,
        /// The file.
        file: PathBuf,
        /// The field.
        field: String,
        /// What is wrong with it: `is missing`, `must be text`, `is not base64`.
        problem: String,
    },
    /// A context names an entry that no file has.
    #[error(
        "context `{context}` in {} names the {what} `{name}`, which no kubeconfig file defines",
        file.display()
    )]
    Dangling {
        /// The context.
        context: String,
        /// The file.
        file: PathBuf,
        /// `cluster` or `user`.
        what: &'static str,
        /// The name it looks for.
        name: String,
    },
    /// A file that the entry names cannot be read.
    #[error("{entry} in {}: {field} names {}, which cannot be read: {source}", file.display(), path.display())]
    Unreadable {
        /// The entry.
        entry: String,
        /// The kubeconfig file.
        file: PathBuf,
        /// The field.
        field: String,
        /// The file that it names.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The entry asks for something that is not supported.
    #[error("{entry} in {}: {field} is not supported: {why}", file.display())]
    Unsupported {
        /// The entry.
        entry: String,
        /// The file.
        file: PathBuf,
        /// The field.
        field: String,
        /// Why, and what takes its place.
        why: &'static str,
    },
    /// The pod's service account is not complete.
    #[error("the pod's service account is not usable: {0}")]
    ServiceAccount(String),
}

impl ContextProblem {
    /// What to do about it.
    pub fn next(&self) -> String {
        match self {
            Self::Field { file, field, .. } => {
                format!(
                    "Correct {field} in {}; the change is seen at once.",
                    file.display()
                )
            }
            Self::Dangling { what, name, file, .. } => format!(
                "Add the {what} `{name}` to {}, or name one that exists.",
                file.display()
            ),
            Self::Unreadable { path, .. } => format!(
                "Check that {} exists and that this user may read it.",
                path.display()
            ),
            Self::Unsupported { .. } => {
                "Use an exec plugin, a token or a client certificate instead.".to_owned()
            }
            Self::ServiceAccount(_) => {
                "Mount a service account token into the pod (automountServiceAccountToken).".to_owned()
            }
        }
    }
}
