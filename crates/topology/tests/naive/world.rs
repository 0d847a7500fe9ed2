//! Random objects of a small cluster, written as JSON and read by the real readers, and random histories of them.

use model::{KindId, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use topology::facts::{Facts, Key};
use topology::{Index, Symbols, kinds};

/// Something that the API server says.
#[derive(Clone, Debug)]
pub enum Event {
    /// An object is new or changed.
    Upsert(Spec),
    /// An object that is there comes again as it is.
    Again { pick: usize },
    /// An object is gone; with its UID, with another, or without.
    Remove { spec: Spec, uid: u8 },
    /// A kind is listed: some of what is there, and one more.
    Relist { spec: Spec, keep: u64 },
    /// A kind becomes visible, or no longer is.
    Visible { kind: usize, visible: bool },
}

/// An object: the numbers choose among a few of everything, so that objects meet.
#[derive(Clone, Debug)]
pub struct Spec {
    kind: usize,
    namespace: usize,
    name: usize,
    life: usize,
    seed: u64,
}

const KINDS: [&str; 14] = [
    "Pod",
    "Pod",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "Service",
    "EndpointSlice",
    "Ingress",
    "ConfigMap",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "Node",
    "ServiceAccount",
];

fn spec() -> impl Strategy<Value = Spec> {
    let numbers = (0..KINDS.len(), 0..2_usize, 0..3_usize, 0..8_usize, any::<u64>());
    numbers.prop_map(|(kind, namespace, name, life, seed)| Spec {
        kind,
        namespace,
        name,
        life: life.saturating_sub(6),
        seed,
    })
}

pub fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => spec().prop_map(Event::Upsert),
        1 => any::<usize>().prop_map(|pick| Event::Again { pick }),
        4 => (spec(), 0..4_u8).prop_map(|(spec, uid)| Event::Remove { spec, uid }),
        1 => (spec(), any::<u64>()).prop_map(|(spec, keep)| Event::Relist { spec, keep }),
        1 => (0..KINDS.len(), any::<bool>()).prop_map(|(kind, visible)| Event::Visible { kind, visible }),
    ]
}

/// What is true, kept in the simplest way.
#[derive(Default)]
pub struct World {
    pub objects: BTreeMap<Key, Facts>,
    pub visible: BTreeSet<KindId>,
}

impl World {
    pub fn play(&mut self, event: &Event, index: &mut Index) {
        match event {
            Event::Upsert(spec) => {
                let facts = spec.facts(index.symbols());
                self.objects.insert(facts.key.clone(), facts.clone());
                index.upsert(facts);
            }
            Event::Again { pick } => {
                if let Some(facts) = self.objects.values().nth(pick % self.objects.len().max(1)) {
                    index.upsert(facts.clone());
                }
            }
            Event::Remove { spec, uid } => {
                let facts = spec.facts(index.symbols());
                let own = self.objects.get(&facts.key).map(|own| own.uid.to_string());
                let uid = match uid {
                    0 => None,
                    1 => Some(facts.uid.to_string()),
                    _ => own.clone(),
                };
                if own.is_some() && (uid.is_none() || uid == own) {
                    self.objects.remove(&facts.key);
                }
                let Key {
                    kind,
                    namespace,
                    name,
                } = &facts.key;
                index.remove(*kind, namespace.as_deref(), name, uid.as_deref());
            }
            Event::Relist { spec, keep } => {
                let new = spec.facts(index.symbols());
                let kind = new.key.kind;
                let mut listed: Vec<Facts> = self
                    .live(kind)
                    .into_iter()
                    .enumerate()
                    .filter(|(place, _)| keep >> place & 1 == 1)
                    .map(|(_, facts)| facts)
                    .collect();
                listed.push(new);
                self.objects.retain(|key, _| key.kind != kind);
                self.objects
                    .extend(listed.iter().map(|facts| (facts.key.clone(), facts.clone())));
                index.relist(kind, listed);
            }
            Event::Visible { kind, visible } => {
                let kind = KindId::of(KINDS[*kind]).unwrap();
                if *visible {
                    self.visible.insert(kind);
                } else {
                    self.visible.remove(&kind);
                }
                index.set_kind_visible(kind, *visible);
            }
        }
    }

    /// Whether the readers look after this event, or only after a later one.
    pub fn wakes_up(&self, event: &Event) -> bool {
        match event {
            Event::Upsert(spec) => spec.seed % 4 == 0,
            _ => true,
        }
    }

    pub fn live(&self, kind: KindId) -> Vec<Facts> {
        self.objects
            .values()
            .filter(|facts| facts.key.kind == kind)
            .cloned()
            .collect()
    }
}

