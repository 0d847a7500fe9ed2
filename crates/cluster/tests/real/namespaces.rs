//! Users who may see some namespaces only.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cluster::{Engine, Published};
use control_plane::{ControlPlane, User};
use model::cluster::ConnectionProblem;
use model::graph::Relation;
use model::{ClusterStatus, KindId, NodeKey};
use serde_json::json;

use crate::plane::{blocking, deployment, pods, shared};
use crate::proxy::Proxy;
use crate::rig::{LIMIT, Rig, equals_a_fresh_list, is_live, wait};

fn kind(name: &str) -> KindId {
    KindId::of(name).unwrap()
}

/// The namespaces in which pods are seen, if not all are.
fn limit(state: &Published) -> Option<Vec<String>> {
    state.limit(kind("Pod")).map(|limit| limit.namespaces.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_see_one_namespace_sees_all_of_it() {
    let plane = shared().await;
    let kubeconfig = plane.kubeconfig(User::TeamA);
    let rig = Rig::new(vec![kubeconfig.clone()]);
    let engine = rig.engine();
    let (state, took) = wait(&engine, "synced", is_live).await;
    println!("synced in {took:?}");
    assert_eq!(state.status, ClusterStatus::Connected);
    assert_eq!(limit(&state), Some(vec!["team-a".to_owned()]));
    assert!(state.is_synced(kind("Secret")), "{:?}", state.sync);
    let message = &state.limit(kind("Pod")).unwrap().message;
    assert!(message.contains("cannot list resource"), "{message}");
    // What lives in no namespace is denied as ever, and totals that are not known are not given.
    let denied = |name: &str| state.sync.denied.iter().any(|problem| problem.kind == name);
    assert!(
        denied("Node") && denied("Namespace") && !denied("Pod"),
        "{:?}",
        state.sync.denied
    );
    assert!(
        state
            .sync
            .denied
            .iter()
            .all(|problem| problem.namespace.is_none())
    );
    let counts = state.counts.unwrap();
    assert_eq!(
        (counts.pods, counts.nodes, counts.namespaces),
        (Some(0), None, None)
    );
    assert!(state.sync.failed.is_empty());

    blocking(|| plane.apply("team-a", &deployment("mine", 2)).unwrap()).await;
    blocking(|| plane.apply("default", &deployment("theirs", 1)).unwrap()).await;
    let (state, _) = wait(&engine, "two pods", |state| pods(state, "team-a").len() == 2).await;
    let owner = state
        .state
        .node_by_key(&NodeKey::new("Deployment", Some("team-a"), "mine"));
    let owns = state.state.outgoing(owner.unwrap().id());
    assert_eq!(owns.filter(|(key, _)| key.relation == Relation::Owns).count(), 1);
    let elsewhere = |state: &Published| {
        let live = state.state.nodes().filter(|entry| entry.facts().is_some());
        live.filter(|entry| entry.key().namespace.as_deref() != Some("team-a"))
            .count()
    };
    assert_eq!(elsewhere(&state), 0, "nothing of other namespaces");
    equals_a_fresh_list(&engine, kubeconfig.clone()).await;

    blocking(|| {
        let delete = ["delete", "deployment", "mine", "--namespace", "team-a"];
        plane.run_kubectl(delete).unwrap()
    })
    .await;
    wait(&engine, "no pods", |state| pods(state, "team-a").is_empty()).await;
    equals_a_fresh_list(&engine, kubeconfig).await;
    blocking(|| plane.run_kubectl(["delete", "deployment", "theirs"]).unwrap()).await;
    rig.end().await;
}

/// A kubeconfig for a service account of a namespace, by way of a server at `url`.
fn service_account(plane: &ControlPlane, folder: &Path, namespace: &str, url: &str) -> PathBuf {
    plane
        .run_kubectl(["create", "serviceaccount", "somebody", "--namespace", namespace])
        .unwrap();
    let token = plane
        .run_kubectl(["create", "token", "somebody", "--namespace", namespace])
        .unwrap();
    let (ca, file) = (folder.join("ca.crt"), folder.join("config"));
    std::fs::write(&ca, plane.ca_pem()).unwrap();
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{"name": "it", "cluster": {"server": url, "certificate-authority": ca}}],
        "users": [{"name": "it", "user": {"token": token.trim()}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it", "namespace": namespace}}],
    });
    std::fs::write(&file, config.to_string()).unwrap();
    file
}

/// Asks for another attempt until a state is so: rights take a moment to reach all of the API server.
async fn retry_until(engine: &Engine, what: &str, is_so: impl Fn(&Published) -> bool) {
    let mut states = engine.subscribe();
    let found = async {
        loop {
            engine.retry();
            let found = states.wait_for(|state| is_so(state));
            if tokio::time::timeout(Duration::from_secs(10), found).await.is_ok() {
                return;
            }
        }
    };
    if tokio::time::timeout(LIMIT, found).await.is_err() {
        panic!("not within {LIMIT:?}: {what}: {:#?}", engine.published().sync);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_that_are_granted_and_withdrawn_are_followed() {
    let plane = shared().await;
    let proxy = Proxy::to(plane.server_url());
    let folder = tempfile::tempdir().unwrap();
    let namespace = blocking(|| plane.namespace("rights").unwrap()).await;
    let (path, own, url) = (folder.path().to_owned(), namespace.clone(), proxy.url());
    let kubeconfig = blocking(move || service_account(plane, &path, &own, &url)).await;
    let kubectl = async |args: &[&str]| {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        blocking(move || plane.run_kubectl(args).unwrap()).await;
    };
    let place = namespace.clone();
    blocking(move || plane.apply(&place, &deployment("shop", 1)).unwrap()).await;
    let account = format!("--serviceaccount={namespace}:somebody");

    let rig = Rig::new(vec![kubeconfig.clone()]);
    let engine = rig.engine();
    let (state, _) = wait(&engine, "all is denied", |state| state.sync.complete).await;
    assert_eq!(state.reason.as_ref().unwrap().code, ConnectionProblem::Forbidden);

    let role = "--clusterrole=view";
    let binding = [
        "create",
        "rolebinding",
        "it",
        role,
        &account,
        "--namespace",
        &namespace,
    ];
    kubectl(&binding).await;
    let own = Some(vec![namespace.clone()]);
    let sees_own =
        |state: &Published| is_live(state) && limit(state) == own && pods(state, &namespace).len() == 1;
    retry_until(&engine, "the namespace is seen", sees_own).await;
    assert_eq!(engine.published().status, ClusterStatus::Connected);
    equals_a_fresh_list(&engine, kubeconfig.clone()).await;

    kubectl(&["create", "clusterrolebinding", &namespace, role, &account]).await;
    let sees_all = |state: &Published| {
        is_live(state)
            && state.is_synced(kind("Pod"))
            && limit(state).is_none()
            && state.is_synced(kind("Namespace"))
    };
    retry_until(&engine, "all namespaces are seen", sees_all).await;
    equals_a_fresh_list(&engine, kubeconfig.clone()).await;

    // A watch that is open stays open: rights are looked at when it starts.
    kubectl(&["delete", "clusterrolebinding", &namespace]).await;
    proxy.cut_within(Duration::from_millis(1));
    wait(&engine, "the connections are cut", |state| !is_live(state)).await;
    proxy.cut_within(Duration::MAX);
    retry_until(&engine, "the namespace is seen again, and no other", sees_own).await;
    equals_a_fresh_list(&engine, kubeconfig).await;

    kubectl(&["delete", "rolebinding", "it", "--namespace", &namespace]).await;
    proxy.cut_within(Duration::from_millis(1));
    wait(&engine, "the connections are cut", |state| !is_live(state)).await;
    proxy.cut_within(Duration::MAX);
    let nothing = |state: &Published| {
        state.sync.complete && state.state.count(KindId::of("Pod").unwrap()) == 0 && limit(state).is_none()
    };
    retry_until(&engine, "nothing is seen", nothing).await;
    rig.end().await;
}
