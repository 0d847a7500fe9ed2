//! The topic of a window onto a list.

use super::subscription::{Step, Update};
use crate::trust;
use cluster::{Published, Registry, Since};
use model::list::{ListQuery, ListWindow};
use model::stream::{Delta, Snapshot, TopicState};
use model::{ApiError, ClusterId, Epoch, ErrorCode, KindId, Timestamp};
use topology::{ListView, State};

/// The most rows in a window: what a browser can hold and a person can look at.
pub(super) const MOST_ROWS: u32 = 5000;

/// A window onto a list as a session follows it.
#[derive(Debug)]
pub(super) struct FollowedList {
    cluster: ClusterId,
    query: ListQuery,
    /// The query as the cluster's kinds and columns let it be read; `None` until it has been.
    view: Option<ListView>,
    /// The state the window is at; `None`: the next step is a snapshot.
    cursor: Option<Epoch>,
    /// The state the client was sent last. It stays behind the cursor while nothing changes in the window.
    sent: Epoch,
    /// What the client has; `None` until it is known.
    window: Option<ListWindow>,
    /// The window was moved since.
    moved: bool,
}

impl FollowedList {
    pub(super) fn new(cluster: ClusterId, query: &ListQuery, since: Option<Epoch>) -> Result<Self, ApiError> {
        check(query.len)?;
        let of_table = KindId::of_plural(&query.kind).filter(|kind| !kind.is_discovered());
        let view = match of_table {
            Some(_) => Some(ListView::parse(query, &State::default())?),
            // What the cluster serves may change while the list is followed.
            None => None,
        };
        Ok(Self {
            cluster,
            query: query.clone(),
            view,
            cursor: since,
            sent: since.unwrap_or_default(),
            window: None,
            moved: false,
        })
    }

    pub(super) fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    pub(super) fn set_window(&mut self, offset: u32, len: u32) -> Result<(), ApiError> {
        check(len)?;
        (self.query.offset, self.query.len) = (offset, len);
        if let Some(view) = &mut self.view {
            view.set_window(offset, len);
        }
        self.moved = true;
        Ok(())
    }

    pub(super) fn update(&mut self, registry: &Registry, now: Timestamp) -> Update {
        let Some(engine) = registry.engine(&self.cluster) else {
            self.start_over();
            return Update::without_engine(registry, &self.cluster);
        };
        let since = self.cursor.map(|cursor| engine.since(cursor));
        let published = match &since {
            Some(Since::Changed { published, .. }) => published.clone(),
            _ => engine.published(),
        };
        let view = match self.view(&published) {
            Ok(view) => view,
            Err(error) => {
                self.start_over();
                return Update::failed(error);
            }
        };
        if let Some(error) = trust::denied(&self.cluster, &view, &published) {
            self.start_over();
            return Update::new(Step::None, TopicState::Denied { error });
        }
        // Read anew, it shows other columns.
        let since = since.filter(|_| self.cursor.is_some());
        let (touched, seen_at) = match &since {
            // Published again in between; the next wake-up brings the change.
            Some(Since::Unchanged) if self.cursor != Some(published.epoch) => {
                return Update::new(Step::None, trust::of_list(&view, &published));
            }
            Some(Since::Unchanged) => (false, published.at),
            Some(Since::Changed { change, seen_at, .. }) => (view.is_touched_by(change), *seen_at),
            Some(Since::TooOld) | None => {
                let update = self.snapshot(&view, &published, now);
                return Update {
                    resync: since.is_some(),
                    ..update
                };
            }
        };
        self.cursor = Some(published.epoch);
        let known = self.window.is_some();
        if known && !touched && !self.moved {
            return Update::new(Step::None, trust::of_list(&view, &published));
        }
        if !known && (touched || self.moved) {
            return self.snapshot(&view, &published, now);
        }
        let later = view.window(&published.state, now);
        self.moved = false;
        let delta = self.window.as_ref().and_then(|before| before.diff(&later));
        self.window = Some(later);
        let step = match delta {
            None => Step::None,
            Some(delta) => Step::Delta {
                from: std::mem::replace(&mut self.sent, published.epoch),
                to: published.epoch,
                seen_at,
                content: Delta::List(delta),
            },
        };
        Update::new(step, trust::of_list(&view, &published))
    }

    /// The query as it can be read now. Whoever had a window of other columns has none.
    fn view(&mut self, published: &Published) -> Result<ListView, ApiError> {
        if let Some(view) = self.view.as_ref().filter(|view| view.fits(&published.state)) {
            return Ok(view.clone());
        }
        let view = trust::list_view(&self.query, published)?;
        if self.view.replace(view.clone()).is_some() {
            self.start_over();
        }
        Ok(view)
    }

    fn snapshot(&mut self, view: &ListView, published: &Published, now: Timestamp) -> Update {
        let window = view.window(&published.state, now);
        self.cursor = Some(published.epoch);
        self.sent = published.epoch;
        self.moved = false;
        self.window = Some(window.clone());
        let step = Step::Snapshot(published.epoch, Snapshot::List(window));
        Update::new(step, trust::of_list(view, published))
    }

    pub(super) fn start_over(&mut self) {
        self.cursor = None;
        self.window = None;
    }
}

fn check(len: u32) -> Result<(), ApiError> {
    if len <= MOST_ROWS {
        return Ok(());
    }
    let message = format!("a window holds at most {MOST_ROWS} rows; use the API for more");
    let error = ApiError::new(ErrorCode::BadRequest, message);
    Err(error
        .with("field", "len")
        .with("value", len)
        .with("allowed", MOST_ROWS))
}
