//! The topology as the REST API answers it.

use crate::cluster::Counts;
use crate::graph::{
    Derivation, Edge, Graph, Layer, Node, NodeState, OwnedHealth, Relation, Replicas, SourceField,
};
use crate::level::{Level, Members};
use crate::{ClusterId, Epoch, Health, NodeId, NodeKey, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of [`Topology`]'s shape.
pub const SCHEMA_VERSION: &str = "1";

/// The graph, or a view of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Topology {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The nodes, by address.
    pub nodes: Vec<TopologyNode>,
    /// The edges, by id.
    pub edges: Vec<TopologyEdge>,
    /// The boxes that nodes are drawn in.
    pub groups: Vec<TopologyGroup>,
    /// What the answer is and how complete.
    pub metadata: TopologyMetadata,
}

/// A node of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TopologyNode {
    /// Its address.
    pub id: NodeKey,
    /// Its kind.
    pub kind: String,
    /// `v1`, `apps/v1`.
    pub api_version: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// kubectl's word.
    pub status: String,
    /// From its metadata.
    pub metadata: NodeMetadata,
    /// Worked out from its fields and from what it owns.
    pub computed: Computed,
    /// Whether it exists.
    pub state: NodeState,
    /// The group it is drawn in.
    pub group: Option<String>,
    /// Outside the namespaces asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// What it has, if it is a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Members>,
    /// The middle of its box, in pixels at zoom 1.
    pub position: Position,
}

/// Metadata of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeMetadata {
    /// metadata.uid.
    pub uid: String,
    /// metadata.labels.
    pub labels: BTreeMap<String, String>,
    /// metadata.annotations. Always `null`: they are not kept, as they take more memory than all else of an object.
    pub annotations: Option<BTreeMap<String, String>>,
    /// metadata.creationTimestamp.
    pub created_at: Option<Timestamp>,
}

/// What is worked out for a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Computed {
    /// Its own health.
    pub health: Health,
    /// Why.
    pub reason: Option<String>,
    /// The worst health among what it owns.
    pub owned_health: Option<OwnedHealth>,
    /// Restarts of a pod's containers.
    pub restart_count: Option<u32>,
    /// Replicas of a workload.
    pub replicas: Option<Replicas>,
}

/// A point of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Position {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

/// An edge of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TopologyEdge {
    /// `source|type|target`.
    pub id: String,
    /// The address of its source.
    pub source: NodeKey,
    /// The address of its target.
    pub target: NodeKey,
    /// Its type.
    pub relationship_type: Relation,
    /// Its type in words.
    pub label: String,
    /// Its family.
    pub layer: Layer,
    /// Whether it is as it should be.
    pub healthy: bool,
    /// What is not.
    pub reason: Option<String>,
    /// Its proof.
    pub metadata: EdgeMetadata,
}

/// The proof of an edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EdgeMetadata {
    /// How it was found.
    pub derivation: Derivation,
    /// 1.0 unless inferred.
    pub confidence: f32,
    /// The fields that prove it; none between groups.
    pub source_fields: Vec<SourceField>,
    /// How many edges it stands for: 1, or more between groups.
    pub count: u32,
}

/// A box that nodes are drawn in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TopologyGroup {
    /// `namespace/shop`; `cluster` for what has no namespace.
    pub id: String,
    /// What is written on it.
    pub label: String,
    /// Its upper left corner.
    pub position: Position,
    /// Its width.
    pub width: f32,
    /// Its height.
    pub height: f32,
    /// Nodes in it.
    pub node_count: u32,
    /// Nodes in it that are unhealthy.
    pub unhealthy: u32,
}

/// What an answer is and how complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TopologyMetadata {
    /// The cluster.
    pub cluster_id: ClusterId,
    /// When it was made.
    pub generated_at: Timestamp,
    /// The state it shows.
    pub epoch: Epoch,
    /// How far away it is seen from: at another level than `object`, nodes are groups of objects.
    pub level: Level,
    /// SHA-256 over the sorted node and edge keys, in hex: the same seed gives the same positions.
    pub layout_seed: String,
    /// False if a kind is denied, failing or not synced; the warnings say which.
    pub is_complete: bool,
    /// What is missing, and why.
    pub warnings: Vec<Warning>,
    /// Nodes in this answer.
    pub node_count: u32,
    /// Edges in this answer.
    pub edge_count: u32,
    /// Objects of each kind in the namespaces asked for, before any level of detail.
    pub totals: BTreeMap<String, u32>,
    /// Totals of the cluster, once its kinds are synced.
    pub counts: Option<Counts>,
}

/// Something an answer lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// `denied`, `limited` (to some namespaces), `failed`, `syncing`, `stale` or `skipped`.
    pub code: String,
    /// In words.
    pub message: String,
    /// The kinds or objects it is about.
    pub affected: Vec<String>,
}

impl TopologyNode {
    /// A node of the answer from a node of the graph and its place.
    pub fn new(node: &Node, group: Option<String>, position: Position) -> Self {
        let Node {
            key,
            api_version,
            state,
            outside,
            uid,
            created_at,
            labels,
            status,
            members,
            ..
        } = node.clone();
        Self {
            kind: key.kind.clone(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            id: key,
            api_version,
            status: status.word,
            metadata: NodeMetadata {
                uid,
                labels,
                annotations: None,
                created_at,
            },
            computed: Computed {
                health: status.health,
                reason: status.reason,
                owned_health: status.owned,
                restart_count: status.restarts,
                replicas: status.replicas,
            },
            state,
            group,
            outside,
            members,
            position,
        }
    }
}

impl TopologyEdge {
    /// An edge of the answer from an edge of the graph; `None` if an end is not in the graph.
    pub fn new(edge: &Edge, graph: &Graph) -> Option<Self> {
        let key = |id: NodeId| graph.nodes.get(&id).map(|node| node.key.clone());
        let (source, target) = (key(edge.key.source)?, key(edge.key.target)?);
        let relation = edge.key.relation;
        Some(Self {
            id: format!("{source}|{}|{target}", relation.word()),
            source,
            target,
            relationship_type: relation,
            label: relation.forward(),
            layer: edge.layer,
            healthy: edge.healthy,
            reason: edge.reason.clone(),
            metadata: EdgeMetadata {
                derivation: edge.derivation,
                confidence: edge.confidence,
                source_fields: edge.fields.clone(),
                count: edge.count,
            },
        })
    }
}
