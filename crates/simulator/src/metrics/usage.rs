//! What containers use. A pod whose HorizontalPodAutoscaler looks at a resource uses of it what the autoscaler sees, with
//! little difference between the pods; others use a part of their request that changes slowly. Memory of a container
//! that will be killed for it grows until then.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::WINDOW;
use crate::clock::stamp;
use crate::controllers::json::{
    duration, has_labels, hash, list, name, namespace, text, time, told, told_container, uid,
};
use crate::quantity::Quantity;
use crate::shared::Shared;

/// A pod is measured when it has run for two windows.
const FIRST: i64 = 2 * WINDOW;
const MEBI: i64 = 1 << 20;
/// What a node needs for itself: nanocores, and bytes.
const SYSTEM: Usage = Usage {
    cpu: 120_000_000,
    memory: 640 * MEBI,
};

/// Nanocores, and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Usage {
    cpu: i64,
    memory: i64,
}

impl Usage {
    fn add(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.memory += other.memory;
    }

    fn json(self) -> Value {
        let memory = format!("{}Ki", (self.memory / 1024).max(0));
        json!({"cpu": format!("{}n", self.cpu.max(0)), "memory": memory})
    }
}

/// The objects that decide, as of one moment.
pub(super) struct Cluster {
    now: i64,
    nodes: Vec<Value>,
    pods: Vec<Value>,
    scalers: Vec<Scaler>,
}

/// What an autoscaler says of the pods of its target.
struct Scaler {
    namespace: String,
    labels: Value,
    resource: String,
    used: Seen,
}

/// What a pod uses of a resource.
#[derive(Clone, Copy)]
enum Seen {
    /// In percent of the request.
    Percent(i64),
    /// By itself, in units of 10⁻⁹.
    Nano(i128),
}

impl Cluster {
    pub(super) fn read(shared: &Shared, now: i64) -> Self {
        let objects = |group: &str, version: &str, plural: &str| -> Vec<Value> {
            let Some(resource) = shared.resources.find(group, version, plural) else {
                return Vec::new();
            };
            let snapshot = shared.store.lock().snapshot(resource.id);
            let texts = snapshot
                .from("", None)
                .map(|(_, stored)| snapshot.dictionary.unpack(stored));
            texts
                .filter_map(|text| serde_json::from_slice(&text).ok())
                .collect()
        };
        let targets: BTreeMap<(String, String, String), Value> = ["deployments", "statefulsets"]
            .into_iter()
            .flat_map(|plural| {
                objects("apps", "v1", plural)
                    .into_iter()
                    .map(move |target| (plural, target))
            })
            .map(|(plural, target)| {
                let kind = if plural == "deployments" {
                    "Deployment"
                } else {
                    "StatefulSet"
                };
                let labels = target["spec"]["selector"]["matchLabels"].clone();
                (
                    (
                        namespace(&target).to_owned(),
                        kind.to_owned(),
                        name(&target).to_owned(),
                    ),
                    labels,
                )
            })
            .collect();
        let scalers = objects("autoscaling", "v2", "horizontalpodautoscalers");
        let scalers = scalers.iter().flat_map(|scaler| {
            let target = &scaler["spec"]["scaleTargetRef"];
            let key = (
                namespace(scaler).to_owned(),
                text(target, "/kind").to_owned(),
                text(target, "/name").to_owned(),
            );
            let labels = targets.get(&key);
            let metrics = list(scaler, "/status/currentMetrics").iter();
            metrics.filter_map(move |metric| {
                let measured = &metric["resource"];
                let value = || Quantity::parse(text(measured, "/current/averageValue"));
                let percent = measured["current"]["averageUtilization"].as_i64();
                Some(Scaler {
                    namespace: namespace(scaler).to_owned(),
                    labels: labels?.clone(),
                    resource: text(measured, "/name").to_owned(),
                    used: percent
                        .map(Seen::Percent)
                        .or_else(|| Some(Seen::Nano(value()?.nano)))?,
                })
            })
        });
        Self {
            now,
            nodes: objects("", "v1", "nodes"),
            pods: objects("", "v1", "pods"),
            scalers: scalers.collect(),
        }
    }

