//! How a pod is, and the cause in words.
//!
//! Nothing here knows the time, so "late" is read off what the pod records: a container that has restarted, or that has
//! run since before the pod stopped being ready, is a warning; one that is not ready for the first time is on its way.

use super::{ContainerStatus, Pod, Terminated};
use crate::kinds::meta;
use model::Health;

/// The pod's health, given kubectl's word for it, and why.
pub(super) fn of(pod: &Pod<'_>, word: &str) -> (Health, Option<String>) {
    let status = &pod.status;
    if word == "Unknown" && pod.metadata.is_deleting() {
        let node = &pod.spec.node_name;
        return (
            Health::Unhealthy,
            Some(format!("Node {node} has stopped reporting")),
        );
    }
    match &*status.phase {
        "Succeeded" => return (Health::Suspended, Some("It is complete".to_owned())),
        "Failed" => return (Health::Unhealthy, Some(failed(pod))),
        _ if pod.metadata.is_deleting() => {
            return (Health::Progressing, Some("It is being deleted".to_owned()));
        }
        _ => {}
    }
    if let Some(reason) = broken_container(pod) {
        return (Health::Unhealthy, Some(reason));
    }
    match &*status.phase {
        "Pending" => pending(pod),
        "Running" => running(pod),
        _ => (Health::Unknown, None),
    }
}

fn failed(pod: &Pod<'_>) -> String {
    let status = &pod.status;
    match (&*status.reason, &*status.message) {
        ("", "") => broken_container(pod).unwrap_or_else(|| "It has failed".to_owned()),
        ("", text) | (text, "") => text.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

fn pending(pod: &Pod<'_>) -> (Health, Option<String>) {
    let scheduled = meta::condition(&pod.status.conditions, "PodScheduled");
    match scheduled.filter(|scheduled| scheduled.status == "False") {
        Some(gated) if gated.reason == "SchedulingGated" => (
            Health::Progressing,
            Some("It waits for its scheduling gates to open".to_owned()),
        ),
        Some(unscheduled) if unscheduled.reason == "Unschedulable" => (
            Health::Unhealthy,
            Some(format!("It fits on no node: {}", unscheduled.words())),
        ),
        _ => (Health::Progressing, unfinished(pod)),
    }
}

/// Which init container is running, if one is.
fn unfinished(pod: &Pod<'_>) -> Option<String> {
    let running = |container: &&ContainerStatus<'_>| {
        container.state.running.is_some() && container.started != Some(true)
    };
    let container = pod.status.init_container_statuses.iter().find(running)?;
    Some(format!("Init container {} is running", container.name))
}

fn running(pod: &Pod<'_>) -> (Health, Option<String>) {
    let conditions = &pod.status.conditions;
    let ready = meta::condition(conditions, "Ready");
    if ready.is_some_and(|ready| ready.status == "True") {
        return (Health::Healthy, None);
    }
    let changed = ready.and_then(|ready| meta::time(&ready.last_transition_time));
    let Some(container) = pod
        .status
        .container_statuses
        .iter()
        .find(|container| !container.ready)
    else {
        let closed = |kind: &str| meta::holds(conditions, kind).is_none();
        let gates = &pod.spec.readiness_gates;
        let gate = gates.iter().find(|gate| closed(&gate.condition_type));
        return (
            Health::Progressing,
            gate.map(|gate| format!("It waits for its readiness gate {}", gate.condition_type)),
        );
    };
    let name = &container.name;
    let since = container
        .state
        .running
        .as_ref()
        .and_then(|running| meta::time(&running.started_at));
    if container.restart_count > 0 {
        let reason = format!("Container {name} is not ready, {}", restarts(container));
        (Health::Warning, Some(reason))
    } else if container.state.terminated.is_some() {
        (
            Health::Progressing,
            Some(format!("Container {name} has completed, others still run")),
        )
    } else if since.is_some() && since < changed {
        (
            Health::Warning,
            Some(format!("Container {name} was ready and no longer is")),
        )
    } else {
        (
            Health::Progressing,
            Some(format!("Container {name} is not ready yet")),
        )
    }
}

/// The first container that cannot do its work, in words.
fn broken_container(pod: &Pod<'_>) -> Option<String> {
    let init = pod.status.init_container_statuses.iter();
    let init = init.map(|container| (format!("Init container {}", container.name), container));
    let own = pod.status.container_statuses.iter();
    let own = own.map(|container| (format!("Container {}", container.name), container));
    init.chain(own)
        .find_map(|(who, container)| broken(&who, container))
}

fn broken(who: &str, container: &ContainerStatus<'_>) -> Option<String> {
    let state = &container.state;
    let last = container.last_state.terminated.as_ref();
    if let Some(waiting) = &state.waiting {
        let message = &waiting.message;
        return match &*waiting.reason {
            "" | "ContainerCreating" | "PodInitializing" => None,
            "CrashLoopBackOff" => {
                let exit = last.map_or("it ends again and again".to_owned(), exit);
                Some(format!("{who} keeps crashing: {exit}, {}", restarts(container)))
            }
            "ImagePullBackOff" | "ErrImagePull" | "ErrImageNeverPull" | "InvalidImageName" => {
                Some(with_message(&format!("{who} cannot get its image"), message))
            }
            "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
                Some(with_message(&format!("{who} cannot be started"), message))
            }
            reason => Some(with_message(&format!("{who} waits, {reason}"), message)),
        };
    }
    let terminated = state.terminated.as_ref().filter(|ended| ended.exit_code != 0)?;
    Some(format!(
        "{who} ended: {}, {}",
        exit(terminated),
        restarts(container)
    ))
}

fn with_message(text: &str, message: &str) -> String {
    if message.is_empty() {
        text.to_owned()
    } else {
        format!("{text}: {message}")
    }
}

/// `exit code 137 (OOMKilled)`.
fn exit(terminated: &Terminated<'_>) -> String {
    match (terminated.signal, &*terminated.reason) {
        (0, "") => format!("exit code {}", terminated.exit_code),
        (signal, "") => format!("signal {signal}"),
        (_, reason) => format!("exit code {} ({reason})", terminated.exit_code),
    }
}

fn restarts(container: &ContainerStatus<'_>) -> String {
    match container.restart_count {
        0 => "not restarted".to_owned(),
        1 => "1 restart".to_owned(),
        count => format!("{count} restarts"),
    }
}
