//! What the tests against a real and a simulated control plane share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::{Engine, ExecPolicy, Published, Registry, RegistryConfig, Source, Tasks};
use model::ClusterStatus;
use model::graph::NodeState;

/// Longer than anything takes; a test that waits so long has failed.
pub const LIMIT: Duration = Duration::from_secs(180);

/// A registry over some kubeconfigs, and everything it started.
pub struct Rig {
    pub registry: Registry,
    pub tasks: Tasks,
}

impl Rig {
    pub fn new(files: Vec<PathBuf>) -> Self {
        let tasks = Tasks::new();
        let sources = files
            .into_iter()
            .map(|file| Source::Files {
                paths: vec![file],
                optional: false,
            })
            .collect();
        let registry = Registry::start(RegistryConfig::new(sources, ExecPolicy::Deny), &tasks);
        Self { registry, tasks }
    }

    pub fn engine(&self) -> Engine {
        let (_, clusters) = self.registry.clusters();
        self.registry.engine(&clusters[0].id).unwrap()
    }

    pub async fn end(self) {
        assert_eq!(
            self.tasks.shutdown(Duration::from_secs(5)).await,
            Vec::<String>::new()
        );
        assert!(self.tasks.running().is_empty());
    }
}

/// Waits for a state for which `is_so` holds, and says how long that took.
pub async fn wait(
    engine: &Engine,
    what: &str,
    is_so: impl Fn(&Published) -> bool,
) -> (Arc<Published>, Duration) {
    let start = Instant::now();
    let mut states = engine.subscribe();
    let found = tokio::time::timeout(LIMIT, states.wait_for(|state| is_so(state))).await;
    match found {
        Ok(state) => (state.unwrap().clone(), start.elapsed()),
        Err(_) => {
            let state = engine.published();
            panic!(
                "not within {LIMIT:?}: {what}\n{:?} {:?} {:?} {:?}\n{:#?}",
                state.status,
                state.reason,
                state.stale_since,
                state.sync,
                engine.diagnostics()
            );
        }
    }
}

pub fn is_live(state: &Published) -> bool {
    state.sync.complete && state.status == ClusterStatus::Connected && state.stale_since.is_none()
}

/// Everything that can be compared between two engines of one cluster: facts by address, edges by the addresses of their ends.
pub fn picture(state: &Published) -> Vec<String> {
    let name = |id| state.state.node(id).map(|entry| entry.key().to_string());
    let mut lines: Vec<String> = state
        .state
        .nodes()
        .filter(|entry| entry.state() == NodeState::Live)
        .map(|entry| format!("{:?}", entry.facts()))
        .collect();
    lines.extend(state.state.edges().map(|(key, proof)| {
        format!(
            "{:?} {} {:?} {proof:?}",
            name(key.source),
            key.relation.word(),
            name(key.target)
        )
    }));
    lines.sort();
    lines
}

/// The state of an engine must be what a fresh engine finds. Controllers may still be at work, so it may take a moment.
pub async fn equals_a_fresh_list(engine: &Engine, kubeconfig: PathBuf) {
    let start = Instant::now();
    loop {
        let fresh = Rig::new(vec![kubeconfig.clone()]);
        let (state, _) = wait(&fresh.engine(), "a fresh engine is synced", is_live).await;
        let (ours, theirs) = (picture(&engine.published()), picture(&state));
        fresh.end().await;
        if ours == theirs {
            return;
        }
        if start.elapsed() > Duration::from_secs(20) {
            let only = |a: &[String], b: &[String]| {
                a.iter()
                    .filter(|line| !b.contains(line))
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("\n")
            };
            panic!(
                "only ours:\n{}\nonly fresh:\n{}",
                only(&ours, &theirs),
                only(&theirs, &ours)
            );
        }
    }
}
