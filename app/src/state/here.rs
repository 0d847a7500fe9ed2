//! What every part of a page shares: where it is, the clusters, the clock, the stream.

use crate::components::whole::{Words, effect, says};
use crate::state::clock::Clock;
use crate::state::clusters::Clusters;
use crate::state::feed::{Feed, use_feed};
use crate::state::live::Live;
use crate::state::memo::{Known, memo};
use crate::state::url::{Place, Query};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use model::stream::{Topic, TopicState};
use model::{Cluster, ClusterId, NodeKey};

/// What every part of a page shares.
#[derive(Clone, Copy)]
pub struct Here {
    /// Which page this is.
    pub place: Known<Place>,
    /// What it shows.
    pub query: Known<Query>,
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
        let place = memo(move || location.pathname.with(|path| Place::parse(path)));
        let query = memo(move || location.search.with(|search| Query::parse(search)));
        let clock = Clock::start();
        provide_context(clock);
        let live = Live::new(clock);
        provide_context(live);
        let clusters = Clusters::default();
        let registry = use_feed(memo(|| Some(Topic::Clusters)), clusters);
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
        effect(move || live.connect());
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

impl Here {
    /// The address of this page with an object selected, for links that stay while the query changes.
    pub fn selecting(self, key: NodeKey) -> Words {
        says(move || self.href(|query| query.selected = Some(key.clone())))
    }

    /// Whether an object is the selected one.
    pub fn is_selected(self, key: &NodeKey) -> bool {
        self.query.with(|query| query.selected.as_ref() == Some(key))
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
