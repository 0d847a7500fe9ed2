//! One container: from its image to its end, and back.

use serde_json::{Value, json};

use super::{Report, references};
use probe::Probed;

mod probe;

use crate::clock::stamp;
use crate::container::program;
use crate::controllers::json::{duration, hash, int, list, name, namespace, text, time, told_container, uid};
use crate::controllers::world::World;

/// The kubelet's longest wait before it tries again.
const LONGEST: i64 = 300;
/// A container that ran this long failed for the first time when it fails.
const FORGIVEN: i64 = 600;

/// Whether an init container goes on beside the others.
pub(super) fn is_sidecar(spec: &Value, init: bool) -> bool {
    init && text(spec, "/restartPolicy") == "Always"
}

/// The next state of a container. `base` is when the kubelet turned to it.
pub(super) fn step(
    world: &mut World,
    pod: &Value,
    spec: &Value,
    status: &Value,
    init: bool,
    base: i64,
    report: &mut Report,
) -> Value {
    let sidecar = is_sidecar(spec, init);
    let one = Container {
        pod,
        spec,
        status,
        init: init && !sidecar,
        sidecar,
        name: text(spec, "/name"),
    };
    if status.pointer("/state/running").is_some() {
        return one.run(world, report);
    }
    if status.pointer("/state/terminated").is_some() {
        return one.ended(world, report);
    }
    if text(status, "/state/waiting/reason") == "CrashLoopBackOff" {
        return one.wait_for_restart(world, report);
    }
    one.prepare(world, base, report)
}

/// A container is stopped because its pod goes. One that is meant to run for ever ends well; what was to run to its end
/// did not get there.
pub(super) fn stop(status: &mut Value, for_ever: bool, now: i64) {
    let Some(running) = status.pointer("/state/running").cloned() else {
        return;
    };
    let (code, reason) = if for_ever {
        (0, "Completed")
    } else {
        (143, "Error")
    };
    status["state"] = json!({"terminated": {
        "exitCode": code, "reason": reason, "startedAt": running["startedAt"], "finishedAt": stamp(now),
        "containerID": status["containerID"],
    }});
    status["ready"] = json!(false);
    status["started"] = json!(false);
}

struct Container<'a> {
    pod: &'a Value,
    spec: &'a Value,
    status: &'a Value,
    init: bool,
    sidecar: bool,
    name: &'a str,
}

