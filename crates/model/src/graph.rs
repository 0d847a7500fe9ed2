//! The graph as it travels: nodes, edges with their proof, and the difference between two states of it.

use crate::level::{Level, Members};
use crate::{Epoch, Health, NodeId, NodeKey, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A state of a graph, or of a view of one: nodes by id, edges by their ends and relation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Graph {
    /// How far away it is seen from: at another level than that of objects, nodes are groups of them.
    pub level: Level,
    /// The nodes.
    #[serde(with = "values")]
    pub nodes: BTreeMap<NodeId, Node>,
    /// The edges. Both ends of each are in `nodes`.
    #[serde(with = "values")]
    pub edges: BTreeMap<EdgeKey, Edge>,
}

/// An object, or a place in the graph where one is missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its number, for edges and deltas.
    pub id: NodeId,
    /// Its address.
    pub key: NodeKey,
    /// `v1`, `apps/v1`; empty for a virtual node.
    pub api_version: String,
    /// Whether it exists.
    pub state: NodeState,
    /// True if it lies outside the namespaces asked for and is here because an edge leads to it.
    pub outside: bool,
    /// metadata.uid; empty unless live.
    pub uid: String,
    /// metadata.creationTimestamp.
    pub created_at: Option<Timestamp>,
    /// metadata.labels.
    pub labels: BTreeMap<String, String>,
    /// What changes while it lives.
    pub status: Status,
    /// What it has, if it is a group.
    pub members: Option<Members>,
}

impl Node {
    /// Whether it counts as unhealthy: what is missing is no object, though it may be drawn as one that is not well.
    pub fn is_unhealthy(&self) -> bool {
        self.state == NodeState::Live && self.status.health == Health::Unhealthy
    }
}

/// Whether a node is an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum NodeState {
    /// It exists.
    #[default]
    Live,
    /// Something names it, and it does not exist.
    Missing,
    /// It may exist; this user may not see it.
    Hidden,
    /// Not an object of the API: a user, a group, an address range.
    Virtual,
    /// Not an object but many: those of an application, a namespace, the cluster.
    Group,
}

/// How an object is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// kubectl's word: `Running`, `CrashLoopBackOff`; `3/4` for workloads. Empty where kubectl has none.
    pub word: String,
    /// Its own health; of what is missing: unhealthy if an edge is broken for it, else unknown.
    pub health: Health,
    /// Why, in a sentence; `None` where there is nothing to say.
    pub reason: Option<String>,
    /// The worst health among what it owns; `None` if it owns nothing.
    pub owned: Option<OwnedHealth>,
    /// Restarts of a pod's containers.
    pub restarts: Option<u32>,
    /// Replicas of a workload.
    pub replicas: Option<Replicas>,
}

/// The worst health among what an object owns, at any depth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OwnedHealth {
    /// The worst.
    pub health: Health,
    /// Its reason.
    pub reason: Option<String>,
    /// The object that has it.
    pub cause: NodeKey,
}

/// Replicas of a workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Replicas {
    /// That should be.
    pub desired: u32,
    /// That are ready.
    pub ready: u32,
    /// That have been ready long enough.
    pub available: u32,
}

/// What makes an edge the edge it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EdgeKey {
    /// The object that holds or acts.
    pub source: NodeId,
    /// The object that is held or acted on.
    pub target: NodeId,
    /// How.
    pub relation: Relation,
}

/// An edge with its proof.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// Its ends and relation.
    pub key: EdgeKey,
    /// The family it is switched on and off with.
    pub layer: Layer,
    /// False if the edge itself is broken: a missing target, a port that the target does not have.
    pub healthy: bool,
    /// What is broken, in a sentence.
    pub reason: Option<String>,
    /// How it was found.
    pub derivation: Derivation,
    /// 1.0 unless inferred.
    pub confidence: f32,
    /// The fields that prove it; empty only between groups.
    pub fields: Vec<SourceField>,
    /// How many edges it stands for: 1, or more between groups.
    pub count: u32,
}

/// A field that proves an edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SourceField {
    /// `spec.containers[0].envFrom[1].configMapRef.name`.
    pub path: String,
    /// The end of the edge on which the field stands.
    pub on: End,
    /// True if the field is not set and a default of Kubernetes stands in.
    pub default: bool,
}

/// An end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// Where it starts.
    Source,
    /// Where it leads.
    Target,
}

