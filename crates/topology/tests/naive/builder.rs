//! The graph from a list of objects, by looking at every pair: the rules of the design once more, written from its text and
//! on the JSON of the objects. Slow, and independent of the readers and of the index.

use crate::groups::Naive;
use crate::world::World;
use model::graph::{EdgeKey, NodeState, Relation};
use model::kind::KINDS;
use model::level::Level;
use model::{Health, KindId, NodeId, NodeKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use topology::facts::Key;
use topology::{Entry, State};

/// The kinds that [`Expected::pair`] looks at.
const SELECTING: &[&str] = &[
    "Service",
    "PodDisruptionBudget",
    "ClusterRole",
    "ServiceMonitor.monitoring.coreos.com",
    "PodMonitor.monitoring.coreos.com",
    "NetworkPolicy",
    "StatefulSet",
];

/// Source, type, target.
pub type Ends = (String, String, String);
/// A path, whether it lies on the target, and whether it is a default.
type Field = (String, bool, bool);

#[derive(Debug, Clone, PartialEq)]
pub struct EdgeBody {
    pub layer: String,
    derivation: String,
    pub healthy: bool,
    fields: BTreeSet<Field>,
}

/// What the state must be.
pub struct Expected<'w> {
    world: &'w World,
    /// The places of the objects by address.
    places: BTreeMap<String, usize>,
    nodes: BTreeMap<String, NodeState>,
    edges: BTreeMap<Ends, EdgeBody>,
}

struct Object<'w> {
    kind: &'static str,
    namespaced: bool,
    namespace: String,
    name: String,
    id: String,
    uid: &'w str,
    json: &'w Value,
}

/// What one field says.
struct Says {
    relation: &'static str,
    layer: &'static str,
    derivation: &'static str,
    path: String,
    /// The field is on the target.
    at_target: bool,
    /// The field names the source.
    names_source: bool,
    default: bool,
    optional: bool,
    /// No ghost if it is not there.
    silent: bool,
    uid: String,
    port: Value,
}

fn says(relation: &'static str, layer: &'static str, path: impl Into<String>) -> Says {
    Says {
        relation,
        layer,
        derivation: "reference",
        path: path.into(),
        at_target: false,
        names_source: false,
        default: false,
        optional: false,
        silent: false,
        uid: String::new(),
        port: Value::Null,
    }
}

pub fn s(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn address(kind: &str, namespaced: bool, namespace: &str, name: &str) -> String {
    let namespace = namespaced.then_some(namespace);
    NodeKey::new(kind, namespace, name).to_string()
}

impl Object<'_> {
    fn id(&self) -> String {
        self.id.clone()
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.json["metadata"]["annotations"][key].as_str()
    }
}

/// `matchLabels` and `matchExpressions`.
fn meets(selector: &Value, labels: &Value) -> bool {
    let equal = selector["matchLabels"].as_object();
    let equal = equal.is_none_or(|all| all.iter().all(|(key, value)| labels.get(key) == Some(value)));
    equal
        && list(&selector["matchExpressions"]).iter().all(|expression| {
            let own = labels.get(s(&expression["key"]));
            let among = own.is_some_and(|own| list(&expression["values"]).contains(own));
            match s(&expression["operator"]) {
                "Exists" => own.is_some(),
                "DoesNotExist" => own.is_none(),
                "In" => among,
                "NotIn" => !among,
                other => panic!("{other}"),
            }
        })
}

impl<'w> Expected<'w> {
    pub fn of(world: &'w World) -> Self {
        let objects: Vec<Object<'_>> = world
            .json
            .iter()
            .map(|(key, json)| {
                let (kind, metadata) = (key.kind.get(), &json["metadata"]);
                let (namespace, name) = (s(&metadata["namespace"]), s(&metadata["name"]));
                Object {
                    kind: kind.id,
                    namespaced: kind.namespaced,
                    id: address(kind.id, kind.namespaced, namespace, name),
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                    uid: s(&metadata["uid"]),
                    json,
                }
            })
            .collect();
        let nodes = objects
            .iter()
            .map(|object| (object.id(), NodeState::Live))
            .collect();
        let mut expected = Self {
            world,
            places: (0..)
                .zip(&objects)
                .map(|(place, object)| (object.id(), place))
                .collect(),
            nodes,
            edges: BTreeMap::new(),
        };
        for object in &objects {
            expected.fields(object, &objects);
            let owners = list(&object.json["metadata"]["ownerReferences"]);
            for other in &objects {
                if !owners.is_empty() {
                    expected.owner(other, object, owners);
                }
                if SELECTING.contains(&object.kind) {
                    expected.pair(object, other, &objects);
                }
            }
        }
        expected
    }

