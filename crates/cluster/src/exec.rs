//! Exec credential plugins, supervised: a policy decides, a child with an almost empty environment answers in time or is
//! killed with everything it started, and its output never appears in a message.
//!
//! The protocol: <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>

mod child;
mod output;

use std::time::Duration;

use model::Timestamp;
use secrecy::SecretString;

use crate::kubeconfig::{Context, ExecPlugin};

/// Which exec plugins may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecPolicy {
    /// All: the kubeconfig is the user's own and this is the user's machine.
    AllowAll,
    /// Those that the operator listed.
    AllowList(Vec<AllowedCommand>),
    /// None.
    Deny,
}

/// An exec plugin that may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedCommand {
    /// The command, exactly as in the kubeconfig (a relative path made absolute).
    pub command: String,
    /// The arguments, exactly; `None` for any.
    pub args: Option<Vec<String>>,
}

impl ExecPolicy {
    /// Whether the plugin may run.
    pub fn allows(&self, plugin: &ExecPlugin) -> bool {
        match self {
            Self::AllowAll => true,
            Self::Deny => false,
            Self::AllowList(allowed) => allowed.iter().any(|allowed| {
                allowed.command == plugin.command
                    && allowed.args.as_ref().is_none_or(|args| *args == plugin.args)
            }),
        }
    }
}

/// What a plugin may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Until it is killed.
    pub time: Duration,
    /// Bytes of output until it is killed.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30),
            output: 64 * 1024,
        }
    }
}

/// What a plugin printed, or a token file holds.
#[derive(Debug)]
pub(crate) struct ExecCredential {
    /// A bearer token.
    pub token: Option<SecretString>,
    /// Client certificate and key, PEM.
    pub certificate: Option<(SecretString, SecretString)>,
    /// Until when it is good; `None` for as long as it works.
    pub expires: Option<Timestamp>,
}

impl ExecCredential {
    /// A token that is good until somebody says otherwise.
    pub fn of_token(token: SecretString) -> Self {
        Self {
            token: Some(token),
            certificate: None,
            expires: None,
        }
    }
}

/// Why a plugin gave no credential. No message holds anything that it printed.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The policy does not allow it.
    #[error("the exec plugin `{command}` is not allowed to run")]
    NotAllowed {
        /// The command.
        command: String,
    },
    /// It cannot work without a terminal.
    #[error(
        "the exec plugin `{command}` needs a terminal (interactiveMode: Always), and Kubilitics gives it none"
    )]
    NeedsTerminal {
        /// The command.
        command: String,
    },
    /// It could not be started.
    #[error("the exec plugin `{command}` could not be started: {source}{}", hint(.install_hint.as_deref()))]
    Start {
        /// The command.
        command: String,
        /// What its authors say to people who do not have it.
        install_hint: Option<String>,
        /// Why.
        source: std::io::Error,
    },
    /// Talking to it failed.
    #[error("reading from the exec plugin `{command}` failed: {source}")]
    Read {
        /// The command.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// It failed.
    #[error(
        "the exec plugin `{command}` failed with {status}; what it printed may be secret and is not kept"
    )]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// It took too long and was killed.
    #[error("the exec plugin `{command}` did not answer within {} s and was stopped", after.as_secs())]
    TimedOut {
        /// The command.
        command: String,
        /// The time it had.
        after: Duration,
    },
    /// It printed too much and was killed.
    #[error("the exec plugin `{command}` printed more than {limit} bytes and was stopped")]
    TooMuch {
        /// The command.
        command: String,
        /// The bytes it may print.
        limit: usize,
    },
    /// What it printed is no credential.
    #[error("the exec plugin `{command}` printed no usable credential: {problem}")]
    NoCredential {
        /// The command.
        command: String,
        /// What is wrong, without quoting it.
        problem: String,
    },
}

fn hint(text: Option<&str>) -> String {
    match text {
        Some(text) if !text.is_empty() => format!(": {}", harmless(text)),
        _ => String::new(),
    }
}

/// The first line with text in it, without control characters and not longer than a message should be.
pub(crate) fn harmless(text: &str) -> String {
    const MOST: usize = 200;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    let mut clean: String = line
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(MOST + 1)
        .collect();
    if clean.chars().count() > MOST {
        clean.pop();
        clean.push('…');
    }
    clean
}

/// Asks a plugin for a credential.
pub(crate) async fn run(
    plugin: &ExecPlugin,
    context: &Context,
    policy: &ExecPolicy,
    limits: Limits,
) -> Result<ExecCredential, ExecError> {
    let command = || plugin.command.clone();
    if !policy.allows(plugin) {
        return Err(ExecError::NotAllowed { command: command() });
    }
    if plugin.needs_terminal {
        return Err(ExecError::NeedsTerminal { command: command() });
    }
    let info = output::exec_info(plugin, context);
    let printed = child::run(plugin, &info, limits).await?;
    output::credential(&printed, &plugin.api_version).map_err(|problem| ExecError::NoCredential {
        command: command(),
        problem,
    })
}

#[cfg(test)]
mod tests;
