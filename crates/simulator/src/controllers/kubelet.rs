//! The kubelet of every node: containers start, run, fail and end, as their images, references and annotations say.

use serde_json::{Value, json};

use super::json::{hash, int, is_ended, is_going, is_true, key, list, set_condition, text, time, told, uid};
use super::kind::Kind;
use super::recorder::{record, record_container};
use super::world::World;
use crate::store::Key;

mod container;
mod references;

/// What a step of a pod wants to be known.
#[derive(Default)]
struct Report {
    /// Container (empty for the pod), level, reason and message.
    said: Vec<(String, &'static str, &'static str, String)>,
    due: Option<i64>,
}

impl Report {
    fn say(
        &mut self,
        container: &str,
        level: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) {
        self.said
            .push((container.to_owned(), level, reason, message.into()));
    }

    fn wait(&mut self, until: i64) {
        self.due = Some(self.due.map_or(until, |due| due.min(until)));
    }
}

/// Whether a node's kubelet answers: one annotated with `ready: "false"` does not.
pub(crate) fn is_alive(node: &Value) -> bool {
    told(node, "ready") != Some("false")
}

/// Brings a pod one step further. Returns when to look again.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let pod = world.get(Kind::Pod, place)?;
    let node = super::pods::node_of(world, &pod)?;
    if !is_alive(&node) {
        return None;
    }
    if is_going(&pod) {
        return end(world, &pod);
    }
    if is_ended(&pod) {
        return None;
    }
    let mut report = Report::default();
    let mut next = Value::clone(&pod);
    if text(&pod, "/status/startTime").is_empty() {
        begin(world, &mut next, &node);
    } else {
        containers(world, &pod, &mut next, &mut report);
    }
    // What was summed up before is so still, if nothing differs.
    let known = !text(&pod, "/status/podIP").is_empty()
        && pod["status"]["observedGeneration"] == pod["metadata"]["generation"];
    let stored = (known && next["status"] == pod["status"]) || {
        summarize(world, &mut next);
        world.update(Kind::Pod, next)
    };
    if stored {
        for (container, level, reason, message) in report.said {
            if container.is_empty() {
                record(world, Kind::Pod, &pod, level, reason, "kubelet", &message);
            } else {
                record_container(world, &pod, &container, level, reason, &message);
            }
        }
    }
    report.due
}

/// The kubelet has seen the pod.
fn begin(world: &World, pod: &mut Value, node: &Value) {
    let addresses = list(node, "/status/addresses");
    let internal = addresses.iter().find(|address| address["type"] == "InternalIP");
    let host = internal
        .map(|address| text(address, "/address"))
        .unwrap_or("127.0.0.1");
    let initial = !list(pod, "/spec/initContainers").is_empty();
    let waiting = if initial {
        "PodInitializing"
    } else {
        "ContainerCreating"
    };
    let statuses = |containers: &[Value], reason: &str| -> Value {
        let one = |container: &Value| {
            json!({
                "name": container["name"], "image": container["image"], "imageID": "", "ready": false,
                "started": false, "restartCount": 0, "lastState": {}, "state": {"waiting": {"reason": reason}},
            })
        };
        containers.iter().map(one).collect()
    };
    let init = statuses(list(pod, "/spec/initContainers"), "PodInitializing");
    let normal = statuses(list(pod, "/spec/containers"), waiting);
    let status = &mut pod["status"];
    status["startTime"] = json!(world.stamp());
    status["hostIP"] = json!(host);
    status["hostIPs"] = json!([{"ip": host}]);
    status["containerStatuses"] = normal;
    if initial {
        status["initContainerStatuses"] = init;
    }
}

