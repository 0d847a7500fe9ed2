//! The processes of a control plane.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One process of the control plane, in the order in which they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// The store behind the API server.
    Etcd,
    /// `kube-apiserver`.
    ApiServer,
    /// `kube-controller-manager`: Deployments become ReplicaSets become Pods.
    ControllerManager,
    /// `kube-scheduler`: Pods get a node.
    Scheduler,
    /// `kwok`: plays the kubelets of the nodes, so that Pods become Running.
    Kwok,
}

impl Component {
    /// Name of its binary and, with `.log` behind it, of its log in the run's folder.
    pub fn binary(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kwok => "kwok",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.binary())
    }
}
