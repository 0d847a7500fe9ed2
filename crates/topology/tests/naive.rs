//! The index against a builder that is obviously right, after every event of random histories; and views and lists that
//! follow by deltas against those made afresh.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may"
)]

#[path = "naive/builder.rs"]
mod builder;
#[path = "naive/groups.rs"]
mod groups;
#[path = "naive/world.rs"]
mod world;

use builder::Expected;
use model::graph::{Graph, GraphQuery, Layer};
use model::level::{Level, Picture};
use model::list::ListQuery;
use model::{KindId, NodeId, NodeKey, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;
use std::collections::BTreeMap;
use topology::facts::{Key, Uid};
use topology::{Change, GraphView, Index, LevelView, ListView, State, ViewStep};
use world::{Event, World};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// Every id stands for one life: an address with one UID, or its absence.
type Lives = BTreeMap<NodeId, (Key, Option<Uid>)>;

fn check_ids(state: &State, lives: &mut Lives) {
    for entry in state.nodes() {
        let uid = entry.facts().map(|facts| &facts.uid);
        let (key, known) = lives
            .entry(entry.id())
            .or_insert_with(|| (entry.key().clone(), uid.cloned()));
        assert_eq!(
            (&*key, known.as_ref()),
            (entry.key(), uid),
            "node {:?} has had another life",
            entry.id()
        );
    }
}

fn views() -> Vec<GraphQuery> {
    let query = |namespaces: &[&str], layers: &[Layer]| GraphQuery {
        namespaces: namespaces.iter().map(ToString::to_string).collect(),
        layers: layers.to_vec(),
        ..GraphQuery::default()
    };
    let focus = |key: NodeKey, depth, of: GraphQuery| GraphQuery {
        focus: Some(key),
        depth,
        ..of
    };
    let pod = || NodeKey::new("Pod", Some("a"), "p0");
    vec![
        query(&[], &[]),
        query(&["a"], &[]),
        query(&["b", "a"], &[Layer::Network, Layer::Storage]),
        query(&["none"], &[]),
        query(&[], &[Layer::Ownership]),
        focus(pod(), 1, query(&["a"], &[])),
        focus(pod(), 2, query(&[], &[Layer::Network, Layer::Config])),
        focus(NodeKey::new("Node", None, "n0"), 3, query(&["b"], &[])),
    ]
}

/// A view with what its reader has.
struct Followed {
    query: GraphQuery,
    view: GraphView,
    graph: Graph,
}

impl Followed {
    fn new(query: GraphQuery, state: &State) -> Self {
        let mut view = GraphView::parse(&query).unwrap();
        let graph = view.snapshot(state).unwrap_or_default();
        Self { query, view, graph }
    }

    fn follow(&mut self, state: &State, change: &Change) {
        let fresh = GraphView::parse(&self.query)
            .unwrap()
            .snapshot(state)
            .unwrap_or_default();
        if let Some(delta) = self.view.delta(state, change) {
            assert!(!delta.is_empty());
            self.graph.apply(&delta);
        }
        assert_eq!(self.graph, fresh, "{:?}", self.query);
        assert_eq!(
            self.view.is_gone(),
            self.query.focus.is_some() && fresh.nodes.is_empty()
        );
        for key in fresh.edges.keys() {
            assert!(fresh.nodes.contains_key(&key.source) && fresh.nodes.contains_key(&key.target));
        }
    }
}

/// After every event of random histories, short ones of few objects, the index has what the naive builder has. How
/// many events: 100,000, or what the environment variable `KUBILITICS_ORACLE_STEPS` says.
#[test]
fn index_equals_the_naive_builder() {
    let steps = std::env::var("KUBILITICS_ORACLE_STEPS").map_or(100_000, |steps| {
        steps
            .parse()
            .expect("KUBILITICS_ORACLE_STEPS is a number of events")
    });
    let played = Cell::new(0_usize);
    while played.get() < steps {
        let config = ProptestConfig {
            cases: 50,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let histories = prop_oneof![
            150 => world::history(1, 30),
            1 => world::history(60, 200),
        ];
        let mut runner = TestRunner::new(config);
        let outcome = runner.run(&histories, |events| {
            played.set(played.get() + play(&events));
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("after {} events: {error}", played.get());
        }
    }
    println!("{} events", played.get());
}

fn play(events: &[Event]) -> usize {
    let mut index = Index::new();
    let mut world = World::default();
    let mut lives = Lives::new();
    for (place, event) in events.iter().enumerate() {
        let before = index.state();
        world.play(event, &mut index);
        let (state, change) = (index.state(), index.take_change());
        // What goes wrong with groups stays wrong, so they are compared after every third event and after the last.
        let far = place % 3 == 0 || place + 1 == events.len();
        Expected::of(&world).check(&state, far);
        check_ids(&state, &mut lives);
        if matches!(event, Event::Again { .. }) {
            assert!(
                change.is_empty(),
                "the same object again changes nothing: {change:?}"
            );
        }
        assert_eq!(before.node_count() == 0, before.nodes().next().is_none());
    }
    events.len()
}

/// A view of some level with what its reader has.
struct Distant {
    query: GraphQuery,
    level: Option<Level>,
    view: LevelView,
    picture: Picture,
    /// The same as it travels.
    drawer: LevelView,
    drawn: Graph,
}

/// Few enough that small worlds are seen at every level.
const BUDGET: u32 = 12;

impl Distant {
    fn new(query: GraphQuery, level: Option<Level>, state: &State) -> Self {
        let mut view = LevelView::parse(&query, level, BUDGET).unwrap();
        let picture = view.snapshot(state).unwrap();
        let mut drawer = view.clone();
        let drawn = drawer.graph(state).unwrap();
        Self {
            query,
            level,
            view,
            picture,
            drawer,
            drawn,
        }
    }

    fn follow(&mut self, state: &State, change: &Change) {
        let fresh = Self::new(self.query.clone(), self.level, state);
        if let Some(delta) = self.view.delta(state, change) {
            assert!(self.picture.apply(&delta));
        }
        assert_eq!(
            self.picture, fresh.picture,
            "{:?} at {:?}",
            self.query, self.level
        );
        assert_eq!(self.view.level(), fresh.view.level());
        match self.drawer.step(state, change) {
            None => {}
            Some(ViewStep::Whole(graph)) => self.drawn = graph,
            Some(ViewStep::Delta(delta)) => {
                assert_eq!(delta.level, self.drawn.level);
                self.drawn.apply(&delta);
            }
        }
        assert_eq!(self.drawn, fresh.drawn, "{:?} at {:?}", self.query, self.level);
        assert_eq!(self.drawn.level, self.view.level());
        for key in self.drawn.edges.keys() {
            assert!(self.drawn.nodes.contains_key(&key.source) && self.drawn.nodes.contains_key(&key.target));
        }
        if let Picture::Groups(groups) = &self.picture {
            for key in groups.edges.keys() {
                assert!(groups.groups.contains_key(&key.source) && groups.groups.contains_key(&key.target));
            }
            for group in groups.groups.values().filter(|group| group.outside) {
                assert!(
                    groups
                        .edges
                        .keys()
                        .any(|key| key.source == group.id || key.target == group.id)
                );
            }
        }
    }
}

fn distant(state: &State) -> Vec<Distant> {
    let levels = [
        None,
        Some(Level::Cluster),
        Some(Level::Namespace),
        Some(Level::Application),
    ];
    let queries = views().into_iter().filter(|query| query.focus.is_none());
    queries
        .flat_map(|query| levels.map(|level| Distant::new(query.clone(), level, state)))
        .collect()
}

/// Plays a history to some followers, who are woken now and then.
fn follow_all<F>(
    events: &[world::Event],
    start: impl FnOnce(&State) -> Vec<F>,
    follow: impl Fn(&mut F, &State, &Change),
) {
    let mut index = Index::new();
    let mut world = World::default();
    let mut followed = start(&index.state());
    let mut since = Change::default();
    for event in events {
        world.play(event, &mut index);
        since.merge(&index.take_change());
        if world.wakes_up(event) {
            let state = index.state();
            for follower in &mut followed {
                follow(follower, &state, &since);
            }
            since = Change::default();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn views_that_follow_by_deltas_equal_fresh_ones(events in world::history(1, 200)) {
        let start = |state: &State| views().into_iter().map(|query| Followed::new(query, state)).collect();
        follow_all(&events, start, Followed::follow);
    }

    #[test]
    fn distant_views_that_follow_by_deltas_equal_fresh_ones(events in world::history(1, 100)) {
        follow_all(&events, distant, Distant::follow);
    }

    #[test]
    fn lists_equal_a_sorted_slice(
        events in prop::collection::vec(world::event(), 1..120),
        offset in 0_u32..12,
        len in 0_u32..12,
        sort in prop::sample::select(vec!["", "name", "-name", "namespace,-age", "restarts,-name", "-status", "health"]),
        namespaces in prop::sample::select(vec![vec![], vec!["a"], vec!["b", "a"]]),
        filter in prop::sample::select(vec!["", "p1", "-p1", "restarts>0", "status:run"]),
        selector in prop::sample::select(vec!["", "app=x", "app!=x", "tier"]),
    ) {
        let mut index = Index::new();
        let mut world = World::default();
        for event in &events {
            world.play(event, &mut index);
        }
        let state = index.state();
        let mut query = ListQuery {
            kind: "pods".to_owned(),
            namespaces: namespaces.iter().map(ToString::to_string).collect(),
            selector: selector.to_owned(),
            filter: filter.to_owned(),
            sort: sort.split(',').filter(|key| !key.is_empty()).map(|key| key.parse().unwrap()).collect(),
            offset: 0,
            len: u32::MAX,
        };
        let all = ListView::parse(&query, &state).unwrap().window(&state, NOW);
        (query.offset, query.len) = (offset, len);
        let window = ListView::parse(&query, &state).unwrap().window(&state, NOW);
        prop_assert_eq!((window.total, window.matched), (all.total, all.matched));
        prop_assert_eq!(all.matched as usize, all.rows.len());
        let expected: Vec<_> = all.rows.iter().skip(offset as usize).take(len as usize).cloned().collect();
        prop_assert_eq!(&window.rows, &expected);
        let pods = world.live(KindId::of("Pod").unwrap());
        let within: Vec<_> = pods
            .iter()
            .filter(|facts| namespaces.is_empty() || namespaces.contains(&facts.key.namespace.as_deref().unwrap()))
            .collect();
        prop_assert_eq!(window.total as usize, within.len());
        let mut wanted: Vec<_> = within
            .into_iter()
            .filter(|facts| world::wanted(facts, filter, selector))
            .collect();
        wanted.sort_by(|a, b| world::order(a, b, sort));
        let wanted: Vec<_> = wanted.iter().map(|facts| facts.key.node_key()).collect();
        let listed: Vec<_> = all.rows.iter().map(|row| row.key.clone()).collect();
        prop_assert_eq!(listed, wanted);
    }
}