fn containers(world: &mut World, pod: &Value, next: &mut Value, report: &mut Report) {
    let start = time(pod, "/status/startTime").unwrap_or(world.now);
    if let Some(problem) = references::volumes(world, pod) {
        let due = world.retry_due(uid(pod), "mount");
        if due <= world.now {
            report.say("", "Warning", "FailedMount", problem);
            world.retry_at(uid(pod), "mount", world.now + 120);
        }
        return report.wait(world.retry_due(uid(pod), "mount"));
    }
    // The sandbox and the volumes take a moment.
    let mut base = start + 1;
    if world.now < base {
        return report.wait(base);
    }
    assign_address(world, pod, next);
    for index in 0..list(pod, "/spec/initContainers").len() {
        let (Some(spec), Some(status)) = (
            list(pod, "/spec/initContainers").get(index),
            list(pod, "/status/initContainerStatuses").get(index),
        ) else {
            return;
        };
        let sidecar = container::is_sidecar(spec, true);
        if sidecar && is_done(pod) {
            let mut last = status.clone();
            container::stop(&mut last, true, world.now);
            if let Some(place) = next.pointer_mut(&format!("/status/initContainerStatuses/{index}")) {
                *place = last;
            }
            continue;
        }
        let after = container::step(world, pod, spec, status, true, base, report);
        if let Some(place) = next.pointer_mut(&format!("/status/initContainerStatuses/{index}")) {
            *place = after.clone();
        }
        if sidecar {
            if after["started"] != true {
                return;
            }
            base = time(&after, "/state/running/startedAt").unwrap_or(base);
            continue;
        }
        if int(&after, "/state/terminated/exitCode") != Some(0) {
            return;
        }
        base = time(&after, "/state/terminated/finishedAt").unwrap_or(base);
    }
    for index in 0..list(pod, "/spec/containers").len() {
        let (Some(spec), Some(status)) = (
            list(pod, "/spec/containers").get(index),
            list(pod, "/status/containerStatuses").get(index),
        ) else {
            return;
        };
        let after = container::step(world, pod, spec, status, false, base, report);
        if let Some(place) = next.pointer_mut(&format!("/status/containerStatuses/{index}")) {
            *place = after;
        }
    }
}

/// Whether the containers of a pod that is meant to end have all done so. Its sidecars end then.
fn is_done(pod: &Value) -> bool {
    let policy = text(pod, "/spec/restartPolicy");
    let statuses = list(pod, "/status/containerStatuses");
    let over = |status: &Value| {
        let code = int(status, "/state/terminated/exitCode");
        code.is_some_and(|code| policy == "Never" || code == 0)
    };
    policy != "Always" && !statuses.is_empty() && statuses.iter().all(over)
}

/// Gives a pod an address of its node's range.
fn assign_address(world: &World, pod: &Value, next: &mut Value) {
    if !text(pod, "/status/podIP").is_empty() {
        return;
    }
    let node = text(pod, "/spec/nodeName");
    let address = if is_true(pod, "/spec/hostNetwork") {
        text(pod, "/status/hostIP").to_owned()
    } else {
        let range = super::pods::node_of(world, pod).map(|node| text(&node, "/spec/podCIDR").to_owned());
        let range = range.unwrap_or_default();
        let prefix = match range.rsplit_once('.') {
            Some((prefix, _)) => prefix.to_owned(),
            None => format!("10.244.{}", hash(node) % 250),
        };
        let taken: std::collections::HashSet<&str> = world
            .list(Kind::Pod, "")
            .filter(|other| text(other, "/spec/nodeName") == node && !is_ended(other))
            .map(|other| text(other, "/status/podIP"))
            .collect();
        let first = hash(uid(pod)) % 250;
        let mut free = (0..250).map(|step| format!("{prefix}.{}", 2 + (first + step) % 250));
        free.find(|address| !taken.contains(address.as_str()))
            .unwrap_or_default()
    };
    next["status"]["podIP"] = json!(address);
    next["status"]["podIPs"] = json!([{"ip": address}]);
}

