//! The built-in kinds, as data taken from a real API server: discovery, OpenAPI without prose, the columns of tables,
//! and the RBAC objects that every cluster starts with. `tests/regenerate` makes the file.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::StartError;

const PACKED: &[u8] = include_bytes!("../data/kubernetes.json.gz");

/// The file, unpacked.
#[derive(Debug, Deserialize)]
pub(crate) struct Data {
    /// What `/version` answers.
    pub(crate) version: Value,
    /// Aggregated discovery of `/api`.
    pub(crate) core: GroupList,
    /// Aggregated discovery of `/apis`.
    pub(crate) groups: GroupList,
    /// By path of the resource (`apis/apps/v1/deployments`): `columnDefinitions`.
    pub(crate) tables: BTreeMap<String, Value>,
    /// By path of the resource: an object without contents, without kind and metadata.
    pub(crate) empty: BTreeMap<String, Value>,
    /// By path of the group version (`apis/apps/v1`): the OpenAPI v3 document, as text: a tree of it is ten times as large.
    pub(crate) openapi: BTreeMap<String, Box<RawValue>>,
    /// ClusterRoles and so on, whole objects.
    pub(crate) bootstrap: Vec<Value>,
}

/// An `APIGroupDiscoveryList`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct GroupList {
    pub(crate) items: Vec<Group>,
}

/// An `APIGroupDiscovery`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Group {
    pub(crate) metadata: GroupName,
    pub(crate) versions: Vec<GroupVersion>,
}

/// Its metadata: the core group has no name.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct GroupName {
    #[serde(default)]
    pub(crate) name: String,
}

/// An `APIVersionDiscovery`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct GroupVersion {
    pub(crate) version: String,
    #[serde(deserialize_with = "with_raw")]
    pub(crate) resources: Vec<ResourceEntry>,
}

fn with_raw<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<ResourceEntry>, D::Error> {
    let entries = Vec::<Value>::deserialize(deserializer)?;
    let read = |raw: Value| {
        let mut entry: ResourceEntry =
            serde_json::from_value(raw.clone()).map_err(serde::de::Error::custom)?;
        entry.raw = raw;
        Ok(entry)
    };
    entries.into_iter().map(read).collect()
}

/// An `APIResourceDiscovery`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceEntry {
    pub(crate) resource: String,
    pub(crate) response_kind: GroupVersionKind,
    pub(crate) scope: String,
    #[serde(default)]
    pub(crate) singular_resource: String,
    pub(crate) verbs: Vec<String>,
    #[serde(default)]
    pub(crate) short_names: Vec<String>,
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    #[serde(default)]
    pub(crate) subresources: Vec<SubresourceEntry>,
    /// The entry as a whole.
    #[serde(skip)]
    pub(crate) raw: Value,
}

/// An `APISubresourceDiscovery`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubresourceEntry {
    pub(crate) subresource: String,
    pub(crate) response_kind: GroupVersionKind,
    pub(crate) verbs: Vec<String>,
}

/// Empty group and version mean those of the resource.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct GroupVersionKind {
    #[serde(default)]
    pub(crate) group: String,
    #[serde(default)]
    pub(crate) version: String,
    pub(crate) kind: String,
}

impl Data {
    /// Reads the file that is part of this crate.
    pub(crate) fn read() -> Result<Self, StartError> {
        let mut text = Vec::new();
        GzDecoder::new(PACKED)
            .read_to_end(&mut text)
            .map_err(StartError::Unpack)?;
        serde_json::from_slice(&text).map_err(StartError::Data)
    }
}