    /// A field of `holder` names an object.
    fn name(
        &mut self,
        holder: &Object<'_>,
        all: &[Object<'_>],
        kind: &str,
        namespace: &str,
        name: &str,
        says: Says,
    ) {
        if name.is_empty() {
            return;
        }
        let (id, namespaced) = crate::world::kind_and_scope(kind);
        if !self.world.serves(id) || namespaced && namespace.is_empty() {
            return;
        }
        let is_virtual = matches!(kind, "User" | "Group" | "CIDR" | "Anywhere");
        let to = address(kind, namespaced, namespace, name);
        let named = self.places.get(&to).map(|place| &all[*place]);
        let other_life = |named: &Object<'_>| !says.uid.is_empty() && named.uid != says.uid;
        if says.silent && named.is_none_or(other_life) {
            return;
        }
        let visible = self.world.visible.contains(&id);
        let state = match visible {
            _ if is_virtual => NodeState::Virtual,
            true => NodeState::Missing,
            false => NodeState::Hidden,
        };
        self.nodes.entry(to.clone()).or_insert(state);
        let mut healthy = match named {
            None => is_virtual || says.optional || !visible,
            Some(named) => !other_life(named),
        };
        if let Some(named) =
            named.filter(|_| holder.kind.starts_with("HTTPRoute") && says.relation == "routes")
        {
            healthy &= named.namespace == holder.namespace || is_granted(holder, named, all);
        }
        if let Some(service) = named.filter(|_| !says.port.is_null()) {
            healthy &= list(&service.json["spec"]["ports"])
                .iter()
                .any(|own| own["port"] == says.port || own["name"] == says.port);
        }
        if let Some(named) = named.filter(|_| says.relation == "binds") {
            let (claim, volume) = if holder.kind == "PersistentVolumeClaim" {
                (holder, named)
            } else {
                (named, holder)
            };
            let wanted = s(&claim.json["spec"]["volumeName"]);
            let bound = &volume.json["spec"]["claimRef"];
            healthy &= (wanted.is_empty() || wanted == volume.name)
                && (s(&bound["name"]).is_empty()
                    || (s(&bound["namespace"]), s(&bound["name"])) == (&*claim.namespace, &*claim.name));
        }
        let (source, target) = if says.names_source {
            (to, holder.id())
        } else {
            (holder.id(), to)
        };
        self.add(source, target, &says, healthy);
    }

    fn add(&mut self, source: String, target: String, says: &Says, healthy: bool) {
        let ends = (source, says.relation.to_owned(), target);
        let edge = self.edges.entry(ends).or_insert_with(|| EdgeBody {
            layer: says.layer.to_owned(),
            derivation: says.derivation.to_owned(),
            healthy: true,
            fields: BTreeSet::new(),
        });
        edge.healthy &= healthy;
        edge.fields
            .insert((says.path.clone(), says.at_target, says.default));
    }

    fn owner(&mut self, owner: &Object<'_>, owned: &Object<'_>, owners: &[Value]) {
        if owner.namespaced && owner.namespace != owned.namespace {
            return;
        }
        for (index, entry) in owners.iter().enumerate() {
            if s(&entry["uid"]) == owner.uid {
                let says = Says {
                    derivation: "owner",
                    at_target: true,
                    ..says("owns", "ownership", format!("metadata.ownerReferences[{index}]"))
                };
                self.add(owner.id(), owned.id(), &says, true);
            }
        }
    }

    /// Selectors, and names that follow a pattern.
    fn pair(&mut self, a: &Object<'_>, b: &Object<'_>, all: &[Object<'_>]) {
        let mut found: Vec<(&'static str, &'static str, String)> = Vec::new();
        let (spec, labels) = (&a.json["spec"], &b.json["metadata"]["labels"]);
        let near = a.namespace == b.namespace;
        match (a.kind, b.kind) {
            ("Service", "Pod") if near && s(&spec["type"]) != "ExternalName" => {
                let selector = spec["selector"].as_object().unwrap();
                if !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
                {
                    found.push(("selects", "network", "spec.selector".to_owned()));
                }
            }
            ("PodDisruptionBudget", "Pod")
                if near && spec["selector"].is_object() && meets(&spec["selector"], labels) =>
            {
                found.push(("protects", "policy", "spec.selector".to_owned()));
            }
            ("ClusterRole", "ClusterRole") if a.name != b.name => {
                for (index, selector) in list(&a.json["aggregationRule"]["clusterRoleSelectors"])
                    .iter()
                    .enumerate()
                {
                    if meets(selector, labels) {
                        let path = format!("aggregationRule.clusterRoleSelectors[{index}]");
                        found.push(("aggregates", "identity", path));
                    }
                }
            }
            ("ServiceMonitor.monitoring.coreos.com", "Service")
            | ("PodMonitor.monitoring.coreos.com", "Pod") => {
                let names = list(&spec["namespaceSelector"]["matchNames"]);
                let within = if spec["namespaceSelector"]["any"] == true {
                    true
                } else if names.is_empty() {
                    near
                } else {
                    names.iter().any(|name| s(name) == b.namespace)
                };
                if within && meets(&spec["selector"], labels) {
                    found.push(("monitors", "extension", "spec.selector".to_owned()));
                }
            }
            ("NetworkPolicy", "Pod" | "Namespace") => {
                if b.kind == "Pod" && near && meets(&spec["podSelector"], labels) {
                    found.push(("applies-to", "policy", "spec.podSelector".to_owned()));
                }
                for (direction, field, relation) in directions(spec) {
                    let lower = direction.to_lowercase();
                    for (i, rule) in list(&spec[&lower]).iter().enumerate() {
                        for (j, peer) in list(&rule[field]).iter().enumerate() {
                            let at = format!("spec.{lower}[{i}].{field}[{j}]");
                            let (pods, spaces) = (peer.get("podSelector"), peer.get("namespaceSelector"));
                            let space = all
                                .iter()
                                .find(|own| own.kind == "Namespace" && own.name == b.namespace);
                            let of = |selector: &Value| {
                                space.is_some_and(|own| meets(selector, &own.json["metadata"]["labels"]))
                            };
                            let (hit, path) = match (b.kind, pods, spaces) {
                                ("Pod", Some(pods), None) => (near && meets(pods, labels), "podSelector"),
                                ("Pod", Some(pods), Some(spaces)) => {
                                    (of(spaces) && meets(pods, labels), "podSelector")
                                }
                                ("Namespace", None, Some(spaces)) => {
                                    (meets(spaces, labels), "namespaceSelector")
                                }
                                _ => (false, ""),
                            };
                            if hit {
                                found.push((relation, "policy", format!("{at}.{path}")));
                            }
                        }
                    }
                }
            }
            ("StatefulSet", "PersistentVolumeClaim") if near => {
                for (index, template) in list(&spec["volumeClaimTemplates"]).iter().enumerate() {
                    let start = format!("{}-{}-", s(&template["metadata"]["name"]), a.name);
                    let ordinal = b
                        .name
                        .strip_prefix(&start)
                        .is_some_and(|rest| (0..100).any(|n| n.to_string() == rest));
                    if ordinal {
                        let path = format!("spec.volumeClaimTemplates[{index}].metadata.name");
                        let says = says("claims", "storage", path);
                        self.add(a.id(), b.id(), &says, true);
                    }
                }
            }
            _ => {}
        }
        for (relation, layer, path) in found {
            let says = Says {
                derivation: "selector",
                ..says(relation, layer, path)
            };
            self.add(a.id(), b.id(), &says, true);
        }
    }

    /// The fields of an object that name others.
    #[allow(clippy::too_many_lines)]
    fn fields(&mut self, o: &Object<'_>, all: &[Object<'_>]) {
        let spec = &o.json["spec"];
        let own = o.namespace.as_str();
        let or = |text: &'_ str, other: &'_ str| {
            if text.is_empty() {
                other.to_owned()
            } else {
                text.to_owned()
            }
        };
        match o.kind {
            "GatewayClass.gateway.networking.k8s.io" => {
                let to = &spec["parametersRef"];
                let says = says("configured-by", "network", "spec.parametersRef.name");
                self.name(o, all, "ConfigMap", s(&to["namespace"]), s(&to["name"]), says);
            }
            "Gateway.gateway.networking.k8s.io" => {
                let class = says("uses-class", "network", "spec.gatewayClassName");
                let kind = "GatewayClass.gateway.networking.k8s.io";
                self.name(o, all, kind, "", s(&spec["gatewayClassName"]), class);
                let secret = &spec["listeners"][1]["tls"]["certificateRefs"][0];
                let says = says(
                    "terminates-tls",
                    "network",
                    "spec.listeners[1].tls.certificateRefs[0].name",
                );
                self.name(
                    o,
                    all,
                    "Secret",
                    &or(s(&secret["namespace"]), own),
                    s(&secret["name"]),
                    says,
                );
            }
            "HTTPRoute.gateway.networking.k8s.io" => {
                let parent = &spec["parentRefs"][0];
                let attaches = says("attaches", "network", "spec.parentRefs[0].name");
                let kind = "Gateway.gateway.networking.k8s.io";
                self.name(
                    o,
                    all,
                    kind,
                    &or(s(&parent["namespace"]), own),
                    s(&parent["name"]),
                    attaches,
                );
                for (i, to) in list(&spec["rules"][0]["backendRefs"]).iter().enumerate() {
                    let at = format!("spec.rules[0].backendRefs[{i}]");
                    let routes = Says {
                        port: if to["kind"].is_null() {
                            to["port"].clone()
                        } else {
                            Value::Null
                        },
                        ..says("routes", "network", format!("{at}.name"))
                    };
                    self.name(
                        o,
                        all,
                        if to["kind"].is_null() {
                            "Service"
                        } else {
                            "Widget.example.org"
                        },
                        &or(s(&to["namespace"]), own),
                        s(&to["name"]),
                        routes,
                    );
                    let mirror = s(&to["filters"][0]["requestMirror"]["backendRef"]["name"]);
                    let path = format!("{at}.filters[0].requestMirror.backendRef.name");
                    self.name(o, all, "Service", own, mirror, says("routes", "network", path));
                }
            }
            "Certificate.cert-manager.io" => {
                let issues = Says {
                    silent: true,
                    ..says("issues", "extension", "spec.secretName")
                };
                self.name(o, all, "Secret", own, s(&spec["secretName"]), issues);
                let by = says("issued-by", "extension", "spec.issuerRef.name");
                self.name(
                    o,
                    all,
                    "Issuer.cert-manager.io",
                    own,
                    s(&spec["issuerRef"]["name"]),
                    by,
                );
            }
            "ExternalSecret.external-secrets.io" => {
                let target = s(&spec["target"]["name"]);
                let to = Says {
                    silent: true,
                    default: target.is_empty(),
                    ..says("syncs-to", "extension", "spec.target.name")
                };
                self.name(o, all, "Secret", own, &or(target, &o.name), to);
                let store = &spec["secretStoreRef"];
                let kind = format!("{}.external-secrets.io", or(s(&store["kind"]), "SecretStore"));
                let from = says("syncs-from", "extension", "spec.secretStoreRef.name");
                self.name(o, all, &kind, own, s(&store["name"]), from);
            }
            "VirtualService.networking.istio.io" => {
                let (namespace, name) = match s(&spec["gateways"][1]) {
                    "b/p1" => ("b", "p1"),
                    name => (own, name),
                };
                let attaches = says("attaches", "extension", "spec.gateways[1]");
                self.name(o, all, "Gateway.networking.istio.io", namespace, name, attaches);
                let mut host = |host: &str, path: &str| {
                    let (name, namespace) = match host {
                        "s0" | "s1" => (host, own),
                        "s1.a.svc.cluster.local" => ("s1", "a"),
                        _ => return,
                    };
                    self.name(
                        o,
                        all,
                        "Service",
                        namespace,
                        name,
                        says("routes", "extension", path),
                    );
                };
                let http = &spec["http"][0];
                host(
                    s(&http["route"][0]["destination"]["host"]),
                    "spec.http[0].route[0].destination.host",
                );
                host(s(&http["mirror"]["host"]), "spec.http[0].mirror.host");
            }
            "Application.argoproj.io" => {
                for (i, to) in list(&o.json["status"]["resources"]).iter().enumerate() {
                    let manages = Says {
                        silent: true,
                        ..says("manages", "extension", format!("status.resources[{i}].name"))
                    };
                    let kind = match s(&to["group"]) {
                        "" => s(&to["kind"]).to_owned(),
                        "example.org" => format!("{}.example.org", s(&to["kind"])),
                        _ => continue,
                    };
                    self.name(o, all, &kind, s(&to["namespace"]), s(&to["name"]), manages);
                }
            }
            "VolumeSnapshot.snapshot.storage.k8s.io" => {
                let claim = says("snapshots", "storage", "spec.source.persistentVolumeClaimName");
                let name = s(&spec["source"]["persistentVolumeClaimName"]);
                self.name(o, all, "PersistentVolumeClaim", own, name, claim);
                let class = says("uses-class", "storage", "spec.volumeSnapshotClassName");
                let kind = "VolumeSnapshotClass.snapshot.storage.k8s.io";
                self.name(o, all, kind, "", s(&spec["volumeSnapshotClassName"]), class);
                if s(&spec["volumeSnapshotClassName"]).is_empty() && !name.is_empty() {
                    self.snapshot_class(o, all, kind, name);
                }
            }
            "Widget.example.org" | "Gadget.example.org" => self.refers(o, all),
            "ScaledObject.keda.sh" => {
                let says = says("scales", "scaling", "spec.scaleTargetRef.name");
                self.name(
                    o,
                    all,
                    "Deployment",
                    own,
                    s(&spec["scaleTargetRef"]["name"]),
                    says,
                );
            }
            "Pod" => self.pod_spec(o, all, spec, "spec", false),
            "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController" | "Job" | "DaemonSet" => {
                self.pod_spec(o, all, &spec["template"]["spec"], "spec.template.spec", true);
                if o.kind == "StatefulSet" {
                    let says = says("governs", "network", "spec.serviceName");
                    self.name(o, all, "Service", own, s(&spec["serviceName"]), says);
                }
            }
            "CronJob" => {
                let path = "spec.jobTemplate.spec.template.spec";
                self.pod_spec(
                    o,
                    all,
                    &spec["jobTemplate"]["spec"]["template"]["spec"],
                    path,
                    true,
                );
            }
            "EndpointSlice" => {
                let label = "kubernetes.io/service-name";
                let publishes = Says {
                    at_target: true,
                    names_source: true,
                    ..says("publishes", "network", format!("metadata.labels[\"{label}\"]"))
                };
                self.name(
                    o,
                    all,
                    "Service",
                    own,
                    s(&o.json["metadata"]["labels"][label]),
                    publishes,
                );
                for (i, endpoint) in list(&o.json["endpoints"]).iter().enumerate() {
                    let to = &endpoint["targetRef"];
                    let namespace = if s(&to["namespace"]).is_empty() {
                        own
                    } else {
                        s(&to["namespace"])
                    };
                    let says = says("targets", "network", format!("endpoints[{i}].targetRef.name"));
                    self.name(o, all, s(&to["kind"]), namespace, s(&to["name"]), says);
                }
            }
            "Ingress" => {
                for (i, path) in list(&spec["rules"][0]["http"]["paths"]).iter().enumerate() {
                    let service = &path["backend"]["service"];
                    let port = service["port"]["number"].clone();
                    let says = Says {
                        port: if port.is_null() {
                            service["port"]["name"].clone()
                        } else {
                            port
                        },
                        ..says(
                            "routes",
                            "network",
                            format!("spec.rules[0].http.paths[{i}].backend.service.name"),
                        )
                    };
                    self.name(o, all, "Service", own, s(&service["name"]), says);
                }
                for (i, tls) in list(&spec["tls"]).iter().enumerate() {
                    let says = says("terminates-tls", "network", format!("spec.tls[{i}].secretName"));
                    self.name(o, all, "Secret", own, s(&tls["secretName"]), says);
                }
                let class = |path: &str| says("uses-class", "network", path);
                let old = o.annotation("kubernetes.io/ingress.class");
                if let Some(name) = spec["ingressClassName"].as_str() {
                    self.name(o, all, "IngressClass", "", name, class("spec.ingressClassName"));
                }
                if let Some(name) = old {
                    let says = Says {
                        silent: true,
                        ..class("metadata.annotations[\"kubernetes.io/ingress.class\"]")
                    };
                    self.name(o, all, "IngressClass", "", name, says);
                }
                if spec["ingressClassName"].is_null() && old.is_none() {
                    self.default(o, all, "IngressClass", "network");
                }
            }
            "IngressClass" => {
                let to = &spec["parameters"];
                let says = says("configured-by", "network", "spec.parameters.name");
                match s(&to["kind"]) {
                    "ConfigMap" => self.name(o, all, "ConfigMap", s(&to["namespace"]), s(&to["name"]), says),
                    "Gadget" => self.name(o, all, "Gadget.example.org", "", s(&to["name"]), says),
                    _ => {}
                }
            }
            "NetworkPolicy" => {
                for (direction, field, relation) in directions(spec) {
                    let lower = direction.to_lowercase();
                    for (i, rule) in list(&spec[&lower]).iter().enumerate() {
                        let at = format!("spec.{lower}[{i}].{field}");
                        if list(&rule[field]).is_empty() {
                            let says = Says {
                                default: true,
                                ..says(relation, "policy", &at)
                            };
                            self.name(o, all, "Anywhere", "", "all", says);
                        }
                        for (j, peer) in list(&rule[field]).iter().enumerate() {
                            let says = says(relation, "policy", format!("{at}[{j}].ipBlock.cidr"));
                            self.name(o, all, "CIDR", "", s(&peer["ipBlock"]["cidr"]), says);
                        }
                    }
                }
            }
            "HorizontalPodAutoscaler" => {
                let to = &spec["scaleTargetRef"];
                let says = says("scales", "scaling", "spec.scaleTargetRef.name");
                match (s(&to["apiVersion"]), s(&to["kind"])) {
                    ("example.org/v1", "Widget") => {
                        self.name(o, all, "Widget.example.org", own, s(&to["name"]), says)
                    }
                    ("example.org/v1", _) => {}
                    (_, kind) => self.name(o, all, kind, own, s(&to["name"]), says),
                }
            }
            "PersistentVolumeClaim" => {
                let volume = s(&spec["volumeName"]);
                let binds = says("binds", "storage", "spec.volumeName");
                self.name(o, all, "PersistentVolume", "", volume, binds);
                for field in ["dataSource", "dataSourceRef"] {
                    if s(&spec[field]["kind"]) == "PersistentVolumeClaim" {
                        let says = says("restores-from", "storage", format!("spec.{field}.name"));
                        self.name(
                            o,
                            all,
                            "PersistentVolumeClaim",
                            own,
                            s(&spec[field]["name"]),
                            says,
                        );
                    }
                }
                self.storage_class(o, all, volume.is_empty());
            }
            "PersistentVolume" => {
                let claim = &spec["claimRef"];
                let binds = Says {
                    at_target: true,
                    names_source: true,
                    uid: s(&claim["uid"]).to_owned(),
                    ..says("binds", "storage", "spec.claimRef.name")
                };
                let (namespace, name) = (s(&claim["namespace"]), s(&claim["name"]));
                self.name(o, all, "PersistentVolumeClaim", namespace, name, binds);
                self.storage_class(o, all, false);
                let driver = Says {
                    silent: true,
                    ..says("provided-by", "storage", "spec.csi.driver")
                };
                self.name(o, all, "CSIDriver", "", s(&spec["csi"]["driver"]), driver);
                for (field, to) in spec["csi"].as_object().into_iter().flatten() {
                    if field.ends_with("SecretRef") {
                        let says = says("authenticates-with", "storage", format!("spec.csi.{field}.name"));
                        self.name(o, all, "Secret", s(&to["namespace"]), s(&to["name"]), says);
                    }
                }
            }
            "StorageClass" => {
                let driver = Says {
                    silent: true,
                    ..says("provided-by", "storage", "provisioner")
                };
                self.name(o, all, "CSIDriver", "", s(&o.json["provisioner"]), driver);
                let key = "csi.storage.k8s.io/provisioner-secret-name";
                let parameters = &o.json["parameters"];
                let namespace = s(&parameters["csi.storage.k8s.io/provisioner-secret-namespace"]);
                let says = says("authenticates-with", "storage", format!("parameters[\"{key}\"]"));
                self.name(o, all, "Secret", namespace, s(&parameters[key]), says);
            }
            "VolumeAttachment" => {
                let volume = says("attaches-volume", "storage", "spec.source.persistentVolumeName");
                let name = s(&spec["source"]["persistentVolumeName"]);
                self.name(o, all, "PersistentVolume", "", name, volume);
                let node = says("attaches-volume", "storage", "spec.nodeName");
                self.name(o, all, "Node", "", s(&spec["nodeName"]), node);
            }
            "CSINode" => {
                self.name(
                    o,
                    all,
                    "Node",
                    "",
                    &o.name,
                    says("describes", "storage", "metadata.name"),
                );
            }
            "Lease" if own == "kube-node-lease" => {
                self.name(
                    o,
                    all,
                    "Node",
                    "",
                    &o.name,
                    says("renews", "scheduling", "metadata.name"),
                );
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                let role = &o.json["roleRef"];
                if o.kind == "RoleBinding" || s(&role["kind"]) == "ClusterRole" {
                    let says = says("grants", "identity", "roleRef.name");
                    self.name(o, all, s(&role["kind"]), own, s(&role["name"]), says);
                }
                for (i, subject) in list(&o.json["subjects"]).iter().enumerate() {
                    let says = says("binds-subject", "identity", format!("subjects[{i}].name"));
                    let name = s(&subject["name"]);
                    match s(&subject["kind"]) {
                        "User" if name == "system:serviceaccount:a:default" => {
                            self.name(o, all, "ServiceAccount", "a", "default", says);
                        }
                        "ServiceAccount" => {
                            let namespace = subject["namespace"].as_str().unwrap_or(own);
                            self.name(o, all, "ServiceAccount", namespace, name, says);
                        }
                        kind => self.name(o, all, kind, "", name, says),
                    }
                }
            }
            "ServiceAccount" => {
                for (field, relation, layer) in [
                    ("secrets", "holds", "identity"),
                    ("imagePullSecrets", "pulls-with", "config"),
                ] {
                    for (i, secret) in list(&o.json[field]).iter().enumerate() {
                        let says = says(relation, layer, format!("{field}[{i}].name"));
                        self.name(o, all, "Secret", own, s(&secret["name"]), says);
                    }
                }
            }
            "Secret" if s(&o.json["type"]) == "kubernetes.io/service-account-token" => {
                let key = "kubernetes.io/service-account.name";
                let says = Says {
                    at_target: true,
                    names_source: true,
                    silent: true,
                    ..says("holds", "identity", format!("metadata.annotations[\"{key}\"]"))
                };
                self.name(
                    o,
                    all,
                    "ServiceAccount",
                    own,
                    o.annotation(key).unwrap_or(""),
                    says,
                );
            }
            "ResourceQuota" | "LimitRange" => {
                self.name(
                    o,
                    all,
                    "Namespace",
                    "",
                    own,
                    says("limits", "policy", "metadata.namespace"),
                );
            }
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
                for (i, webhook) in list(&o.json["webhooks"]).iter().enumerate() {
                    let at = format!("webhooks[{i}].clientConfig.service");
                    self.webhook(o, all, &webhook["clientConfig"]["service"], &at);
                }
            }
            "APIService" => self.webhook(o, all, &spec["service"], "spec.service"),
            "CustomResourceDefinition" => {
                let service = &spec["conversion"]["webhook"]["clientConfig"]["service"];
                self.webhook(o, all, service, "spec.conversion.webhook.clientConfig.service");
            }
            "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding" => {
                let kind = o.kind.strip_suffix("Binding").unwrap();
                let policy = s(&spec["policyName"]);
                self.name(
                    o,
                    all,
                    kind,
                    "",
                    policy,
                    says("binds-policy", "policy", "spec.policyName"),
                );
                let policy = all.iter().find(|own| own.kind == kind && own.name == policy);
                let params = policy.map_or("", params_of);
                let to = &spec["paramRef"];
                if !params.is_empty() && s(&to["name"]).is_empty() && to["selector"].is_object() {
                    for param in all.iter().filter(|param| param.kind == params) {
                        let within = param.namespace.is_empty() || param.namespace == s(&to["namespace"]);
                        if within && meets(&to["selector"], &param.json["metadata"]["labels"]) {
                            let says = Says {
                                derivation: "selector",
                                ..says("configured-by", "policy", "spec.paramRef.selector")
                            };
                            self.add(o.id(), param.id(), &says, true);
                        }
                    }
                } else if !params.is_empty() {
                    let says = Says {
                        optional: s(&to["parameterNotFoundAction"]) == "Allow",
                        ..says("configured-by", "policy", "spec.paramRef.name")
                    };
                    self.name(o, all, params, s(&to["namespace"]), s(&to["name"]), says);
                }
            }
            "Event" => {
                let to = &o.json["involvedObject"];
                let says = Says {
                    silent: true,
                    uid: s(&to["uid"]).to_owned(),
                    ..says("about", "events", "involvedObject.name")
                };
                let kind = match s(&to["kind"]) {
                    "Widget" => "Widget.example.org",
                    kind => kind,
                };
                self.name(o, all, kind, s(&to["namespace"]), s(&to["name"]), says);
            }
            _ => {}
        }
    }

