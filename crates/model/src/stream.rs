//! The stream: one WebSocket per page, topics multiplexed.
//!
//! Sub-protocol `kubilitics.v1` carries postcard frames that start with a version byte; `kubilitics.v1.json` carries the
//! same messages as JSON text. A delta from epoch a to b applied to a snapshot at a equals the snapshot at b, for every
//! topic, always.

use crate::cluster::{Cluster, KindProblem};
use crate::graph::{Graph, GraphDelta, GraphQuery};
use crate::level::{GroupId, Level};
use crate::list::{ListDelta, ListQuery, ListWindow};
use crate::map::{Map, MapDelta, MapQuery};
use crate::search::SearchQuery;
use crate::{ApiError, ClusterId, Epoch, Timestamp};
use serde::{Deserialize, Serialize};

mod codec;
mod sealed;

pub use codec::{CodecError, Format, decode_binary, encode_binary};
pub use sealed::Sealed;

/// The protocol's version: the first byte of every binary frame, and the number in `hello`.
pub const VERSION: u8 = 1;

/// A subscription's number, chosen by the client, unique on its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TopicId(pub u32);

/// What a client says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum ClientMessage {
    /// The first message.
    Hello {
        /// The version it speaks.
        version: u8,
    },
    /// Follow a topic.
    Subscribe {
        /// The number that answers carry.
        id: TopicId,
        /// What to follow.
        topic: Topic,
        /// The epoch the client already has: it gets only what changed since, or a snapshot if that is too long ago.
        #[serde(default)]
        since: Option<Epoch>,
    },
    /// Stop following a topic.
    Unsubscribe {
        /// Which.
        id: TopicId,
    },
    /// Move a list's window.
    Window {
        /// Which.
        id: TopicId,
        /// The first row.
        offset: u32,
        /// The most rows.
        len: u32,
    },
    /// Ask for a [`ServerMessage::Pong`].
    Ping {
        /// Comes back.
        nonce: u32,
    },
}

/// What can be followed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Topic {
    /// All clusters of the registry.
    Clusters,
    /// A view of one cluster's graph.
    Graph {
        /// The cluster.
        cluster: ClusterId,
        /// The view.
        query: GraphQuery,
    },
    /// A window onto one cluster's list of one kind.
    List {
        /// The cluster.
        cluster: ClusterId,
        /// The window.
        query: ListQuery,
    },
    /// What one cluster's objects are found by a few words, best first.
    Search {
        /// The cluster.
        cluster: ClusterId,
        /// The words.
        query: SearchQuery,
    },
    /// How the watches of one cluster are, as rows of a list.
    Diagnostics {
        /// The cluster.
        cluster: ClusterId,
    },
    /// A map of one cluster's pods.
    Map {
        /// The cluster.
        cluster: ClusterId,
        /// Which part of it.
        query: MapQuery,
    },
    /// The pod in one cell of a map, and what is one edge away from it.
    Cell {
        /// The cluster.
        cluster: ClusterId,
        /// The map.
        query: MapQuery,
        /// The application.
        application: GroupId,
        /// Which of its cells.
        slot: u32,
    },
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerMessage {
    /// The first message.
    Welcome {
        /// The version it speaks.
        version: u8,
        /// The socket's name in the server's log.
        session: String,
        /// What the server allows.
        limits: Limits,
    },
    /// The whole state of a topic.
    Snapshot {
        /// The subscription.
        id: TopicId,
        /// The state's epoch.
        epoch: Epoch,
        /// The state.
        content: Snapshot,
    },
    /// A change of a topic.
    Delta {
        /// The subscription.
        id: TopicId,
        /// The epoch it starts from: the last one the client was sent.
        from: Epoch,
        /// The epoch it leads to.
        to: Epoch,
        /// When the server saw the newest change in it.
        seen_at: Timestamp,
        /// The change.
        content: Delta,
    },
    /// How trustworthy a topic's state is; sent after the snapshot and whenever it changes.
    State {
        /// The subscription.
        id: TopicId,
        /// The state.
        state: TopicState,
    },
    /// A message that could not be carried out; the socket stays open unless the code says otherwise.
    Error {
        /// The subscription it is about, if one.
        id: Option<TopicId>,
        /// The error.
        error: ApiError,
    },
    /// The answer to a ping.
    Pong {
        /// From the ping.
        nonce: u32,
        /// The server's clock.
        at: Timestamp,
    },
}