    /// Nodes whose kubelets do not answer have no metrics, and neither have their pods.
    fn is_alive(&self, node: &str) -> bool {
        let node = self.nodes.iter().find(|own| name(own) == node);
        node.is_some_and(|node| told(node, "ready") != Some("false"))
    }

    pub(super) fn nodes(&self) -> Vec<Value> {
        let alive = self.nodes.iter().filter(|node| self.is_alive(name(node)));
        alive
            .map(|node| {
                let mut usage = SYSTEM;
                usage.cpu += wave(uid(node), self.now, 80_000_000);
                for pod in self.pods.iter().filter(|pod| text(pod, "/spec/nodeName") == name(node)) {
                    self.containers(pod).into_iter().for_each(|(_, used)| usage.add(used));
                }
                json!({
                    "metadata": self.metadata(node), "timestamp": stamp(self.now), "window": format!("{WINDOW}s"),
                    "usage": usage.json(),
                })
            })
            .collect()
    }

    pub(super) fn pods(&self, space: &str) -> Vec<Value> {
        let wanted = self
            .pods
            .iter()
            .filter(|pod| space.is_empty() || namespace(pod) == space);
        let alive = wanted.filter(|pod| self.is_alive(text(pod, "/spec/nodeName")));
        alive
            .filter_map(|pod| {
                let containers = self.containers(pod);
                let shown: Vec<Value> = containers
                    .iter()
                    .map(|(name, usage)| json!({"name": name, "usage": usage.json()}))
                    .collect();
                (!shown.is_empty()).then(|| {
                    json!({
                        "metadata": self.metadata(pod), "timestamp": stamp(self.now),
                        "window": format!("{WINDOW}s"), "containers": shown,
                    })
                })
            })
            .collect()
    }

    fn metadata(&self, object: &Value) -> Value {
        let mut metadata = json!({"name": name(object), "creationTimestamp": stamp(self.now)});
        if !namespace(object).is_empty() {
            metadata["namespace"] = json!(namespace(object));
        }
        if object["metadata"]["labels"].is_object() {
            metadata["labels"] = object["metadata"]["labels"].clone();
        }
        metadata
    }

    /// The containers of a pod that run, with what they use.
    fn containers(&self, pod: &Value) -> Vec<(String, Usage)> {
        let running = list(pod, "/status/containerStatuses")
            .iter()
            .filter_map(|status| {
                let started = time(status, "/state/running/startedAt")?;
                (self.now - started >= FIRST).then(|| (text(status, "/name"), started))
            });
        running
            .filter_map(|(container, started)| {
                let spec = list(pod, "/spec/containers")
                    .iter()
                    .find(|spec| spec["name"] == container)?;
                Some((container.to_owned(), self.usage(pod, spec, started)))
            })
            .collect()
    }

