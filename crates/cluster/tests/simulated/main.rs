//! The engine against a simulated API server that does everything wrong that happens in production. After each fault the
//! engine's state equals a fresh list, and nothing that it started is left.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod fifty;
#[path = "../support/rig.rs"]
mod rig;
mod walk;

use std::path::PathBuf;
use std::time::Duration;

use cluster::Engine;
use futures::StreamExt;
use model::{ClusterStatus, KindId};
use rig::{Rig, equals_a_fresh_list, is_live, wait};
use serde_json::{Value, json};
use simulator::{Fault, FaultRule, Running, Scale, Scenario, Simulator};
use tempfile::TempDir;
use topology::ListView;

/// A simulated cluster of some hundred objects, and an engine that has read it.
struct Cluster {
    simulated: Running,
    rig: Rig,
    engine: Engine,
    kubeconfig: PathBuf,
    _folder: TempDir,
}

fn small() -> Simulator {
    Simulator::new()
        .scenario(Scenario::Scale(Scale {
            pods: 600,
            seed: 7,
            churn: 0,
        }))
        .admin_token("admin")
}

impl Cluster {
    async fn started_with(faults: Vec<FaultRule>) -> Self {
        let simulated = small().start().await.unwrap();
        for fault in faults {
            simulated.add_fault(fault);
        }
        Self::of(simulated)
    }

    fn of(simulated: Running) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("config");
        std::fs::write(&kubeconfig, simulated.kubeconfig("simulated")).unwrap();
        let rig = Rig::new(vec![kubeconfig.clone()]);
        let engine = rig.engine();
        Self {
            simulated,
            rig,
            engine,
            kubeconfig,
            _folder: folder,
        }
    }

    async fn synced() -> Self {
        let cluster = Self::started_with(Vec::new()).await;
        wait(&cluster.engine, "the first lists are in", is_live).await;
        cluster
    }

    /// Some of everything that happens: pods come, change and go, and one comes back under its name.
    fn live(&self, round: u32) {
        let put = |object: Value| self.simulated.put(object).unwrap();
        let come = format!("comes-{round}");
        put(pod(&come, "Pending"));
        put(pod(&come, "Running"));
        put(pod(
            "stays",
            if round.is_multiple_of(2) {
                "Running"
            } else {
                "Failed"
            },
        ));
        put(pod("goes", "Running"));
        assert!(self.simulated.remove("v1", "Pod", "default", "goes").unwrap());
        put(config_map(&format!("settings-{round}")));
    }

    async fn settles(self) {
        equals_a_fresh_list(&self.engine, self.kubeconfig.clone()).await;
        self.rig.end().await;
        self.simulated.shutdown().await;
    }
}

fn pod(name: &str, phase: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": "shop"}},
        "spec": {"containers": [{"name": "main", "image": "example/shop:1"}], "nodeName": "node-1",
                 "volumes": [{"name": "settings", "configMap": {"name": "settings-0"}}]},
        "status": {"phase": phase},
    })
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {"a": "b"}})
}

const PODS: &str = "/api/v1/pods";

fn refuse(code: u16, retry_after: Option<u32>) -> Fault {
    Fault::Refuse { code, retry_after }
}

/// An event of a pod as a line of a watch.
fn line(kind: &str, object: &Value) -> String {
    format!("{}\n", json!({"type": kind, "object": object}))
}

fn expired() -> String {
    line(
        "ERROR",
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": "too old resource version: 1 (2)", "reason": "Expired", "code": 410}),
    )
}

