//! The whole crate against a real control plane.

// The lints know `#[test]` functions, not the helpers beside them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod kinds;
mod namespaces;
mod plane;
mod printed;
mod proxy;
#[path = "../support/rig.rs"]
mod rig;

use std::sync::Arc;
use std::time::Duration;

use cluster::{Engine, Since};
use control_plane::{Component, ControlPlane, Options, User};
use model::cluster::ConnectionProblem;
use model::graph::Relation;
use model::kind::KINDS;
use model::{ClusterId, ClusterStatus, KindId, NodeKey};

use plane::{blocking, deployment, pods, shared};
use proxy::Proxy;
use rig::{LIMIT, Rig, equals_a_fresh_list, is_live, wait};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_appears_with_its_edges_and_goes_again() {
    let plane = shared().await;
    let namespace = blocking(|| plane.namespace("cluster-test").unwrap()).await;
    let rig = Rig::new(vec![plane.kubeconfig(User::Admin)]);
    let engine = rig.engine();
    let (synced, took) = wait(&engine, "synced", is_live).await;
    println!("synced in {took:?}: {:?}", synced.counts);
    assert_eq!(synced.sync.synced, synced.sync.kinds);
    let found = synced.state.kinds().filter(|kind| kind.is_discovered()).count();
    assert!(found > 5, "Endpoints, ControllerRevisions and more: {found}");
    assert_eq!(
        synced.sync.kinds as usize + synced.unserved.len(),
        KINDS.len() + found
    );
    assert!(
        synced.sync.denied.is_empty() && synced.sync.failed.is_empty() && synced.sync.skipped == 0,
        "{:?}",
        synced.sync
    );
    assert_eq!(synced.version.as_deref(), Some("v1.36.3"));
    assert!(synced.counts.unwrap().nodes.unwrap() >= 2);

    let place = namespace.clone();
    blocking(move || plane.apply(&place, &deployment("shop", 3)).unwrap()).await;
    let (state, took) = wait(&engine, "three pods run", |state| {
        let running = pods(state, &namespace).into_iter().filter(|key| {
            let entry = state.state.node_by_key(key);
            entry
                .and_then(|entry| entry.facts())
                .is_some_and(|facts| facts.status.word == "Running")
        });
        running.count() == 3
    })
    .await;
    println!("three pods run after {took:?}");
    let find = |key: NodeKey| state.state.node_by_key(&key).unwrap().id();
    let deployment = find(NodeKey::new("Deployment", Some(&namespace), "shop"));
    let sets: Vec<_> = state
        .state
        .outgoing(deployment)
        .filter(|(key, _)| key.relation == Relation::Owns)
        .collect();
    assert_eq!(sets.len(), 1);
    let owned: Vec<_> = state
        .state
        .outgoing(sets[0].0.target)
        .filter(|(key, _)| key.relation == Relation::Owns)
        .collect();
    assert_eq!(owned.len(), 3);

    // The cursor leads from the first state to this one and names what is new.
    match engine.since(synced.epoch) {
        Since::Changed {
            to,
            change,
            published,
            ..
        } => {
            assert_eq!(to, published.epoch);
            assert!(change.node(deployment).is_some());
        }
        other => panic!("{other:?}"),
    }
    equals_a_fresh_list(&engine, plane.kubeconfig(User::Admin)).await;

    let gone = namespace.clone();
    blocking(move || {
        plane
            .run_kubectl(["delete", "deployment", "shop", "-n", &gone])
            .unwrap()
    })
    .await;
    wait(&engine, "no pods", |state| pods(state, &namespace).is_empty()).await;
    equals_a_fresh_list(&engine, plane.kubeconfig(User::Admin)).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_user_may_not_see_is_named_and_the_rest_lives() {
    let plane = shared().await;
    let rig = Rig::new(vec![
        plane.kubeconfig(User::NoSecrets),
        plane.kubeconfig(User::Nobody),
    ]);
    let engine = rig.engine();
    let (state, _) = wait(&engine, "synced", is_live).await;
    // What this role knows nothing of, such as FlowSchemas or the definitions of other tests, is denied too.
    let is_of_table = |kind: &str| KindId::of(kind).is_some_and(|kind| !kind.is_discovered());
    let denied: Vec<_> = state
        .sync
        .denied
        .iter()
        .filter(|problem| is_of_table(&problem.kind))
        .map(|problem| (problem.kind.as_str(), problem.verb.as_str()))
        .collect();
    assert_eq!(denied, [("Secret", "list")]);
    assert!(
        state.sync.denied[0].message.contains("secrets is forbidden"),
        "{:?}",
        state.sync.denied
    );
    let all_denied = u32::try_from(state.sync.denied.len()).unwrap();
    assert_eq!(state.sync.synced, state.sync.kinds - all_denied);
    assert!(state.sync.complete && state.counts.is_some());
    let secret = KindId::of("Secret").unwrap();
    assert_eq!(state.state.objects(secret, &[]).count(), 0);

    let (_, clusters) = rig.registry.clusters();
    let nobody = rig.registry.engine(&clusters[1].id).unwrap();
    let (state, _) = wait(&nobody, "all denied", |state| state.sync.complete).await;
    assert_eq!(state.status, ClusterStatus::Error);
    assert_eq!(state.reason.as_ref().unwrap().code, ConnectionProblem::Forbidden);
    assert_eq!(state.counts, None, "unknown is not zero");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_api_server_leaves_a_stale_state_and_comes_back() {
    let plane = Arc::new(blocking(|| ControlPlane::start(Options::default()).unwrap()).await);
    let rig = Rig::new(vec![
        plane.kubeconfig(User::Admin),
        plane.kubeconfig(User::NoSecrets),
    ]);
    let (_, clusters) = rig.registry.clusters();
    let engines: Vec<Engine> = clusters
        .iter()
        .map(|cluster| rig.registry.engine(&cluster.id).unwrap())
        .collect();
    let engine = &engines[0];
    for engine in &engines {
        wait(engine, "synced", is_live).await;
    }
    let control = plane.clone();
    blocking(move || control.apply("default", &deployment("shop", 2)).unwrap()).await;
    let (before, _) = wait(engine, "two pods", |state| pods(state, "default").len() == 2).await;

    let control = plane.clone();
    blocking(move || control.stop_api_server().unwrap()).await;
    for engine in &engines {
        let (state, took) = wait(engine, "stale", |state| state.stale_since.is_some()).await;
        println!("stale after {took:?}: {}", state.reason.as_ref().unwrap().message);
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(state.status, ClusterStatus::Disconnected);
        assert_eq!(state.reason.as_ref().unwrap().code, ConnectionProblem::Refused);
    }
    assert_eq!(
        pods(&engine.published(), "default"),
        pods(&before, "default"),
        "the last state is kept"
    );
    assert!(engine.published().counts.is_some());

    // Long enough for the pauses to grow.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let control = plane.clone();
    blocking(move || control.start_api_server().unwrap()).await;
    for engine in &engines {
        let (_, took) = wait(engine, "live again", is_live).await;
        println!("live again {took:?} after it was ready");
        // About a second on a quiet machine.
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    let control = plane.clone();
    blocking(move || control.apply("default", &deployment("later", 2)).unwrap()).await;
    wait(engine, "the watches follow again", |state| {
        pods(state, "default").len() == 4
    })
    .await;
    equals_a_fresh_list(engine, plane.kubeconfig(User::Admin)).await;

    // Connections that stay open while nobody answers.
    let control = plane.clone();
    blocking(move || control.pause(Component::ApiServer).unwrap()).await;
    let (state, took) = wait(engine, "stale", |state| state.stale_since.is_some()).await;
    println!(
        "stale {took:?} after it was frozen: {}",
        state.reason.as_ref().unwrap().message
    );
    assert_eq!(state.reason.as_ref().unwrap().code, ConnectionProblem::Timeout);
    let control = plane.clone();
    blocking(move || control.resume(Component::ApiServer).unwrap()).await;
    let (_, took) = wait(engine, "live again", is_live).await;
    println!("live again {took:?} after it went on");
    equals_a_fresh_list(engine, plane.kubeconfig(User::Admin)).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_context_delays_no_other() {
    let plane = shared().await;
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("bad");
    let text = "contexts: [{name: gone, context: {cluster: gone}}, {name: dangling, context: {cluster: x}}]\n\
        clusters: [{name: gone, cluster: {server: 'https://127.0.0.1:1'}}]\n";
    std::fs::write(&bad, text).unwrap();
    let empty = dir.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let rig = Rig::new(vec![empty.clone(), bad, plane.kubeconfig(User::Admin)]);
    let (_, clusters) = rig.registry.clusters();
    assert_eq!(clusters.len(), 3);
    assert_eq!(rig.registry.file_problems()[0].path, empty);
    let mut states = rig.registry.subscribe();
    let settled = states
        .wait_for(|(_, clusters)| clusters[0].status == ClusterStatus::Error && clusters[2].sync.complete);
    let (_, clusters) = tokio::time::timeout(LIMIT, settled)
        .await
        .unwrap()
        .unwrap()
        .clone();
    assert_eq!(
        clusters[0].status_reason.as_ref().unwrap().code,
        ConnectionProblem::Refused
    );
    assert_eq!(
        clusters[1].status_reason.as_ref().unwrap().code,
        ConnectionProblem::Kubeconfig
    );
    assert!(rig.registry.engine(&clusters[1].id).is_none());
    assert_eq!(clusters[2].status, ClusterStatus::Connected);
    assert!(clusters[2].counts.is_some());
    assert_eq!(rig.registry.current(), Some(clusters[2].id.clone()));
    assert!(rig.registry.retry(&clusters[0].id) && !rig.registry.retry(&ClusterId::from("no-such")));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_all_the_time_lose_nothing() {
    let plane = shared().await;
    let proxy = Proxy::to(plane.server_url());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let text = std::fs::read_to_string(plane.kubeconfig(User::Admin)).unwrap();
    std::fs::write(&file, text.replace(plane.server_url(), &proxy.url())).unwrap();
    let namespace = blocking(|| plane.namespace("cut").unwrap()).await;
    let rig = Rig::new(vec![file]);
    let engine = rig.engine();
    wait(&engine, "synced", is_live).await;

    proxy.cut_within(Duration::from_millis(400));
    let place = namespace.clone();
    blocking(move || {
        for round in 0..6 {
            for name in ["one", "two", "three"] {
                plane
                    .apply(&place, &deployment(name, (round * 2 + 1) % 5))
                    .unwrap();
            }
            plane
                .run_kubectl(["delete", "deployment", "two", "--namespace", &place])
                .unwrap();
        }
    })
    .await;
    let cuts = proxy.cuts();
    proxy.cut_within(Duration::MAX);
    println!("{cuts} connections cut");
    assert!(cuts > 100, "{cuts}");
    wait(&engine, "live", is_live).await;
    equals_a_fresh_list(&engine, plane.kubeconfig(User::Admin)).await;
    assert_eq!(engine.published().sync.skipped, 0);
    let relists: u64 = engine.diagnostics().kinds.iter().map(|kind| kind.lists - 1).sum();
    println!("{relists} lists more than the first of each kind");
    rig.end().await;
}
