//! What there is in a cluster of the walk, and what the engine should know of it.

use std::collections::BTreeMap;

use cluster::Published;
use model::KindId;
use serde_json::{Value, json};
use simulator::Running;
use topology::{Symbols, kinds};

use super::Dice;

/// The end of the groups of all kinds that the walk defines.
pub const GROUP: &str = "walk.example.org";
const NAMESPACE: &str = "default";
/// How many objects of a kind there may be.
const NAMES: usize = 9;

/// The objects that the walk has written, by kind and name.
pub struct World {
    objects: BTreeMap<(&'static str, String), Value>,
    /// A group of its own: kinds are known in the whole process.
    group: String,
    /// The version in which things are served, if they are.
    defined: Option<&'static str>,
    things: BTreeMap<String, Value>,
    /// How many UIDs were given.
    lives: usize,
}

impl World {
    pub fn new(lane: u64) -> Self {
        Self {
            objects: BTreeMap::new(),
            group: format!("lane{lane}.{GROUP}"),
            defined: None,
            things: BTreeMap::new(),
            lives: 0,
        }
    }

    /// One of all that can happen.
    pub fn write(&mut self, dice: &mut Dice, to: &Running) {
        if dice.once_in(12) {
            return self.define(dice, to);
        }
        if self.defined.is_some() && dice.once_in(4) {
            return self.write_thing(dice, to);
        }
        let kind = dice.of(&["Pod", "Pod", "Pod", "ConfigMap", "Service", "Deployment"]);
        let name = format!("{}-{}", kind.to_lowercase(), dice.below(NAMES));
        let key = (kind, name.clone());
        let uid = self
            .objects
            .get(&key)
            .map(|object| object["metadata"]["uid"].clone());
        let remove = uid.is_some() && dice.once_in(3);
        if remove {
            let version = self.objects[&key]["apiVersion"].as_str().unwrap().to_owned();
            assert!(to.remove(&version, kind, NAMESPACE, &name).unwrap());
            self.objects.remove(&key);
            if dice.once_in(2) {
                return;
            }
        }
        // It changes, comes, or comes again under its name.
        let uid = uid.filter(|_| !remove).unwrap_or_else(|| self.new_uid());
        let object = self.object(dice, kind, &name, uid);
        to.put(object.clone()).unwrap();
        self.objects.insert(key, object);
    }

    fn new_uid(&mut self) -> Value {
        self.lives += 1;
        format!("{}-{}", self.group, self.lives).into()
    }

