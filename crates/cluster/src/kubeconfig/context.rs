//! A context, resolved: everything that a connection needs, checked.

use std::fmt;
use std::io::Error;
use std::path::PathBuf;
use std::sync::Arc;

use http::Uri;
use secrecy::SecretString;

use super::small_file;

/// What to connect to and as whom. Its debug text leaves out what may be secret (a proxy's URL may hold a password).
#[derive(Clone)]
pub struct Context {
    /// The context's name.
    pub name: String,
    /// The kubeconfig files that it was read from, in the order of KUBECONFIG; none for a service account.
    pub files: Arc<[PathBuf]>,
    /// The API server's URL.
    pub server: Uri,
    /// The namespace that the context names.
    pub namespace: Option<String>,
    /// Whom to believe.
    pub authority: Authority,
    /// The name that the server's certificate must carry, where it is not the URL's host.
    pub tls_server_name: Option<String>,
    /// The proxy, without which the server is not reachable.
    pub proxy: Option<Uri>,
    /// Who we are.
    pub identity: Identity,
}

impl Context {
    /// How kubectl is called with this context, in a shell.
    pub(crate) fn kubectl(&self) -> String {
        let files = std::env::join_paths(self.files.iter()).unwrap_or_default();
        let variable = match files.to_str() {
            Some("") | None => String::new(),
            Some(files) => format!("KUBECONFIG={} ", quoted(files)),
        };
        format!("{variable}kubectl --context {}", quoted(&self.name))
    }
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,~".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("name", &self.name)
            .field("server", &self.server)
            .field("authority", &self.authority)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Which certificates are believed.
#[derive(Clone, Debug)]
pub enum Authority {
    /// Those that the system believes.
    System,
    /// Those signed by one of these, PEM.
    Bundle(Secret),
    /// Any: `insecure-skip-tls-verify`.
    Any,
}

/// Text that stands in the kubeconfig or in a file that it names. A file is read again for each new client, so that
/// rotated certificates are found.
#[derive(Clone)]
pub enum Secret {
    /// From the kubeconfig, decoded.
    Inline(SecretString),
    /// In a file.
    File(PathBuf),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("Inline(..)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl Secret {
    /// The text.
    pub fn read(&self) -> std::io::Result<SecretString> {
        match self {
            Self::Inline(text) => Ok(text.clone()),
            Self::File(path) => {
                let text = String::from_utf8(small_file::read(path)?);
                // The error would hold the bytes.
                text.map(SecretString::from)
                    .map_err(|_| Error::other("it is not UTF-8 text"))
            }
        }
    }
}

/// Who we are to the API server.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Client certificate and key, PEM.
    pub certificate: Option<(Secret, Secret)>,
    /// What goes into the Authorization header.
    pub credential: Credential,
    /// Whom to act as.
    pub impersonate: Option<Impersonation>,
}

/// What proves who we are, besides a client certificate.
#[derive(Clone, Debug, Default)]
pub enum Credential {
    /// Nothing more.
    #[default]
    None,
    /// A bearer token.
    Token(SecretString),
    /// A file with a bearer token; read again once a minute.
    TokenFile(PathBuf),
    /// Name and password.
    Basic(String, SecretString),
    /// A program that prints a credential.
    Exec(Box<ExecPlugin>),
}

/// `as`, `as-uid`, `as-groups` and `as-user-extra` of a user entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impersonation {
    /// The user.
    pub user: String,
    /// The user's UID.
    pub uid: Option<String>,
    /// The groups.
    pub groups: Vec<String>,
    /// Anything else.
    pub extra: Vec<(String, Vec<String>)>,
}

/// The `exec` part of a user entry. Its debug text leaves out arguments and environment.
#[derive(Clone, PartialEq, Eq)]
pub struct ExecPlugin {
    /// The program: a name that is looked up in `PATH`, or a path (relative ones made absolute).
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// What is added to its environment.
    pub env: Vec<(String, String)>,
    /// `client.authentication.k8s.io/v1`.
    pub api_version: String,
    /// It cannot work without a terminal (`interactiveMode: Always`).
    pub needs_terminal: bool,
    /// It wants to know the cluster.
    pub provide_cluster_info: bool,
    /// What its authors say to people who do not have it.
    pub install_hint: Option<String>,
}

impl fmt::Debug for ExecPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecPlugin")
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}
