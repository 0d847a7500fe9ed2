use super::*;
use model::{KindId, NodeId};
use proptest::prelude::*;
use std::collections::BTreeMap;
use topology::change::Extent;
use topology::{Index, State};

fn published(epoch: Epoch, state: State) -> Arc<Published> {
    Arc::new(Published {
        state,
        ..Published::before_anything(epoch, 0)
    })
}

/// An index that says a few random things about a few pods, with a ring beside it and every state it went through.
struct History {
    ring: Ring,
    states: Vec<Arc<Published>>,
    /// What led from each state to the next.
    changes: Vec<Arc<Change>>,
}

fn history(steps: &[Vec<(u8, u8)>]) -> History {
    let pod = KindId::of("Pod").unwrap();
    let mut index = Index::new();
    let mut epoch = Epoch(100);
    let mut history = History {
        ring: Ring::starting_at(epoch),
        states: vec![published(epoch, index.state())],
        changes: Vec::new(),
    };
    for (number, step) in steps.iter().enumerate() {
        for (name, what) in step {
            let name = format!("pod-{name}");
            // Nodes and service accounts that do not exist make nodes and edges of their own.
            let json = format!(
                r#"{{"metadata":{{"name":"{name}","namespace":"a","uid":"{name}-{}","labels":{{"x":"{what}"}}}},"spec":{{"nodeName":"node-{}","containers":[]}}}}"#,
                what / 4,
                what % 4
            );
            if *what == 0 {
                index.remove(pod, Some("a"), &name, None);
            } else {
                let facts = topology::kinds::read(pod, json.as_bytes(), index.symbols()).unwrap();
                index.upsert(facts);
            }
        }
        let change = Arc::new(index.take_change());
        if change.is_empty() {
            continue;
        }
        epoch = epoch.next();
        let seen_at = Timestamp(i64::try_from(number).unwrap());
        history.ring.push(epoch, change.clone(), seen_at);
        history.changes.push(change);
        history.states.push(published(epoch, index.state()));
    }
    history
}

/// A reader's copy: what it knows of each node and edge.
#[derive(Debug, PartialEq, Eq)]
struct Copy {
    nodes: BTreeMap<NodeId, String>,
    edges: BTreeMap<model::graph::EdgeKey, String>,
}

impl Copy {
    fn of(state: &State) -> Self {
        Self {
            nodes: state
                .nodes()
                .map(|entry| (entry.id(), format!("{entry:?}")))
                .collect(),
            edges: state
                .edges()
                .map(|(key, proof)| (key, format!("{proof:?}")))
                .collect(),
        }
    }

    /// What a session does: takes the ids and reads what they are now.
    fn apply(&mut self, change: &Change, state: &State) {
        for (id, node) in change.nodes() {
            match state.node(id) {
                Some(entry) => {
                    assert_ne!(node.extent, Extent::Removed);
                    self.nodes.insert(id, format!("{entry:?}"));
                }
                None => {
                    self.nodes.remove(&id);
                }
            }
        }
        for (key, _) in change.edges() {
            match state.proof(&key) {
                Some(proof) => self.edges.insert(key, format!("{proof:?}")),
                None => self.edges.remove(&key),
            };
        }
    }
}

proptest! {
    #[test]
    fn one_large_step_equals_many_small_ones(
        steps in proptest::collection::vec(proptest::collection::vec((0_u8..4, 0_u8..12), 1..4), 1..12),
        from in 0_usize..12,
        to in 0_usize..12,
    ) {
        let History { ring, states, changes } = history(&steps);
        let (from, to) = (from.min(states.len() - 1), to.min(states.len() - 1));
        let (from, to) = (from.min(to), from.max(to));
        let target = &states[to];
        let mut copy = Copy::of(&states[from].state);
        let mut merged = Change::default();
        for change in &changes[from..to] {
            merged.merge(change);
        }
        match ring.since(states[from].epoch, target.clone()) {
            Since::Unchanged => prop_assert_eq!(from, to),
            Since::Changed { to: epoch, change, .. } => {
                prop_assert_eq!(epoch, target.epoch);
                prop_assert_eq!(&change, &merged);
                copy.apply(&change, &target.state);
            }
            Since::TooOld => panic!("the ring is long enough"),
        }
        prop_assert_eq!(copy, Copy::of(&target.state));
    }
}

#[test]
fn a_cursor_that_fell_off_or_is_not_ours_gets_the_whole() {
    let mut ring = Ring::starting_at(Epoch(100));
    let at = |epoch| published(Epoch(epoch), State::default());
    assert!(matches!(ring.since(Epoch(100), at(100)), Since::Unchanged));
    assert!(matches!(ring.since(Epoch(99), at(100)), Since::TooOld));
    assert!(
        matches!(ring.since(Epoch(101), at(100)), Since::TooOld),
        "from the future"
    );
    for number in 0..2000 {
        ring.push(Epoch(101 + number), Arc::new(Change::default()), Timestamp(0));
    }
    assert_eq!(ring.size(), (MOST_ENTRIES, 0));
    let floor = 2100 - MOST_ENTRIES as u64;
    assert!(matches!(
        ring.since(Epoch(floor), at(2100)),
        Since::Changed { .. }
    ));
    assert!(matches!(ring.since(Epoch(floor - 1), at(2100)), Since::TooOld));
    // A reader that still holds an older state gets the change up to that state, not further.
    assert!(matches!(
        ring.since(Epoch(2000), at(2050)),
        Since::Changed { to: Epoch(2050), .. }
    ));
    assert!(matches!(ring.since(Epoch(2060), at(2050)), Since::TooOld));
}

#[test]
fn the_newest_event_gives_the_time() {
    let History { ring, states, .. } = history(&[vec![(1, 1)], vec![(2, 1)], vec![(3, 1)]]);
    let Since::Changed { seen_at, .. } = ring.since(states[0].epoch, states[2].clone()) else {
        panic!("nothing changed");
    };
    assert_eq!(seen_at, Timestamp(1));
}

#[test]
fn ids_are_bounded_too() {
    let many: Vec<(u8, u8)> = (0..255).map(|name| (name, 1)).collect();
    let History { ring, states, .. } = history(&[many]);
    let Since::Changed { change, .. } = ring.since(states[0].epoch, states[1].clone()) else {
        panic!("nothing changed");
    };
    let change = Arc::new(change);
    let mut ring = Ring::starting_at(Epoch(0));
    for epoch in 1..=200 {
        ring.push(Epoch(epoch), change.clone(), Timestamp(0));
    }
    let (entries, ids) = ring.size();
    assert!(ids <= MOST_IDS && entries < 200, "{entries} {ids}");
    let at = |epoch| published(Epoch(epoch), State::default());
    let floor = 200 - entries as u64;
    assert!(matches!(ring.since(Epoch(floor - 1), at(200)), Since::TooOld));
    assert!(matches!(ring.since(Epoch(floor), at(200)), Since::Changed { .. }));
}
