//! What an event costs must not depend on the size of the cluster.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

#[path = "scale/cluster.rs"]
mod cluster;

use model::KindId;
use std::time::Duration;

/// The resident memory of this process, in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    pages * 4 / 1024
}

#[test]
fn a_pod_that_crashes_touches_itself_and_its_owners() {
    let mut index = cluster::index(1_000);
    index.take_change();
    let facts = cluster::read("Pod", &cluster::pod(7, 3), index.symbols());
    index.upsert(facts);
    let change = index.take_change();
    assert_eq!(
        (change.nodes().count(), change.edges().count()),
        (3, 0),
        "{change:?}"
    );
    let state = index.state();
    let deployment = state
        .node_by_key(&"Deployment/team-0/app-0".parse().unwrap())
        .unwrap();
    assert_eq!(deployment.owned().unwrap().health, model::Health::Warning);
}

#[test]
fn a_packed_state_is_the_same() {
    let mut index = cluster::index(2_000);
    index.take_change();
    let before = index.state();
    index.pack();
    let after = index.state();
    assert!(index.take_change().is_empty());
    assert!(before.nodes().eq(after.nodes()));
    assert!(before.edges().eq(after.edges()));
    let groups = |state: &topology::State| -> Vec<String> {
        let levels = [model::level::Level::Namespace, model::level::Level::Application];
        let of = |level| state.groups().of(level, None).map(|group| format!("{group:?}"));
        levels.into_iter().flat_map(of).collect()
    };
    assert_eq!(groups(&before), groups(&after));
    for entry in before.nodes() {
        assert_eq!(after.find(entry.key()), Some(entry));
        assert!(before.incoming(entry.id()).eq(after.incoming(entry.id())));
    }
}

/// `cargo test --release -p topology --test scale -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn cost_of_an_event() {
    for pods in [1_000, 10_000, 100_000] {
        let before = resident();
        let start = cluster::processor_time();
        let mut index = cluster::index(pods);
        let (filled, memory) = (
            cluster::processor_time() - start,
            resident().saturating_sub(before),
        );
        index.take_change();
        let state = index.state();
        println!(
            "{pods} pods: {} nodes, {} edges in {filled:?}, {memory} MiB, {} strings",
            state.node_count(),
            state.edge_count(),
            index.symbols().len(),
        );
        let kind = KindId::of("Pod").unwrap();
        let mut timed = |what: &str, event: &dyn Fn(&mut topology::Index, usize) -> Duration| {
            let rounds = 1_000;
            let mut total = Duration::ZERO;
            let mut published = index.state();
            for round in 0..rounds {
                total += event(&mut index, round * 7 % pods);
                index.take_change();
                // A reader holds the last state, so the writer copies what it changes.
                published = index.state();
            }
            drop(published);
            println!("  {what}: {:?}", total / rounds as u32);
        };
        timed("status of a pod", &|index, number| {
            let facts = cluster::read("Pod", &cluster::pod(number, 3), index.symbols());
            let start = cluster::processor_time();
            index.upsert(facts);
            cluster::processor_time() - start
        });
        timed("delete and create of a pod", &|index, number| {
            let facts = cluster::read("Pod", &cluster::pod(number, 0), index.symbols());
            let start = cluster::processor_time();
            index.remove(kind, facts.key.namespace.as_deref(), &facts.key.name, None);
            index.upsert(facts.clone());
            cluster::processor_time() - start
        });
        let pod = cluster::pod(7, 0).to_string();
        timed("reading a pod", &|index, _| {
            let start = cluster::processor_time();
            topology::kinds::read(kind, pod.as_bytes(), index.symbols()).unwrap();
            cluster::processor_time() - start
        });
    }
}