impl Container<'_> {
    fn told(&self, what: &str) -> Option<&str> {
        // What a pod's annotations say of its end is not about its init containers, unless they are named.
        if self.init || self.sidecar {
            return crate::controllers::json::told(self.pod, &format!("{}.{what}", self.name));
        }
        told_container(self.pod, self.name, what)
    }

    fn restarts(&self) -> i64 {
        int(self.status, "/restartCount").unwrap_or_default()
    }

    fn waiting(&self, reason: &str, message: &str) -> Value {
        let mut status = self.status.clone();
        status["state"] = json!({"waiting": {"reason": reason, "message": message}});
        status["ready"] = json!(false);
        status["started"] = json!(false);
        status
    }

    /// Image and configuration, and then it starts.
    fn prepare(&self, world: &mut World, base: i64, report: &mut Report) -> Value {
        let image = text(self.spec, "/image");
        let host = image.split('/').next().unwrap_or_default();
        if self.told("pull") == Some("not-found") || host.ends_with(".invalid") {
            return self.fail_to_pull(world, base, image, report);
        }
        let place = (text(self.pod, "/spec/nodeName").to_owned(), image.to_owned());
        let present = world.images.contains(&place) && text(self.spec, "/imagePullPolicy") != "Always";
        let took = 1 + i64::try_from(hash(image) % 3).unwrap_or_default();
        if !present && !world.past {
            if world.retry_due(uid(self.pod), self.name) == 0 {
                report.say(self.name, "Normal", "Pulling", format!("Pulling image {image:?}"));
                world.retry_at(uid(self.pod), self.name, world.now.max(base) + took);
            }
            let done = world.retry_due(uid(self.pod), self.name);
            if world.now < done {
                report.wait(done);
                return self.status.clone();
            }
        }
        let retry = format!("{}/config", self.name);
        let due = world.retry_due(uid(self.pod), &retry);
        if world.now < due {
            report.wait(due);
            return self.status.clone();
        }
        world.images.insert(place);
        if present {
            let message = format!(
                "Container image {image:?} already present on machine and can be accessed by the pod"
            );
            report.say(self.name, "Normal", "Pulled", message);
        } else {
            let size = 20_000_000 + hash(image) % 180_000_000;
            let message = format!(
                "Successfully pulled image {image:?} in {took}.{:03}s ({took}.{:03}s including waiting). Image size: {size} bytes.",
                hash(image) % 1000,
                hash(image) % 1000
            );
            report.say(self.name, "Normal", "Pulled", message);
        }
        if let Some(problem) = references::environment(world, self.pod, self.spec) {
            report.say(self.name, "Warning", "Failed", format!("Error: {problem}"));
            // The past has few witnesses.
            let pause = if world.past { 600 } else { 15 };
            let again = world.now + pause;
            world.retry_at(uid(self.pod), &retry, again);
            report.wait(again);
            return self.waiting("CreateContainerConfigError", &problem);
        }
        self.start(world, report, self.status.clone())
    }

    fn fail_to_pull(&self, world: &World, base: i64, image: &str, report: &mut Report) -> Value {
        let (start, next) = attempt(world.now - base);
        let trying = world.now - base - start < 2;
        let host = image.split('/').next().unwrap_or_default();
        let why = if host.ends_with(".invalid") {
            format!(
                "failed to do request: Head \"https://{host}/v2/\": dial tcp: lookup {host}: no such host"
            )
        } else {
            format!("{image}: not found")
        };
        let detail = format!(
            "failed to pull and unpack image {image:?}: failed to resolve reference {image:?}: {why}"
        );
        let reason = text(self.status, "/state/waiting/reason");
        if trying {
            report.wait(base + start + 2);
            let code = if host.ends_with(".invalid") {
                "Unknown"
            } else {
                "NotFound"
            };
            let message = format!("rpc error: code = {code} desc = {detail}");
            if reason != "ErrImagePull" {
                report.say(self.name, "Normal", "Pulling", format!("Pulling image {image:?}"));
                report.say(
                    self.name,
                    "Warning",
                    "Failed",
                    format!("Failed to pull image {image:?}: {message}"),
                );
                report.say(self.name, "Warning", "Failed", "Error: ErrImagePull");
            }
            return self.waiting("ErrImagePull", &message);
        }
        report.wait(base + next);
        let message = format!("Back-off pulling image {image:?}: ErrImagePull: {detail}");
        if reason != "ImagePullBackOff" {
            report.say(
                self.name,
                "Normal",
                "BackOff",
                format!("Back-off pulling image {image:?}"),
            );
            report.say(self.name, "Warning", "Failed", "Error: ImagePullBackOff");
        }
        self.waiting("ImagePullBackOff", &message)
    }

    fn start(&self, world: &World, report: &mut Report, mut status: Value) -> Value {
        let id = container_id(
            self.pod,
            self.name,
            int(&status, "/restartCount").unwrap_or_default(),
        );
        report.say(self.name, "Normal", "Created", "Container created");
        report.say(self.name, "Normal", "Started", "Container started");
        let image = text(self.spec, "/image");
        status["containerID"] = json!(id);
        status["imageID"] = json!(image_id(image));
        status["image"] = json!(image);
        status["state"] = json!({"running": {"startedAt": stamp(world.now)}});
        status["started"] = json!(self.init || self.spec.get("startupProbe").is_none());
        status["ready"] = json!(false);
        status
    }

    /// When and how it ends by itself.
    fn end(&self, started: i64) -> Option<(i64, i64, &'static str)> {
        let luck =
            i64::try_from(hash(&format!("{}{}", uid(self.pod), self.restarts())) % 30).unwrap_or_default();
        let at = |what: &str| self.told(what).and_then(duration);
        if let Some(after) = at("oom-after") {
            return Some((started + after + luck, 137, "OOMKilled"));
        }
        let code = self.told("exit-code").and_then(|code| code.parse().ok());
        if let Some(after) = at("crash-after") {
            return Some((started + after, code.unwrap_or(1), "Error"));
        }
        if code.is_none()
            && self.told("complete-after").is_none()
            && let Some(program) = program::of_container(self.pod, self.spec)
        {
            let reason = if program.code == 0 { "Completed" } else { "Error" };
            return Some((started + (program.ends? + 999) / 1000, program.code, reason));
        }
        if self.sidecar || (text(self.pod, "/spec/restartPolicy") == "Always" && !self.init) {
            return None;
        }
        // Who listens serves until somebody ends it; a Job wants to come to an end all the same.
        let of_job = list(self.pod, "/metadata/ownerReferences")
            .iter()
            .any(|owner| owner["kind"] == "Job");
        let listens = !list(self.spec, "/ports").is_empty();
        if listens && !self.init && !of_job && code.is_none() && self.told("complete-after").is_none() {
            return None;
        }
        let after = at("complete-after").unwrap_or(if self.init { 1 } else { 4 + luck / 3 });
        let code = code.unwrap_or(0);
        Some((
            started + after,
            code,
            if code == 0 { "Completed" } else { "Error" },
        ))
    }

    fn run(&self, world: &mut World, report: &mut Report) -> Value {
        let started = time(self.status, "/state/running/startedAt").unwrap_or(world.now);
        if let Some((at, code, reason)) = self.end(started) {
            if world.now >= at {
                let mut status = self.status.clone();
                status["state"] = json!({"terminated": {
                    "exitCode": code, "reason": reason, "startedAt": stamp(started), "finishedAt": stamp(at),
                    "containerID": status["containerID"],
                }});
                status["ready"] = json!(self.init && code == 0);
                status["started"] = json!(false);
                return status;
            }
            report.wait(at);
        }
        let mut status = self.status.clone();
        let delay = |kind: &str| {
            self.spec.get(kind).map_or(0, |probe| {
                int(probe, "/initialDelaySeconds").unwrap_or_default() + 1
            })
        };
        let begun = started + delay("startupProbe");
        match self.probe(world, "startupProbe", started, report) {
            Some(Probed::Failed) => return self.kill(world, started, "startup", report),
            Some(Probed::Open) => return status,
            Some(Probed::Passed) => {}
            None if world.now < begun => {
                report.wait(begun);
                return status;
            }
            None => {}
        }
        status["started"] = json!(true);
        if self.init {
            return status;
        }
        if let Some(Probed::Failed) = self.probe(world, "livenessProbe", started, report) {
            return self.kill(world, started, "liveness", report);
        }
        if self.told("ready") == Some("false") {
            status["ready"] = json!(false);
            self.fail_readiness(world, begun, report);
            return status;
        }
        if let Some(probed) = self.probe(world, "readinessProbe", started, report) {
            match probed {
                Probed::Passed => status["ready"] = json!(true),
                Probed::Failed => status["ready"] = json!(false),
                Probed::Open => {}
            }
            return status;
        }
        let ready = begun + delay("readinessProbe");
        if world.now < ready {
            report.wait(ready);
        }
        status["ready"] = json!(world.now >= ready);
        status
    }

    /// It failed a probe so often that it is started anew.
    fn kill(&self, world: &World, started: i64, probe: &str, report: &mut Report) -> Value {
        let message = format!("Container {} failed {probe} probe, will be restarted", self.name);
        report.say(self.name, "Normal", "Killing", message);
        let mut status = self.status.clone();
        status["state"] = json!({"terminated": {
            "exitCode": 137, "reason": "Error", "startedAt": stamp(started), "finishedAt": stamp(world.now),
            "containerID": status["containerID"],
        }});
        status["ready"] = json!(false);
        status["started"] = json!(false);
        report.wait(world.now + 1);
        status
    }

    fn fail_readiness(&self, world: &mut World, begun: i64, report: &mut Report) {
        let probe = &self.spec["readinessProbe"];
        let period = int(probe, "/periodSeconds").unwrap_or(10).max(1);
        let period = if world.past { period.max(600) } else { period };
        let retry = format!("{}/probe", self.name);
        let first = begun + int(probe, "/initialDelaySeconds").unwrap_or_default() + 1;
        let due = world.retry_due(uid(self.pod), &retry).max(first);
        if world.now < due {
            return report.wait(due);
        }
        let message = match self.told("probe-message") {
            Some(message) => format!("Readiness probe failed: {message}"),
            None if probe.get("httpGet").is_some() => {
                "Readiness probe failed: HTTP probe failed with statuscode: 503".to_owned()
            }
            None => "Readiness probe failed: ".to_owned(),
        };
        report.say(self.name, "Warning", "Unhealthy", message);
        world.retry_at(uid(self.pod), &retry, world.now + period);
        report.wait(world.now + period);
    }

    fn ended(&self, world: &mut World, report: &mut Report) -> Value {
        let code = int(self.status, "/state/terminated/exitCode").unwrap_or_default();
        let again = match text(self.pod, "/spec/restartPolicy") {
            _ if self.sidecar => true,
            "Never" => false,
            "OnFailure" => code != 0,
            _ => !self.init || code != 0,
        };
        if !again {
            return self.status.clone();
        }
        let last = self.status["state"].clone();
        let mut status = self.status.clone();
        status["lastState"] = last;
        let (delay, _) = self.delay(&status);
        if delay == 0 {
            return self.restart(world, report, status);
        }
        let message = format!(
            "back-off {} restarting failed container={} pod={}_{}({})",
            go_duration(delay),
            self.name,
            name(self.pod),
            namespace(self.pod),
            uid(self.pod)
        );
        let event = format!(
            "Back-off restarting failed container {} in pod {}_{}({})",
            self.name,
            name(self.pod),
            namespace(self.pod),
            uid(self.pod)
        );
        report.say(self.name, "Warning", "BackOff", event);
        status["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
        status
    }

    /// How long a container that ended has to wait, and until when.
    fn delay(&self, status: &Value) -> (i64, i64) {
        let finished = time(status, "/lastState/terminated/finishedAt").unwrap_or_default();
        let started = time(status, "/lastState/terminated/startedAt").unwrap_or(finished);
        let delay = match (self.restarts(), finished - started) {
            (0, _) => 0,
            (_, ran) if ran >= FORGIVEN => 10,
            (count, _) => (10_i64 << (count - 1).clamp(0, 6)).min(LONGEST),
        };
        (delay, finished + delay)
    }

    fn wait_for_restart(&self, world: &World, report: &mut Report) -> Value {
        let (_, until) = self.delay(self.status);
        if world.now < until {
            report.wait(until);
            return self.status.clone();
        }
        self.restart(world, report, self.status.clone())
    }

    fn restart(&self, world: &World, report: &mut Report, mut status: Value) -> Value {
        status["restartCount"] = json!(self.restarts() + 1);
        let image = text(self.spec, "/image");
        let message =
            format!("Container image {image:?} already present on machine and can be accessed by the pod");
        report.say(self.name, "Normal", "Pulled", message);
        self.start(world, report, status)
    }
}

