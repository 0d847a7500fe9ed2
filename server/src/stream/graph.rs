//! The topic of a view of a cluster's graph.

use super::subscription::{Step, Update};
use crate::trust;
use cluster::{Published, Registry, Since};
use model::graph::GraphQuery;
use model::stream::{Delta, Snapshot};
use model::{ApiError, ClusterId, Epoch};
use topology::{LevelView, ViewError, ViewStep};

/// A view of a cluster's graph as a session follows it.
#[derive(Debug)]
pub(super) struct FollowedGraph {
    cluster: ClusterId,
    query: GraphQuery,
    view: LevelView,
    /// The state the view is at; `None`: the next step is a snapshot.
    cursor: Option<Epoch>,
    /// The state the client was sent last. It stays behind the cursor while nothing changes in the view.
    sent: Epoch,
    /// Whether the view knows what the client has. A focus remembers its nodes, and a level that is chosen depends on the
    /// state: a view that is taken up from a client's epoch has yet to learn them.
    primed: bool,
}

impl FollowedGraph {
    pub(super) fn new(
        cluster: ClusterId,
        query: &GraphQuery,
        since: Option<Epoch>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            cluster,
            query: query.clone(),
            view: LevelView::of(query)?,
            cursor: since,
            sent: since.unwrap_or_default(),
            primed: query.focus.is_none() && query.level.is_some(),
        })
    }

    pub(super) fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    pub(super) fn start_over(&mut self) {
        self.cursor = None;
    }

    pub(super) fn update(&mut self, registry: &Registry) -> Update {
        let Some(engine) = registry.engine(&self.cluster) else {
            self.start_over();
            return Update::without_engine(registry, &self.cluster);
        };
        let since = self.cursor.map(|cursor| engine.since(cursor));
        if let Some(Since::Changed { published, .. }) = &since
            && !self.primed
            && self.query.focus.is_none()
        {
            self.primed = self.view.resume(&published.state);
        }
        match since {
            Some(Since::Unchanged) if self.primed => {
                Update::new(Step::None, trust::of_graph(&engine.published()))
            }
            Some(Since::Changed {
                to,
                change,
                seen_at,
                published,
            }) if self.primed => {
                let step = match self.view.step(&published.state, &change) {
                    None => Step::None,
                    Some(ViewStep::Whole(graph)) => {
                        self.sent = to;
                        Step::Snapshot(to, Snapshot::Graph(graph))
                    }
                    Some(ViewStep::Delta(delta)) => Step::Delta {
                        from: std::mem::replace(&mut self.sent, to),
                        to,
                        seen_at,
                        content: Delta::Graph(delta),
                    },
                };
                self.cursor = Some(to);
                if self.view.is_gone() {
                    return self.without_focus(step, &published);
                }
                Update::new(step, trust::of_graph(&published))
            }
            Some(Since::Unchanged) => self.prime(&engine.published()),
            Some(Since::Changed { published, .. }) => self.snapshot(&published),
            Some(Since::TooOld) => Update {
                resync: true,
                ..self.snapshot(&engine.published())
            },
            None => self.snapshot(&engine.published()),
        }
    }

    /// Takes up a view with a focus at the state that the client has, without sending it again.
    fn prime(&mut self, published: &Published) -> Update {
        if self.cursor != Some(published.epoch) {
            return self.snapshot(published);
        }
        match self.view.graph(&published.state) {
            Ok(_) => {
                self.primed = true;
                Update::new(Step::None, trust::of_graph(published))
            }
            Err(error) => self.no_view(error, published),
        }
    }

    fn snapshot(&mut self, published: &Published) -> Update {
        match self.view.graph(&published.state) {
            Ok(graph) => {
                self.primed = true;
                self.cursor = Some(published.epoch);
                self.sent = published.epoch;
                let step = Step::Snapshot(published.epoch, Snapshot::Graph(graph));
                Update::new(step, trust::of_graph(published))
            }
            Err(error) => self.no_view(error, published),
        }
    }

    /// The focus is not there: while lists are still coming in that means nothing.
    fn no_view(&mut self, error: ViewError, published: &Published) -> Update {
        self.cursor = None;
        if published.sync.complete {
            Update::failed(trust::no_view(&self.cluster, error, published))
        } else {
            Update::new(Step::None, trust::of_graph(published))
        }
    }

    /// The focus went away: the view is empty, and starts over should it come back.
    fn without_focus(&mut self, step: Step, published: &Published) -> Update {
        self.cursor = None;
        let Some(key) = self.query.focus.clone() else {
            return Update::new(step, model::stream::TopicState::Gone);
        };
        let error = trust::no_view(&self.cluster, ViewError::FocusNotFound(key), published);
        Update {
            step,
            ..Update::failed(error)
        }
    }
}