    fn usage(&self, pod: &Value, spec: &Value, started: i64) -> Usage {
        let container = text(spec, "/name");
        let amount = |which: &str, resource: &str| {
            let text = spec["resources"][which][resource].as_str().unwrap_or_default();
            Quantity::parse(text).map(|quantity| quantity.nano)
        };
        let seed = format!("{}/{container}", uid(pod));
        let part = |percent: i64, of: i128| i64::try_from(of * i128::from(percent) / 100).unwrap_or(i64::MAX);
        // Pods of one target differ by a twentieth at most.
        let difference = |of: i64| of / 1000 * (wave(&format!("{seed}/{}", self.now), 0, 100) - 50);
        let count = i128::try_from(list(pod, "/spec/containers").len().max(1)).unwrap_or(1);
        let seen = |resource: &str| self.seen(pod, resource);
        let cpu = match (amount("requests", "cpu"), seen("cpu")) {
            (Some(request), Some(Seen::Percent(percent))) => {
                let used = part(percent, request);
                used + difference(used)
            }
            (_, Some(Seen::Nano(nano))) => {
                let used = part(100, nano / count);
                used + difference(used)
            }
            (Some(request), _) => part(15 + wave(&seed, self.now, 45), request),
            (None, _) => 2_000_000 + wave(&seed, self.now, 30_000_000),
        };
        let bytes = |nano: i128| nano / 1_000_000_000;
        let memory = match (amount("requests", "memory").map(bytes), seen("memory")) {
            (Some(request), Some(Seen::Percent(percent))) => {
                let used = part(percent, request);
                used + difference(used)
            }
            (_, Some(Seen::Nano(nano))) => {
                let used = part(100, bytes(nano) / count);
                used + difference(used)
            }
            (Some(request), _) => part(50 + wave(&format!("{seed}/memory"), self.now, 35), request),
            (None, _) => 24 * MEBI + wave(&format!("{seed}/memory"), self.now, 72 * MEBI),
        };
        let most_cpu = amount("limits", "cpu").map_or(i64::MAX, |most| part(100, most));
        let most = amount("limits", "memory")
            .map(bytes)
            .map_or(i64::MAX, |most| part(97, most));
        let memory = match told_container(pod, container, "oom-after").and_then(duration) {
            Some(after) if most < i64::MAX => {
                most / 4 + (most - most / 4) / after.max(1) * (self.now - started).min(after)
            }
            _ => memory,
        };
        Usage {
            cpu: cpu.min(most_cpu),
            memory: memory.min(most),
        }
    }

    /// The use of a resource, if an autoscaler looks at the pod.
    fn seen(&self, pod: &Value, resource: &str) -> Option<Seen> {
        let scaler = self.scalers.iter().find(|scaler| {
            let own = scaler.resource == resource && scaler.namespace == namespace(pod);
            own && scaler.labels.is_object() && has_labels(&scaler.labels, &pod["metadata"]["labels"])
        });
        scaler.map(|scaler| scaler.used)
    }
}

/// A value from 0 to `most` that goes up and down within an hour, at a time of its own for each seed.
fn wave(seed: &str, now: i64, most: i64) -> i64 {
    const PERIOD: i64 = 3600;
    let shift = i64::try_from(hash(seed) % PERIOD.unsigned_abs()).unwrap_or_default();
    let phase = (now + shift).rem_euclid(PERIOD);
    most * (PERIOD / 2 - (phase - PERIOD / 2).abs()) / (PERIOD / 2)
}

/// What the containers of an item use together, or a node.
pub(super) fn total(item: &Value) -> Value {
    if item["usage"].is_object() {
        return item["usage"].clone();
    }
    let mut all = Usage::default();
    for container in list(item, "/containers") {
        let number = |field: &str, suffix: &str| {
            let text = container["usage"][field].as_str().unwrap_or_default();
            text.trim_end_matches(suffix).parse::<i64>().unwrap_or_default()
        };
        all.add(Usage {
            cpu: number("cpu", "n"),
            memory: number("memory", "Ki") * 1024,
        });
    }
    all.json()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waves_stay_between_their_bounds_and_are_the_same_again() {
        let values: Vec<i64> = (0..7200).map(|now| wave("a", now, 100)).collect();
        assert!(values.iter().all(|value| (0..=100).contains(value)));
        assert!(values.contains(&0) && values.contains(&100));
        assert_eq!(values[..3600], values[3600..]);
    }

    #[test]
    fn a_pod_uses_what_its_containers_use() {
        let one = json!({"usage": {"cpu": "5n", "memory": "3Ki"}});
        assert_eq!(
            total(&json!({"containers": [one, one]})),
            json!({"cpu": "10n", "memory": "6Ki"})
        );
    }
}