/// The filters and selectors of the list test, written again in the plainest way.
pub fn wanted(facts: &Facts, filter: &str, selector: &str) -> bool {
    let cell = |place: usize| facts.cells[place].print(crate::NOW).to_lowercase();
    let cells = |text: &str| {
        (0..facts.cells.len()).any(|place| cell(place).contains(text))
            || facts.key.namespace.as_deref().unwrap_or("").contains(text)
    };
    let filtered = match filter {
        "p1" => cells("p1"),
        "-p1" => !cells("p1"),
        "restarts>0" => facts.status.restarts.unwrap() > 0,
        "status:run" => cell(2).contains("run"),
        _ => true,
    };
    let app = facts.labels.get("app").map(|app| app.to_string());
    filtered
        && match selector {
            "app=x" => app.as_deref() == Some("x"),
            "app!=x" => app.as_deref() != Some("x"),
            "tier" => facts.labels.get("tier").is_some(),
            _ => true,
        }
}

/// The orders of the list test, written again in the plainest way.
pub fn order(a: &Facts, b: &Facts, sort: &str) -> Ordering {
    let place = |facts: &Facts| (facts.key.namespace.clone(), facts.key.name.clone());
    let age = |facts: &Facts| crate::NOW.0 - facts.created.unwrap_or(Timestamp(0)).0;
    let by = match sort {
        "name" => a.key.name.cmp(&b.key.name),
        "-name" => b.key.name.cmp(&a.key.name),
        "namespace,-age" => a.key.namespace.cmp(&b.key.namespace).then(age(b).cmp(&age(a))),
        "restarts,-name" => a
            .status
            .restarts
            .cmp(&b.status.restarts)
            .then(b.key.name.cmp(&a.key.name)),
        "-status" => b.status.word.cmp(&a.status.word),
        "health" => a.status.health.cmp(&b.status.health),
        _ => Ordering::Equal,
    };
    by.then(place(a).cmp(&place(b)))
}

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len() as u64) as usize]
    }

    fn uid(&mut self) -> String {
        let kind = self.pick(&["Pod", "ReplicaSet", "Deployment", "Node", "StatefulSet"]);
        let namespace = if kind == "Node" {
            ""
        } else {
            self.pick(&["a", "b"])
        };
        format!(
            "{kind}/{namespace}/{}/{}",
            self.roll(3),
            self.roll(8).saturating_sub(6)
        )
    }
}

impl Spec {
    fn facts(&self, symbols: &mut Symbols) -> Facts {
        let kind = KindId::of(KINDS[self.kind]).unwrap();
        let value = self.json();
        let value = if kind.get().watch == model::kind::WatchForm::Table {
            json!({"cells": ["x", self.seed % 3, "1d"], "object": {"metadata": value["metadata"]}})
        } else {
            value
        };
        kinds::read(kind, value.to_string().as_bytes(), symbols).unwrap()
    }

    fn json(&self) -> Value {
        let kind = KINDS[self.kind];
        let mut dice = Dice(self.seed);
        let prefix = match kind {
            "Node" => "n",
            "ConfigMap" => "c",
            "PersistentVolume" => "v",
            "PersistentVolumeClaim" => "p0-t",
            "Service" => "s",
            "ServiceAccount" if self.name == 0 => "default",
            "ServiceAccount" => "u",
            _ => "p",
        };
        let name = match (kind, self.name) {
            ("ServiceAccount", 0) => prefix.to_owned(),
            (_, number) => format!("{prefix}{number}"),
        };
        let namespaced = KindId::of(kind).unwrap().get().namespaced;
        let namespace = if namespaced {
            ["a", "b"][self.namespace]
        } else {
            ""
        };
        let owners: Vec<Value> = (0..dice.roll(3))
            .map(|_| json!({"kind": "Any", "name": "any", "uid": dice.uid(), "controller": true}))
            .collect();
        let mut labels = serde_json::Map::new();
        for (key, values) in [("app", ["x", "y"]), ("tier", ["1", "2"])] {
            if dice.roll(3) > 0 {
                labels.insert(key.to_owned(), dice.pick(&values).into());
            }
        }
        if kind == "EndpointSlice" && dice.roll(4) > 0 {
            labels.insert(
                "kubernetes.io/service-name".to_owned(),
                dice.pick(&["s0", "s1"]).into(),
            );
        }
        let mut object = json!({
            "metadata": {
                "name": name, "namespace": namespace, "labels": labels, "ownerReferences": owners,
                "uid": format!("{kind}/{namespace}/{}/{}", self.name, self.life),
                "creationTimestamp": format!("2026-01-0{}T00:00:00Z", 1 + self.life),
            },
        });
        let (spec, status) = self.body(kind, &mut dice);
        if kind == "EndpointSlice" {
            object["endpoints"] = spec;
        } else {
            object["spec"] = spec;
            object["status"] = status;
        }
        object
    }