/// When the last attempt to pull began and when the next one does, in seconds since the first.
fn attempt(elapsed: i64) -> (i64, i64) {
    let (mut start, mut pause) = (0, 10);
    loop {
        let next = start + pause;
        if elapsed < next {
            return (start, next);
        }
        start = next;
        pause = (pause * 2).min(LONGEST);
    }
}

fn hex(seed: &str) -> String {
    (0..4)
        .map(|part| format!("{:016x}", hash(&format!("{seed}/{part}"))))
        .collect()
}

fn container_id(pod: &Value, container: &str, restarts: i64) -> String {
    format!(
        "containerd://{}",
        hex(&format!("{}/{container}/{restarts}", uid(pod)))
    )
}

fn image_id(image: &str) -> String {
    let repository = image.split('@').next().unwrap_or(image);
    let repository = match repository.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => repository,
    };
    let digest = hex(image);
    let host = repository.split('/').next().unwrap_or_default();
    let full = match (host.contains('.') || host.contains(':'), repository.contains('/')) {
        (true, _) => repository.to_owned(),
        (false, true) => format!("docker.io/{repository}"),
        (false, false) => format!("docker.io/library/{repository}"),
    };
    format!("{full}@sha256:{digest}")
}

/// Seconds as Go writes them: `40s`, `1m20s`, `5m0s`.
fn go_duration(seconds: i64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulls_are_tried_less_and_less_often() {
        assert_eq!(attempt(0), (0, 10));
        assert_eq!(attempt(10), (10, 30));
        assert_eq!(attempt(1000), (910, 1210));
    }

    #[test]
    fn images_have_full_names() {
        assert!(image_id("nginx:1.27").starts_with("docker.io/library/nginx@sha256:"));
        assert!(
            image_id("registry.example.com:5000/a/b:1").starts_with("registry.example.com:5000/a/b@sha256:")
        );
    }

    #[test]
    fn durations_are_those_of_go() {
        assert_eq!(go_duration(40), "40s");
        assert_eq!(go_duration(300), "5m0s");
    }
}
