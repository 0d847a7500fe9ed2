//! What runs in the containers of pods. Nothing does: logs are made up from who and when a container is, and a small
//! shell answers `exec`. Both say that they are simulated. The states of containers are those that the pod's status
//! tells, so whoever writes it (the kubelet controller, a scenario, a test) decides what there is to see.

use http::StatusCode;
use serde_json::{Value, json};

use crate::controllers::json::{list, name, namespace, seconds, text, told};
use crate::http::request::Target;
use crate::shared::Shared;
use crate::status::Refusal;
use crate::store::Key;

pub(crate) mod exec;
mod files;
mod lines;
pub(crate) mod log;
pub(crate) mod program;
mod session;
mod shell;

/// One container of a pod.
pub(crate) struct Container {
    pub(crate) pod: Value,
    pub(crate) name: String,
}

/// One run of a container, from its start to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Seconds since 1970.
    pub(crate) started: i64,
    pub(crate) ended: Option<End>,
    /// The id that the runtime gave it: different for each run.
    pub(crate) id: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) at: i64,
    pub(crate) code: i64,
    pub(crate) reason: String,
}

impl Container {
    /// The container that a request is about: the one that it names, or the only one.
    pub(crate) fn find(shared: &Shared, target: &Target, wanted: Option<&str>) -> Result<Self, Refusal> {
        let key = Key::new(&target.namespace, &target.name);
        let found = shared.store.lock().get(target.resource.id, &key);
        let (_, text_of_pod) = found.ok_or_else(|| Refusal::not_found(&target.resource, &target.name))?;
        let pod: Value =
            serde_json::from_slice(&text_of_pod).map_err(|error| Refusal::bad_request(error.to_string()))?;
        let normal = list(&pod, "/spec/containers");
        let all = [
            "/spec/initContainers",
            "/spec/containers",
            "/spec/ephemeralContainers",
        ];
        let names: Vec<&str> = all
            .iter()
            .flat_map(|path| list(&pod, path))
            .map(|container| text(container, "/name"))
            .collect();
        let name = match (wanted, normal) {
            (Some(wanted), _) if names.contains(&wanted) => wanted.to_owned(),
            (Some(wanted), _) => {
                let message = format!("container {wanted} is not valid for pod {}", target.name);
                return Err(Refusal::bad_request(message));
            }
            (None, [only]) => text(only, "/name").to_owned(),
            (None, []) => {
                let message = format!("a container name must be specified for pod {}", target.name);
                return Err(Refusal::bad_request(message));
            }
            (None, _) => {
                return Err(Refusal::bad_request(format!(
                    "a container name must be specified for pod {}, choose one of: [{}]",
                    target.name,
                    names.join(" ")
                )));
            }
        };
        Ok(Self { pod, name })
    }

    /// Whether the pod has a node.
    pub(crate) fn is_scheduled(&self) -> bool {
        !text(&self.pod, "/spec/nodeName").is_empty()
    }

    /// What the manifest says of it.
    pub(crate) fn spec(&self) -> &Value {
        self.among("/spec", ["initContainers", "containers", "ephemeralContainers"])
    }

    /// What its status is.
    pub(crate) fn status(&self) -> &Value {
        let lists = [
            "containerStatuses",
            "initContainerStatuses",
            "ephemeralContainerStatuses",
        ];
        self.among("/status", lists)
    }

    fn among(&self, part: &str, lists: [&str; 3]) -> &Value {
        let mut all = lists
            .iter()
            .flat_map(|field| list(&self.pod, &format!("{part}/{field}")));
        all.find(|one| text(one, "/name") == self.name)
            .unwrap_or(&Value::Null)
    }

    /// Refuses what the kubelet of the pod's node would have to answer while it does not.
    pub(crate) fn check_node(&self, shared: &Shared, what: &str) -> Result<(), Refusal> {
        let node = text(&self.pod, "/spec/nodeName");
        let found = shared.resources.core("nodes");
        let found = found.and_then(|nodes| shared.store.lock().get(nodes.id, &Key::new("", node)));
        let node: Value = match found {
            Some((_, text)) => serde_json::from_slice(&text).unwrap_or_default(),
            None => {
                let message = format!("nodes {node:?} not found");
                let details = json!({"name": node, "kind": "nodes"});
                return Err(Refusal::other(
                    StatusCode::NOT_FOUND,
                    "NotFound",
                    message,
                    Some(details),
                ));
            }
        };
        if told(&node, "ready") != Some("false") {
            return Ok(());
        }
        let address = list(&node, "/status/addresses")
            .iter()
            .find(|address| address["type"] == "InternalIP");
        let host = address.map_or("127.0.0.1", |address| text(address, "/address"));
        let path = format!(
            "{what}/{}/{}/{}",
            namespace(&self.pod),
            name(&self.pod),
            self.name
        );
        let message =
            format!("Get \"https://{host}:10250/{path}\": dial tcp {host}:10250: connect: no route to host");
        Err(Refusal::other(
            StatusCode::INTERNAL_SERVER_ERROR,
            "",
            message,
            None,
        ))
    }

    /// The run whose log is asked for, or why there is none, in the kubelet's words.
    pub(crate) fn run(&self, previous: bool) -> Result<Run, Refusal> {
        let pod = name(&self.pod);
        let status = self.status();
        let refused =
            |why: &str| Refusal::bad_request(format!("container {:?} in pod {pod:?} {why}", self.name));
        if status.is_null() {
            return Err(refused("is not available"));
        }
        let last = self.ended_run(&status["lastState"]["terminated"]);
        if previous {
            let message = format!(
                "previous terminated container {:?} in pod {pod:?} not found",
                self.name
            );
            return last.ok_or_else(|| Refusal::bad_request(message));
        }
        let state = &status["state"];
        if let Some(started) = seconds(text(state, "/running/startedAt")) {
            let id = text(status, "/containerID").to_owned();
            return Ok(Run {
                started,
                ended: None,
                id,
            });
        }
        if state["terminated"].is_object() {
            return self
                .ended_run(&state["terminated"])
                .or(last)
                .ok_or_else(|| refused("is terminated"));
        }
        if status["lastState"]["terminated"].is_object() {
            return last.ok_or_else(|| refused("is terminated"));
        }
        match text(state, "/waiting/reason") {
            "" => Err(refused("is waiting to start - no logs yet")),
            "ErrImagePull" => Err(refused("is waiting to start: image can't be pulled")),
            "ImagePullBackOff" => Err(refused("is waiting to start: trying and failing to pull image")),
            reason => Err(refused(&format!("is waiting to start: {reason}"))),
        }
    }

    fn ended_run(&self, terminated: &Value) -> Option<Run> {
        let id = text(terminated, "/containerID");
        let at = seconds(text(terminated, "/finishedAt"))?;
        (!id.is_empty()).then(|| Run {
            started: seconds(text(terminated, "/startedAt")).unwrap_or(at),
            ended: Some(End {
                at,
                code: terminated["exitCode"].as_i64().unwrap_or_default(),
                reason: text(terminated, "/reason").to_owned(),
            }),
            id: id.to_owned(),
        })
    }

    /// Whether it runs now.
    pub(crate) fn is_running(&self) -> bool {
        self.status()["state"]["running"].is_object()
    }
}