    fn body(&self, kind: &str, dice: &mut Dice) -> (Value, Value) {
        let replicas = || json!({"spec": {}});
        match kind {
            "Pod" => (pod_spec(dice), pod_status(dice)),
            "ReplicaSet" | "Deployment" | "StatefulSet" => {
                let template = if dice.roll(2) == 0 {
                    replicas()
                } else {
                    json!({"spec": pod_spec(dice)})
                };
                let replicas = dice.roll(3);
                (
                    json!({"replicas": replicas, "template": template}),
                    json!({"readyReplicas": dice.roll(3), "replicas": replicas}),
                )
            }
            "Service" => {
                let mut selector = serde_json::Map::new();
                for key in ["app", "tier"] {
                    if dice.roll(2) == 0 {
                        selector.insert(key.to_owned(), dice.pick(&["x", "y", "1"]).into());
                    }
                }
                let port = json!({"port": 80 + dice.roll(2), "name": dice.pick(&["web", "api"])});
                (
                    json!({"type": dice.pick(&["ClusterIP", "ExternalName"]), "selector": selector, "ports": [port]}),
                    json!({}),
                )
            }
            "EndpointSlice" => {
                let endpoint = |dice: &mut Dice| {
                    let (kind, prefix) = [("Pod", "p"), ("Node", "n")][dice.roll(2) as usize];
                    let name = format!("{prefix}{}", dice.roll(3));
                    json!({
                        "addresses": ["10.0.0.1"],
                        "conditions": {"ready": dice.roll(2) == 0},
                        "targetRef": {"kind": kind, "name": name, "namespace": dice.pick(&["a", "b", ""])},
                    })
                };
                ((0..dice.roll(4)).map(|_| endpoint(dice)).collect(), json!({}))
            }
            "Ingress" => {
                let path = |dice: &mut Dice| {
                    let port = match dice.roll(2) {
                        0 => json!({"number": 80 + dice.roll(3)}),
                        _ => json!({"name": dice.pick(&["web", "api", "gone"])}),
                    };
                    json!({"backend": {"service": {"name": dice.pick(&["s0", "s1", "s2"]), "port": port}}})
                };
                let paths: Vec<Value> = (0..dice.roll(3)).map(|_| path(dice)).collect();
                (json!({"rules": [{"http": {"paths": paths}}]}), json!({}))
            }
            "PersistentVolumeClaim" => (
                json!({"volumeName": dice.pick(&["", "v0", "v1"])}),
                json!({"phase": dice.pick(&["Bound", "Lost", "Pending"])}),
            ),
            "PersistentVolume" => {
                let claim = format!("p0-t{}", dice.roll(2));
                let claim = match dice.roll(3) {
                    0 => Value::Null,
                    1 => json!({"namespace": "a", "name": claim}),
                    _ => json!({
                        "namespace": dice.pick(&["a", "b"]), "name": claim,
                        "uid": format!("PersistentVolumeClaim/a/{}/0", dice.roll(2)),
                    }),
                };
                (json!({"claimRef": claim}), json!({"phase": "Bound"}))
            }
            "Node" => (
                json!({}),
                json!({"conditions": [{"type": "Ready", "status": dice.pick(&["True", "False"])}]}),
            ),
            _ => (json!({}), json!({})),
        }
    }
}

fn pod_spec(dice: &mut Dice) -> Value {
    let env = |dice: &mut Dice| {
        let optional = dice.roll(3) == 0;
        json!({"valueFrom": {"configMapKeyRef": {"name": dice.pick(&["c0", "c1", "c3"]), "key": "k", "optional": optional}}})
    };
    let volume = |dice: &mut Dice| match dice.roll(4) {
        0 => json!({"name": "t0", "ephemeral": {}}),
        1 => json!({"name": "t1", "persistentVolumeClaim": {"claimName": dice.pick(&["p0-t0", "p0-t1"])}}),
        2 => json!({"name": "t2", "configMap": {"name": dice.pick(&["c0", "c1"])}}),
        _ => json!({"name": "t3", "projected": {"sources": [
            {"configMap": {"name": "c0", "optional": true}}, {"secret": {"name": "x0"}},
        ]}}),
    };
    json!({
        "nodeName": dice.pick(&["", "n0", "n1"]),
        "serviceAccountName": dice.pick(&["", "default", "u1"]),
        "containers": [{"name": "main", "env": (0..dice.roll(3)).map(|_| env(dice)).collect::<Vec<_>>()}],
        "volumes": (0..dice.roll(3)).map(|_| volume(dice)).collect::<Vec<_>>(),
    })
}

fn pod_status(dice: &mut Dice) -> Value {
    let restarts = dice.roll(3);
    let state = match dice.roll(3) {
        0 => json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}}),
        1 => json!({"waiting": {"reason": "CrashLoopBackOff"}}),
        _ => json!({"terminated": {"exitCode": 1, "reason": "Error"}}),
    };
    let ready = dice.pick(&["True", "False"]);
    json!({
        "phase": dice.pick(&["Running", "Pending", "Succeeded", "Failed"]),
        "conditions": [{"type": "Ready", "status": ready}],
        "containerStatuses": [{"name": "main", "ready": ready == "True", "restartCount": restarts, "state": state}],
    })
}
