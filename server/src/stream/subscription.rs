//! A topic as one session follows it.

use super::clusters::FollowedClusters;
use super::diagnostics::FollowedDiagnostics;
use super::graph::FollowedGraph;
use super::list::FollowedList;
use super::map::FollowedMap;
use super::search::FollowedSearch;
use crate::server::Server;
use crate::trust;
use cluster::Registry;
use model::stream::{Delta, ServerMessage, Snapshot, Topic, TopicId, TopicState};
use model::{ApiError, ClusterId, Epoch, ErrorCode, Timestamp};

/// A topic as one session follows it: what it was sent last, and how to come from there to the present.
#[derive(Debug)]
pub(super) struct Subscription {
    id: TopicId,
    topic: Topic,
    followed: Followed,
    /// What was said last of how far to trust it.
    standing: Option<Standing>,
}

#[derive(Debug)]
enum Followed {
    Clusters(FollowedClusters),
    Graph(FollowedGraph),
    List(FollowedList),
    Search(FollowedSearch),
    Diagnostics(FollowedDiagnostics),
    Map(FollowedMap),
}

/// How far to trust a topic, or why there is nothing of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    State(TopicState),
    Failed(ApiError),
}

/// What leads the client to the present state.
#[derive(Debug)]
pub(super) enum Step {
    /// It is there already.
    None,
    /// All of it.
    Snapshot(Epoch, Snapshot),
    /// What changed since the epoch it was sent last.
    Delta {
        from: Epoch,
        to: Epoch,
        seen_at: Timestamp,
        content: Delta,
    },
}

/// A topic brought up to date.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) step: Step,
    pub(super) standing: Standing,
    /// The client had a state, and it was too old for a delta.
    pub(super) resync: bool,
}

impl Update {
    pub(super) fn new(step: Step, state: TopicState) -> Self {
        Self {
            step,
            standing: Standing::State(state),
            resync: false,
        }
    }

    pub(super) fn failed(error: ApiError) -> Self {
        Self {
            step: Step::None,
            standing: Standing::Failed(error),
            resync: false,
        }
    }

    /// For a cluster without an engine: it is gone, or its context cannot be used.
    pub(super) fn without_engine(registry: &Registry, id: &ClusterId) -> Self {
        match trust::cluster(registry, id) {
            Ok(cluster) => Self::failed(trust::unavailable(&cluster)),
            Err(_) => Self::new(Step::None, TopicState::Gone),
        }
    }
}

impl Followed {
    fn update(&mut self, registry: &Registry, now: Timestamp) -> Update {
        match self {
            Self::Clusters(clusters) => clusters.update(registry, now),
            Self::Graph(graph) => graph.update(registry),
            Self::List(list) => list.update(registry, now),
            Self::Search(search) => search.update(registry),
            Self::Diagnostics(diagnostics) => diagnostics.update(registry, now),
            Self::Map(map) => map.update(registry),
        }
    }

    /// The next step is a snapshot.
    fn start_over(&mut self) {
        match self {
            Self::Graph(graph) => graph.start_over(),
            Self::List(list) => list.start_over(),
            Self::Search(search) => search.start_over(),
            Self::Map(map) => map.start_over(),
            Self::Clusters(_) | Self::Diagnostics(_) => {}
        }
    }
}

impl Subscription {
    /// Begins to follow a topic from the state at `since`, if the client has one.
    pub(super) fn new(
        id: TopicId,
        topic: Topic,
        since: Option<Epoch>,
        server: &Server,
    ) -> Result<Self, ApiError> {
        let registry = &server.registry;
        let followed = match topic.clone() {
            Topic::Clusters => Followed::Clusters(FollowedClusters::new(since)),
            Topic::Graph { cluster, query } => {
                trust::cluster(registry, &cluster)?;
                Followed::Graph(FollowedGraph::new(cluster, &query, since)?)
            }
            Topic::List { cluster, query } => {
                trust::cluster(registry, &cluster)?;
                Followed::List(FollowedList::new(cluster, &query, since)?)
            }
            Topic::Search { cluster, query } => {
                trust::cluster(registry, &cluster)?;
                Followed::Search(FollowedSearch::new(cluster, &query, since)?)
            }
            Topic::Diagnostics { cluster } => {
                trust::cluster(registry, &cluster)?;
                Followed::Diagnostics(FollowedDiagnostics::new(cluster))
            }
            Topic::Map { cluster, query } => {
                trust::cluster(registry, &cluster)?;
                Followed::Map(FollowedMap::new(cluster, query, since, server.maps.clone()))
            }
            Topic::Cell {
                cluster,
                query,
                application,
                slot,
            } => {
                let around = server
                    .maps
                    .cell(registry, &cluster, (&query, application, slot))?;
                Followed::Graph(FollowedGraph::new(cluster, &around, since)?)
            }
        };
        Ok(Self {
            id,
            topic,
            followed,
            standing: None,
        })
    }

    /// The cluster that the topic is about; `None` for the registry.
    pub(super) fn cluster(&self) -> Option<&ClusterId> {
        match &self.followed {
            Followed::Clusters(_) => None,
            Followed::Graph(graph) => Some(graph.cluster()),
            Followed::List(list) => Some(list.cluster()),
            Followed::Search(search) => Some(search.cluster()),
            Followed::Diagnostics(diagnostics) => Some(diagnostics.cluster()),
            Followed::Map(map) => Some(map.cluster()),
        }
    }

    /// Whether it is looked at from time to time, and not when its cluster changes.
    pub(super) fn is_looked_at(&self) -> bool {
        matches!(self.followed, Followed::Diagnostics(_))
    }

    /// Moves the window of a list.
    pub(super) fn set_window(&mut self, offset: u32, len: u32) -> Result<(), ApiError> {
        match &mut self.followed {
            Followed::List(list) => list.set_window(offset, len),
            Followed::Clusters(_)
            | Followed::Graph(_)
            | Followed::Search(_)
            | Followed::Diagnostics(_)
            | Followed::Map(_) => Err(ApiError::new(ErrorCode::BadRequest, "only a list has a window")),
        }
    }

    /// What to say so that the client has the present state. Adds to `out`; answers whether the client had fallen too
    /// far behind for a delta.
    pub(super) fn update(
        &mut self,
        registry: &Registry,
        now: Timestamp,
        out: &mut Vec<ServerMessage>,
    ) -> bool {
        let Update {
            step,
            standing,
            resync,
        } = match trust::nothing_of(registry, &self.topic) {
            Some(error) => {
                self.followed.start_over();
                Update::failed(error)
            }
            None => self.followed.update(registry, now),
        };
        let id = self.id;
        let is_snapshot = matches!(step, Step::Snapshot(..));
        match step {
            Step::None => {}
            Step::Snapshot(epoch, content) => out.push(ServerMessage::Snapshot { id, epoch, content }),
            Step::Delta {
                from,
                to,
                seen_at,
                content,
            } => out.push(ServerMessage::Delta {
                id,
                from,
                to,
                seen_at,
                content,
            }),
        }
        // After a snapshot it is said again: a client that starts over has forgotten it.
        if is_snapshot || self.standing.as_ref() != Some(&standing) {
            out.push(match standing.clone() {
                Standing::State(state) => ServerMessage::State { id, state },
                Standing::Failed(error) => ServerMessage::Error { id: Some(id), error },
            });
            self.standing = Some(standing);
        }
        resync
    }
}
