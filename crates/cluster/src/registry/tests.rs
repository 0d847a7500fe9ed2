use super::*;
use crate::testing;
use model::ClusterStatus;
use model::cluster::ConnectionProblem;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Rig {
    _dir: TempDir,
    file: PathBuf,
    registry: Registry,
    tasks: Tasks,
}

impl Rig {
    fn new(text: &str) -> Self {
        Self::knowing(text, |_| Vec::new())
    }

    fn knowing(text: &str, known: impl Fn(&Path) -> Vec<KnownId>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        std::fs::write(&file, text).unwrap();
        let tasks = Tasks::new();
        let source = Source::Files {
            paths: vec![file.clone()],
            optional: false,
        };
        let config = RegistryConfig {
            poll: Duration::from_millis(30),
            known: known(&file),
            ..RegistryConfig::new(vec![source], ExecPolicy::Deny)
        };
        Self {
            registry: Registry::start(config, &tasks),
            _dir: dir,
            file,
            tasks,
        }
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.file, text).unwrap();
    }

    async fn until(&self, what: &str, is_so: impl Fn(&[Cluster]) -> bool) -> Arc<[Cluster]> {
        let mut states = self.registry.subscribe();
        let found = states.wait_for(|(_, clusters)| is_so(clusters));
        match tokio::time::timeout(Duration::from_secs(20), found).await {
            Ok(state) => state.unwrap().1.clone(),
            Err(_) => panic!("{what}: {:#?}", self.registry.clusters()),
        }
    }
}

fn names(clusters: &[Cluster]) -> Vec<&str> {
    clusters.iter().map(|cluster| cluster.id.as_str()).collect()
}

fn config(contexts: &[(&str, &str)]) -> String {
    let mut text = String::from("contexts:\n");
    for (name, _) in contexts {
        text.push_str(&format!("- {{name: '{name}', context: {{cluster: '{name}'}}}}\n"));
    }
    text.push_str("clusters:\n");
    for (name, server) in contexts {
        text.push_str(&format!(
            "- {{name: '{name}', cluster: {{server: '{server}'}}}}\n"
        ));
    }
    text
}

#[tokio::test]
async fn a_context_keeps_the_id_it_had() {
    let known = |id: &str, context: &str, source: &Path| KnownId {
        id: ClusterId::from(id),
        context: context.into(),
        source: source.display().to_string(),
    };
    // Two names that make one slug; the second was there first when the server last ran.
    let both = config(&[("Dev", "http://127.0.0.1:1"), ("dev", "http://127.0.0.1:1")]);
    let rig = Rig::knowing(&both, |file| {
        vec![known("dev", "dev", file), known("gone", "gone", file)]
    });
    assert_eq!(names(&rig.registry.clusters().1), ["dev-2", "dev"]);
    // An id of a context that is not here may be taken; a context that comes back within a run has its own again.
    rig.write(&config(&[
        ("dev", "http://127.0.0.1:1"),
        ("Gone", "http://127.0.0.1:1"),
    ]));
    rig.until("edited", |clusters| names(clusters) == ["dev", "gone"])
        .await;
    rig.write(&both);
    rig.until("edited back", |clusters| names(clusters) == ["dev-2", "dev"])
        .await;
    rig.tasks.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn an_edit_changes_only_what_it_changes() {
    let server = testing::http_server(testing::healthy);
    let rig = Rig::new(&config(&[
        ("stays", &server),
        ("goes", &server),
        ("moves", "http://127.0.0.1:1"),
    ]));
    let id = |name: &str| ClusterId::from(name);
    let connected = |clusters: &[Cluster], at: usize| {
        clusters
            .get(at)
            .is_some_and(|c| c.status == ClusterStatus::Connected)
    };
    let before = rig
        .until("connected", |clusters| {
            connected(clusters, 0) && connected(clusters, 1)
        })
        .await;
    assert_eq!(names(&before), ["stays", "goes", "moves"]);
    assert_eq!(before[0].version.as_deref(), Some("v1.36.3"));
    let moved_from = rig.registry.engine(&id("moves")).unwrap();
    let stays = rig.registry.engine(&id("stays")).unwrap();
    let gone = rig.registry.engine(&id("goes")).unwrap();
    let old_epoch = moved_from.published().epoch;

    rig.write(&config(&[
        ("comes", &server),
        ("stays", &server),
        ("moves", &server),
    ]));
    let after = rig
        .until("edited", |clusters| {
            names(clusters) == ["comes", "stays", "moves"] && connected(clusters, 0) && connected(clusters, 2)
        })
        .await;
    assert_eq!(after[1].status, ClusterStatus::Connected, "never interrupted");
    assert!(rig.registry.engine(&id("stays")).unwrap().is_same(&stays));
    let moved = rig.registry.engine(&id("moves")).unwrap();
    assert!(!moved.is_same(&moved_from));
    assert!(moved.published().epoch > old_epoch);
    assert!(rig.registry.engine(&id("goes")).is_none());
    // The engines that are gone take their tasks along.
    let mut closed = gone.subscribe();
    while closed.changed().await.is_ok() {}
    testing::until("tasks end", || {
        !rig.tasks
            .running()
            .iter()
            .any(|task| task.name.starts_with("cluster goes"))
    })
    .await;
    assert!(rig.tasks.shutdown(Duration::from_secs(5)).await.is_empty());
}

#[tokio::test]
async fn a_file_that_breaks_is_told_and_its_clusters_live_on() {
    let server = testing::http_server(testing::healthy);
    let rig = Rig::new(&config(&[("a", &server)]));
    let engine = rig.registry.engine(&ClusterId::from("a")).unwrap();
    rig.write("contexts: [");
    testing::until("the problem is told", || !rig.registry.file_problems().is_empty()).await;
    assert!(
        rig.registry
            .engine(&ClusterId::from("a"))
            .unwrap()
            .is_same(&engine)
    );
    rig.write(&config(&[("a", &server)]));
    testing::until("the problem is gone", || rig.registry.file_problems().is_empty()).await;
    assert!(
        rig.registry
            .engine(&ClusterId::from("a"))
            .unwrap()
            .is_same(&engine)
    );
    std::fs::remove_file(&rig.file).unwrap();
    rig.until("no clusters", |clusters| clusters.is_empty()).await;
    assert_eq!(rig.registry.file_problems()[0].message, "the file does not exist");
}

#[tokio::test]
async fn ids_that_collide_are_numbered_in_order() {
    let rig = Rig::new(&config(&[
        ("Kind Dev", "http://127.0.0.1:1"),
        ("kind-dev", "http://127.0.0.1:1"),
    ]));
    assert_eq!(names(&rig.registry.clusters().1), ["kind-dev", "kind-dev-2"]);
    rig.write(&config(&[
        ("new", "http://127.0.0.1:1"),
        ("kind-dev", "http://127.0.0.1:1"),
    ]));
    rig.until("what stays keeps its id", |clusters| {
        names(clusters) == ["new", "kind-dev-2"]
    })
    .await;
}

#[tokio::test]
async fn a_context_that_cannot_be_used_recovers_with_the_file_it_names() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    let server = testing::http_server(testing::healthy);
    let text = format!(
        "contexts: [{{name: a, context: {{cluster: c, user: u}}}}]\nclusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n\
         users: [{{name: u, user: {{tokenFile: '{}'}}}}]\n",
        token.display()
    );
    let rig = Rig::new(&text);
    let (epoch, clusters) = rig.registry.clusters();
    let reason = clusters[0].status_reason.as_ref().unwrap();
    assert_eq!(
        (clusters[0].status, reason.code),
        (ClusterStatus::Error, ConnectionProblem::Kubeconfig)
    );
    assert_eq!(clusters[0].server, server);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(rig.registry.clusters().0, epoch, "nothing new, nothing told");
    std::fs::write(&token, "t").unwrap();
    rig.until("connected", |clusters| {
        clusters[0].status == ClusterStatus::Connected
    })
    .await;
}