/// What a socket may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// The most topics followed at once.
    pub topics: u32,
    /// The largest frame a client may send, in bytes.
    pub frame_bytes: u32,
    /// The shortest time between two frames of the server, in milliseconds.
    pub frame_interval_ms: u32,
}

/// The whole state of a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Snapshot {
    /// Of [`Topic::Clusters`], in the registry's order.
    Clusters(Vec<Cluster>),
    /// Of [`Topic::Graph`] and [`Topic::Cell`].
    Graph(Graph),
    /// Of [`Topic::List`], the hits of [`Topic::Search`] as rows, and [`Topic::Diagnostics`].
    List(ListWindow),
    /// Of [`Topic::Map`].
    Map(Sealed<Map>),
}

/// A change of a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Delta {
    /// Of [`Topic::Clusters`].
    Clusters(ClustersDelta),
    /// Of [`Topic::Graph`] and [`Topic::Cell`].
    Graph(GraphDelta),
    /// Of [`Topic::List`], [`Topic::Search`] and [`Topic::Diagnostics`].
    List(ListDelta),
    /// Of [`Topic::Map`].
    Map(Sealed<MapDelta>),
}

/// A change of the registry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClustersDelta {
    /// Clusters that are new or changed; new ones come last.
    pub clusters: Vec<Cluster>,
    /// Clusters that are gone.
    pub removed: Vec<ClusterId>,
}

/// How trustworthy a topic's state is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TopicState {
    /// Up to date.
    Live,
    /// The first lists are not all in: kinds synced, of kinds watched.
    Syncing {
        /// Kinds that are in.
        synced: u32,
        /// Kinds that are watched.
        kinds: u32,
    },
    /// Kept from before the connection was lost.
    Stale {
        /// Since when.
        since: Timestamp,
    },
    /// Up to date, but without these kinds.
    Partial {
        /// The kinds that are denied or failing.
        kinds: Vec<KindProblem>,
    },
    /// The user may not see it.
    Denied {
        /// What is missing.
        error: ApiError,
    },
    /// The cluster or object is no longer there.
    Gone,
}

impl Snapshot {
    /// The level of a graph.
    pub fn level(&self) -> Option<Level> {
        match self {
            Snapshot::Graph(graph) => Some(graph.level),
            Snapshot::Clusters(_) | Snapshot::List(_) | Snapshot::Map(_) => None,
        }
    }

    /// Applies a delta of the same topic. A delta of another topic changes nothing and answers false.
    pub fn apply(&mut self, delta: &Delta) -> bool {
        match (self, delta) {
            (Snapshot::Clusters(clusters), Delta::Clusters(delta)) => {
                delta.apply(clusters);
                true
            }
            (Snapshot::Graph(graph), Delta::Graph(delta)) if graph.level == delta.level => {
                graph.apply(delta);
                true
            }
            (Snapshot::List(window), Delta::List(delta)) => {
                window.apply(delta);
                true
            }
            (Snapshot::Map(sealed), Delta::Map(delta)) => {
                let (Ok(mut map), Ok(delta)) = (sealed.open(), delta.open()) else {
                    return false;
                };
                map.apply(&delta);
                *sealed = Sealed::new(map);
                true
            }
            _ => false,
        }
    }
}

impl Delta {
    /// The level of a graph's delta.
    pub fn level(&self) -> Option<Level> {
        match self {
            Delta::Graph(delta) => Some(delta.level),
            Delta::Clusters(_) | Delta::List(_) | Delta::Map(_) => None,
        }
    }
}

impl ClustersDelta {
    /// Applies the change to the registry's clusters.
    pub fn apply(&self, clusters: &mut Vec<Cluster>) {
        clusters.retain(|cluster| !self.removed.contains(&cluster.id));
        for new in &self.clusters {
            match clusters.iter_mut().find(|cluster| cluster.id == new.id) {
                Some(cluster) => cluster.clone_from(new),
                None => clusters.push(new.clone()),
            }
        }
    }

    /// The change from `before` to `later`, or `None` if there is none. Both must hold clusters that stay in one order.
    pub fn between(before: &[Cluster], later: &[Cluster]) -> Option<Self> {
        let clusters: Vec<Cluster> = later
            .iter()
            .filter(|cluster| !before.contains(cluster))
            .cloned()
            .collect();
        let removed: Vec<ClusterId> = before
            .iter()
            .filter(|cluster| !later.iter().any(|other| other.id == cluster.id))
            .map(|cluster| cluster.id.clone())
            .collect();
        (!clusters.is_empty() || !removed.is_empty()).then_some(Self { clusters, removed })
    }
}
