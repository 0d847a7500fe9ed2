//! What every part of a page shares: where it is, the clusters, the clock, the stream.

use crate::state::clock::Clock;
use crate::state::clusters::Clusters;
use crate::state::feed::{Feed, use_feed};
use crate::state::live::Live;
use crate::state::url::{Place, Query};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use model::stream::{Topic, TopicState};
use model::{Cluster, ClusterId};

/// What every part of a page shares.
#[derive(Clone, Copy)]
pub struct Here {
    /// Which page this is.
    pub place: Memo<Place>,
    /// What it shows.
    pub query: Memo<Query>,
    /// The clusters.
    pub clusters: Clusters,
    /// How the clusters are followed.
    pub registry: Feed,
    /// How far to trust the page's own topic. Counted, as the frame speaks of it after the page is done with it.
    pub trust: RwSignal<Option<ArcRwSignal<Option<TopicState>>>>,
    /// The clock of all ages.
    pub clock: Clock,
    /// The stream.
    pub live: Live,
}

impl Here {
    /// Puts what is shared into context. Called once, inside the router.
    pub fn provide() -> Self {
        let location = use_location();
        let place = Memo::new(move |_| location.pathname.with(|path| Place::parse(path)));
        let query = Memo::new(move |_| location.search.with(|search| Query::parse(search)));
        let clock = Clock::start();
        provide_context(clock);
        let live = Live::new(clock);
        provide_context(live);
        let clusters = Clusters::default();
        let registry = use_feed(Memo::new(|_| Some(Topic::Clusters)), clusters);
        let here = Self {
            place,
            query,
            clusters,
            registry,
            trust: RwSignal::new(None),
            clock,
            live,
        };
        provide_context(here);
        Effect::new(move |_| live.connect());
        here
    }

    /// The id of the cluster this page is about, if it is about one.
    pub fn cluster_id(&self) -> Option<ClusterId> {
        self.place.with(|place| place.cluster().cloned())
    }

    /// The cluster this page is about, if it exists.
    pub fn cluster(&self) -> Option<Cluster> {
        self.cluster_id().and_then(|id| self.clusters.find(&id))
    }

    /// The address of this page with another query.
    pub fn href(&self, change: impl FnOnce(&mut Query)) -> String {
        let mut query = self.query.get();
        change(&mut query);
        self.place.with(|place| place.href(&query))
    }
}

/// What every part of a page shares, from context.
pub fn use_here() -> Here {
    use_context().unwrap_or_else(Here::provide)
}

/// Goes to this page with another query; `replace` leaves no trace in the history. For event handlers.
pub fn use_change() -> impl Fn(bool, &dyn Fn(&mut Query)) + Clone + 'static {
    let here = use_here();
    let navigate = use_navigate();
    move |replace, change| {
        let mut query = here.query.get_untracked();
        change(&mut query);
        let href = here.place.with_untracked(|place| place.href(&query));
        navigate(
            &href,
            NavigateOptions {
                replace,
                scroll: false,
                ..NavigateOptions::default()
            },
        );
    }
}
