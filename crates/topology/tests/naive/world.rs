//! Random objects of a small cluster, written as JSON and read by the real readers, and random histories of them.

use model::kind::{Discovered, VIRTUAL};
use model::{KindId, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;
use topology::facts::{Facts, Key};
use topology::{Index, Symbols, kinds};

/// Something that the API server says.
#[derive(Clone, Debug)]
pub enum Event {
    /// An object is new or changed.
    Upsert(Spec),
    /// An object that is there changes: its labels, references, status.
    Change { pick: usize, seed: u64 },
    /// An object that is there comes again as it is.
    Again { pick: usize },
    /// An object is gone; with its UID, with another, or without.
    Remove { spec: Spec, uid: u8 },
    /// An object that is there is gone.
    Delete { pick: usize },
    /// A kind is listed: some of what is there, and one more.
    Relist { spec: Spec, keep: u64 },
    /// A kind becomes visible, or no longer is.
    Visible { kind: &'static str, visible: bool },
    /// The cluster serves a kind in a version, or no longer serves it.
    Serve {
        kind: &'static str,
        version: Option<&'static str>,
    },
}

/// An object: the numbers choose among a few of everything, so that objects meet.
#[derive(Clone, Debug)]
pub struct Spec {
    kind: &'static str,
    namespace: usize,
    name: usize,
    life: usize,
    seed: u64,
}

/// Kinds that meet: histories are played among those of one line.
const THEMES: &[&[&str]] = &[
    &[
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
    ],
    &[
        "Ingress",
        "Ingress",
        "IngressClass",
        "IngressClass",
        "Service",
        "Secret",
        "StatefulSet",
        "ConfigMap",
        "Pod",
    ],
    &[
        "NetworkPolicy",
        "NetworkPolicy",
        "NetworkPolicy",
        "Pod",
        "Pod",
        "Pod",
        "Namespace",
        "Namespace",
        "PodDisruptionBudget",
        "ResourceQuota",
        "LimitRange",
    ],
    &[
        "StatefulSet",
        "StatefulSet",
        "PersistentVolumeClaim",
        "PersistentVolumeClaim",
        "PersistentVolumeClaim",
        "PersistentVolume",
        "StorageClass",
        "StorageClass",
        "VolumeAttachment",
        "CSIDriver",
        "CSINode",
        "Secret",
        "Node",
    ],
    &[
        "Role",
        "ClusterRole",
        "ClusterRole",
        "RoleBinding",
        "RoleBinding",
        "ClusterRoleBinding",
        "ClusterRoleBinding",
        "ServiceAccount",
        "ServiceAccount",
        "Secret",
        "Secret",
    ],
    &[
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "APIService",
        "CustomResourceDefinition",
        "Service",
        "ConfigMap",
        "ConfigMap",
        "Namespace",
    ],
    &[
        "Pod",
        "Pod",
        "Pod",
        "PriorityClass",
        "PriorityClass",
        "RuntimeClass",
        "Lease",
        "Node",
        "HorizontalPodAutoscaler",
        "HorizontalPodAutoscaler",
        "Deployment",
        "ReplicationController",
        "Event",
        "Event",
        "Service",
        "Service",
        "Job",
        "CronJob",
        "DaemonSet",
    ],
    &[
        "HTTPRoute.gateway.networking.k8s.io",
        "HTTPRoute.gateway.networking.k8s.io",
        "HTTPRoute.gateway.networking.k8s.io",
        "Gateway.gateway.networking.k8s.io",
        "GatewayClass.gateway.networking.k8s.io",
        "Service",
        "Service",
        "Secret",
        "ReferenceGrant.gateway.networking.k8s.io",
        "ReferenceGrant.gateway.networking.k8s.io",
        "ConfigMap",
    ],
    &[
        "ServiceMonitor.monitoring.coreos.com",
        "ServiceMonitor.monitoring.coreos.com",
        "PodMonitor.monitoring.coreos.com",
        "Certificate.cert-manager.io",
        "Issuer.cert-manager.io",
        "ExternalSecret.external-secrets.io",
        "VirtualService.networking.istio.io",
        "Gateway.networking.istio.io",
        "Application.argoproj.io",
        "VolumeSnapshot.snapshot.storage.k8s.io",
        "ScaledObject.keda.sh",
        "Service",
        "Service",
        "Pod",
        "Secret",
        "PersistentVolumeClaim",
    ],
    &[
        "VolumeSnapshot.snapshot.storage.k8s.io",
        "VolumeSnapshot.snapshot.storage.k8s.io",
        "VolumeSnapshotClass.snapshot.storage.k8s.io",
        "VolumeSnapshotClass.snapshot.storage.k8s.io",
        "PersistentVolumeClaim",
        "PersistentVolumeClaim",
        "PersistentVolume",
        "PersistentVolume",
        "Secret",
    ],
    &[
        "Widget.example.org",
        "Widget.example.org",
        "Widget.example.org",
        "Gadget.example.org",
        "Gadget.example.org",
        "Secret",
        "Deployment",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingAdmissionPolicyBinding",
        "ConfigMap",
        "HorizontalPodAutoscaler",
        "Application.argoproj.io",
        "IngressClass",
        "Event",
        "HTTPRoute.gateway.networking.k8s.io",
        "ReferenceGrant.gateway.networking.k8s.io",
    ],
];

/// The kinds that the table does not have.
const DISCOVERED: [Discovered<'static>; 2] = [
    Discovered {
        group: "example.org",
        version: "v1",
        kind: "Widget",
        plural: "widgets",
        short_names: &[],
        namespaced: true,
    },
    Discovered {
        group: "example.org",
        version: "v1",
        kind: "Gadget",
        plural: "gadgets",
        short_names: &[],
        namespaced: false,
    },
];

/// A kind of the table, or one that may be discovered.
pub fn kind(id: &str) -> KindId {
    kind_and_scope(id).0
}

/// The same, and whether its objects live in namespaces.
pub fn kind_and_scope(id: &str) -> (KindId, bool) {
    static KINDS: LazyLock<HashMap<&str, (KindId, bool)>> = LazyLock::new(|| {
        let found = DISCOVERED.iter().map(|found| KindId::discovered(found).unwrap());
        let of_table = KindId::all().chain(VIRTUAL.iter().map(|row| KindId::of(row.id).unwrap()));
        found
            .chain(of_table)
            .map(|kind| (kind.get().id, (kind, kind.get().namespaced)))
            .collect()
    });
    KINDS[id]
}

fn spec(theme: usize) -> impl Strategy<Value = Spec> {
    let kinds = prop::sample::select(THEMES[theme].to_vec());
    let numbers = (kinds, 0..2_usize, 0..3_usize, 0..8_usize, any::<u64>());
    numbers.prop_map(|(kind, namespace, name, life, seed)| Spec {
        kind,
        namespace,
        name,
        life: life.saturating_sub(6),
        seed,
    })
}

/// Histories of the first theme.
pub fn event() -> impl Strategy<Value = Event> {
    event_of(0)
}

/// A history of some theme, with more than `shortest` and fewer than `longest` events.
pub fn history(shortest: usize, longest: usize) -> impl Strategy<Value = Vec<Event>> {
    (0..THEMES.len()).prop_flat_map(move |theme| prop::collection::vec(event_of(theme), shortest..longest))
}

fn event_of(theme: usize) -> impl Strategy<Value = Event> {
    let kinds = prop::sample::select(THEMES[theme].to_vec());
    prop_oneof![
        8 => spec(theme).prop_map(Event::Upsert),
        5 => (any::<usize>(), any::<u64>()).prop_map(|(pick, seed)| Event::Change { pick, seed }),
        1 => any::<usize>().prop_map(|pick| Event::Again { pick }),
        1 => (spec(theme), 0..4_u8).prop_map(|(spec, uid)| Event::Remove { spec, uid }),
        3 => any::<usize>().prop_map(|pick| Event::Delete { pick }),
        1 => (spec(theme), any::<u64>()).prop_map(|(spec, keep)| Event::Relist { spec, keep }),
        1 => (kinds.clone(), any::<bool>()).prop_map(|(kind, visible)| Event::Visible { kind, visible }),
        1 => (kinds, prop::sample::select(vec![None, Some("v1"), Some("v1"), Some("v2")]))
            .prop_map(|(kind, version)| Event::Serve { kind, version }),
    ]
}

/// What is true, kept in the simplest way.
#[derive(Default)]
pub struct World {
    pub objects: BTreeMap<Key, Facts>,
    /// How they were made.
    specs: BTreeMap<Key, Spec>,
    /// The same as JSON.
    pub json: BTreeMap<Key, Value>,
    /// The kinds that it has, or once had, objects of.
    pub seen: BTreeSet<KindId>,
    pub visible: BTreeSet<KindId>,
    /// The kinds that are served in a version that is known.
    pub versions: BTreeMap<KindId, &'static str>,
}

impl World {
    /// Objects of a kind that is not served are of one that is, from now on.
    fn serve_for(&mut self, event: &Event, index: &mut Index) {
        if let Event::Upsert(spec) | Event::Relist { spec, .. } = event
            && kind(spec.kind).is_discovered()
            && !self.versions.contains_key(&kind(spec.kind))
        {
            self.serve(kind(spec.kind), "v1", index);
        }
    }

    fn serve(&mut self, kind: KindId, version: &'static str, index: &mut Index) {
        let row = kind.get();
        let found = Discovered {
            group: row.group,
            version,
            kind: row.kind,
            plural: row.plural,
            short_names: &[],
            namespaced: row.namespaced,
        };
        assert_eq!(index.register(&found), Ok(kind));
        self.versions.insert(kind, version);
    }

    /// Whether the cluster may have objects of a kind.
    pub fn serves(&self, kind: KindId) -> bool {
        !kind.is_discovered() || self.versions.contains_key(&kind)
    }

    pub fn play(&mut self, event: &Event, index: &mut Index) {
        self.serve_for(event, index);
        if let Event::Upsert(spec) | Event::Relist { spec, .. } = event {
            self.seen.insert(kind(spec.kind));
        }
        match event {
            Event::Serve { kind: id, version } => match version {
                Some(version) => self.serve(kind(id), version, index),
                None => {
                    let kind = kind(id);
                    self.versions.remove(&kind);
                    self.visible.remove(&kind);
                    self.objects.retain(|key, _| key.kind != kind);
                    self.json.retain(|key, _| key.kind != kind);
                    index.forget(kind);
                }
            },
            Event::Upsert(spec) => self.put(spec.clone(), index),
            Event::Change { pick, seed } => {
                self.specs.retain(|key, _| self.objects.contains_key(key));
                let spec = self.specs.values().nth(pick % self.specs.len().max(1));
                if let Some(spec) = spec.cloned() {
                    self.put(Spec { seed: *seed, ..spec }, index);
                }
            }
            Event::Again { pick } => {
                if let Some(facts) = self.objects.values().nth(pick % self.objects.len().max(1)) {
                    index.upsert(facts.clone());
                }
            }
            Event::Delete { pick } => {
                let gone = self.objects.keys().nth(pick % self.objects.len().max(1)).cloned();
                if let Some(key) = gone {
                    self.objects.remove(&key);
                    self.json.remove(&key);
                    index.remove(key.kind, key.namespace.as_deref(), &key.name, None);
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
                    self.json.remove(&facts.key);
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
                let place = new.key.clone();
                listed.push(new);
                self.objects.retain(|key, _| key.kind != kind);
                self.objects
                    .extend(listed.iter().map(|facts| (facts.key.clone(), facts.clone())));
                self.json.insert(place, spec.json());
                self.json.retain(|key, _| self.objects.contains_key(key));
                index.relist(kind, listed);
            }
            Event::Visible { kind: id, visible } => {
                let kind = kind(id);
                if *visible {
                    self.visible.insert(kind);
                } else {
                    self.visible.remove(&kind);
                }
                index.set_kind_visible(kind, *visible);
            }
        }
    }

    fn put(&mut self, spec: Spec, index: &mut Index) {
        let json = spec.json();
        let facts = spec.read(&json, index.symbols());
        self.objects.insert(facts.key.clone(), facts.clone());
        self.json.insert(facts.key.clone(), json);
        self.specs.insert(facts.key.clone(), spec);
        index.upsert(facts);
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
    let cells = facts.cells.unpack();
    let cell = |place: usize| cells[place].print(crate::NOW).to_lowercase();
    let cells = |text: &str| {
        (0..cells.len()).any(|place| cell(place).contains(text))
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
        self.read(&self.json(), symbols)
    }

    fn read(&self, value: &Value, symbols: &mut Symbols) -> Facts {
        let kind = kind(self.kind);
        let text = if kind.get().watch == model::kind::WatchForm::Table {
            json!({"cells": ["x", value["type"], "1d"], "object": {"metadata": value["metadata"]}})
                .to_string()
        } else {
            value.to_string()
        };
        kinds::read(kind, text.as_bytes(), symbols).unwrap()
    }

    fn json(&self) -> Value {
        let kind = self.kind;
        let mut dice = Dice(self.seed);
        let prefix = match kind {
            "Node" => "n",
            "ConfigMap" => "c",
            "PersistentVolume" => "v",
            "PersistentVolumeClaim" => "p0-t",
            "Service" => "s",
            "Secret" => "x",
            "Lease" | "CSINode" => "n",
            "Namespace" => return self.namespace_json(),
            "StatefulSet" if dice.roll(2) == 0 => "t-p",
            "ServiceAccount" if self.name == 0 => "default",
            "ServiceAccount" => "u",
            _ => "p",
        };
        let name = match (kind, self.name) {
            ("ServiceAccount", 0) => prefix.to_owned(),
            (_, number) => format!("{prefix}{number}"),
        };
        let (kind_id, namespaced) = kind_and_scope(kind);
        let namespace = if namespaced {
            ["a", "b"][self.namespace]
        } else {
            ""
        };
        let owners: Vec<Value> = (0..dice.roll(3))
            .map(
                |_| json!({"kind": "Any", "name": "any", "uid": dice.uid(), "controller": dice.roll(2) == 0}),
            )
            .collect();
        let mut labels = serde_json::Map::new();
        for (key, values) in [("app", ["x", "y"]), ("tier", ["1", "2"])] {
            if dice.roll(3) > 0 {
                labels.insert(key.to_owned(), dice.pick(&values).into());
            }
        }
        if dice.roll(5) == 0 {
            labels.insert(
                "app.kubernetes.io/instance".to_owned(),
                dice.pick(&["i0", "i1", ""]).into(),
            );
            if dice.roll(3) == 0 {
                labels.insert("app.kubernetes.io/part-of".to_owned(), "whole".into());
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
        if kind == "Secret" && dice.roll(3) > 0 {
            let account = dice.pick(&["default", "u1", "u2"]);
            object["metadata"]["annotations"] = json!({"kubernetes.io/service-account.name": account});
        }
        if kind == "Lease" && dice.roll(2) == 0 {
            object["metadata"]["namespace"] = "kube-node-lease".into();
        }
        let (spec, status) = self.body(kind, &mut dice);
        let has_spec = kind_id.get().kind;
        if kind == "EndpointSlice" {
            object["endpoints"] = spec;
        } else if spec.get("metadata").is_some() || FLAT.contains(&has_spec) {
            for (field, value) in spec.as_object().unwrap() {
                if field == "annotations" {
                    object["metadata"]["annotations"] = value.clone();
                } else {
                    object[field] = value.clone();
                }
            }
        } else {
            let mut spec = spec;
            if let Some(annotations) = spec.as_object_mut().and_then(|spec| spec.remove("annotations")) {
                object["metadata"]["annotations"] = annotations;
            }
            object["spec"] = spec;
            object["status"] = status;
        }
        if dice.roll(6) == 0 {
            object["metadata"]["annotations"]["meta.helm.sh/release-name"] = dice.pick(&["i0", "h0"]).into();
        }
        object
    }

    fn namespace_json(&self) -> Value {
        let mut dice = Dice(self.seed);
        let name = ["a", "b"][self.namespace];
        let mut labels = json!({"kubernetes.io/metadata.name": name});
        if dice.roll(3) > 0 {
            labels["team"] = dice.pick(&["x", "y"]).into();
        }
        json!({"metadata": {"name": name, "uid": format!("Namespace//{name}/{}", self.life), "labels": labels}})
    }

    fn body(&self, kind: &str, dice: &mut Dice) -> (Value, Value) {
        let replicas = || json!({"spec": {}});
        match kind {
            "Pod" => (pod_spec(dice), pod_status(dice)),
            "Job" | "DaemonSet" => (json!({"template": {"spec": pod_spec(dice)}}), json!({})),
            "CronJob" => (
                json!({"jobTemplate": {"spec": {"template": {"spec": pod_spec(dice)}}}}),
                json!({}),
            ),
            "ReplicaSet" | "Deployment" | "StatefulSet" | "ReplicationController" => {
                let template = if dice.roll(2) == 0 {
                    replicas()
                } else {
                    json!({"spec": pod_spec(dice)})
                };
                let replicas = dice.roll(3);
                let templates: Vec<Value> = ["t", "t0", "p0-t"]
                    .iter()
                    .filter(|_| dice.roll(3) == 0)
                    .map(|name| json!({"metadata": {"name": name}}))
                    .collect();
                (
                    json!({
                        "replicas": replicas, "template": template, "volumeClaimTemplates": templates,
                        "serviceName": dice.pick(&["", "s0", "s1"]),
                    }),
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
                let mut spec = json!({"rules": [{"http": {"paths": paths}}]});
                if dice.roll(3) == 0 {
                    spec["tls"] = json!([{"secretName": dice.pick(&["", "x0"])}, {"secretName": "x1"}]);
                }
                if dice.roll(3) == 0 {
                    spec["ingressClassName"] = dice.pick(&["p0", "p1"]).into();
                }
                if dice.roll(3) == 0 {
                    spec["annotations"] = json!({"kubernetes.io/ingress.class": dice.pick(&["p0", "p2"])});
                }
                (spec, json!({}))
            }
            "PersistentVolumeClaim" => {
                let mut spec = json!({"volumeName": dice.pick(&["", "v0", "v1"])});
                class(&mut spec, dice);
                if dice.roll(3) == 0 {
                    spec["dataSource"] =
                        json!({"kind": dice.pick(&["PersistentVolumeClaim", "Pod"]), "name": "p0-t1"});
                    spec["dataSourceRef"] = spec["dataSource"].clone();
                }
                (spec, json!({"phase": dice.pick(&["Bound", "Lost", "Pending"])}))
            }
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
                let mut spec = json!({"claimRef": claim});
                class(&mut spec, dice);
                if dice.roll(2) == 0 {
                    spec["csi"] = json!({
                        "driver": dice.pick(&["p0", "p1"]),
                        "nodeStageSecretRef": {"name": "x0", "namespace": dice.pick(&["a", "b"])},
                        "controllerExpandSecretRef": {"name": dice.pick(&["x0", "x1"]), "namespace": "a"},
                    });
                }
                (spec, json!({"phase": "Bound"}))
            }
            "Node" => (
                json!({}),
                json!({"conditions": [{"type": "Ready", "status": dice.pick(&["True", "False"])}]}),
            ),
            "Application.argoproj.io" => {
                let object = |dice: &mut Dice| {
                    let (group, kind, name) = [
                        ("", "Service", "s0"),
                        ("", "Pod", "p0"),
                        ("example.org", "Widget", "p0"),
                        ("example.org", "Gadget", "p1"),
                        ("example.com", "Widget", "p0"),
                    ][dice.roll(5) as usize];
                    json!({"group": group, "kind": kind, "namespace": dice.pick(&["a", "b"]), "name": name})
                };
                let resources: Vec<Value> = (0..dice.roll(3)).map(|_| object(dice)).collect();
                (json!({}), json!({"resources": resources}))
            }
            _ if kind.contains('.') => (extension(kind, dice), json!({})),
            _ => (other(kind, dice), json!({})),
        }
    }
}

fn extension(kind: &str, dice: &mut Dice) -> Value {
    match kind.split('.').next().unwrap() {
        "GatewayClass" if dice.roll(2) == 0 => {
            json!({"parametersRef": {"group": "", "kind": "ConfigMap", "namespace": "a", "name": "c0"}})
        }
        "Gateway" => json!({
            "gatewayClassName": dice.pick(&["p0", "p1"]),
            "listeners": [{}, {"tls": {"certificateRefs": [{"name": "x0", "namespace": dice.pick(&["a", ""])}]}}],
        }),
        "HTTPRoute" => {
            let backend = |dice: &mut Dice| json!({"name": dice.pick(&["s0", "s1"]), "namespace": dice.pick(&["a", "b", ""]), "port": 80 + dice.roll(2)});
            let mut backends: Vec<Value> = (0..dice.roll(3)).map(|_| backend(dice)).collect();
            if let Some(first) = backends.first_mut().filter(|_| dice.roll(3) == 0) {
                first["filters"] = json!([{"requestMirror": {"backendRef": {"name": "s2"}}}]);
            }
            for backend in &mut backends {
                if dice.roll(4) == 0 {
                    backend["group"] = "example.org".into();
                    backend["kind"] = "Widget".into();
                    backend["name"] = "p0".into();
                }
            }
            json!({
                "parentRefs": [{"name": dice.pick(&["p0", "p1"]), "namespace": dice.pick(&["a", ""])}],
                "rules": [{"backendRefs": backends}],
            })
        }
        "ReferenceGrant" => {
            let mut to = match dice.roll(3) {
                0 => json!({"group": "example.org", "kind": "Widget"}),
                _ => json!({"group": "", "kind": dice.pick(&["Service", "Secret"])}),
            };
            if dice.roll(2) == 0 {
                to["name"] = dice.pick(&["s0", "s1"]).into();
            }
            let from = json!({
                "group": "gateway.networking.k8s.io", "kind": dice.pick(&["HTTPRoute", "HTTPRoute", "TCPRoute"]),
                "namespace": dice.pick(&["a", "b"]),
            });
            json!({"from": [from], "to": [to]})
        }
        "ServiceMonitor" | "PodMonitor" => {
            let namespaces = match dice.roll(3) {
                0 => json!({"any": true}),
                1 => json!({"matchNames": [dice.pick(&["a", "b"]), "c"]}),
                _ => json!({}),
            };
            json!({"selector": selector(dice), "namespaceSelector": namespaces})
        }
        "Certificate" => {
            json!({"secretName": dice.pick(&["x0", "x1"]), "issuerRef": {"name": dice.pick(&["p0", "p1"])}})
        }
        "ExternalSecret" if dice.roll(2) == 0 => {
            json!({"secretStoreRef": {"name": "p0", "kind": "ClusterSecretStore"}})
        }
        "ExternalSecret" => json!({"secretStoreRef": {"name": "p0"}, "target": {"name": "x0"}}),
        "VirtualService" => {
            let host = dice.pick(&["s0", "s1.a.svc.cluster.local", "*.example.org", "s0.example.org"]);
            json!({
                "gateways": ["mesh", dice.pick(&["p0", "b/p1"])],
                "http": [{"route": [{"destination": {"host": host}}], "mirror": {"host": dice.pick(&["", "s1"])}}],
            })
        }
        "VolumeSnapshot" => json!({
            "source": {"persistentVolumeClaimName": dice.pick(&["", "p0-t0", "p0-t1"])},
            "volumeSnapshotClassName": dice.pick(&["", "p0"]),
        }),
        "ScaledObject" => json!({"scaleTargetRef": {"name": dice.pick(&["p0", "p1"])}}),
        "VolumeSnapshotClass" => {
            let mut class = json!({"driver": dice.pick(&["p0", "p1"])});
            if dice.roll(3) > 0 {
                let value = dice.pick(&["true", "true", "false"]);
                class["annotations"] = json!({"snapshot.storage.kubernetes.io/is-default-class": value});
            }
            class
        }
        "Widget" | "Gadget" => {
            let secret = json!({"kind": "Secret", "name": dice.pick(&["x0", "x1"]), "namespace": dice.pick(&["", "a"])});
            let mut spec = json!({"list": [{}, {"secretRef": secret}]});
            if dice.roll(2) == 0 {
                spec["gadgetRef"] = json!({"kind": "Gadget", "name": dice.pick(&["p0", "p1"])});
                spec["gadgetRef"]["widgetRef"] = json!({"group": dice.pick(&["example.org", "example.com"]), "kind": "Widget", "name": "p1"});
            }
            if dice.roll(2) == 0 {
                spec["plainRef"] =
                    json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": dice.pick(&["p0", "p1"])});
                spec["userRef"] = json!({"kind": "User", "name": "ann"});
            }
            spec
        }
        _ => json!({}),
    }
}

/// Kinds whose fields are beside the metadata.
const FLAT: &[&str] = &[
    "ServiceAccount",
    "Secret",
    "StorageClass",
    "PriorityClass",
    "RuntimeClass",
    "ClusterRole",
    "Role",
    "RoleBinding",
    "ClusterRoleBinding",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "Event",
    "VolumeSnapshotClass",
];

fn class(spec: &mut Value, dice: &mut Dice) {
    if dice.roll(3) == 0 {
        spec["storageClassName"] = dice.pick(&["p0", "p1", ""]).into();
    }
    if dice.roll(4) == 0 {
        spec["annotations"] = json!({"volume.beta.kubernetes.io/storage-class": dice.pick(&["p1", "p2"])});
    }
}

/// A LabelSelector with any of the operators.
fn selector(dice: &mut Dice) -> Value {
    let mut selector = json!({});
    if dice.roll(3) == 0 {
        selector["matchLabels"] = json!({dice.pick(&["app", "team"]): dice.pick(&["x", "y"])});
    }
    let expressions: Vec<Value> = (0..dice.roll(3))
        .map(|_| {
            let key = dice.pick(&["app", "tier", "team"]);
            match dice.roll(5) {
                0 => json!({"key": key, "operator": "Exists"}),
                1 => json!({"key": key, "operator": "DoesNotExist"}),
                2 => json!({"key": key, "operator": "In", "values": ["x", "1"]}),
                3 => json!({"key": key, "operator": "NotIn", "values": ["x", "2"]}),
                _ => json!({"key": key, "operator": "In", "values": ["y"]}),
            }
        })
        .collect();
    selector["matchExpressions"] = expressions.into();
    selector
}

fn peers(dice: &mut Dice) -> Vec<Value> {
    let peer = |dice: &mut Dice| match dice.roll(4) {
        0 => json!({"ipBlock": {"cidr": dice.pick(&["10.0.0.0/8", "0.0.0.0/0"])}}),
        1 => json!({"podSelector": selector(dice)}),
        2 => json!({"namespaceSelector": selector(dice)}),
        _ => json!({"podSelector": selector(dice), "namespaceSelector": selector(dice)}),
    };
    (0..dice.roll(3)).map(|_| peer(dice)).collect()
}

fn service_ref(dice: &mut Dice) -> Value {
    json!({"namespace": dice.pick(&["a", "b"]), "name": dice.pick(&["s0", "s1"])})
}

fn names(of: &[&str], dice: &mut Dice) -> Vec<Value> {
    (0..dice.roll(3))
        .map(|_| json!({"name": dice.pick(of)}))
        .collect()
}

fn other(kind: &str, dice: &mut Dice) -> Value {
    match kind {
        "ServiceAccount" => json!({
            "secrets": names(&["x0", "x1"], dice), "imagePullSecrets": names(&["x0", "x2"], dice),
        }),
        "Secret" => json!({"type": dice.pick(&["Opaque", "kubernetes.io/service-account-token"])}),
        "IngressClass" => {
            let mut spec = match dice.roll(3) {
                0 => {
                    json!({"parameters": {"apiGroup": "", "kind": "ConfigMap", "namespace": "a", "name": "c0"}})
                }
                1 => {
                    json!({"parameters": {"apiGroup": "example.org", "kind": dice.pick(&["Other", "Gadget"]), "name": "p0"}})
                }
                _ => json!({}),
            };
            if dice.roll(2) == 0 {
                let value = dice.pick(&["true", "true", "false"]);
                spec["annotations"] = json!({"ingressclass.kubernetes.io/is-default-class": value});
            }
            spec
        }
        "StorageClass" => {
            let mut class = json!({"provisioner": dice.pick(&["p0", "p1", "none"])});
            match dice.roll(3) {
                0 => {
                    class["parameters"] = json!({
                        "csi.storage.k8s.io/provisioner-secret-name": "x0",
                        "csi.storage.k8s.io/provisioner-secret-namespace": dice.pick(&["a", "b"]),
                        "other": "x1",
                    });
                }
                1 => {
                    class["parameters"] = json!({
                        "csi.storage.k8s.io/node-stage-secret-name": "${pvc.name}",
                        "csi.storage.k8s.io/node-stage-secret-namespace": "a",
                    });
                }
                _ => {}
            }
            if dice.roll(2) == 0 {
                let key = dice.pick(&[
                    "storageclass.kubernetes.io/is-default-class",
                    "storageclass.beta.kubernetes.io/is-default-class",
                ]);
                class["annotations"] = json!({key: "true"});
            }
            class
        }
        "PriorityClass" => json!({"value": 5, "globalDefault": dice.roll(2) == 0}),
        "NetworkPolicy" => {
            let mut spec = json!({"podSelector": selector(dice)});
            match dice.roll(4) {
                0 => spec["policyTypes"] = json!(["Egress"]),
                1 => spec["policyTypes"] = json!(["Ingress", "Egress"]),
                _ => {}
            }
            let rules = |field: &str, dice: &mut Dice| -> Vec<Value> {
                (0..dice.roll(3)).map(|_| json!({field: peers(dice)})).collect()
            };
            spec["ingress"] = rules("from", dice).into();
            spec["egress"] = rules("to", dice).into();
            spec
        }
        "PodDisruptionBudget" if dice.roll(4) == 0 => json!({}),
        "PodDisruptionBudget" => json!({"selector": selector(dice)}),
        "HorizontalPodAutoscaler" => {
            let (version, kind) = [
                ("apps/v1", "Deployment"),
                ("v1", "ReplicationController"),
                ("example.org/v1", "Deployment"),
                ("example.org/v1", "Widget"),
            ][dice.roll(4) as usize];
            json!({"scaleTargetRef": {"apiVersion": version, "kind": kind, "name": dice.pick(&["p0", "p1"])}})
        }
        "VolumeAttachment" => json!({
            "nodeName": dice.pick(&["n0", "n1"]), "source": {"persistentVolumeName": dice.pick(&["", "v0", "v1"])},
        }),
        "ClusterRole" if dice.roll(2) == 0 => {
            json!({"aggregationRule": {"clusterRoleSelectors": [selector(dice), selector(dice)]}})
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            let subject = |dice: &mut Dice| match dice.roll(5) {
                0 => json!({"kind": "Group", "name": dice.pick(&["system:masters", "devs"])}),
                1 => json!({"kind": "User", "name": dice.pick(&["ann", "o/ne%"])}),
                2 => json!({"kind": "User", "name": "system:serviceaccount:a:default"}),
                3 => json!({"kind": "ServiceAccount", "name": dice.pick(&["default", "u1"])}),
                _ => {
                    json!({"kind": "ServiceAccount", "namespace": dice.pick(&["a", "b"]), "name": "default"})
                }
            };
            let subjects: Vec<Value> = (0..dice.roll(4)).map(|_| subject(dice)).collect();
            let role = json!({"kind": dice.pick(&["Role", "ClusterRole"]), "name": dice.pick(&["p0", "p1"])});
            json!({"roleRef": role, "subjects": subjects})
        }
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
            let webhook = |dice: &mut Dice| match dice.roll(3) {
                0 => json!({"clientConfig": {"url": "https://x"}}),
                _ => json!({"clientConfig": {"service": service_ref(dice)}}),
            };
            json!({"webhooks": (0..dice.roll(3)).map(|_| webhook(dice)).collect::<Vec<_>>()})
        }
        "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy" => match dice.roll(6) {
            0 => json!({}),
            4 => json!({"paramKind": {"apiVersion": "example.org/v1", "kind": "Widget"}}),
            5 => json!({"paramKind": {"apiVersion": "example.org/v2", "kind": "Gadget"}}),
            1 => json!({"paramKind": {"apiVersion": "v1", "kind": "Namespace"}}),
            _ => json!({"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}),
        },
        "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding" => {
            let mut spec = json!({"policyName": dice.pick(&["p0", "p1"])});
            if dice.roll(3) > 0 {
                spec["paramRef"] = json!({
                    "name": dice.pick(&["c0", "c1", "a"]), "namespace": dice.pick(&["a", "b", ""]),
                    "parameterNotFoundAction": dice.pick(&["Allow", "Deny"]),
                });
                if dice.roll(2) == 0 {
                    spec["paramRef"]["name"] = "".into();
                    spec["paramRef"]["selector"] = selector(dice);
                } else if dice.roll(3) == 0 {
                    spec["paramRef"]["name"] = dice.pick(&["p0", "p1"]).into();
                }
            }
            spec
        }
        "APIService" if dice.roll(2) == 0 => json!({"service": service_ref(dice)}),
        "CustomResourceDefinition" if dice.roll(2) == 0 => {
            json!({"conversion": {"webhook": {"clientConfig": {"service": service_ref(dice)}}}})
        }
        "Event" => {
            let kind = dice.pick(&["Pod", "Node", "Widget"]);
            let (prefix, namespace) = if kind == "Node" { ("n", "") } else { ("p", "a") };
            let number = dice.roll(3);
            let uid = match dice.roll(3) {
                0 => String::new(),
                _ if kind == "Widget" => format!("Widget.example.org/{namespace}/{number}/0"),
                _ => format!("{kind}/{namespace}/{number}/0"),
            };
            let version = if kind == "Widget" { "example.org/v1" } else { "v1" };
            json!({"involvedObject": {
                "apiVersion": version, "kind": kind, "namespace": namespace, "name": format!("{prefix}{number}"), "uid": uid,
            }})
        }
        _ => json!({}),
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
    let mut envs: Vec<Value> = (0..dice.roll(3)).map(|_| env(dice)).collect();
    if dice.roll(3) == 0 {
        let host = dice.pick(&[
            "s0",
            "s0:80",
            "http://s1/x",
            "s0.b",
            "s1.a.svc.cluster.local",
            "s1.a.example.org",
        ]);
        envs.push(json!({"name": "HOST", "value": host}));
    }
    let mut spec = json!({
        "nodeName": dice.pick(&["", "n0", "n1"]),
        "serviceAccountName": dice.pick(&["", "default", "u1"]),
        "containers": [{"name": "main", "env": envs, "image": dice.pick(&["", "shop/cart:1.2", "p1:X"])}],
        "volumes": (0..dice.roll(3)).map(|_| volume(dice)).collect::<Vec<_>>(),
    });
    if dice.roll(3) == 0 {
        spec["containers"][0]["args"] = json!([dice.pick(&["--to=s1:80", "s0.a.svc", "none"])]);
        spec["containers"][0]["command"] = json!([dice.pick(&["run", "s2.b"])]);
    }
    if dice.roll(3) == 0 {
        spec["imagePullSecrets"] = json!(names(&["x0", "x1"], dice));
        spec["priorityClassName"] = dice.pick(&["", "p0", "p1"]).into();
        spec["runtimeClassName"] = dice.pick(&["", "p0"]).into();
    }
    if dice.roll(2) == 0 {
        spec["priority"] = 0.into();
    }
    spec
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
