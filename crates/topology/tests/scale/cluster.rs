//! A cluster of a given number of pods.

#![allow(dead_code, reason = "each test uses its part")]

use model::KindId;
use serde_json::{Value, json};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use topology::{Facts, Index, Symbols, kinds};

/// Pods of one workload.
const REPLICAS: usize = 10;
/// Workloads of one namespace.
const WORKLOADS: usize = 50;
/// Pods of one node.
const PODS: usize = 50;

/// The time that this thread has had on a processor: unlike the clock, it does not count the neighbours' work.
pub fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

pub fn read(kind: &str, object: &Value, symbols: &mut Symbols) -> Facts {
    let kind = KindId::of(kind).unwrap();
    let object = match kind.get().watch {
        model::kind::WatchForm::Table => json!({"cells": ["", 1, ""], "object": object}),
        model::kind::WatchForm::Object => object.clone(),
    };
    kinds::read(kind, object.to_string().as_bytes(), symbols).unwrap()
}

/// As an API server would give it: in no order.
pub fn uid(kind: &str, number: usize) -> String {
    let spread = |text: String| {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        hasher.finish()
    };
    let (high, low) = (
        spread(format!("{kind} {number}")),
        spread(format!("{number} {kind}")),
    );
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff,
    )
}

/// The pod of this number.
pub fn pod(number: usize, restarts: u32) -> Value {
    let workload = number / REPLICAS;
    let namespace = format!("team-{}", workload / WORKLOADS);
    json!({
        "metadata": {
            "name": format!("app-{workload}-7c5b8d9f6-{number}"), "namespace": namespace, "uid": uid("pod", number),
            "creationTimestamp": "2026-01-31T09:00:00Z",
            "labels": {
                "app.kubernetes.io/name": format!("app-{workload}"), "app.kubernetes.io/instance": format!("app-{workload}"),
                "app.kubernetes.io/part-of": "platform", "pod-template-hash": "7c5b8d9f6", "team": namespace,
            },
            "ownerReferences": [{"kind": "ReplicaSet", "name": format!("app-{workload}-7c5b8d9f6"),
                                 "uid": uid("rs", workload), "controller": true}],
        },
        "spec": {
            "nodeName": format!("node-{}", number / PODS), "serviceAccountName": "default", "priority": 0,
            "containers": [{"name": "app", "image": format!("registry.example.org/app-{workload}:1.4.2"),
                            "envFrom": [{"configMapRef": {"name": format!("app-{workload}")}}]}],
            "volumes": [{"name": "api", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}}],
        },
        "status": {
            "phase": "Running", "podIPs": [{"ip": "10.244.4.23"}],
            "conditions": [{"type": "Ready", "status": if restarts == 0 { "True" } else { "False" }}],
            "containerStatuses": [{"name": "app", "ready": restarts == 0, "restartCount": restarts,
                                   "state": {"running": {"startedAt": "2026-01-31T09:00:02Z"}}}],
        },
    })
}

/// An index of so many pods with their ReplicaSets, Deployments, Services, slices, ConfigMaps and nodes, in the order in
/// which the first lists come in.
pub fn index(pods: usize) -> Index {
    let mut index = Index::new();
    for kind in KindId::all() {
        index.set_kind_visible(kind, true);
    }
    let mut add = |kind: &str, object: Value| {
        let facts = read(kind, &object, index.symbols());
        index.upsert(facts);
    };
    for number in 0..pods {
        add("Pod", pod(number, 0));
    }
    for node in 0..pods.div_ceil(PODS) {
        add(
            "Node",
            json!({"metadata": {"name": format!("node-{node}"), "uid": uid("node", node)}}),
        );
    }
    for workload in 0..pods.div_ceil(REPLICAS) {
        let namespace = format!("team-{}", workload / WORKLOADS);
        let app = format!("app-{workload}");
        let meta = |name: &str, kind: &str| {
            json!({"name": name, "namespace": namespace, "uid": uid(kind, workload),
                   "creationTimestamp": "2026-01-31T09:00:00Z"})
        };
        let template = json!({"spec": {"containers": [{"name": "app", "image": "app:1",
                              "envFrom": [{"configMapRef": {"name": app}}]}]}});
        let spec = json!({"replicas": REPLICAS, "template": template});
        let status = json!({"replicas": REPLICAS, "updatedReplicas": REPLICAS, "readyReplicas": REPLICAS,
                            "availableReplicas": REPLICAS});
        let mut set = meta(&format!("{app}-7c5b8d9f6"), "rs");
        set["ownerReferences"] = json!([{"kind": "Deployment", "name": app, "uid": uid("dep", workload)}]);
        add(
            "ReplicaSet",
            json!({"metadata": set, "spec": spec, "status": status}),
        );
        add(
            "Deployment",
            json!({"metadata": meta(&app, "dep"), "spec": spec, "status": status}),
        );
        let selector = json!({"app.kubernetes.io/name": app});
        add(
            "Service",
            json!({"metadata": meta(&app, "svc"), "spec": {"type": "ClusterIP", "selector": selector}}),
        );
        let mut slice = meta(&format!("{app}-x"), "eps");
        slice["labels"] = json!({"kubernetes.io/service-name": app});
        let endpoints: Vec<Value> = (workload * REPLICAS..((workload + 1) * REPLICAS).min(pods))
            .map(|number| {
                json!({"targetRef": {"kind": "Pod", "namespace": namespace,
                                               "name": format!("app-{workload}-7c5b8d9f6-{number}")}})
            })
            .collect();
        add(
            "EndpointSlice",
            json!({"metadata": slice, "endpoints": endpoints}),
        );
        add("ConfigMap", json!({"metadata": meta(&app, "cm")}));
        if workload % WORKLOADS == 0 {
            add("ConfigMap", json!({"metadata": meta("kube-root-ca.crt", "ca")}));
            add("ServiceAccount", json!({"metadata": meta("default", "sa")}));
        }
    }
    index
}
