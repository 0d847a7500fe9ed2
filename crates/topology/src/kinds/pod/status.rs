//! What `kubectl get pods` prints: the logic of `printPod` in pkg/printers/internalversion of Kubernetes, in its order.

use super::{ContainerStatus, Pod, Terminated};
use crate::kinds::meta;
use model::Timestamp;

/// The columns Ready, Status and Restarts.
pub(super) struct Printed {
    pub ready: usize,
    pub total: usize,
    pub word: String,
    pub restarts: u32,
    pub last_restart: Option<Timestamp>,
}

/// Restarts and when the last was.
#[derive(Default)]
struct Restarts {
    count: u32,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, container: &ContainerStatus<'_>) {
        self.count = self.count.saturating_add(container.restart_count);
        let last = container.last_state.terminated.as_ref();
        self.last = self.last.max(last.and_then(|last| meta::time(&last.finished_at)));
    }
}

/// What the init containers say, as far as they have come.
struct Initialization {
    /// The word for the first that is not done.
    unfinished: Option<String>,
    ready_sidecars: usize,
    /// Of all that were looked at.
    restarts: Restarts,
    /// Of the sidecars among them: they keep running.
    sidecar_restarts: Restarts,
}

pub(super) fn print(pod: &Pod<'_>) -> Printed {
    let sidecars = pod
        .spec
        .init_containers
        .iter()
        .filter(|container| container.is_sidecar());
    let total = pod.spec.containers.len() + sidecars.count();
    let init = initialization(pod);
    let mut printed = Printed {
        ready: init.ready_sidecars,
        total,
        word: initial_word(pod),
        restarts: init.restarts.count,
        last_restart: init.restarts.last,
    };
    let initialized = meta::holds(&pod.status.conditions, "Initialized").is_some();
    let initializing = init.unfinished.is_some();
    if let Some(word) = init.unfinished {
        printed.word = word;
    }
    if !initializing || initialized {
        containers(pod, init.sidecar_restarts, &mut printed);
    }
    let ended = matches!(&*pod.status.phase, "Succeeded" | "Failed");
    if pod.metadata.is_deleting() && pod.status.reason == "NodeLost" {
        printed.word = "Unknown".to_owned();
    } else if pod.metadata.is_deleting() && !ended {
        printed.word = "Terminating".to_owned();
    }
    printed
}

fn initial_word(pod: &Pod<'_>) -> String {
    let status = &pod.status;
    let gated = |condition: &meta::Condition<'_>| {
        condition.kind == "PodScheduled" && condition.reason == "SchedulingGated"
    };
    if status.conditions.iter().any(gated) {
        "SchedulingGated".to_owned()
    } else if status.reason.is_empty() {
        status.phase.to_string()
    } else {
        status.reason.to_string()
    }
}

fn initialization(pod: &Pod<'_>) -> Initialization {
    let mut init = Initialization {
        unfinished: None,
        ready_sidecars: 0,
        restarts: Restarts::default(),
        sidecar_restarts: Restarts::default(),
    };
    for (index, container) in pod.status.init_container_statuses.iter().enumerate() {
        let named = pod
            .spec
            .init_containers
            .iter()
            .find(|own| own.name == container.name);
        let sidecar = named.is_some_and(|own| own.is_sidecar());
        init.restarts.add(container);
        if sidecar {
            init.sidecar_restarts.add(container);
        }
        let (waiting, terminated) = (&container.state.waiting, &container.state.terminated);
        let word = match (waiting, terminated) {
            (_, Some(terminated)) if terminated.exit_code == 0 => continue,
            _ if sidecar && container.started == Some(true) => {
                init.ready_sidecars += usize::from(container.ready);
                continue;
            }
            (_, Some(terminated)) => ended(terminated),
            (Some(waiting), None) if !matches!(&*waiting.reason, "" | "PodInitializing") => {
                waiting.reason.to_string()
            }
            _ => format!("{index}/{}", pod.spec.init_containers.len()),
        };
        init.unfinished = Some(format!("Init:{word}"));
        break;
    }
    init
}

fn containers(pod: &Pod<'_>, mut restarts: Restarts, printed: &mut Printed) {
    let mut running = false;
    let mut failed = None;
    for container in pod.status.container_statuses.iter().rev() {
        restarts.add(container);
        let state = &container.state;
        match (&state.waiting, &state.terminated) {
            (Some(waiting), _) if !waiting.reason.is_empty() => printed.word = waiting.reason.to_string(),
            (_, Some(terminated)) => {
                printed.word = ended(terminated);
                if terminated.exit_code != 0 {
                    failed = Some(printed.word.clone());
                }
            }
            _ if container.ready && state.running.is_some() => {
                running = true;
                printed.ready += 1;
            }
            _ => {}
        }
    }
    (printed.restarts, printed.last_restart) = (restarts.count, restarts.last);
    if printed.word == "Completed" {
        let ready = meta::holds(&pod.status.conditions, "Ready").is_some();
        match failed {
            _ if running && ready => printed.word = "Running".to_owned(),
            Some(failed) => printed.word = failed,
            None if running => printed.word = "NotReady".to_owned(),
            None => {}
        }
    }
}

/// The word for a container that has ended.
fn ended(terminated: &Terminated<'_>) -> String {
    match (&*terminated.reason, terminated.signal) {
        ("", 0) => format!("ExitCode:{}", terminated.exit_code),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}
