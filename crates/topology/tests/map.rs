//! The map of cells: nothing overlaps, everything lies in its parent, and what does not change does not move.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

#[path = "scale/cluster.rs"]
mod cluster;

use model::level::GroupId;
use model::map::{Map, MapQuery};
use model::{Epoch, Health, KindId, NodeId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use topology::layout::map::{CellMap, HomeBox, SpaceBox, Touched};
use topology::{Index, MapView};

/// A pod of an application of a namespace comes, or goes.
#[derive(Clone, Copy, Debug)]
struct Step {
    application: u32,
    pod: u32,
    comes: bool,
}

fn space_of(application: u32) -> GroupId {
    GroupId(1_000 + application % 7)
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (0_u32..40, 0_u32..60, 0_u8..3).prop_map(|(application, pod, comes)| Step {
        application,
        // Most applications are small, some large.
        pod: if application % 9 == 0 { pod } else { pod % 5 },
        comes: comes > 0,
    });
    proptest::collection::vec(step, 1..most)
}

fn take_step(map: &mut CellMap, step: Step) {
    let pod = NodeId(step.application * 100 + step.pod);
    if step.comes {
        map.put(space_of(step.application), GroupId(step.application), pod);
    } else {
        map.take(pod);
    }
}

fn settle(map: &mut CellMap) -> Touched {
    map.settle(|id| id)
}

type Picture = (BTreeMap<GroupId, SpaceBox>, BTreeMap<GroupId, HomeBox>);

fn picture(map: &CellMap) -> Picture {
    let spaces = map.spaces().map(|id| (id, map.space(id).unwrap()));
    let homes = map.homes().map(|id| (id, map.home(id).unwrap()));
    (spaces.collect(), homes.collect())
}

fn is_apart(a: (u32, u32, u32, u32), b: (u32, u32, u32, u32)) -> bool {
    a.0 + a.2 <= b.0 || b.0 + b.2 <= a.0 || a.1 + a.3 <= b.1 || b.1 + b.3 <= a.1
}

/// Nothing overlaps, all are inside, each pod has one cell of its application's box.
fn check(map: &CellMap, pods: &BTreeMap<NodeId, u32>) {
    let (spaces, homes) = picture(map);
    let boxes: Vec<_> = spaces
        .values()
        .map(|space| (space.at.x, space.at.y, space.width, space.height))
        .collect();
    for (index, one) in boxes.iter().enumerate() {
        for other in &boxes[..index] {
            assert!(is_apart(*one, *other), "{one:?} {other:?}");
        }
    }
    for (id, home) in &homes {
        let space = &spaces[&home.space];
        assert_eq!(home.space, space_of(id.0));
        assert!(
            home.at.x >= 1 && home.at.y > space.header,
            "{home:?} in {space:?}"
        );
        assert!(home.at.x + home.shape.columns <= space.width);
        assert!(home.at.y + home.shape.rows < space.height);
        for (other, place) in homes.iter().filter(|(other, _)| *other < id) {
            let area = |home: &HomeBox| {
                (
                    home.at.x,
                    home.at.y - 1,
                    home.shape.columns + 1,
                    home.shape.rows + 1,
                )
            };
            let apart = home.space != place.space || is_apart(area(home), area(place));
            assert!(apart, "{id:?} {home:?} and {other:?} {place:?}");
        }
    }
    let cells: BTreeSet<(GroupId, u32)> = pods.keys().map(|pod| map.cell(*pod).unwrap()).collect();
    assert_eq!(cells.len(), pods.len(), "a cell has one pod");
    for (pod, application) in pods {
        let (home, slot) = map.cell(*pod).unwrap();
        assert_eq!(
            (home, map.occupant(home, slot)),
            (GroupId(*application), Some(*pod))
        );
        assert!(slot < homes[&home].shape.cells());
    }
    let applications: BTreeSet<GroupId> = pods.values().map(|id| GroupId(*id)).collect();
    assert_eq!(homes.keys().copied().collect::<BTreeSet<_>>(), applications);
    let expected: BTreeSet<GroupId> = applications.iter().map(|id| space_of(id.0)).collect();
    assert_eq!(spaces.keys().copied().collect::<BTreeSet<_>>(), expected);
}

fn pods(steps: &[Step]) -> BTreeMap<NodeId, u32> {
    let mut pods = BTreeMap::new();
    for step in steps {
        let pod = NodeId(step.application * 100 + step.pod);
        if step.comes {
            pods.insert(pod, step.application);
        } else {
            pods.remove(&pod);
        }
    }
    pods
}

/// Where every pod is drawn.
fn cells(map: &CellMap, pods: impl Iterator<Item = NodeId>) -> BTreeMap<NodeId, (u32, u32)> {
    let place = |pod: NodeId| {
        let (home, slot) = map.cell(pod)?;
        let own = map.home(home)?;
        let space = map.space(own.space)?;
        let x = space.at.x + own.at.x + slot % own.shape.columns;
        let y = space.at.y + own.at.y + slot / own.shape.columns;
        Some((pod, (x, y)))
    };
    pods.filter_map(place).collect()
}

proptest! {
    #[test]
    fn whatever_happens_nothing_overlaps_and_all_is_in_its_parent(steps in steps(400), every in 1_usize..40) {
        let mut map = CellMap::default();
        for batch in steps.chunks(every) {
            for step in batch {
                take_step(&mut map, *step);
            }
            settle(&mut map);
        }
        check(&map, &pods(&steps));
    }

    /// What is not said to be touched is where it was, and has in it what it had.
    #[test]
    fn what_is_not_touched_is_as_it_was(steps in steps(300), every in 1_usize..20) {
        let mut map = CellMap::default();
        for batch in steps.chunks(every) {
            let (before, was) = (picture(&map), map.clone());
            for step in batch {
                take_step(&mut map, *step);
            }
            let touched = settle(&mut map);
            let after = picture(&map);
            for id in before.0.keys().chain(after.0.keys()) {
                prop_assert!(before.0.get(id) == after.0.get(id) || touched.spaces.contains(id));
            }
            for id in before.1.keys().chain(after.1.keys()).filter(|id| !touched.homes.contains(id)) {
                prop_assert_eq!(before.1.get(id), after.1.get(id));
                for (slot, (old, new)) in was.occupants(*id).zip(map.occupants(*id)).enumerate() {
                    prop_assert!(old == new || touched.cells.contains(&(*id, slot as u32)));
                }
            }
        }
    }

    /// One pod that comes or goes moves only what belongs to its application, or its namespace as a whole.
    #[test]
    fn an_unrelated_change_moves_nothing(begin in steps(300), step in (0_u32..40, 0_u32..60, any::<bool>())) {
        let mut map = CellMap::default();
        for step in &begin {
            take_step(&mut map, *step);
        }
        settle(&mut map);
        let step = Step { application: step.0, pod: step.1, comes: step.2 };
        let others = pods(&begin).into_iter().filter(|(_, application)| space_of(*application) != space_of(step.application));
        let others: Vec<NodeId> = others.map(|(pod, _)| pod).collect();
        let before = cells(&map, others.iter().copied());
        take_step(&mut map, step);
        settle(&mut map);
        prop_assert_eq!(before, cells(&map, others.into_iter()));
    }

    /// Begun anew, the picture follows from the set.
    #[test]
    fn a_map_that_is_begun_with_a_set_does_not_depend_on_its_order(begin in steps(300), seed in any::<u64>()) {
        let mut set: Vec<(NodeId, u32)> = pods(&begin).into_iter().collect();
        let map = |set: &[(NodeId, u32)]| {
            let mut map = CellMap::default();
            for (pod, application) in set {
                map.put(space_of(*application), GroupId(*application), *pod);
            }
            settle(&mut map);
            picture(&map)
        };
        let one = map(&set);
        let len = set.len();
        for at in 0..len {
            set.swap(at, (seed as usize).wrapping_mul(at + 7) % len);
        }
        prop_assert_eq!(one, map(&set));
    }
}

fn map_of(sizes: &[u32]) -> CellMap {
    let mut map = CellMap::default();
    for (application, pods) in sizes.iter().enumerate() {
        for pod in 0..*pods {
            let application = application as u32;
            let pod = NodeId(application * 10_000 + pod);
            map.put(GroupId(1_000 + application / 20), GroupId(application), pod);
        }
    }
    settle(&mut map);
    map
}

#[test]
fn growth_fills_spare_cells_and_a_pod_keeps_its_cell() {
    let mut map = map_of(&[10, 40, 3]);
    let (before, id) = (picture(&map), GroupId(0));
    assert!(map.home(id).unwrap().shape.cells() >= 12);
    map.take(NodeId(4));
    assert_eq!(settle(&mut map).cells, [(id, 4)].into());
    map.put(GroupId(1_000), id, NodeId(77));
    let touched = settle(&mut map);
    assert_eq!(
        map.cell(NodeId(77)),
        Some((id, 4)),
        "the lowest free cell is taken"
    );
    assert!(
        touched.homes.is_empty() && touched.spaces.is_empty(),
        "{touched:?}"
    );
    assert_eq!(picture(&map), before);
    assert_eq!(map.cell(NodeId(9)), Some((id, 9)));
}

/// An application that outgrows its box takes another place in its namespace; all others stay, in other namespaces too.
#[test]
fn a_box_that_outgrows_its_class_moves_alone() {
    let sizes: Vec<u32> = (0..200).map(|number| 3 + number % 17).collect();
    let mut map = map_of(&sizes);
    let (mut moved, mut moves) = (0, 0);
    for round in 0..1_600_u32 {
        let before = picture(&map);
        let id = GroupId(round % 200);
        map.put(
            map.home(id).unwrap().space,
            id,
            NodeId(id.0 * 10_000 + 5_000 + round),
        );
        let touched = settle(&mut map);
        let after = picture(&map);
        moves += usize::from(!touched.homes.is_empty());
        let others = before.1.iter().filter(|(own, _)| **own != id);
        for (own, home) in others {
            // In its namespace: but for the heading, which is higher in a larger one.
            moved += usize::from(after.1[own].at.x != home.at.x);
        }
        for (own, space) in before
            .0
            .iter()
            .filter(|(own, _)| **own != map.home(id).unwrap().space)
        {
            assert_eq!(after.0[own], *space);
        }
    }
    assert!(moves > 20, "{moves}");
    assert_eq!(moved, 0);
}

/// The picture is about as wide as a screen, and not mostly empty.
#[test]
fn the_picture_is_wide_and_dense() {
    let sizes: Vec<u32> = (0..600).map(|number| 1 + number * number % 97).collect();
    let map = map_of(&sizes);
    let (spaces, _) = picture(&map);
    let width = spaces
        .values()
        .map(|space| space.at.x + space.width)
        .max()
        .unwrap();
    let height = spaces
        .values()
        .map(|space| space.at.y + space.height)
        .max()
        .unwrap();
    let (pods, area) = (sizes.iter().sum::<u32>(), width * height);
    assert!(
        (1.0..2.4).contains(&(f64::from(width) / f64::from(height))),
        "{width} x {height}"
    );
    assert!(area < 4 * pods, "{area} units for {pods} pods");
}

/// A view of the cluster of the other tests, and what a client has of it.
struct Watched {
    index: Index,
    view: MapView,
    client: Map,
    sent: Epoch,
}

impl Watched {
    fn new(pods: usize) -> Self {
        let mut index = cluster::index(pods);
        index.take_change();
        let view = MapView::new(&MapQuery::default(), &index.state(), Epoch(1));
        let client = view.snapshot(&index.state());
        Self {
            index,
            view,
            client,
            sent: Epoch(1),
        }
    }

    fn put(&mut self, pod: usize, restarts: u32) {
        let facts = cluster::read("Pod", &cluster::pod(pod, restarts), self.index.symbols());
        self.index.upsert(facts);
    }

    fn remove(&mut self, pod: usize) {
        let facts = cluster::read("Pod", &cluster::pod(pod, 0), self.index.symbols());
        let kind = KindId::of("Pod").unwrap();
        self.index
            .remove(kind, facts.key.namespace.as_deref(), &facts.key.name, None);
    }

    /// Publishes; the view goes on.
    fn publish(&mut self) {
        let change = self.index.take_change();
        let to = Epoch(self.view.epoch().0 + 1);
        self.view.advance(&self.index.state(), &change, to);
    }

    /// Brings the client up to date, and compares.
    fn follow(&mut self) -> model::map::MapDelta {
        let state = self.index.state();
        let delta = self.view.since(self.sent, &state).unwrap();
        self.client.apply(&delta);
        self.sent = self.view.epoch();
        assert_eq!(self.client, self.view.snapshot(&state));
        delta
    }
}

#[test]
fn a_pod_that_crashes_changes_one_cell_and_few_bytes() {
    let mut watched = Watched::new(510);
    watched.put(7, 3);
    watched.publish();
    let delta = watched.follow();
    assert_eq!(delta.cells.len(), 1, "{delta:?}");
    assert_eq!(delta.cells[0].health, Some(Health::Warning));
    assert!(delta.applications.is_empty() && delta.spaces.is_empty());
    // The same again is no news.
    watched.put(7, 4);
    watched.publish();
    assert!(watched.follow().is_empty());
    watched.remove(7);
    watched.publish();
    assert_eq!(watched.follow().cells[0].health, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The rule of the stream, with clients that skip epochs; and every pod is on the map with its health.
    #[test]
    fn a_delta_leads_from_any_epoch_to_the_present(
        events in proptest::collection::vec((0_usize..90, 0_u8..4, any::<bool>()), 1..120),
    ) {
        let mut watched = Watched::new(40);
        for (pod, what, follows) in events {
            match what {
                0 | 1 => watched.put(pod, 0),
                2 => watched.put(pod, 3),
                _ => watched.remove(pod),
            }
            watched.publish();
            if follows {
                watched.follow();
            }
        }
        watched.follow();
        let state = watched.index.state();
        let mut expected: BTreeMap<Health, usize> = BTreeMap::new();
        for entry in state.objects(KindId::of("Pod").unwrap(), &[]) {
            *expected.entry(entry.health()).or_default() += 1;
        }
        let mut found: BTreeMap<Health, usize> = BTreeMap::new();
        for health in watched.client.applications.values().flat_map(|own| own.cells.0.iter().flatten()) {
            *found.entry(*health).or_default() += 1;
        }
        prop_assert_eq!(found, expected);
        // One that has to look at everything comes to the same.
        let mut renewed = watched.view.clone();
        renewed.renew(&state, Epoch(1 << 40));
        prop_assert_eq!(renewed.snapshot(&state), watched.client);
    }
}

#[test]
fn some_namespaces_have_a_map_of_their_own() {
    let index = cluster::index(1_020);
    let query = MapQuery {
        namespaces: vec!["team-1".into()],
    };
    let map = MapView::new(&query, &index.state(), Epoch(1)).snapshot(&index.state());
    let names: Vec<&str> = map.spaces.values().map(|space| space.name.as_str()).collect();
    assert_eq!(names, ["team-1"]);
    let space = map.spaces.values().next().unwrap();
    assert_eq!((space.x, space.y), (0, 0));
    assert_eq!(
        map.applications.values().map(|own| own.pods().all()).sum::<u32>(),
        500
    );
    let one = map.applications.values().next().unwrap();
    assert!(
        one.name.starts_with("platform/app-") && one.label().starts_with("app-"),
        "{}",
        one.name
    );
}

/// Whose owner comes later changes its application, and with it its cell.
#[test]
fn a_pod_that_finds_its_owner_moves_to_its_application() {
    let mut index = Index::new();
    for kind in KindId::all() {
        index.set_kind_visible(kind, true);
    }
    let mut object = cluster::pod(3, 0);
    object["metadata"]["labels"] = serde_json::json!({});
    let facts = cluster::read("Pod", &object, index.symbols());
    index.upsert(facts);
    index.take_change();
    let mut view = MapView::new(&MapQuery::default(), &index.state(), Epoch(1));
    let name = |view: &MapView, index: &Index| {
        let map = view.snapshot(&index.state());
        map.applications
            .values()
            .map(|own| own.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(name(&view, &index), ["Pod:app-0-7c5b8d9f6-3"]);
    let set = serde_json::json!({"metadata": {"name": "app-0-7c5b8d9f6", "namespace": "team-0", "uid": cluster::uid("rs", 0)}});
    let facts = cluster::read("ReplicaSet", &set, index.symbols());
    index.upsert(facts);
    let change = index.take_change();
    view.advance(&index.state(), &change, Epoch(2));
    assert_eq!(name(&view, &index), ["ReplicaSet:app-0-7c5b8d9f6"]);
}

#[test]
fn an_epoch_that_is_forgotten_has_no_delta() {
    let mut watched = Watched::new(20);
    for round in 0..1_100 {
        watched.put(3, if round % 2 == 0 { 3 } else { 0 });
        watched.publish();
    }
    let state = watched.index.state();
    assert!(watched.view.since(Epoch(1), &state).is_none());
    assert!(
        watched
            .view
            .since(Epoch(watched.view.epoch().0 + 1), &state)
            .is_none()
    );
    assert!(
        watched
            .view
            .since(Epoch(watched.view.epoch().0 - 3), &state)
            .is_some()
    );
}