    /// The `*Ref` fields that the world writes, and what a reader of the design makes of them.
    fn refers(&mut self, o: &Object<'_>, all: &[Object<'_>]) {
        let spec = &o.json["spec"];
        let gadget = &spec["gadgetRef"];
        let inner = &gadget["widgetRef"];
        let known = s(&inner["group"]) == "example.org";
        let widget = if known { s(&inner["name"]) } else { "" };
        let secret = &spec["list"][1]["secretRef"];
        let space = match s(&secret["namespace"]) {
            "" => o.namespace.as_str(),
            other => other,
        };
        let own = o.namespace.as_str();
        for (kind, namespace, name, path) in [
            ("Secret", space, s(&secret["name"]), "spec.list[1].secretRef.name"),
            (
                "Gadget.example.org",
                "",
                s(&gadget["name"]),
                "spec.gadgetRef.name",
            ),
            ("Widget.example.org", own, widget, "spec.gadgetRef.widgetRef.name"),
            (
                "Deployment",
                own,
                s(&spec["plainRef"]["name"]),
                "spec.plainRef.name",
            ),
        ] {
            let says = Says {
                derivation: "inferred",
                silent: true,
                ..says("refers", "inferred", path)
            };
            self.name(o, all, kind, namespace, name, says);
        }
    }

    /// The one default class of the driver that has the volume of a claim.
    fn snapshot_class(&mut self, o: &Object<'_>, all: &[Object<'_>], kind: &'static str, claim: &str) {
        let mark = "snapshot.storage.kubernetes.io/is-default-class";
        let is = |object: &&Object<'_>, kind: &str, name: &str| object.kind == kind && object.name == name;
        let claims = all.iter().filter(|own| own.namespace == o.namespace);
        let Some(claim) = claims.clone().find(|own| is(own, "PersistentVolumeClaim", claim)) else {
            return;
        };
        let volume = s(&claim.json["spec"]["volumeName"]);
        let Some(volume) = all.iter().find(|own| is(own, "PersistentVolume", volume)) else {
            return;
        };
        let driver = &volume.json["spec"]["csi"]["driver"];
        let classes: Vec<&Object<'_>> = all
            .iter()
            .filter(|own| own.kind == kind && own.annotation(mark) == Some("true"))
            .filter(|own| driver.is_string() && own.json["driver"] == *driver)
            .collect();
        if let [class] = classes.as_slice() {
            let says = Says {
                at_target: true,
                ..says(
                    "uses-class",
                    "storage",
                    format!("metadata.annotations[\"{mark}\"]"),
                )
            };
            self.name(o, all, kind, "", &class.name, says);
        }
    }

    fn webhook(&mut self, o: &Object<'_>, all: &[Object<'_>], service: &Value, at: &str) {
        let says = says("calls-webhook", "policy", format!("{at}.name"));
        self.name(
            o,
            all,
            "Service",
            s(&service["namespace"]),
            s(&service["name"]),
            says,
        );
    }

    fn storage_class(&mut self, o: &Object<'_>, all: &[Object<'_>], waits: bool) {
        let key = "volume.beta.kubernetes.io/storage-class";
        let field = o.json["spec"]["storageClassName"].as_str();
        let path = match o.annotation(key) {
            Some(_) => format!("metadata.annotations[\"{key}\"]"),
            None => "spec.storageClassName".to_owned(),
        };
        match o.annotation(key).or(field) {
            Some(name) => {
                let says = Says {
                    silent: !waits,
                    ..says("uses-class", "storage", path)
                };
                self.name(o, all, "StorageClass", "", name, says);
            }
            None if waits => self.default(o, all, "StorageClass", "storage"),
            None => {}
        }
    }

    /// The newest default class, of several the first by name.
    fn default(&mut self, o: &Object<'_>, all: &[Object<'_>], kind: &'static str, layer: &'static str) {
        let mark = |class: &Object<'_>| -> Option<String> {
            let marks = [
                "ingressclass.kubernetes.io/is-default-class",
                "storageclass.kubernetes.io/is-default-class",
                "storageclass.beta.kubernetes.io/is-default-class",
            ];
            if class.json["globalDefault"] == true {
                return Some("globalDefault".to_owned());
            }
            let key = marks.iter().find(|key| class.annotation(key) == Some("true"))?;
            Some(format!("metadata.annotations[\"{key}\"]"))
        };
        let mut classes: Vec<&Object<'_>> = all
            .iter()
            .filter(|class| class.kind == kind && mark(class).is_some())
            .collect();
        let created = |class: &Object<'_>| s(&class.json["metadata"]["creationTimestamp"]).to_owned();
        classes.sort_by(|a, b| created(b).cmp(&created(a)).then(a.name.cmp(&b.name)));
        if let Some(class) = classes.first() {
            let says = Says {
                at_target: true,
                ..says("uses-class", layer, mark(class).unwrap())
            };
            self.name(o, all, kind, "", &class.name, says);
        }
    }

    fn pod_spec(&mut self, o: &Object<'_>, all: &[Object<'_>], spec: &Value, at: &str, template: bool) {
        let own = o.namespace.as_str();
        let layer = |layer: &'static str| if template { "template" } else { layer };
        for (i, env) in list(&spec["containers"][0]["env"]).iter().enumerate() {
            let key = &env["valueFrom"]["configMapKeyRef"];
            let path = format!("{at}.containers[0].env[{i}].valueFrom.configMapKeyRef.name");
            let reads = Says {
                optional: key["optional"] == true,
                ..says("reads", layer("config"), path)
            };
            self.name(o, all, "ConfigMap", own, s(&key["name"]), reads);
            self.call(
                o,
                all,
                s(&env["value"]),
                format!("{at}.containers[0].env[{i}].value"),
            );
        }
        for field in ["args", "command"] {
            for (i, text) in list(&spec["containers"][0][field]).iter().enumerate() {
                self.call(o, all, s(text), format!("{at}.containers[0].{field}[{i}]"));
            }
        }
        for (i, volume) in list(&spec["volumes"]).iter().enumerate() {
            let at = format!("{at}.volumes[{i}]");
            let name = s(&volume["name"]);
            let replaced = template
                && o.kind == "StatefulSet"
                && list(&o.json["spec"]["volumeClaimTemplates"])
                    .iter()
                    .any(|own| s(&own["metadata"]["name"]) == name);
            if replaced {
                continue;
            }
            if volume.get("ephemeral").is_some() && !template {
                let says = Says {
                    silent: true,
                    ..says("mounts", "storage", format!("{at}.ephemeral.volumeClaimTemplate"))
                };
                self.name(
                    o,
                    all,
                    "PersistentVolumeClaim",
                    own,
                    &format!("{}-{name}", o.name),
                    says,
                );
            }
            let claim = says(
                "mounts",
                layer("storage"),
                format!("{at}.persistentVolumeClaim.claimName"),
            );
            let name = s(&volume["persistentVolumeClaim"]["claimName"]);
            self.name(o, all, "PersistentVolumeClaim", own, name, claim);
            let map = says("mounts", layer("config"), format!("{at}.configMap.name"));
            self.name(o, all, "ConfigMap", own, s(&volume["configMap"]["name"]), map);
            for (j, source) in list(&volume["projected"]["sources"]).iter().enumerate() {
                for (field, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                    let says = Says {
                        optional: source[field]["optional"] == true,
                        ..says(
                            "mounts",
                            layer("config"),
                            format!("{at}.projected.sources[{j}].{field}.name"),
                        )
                    };
                    self.name(o, all, kind, own, s(&source[field]["name"]), says);
                }
            }
        }
        let account = s(&spec["serviceAccountName"]);
        let runs_as = Says {
            default: account.is_empty(),
            ..says("runs-as", layer("identity"), format!("{at}.serviceAccountName"))
        };
        let account = if account.is_empty() { "default" } else { account };
        self.name(o, all, "ServiceAccount", own, account, runs_as);
        for (i, secret) in list(&spec["imagePullSecrets"]).iter().enumerate() {
            let says = says(
                "pulls-with",
                layer("config"),
                format!("{at}.imagePullSecrets[{i}].name"),
            );
            self.name(o, all, "Secret", own, s(&secret["name"]), says);
        }
        for (field, kind) in [
            ("priorityClassName", "PriorityClass"),
            ("runtimeClassName", "RuntimeClass"),
        ] {
            let says = says("uses-class", layer("scheduling"), format!("{at}.{field}"));
            self.name(o, all, kind, "", s(&spec[field]), says);
        }
        if !template {
            self.name(
                o,
                all,
                "Node",
                "",
                s(&spec["nodeName"]),
                says("runs-on", "scheduling", "spec.nodeName"),
            );
            if s(&spec["priorityClassName"]).is_empty() && spec["priority"].is_null() {
                self.default(o, all, "PriorityClass", "scheduling");
            }
        }
    }

    /// The host names that the world writes, as a reader of the design understands them.
    fn call(&mut self, o: &Object<'_>, all: &[Object<'_>], text: &str, path: String) {
        let own = o.namespace.as_str();
        let (name, namespace) = match text {
            "s0:80" => ("s0", own),
            "http://s1/x" | "--to=s1:80" => ("s1", own),
            "s0.b" => ("s0", "b"),
            "s1.a.svc.cluster.local" => ("s1", "a"),
            "s0.a.svc" => ("s0", "a"),
            "s2.b" => ("s2", "b"),
            "s0" | "s1.a.example.org" | "none" | "run" | "" => return,
            other => panic!("{other}"),
        };
        let says = Says {
            derivation: "inferred",
            silent: true,
            ..says("calls", "inferred", path)
        };
        self.name(o, all, "Service", namespace, name, says);
    }

    /// The nodes that a node owns at any depth, itself left out.
    fn below<'e>(owns: &[(&'e str, &'e str)], key: &'e str) -> BTreeSet<&'e str> {
        let (mut below, mut open) = (BTreeSet::new(), vec![key]);
        while let Some(owner) = open.pop() {
            let owned = owns.iter().filter(|(source, _)| *source == owner);
            open.extend(
                owned
                    .map(|(_, target)| *target)
                    .filter(|target| below.insert(*target)),
            );
        }
        below.remove(key);
        below
    }

    /// Compares node by node and edge by edge, and if `far` group by group.
    pub fn check(&self, state: &State, far: bool) {
        let ids: BTreeMap<NodeId, String> = state
            .nodes()
            .map(|entry| (entry.id(), entry.key().node_key().to_string()))
            .collect();
        let by_id: BTreeMap<&str, &Entry> = state
            .nodes()
            .map(|entry| (ids[&entry.id()].as_str(), entry))
            .collect();
        assert_eq!(by_id.len(), state.node_count(), "an address has two nodes");
        let nodes = by_id.iter().map(|(id, entry)| (*id, entry.state()));
        let expected = self.nodes.iter().map(|(id, state)| (id.as_str(), *state));
        if !nodes.clone().eq(expected.clone()) {
            let (nodes, expected): (Vec<_>, Vec<_>) = (nodes.collect(), expected.collect());
            assert_eq!(nodes, expected);
        }
        for (key, facts) in &self.world.objects {
            let own = state.find(key).unwrap().facts().unwrap();
            if own == facts {
                continue;
            }
            let mut own = own.clone();
            own.references = own
                .references
                .into_iter()
                .filter(|reference| !reference.resolved)
                .collect();
            if let Some(extra) = &mut own.extra {
                extra.selectors.retain(|selector| !selector.resolved);
            }
            assert_eq!(own, *facts);
        }
        self.check_edges(state, &ids);
        let owns: Vec<(&str, &str)> = self
            .edges
            .keys()
            .filter(|(_, relation, _)| relation == "owns")
            .map(|(source, _, target)| (source.as_str(), target.as_str()))
            .collect();
        let broken: BTreeSet<&str> = self
            .edges
            .iter()
            .filter(|(_, edge)| !edge.healthy)
            .flat_map(|((source, _, target), _)| [source.as_str(), target.as_str()])
            .collect();
        let mut unhealthy = 0;
        for (id, entry) in &by_id {
            assert_eq!(state.find(entry.key()).unwrap().id(), entry.id());
            if entry.state() == NodeState::Missing {
                let expected = match broken.contains(id) {
                    true => Health::Unhealthy,
                    false => Health::Unknown,
                };
                assert_eq!(entry.status(state).health, expected, "{id}");
            }
            if entry.owned().is_none() && !owns.iter().any(|(owner, owned)| owner == id && owned != id) {
                unhealthy += u32::from(entry.health() == Health::Unhealthy);
                continue;
            }
            let below = Self::below(&owns, id);
            let below = below.into_iter().map(|id| by_id[id]);
            let worst = below.max_by_key(|own| {
                let rank = own.key().kind.get().rank;
                (own.health(), rank, std::cmp::Reverse(own.id()))
            });
            let expected = worst.map(|own| (own.health(), own.id()));
            assert_eq!(entry.owned().map(|owned| (owned.health, owned.cause)), expected);
            unhealthy += u32::from(entry.health() == Health::Unhealthy);
        }
        assert_eq!(state.unhealthy(), unhealthy);
        let naive = Naive {
            by_id: &by_id,
            edges: &self.edges,
            json: self.json(),
        };
        for level in [Level::Application, Level::Namespace, Level::Cluster] {
            if far {
                naive.check(state, level);
            }
        }
        let found = self.world.versions.keys().copied();
        let found = found.filter(|kind| kind.is_discovered());
        assert!(state.kinds().skip(KINDS.len()).eq(found));
        for (kind, version) in &self.world.versions {
            if let Some(entry) = state.nodes_of(*kind, &[]).next() {
                assert!(entry.node(state, false).api_version.ends_with(version));
            }
        }
        let mut by_kind: BTreeMap<KindId, Vec<&Key>> = BTreeMap::new();
        for key in self.world.objects.keys() {
            by_kind.entry(key.kind).or_default().push(key);
        }
        for kind in self.world.seen.iter().copied() {
            let keys = by_kind.remove(&kind).unwrap_or_default();
            assert_eq!(state.count(kind) as usize, keys.len());
            let listed: Vec<&Key> = state.objects(kind, &[]).map(Entry::key).collect();
            assert_eq!(listed, keys);
        }
    }

    /// The JSON of the objects, by address.
    fn json(&self) -> BTreeMap<&str, &'w Value> {
        let json: Vec<&Value> = self.world.json.values().collect();
        let places = self.places.iter();
        places.map(|(id, place)| (id.as_str(), json[*place])).collect()
    }

    fn check_edges(&self, state: &State, ids: &BTreeMap<NodeId, String>) {
        let key = |id: NodeId| ids.get(&id).expect("both ends are nodes").clone();
        let mut edges = BTreeMap::new();
        for (edge, proof) in state.edges() {
            assert!(
                proof.healthy || proof.reason.is_some(),
                "unhealthy without a reason: {proof:?}"
            );
            let on_target = |end| end == model::graph::End::Target;
            let fields: BTreeSet<Field> = proof
                .fields
                .iter()
                .map(|field| (field.path.clone(), on_target(field.on), field.default))
                .collect();
            assert_eq!(fields.len(), proof.fields.len());
            assert!(proof.fields.is_sorted());
            let sure = match edge.relation {
                Relation::Calls => 0.7,
                Relation::Refers => 0.6,
                _ => 1.0,
            };
            assert!((proof.edge(edge).confidence - sure).abs() < f32::EPSILON);
            let body = EdgeBody {
                layer: proof.layer.word().to_owned(),
                derivation: format!("{:?}", proof.derivation).to_lowercase(),
                healthy: proof.healthy,
                fields,
            };
            edges.insert(
                (
                    key(edge.source),
                    edge.relation.word().to_owned(),
                    key(edge.target),
                ),
                body,
            );
        }
        assert_eq!(edges.len(), state.edge_count());
        for (ends, body) in &edges {
            assert_eq!(Some(body), self.edges.get(ends), "{ends:?}");
        }
        for ends in self.edges.keys() {
            assert!(edges.contains_key(ends), "there is no edge {ends:?}");
        }
        let all: BTreeSet<EdgeKey> = state.edges().map(|(key, _)| key).collect();
        let reversed: BTreeSet<EdgeKey> = state
            .nodes()
            .flat_map(|entry| state.incoming(entry.id()).map(|(key, _)| key))
            .collect();
        assert_eq!(all, reversed);
    }
}