/// What a watch may suffer, each with its name. All of it is over after some requests.
fn watch_faults() -> Vec<(&'static str, FaultRule)> {
    let on_watch = |fault| FaultRule::on("/api", fault).watch(true);
    let unknown = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {
        "name": "never-was", "namespace": "default", "uid": "no-such-uid", "resourceVersion": "3"}});
    vec![
        ("410 at the start", on_watch(refuse(410, None)).times(20)),
        ("410 in the stream", on_watch(Fault::Inject(expired())).times(20)),
        (
            "closed at once, without a 410",
            on_watch(Fault::EndAfter(0)).times(40),
        ),
        (
            "closed in the middle of a line",
            on_watch(Fault::EndAfter(700)).times(60),
        ),
        (
            "reset in the middle of a line",
            on_watch(Fault::CutAfter(700)).times(60),
        ),
        ("429 with Retry-After", on_watch(refuse(429, Some(1))).times(20)),
        ("429 without", on_watch(refuse(429, None)).times(20)),
        ("500", on_watch(refuse(500, None)).times(20)),
        ("503", on_watch(refuse(503, None)).times(20)),
        ("504", on_watch(refuse(504, None)).times(20)),
        ("401", on_watch(refuse(401, None)).times(20)),
        (
            "an unknown object is deleted",
            FaultRule::on(PODS, Fault::Inject(line("DELETED", &unknown)))
                .watch(true)
                .times(2),
        ),
        (
            "half a line of something else",
            on_watch(Fault::Inject("{\"type\":\n".into())).times(20),
        ),
        (
            "another content type",
            on_watch(Fault::ContentType("text/html".into())).times(20),
        ),
        ("no bookmarks", on_watch(Fault::NoBookmarks)),
        ("everything twice", on_watch(Fault::Duplicate).times(60)),
        ("out of order", on_watch(Fault::Reorder).times(60)),
        (
            "an object of 3 MB",
            FaultRule::on(PODS, Fault::Oversized(3_000_000))
                .watch(true)
                .times(3),
        ),
        (
            "an event that is too large to be read",
            FaultRule::on(PODS, Fault::Oversized(9_000_000))
                .watch(true)
                .times(3),
        ),
        (
            "connections that begin late",
            FaultRule::of_connections(Fault::SlowHandshake(Duration::from_millis(500))).times(20),
        ),
        (
            "a clock that is an hour late",
            FaultRule::on("", Fault::ClockSkew(-3600)),
        ),
        (
            "a slow stream",
            FaultRule::on("/api/v1/configmaps", Fault::Slow(Duration::from_millis(1)))
                .watch(true)
                .times(1),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_recover_from_every_fault() {
    each(watch_faults(), async |name, rule| {
        let begun = std::time::Instant::now();
        let cluster = Cluster::synced().await;
        cluster.live(0);
        cluster.simulated.add_fault(rule);
        // Every stream begins anew, into the fault.
        cluster.simulated.disconnect();
        for round in 1..5 {
            cluster.live(round);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        cluster.settles().await;
        eprintln!("recovered from: {name}, after {:.0?}", begun.elapsed());
    })
    .await;
}

/// Each case on its own, some at a time: most of it is waiting.
async fn each(cases: Vec<(&'static str, FaultRule)>, run: impl AsyncFn(&'static str, FaultRule)) {
    let runs = cases.into_iter().map(|(name, rule)| run(name, rule));
    futures::stream::iter(runs)
        .buffer_unordered(6)
        .collect::<Vec<()>>()
        .await;
}

/// What the first lists may suffer.
fn list_faults() -> Vec<(&'static str, FaultRule)> {
    let on_list = |fault| FaultRule::on("/api", fault).watch(false);
    let later_page = |fault| FaultRule::on(PODS, fault).watch(false).query("continue=");
    vec![
        ("410 while paging", later_page(refuse(410, None)).times(1)),
        ("410 while paging, always", later_page(refuse(410, None))),
        ("a page is cut", later_page(Fault::CutAfter(5000)).times(3)),
        (
            "a page ends too early",
            later_page(Fault::EndAfter(5000)).times(3),
        ),
        (
            "a list that begins late",
            on_list(Fault::DelayFirstByte(Duration::from_secs(2))).times(10),
        ),
        (
            "a slow list",
            FaultRule::on("/api/v1/namespaces", Fault::Slow(Duration::from_micros(200)))
                .watch(false)
                .times(1),
        ),
        ("half a compressed list", on_list(Fault::TruncatedGzip).times(10)),
        (
            "an object of 3 MB",
            on_list(Fault::Oversized(3_000_000)).times(10),
        ),
        ("500 for a while", on_list(refuse(500, None)).times(10)),
        ("429 with Retry-After", on_list(refuse(429, Some(1))).times(10)),
        (
            "another content type",
            on_list(Fault::ContentType("text/html".into())).times(10),
        ),
        (
            "something before the list",
            FaultRule::on(PODS, Fault::Inject("<html>".into()))
                .watch(false)
                .times(3),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_recover_from_every_fault() {
    each(list_faults(), async |name, rule| {
        let begun = std::time::Instant::now();
        let cluster = Cluster::started_with(vec![rule]).await;
        wait(&cluster.engine, name, is_live).await;
        cluster.live(0);
        cluster.simulated.clear_faults();
        cluster.settles().await;
        eprintln!("recovered from: {name}, after {:.0?}", begun.elapsed());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_is_replaced_between_list_and_watch_is_the_new_one() {
    let slow_watch = FaultRule::on(PODS, Fault::DelayFirstByte(Duration::from_secs(1)))
        .watch(true)
        .times(1);
    let cluster = Cluster::started_with(vec![slow_watch]).await;
    let listed = |state: &cluster::Published| state.is_synced(KindId::of("Pod").unwrap());
    cluster.live(0);
    wait(&cluster.engine, "pods are listed", listed).await;
    assert!(cluster.simulated.remove("v1", "Pod", "default", "stays").unwrap());
    cluster.simulated.put(pod("stays", "Pending")).unwrap();
    wait(&cluster.engine, "live", is_live).await;
    cluster.settles().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compaction_under_open_watches_is_survived() {
    let cluster = Cluster::synced().await;
    cluster.live(0);
    cluster.simulated.compact();
    cluster.simulated.disconnect();
    cluster.live(1);
    cluster.settles().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_cannot_be_read_is_counted_and_the_rest_lives() {
    let cluster = Cluster::synced().await;
    let mut broken = pod("broken", "Running");
    broken["spec"] = json!("not an object");
    cluster.simulated.put(broken).unwrap();
    cluster.live(0);
    let skipped = |state: &cluster::Published| state.sync.skipped > 0;
    wait(&cluster.engine, "the broken pod is counted", skipped).await;
    cluster.live(1);
    cluster.settles().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_is_said_and_a_new_one_heals() {
    let cluster = Cluster::synced().await;
    assert!(cluster.simulated.revoke("admin"));
    cluster.simulated.disconnect();
    let refused = |state: &cluster::Published| {
        state.status == ClusterStatus::Disconnected
            && state
                .reason
                .as_ref()
                .is_some_and(|reason| reason.code == model::cluster::ConnectionProblem::Unauthorized)
    };
    wait(&cluster.engine, "401 is said", refused).await;
    cluster
        .simulated
        .add_user("admin", simulator::User::new("admin", ["system:masters"]));
    cluster.engine.retry();
    cluster.live(1);
    wait(&cluster.engine, "live again", is_live).await;
    cluster.settles().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_expires_is_said_and_a_new_one_heals() {
    let cluster = Cluster::of(small().tls().start().await.unwrap());
    wait(&cluster.engine, "the first lists are in", is_live).await;
    let expired = FaultRule::of_connections(Fault::ExpiredCertificate);
    cluster.simulated.add_fault(expired);
    cluster.simulated.disconnect();
    let said = |state: &cluster::Published| {
        state.status == ClusterStatus::Disconnected
            && state.reason.as_ref().is_some_and(|reason| {
                reason.code == model::cluster::ConnectionProblem::Tls && reason.message.contains("xpired")
            })
    };
    wait(&cluster.engine, "the certificate is said to have expired", said).await;
    cluster.simulated.clear_faults();
    cluster.engine.retry();
    cluster.live(1);
    wait(&cluster.engine, "live again", is_live).await;
    cluster.settles().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_cluster_at_the_same_address_is_read_anew() {
    let mut cluster = Cluster::synced().await;
    cluster.live(0);
    let address = cluster.simulated.address();
    cluster.simulated.shutdown().await;
    let lost = |state: &cluster::Published| state.status == ClusterStatus::Disconnected;
    wait(&cluster.engine, "the loss is seen", lost).await;
    cluster.simulated = Simulator::new()
        .address(address)
        .admin_token("admin")
        .objects([pod("another", "Running")])
        .start()
        .await
        .unwrap();
    cluster.engine.retry();
    wait(&cluster.engine, "live again", is_live).await;
    cluster.settles().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_that_is_denied_for_a_while_is_seen_by_namespace_and_comes_back() {
    let cluster = Cluster::synced().await;
    cluster
        .simulated
        .add_fault(FaultRule::on(PODS, refuse(403, None)));
    cluster.simulated.disconnect();
    let limited = |state: &cluster::Published| {
        let names = state.sync.limited.iter().map(|limit| limit.resource.as_str());
        is_live(state) && names.eq(["pods"])
    };
    wait(
        &cluster.engine,
        "pods are seen by namespace, and nothing else",
        limited,
    )
    .await;
    cluster.live(0);
    equals_a_fresh_list(&cluster.engine, cluster.kubeconfig.clone()).await;
    cluster.simulated.clear_faults();
    // By itself it is tried once a minute.
    cluster.engine.retry();
    wait(&cluster.engine, "live again", is_live).await;
    cluster.live(1);
    cluster.settles().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_without_objects_comes_changes_and_goes() {
    let cluster = Cluster::of(Simulator::new().admin_token("admin").start().await.unwrap());
    wait(&cluster.engine, "the first lists are in", is_live).await;
    let define = |versions: &[&str]| {
        let version = |name: &&str| {
            json!({
                "name": name, "served": true, "storage": *name == "v1",
                "schema": {"openAPIV3Schema": {"type": "object"}},
            })
        };
        let names = json!({"plural": "voids", "singular": "void", "kind": "Void", "listKind": "VoidList"});
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "voids.quiet.example.org"},
            "spec": {"group": "quiet.example.org", "scope": "Namespaced", "names": names,
                     "versions": versions.iter().map(version).collect::<Vec<_>>()},
        })
    };
    let served = |state: &cluster::Published| {
        let kind = KindId::of_plural("voids.quiet.example.org");
        kind.filter(|kind| state.state.serves(*kind))
            .map(|kind| state.state.api_version(kind))
    };
    for (versions, preferred) in [(["v1"].as_slice(), "v1"), (&["v1", "v2"], "v2")] {
        cluster.simulated.put(define(versions)).unwrap();
        let is_so = |state: &cluster::Published| {
            served(state).is_some_and(|version| version == format!("quiet.example.org/{preferred}"))
        };
        wait(&cluster.engine, preferred, is_so).await;
        wait(&cluster.engine, "its list is in", is_live).await;
    }
    let (kind, name) = ("CustomResourceDefinition", "voids.quiet.example.org");
    let removed = cluster
        .simulated
        .remove("apiextensions.k8s.io/v1", kind, "", name);
    assert!(removed.unwrap());
    wait(&cluster.engine, "it is gone", |state| served(state).is_none()).await;
    cluster.settles().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_has_a_kind_of_its_own() {
    let simulated = Simulator::new().scenario(Scenario::Demo).start().await.unwrap();
    let cluster = Cluster::of(simulated);
    let (state, took) = wait(&cluster.engine, "the first lists are in", is_live).await;
    println!("synced after {took:?}");
    let query = serde_json::from_value(json!({"kind": "databasebackups.shop.example.com"})).unwrap();
    let view = ListView::parse(&query, &state.state).unwrap();
    let window = view.window(&state.state, state.at);
    let columns: Vec<&str> = window.columns.iter().map(|column| &*column.name).collect();
    assert_eq!(
        columns,
        ["Name", "Database", "Schedule", "Ready", "Last", "Size", "Age"]
    );
    let rows = window.rows.iter().map(|row| {
        let cells: Vec<String> = row.cells.iter().map(|cell| cell.print(state.at)).collect();
        cells.join(" | ")
    });
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            "catalog-db | catalog-db | 30 2 * * * | True | 8h | 6Gi | 12d",
            "orders-db | orders-db | 0 2 * * * | True | 9h | 18Gi | 12d",
        ]
    );
    assert_eq!(cluster.engine.diagnostics().apis, []);
    cluster.rig.end().await;
    cluster.simulated.shutdown().await;
}
