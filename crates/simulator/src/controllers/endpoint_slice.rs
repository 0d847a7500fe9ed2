//! EndpointSlices: the addresses behind each Service.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json::{
    has_labels, is_ended, is_going, is_ready, is_true, key, list, name, namespace, owner_reference,
    safe_letters, text, uid,
};
use super::kind::Kind;
use super::world::World;
use crate::store::Key;

/// As many addresses as the real controller puts into one slice.
const MOST: usize = 100;
const MANAGER: &str = "endpointslice-controller.k8s.io";

/// Whether a Service chooses its pods by labels.
pub(crate) fn selects(service: &Value, labels: &Value) -> bool {
    let selector = &service["spec"]["selector"];
    selector.as_object().is_some_and(|terms| !terms.is_empty()) && has_labels(selector, labels)
}

/// Writes the slices of a Service.
pub(crate) fn reconcile(world: &mut World, place: &Key) {
    let Some(service) = world.get(Kind::Service, place) else {
        return;
    };
    let chooses = service["spec"]["selector"]
        .as_object()
        .is_some_and(|terms| !terms.is_empty());
    if is_going(&service) || !chooses || text(&service, "/spec/type") == "ExternalName" {
        return;
    }
    let pods: Vec<_> = world
        .list(Kind::Pod, &place.namespace)
        .filter(|pod| selects(&service, &pod["metadata"]["labels"]))
        .filter(|pod| !is_ended(pod) && !text(pod, "/status/podIP").is_empty())
        .cloned()
        .collect();
    // Pods that give one name to different ports are in slices of their own.
    let mut groups: BTreeMap<String, (Value, Vec<Value>)> = BTreeMap::new();
    for pod in &pods {
        let ports = ports(&service, pod);
        let group = groups
            .entry(ports.to_string())
            .or_insert_with(|| (ports, Vec::new()));
        group.1.push(endpoint(world, &service, pod));
    }
    let mut wanted: Vec<(Value, Value)> = Vec::new();
    for (ports, endpoints) in groups.into_values() {
        for part in endpoints.chunks(MOST) {
            wanted.push((ports.clone(), json!(part)));
        }
    }
    if wanted.is_empty() {
        wanted.push((Value::Null, Value::Null));
    }
    let mut old: Vec<_> = world.owned_by(uid(&service), Kind::EndpointSlice);
    for (ports, endpoints) in wanted {
        let same = old.iter().position(|slice| slice["ports"] == ports);
        let slice = same
            .or(if old.is_empty() { None } else { Some(0) })
            .map(|index| old.remove(index));
        write(world, &service, slice.as_deref(), ports, endpoints);
    }
    for slice in old {
        world.delete(Kind::EndpointSlice, &key(&slice));
    }
}

fn write(world: &mut World, service: &Value, old: Option<&Value>, ports: Value, endpoints: Value) {
    let mut labels = service["metadata"]["labels"].clone();
    labels["endpointslice.kubernetes.io/managed-by"] = json!(MANAGER);
    labels["kubernetes.io/service-name"] = json!(name(service));
    if text(service, "/spec/clusterIP") == "None" {
        labels["service.kubernetes.io/headless"] = json!("");
    }
    let stamp = world.stamp();
    match old {
        Some(old) => {
            if old["ports"] == ports && old["endpoints"] == endpoints && old["metadata"]["labels"] == labels {
                return;
            }
            let mut next = old.clone();
            next["ports"] = ports;
            next["endpoints"] = endpoints;
            next["metadata"]["labels"] = labels;
            next["metadata"]["annotations"]["endpoints.kubernetes.io/last-change-trigger-time"] =
                json!(stamp);
            let generation = super::json::int(&next, "/metadata/generation").unwrap_or(1);
            next["metadata"]["generation"] = json!(generation + 1);
            world.update(Kind::EndpointSlice, next);
        }
        None => {
            let base = format!("{}-", name(service));
            let letters = safe_letters(world.next_number(), 5);
            let slice = json!({
                "metadata": {
                    "name": format!("{base}{letters}"), "generateName": base, "namespace": namespace(service),
                    "labels": labels, "generation": 1, "ownerReferences": owner_reference(Kind::Service, service),
                    "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": stamp},
                },
                "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
            });
            world.create(Kind::EndpointSlice, slice);
        }
    }
}

fn endpoint(world: &World, service: &Value, pod: &Value) -> Value {
    let going = is_going(pod);
    let ready = is_ready(pod);
    let early = is_true(service, "/spec/publishNotReadyAddresses");
    let mut endpoint = json!({
        "addresses": [text(pod, "/status/podIP")],
        "conditions": {"ready": early || (ready && !going), "serving": ready, "terminating": going},
        "targetRef": {"kind": "Pod", "namespace": namespace(pod), "name": name(pod), "uid": uid(pod)},
        "nodeName": text(pod, "/spec/nodeName"),
    });
    let zone = super::pods::node_of(world, pod)
        .map(|node| node["metadata"]["labels"]["topology.kubernetes.io/zone"].clone())
        .filter(Value::is_string);
    if let Some(zone) = zone {
        endpoint["zone"] = zone;
    }
    let hostname = text(pod, "/spec/hostname");
    if !hostname.is_empty() && text(pod, "/spec/subdomain") == name(service) {
        endpoint["hostname"] = json!(hostname);
    }
    endpoint
}

fn ports(service: &Value, pod: &Value) -> Value {
    let one = |port: &Value| {
        let protocol = match text(port, "/protocol") {
            "" => "TCP",
            protocol => protocol,
        };
        let target = match &port["targetPort"] {
            Value::String(wanted) => {
                let mut ports = list(pod, "/spec/containers")
                    .iter()
                    .flat_map(|c| list(c, "/ports"));
                ports.find(|port| text(port, "/name") == wanted)?["containerPort"].clone()
            }
            Value::Null => port["port"].clone(),
            number => number.clone(),
        };
        let mut out = json!({"name": text(port, "/name"), "port": target, "protocol": protocol});
        if let Some(protocol) = port.get("appProtocol") {
            out["appProtocol"] = protocol.clone();
        }
        Some(out)
    };
    list(service, "/spec/ports").iter().filter_map(one).collect()
}
