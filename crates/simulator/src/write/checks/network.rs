//! Services, EndpointSlices, Ingresses and NetworkPolicies.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::cidr::Network;
use super::{Causes, items};
use crate::status::{Cause, Refusal};
use crate::write::names;

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must \
consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex \
used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NO_NETWORK: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const NO_ADDRESS: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/// A Service.
pub(super) fn service(causes: &mut Causes, old: Option<&Value>, object: &Value) -> Result<(), Refusal> {
    let spec = &object["spec"];
    let text = |field: &str| spec[field].as_str().unwrap_or_default();
    let ports = spec["ports"].as_array().map_or(0, Vec::len);
    let headless = text("clusterIP") == "None";
    if ports == 0 && !headless && text("type") != "ExternalName" {
        causes.0.push(Cause::required("spec.ports", ""));
    }
    let mut known = Vec::new();
    for (index, port) in items(&spec["ports"]) {
        let path = format!("spec.ports[{index}]");
        let name = port["name"].as_str().unwrap_or_default();
        if name.is_empty() && ports > 1 {
            causes.0.push(Cause::required(format!("{path}.name"), ""));
        } else if !name.is_empty() {
            let before = causes.0.len();
            causes.dns_label(format!("{path}.name"), &port["name"]);
            if before == causes.0.len() && known.contains(&name) {
                causes
                    .0
                    .push(Cause::duplicate(format!("{path}.name"), &port["name"]));
            }
            known.push(name);
        }
        causes.port(format!("{path}.port"), &port["port"]);
        causes.one_of(format!("{path}.protocol"), &port["protocol"], PROTOCOLS);
        if !port["targetPort"].is_string() {
            causes.port(format!("{path}.targetPort"), &port["targetPort"]);
        }
        let given = port["nodePort"].as_i64().is_some_and(|port| port != 0);
        if text("type") == "ClusterIP" && given {
            let why = "may not be used when `type` is 'ClusterIP'";
            causes.0.push(Cause::forbidden(format!("{path}.nodePort"), why));
        }
    }
    causes.one_of(
        "spec.sessionAffinity",
        &spec["sessionAffinity"],
        &["ClientIP", "None"],
    );
    let types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    causes.one_of("spec.type", &spec["type"], &types);
    if text("type") == "ExternalName" {
        causes.required("spec.externalName", &spec["externalName"]);
    }
    twins(causes, spec);
    if let Some(old) = old {
        let (before, after) = (&old["spec"], spec);
        let changed = before["clusterIP"] != after["clusterIP"] && !before["clusterIP"].is_null();
        let same_type = before["type"] == after["type"];
        if changed && same_type && !after["clusterIP"].is_null() {
            let addresses = json!([after["clusterIP"]]);
            causes.invalid("spec.clusterIPs[0]", &addresses, "may not change once set");
        } else if !same_type {
            return Err(Refusal::unsupported("changes of the type of a Service"));
        }
    }
    Ok(())
}

/// Two ports with the same number and protocol.
fn twins(causes: &mut Causes, spec: &Value) {
    let mut known = Vec::new();
    for (index, port) in items(&spec["ports"]) {
        let own = (port["port"].as_i64(), port["protocol"].as_str());
        if known.contains(&own) {
            // Shown as Go has it, with what tells the two apart and nothing else.
            let shown = format!(
                r#"{{"Name":"","Protocol":{},"AppProtocol":null,"Port":{},"TargetPort":0,"NodePort":0}}"#,
                port["protocol"], port["port"]
            );
            causes.0.push(Cause {
                reason: "FieldValueDuplicate",
                message: format!("Duplicate value: {shown}"),
                field: format!("spec.ports[{index}]"),
            });
        }
        known.push(own);
    }
}

/// An EndpointSlice.
pub(super) fn endpoint_slice(causes: &mut Causes, old: Option<&Value>, object: &Value) {
    if causes.required("addressType", &object["addressType"]) {
        causes.one_of("addressType", &object["addressType"], &["FQDN", "IPv4", "IPv6"]);
    }
    let mut known = Vec::new();
    for (index, port) in items(&object["ports"]) {
        if known.contains(&&port["name"]) {
            causes
                .0
                .push(Cause::duplicate(format!("ports[{index}].name"), &port["name"]));
        }
        known.push(&port["name"]);
    }
    for (index, endpoint) in items(&object["endpoints"]) {
        let path = format!("endpoints[{index}].addresses");
        if endpoint["addresses"].as_array().is_none_or(Vec::is_empty) {
            causes
                .0
                .push(Cause::required(path.clone(), "must contain at least 1 address"));
        }
        for (index, address) in items(&endpoint["addresses"]) {
            let is_address = address
                .as_str()
                .is_some_and(|text| text.parse::<IpAddr>().is_ok());
            if !is_address && object["addressType"] != "FQDN" {
                causes.invalid(format!("{path}[{index}]"), address, NO_ADDRESS);
            }
        }
    }
    if let Some(old) = old
        && old["addressType"] != object["addressType"]
    {
        causes.invalid("addressType", &object["addressType"], "field is immutable");
    }
}

