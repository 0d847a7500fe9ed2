//! The demo: how much of it there is, and the faults that are in it.
use std::time::Instant;

use serde_json::json;
use simulator::{Scenario, Simulator};

#[tokio::test]
async fn probe() {
    let start = Instant::now();
    let cluster = Simulator::new().scenario(Scenario::Demo).start().await.unwrap();
    eprintln!("started in {:?}", start.elapsed());
    cluster.put(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "all"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:unauthenticated"}]})).unwrap();
    std::fs::write("/tmp/demo.kubeconfig", cluster.kubeconfig("demo")).unwrap();
    if std::env::var_os("HOLD").is_some() {
        tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    }
}