/// How an edge was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Derivation {
    /// A field names the target.
    Reference,
    /// Labels match a selector.
    Selector,
    /// metadata.ownerReferences.
    Owner,
    /// A guess, with a confidence.
    Inferred,
}

/// The type of an edge. New ones are added at the end: the order is part of the binary form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Owner to owned.
    Owns,
    /// Service to Pod.
    Selects,
    /// Service to EndpointSlice.
    Publishes,
    /// EndpointSlice to Pod or Node.
    Targets,
    /// Ingress or route to Service.
    Routes,
    /// Pod or template to ConfigMap, Secret, claim.
    Mounts,
    /// Pod or template to ConfigMap, Secret by environment.
    Reads,
    /// Pod or template to ServiceAccount.
    RunsAs,
    /// Pod to Node.
    RunsOn,
    /// Claim to volume.
    Binds,
    /// Object or template to the class that its field, or a default, names.
    UsesClass,
    /// Ingress or Gateway to the Secret with its certificate.
    TerminatesTls,
    /// NetworkPolicy to Pod.
    AppliesTo,
    /// NetworkPolicy to where traffic may come from.
    AllowsFrom,
    /// NetworkPolicy to where traffic may go.
    AllowsTo,
    /// StatefulSet to the Service that gives its pods their names.
    Governs,
    /// Autoscaler to what it scales.
    Scales,
    /// PodDisruptionBudget to Pod.
    Protects,
    /// Pod, template or ServiceAccount to the Secret of its registry.
    PullsWith,
    /// StatefulSet to the claims of its templates.
    Claims,
    /// VolumeAttachment to volume and Node.
    AttachesVolume,
    /// Volume or class to its driver.
    ProvidedBy,
    /// CSINode to Node.
    Describes,
    /// Claim to the claim or snapshot that it is filled from.
    RestoresFrom,
    /// Volume or class to the Secret of its driver.
    AuthenticatesWith,
    /// VolumeSnapshot to claim and content.
    Snapshots,
    /// Lease to Node.
    Renews,
    /// Binding to role.
    Grants,
    /// Binding to ServiceAccount, User or Group.
    BindsSubject,
    /// ClusterRole to the ClusterRoles whose rules it takes over.
    Aggregates,
    /// ServiceAccount to Secret.
    Holds,
    /// ResourceQuota or LimitRange to Namespace.
    Limits,
    /// What the API server asks: configuration to Service.
    CallsWebhook,
    /// Admission policy binding to its policy.
    BindsPolicy,
    /// Binding or class to its parameters.
    ConfiguredBy,
    /// Event to the object it tells of.
    About,
    /// Pod or template to a Service whose host name it holds: a guess.
    Calls,
    /// Route to its Gateway.
    Attaches,
    /// Certificate to the Secret it is written to.
    Issues,
    /// Certificate to its issuer.
    IssuedBy,
    /// Monitor to Service or Pod.
    Monitors,
    /// ExternalSecret to Secret.
    SyncsTo,
    /// ExternalSecret to its store.
    SyncsFrom,
    /// DestinationRule to Service.
    Tunes,
    /// Application, Kustomization or release to what it put there.
    Manages,
    /// Custom resource to an object that a field named `*Ref` names: a guess.
    Refers,
}

