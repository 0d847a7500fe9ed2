//! kwok's configuration: how it plays the kubelets.
//!
//! A *stage* says which objects it applies to and what their status becomes. Nodes become Ready and Pods
//! Running by kwok's own fast stages. Ours let a test put a Pod into a visible state with an annotation, at
//! its creation or later:
//!
//! | `kubilitics.test/state` | the Pod's containers |
//! | --- | --- |
//! | `crash-loop` | waiting in CrashLoopBackOff, three restarts, last ended with exit code 1 |
//! | `image-pull-back-off` | waiting in ImagePullBackOff, the Pod is Pending |
//! | `oom-killed` | terminated with OOMKilled (137), three restarts |
//! | `recovered` | running and ready again, four restarts |

use std::fs;
use std::path::Path;

use crate::{Error, Result, folder};

/// The annotation that puts a Pod into one of the states in this table: `crash-loop`, `image-pull-back-off`,
/// `oom-killed` and `recovered`. It works on a Pod that is created with it, also through a Deployment's
/// template, and on one that is annotated while it runs.
pub const STATE_ANNOTATION: &str = "kubilitics.test/state";

/// Where kwok's own stages are in its module, below `kustomize/stage`.
const NODE_STAGES: [&str; 2] = [
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
];
const POD_DELETE: &str = "pod/fast/pod-delete.yaml";
/// Those that would undo the states of the annotation, and leave annotated Pods alone instead.
const GUARDED: [&str; 2] = ["pod/fast/pod-ready.yaml", "pod/fast/pod-complete.yaml"];
const SELECTOR: &str = "    matchExpressions:\n";

const TEMPLATE: &str = include_str!("stages/pod-state.yaml");

/// What differs between the states.
struct PodState {
    name: &'static str,
    /// Where the first container's status shows that the state is reached, and the value there.
    reached: (&'static str, &'static str),
    phase: &'static str,
    ready: bool,
    restarts: u8,
    /// `state`, and if it has ended before, `lastState`: YAML in one line, in which `NOW` is the time.
    status: &'static str,
    /// Type, reason and message of the event that the kubelet would send.
    event: [&'static str; 3],
}

const STATES: [PodState; 4] = [
    PodState {
        name: "crash-loop",
        reached: ("state.waiting.reason", "CrashLoopBackOff"),
        phase: "Running",
        ready: false,
        restarts: 3,
        status: "state: {waiting: {reason: CrashLoopBackOff, message: back-off 40s restarting failed container}}, \
                 lastState: {terminated: {exitCode: 1, reason: Error, startedAt: NOW, finishedAt: NOW}}",
        event: ["Warning", "BackOff", "Back-off restarting failed container"],
    },
    PodState {
        name: "image-pull-back-off",
        reached: ("state.waiting.reason", "ImagePullBackOff"),
        phase: "Pending",
        ready: false,
        restarts: 0,
        status: "state: {waiting: {reason: ImagePullBackOff, message: Back-off pulling image}}",
        event: ["Warning", "Failed", "Error: ImagePullBackOff"],
    },
    PodState {
        name: "oom-killed",
        reached: ("state.terminated.reason", "OOMKilled"),
        phase: "Running",
        ready: false,
        restarts: 3,
        status: "state: {terminated: {exitCode: 137, reason: OOMKilled, startedAt: NOW, finishedAt: NOW}}, \
                 lastState: {terminated: {exitCode: 137, reason: OOMKilled, startedAt: NOW, finishedAt: NOW}}",
        event: ["Warning", "BackOff", "Back-off restarting failed container"],
    },
    PodState {
        name: "recovered",
        reached: ("ready", "true"),
        phase: "Running",
        ready: true,
        restarts: 4,
        status: "state: {running: {startedAt: NOW}}, \
                 lastState: {terminated: {exitCode: 1, reason: Error, startedAt: NOW, finishedAt: NOW}}",
        event: ["Normal", "Started", "Container started"],
    },
];

/// Copies the stages that are used from kwok's module (not with `fs::copy`: the module cache is read-only,
/// and so would the copies be).
pub(crate) fn copy(module: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(Error::file("make the folder", to))?;
    for name in NODE_STAGES.into_iter().chain([POD_DELETE]).chain(GUARDED) {
        let (from, to) = (module.join(name), to.join(file_name(name)));
        let text = fs::read(&from).map_err(Error::file("read", &from))?;
        fs::write(&to, text).map_err(Error::file("write", &to))?;
    }
    Ok(())
}

/// Writes kwok's configuration file: its own stages, ours, and what containers "log".
pub(crate) fn write_config(stages: &Path, dir: &Path, config: &Path) -> Result<()> {
    let read = |name: &str| {
        let path = stages.join(file_name(name));
        fs::read_to_string(&path).map_err(Error::file("read", &path))
    };
    let mut documents = Vec::new();
    for name in NODE_STAGES.into_iter().chain([POD_DELETE]) {
        documents.push(read(name)?);
    }
    for name in GUARDED {
        documents.push(guarded(name, &read(name)?)?);
    }
    documents.extend(STATES.iter().map(PodState::stage));

    let log = dir.join("containers.log");
    folder::write(&log, include_bytes!("stages/containers.log"))?;
    documents.push(include_str!("stages/cluster-logs.yaml").replace("LOG_FILE", &log.to_string_lossy()));
    folder::write(config, documents.join("\n---\n").as_bytes())
}

/// The stage, for Pods without the annotation only.
fn guarded(file: &'static str, stage: &str) -> Result<String> {
    if !stage.contains(SELECTOR) {
        return Err(Error::Stage {
            file,
            missing: SELECTOR.trim(),
        });
    }
    let unless = format!(
        "{SELECTOR}    - key: '.metadata.annotations[\"{STATE_ANNOTATION}\"]'\n      operator: DoesNotExist\n"
    );
    Ok(stage.replacen(SELECTOR, &unless, 1))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl PodState {
    fn stage(&self) -> String {
        let (path, value) = self.reached;
        let [kind, reason, message] = self.event;
        let ready = if self.ready { "True" } else { "False" };
        [
            ("ANNOTATION", STATE_ANNOTATION),
            ("NAME", self.name),
            ("REACHED_PATH", path),
            ("REACHED_VALUE", value),
            ("EVENT_TYPE", kind),
            ("EVENT_REASON", reason),
            ("EVENT_MESSAGE", message),
            ("CONDITION", ready),
            ("CONTAINER_READY", if self.ready { "true" } else { "false" }),
            ("RESTARTS", &self.restarts.to_string()),
            ("PHASE", self.phase),
            ("STATUS", self.status),
        ]
        .into_iter()
        .fold(TEMPLATE.to_owned(), |text, (name, value)| {
            text.replace(&format!("@{name}@"), value)
        })
        // Last, because it is in the status.
        .replace("NOW", "{{ $now | Quote }}")
    }
}
