//! A topic as a page follows it: read from the source while rendering, taken from the page while hydrating, followed
//! on the stream ever after.

use crate::components::whole::effect;
use crate::source::{SharedSource, TopicView};
use crate::state::live::{Live, reached};
use crate::state::memo::Known;
use crate::state::seed::seed;
use crate::state::session::Event;
use leptos::prelude::*;
use model::stream::{Delta, Snapshot, Topic, TopicState};
use model::{ApiError, ClusterId, ErrorCode};
use std::sync::{Arc, Mutex, PoisonError};

/// Keeps a topic's state.
pub trait Store: Send + Sync + 'static {
    /// Takes a whole state.
    fn replace(&self, snapshot: Snapshot);
    /// Forgets everything: what follows is about something else.
    fn clear(&self);
    /// Takes a change.
    fn apply(&self, delta: &Delta);
}

/// Whether there is something to show.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// Not yet: the first snapshot is on its way.
    #[default]
    Waiting,
    /// There is.
    Ready,
    /// There is not, and this is why.
    Failed(ApiError),
}

/// A topic as a page follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Whether there is something to show.
    pub phase: RwSignal<Phase>,
    /// How far to trust it.
    pub trust: RwSignal<Option<TopicState>>,
}

impl Feed {
    fn take(&self, event: Event, store: &dyn Store) {
        match event {
            Event::Snapshot(_, snapshot) => {
                store.replace(snapshot);
                self.phase.set(Phase::Ready);
            }
            Event::Delta(_, delta, _) => store.apply(&delta),
            Event::State(TopicState::Denied { error }) | Event::Failed(error) => {
                // A topic that is still being read is no failure: the snapshot follows when it is there.
                if error.code != ErrorCode::Syncing {
                    self.phase.set(Phase::Failed(error));
                }
            }
            Event::State(TopicState::Gone) => {
                self.phase.set(Phase::Failed(ApiError::new(
                    ErrorCode::ClusterNotFound,
                    crate::text::GONE,
                )));
            }
            Event::State(state) => self.trust.set(Some(state)),
        }
    }

    /// What to say in place of the content while nothing of it is there; `None` if there is nothing to wait for.
    pub fn waits(&self) -> Option<String> {
        match (self.phase.get(), self.syncing()) {
            (Phase::Waiting, _) => Some(crate::text::WAITING.to_owned()),
            (_, Some((synced, kinds))) => Some(format!("Loading, {synced} of {kinds} kinds are in.")),
            _ => None,
        }
    }

    /// Whether the first lists are still coming in: how many kinds, of how many.
    pub fn syncing(&self) -> Option<(u32, u32)> {
        match self.trust.get() {
            Some(TopicState::Syncing { synced, kinds }) => Some((synced, kinds)),
            _ => None,
        }
    }
}

/// The cluster that a topic is about.
fn cluster(topic: &Topic) -> Option<&ClusterId> {
    match topic {
        Topic::Clusters => None,
        Topic::Graph { cluster, .. }
        | Topic::List { cluster, .. }
        | Topic::Search { cluster, .. }
        | Topic::Diagnostics { cluster }
        | Topic::Map { cluster, .. }
        | Topic::Cell { cluster, .. } => Some(cluster),
    }
}

/// Follows a topic, or none, and whatever it changes to. What a store holds stays until the next topic's state is
/// there, unless that is about another cluster.
pub fn use_feed(topic: Known<Option<Topic>>, store: impl Store) -> Feed {
    follow(topic, Arc::new(store))
}

fn follow(topic: Known<Option<Topic>>, store: Arc<dyn Store>) -> Feed {
    let feed = Feed {
        phase: RwSignal::default(),
        trust: RwSignal::default(),
    };
    let first = topic.get_untracked();
    let seeded = first.as_ref().and_then(|topic| seed(|| read(topic)));
    let mut start = None;
    match seeded {
        Some(Ok(TopicView {
            epoch,
            content,
            state,
        })) => {
            reached(epoch);
            let level = content.level();
            store.replace(content);
            feed.phase.set(Phase::Ready);
            feed.take(Event::State(state), &*store);
            start = first.map(|topic| (topic, epoch, level));
        }
        Some(Err(error)) => feed.take(Event::Failed(error), &*store),
        None => {}
    }
    let live = use_context::<Live>();
    // The topic that was followed last, and where the page's own state of the first one ends.
    let kept = Mutex::new((None::<Topic>, start));
    effect(move || {
        let now = topic.get();
        let (before, since) = {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let since = now
                .as_ref()
                .filter(|_| live.is_some())
                .and_then(|_| kept.1.take());
            (std::mem::replace(&mut kept.0, now.clone()), since)
        };
        let (Some(live), Some(topic)) = (live, now) else {
            return;
        };
        if let Some(before) = before.filter(|before| *before != topic) {
            if cluster(&before) != cluster(&topic) {
                store.clear();
                feed.trust.set(None);
                feed.phase.set(Phase::Waiting);
            } else if matches!(feed.phase.get_untracked(), Phase::Failed(_)) {
                feed.phase.set(Phase::Waiting);
            }
        }
        let since = since.filter(|(first, ..)| *first == topic);
        let store = Arc::clone(&store);
        let sink = Arc::new(move |event| feed.take(event, &*store));
        let (epoch, level) = since.map_or((None, None), |(_, epoch, level)| (Some(epoch), level));
        let id = live.follow(topic, epoch, level, sink);
        on_cleanup(move || live.unfollow(id));
    });
    feed
}

/// What the server's source says; `None` in the browser.
fn read(topic: &Topic) -> Option<Result<TopicView, ApiError>> {
    use_context::<SharedSource>().map(|source| source.read(topic))
}