/// Phase and conditions follow from the containers.
fn summarize(world: &World, pod: &mut Value) {
    let generation = pod["metadata"]["generation"].clone();
    let statuses = list(pod, "/status/containerStatuses").to_vec();
    let init = list(pod, "/status/initContainerStatuses").to_vec();
    let sidecars: Vec<String> = list(pod, "/spec/initContainers")
        .iter()
        .filter(|spec| container::is_sidecar(spec, true))
        .map(|spec| text(spec, "/name").to_owned())
        .collect();
    let (beside, init): (Vec<_>, Vec<_>) = init
        .into_iter()
        .partition(|status| sidecars.iter().any(|name| *name == text(status, "/name")));
    let is_over = |status: &Value| status.pointer("/state/terminated").is_some();
    let is_done = is_done(pod);
    let through = |status: &&Value| match sidecars.iter().any(|name| *name == text(status, "/name")) {
        true => status["started"] == true || is_done,
        false => int(status, "/state/terminated/exitCode") == Some(0),
    };
    let incomplete: Vec<String> = init
        .iter()
        .chain(&beside)
        .filter(|status| !through(status))
        .map(|status| text(status, "/name").to_owned())
        .collect();
    let initialized = incomplete.is_empty();
    let restarts = text(pod, "/spec/restartPolicy");
    let all_over = !statuses.is_empty()
        && statuses.iter().all(is_over)
        && initialized
        && !beside
            .iter()
            .any(|status| status.pointer("/state/running").is_some());
    let failed = |status: &Value| int(status, "/state/terminated/exitCode").is_some_and(|code| code != 0);
    let init_failed = restarts == "Never" && init.iter().any(failed);
    let begun = |status: &Value| {
        status.pointer("/state/waiting").is_none() || status.pointer("/lastState/terminated").is_some()
    };
    let for_good = restarts == "Never" || (restarts == "OnFailure" && is_done);
    let phase = if init_failed || (all_over && for_good && statuses.iter().any(failed)) {
        "Failed"
    } else if all_over && for_good {
        "Succeeded"
    } else if initialized && statuses.iter().any(begun) {
        "Running"
    } else {
        "Pending"
    };
    let unready: Vec<&str> = beside
        .iter()
        .chain(&statuses)
        .filter(|status| status["ready"] != true)
        .map(|status| text(status, "/name"))
        .collect();
    let has_sandbox = !text(pod, "/status/podIP").is_empty() && !matches!(phase, "Succeeded" | "Failed");
    let ready = unready.is_empty() && initialized;
    let mut conditions = vec![
        plain("PodReadyToStartContainers", has_sandbox),
        plain("Initialized", initialized),
        plain("Ready", ready),
        plain("ContainersReady", ready),
        plain("PodScheduled", true),
    ];
    if !initialized {
        let message = format!("containers with incomplete status: [{}]", incomplete.join(" "));
        explain(
            &mut conditions,
            "Initialized",
            "ContainersNotInitialized",
            &message,
        );
    }
    if phase == "Succeeded" {
        for kind in ["Initialized", "Ready", "ContainersReady"] {
            explain(&mut conditions, kind, "PodCompleted", "");
        }
    } else if !ready {
        let message = format!("containers with unready status: [{}]", unready.join(" "));
        for kind in ["Ready", "ContainersReady"] {
            explain(&mut conditions, kind, "ContainersNotReady", &message);
        }
    }
    pod["status"]["phase"] = json!(phase);
    pod["status"]["observedGeneration"] = generation.clone();
    for mut condition in conditions {
        condition["observedGeneration"] = generation.clone();
        set_condition(pod, condition, world.now);
    }
    order(pod);
}

fn plain(kind: &str, holds: bool) -> Value {
    json!({"type": kind, "status": if holds { "True" } else { "False" }, "lastProbeTime": null})
}

fn explain(conditions: &mut [Value], kind: &str, reason: &str, message: &str) {
    for condition in conditions
        .iter_mut()
        .filter(|condition| condition["type"] == kind)
    {
        condition["reason"] = json!(reason);
        if !message.is_empty() {
            condition["message"] = json!(message);
        }
    }
}

/// The kubelet writes its conditions in this order.
fn order(pod: &mut Value) {
    const ORDER: [&str; 5] = [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ];
    if let Some(conditions) = pod["status"]["conditions"].as_array_mut() {
        conditions.sort_by_key(|condition| ORDER.iter().position(|kind| condition["type"] == *kind));
    }
}

/// Ends a pod whose deletion was asked for.
fn end(world: &mut World, pod: &Value) -> Option<i64> {
    let deadline = time(pod, "/metadata/deletionTimestamp").unwrap_or(world.now);
    let grace = int(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or_default();
    let asked = deadline - grace;
    let over = asked + grace.min(2);
    let is_running = |status: &&Value| status.pointer("/state/running").is_some();
    let running: Vec<String> = ["/status/containerStatuses", "/status/initContainerStatuses"]
        .iter()
        .flat_map(|path| list(pod, path))
        .filter(is_running)
        .map(|status| text(status, "/name").to_owned())
        .collect();
    if world.now >= over || running.is_empty() {
        if list(pod, "/metadata/finalizers").is_empty() {
            world.erase(Kind::Pod, &key(pod));
        } else if !is_ended(pod) && text(pod, "/spec/restartPolicy") != "Always" {
            // Whoever holds it waits for its end.
            let mut next = pod.clone();
            next["status"]["phase"] = json!("Failed");
            world.update(Kind::Pod, next);
        }
        return None;
    }
    if world.retry_due(uid(pod), "kill") == 0 {
        world.retry_at(uid(pod), "kill", over);
        for container in &running {
            let message = format!("Stopping container {container}");
            record_container(world, pod, container, "Normal", "Killing", &message);
        }
    }
    if world.now > asked {
        let mut next = pod.clone();
        let for_ever = text(pod, "/spec/restartPolicy") == "Always";
        for statuses in ["containerStatuses", "initContainerStatuses"] {
            for status in super::json::items_mut(&mut next["status"], statuses) {
                container::stop(status, for_ever, world.now);
            }
        }
        summarize(world, &mut next);
        world.update(Kind::Pod, next);
    }
    Some(if world.now > asked { over } else { asked + 1 })
}
