//! The control plane of the test run, and what is done to it.

use cluster::Published;
use control_plane::ControlPlane;
use model::{KindId, NodeKey};

/// Blocking work beside the runtime.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

pub async fn shared() -> &'static ControlPlane {
    blocking(|| ControlPlane::shared().unwrap()).await
}

pub fn deployment(name: &str, replicas: u32) -> String {
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{name}"}},
        "spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"app":"{name}"}}}},
        "template":{{"metadata":{{"labels":{{"app":"{name}"}}}},"spec":{{"containers":[{{"name":"main","image":"example/x:1"}}]}}}}}}}}"#
    )
}

pub fn pods(state: &Published, namespace: &str) -> Vec<NodeKey> {
    let namespaces = [namespace.to_owned()];
    let pod = KindId::of("Pod").unwrap();
    state
        .state
        .objects(pod, &namespaces)
        .map(|entry| entry.key().node_key())
        .collect()
}
