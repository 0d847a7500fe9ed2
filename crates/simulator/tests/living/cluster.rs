//! A cluster under a manual clock, and short ways to look into it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use simulator::{Clock, Running, Scenario, Simulator};

/// Every collection that the demo fills.
pub const PATHS: &[&str] = &[
    "api/v1/namespaces",
    "api/v1/nodes",
    "api/v1/pods",
    "api/v1/services",
    "api/v1/configmaps",
    "api/v1/secrets",
    "api/v1/serviceaccounts",
    "api/v1/persistentvolumeclaims",
    "api/v1/persistentvolumes",
    "api/v1/resourcequotas",
    "api/v1/limitranges",
    "api/v1/events",
    "apis/apps/v1/deployments",
    "apis/apps/v1/replicasets",
    "apis/apps/v1/statefulsets",
    "apis/apps/v1/daemonsets",
    "apis/apps/v1/controllerrevisions",
    "apis/batch/v1/jobs",
    "apis/batch/v1/cronjobs",
    "apis/autoscaling/v2/horizontalpodautoscalers",
    "apis/discovery.k8s.io/v1/endpointslices",
    "apis/networking.k8s.io/v1/ingresses",
    "apis/networking.k8s.io/v1/networkpolicies",
    "apis/policy/v1/poddisruptionbudgets",
    "apis/rbac.authorization.k8s.io/v1/roles",
    "apis/rbac.authorization.k8s.io/v1/rolebindings",
    "apis/storage.k8s.io/v1/storageclasses",
];

pub struct Cluster {
    pub running: Running,
    pub client: Client,
}

impl Cluster {
    pub async fn start(simulator: Simulator) -> Self {
        let running = simulator.start().await.unwrap();
        let kubeconfig = Kubeconfig::from_yaml(&running.kubeconfig("demo")).unwrap();
        assert_eq!(kubeconfig.current_context.as_deref(), Some("demo"));
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
            .await
            .unwrap();
        // A 429 is an answer like any other here.
        config.default_retry = false;
        Self {
            running,
            client: Client::try_from(config).unwrap(),
        }
    }

    /// A cluster of manifests with two nodes of 4 cores.
    pub async fn of(manifests: &str) -> Self {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let file = std::env::temp_dir().join(format!("simulator-{}-{number}.yaml", std::process::id()));
        std::fs::write(&file, format!("{NODES}\n---\n{manifests}")).unwrap();
        let scenario = Scenario::File(file.clone());
        let simulator = Simulator::new()
            .scenario(scenario)
            .clock(Clock::manual(1_795_262_400));
        let cluster = Self::start(simulator).await;
        std::fs::remove_file(file).unwrap();
        cluster
    }

    pub async fn get(&self, path: &str) -> Value {
        let request = http::Request::get(format!("/{path}")).body(Vec::new()).unwrap();
        self.client.request(request).await.unwrap()
    }

    pub async fn list(&self, path: &str) -> Vec<Value> {
        match self.get(path).await["items"].take() {
            Value::Array(items) => items,
            other => panic!("{other}"),
        }
    }

    /// Begins a watch, does something, and returns the events until the watch ends by itself.
    pub async fn watch_while(&self, path: &str, act: impl Future<Output = ()>) -> Vec<Value> {
        let request = http::Request::get(format!("/{path}"));
        let request = request.body(kube::client::Body::empty()).unwrap();
        let answer = self.client.send(request).await.unwrap();
        act.await;
        let rest = answer.into_body().collect_bytes();
        let rest = tokio::time::timeout(Duration::from_secs(10), rest).await;
        let body = rest.expect("the watch ends by itself").unwrap();
        let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    /// Changes an object as somebody who edits it.
    pub async fn edit(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut object = self.get(path).await;
        change(&mut object);
        if let Some(generation) = object["metadata"]["generation"].as_i64() {
            object["metadata"]["generation"] = json!(generation + 1);
        }
        self.running.put(object).unwrap();
    }
}

pub fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .find(|c| c["type"] == kind)
        .unwrap_or(&Value::Null)
}

pub fn container(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]
}

const NODES: &str = "
apiVersion: v1
kind: Node
metadata: {name: one, labels: {kubernetes.io/hostname: one}}
spec: {podCIDR: 10.244.1.0/24}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
apiVersion: v1
kind: Node
metadata: {name: two, labels: {kubernetes.io/hostname: two}}
spec: {podCIDR: 10.244.2.0/24}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
";

impl Cluster {
    /// A request of a client, with the code and body of its answer.
    pub async fn ask(&self, method: &str, path: &str, kind: &str, body: &Value) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("/{path}"))
            .header("content-type", kind)
            .body(serde_json::to_vec(body).unwrap())
            .unwrap();
        self.client.request(request).await.unwrap()
    }
}