#[tokio::test]
async fn a_retry_does_not_wait_for_its_turn() {
    let flag = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let healthy = flag.clone();
    let server = testing::http_server(move |head| {
        if healthy.load(std::sync::atomic::Ordering::Relaxed) {
            testing::healthy(head)
        } else {
            (401, r#"{"kind":"Status","message":"Unauthorized"}"#.to_owned())
        }
    });
    let rig = Rig::new(&config(&[("a", &server)]));
    let clusters = rig
        .until("an error", |clusters| clusters[0].status == ClusterStatus::Error)
        .await;
    assert_eq!(
        clusters[0].status_reason.as_ref().unwrap().code,
        ConnectionProblem::Unauthorized
    );
    flag.store(true, std::sync::atomic::Ordering::Relaxed);
    let start = tokio::time::Instant::now();
    assert!(rig.registry.retry(&ClusterId::from("a")));
    rig.until("connected", |clusters| {
        clusters[0].status == ClusterStatus::Connected
    })
    .await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn another_cluster_at_the_same_address_is_listed_anew() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let (uid, lists, watches) = (
        Arc::new(AtomicU32::new(1)),
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicU32::new(0)),
    );
    let (served, counted, followed) = (uid.clone(), lists.clone(), watches.clone());
    let server = testing::http_server(move |head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        match path {
            "/api/v1/namespaces/kube-system" => (
                200,
                format!(r#"{{"metadata":{{"uid":"{}"}}}}"#, served.load(Ordering::Relaxed)),
            ),
            path if path.starts_with("/api/v1/pods?limit") => {
                counted.fetch_add(1, Ordering::Relaxed);
                (
                    200,
                    r#"{"kind":"PodList","metadata":{"resourceVersion":"5"},"items":[]}"#.to_owned(),
                )
            }
            // A watch that has nothing to say, not even that it has begun.
            path if path.starts_with("/api/v1/pods?watch") => {
                followed.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_secs(60));
                (500, String::new())
            }
            _ => testing::healthy(head),
        }
    });
    let rig = Rig::new(&config(&[("a", &server)]));
    let retry = || rig.registry.retry(&ClusterId::from("a"));
    testing::until("pods are followed", || watches.load(Ordering::Relaxed) == 1).await;
    // Another look at the same cluster changes nothing.
    let engine = rig.registry.engine(&ClusterId::from("a")).unwrap();
    retry();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        (lists.load(Ordering::Relaxed), watches.load(Ordering::Relaxed)),
        (1, 1)
    );
    uid.store(2, Ordering::Relaxed);
    retry();
    testing::until("pods are listed and followed anew", || {
        watches.load(Ordering::Relaxed) == 2
    })
    .await;
    assert_eq!(lists.load(Ordering::Relaxed), 2);
    assert_eq!(engine.published().status, ClusterStatus::Connected);
}

#[test]
fn paths_of_all_sources_are_followed() {
    let demo = Source::Demo { path: "x".into() };
    assert_eq!(slot::files_of(&demo), [Path::new("x")]);
    assert!(slot::files_of(&Source::InCluster).is_empty());
}
