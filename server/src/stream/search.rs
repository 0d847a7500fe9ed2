//! The topic of a search.

use super::subscription::{Step, Update};
use crate::trust;
use cluster::{Published, Registry, Since};
use model::list::ListWindow;
use model::search::SearchQuery;
use model::stream::{Delta, Snapshot};
use model::{ApiError, ClusterId, Epoch};
use topology::{SearchView, State};

/// A search as a session follows it.
#[derive(Debug)]
pub(super) struct FollowedSearch {
    cluster: ClusterId,
    view: SearchView,
    /// The state the search is at; `None`: the next step is a snapshot.
    cursor: Option<Epoch>,
    /// The state the client was sent last. It stays behind the cursor while nothing changes for it.
    sent: Epoch,
    /// The state at the cursor, which says what is no longer found, and what the client has; `None` until it is known.
    seen: Option<(State, ListWindow)>,
}

impl FollowedSearch {
    pub(super) fn new(
        cluster: ClusterId,
        query: &SearchQuery,
        since: Option<Epoch>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            cluster,
            view: SearchView::parse(query)?,
            cursor: since,
            sent: since.unwrap_or_default(),
            seen: None,
        })
    }

    pub(super) fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    pub(super) fn start_over(&mut self) {
        self.cursor = None;
        self.seen = None;
    }

    pub(super) fn update(&mut self, registry: &Registry) -> Update {
        let Some(engine) = registry.engine(&self.cluster) else {
            self.start_over();
            return Update::without_engine(registry, &self.cluster);
        };
        match self.cursor.map(|cursor| engine.since(cursor)) {
            Some(Since::Unchanged) => Update::new(Step::None, trust::of_graph(&engine.published())),
            Some(Since::Changed {
                to,
                change,
                seen_at,
                published,
            }) => {
                let Some((before, shown)) = self.seen.take() else {
                    return self.snapshot(&published);
                };
                self.cursor = Some(to);
                let state = published.state.clone();
                if !self.view.is_touched_by(&change, &before, &state) {
                    self.seen = Some((state, shown));
                    return Update::new(Step::None, trust::of_graph(&published));
                }
                let later = self.view.window(&state);
                let step = shown.diff(&later).map_or(Step::None, |delta| Step::Delta {
                    from: std::mem::replace(&mut self.sent, to),
                    to,
                    seen_at,
                    content: Delta::List(delta),
                });
                self.seen = Some((state, later));
                Update::new(step, trust::of_graph(&published))
            }
            Some(Since::TooOld) => Update {
                resync: true,
                ..self.snapshot(&engine.published())
            },
            None => self.snapshot(&engine.published()),
        }
    }

    fn snapshot(&mut self, published: &Published) -> Update {
        let window = self.view.window(&published.state);
        self.cursor = Some(published.epoch);
        self.sent = published.epoch;
        self.seen = Some((published.state.clone(), window.clone()));
        let step = Step::Snapshot(published.epoch, Snapshot::List(window));
        Update::new(step, trust::of_graph(published))
    }
}
