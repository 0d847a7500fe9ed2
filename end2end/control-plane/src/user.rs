//! The users that tests act as.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who a kubeconfig speaks for. The rights come from RBAC objects (`objects.rs`), so a denial is the API
/// server's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum User {
    /// Member of `system:masters`: everything.
    Admin,
    /// The ClusterRole `view` everywhere: no Secrets, no RBAC objects, no Nodes.
    Viewer,
    /// Reads all the built-in kinds in namespace `team-a`, Secrets too, and nothing else.
    TeamA,
    /// Reads all the built-in kinds in the whole cluster, but no Secrets.
    NoSecrets,
    /// Known to the API server, without rights.
    Nobody,
}

impl User {
    /// Every user.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Viewer,
        Self::TeamA,
        Self::NoSecrets,
        Self::Nobody,
    ];

    /// The name in certificates, RBAC objects and file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
            Self::TeamA => "team-a",
            Self::NoSecrets => "nosecrets",
            Self::Nobody => "nobody",
        }
    }

    /// The group in the certificate.
    pub(crate) fn group(self) -> Option<&'static str> {
        (self == Self::Admin).then_some("system:masters")
    }

    /// The namespace of the kubeconfig's context, where it is not `default`.
    pub(crate) fn namespace(self) -> Option<&'static str> {
        (self == Self::TeamA).then_some("team-a")
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
