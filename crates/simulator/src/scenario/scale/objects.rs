//! The objects of a large cluster, one node, namespace or application at a time.

use serde::Deserialize;
use serde_json::Value;

use super::template::{Object, Template, Text, Values};
use super::{Dice, EPOCH, PODS_PER_APP};
use crate::clock::stamp;
use crate::error::StartError;
use crate::resources::Resources;

const FILE: &str = include_str!("../../../data/scale.yaml");

/// The file: each object with its holes.
#[derive(Deserialize)]
struct Manifests {
    node: Vec<Value>,
    team: Vec<Value>,
    application: Vec<Value>,
    pod: Vec<Value>,
    endpoints: Vec<Value>,
    endpoint: Value,
    half: Vec<Value>,
    quarter: Vec<Value>,
}

/// The same, ready to be filled.
#[derive(Debug)]
pub(super) struct Templates {
    node: Vec<Template>,
    team: Vec<Template>,
    application: Vec<Template>,
    pod: Vec<Template>,
    endpoints: Vec<Template>,
    endpoint: Text,
    half: Vec<Template>,
    quarter: Vec<Template>,
}

impl Templates {
    /// Reads the file, which is part of this crate.
    pub(super) fn read(resources: &Resources) -> Result<Self, StartError> {
        let file: Manifests = serde_yaml_ng::from_str(FILE).map_err(|source| StartError::ScenarioSyntax {
            file: "scale.yaml".into(),
            document: 1,
            source,
        })?;
        let templates = |manifests: Vec<Value>| {
            let manifests = manifests.into_iter();
            manifests
                .map(|manifest| Template::new(resources, manifest))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            node: templates(file.node)?,
            team: templates(file.team)?,
            application: templates(file.application)?,
            pod: templates(file.pod)?,
            endpoints: templates(file.endpoints)?,
            endpoint: Text::new(&file.endpoint.to_string()),
            half: templates(file.half)?,
            quarter: templates(file.quarter)?,
        })
    }
}

/// Makes objects, in an order that follows from the seed.
pub(super) struct Maker<'t> {
    templates: &'t Templates,
    dice: Dice,
    values: Values,
    nodes: u32,
    made: Vec<Object>,
}

impl<'t> Maker<'t> {
    pub(super) fn new(templates: &'t Templates, seed: u64, nodes: u32) -> Self {
        let mut values = Values::default();
        values.set("epoch", stamp(EPOCH));
        values.set("minute-later", stamp(EPOCH + 60));
        Self {
            templates,
            dice: Dice::new(seed),
            values,
            nodes,
            made: Vec::new(),
        }
    }

    /// What was made since the last time.
    pub(super) fn take(&mut self) -> Vec<Object> {
        std::mem::take(&mut self.made)
    }

    /// A node and its lease.
    pub(super) fn node(&mut self, index: u32) {
        self.set_node(index);
        self.values.set("zone", format!("zone-{}", index % 3));
        let range = format!("10.{}.{}.0/24", index / 256, index % 256);
        self.values.set("node-range", range);
        self.set_uid("lease");
        self.make(&self.templates.node);
    }

    /// A namespace without applications.
    pub(super) fn team(&mut self, index: u32) {
        self.values.set("team", format!("team-{index:04}"));
        self.values.set("certificate", self.dice.letters(1200));
        self.make(&self.templates.team);
    }

    /// A deployment with its pods and what is around them.
    pub(super) fn application(&mut self, index: u32, pods: u32) {
        self.values.set("app", format!("app-{index:05}"));
        self.values.set("pods", pods.to_string());
        self.values.set("most-pods", (pods + 4).to_string());
        let service = format!("10.96.{}.{}", index / 250 % 250, index % 250 + 1);
        self.values.set("service-ip", service);
        for uid in ["deployment", "set", "service", "cron", "claim"] {
            self.set_uid(uid);
        }
        for (name, letters) in [("hash", 10), ("old-hash", 10), ("slice", 5), ("settings", 300)] {
            self.values.set(name, self.dice.letters(letters));
        }
        let run = format!("29{:06}", self.dice.below(1_000_000));
        self.values.set("run", run);
        self.make(&self.templates.application);
        let mut endpoints = String::from("[");
        for ordinal in 0..pods {
            self.pod(index * PODS_PER_APP + ordinal);
            if ordinal > 0 {
                endpoints.push(',');
            }
            self.templates.endpoint.fill(&self.values, &mut endpoints);
        }
        endpoints.push(']');
        self.values.set("endpoints", endpoints);
        self.make(&self.templates.endpoints);
        if index.is_multiple_of(2) {
            self.make(&self.templates.half);
        }
        if index.is_multiple_of(4) {
            self.make(&self.templates.quarter);
        }
    }

    fn pod(&mut self, number: u32) {
        self.values.set("suffix", self.dice.letters(5));
        let node = u32::try_from(self.dice.below(u64::from(self.nodes))).unwrap_or_default();
        self.set_node(node);
        let ip = format!(
            "10.{}.{}.{}",
            number / 62_500 % 128,
            number / 250 % 250,
            number % 250 + 2
        );
        self.values.set("pod-ip", ip);
        self.values.set("digest", self.dice.hex());
        self.values.set("container", self.dice.hex());
        self.make(&self.templates.pod);
    }

    fn set_node(&mut self, index: u32) {
        self.values.set("node", format!("node-{index:05}"));
        let address = format!("10.{}.{}.1", 128 + index / 256, index % 256);
        self.values.set("node-ip", address);
    }

    fn set_uid(&mut self, name: &'static str) {
        self.values.set(name, self.dice.uid());
    }

    /// One object of each template, each with a uid and a time of its own.
    fn make(&mut self, templates: &[Template]) {
        for template in templates {
            self.set_uid("uid");
            let age = i64::try_from(self.dice.below(86_400)).unwrap_or_default();
            self.values.set("time", stamp(EPOCH + age));
            let object = template.fill(&self.values, self.made.last().map(|object| &object.key));
            self.made.push(object);
        }
    }
}