    fn object(&self, dice: &mut Dice, kind: &str, name: &str, uid: Value) -> Value {
        let app = format!("app-{}", dice.below(3));
        let metadata = json!({"name": name, "namespace": NAMESPACE, "uid": uid, "labels": {"app": app},
            "creationTimestamp": "2026-01-31T10:00:00Z"});
        let (version, mut rest) = match kind {
            "Pod" => (
                "v1",
                json!({
                    "spec": {"containers": [{"name": "main", "image": "example/x:1"}],
                        "volumes": [{"name": "v", "configMap": {"name": format!("configmap-{}", dice.below(NAMES))}}]},
                    "status": {"phase": dice.of(&["Pending", "Running", "Failed", "Succeeded"])},
                }),
            ),
            "ConfigMap" => ("v1", json!({"data": {"a": "b"}})),
            "Service" => (
                "v1",
                json!({"spec": {"type": "ClusterIP", "clusterIP": "None", "selector": {"app": app}}}),
            ),
            _ => (
                "apps/v1",
                json!({
                    "spec": {"replicas": dice.below(3), "selector": {"matchLabels": {"app": app}},
                        "template": {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "main", "image": "example/x:1"}]}}},
                    "status": {"replicas": dice.below(3)},
                }),
            ),
        };
        rest["apiVersion"] = version.into();
        rest["kind"] = kind.into();
        rest["metadata"] = metadata;
        rest
    }

    /// The definition comes, goes, or is of another version than before.
    fn define(&mut self, dice: &mut Dice, to: &Running) {
        let name = format!("things.{}", self.group);
        if self.defined.is_some() && dice.once_in(3) {
            // With it go its objects.
            for thing in std::mem::take(&mut self.things).into_keys() {
                to.remove(&self.api_version(), "Thing", NAMESPACE, &thing)
                    .unwrap();
            }
            to.remove("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", &name)
                .unwrap();
            self.defined = None;
            return;
        }
        let is_new = self.defined.is_none();
        self.defined = Some(dice.of(&["v1", "v2"]));
        to.put(self.definition()).unwrap();
        if is_new {
            // The simulator remembers nothing from before, and would not say so to a watch that asks for it.
            self.write_thing(dice, to);
            to.compact();
        }
    }

    fn definition(&self) -> Value {
        let preferred = self.defined.unwrap_or("v1");
        let versions: Vec<Value> = ["v1", "v2"]
            .into_iter()
            .filter(|version| *version <= preferred)
            .map(|version| json!({
                "name": version, "served": true, "storage": version == "v1",
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }))
            .collect();
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("things.{}", self.group)},
            "spec": {"group": self.group, "scope": "Namespaced", "versions": versions,
                "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}},
        })
    }

    fn api_version(&self) -> String {
        format!("{}/v1", self.group)
    }

    fn write_thing(&mut self, dice: &mut Dice, to: &Running) {
        let name = format!("thing-{}", dice.below(NAMES));
        if self.things.contains_key(&name) && dice.once_in(2) {
            assert!(to.remove(&self.api_version(), "Thing", NAMESPACE, &name).unwrap());
            self.things.remove(&name);
            return;
        }
        let uid = match self.things.get(&name) {
            Some(thing) => thing["metadata"]["uid"].clone(),
            None => self.new_uid(),
        };
        let thing = json!({"apiVersion": self.api_version(), "kind": "Thing",
            "metadata": {"name": name, "namespace": NAMESPACE, "uid": uid}, "spec": {"size": dice.below(9)}});
        to.put(thing.clone()).unwrap();
        self.things.insert(name, thing);
    }

    /// Another cluster, with some of the same names: its objects, to start with.
    pub fn begin_anew(&mut self, dice: &mut Dice) -> Vec<Value> {
        self.things.clear();
        self.defined = None;
        let keys: Vec<_> = std::mem::take(&mut self.objects).into_keys().collect();
        for (kind, name) in keys {
            if dice.once_in(2) {
                let uid = self.new_uid();
                let object = self.object(dice, kind, &name, uid);
                self.objects.insert((kind, name), object);
            }
        }
        self.objects.values().cloned().collect()
    }

    /// What the engine has that is not, lacks that is, or has otherwise.
    pub fn differences(&self, state: &Published) -> Vec<String> {
        let mut differences = Vec::new();
        for kind in ["Pod", "ConfigMap", "Service", "Deployment"] {
            let id = KindId::of(kind).unwrap();
            let of_kind = self.objects.iter().filter(|((own, _), _)| *own == kind);
            let there: BTreeMap<&str, String> = of_kind
                .map(|((_, name), object)| (name.as_str(), expected(id, object)))
                .collect();
            differences.extend(compare(state, id, &there));
        }
        let thing = KindId::of_plural(&format!("things.{}", self.group));
        let is_served = thing.is_some_and(|thing| state.state.serves(thing));
        if is_served != self.defined.is_some() {
            differences.push(format!(
                "things are served: {is_served}, defined: {:?}",
                self.defined
            ));
        }
        if let Some(thing) = thing.filter(|_| is_served) {
            let uids = self
                .things
                .iter()
                .map(|(name, thing)| (name.as_str(), uid(thing)));
            differences.extend(compare(state, thing, &uids.collect()));
            let version = state.state.api_version(thing);
            if self
                .defined
                .is_some_and(|defined| !version.ends_with(&format!("/{defined}")))
            {
                differences.push(format!(
                    "things are watched as {version}, defined: {:?}",
                    self.defined
                ));
            }
        }
        differences
    }
}

fn uid(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap().to_owned()
}

/// What is compared of an object: who it is, how it is, what it is called.
fn told(facts: &topology::Facts) -> String {
    if facts.key.kind.is_discovered() {
        return facts.uid.to_string();
    }
    format!(
        "{} {:?} {:?} {:?}",
        facts.uid, facts.status, facts.labels, facts.cells
    )
}

fn expected(kind: KindId, object: &Value) -> String {
    let json = match kind.get().watch {
        model::kind::WatchForm::Object => object.to_string(),
        model::kind::WatchForm::Table => {
            let cells = json!([object["metadata"]["name"], 1, "0s"]);
            json!({"cells": cells, "object": {"metadata": object["metadata"]}}).to_string()
        }
    };
    told(&kinds::read(kind, json.as_bytes(), &mut Symbols::new()).unwrap())
}

fn compare(state: &Published, kind: KindId, there: &BTreeMap<&str, String>) -> Vec<String> {
    let known: BTreeMap<String, String> = state
        .state
        .objects(kind, &[NAMESPACE.to_owned()])
        .filter_map(|entry| Some((entry.key().name.to_string(), told(entry.facts()?))))
        .collect();
    let lacks = there
        .iter()
        .filter(|(name, told)| known.get(**name) != Some(*told));
    let mut differences: Vec<String> = lacks
        .map(|(name, told)| {
            format!(
                "{kind} {name} is {told} and the engine has {:?}",
                known.get(*name)
            )
        })
        .collect();
    let more = known
        .iter()
        .filter(|(name, _)| !there.contains_key(name.as_str()));
    differences.extend(more.map(|(name, told)| format!("the engine has {kind} {name} {told}, which is not")));
    differences
}