impl Relation {
    /// The type's word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owns => "owns",
            Self::Selects => "selects",
            Self::Publishes => "publishes",
            Self::Targets => "targets",
            Self::Routes => "routes",
            Self::Mounts => "mounts",
            Self::Reads => "reads",
            Self::RunsAs => "runs-as",
            Self::RunsOn => "runs-on",
            Self::Binds => "binds",
            Self::UsesClass => "uses-class",
            Self::TerminatesTls => "terminates-tls",
            Self::AppliesTo => "applies-to",
            Self::AllowsFrom => "allows-from",
            Self::AllowsTo => "allows-to",
            Self::Governs => "governs",
            Self::Scales => "scales",
            Self::Protects => "protects",
            Self::PullsWith => "pulls-with",
            Self::Claims => "claims",
            Self::AttachesVolume => "attaches-volume",
            Self::ProvidedBy => "provided-by",
            Self::Describes => "describes",
            Self::RestoresFrom => "restores-from",
            Self::AuthenticatesWith => "authenticates-with",
            Self::Snapshots => "snapshots",
            Self::Renews => "renews",
            Self::Grants => "grants",
            Self::BindsSubject => "binds-subject",
            Self::Aggregates => "aggregates",
            Self::Holds => "holds",
            Self::Limits => "limits",
            Self::CallsWebhook => "calls-webhook",
            Self::BindsPolicy => "binds-policy",
            Self::ConfiguredBy => "configured-by",
            Self::About => "about",
            Self::Calls => "calls",
            Self::Attaches => "attaches",
            Self::Issues => "issues",
            Self::IssuedBy => "issued-by",
            Self::Monitors => "monitors",
            Self::SyncsTo => "syncs-to",
            Self::SyncsFrom => "syncs-from",
            Self::Tunes => "tunes",
            Self::Manages => "manages",
            Self::Refers => "refers",
        }
    }

    /// The type in words, read from the source: `runs as`.
    pub fn forward(self) -> String {
        self.word().replace('-', " ")
    }

    /// The type in words, read from the target: `owned by`.
    pub const fn backward(self) -> &'static str {
        match self {
            Self::Owns => "owned by",
            Self::Selects => "selected by",
            Self::Publishes => "published by",
            Self::Targets => "target of",
            Self::Routes => "routed from",
            Self::Mounts => "mounted by",
            Self::Reads => "read by",
            Self::RunsAs => "identity of",
            Self::RunsOn => "runs",
            Self::Binds => "bound by",
            Self::UsesClass => "class of",
            Self::TerminatesTls => "certificate of",
            Self::AppliesTo => "subject to",
            Self::AllowsFrom => "allowed in by",
            Self::AllowsTo => "allowed out by",
            Self::Governs => "governed by",
            Self::Scales => "scaled by",
            Self::Protects => "protected by",
            Self::PullsWith => "pulls for",
            Self::Claims => "claimed by",
            Self::AttachesVolume => "attached by",
            Self::ProvidedBy => "provides",
            Self::Describes => "described by",
            Self::RestoresFrom => "restored as",
            Self::AuthenticatesWith => "credentials of",
            Self::Snapshots => "snapshot of",
            Self::Renews => "renewed by",
            Self::Grants => "granted by",
            Self::BindsSubject => "subject of",
            Self::Aggregates => "part of",
            Self::Holds => "held by",
            Self::Limits => "limited by",
            Self::CallsWebhook => "webhook of",
            Self::BindsPolicy => "put in force by",
            Self::ConfiguredBy => "configures",
            Self::About => "told of by",
            Self::Calls => "called by",
            Self::Attaches => "parent of",
            Self::Issues => "issued by",
            Self::IssuedBy => "issuer of",
            Self::Monitors => "monitored by",
            Self::SyncsTo => "synced from",
            Self::SyncsFrom => "store of",
            Self::Tunes => "tuned by",
            Self::Manages => "managed by",
            Self::Refers => "referred to by",
        }
    }
}

/// A family of edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Layer {
    /// Owner references.
    Ownership,
    /// Services, slices, routes.
    Network,
    /// ConfigMaps and Secrets.
    Config,
    /// Claims and volumes.
    Storage,
    /// Nodes and classes.
    Scheduling,
    /// Service accounts and rights.
    Identity,
    /// What a workload's pod template names.
    Template,
    /// What restrains: network policies, budgets, quotas, admission.
    Policy,
    /// Autoscalers.
    Scaling,
    /// Events and what they tell of.
    Events,
    /// Guesses.
    Inferred,
    /// What kinds outside Kubernetes' own groups mean.
    Extension,
}

impl Layer {
    /// All layers.
    pub const ALL: [Layer; 12] = [
        Layer::Ownership,
        Layer::Network,
        Layer::Config,
        Layer::Storage,
        Layer::Scheduling,
        Layer::Identity,
        Layer::Template,
        Layer::Policy,
        Layer::Scaling,
        Layer::Events,
        Layer::Inferred,
        Layer::Extension,
    ];

    /// The layer's word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Layer::Ownership => "ownership",
            Layer::Network => "network",
            Layer::Config => "config",
            Layer::Storage => "storage",
            Layer::Scheduling => "scheduling",
            Layer::Identity => "identity",
            Layer::Template => "template",
            Layer::Policy => "policy",
            Layer::Scaling => "scaling",
            Layer::Events => "events",
            Layer::Inferred => "inferred",
            Layer::Extension => "extension",
        }
    }
}

