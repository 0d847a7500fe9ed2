//! The part of a pod's spec that rules and cells need; the same in pods and in the templates of workloads.

use crate::json::{Lax, Strings, Text};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// PodSpec.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodSpec<'a> {
    #[serde(borrow)]
    pub containers: Lax<Vec<Container<'a>>>,
    #[serde(borrow)]
    pub init_containers: Lax<Vec<Container<'a>>>,
    #[serde(borrow)]
    pub ephemeral_containers: Lax<Vec<Container<'a>>>,
    #[serde(borrow)]
    pub volumes: Lax<Vec<Volume<'a>>>,
    #[serde(borrow)]
    pub service_account_name: Text<'a>,
    #[serde(borrow)]
    pub node_name: Text<'a>,
    #[serde(borrow)]
    pub node_selector: Strings<'a>,
    #[serde(borrow)]
    pub readiness_gates: Lax<Vec<ReadinessGate<'a>>>,
    #[serde(borrow)]
    pub image_pull_secrets: Lax<Vec<Source<'a>>>,
    #[serde(borrow)]
    pub priority_class_name: Text<'a>,
    /// Admission sets it.
    pub priority: Option<i64>,
    #[serde(borrow)]
    pub runtime_class_name: Text<'a>,
}

/// Container, init container or ephemeral container.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Container<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub image: Text<'a>,
    #[serde(borrow)]
    pub env: Lax<Vec<Env<'a>>>,
    #[serde(borrow)]
    pub env_from: Lax<Vec<EnvFrom<'a>>>,
    #[serde(borrow)]
    pub restart_policy: Text<'a>,
    #[serde(borrow)]
    pub command: Lax<Vec<Text<'a>>>,
    #[serde(borrow)]
    pub args: Lax<Vec<Text<'a>>>,
}

impl Container<'_> {
    /// Whether it is an init container that keeps running: a sidecar.
    pub(crate) fn is_sidecar(&self) -> bool {
        self.restart_policy == "Always"
    }
}

/// An environment variable. Its value is searched for host names and dropped.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Env<'a> {
    #[serde(borrow)]
    pub value: Text<'a>,
    #[serde(borrow)]
    pub value_from: Lax<ValueFrom<'a>>,
}

/// Where the value of an environment variable comes from.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ValueFrom<'a> {
    #[serde(borrow)]
    pub config_map_key_ref: Option<Source<'a>>,
    #[serde(borrow)]
    pub secret_key_ref: Option<Source<'a>>,
}

/// An entry of envFrom.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EnvFrom<'a> {
    #[serde(borrow)]
    pub config_map_ref: Option<Source<'a>>,
    #[serde(borrow)]
    pub secret_ref: Option<Source<'a>>,
}

/// A ConfigMap or Secret by `name`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Source<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub key: Text<'a>,
    pub optional: Lax<bool>,
}

/// A Secret by `secretName`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SecretSource<'a> {
    #[serde(borrow)]
    pub secret_name: Text<'a>,
    pub optional: Lax<bool>,
}

/// A volume with every source that names a ConfigMap, a Secret or a claim.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Volume<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub config_map: Option<Source<'a>>,
    #[serde(borrow)]
    pub secret: Option<SecretSource<'a>>,
    #[serde(borrow)]
    pub persistent_volume_claim: Option<ClaimSource<'a>>,
    pub ephemeral: Option<IgnoredAny>,
    #[serde(borrow)]
    pub projected: Lax<Projected<'a>>,
    #[serde(borrow)]
    pub csi: Lax<Csi<'a>>,
    #[serde(borrow)]
    pub azure_file: Option<SecretSource<'a>>,
    #[serde(borrow)]
    pub cephfs: Lax<Driver<'a>>,
    #[serde(borrow)]
    pub cinder: Lax<Driver<'a>>,
    #[serde(borrow)]
    pub flex_volume: Lax<Driver<'a>>,
    #[serde(borrow)]
    pub iscsi: Lax<Driver<'a>>,
    #[serde(borrow)]
    pub rbd: Lax<Driver<'a>>,
    #[serde(borrow, rename = "scaleIO")]
    pub scale_io: Lax<Driver<'a>>,
    #[serde(borrow)]
    pub storageos: Lax<Driver<'a>>,
}

/// A claim by name.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ClaimSource<'a> {
    #[serde(borrow)]
    pub claim_name: Text<'a>,
}

/// A projected volume.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Projected<'a> {
    #[serde(borrow)]
    pub sources: Lax<Vec<Projection<'a>>>,
}

/// A source of a projected volume.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Projection<'a> {
    #[serde(borrow)]
    pub config_map: Option<Source<'a>>,
    #[serde(borrow)]
    pub secret: Option<Source<'a>>,
}

/// An inline CSI volume.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Csi<'a> {
    #[serde(borrow)]
    pub node_publish_secret_ref: Option<Source<'a>>,
}

/// An in-tree volume driver that names a Secret as `secretRef`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Driver<'a> {
    #[serde(borrow)]
    pub secret_ref: Option<Source<'a>>,
}

/// A condition that must be true before the pod is ready.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ReadinessGate<'a> {
    #[serde(borrow)]
    pub condition_type: Text<'a>,
}

/// A pod template.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Template<'a> {
    #[serde(borrow)]
    pub spec: Lax<PodSpec<'a>>,
}

impl PodSpec<'_> {
    /// All containers, each with its path below the spec: `initContainers[0]`.
    pub(crate) fn all_containers(&self) -> impl Iterator<Item = (String, &Container<'_>)> {
        let lists = [
            ("containers", &self.containers),
            ("initContainers", &self.init_containers),
            ("ephemeralContainers", &self.ephemeral_containers),
        ];
        lists.into_iter().flat_map(|(list, containers)| {
            let containers = containers.iter().enumerate();
            containers.map(move |(index, container)| (format!("{list}[{index}]"), container))
        })
    }

    /// The containers' names and their images, as kubectl prints them.
    pub(crate) fn names_and_images(&self) -> (String, String) {
        let join = |text: fn(&Container<'_>) -> String| {
            let texts: Vec<String> = self.containers.iter().map(text).collect();
            texts.join(",")
        };
        (
            join(|container| container.name.to_string()),
            join(|container| container.image.to_string()),
        )
    }
}
