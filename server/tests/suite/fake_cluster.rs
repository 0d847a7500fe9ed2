//! A scripted API server: it lists and watches what a test puts into it, and can deny, hold back and break off.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::{StatusCode, Uri};
use model::KindId;
use model::kind::WatchForm;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A cluster whose API server is played by the test.
pub struct FakeCluster {
    shared: Arc<Shared>,
    folder: TempDir,
    serving: JoinHandle<()>,
}

struct Shared {
    script: Mutex<Script>,
    /// The newest resourceVersion.
    version: watch::Sender<u64>,
}

#[derive(Default)]
struct Script {
    objects: BTreeMap<(String, String), Value>,
    /// Events by resourceVersion, plural and line.
    log: Vec<(u64, String, String)>,
    denied: BTreeSet<String>,
    held: BTreeSet<String>,
}

impl Drop for FakeCluster {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl FakeCluster {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            version: watch::Sender::new(1),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let folder = tempfile::tempdir().unwrap();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "fake", "user": {"token": "none"}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
        });
        std::fs::write(folder.path().join("config"), config.to_string()).unwrap();
        Self {
            shared,
            folder,
            serving,
        }
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Creates an object or replaces it.
    pub fn put(&self, plural: &str, mut object: Value) {
        let key = (plural.to_owned(), name_of(&object));
        let mut version = 0;
        self.shared.version.send_modify(|newest| {
            *newest += 1;
            version = *newest;
            let mut script = self.shared.script.lock().unwrap();
            object["metadata"]["resourceVersion"] = json!(version.to_string());
            let kind = if script.objects.contains_key(&key) {
                "MODIFIED"
            } else {
                "ADDED"
            };
            let line = json!({"type": kind, "object": &object}).to_string();
            script.log.push((version, plural.to_owned(), line));
            script.objects.insert(key, object);
        });
    }

    /// Deletes an object.
    pub fn delete(&self, plural: &str, namespace: &str, name: &str) {
        self.shared.version.send_modify(|newest| {
            *newest += 1;
            let mut script = self.shared.script.lock().unwrap();
            let mut object = script
                .objects
                .remove(&(plural.to_owned(), format!("{namespace}/{name}")))
                .unwrap();
            object["metadata"]["resourceVersion"] = json!(newest.to_string());
            let line = json!({"type": "DELETED", "object": object}).to_string();
            script.log.push((*newest, plural.to_owned(), line));
        });
    }

    /// Denies a kind with 403.
    pub fn deny(&self, plural: &str) {
        self.shared
            .script
            .lock()
            .unwrap()
            .denied
            .insert(plural.to_owned());
    }

    /// Never answers for a kind.
    pub fn hold(&self, plural: &str) {
        self.shared.script.lock().unwrap().held.insert(plural.to_owned());
    }
}

/// A pod that runs.
pub fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": namespace, "name": name, "uid": format!("uid-{namespace}-{name}"),
            "creationTimestamp": "2026-01-31T10:00:00Z", "labels": {"app": name},
        },
        "spec": {"containers": [{"name": "main", "image": "app:1"}], "nodeName": "node-0"},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{
                "name": "main", "ready": true, "restartCount": 0, "image": "app:1", "imageID": "",
                "state": {"running": {"startedAt": "2026-01-31T10:00:01Z"}},
            }],
        },
    })
}

/// A pod whose container cannot be started any more.
pub fn crashing(namespace: &str, name: &str) -> Value {
    let mut pod = pod(namespace, name);
    pod["status"]["conditions"][0]["status"] = json!("False");
    let container = &mut pod["status"]["containerStatuses"][0];
    container["ready"] = json!(false);
    container["restartCount"] = json!(5);
    container["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}});
    container["lastState"] = json!({"terminated": {
        "exitCode": 1, "reason": "Error",
        "startedAt": "2026-01-31T10:05:00Z", "finishedAt": "2026-01-31T10:05:01Z",
    }});
    pod
}

/// A service that selects the pods of an app.
pub fn service(namespace: &str, name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": namespace, "name": name, "uid": format!("uid-service-{name}"),
            "creationTimestamp": "2026-01-31T10:00:00Z",
        },
        "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.9", "selector": {"app": app}, "ports": [{"port": 80, "protocol": "TCP"}]},
        "status": {"loadBalancer": {}},
    })
}

fn name_of(object: &Value) -> String {
    let metadata = &object["metadata"];
    format!(
        "{}/{}",
        metadata["namespace"].as_str().unwrap_or_default(),
        metadata["name"].as_str().unwrap()
    )
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<BTreeMap<String, String>>,
    uri: Uri,
) -> Response {
    if uri.path() == "/version" {
        return axum::Json(json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3"})).into_response();
    }
    let plural = uri.path().rsplit('/').next().unwrap().to_owned();
    let Some(id) = KindId::of_plural(&plural) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = id.get();
    let held = shared.script.lock().unwrap().held.contains(&plural);
    if held {
        return std::future::pending().await;
    }
    if shared.script.lock().unwrap().denied.contains(&plural) {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
            "message": format!("{plural} is forbidden: User \"fake\" cannot list resource \"{plural}\" at the cluster scope"),
            "details": {"kind": plural},
        });
        return (StatusCode::FORBIDDEN, axum::Json(status)).into_response();
    }
    if query.contains_key("watch") {
        let from = query["resourceVersion"].parse().unwrap();
        return watch(shared, plural, from);
    }
    let version = *shared.version.borrow();
    let script = shared.script.lock().unwrap();
    let items = script
        .objects
        .iter()
        .filter(|((of, _), _)| *of == plural)
        .map(|(_, object)| object);
    let metadata = json!({"resourceVersion": version.to_string()});
    let list = match kind.watch {
        WatchForm::Object => json!({
            "kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(), "metadata": metadata,
            "items": items.collect::<Vec<_>>(),
        }),
        WatchForm::Table => json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": topology::kinds::columns(id).iter().map(|column| json!({
                "name": column.name, "type": "string", "format": "", "description": "", "priority": column.priority,
            })).collect::<Vec<_>>(),
            "rows": [],
        }),
    };
    axum::Json(list).into_response()
}

fn watch(shared: Arc<Shared>, plural: String, from: u64) -> Response {
    let changes = shared.version.subscribe();
    let lines = stream::unfold((shared, changes, from), move |(shared, mut changes, from)| {
        let plural = plural.clone();
        async move {
            loop {
                let newest = *changes.borrow_and_update();
                let lines: String = {
                    let script = shared.script.lock().unwrap();
                    let new = script
                        .log
                        .iter()
                        .filter(|(version, of, _)| *version > from && *version <= newest && *of == plural);
                    new.map(|(_, _, line)| format!("{line}\n")).collect()
                };
                if !lines.is_empty() {
                    return Some((Ok::<_, Infallible>(Bytes::from(lines)), (shared, changes, newest)));
                }
                changes.changed().await.ok()?;
            }
        }
    });
    Body::from_stream(lines).into_response()
}