/// What turns one state of a graph into a later one. [`Graph::apply`] of the delta from a to b to the state at a gives
/// the state at b.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GraphDelta {
    /// The level of both states. A delta of another level than the receiver's does not fit.
    pub level: Level,
    /// Nodes that are new, or of which more than the status changed.
    pub nodes: Vec<Node>,
    /// Nodes of which only the status changed.
    pub statuses: Vec<(NodeId, Status)>,
    /// Nodes that are gone. One that the receiver does not have is passed over.
    pub removed_nodes: Vec<NodeId>,
    /// Edges that are new or changed.
    pub edges: Vec<Edge>,
    /// Edges that are gone, those of removed nodes among them. One that the receiver does not have is passed over.
    pub removed_edges: Vec<EdgeKey>,
}

impl GraphDelta {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
            && self.statuses.is_empty()
            && self.removed_nodes.is_empty()
            && self.edges.is_empty()
            && self.removed_edges.is_empty()
    }
}

impl Graph {
    /// Applies a delta. Cost: in proportion to the delta, times the logarithm of the graph.
    pub fn apply(&mut self, delta: &GraphDelta) {
        for key in &delta.removed_edges {
            self.edges.remove(key);
        }
        for id in &delta.removed_nodes {
            self.nodes.remove(id);
        }
        for node in &delta.nodes {
            self.nodes.insert(node.id, node.clone());
        }
        for (id, status) in &delta.statuses {
            if let Some(node) = self.nodes.get_mut(id) {
                node.status = status.clone();
            }
        }
        for edge in &delta.edges {
            self.edges.insert(edge.key, edge.clone());
        }
    }

    /// The delta from `self` to `later`: `self.apply(&self.diff(later))` equals `later`. Cost: both graphs.
    pub fn diff(&self, later: &Graph) -> GraphDelta {
        let mut delta = GraphDelta {
            level: later.level,
            ..GraphDelta::default()
        };
        for (id, node) in &later.nodes {
            match self.nodes.get(id) {
                Some(before) if before == node => {}
                Some(before)
                    if Node {
                        status: node.status.clone(),
                        ..before.clone()
                    } == *node =>
                {
                    delta.statuses.push((*id, node.status.clone()));
                }
                _ => delta.nodes.push(node.clone()),
            }
        }
        delta.removed_nodes = self
            .nodes
            .keys()
            .filter(|id| !later.nodes.contains_key(id))
            .copied()
            .collect();
        delta.edges = later
            .edges
            .values()
            .filter(|edge| self.edges.get(&edge.key) != Some(edge))
            .cloned()
            .collect();
        delta.removed_edges = self
            .edges
            .keys()
            .filter(|key| !later.edges.contains_key(key))
            .copied()
            .collect();
        delta
    }
}

/// A view of a cluster's graph: which part of it is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GraphQuery {
    /// Only these namespaces and what their objects reach; empty for all.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// Only these layers; empty for all but [`Layer::Events`]: a cluster may have more events than anything else.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Only what is near this object.
    #[serde(default)]
    pub focus: Option<NodeKey>,
    /// How many edges away from the focus, in either direction; 1 to 10.
    #[serde(default = "GraphQuery::default_depth")]
    pub depth: u8,
    /// From how far away; `None`: the deepest level at which it is not too much to be drawn. A focus is shown as objects.
    #[serde(default)]
    pub level: Option<Level>,
}

impl GraphQuery {
    /// The depth of a focus that names none.
    pub const fn default_depth() -> u8 {
        2
    }
}

/// A graph at an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphAt {
    /// The epoch.
    pub epoch: Epoch,
    /// The graph.
    pub graph: Graph,
}

/// Maps whose values carry their own key travel as a list of the values.
pub(crate) mod values {
    use super::{Edge, EdgeKey, Node, NodeId};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub(crate) trait Keyed {
        type Key: Ord;
        fn key(&self) -> Self::Key;
    }

    impl Keyed for Node {
        type Key = NodeId;
        fn key(&self) -> NodeId {
            self.id
        }
    }

    impl Keyed for Edge {
        type Key = EdgeKey;
        fn key(&self) -> EdgeKey {
            self.key
        }
    }

    pub(crate) fn serialize<V: Serialize, K, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map.values())
    }

    pub(crate) fn deserialize<'de, V, D>(deserializer: D) -> Result<BTreeMap<V::Key, V>, D::Error>
    where
        V: Keyed + Deserialize<'de>,
        D: Deserializer<'de>,
    {
        // Inserted one by one: collecting a map compiles a sort for each type of value.
        let mut map = BTreeMap::new();
        for value in Vec::<V>::deserialize(deserializer)? {
            map.insert(value.key(), value);
        }
        Ok(map)
    }
}
