//! A cluster as a client sees it.

use crate::{ClusterId, Timestamp};
use serde::{Deserialize, Serialize};

/// The source of the embedded demo cluster.
pub const DEMO_SOURCE: &str = "demo";

/// A cluster of the registry with its connection, its progress and its totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// The slug that addresses it.
    pub id: ClusterId,
    /// What people call it; the context name unless renamed.
    pub name: String,
    /// The kubeconfig context.
    pub context: String,
    /// Where it comes from: a kubeconfig file's path, `in-cluster` or `demo`.
    pub source: String,
    /// The API server's URL, without credentials; empty if the context names none.
    pub server: String,
    /// The state of the connection.
    pub status: ClusterStatus,
    /// Why it is not connected, and what to do; `None` when all is well.
    pub status_reason: Option<StatusReason>,
    /// The API server's version (`v1.36.3`), once known.
    pub version: Option<String>,
    /// Since when what is shown may be out of date; `None` while live.
    pub stale_since: Option<Timestamp>,
    /// How far the watches have come.
    pub sync: Sync,
    /// Totals; `None` until the kinds they count are synced.
    pub counts: Option<Counts>,
}

/// The state of a connection. `Connected` stays while single kinds are denied or failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum ClusterStatus {
    /// The first connection is being made.
    Connecting,
    /// The API server answers.
    Connected,
    /// It was connected; the last state is kept and marked stale.
    Disconnected,
    /// It has never answered; the reason says why.
    Error,
}

impl ClusterStatus {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Error => "error",
        }
    }
}

/// Why a cluster is not connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusReason {
    /// The category.
    pub code: ConnectionProblem,
    /// What happened, naming the file, field, host or command.
    pub message: String,
    /// What to do next.
    pub next: String,
}

/// What keeps a cluster from being connected, told apart because the next step differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConnectionProblem {
    /// The kubeconfig file or this context in it is not usable.
    Kubeconfig,
    /// The host name does not resolve.
    Dns,
    /// Nothing listens at the address, or the network refuses.
    Refused,
    /// The TLS handshake failed: wrong CA, expired certificate, wrong name.
    Tls,
    /// 401: the credentials are not valid (any more).
    Unauthorized,
    /// 403 on everything.
    Forbidden,
    /// No answer in time.
    Timeout,
    /// The exec plugin failed, timed out or printed no credential.
    ExecPlugin,
    /// It answers, but not as a Kubernetes API server does.
    NotKubernetes,
    /// Anything else; the message has it.
    Other,
}

impl ConnectionProblem {
    /// The code as it stands in JSON and in `data-code`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kubeconfig => "kubeconfig",
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Tls => "tls",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Timeout => "timeout",
            Self::ExecPlugin => "exec_plugin",
            Self::NotKubernetes => "not_kubernetes",
            Self::Other => "other",
        }
    }
}

/// How far the watches of a cluster have come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Sync {
    /// Kinds to watch.
    pub kinds: u32,
    /// Kinds whose first list is in.
    pub synced: u32,
    /// Every kind is synced, denied or failed.
    pub complete: bool,
    /// Kinds the user may not list.
    pub denied: Vec<KindProblem>,
    /// Kinds of which only some namespaces are seen, since the user may not list them in all.
    pub limited: Vec<KindLimit>,
    /// Kinds whose watch fails, with the last error.
    pub failed: Vec<KindProblem>,
    /// Objects that could not be read, were skipped, and are missing from everything shown.
    pub skipped: u64,
}

/// A kind that cannot be shown, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct KindProblem {
    /// The kind.
    pub kind: String,
    /// The verb that failed: `list` or `watch`.
    pub verb: String,
    /// The API group, empty for the core group.
    pub group: String,
    /// The resource's plural.
    pub resource: String,
    /// The namespace asked for; `None` for all.
    pub namespace: Option<String>,
    /// Namespaces in which it is seen all the same.
    pub seen_in: Vec<String>,
    /// The API server's message or the error's text.
    pub message: String,
}

/// A kind of which only some namespaces are seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct KindLimit {
    /// The kind.
    pub kind: String,
    /// The API group, empty for the core group.
    pub group: String,
    /// The resource's plural.
    pub resource: String,
    /// The namespaces that are seen, sorted.
    pub namespaces: Vec<String>,
    /// Why the others are not: the API server's message.
    pub message: String,
}

impl KindLimit {
    /// Whether all of these namespaces are seen; none stand for all that there are.
    pub fn covers(&self, namespaces: &[String]) -> bool {
        !namespaces.is_empty() && namespaces.iter().all(|name| self.namespaces.contains(name))
    }

    /// What cannot be seen, as a problem.
    pub fn problem(&self) -> KindProblem {
        let namespaces = self.namespaces.join(", ");
        let word = if self.namespaces.len() == 1 {
            "namespace"
        } else {
            "namespaces"
        };
        KindProblem {
            kind: self.kind.clone(),
            verb: "list".to_owned(),
            group: self.group.clone(),
            resource: self.resource.clone(),
            namespace: None,
            seen_in: self.namespaces.clone(),
            message: format!("only the {word} {namespaces} can be seen: {}", self.message),
        }
    }
}

/// Totals of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// The pods that may be seen; `None` if none may: that is not zero.
    pub pods: Option<u32>,
    /// The nodes; as above.
    pub nodes: Option<u32>,
    /// The namespaces; as above.
    pub namespaces: Option<u32>,
    /// Objects that may be seen whose own health is unhealthy.
    pub unhealthy: u32,
}
