//! The table of pods: what a pod is up to, in a word, is put together of many fields.

use serde_json::{Value, json};

use super::Object;
use super::age::age;

/// The cells, and what happened to the containers on the way to them.
#[derive(Default)]
struct Found {
    reason: String,
    ready: usize,
    restarts: i64,
    last: String,
}

impl Found {
    fn restarted(&mut self, status: &Value) {
        self.restarts += status["restartCount"].as_i64().unwrap_or_default();
        let finished = status["lastState"]["terminated"]["finishedAt"]
            .as_str()
            .unwrap_or_default();
        if finished > self.last.as_str() {
            self.last = finished.to_owned();
        }
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// Why a container ended.
fn ended(terminated: &Value) -> String {
    match (
        text(terminated, "reason"),
        terminated["signal"].as_i64().unwrap_or_default(),
    ) {
        ("", 0) => format!("ExitCode:{}", terminated["exitCode"].as_i64().unwrap_or_default()),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

pub(super) fn pod(o: &Object<'_>) -> Vec<Value> {
    let phase = o.text("/status/phase");
    let reason = match o.text("/status/reason") {
        "" => phase,
        reason => reason,
    };
    let mut found = Found {
        reason: reason.to_owned(),
        ..Found::default()
    };
    let conditions = o.list("/status/conditions");
    let is_true = |kind: &str| {
        conditions
            .iter()
            .any(|c| c["type"] == kind && c["status"] == "True")
    };
    if conditions
        .iter()
        .any(|c| c["type"] == "PodScheduled" && c["reason"] == "SchedulingGated")
    {
        found.reason = "SchedulingGated".to_owned();
    }
    let sidecars: Vec<&str> = o
        .list("/spec/initContainers")
        .iter()
        .filter(|c| c["restartPolicy"] == "Always")
        .map(|c| text(c, "name"))
        .collect();
    let total = o.count("/spec/containers") + sidecars.len();
    let mut of_sidecars = Found::default();
    let initializing = initial(o, &sidecars, &mut found, &mut of_sidecars);
    if !initializing || is_true("Initialized") {
        found.restarts = of_sidecars.restarts;
        found.last = of_sidecars.last;
        main(o, &mut found, is_true("Ready"));
    }
    let deleted = !o.text("/metadata/deletionTimestamp").is_empty();
    if deleted && o.text("/status/reason") == "NodeLost" {
        found.reason = "Unknown".to_owned();
    } else if deleted && !matches!(phase, "Succeeded" | "Failed") {
        found.reason = "Terminating".to_owned();
    }
    let restarts = if found.restarts != 0 && !found.last.is_empty() {
        format!("{} ({} ago)", found.restarts, age(&found.last, o.now))
    } else {
        found.restarts.to_string()
    };
    let or_none = |pointer: &str| match o.text(pointer) {
        "" => json!("<none>"),
        text => json!(text),
    };
    let gates = o.list("/spec/readinessGates");
    let passed = gates
        .iter()
        .filter(|gate| is_true(text(gate, "conditionType")))
        .count();
    let gates = if gates.is_empty() {
        "<none>".to_owned()
    } else {
        format!("{passed}/{}", gates.len())
    };
    vec![
        o.name(),
        json!(format!("{}/{total}", found.ready)),
        json!(found.reason),
        json!(restarts),
        o.age(),
        or_none("/status/podIPs/0/ip"),
        or_none("/spec/nodeName"),
        or_none("/status/nominatedNodeName"),
        json!(gates),
    ]
}

/// Looks at the containers that run first. Returns whether they are not through.
fn initial(o: &Object<'_>, sidecars: &[&str], found: &mut Found, of_sidecars: &mut Found) -> bool {
    for (index, status) in o.list("/status/initContainerStatuses").iter().enumerate() {
        found.restarted(status);
        let sidecar = sidecars.contains(&text(status, "name"));
        if sidecar {
            of_sidecars.restarted(status);
        }
        let (terminated, waiting) = (&status["state"]["terminated"], &status["state"]["waiting"]);
        let code = terminated["exitCode"].as_i64().unwrap_or_default();
        if terminated.is_object() && code == 0 {
            continue;
        }
        if sidecar && status["started"] == true {
            found.ready += usize::from(status["ready"] == true);
            continue;
        }
        found.reason = if terminated.is_object() {
            format!("Init:{}", ended(terminated))
        } else {
            match text(waiting, "reason") {
                "" | "PodInitializing" => format!("Init:{index}/{}", o.count("/spec/initContainers")),
                reason => format!("Init:{reason}"),
            }
        };
        return true;
    }
    false
}

fn main(o: &Object<'_>, found: &mut Found, is_ready: bool) {
    let mut running = false;
    let mut failed = String::new();
    for status in o.list("/status/containerStatuses").iter().rev() {
        found.restarted(status);
        let state = &status["state"];
        let waiting = text(&state["waiting"], "reason");
        if !waiting.is_empty() {
            found.reason = waiting.to_owned();
        } else if state["terminated"].is_object() {
            found.reason = ended(&state["terminated"]);
            if state["terminated"]["exitCode"].as_i64().unwrap_or_default() != 0 {
                failed.clone_from(&found.reason);
            }
        } else if status["ready"] == true && state["running"].is_object() {
            running = true;
            found.ready += 1;
        }
    }
    if found.reason == "Completed" {
        found.reason = match (running, is_ready, failed.is_empty()) {
            (true, true, _) => "Running".to_owned(),
            (_, _, false) => failed,
            (true, false, true) => "NotReady".to_owned(),
            (false, _, true) => return,
        };
    }
}