/// The kind of a policy's parameters, as addresses have it.
fn params_of<'j>(policy: &Object<'j>) -> &'j str {
    match s(&policy.json["spec"]["paramKind"]["kind"]) {
        "Widget" => "Widget.example.org",
        "Gadget" => "Gadget.example.org",
        kind => kind,
    }
}

/// The directions of a NetworkPolicy whose rules count.
fn directions(spec: &Value) -> Vec<(&'static str, &'static str, &'static str)> {
    let types = list(&spec["policyTypes"]);
    let both = [("Ingress", "from", "allows-from"), ("Egress", "to", "allows-to")];
    both.into_iter()
        .filter(|(direction, _, _)| match types {
            [] => *direction == "Ingress" || !list(&spec["egress"]).is_empty(),
            types => types.iter().any(|own| own == direction),
        })
        .collect()
}

/// Whether a ReferenceGrant in the namespace of a Service lets a route name it.
fn is_granted(route: &Object<'_>, service: &Object<'_>, all: &[Object<'_>]) -> bool {
    let grants = all
        .iter()
        .filter(|grant| grant.kind.starts_with("ReferenceGrant") && grant.namespace == service.namespace);
    grants.map(|grant| &grant.json["spec"]).any(|spec| {
        let (from, to) = (&spec["from"][0], &spec["to"][0]);
        s(&from["kind"]) == "HTTPRoute"
            && s(&from["namespace"]) == route.namespace
            && service.kind.split('.').next() == Some(s(&to["kind"]))
            && (to["name"].is_null() || s(&to["name"]) == service.name)
    })
}