/// An Ingress.
pub(super) fn ingress(causes: &mut Causes, object: &Value) {
    let spec = &object["spec"];
    if spec["rules"].as_array().is_none_or(Vec::is_empty) && spec["defaultBackend"].is_null() {
        causes.invalid(
            "spec",
            &Value::Null,
            "either `defaultBackend` or `rules` must be specified",
        );
    }
    if !spec["defaultBackend"].is_null() {
        backend(causes, "spec.defaultBackend", &spec["defaultBackend"]);
    }
    for (index, rule) in items(&spec["rules"]) {
        let path = format!("spec.rules[{index}]");
        let host = rule["host"].as_str().unwrap_or_default();
        let why = match host.strip_prefix("*.") {
            _ if host.is_empty() => None,
            _ if host.parse::<IpAddr>().is_ok() => Some("must be a DNS name, not an IP address"),
            Some(rest) => (!names::is_subdomain(rest)).then_some(WILDCARD),
            None if host.contains('*') => Some(WILDCARD),
            None if host.len() > 253 => Some("must be no more than 253 characters"),
            None => (!names::is_subdomain(host)).then_some(names::SUBDOMAIN),
        };
        if let Some(why) = why {
            causes.invalid(format!("{path}.host"), &rule["host"], why);
        }
        for (index, route) in items(&rule["http"]["paths"]) {
            let path = format!("{path}.http.paths[{index}]");
            let place = route["path"].as_str().unwrap_or_default();
            match route["pathType"].as_str() {
                None => causes.0.push(Cause::required(
                    format!("{path}.pathType"),
                    "pathType must be specified",
                )),
                Some("Exact" | "Prefix") if !place.starts_with('/') => {
                    causes.invalid(format!("{path}.path"), &json!(place), "must be an absolute path");
                }
                Some(_) => {
                    let types = ["Exact", "Prefix", "ImplementationSpecific"];
                    causes.one_of(format!("{path}.pathType"), &route["pathType"], &types);
                }
            }
            // What has no type is not looked at any further.
            if route["pathType"].is_string() {
                backend(causes, &format!("{path}.backend"), &route["backend"]);
            }
        }
    }
}

fn backend(causes: &mut Causes, path: &str, backend: &Value) {
    let service = &backend["service"];
    if service.is_null() {
        if backend["resource"].is_null() {
            causes.invalid(path, &json!(""), "resource or service backend is required");
        }
        return;
    }
    causes.required(format!("{path}.service.name"), &service["name"]);
    let (name, number) = (&service["port"]["name"], &service["port"]["number"]);
    if name.is_null() && number.as_i64().unwrap_or_default() == 0 {
        causes
            .0
            .push(Cause::required(path, "port name or number is required"));
    } else if name.is_null() {
        causes.port(format!("{path}.service.port.number"), number);
    }
}

/// A block of addresses, and those that are not meant.
fn block(causes: &mut Causes, path: &str, block: &Value) {
    if !causes.required(format!("{path}.cidr"), &block["cidr"]) {
        return;
    }
    let whole = network(causes, &format!("{path}.cidr"), &block["cidr"]);
    // Of what cannot be read there are no parts to look at.
    for (index, part) in items(&block["except"]).take_while(|_| whole.is_some()) {
        let path = format!("{path}.except[{index}]");
        let inner = network(causes, &path, part);
        if let (Some(whole), Some(inner)) = (whole, inner)
            && !(whole.holds(inner.address) && whole.length < inner.length)
        {
            causes.invalid(path, part, "must be a strict subset of `cidr`");
        }
    }
}

/// The network that a text names, also if it is one that must not be written so.
fn network(causes: &mut Causes, path: &str, text: &Value) -> Option<Network> {
    let written = text.as_str().unwrap_or_default();
    let network = Network::read(written);
    let why = match network {
        None => Some(NO_NETWORK),
        Some(network) => network.objection(written),
    };
    if let Some(why) = why {
        causes.invalid(path, text, why);
    }
    network
}

/// A NetworkPolicy.
pub(super) fn policy(causes: &mut Causes, object: &Value) {
    let spec = &object["spec"];
    causes.selector("spec.podSelector", &spec["podSelector"]);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in items(&spec[direction]) {
            let path = format!("spec.{direction}[{index}]");
            for (index, port) in items(&rule["ports"]) {
                if port["port"].is_i64() {
                    causes.port(format!("{path}.ports[{index}].port"), &port["port"]);
                }
                causes.one_of(
                    format!("{path}.ports[{index}].protocol"),
                    &port["protocol"],
                    PROTOCOLS,
                );
            }
            for (index, peer) in items(&rule[peers]) {
                if peer.as_object().is_none_or(|fields| fields.is_empty()) {
                    let why = "must specify a peer";
                    causes
                        .0
                        .push(Cause::required(format!("{path}.{peers}[{index}]"), why));
                }
                let path = format!("{path}.{peers}[{index}]");
                if peer["ipBlock"].is_object() {
                    block(causes, &format!("{path}.ipBlock"), &peer["ipBlock"]);
                }
                if peer["ipBlock"].is_object()
                    && (peer["podSelector"].is_object() || peer["namespaceSelector"].is_object())
                {
                    let why = "may not specify both ipBlock and another peer";
                    causes.0.push(Cause::forbidden(path, why));
                }
            }
        }
    }
    for (index, kind) in items(&spec["policyTypes"]) {
        causes.one_of(format!("spec.policyTypes[{index}]"), kind, &["Ingress", "Egress"]);
    }
}
