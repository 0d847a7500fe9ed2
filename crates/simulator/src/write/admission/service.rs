//! The addresses and node ports of Services.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::random;
use crate::status::{Cause, Refusal};
use crate::store::{Inner, Key};
use crate::write::Write;

const NODE_PORTS: std::ops::RangeInclusive<u64> = 30_000..=32_767;

/// What other Services have already.
#[derive(Default)]
struct Taken {
    addresses: HashSet<String>,
    ports: HashSet<u64>,
}

impl Taken {
    fn by_others(write: &Write<'_>, store: &mut Inner) -> Self {
        let snapshot = store.snapshot(write.resource.id);
        let mut taken = Self::default();
        let own = Key::new(write.namespace, write.name);
        for (_, stored) in snapshot.from("", None).filter(|(key, _)| **key != own) {
            let text = snapshot.dictionary.unpack(stored);
            let service: Value = serde_json::from_slice(&text).unwrap_or_default();
            taken
                .addresses
                .extend(service["spec"]["clusterIP"].as_str().map(str::to_owned));
            let ports = service["spec"]["ports"].as_array().into_iter().flatten();
            taken
                .ports
                .extend(ports.filter_map(|port| port["nodePort"].as_u64()));
        }
        taken
    }
}

/// Gives a new Service its addresses and ports.
pub(super) fn created(write: &Write<'_>, store: &mut Inner, object: &mut Value) -> Result<(), Refusal> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let refuse = |cause: Cause| Refusal::invalid("", "Service", &name, vec![cause]);
    let Some(spec) = object.get_mut("spec") else {
        return Ok(());
    };
    if spec["type"] == "ExternalName" {
        return Ok(());
    }
    if spec.get("ipFamilies").is_some()
        || spec.get("clusterIPs").is_some()
        || spec["ipFamilyPolicy"] == "PreferDualStack"
    {
        return Err(Refusal::unsupported("Services that choose their IP families"));
    }
    let taken = Taken::by_others(write, store);
    let given = spec["clusterIP"].as_str().unwrap_or_default().to_owned();
    let address = match given.as_str() {
        "" => free_address(&taken),
        "None" => given,
        address => {
            let cluster = address.parse::<Ipv4Addr>().map(|address| address.octets());
            match cluster {
                Ok([10, 0, _, _]) if !taken.addresses.contains(address) => given,
                Ok([10, 0, _, _]) => {
                    let why = format!("failed to allocate IP {address}: provided IP is already allocated");
                    return Err(refuse(Cause::invalid("spec.clusterIPs", &json!([address]), &why)));
                }
                // The range of the simulated cluster is 10.0.0.0/16.
                Ok(_) => {
                    let why = format!(
                        "failed to allocate IP {address}: the provided network does not match the current range"
                    );
                    return Err(refuse(Cause::invalid("spec.clusterIPs", &json!([address]), &why)));
                }
                Err(_) => {
                    let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
                    return Err(refuse(Cause::invalid("spec.clusterIPs[0]", &json!(address), why)));
                }
            }
        }
    };
    spec["clusterIP"] = json!(address);
    spec["clusterIPs"] = json!([address]);
    spec["ipFamilies"] = json!(["IPv4"]);
    if spec.get("ipFamilyPolicy").is_none() {
        spec["ipFamilyPolicy"] = json!("SingleStack");
    }
    node_ports(spec, taken).map_err(|cause| refuse(*cause))
}

fn free_address(taken: &Taken) -> String {
    loop {
        let [high, low, ..] = random::bytes::<8>();
        let address = Ipv4Addr::new(10, 0, high, low.clamp(1, 254)).to_string();
        if !taken.addresses.contains(&address) {
            return address;
        }
    }
}

fn node_ports(spec: &mut Value, mut taken: Taken) -> Result<(), Box<Cause>> {
    if !matches!(spec["type"].as_str(), Some("NodePort" | "LoadBalancer")) {
        return Ok(());
    }
    if spec["allocateLoadBalancerNodePorts"] == false {
        return Ok(());
    }
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for (index, port) in ports.into_iter().flatten().enumerate() {
        let path = format!("spec.ports[{index}].nodePort");
        let own = match port["nodePort"].as_u64().filter(|port| *port != 0) {
            Some(given) if !NODE_PORTS.contains(&given) => {
                let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
                return Err(Box::new(Cause::invalid(path, &json!(given), why)));
            }
            Some(given) if taken.ports.contains(&given) => {
                let why = "provided port is already allocated";
                return Err(Box::new(Cause::invalid(path, &json!(given), why)));
            }
            Some(given) => given,
            None => loop {
                let [high, low, ..] = random::bytes::<8>();
                let draw = 30_000 + (u64::from(high) * 256 + u64::from(low)) % 2768;
                if !taken.ports.contains(&draw) {
                    break draw;
                }
            },
        };
        taken.ports.insert(own);
        port["nodePort"] = json!(own);
    }
    Ok(())
}

/// What a client leaves out of a Service stays, and what it adds gets its ports.
pub(super) fn updated(
    write: &Write<'_>,
    store: &mut Inner,
    old: &Value,
    object: &mut Value,
) -> Result<(), Refusal> {
    let (Some(spec), before) = (object.get_mut("spec"), &old["spec"]) else {
        return Ok(());
    };
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if spec.get(field).is_none()
            && let Some(value) = before.get(field)
        {
            spec[field] = value.clone();
        }
    }
    let known = before["ports"].as_array().cloned().unwrap_or_default();
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten() {
        let same = |own: &&Value| own["port"] == port["port"] && own["protocol"] == port["protocol"];
        if let Some(own) = known.iter().find(same).and_then(|own| own.get("nodePort"))
            && port.get("nodePort").is_none()
        {
            port["nodePort"] = own.clone();
        }
    }
    let taken = Taken::by_others(write, store);
    node_ports(spec, taken).map_err(|cause| Refusal::invalid("", "Service", write.name, vec![*cause]))
}
