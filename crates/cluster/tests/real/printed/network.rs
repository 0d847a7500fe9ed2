//! Services, their endpoints, and who may reach them.

use serde_json::{Value, json};

use super::api::{deleted, object};

pub fn all() -> Vec<Value> {
    [services(), slices(), ingresses(), policies()].concat()
}

fn services() -> Vec<Value> {
    let service = |name: &str, spec: Value, points: Value| {
        object(
            "Service",
            name,
            json!({"spec": spec, "status": {"loadBalancer": {"ingress": points}}}),
        )
    };
    let none = || json!([]);
    let ports = json!([{"name": "a", "port": 80}, {"name": "b", "port": 53, "protocol": "UDP"}, {"name": "c", "port": 9, "protocol": "SCTP"}]);
    let selector = json!({"tier": "web", "app": "shop"});
    let balancer = json!({"type": "LoadBalancer", "ports": ports, "selector": selector});
    vec![
        service("plain", json!({"ports": ports, "selector": selector}), none()),
        service("headless", json!({"clusterIP": "None"}), none()),
        service("node-port", json!({"type": "NodePort", "ports": ports}), none()),
        service(
            "own-addresses",
            json!({"ports": ports, "externalIPs": ["192.0.2.7", "192.0.2.3"]}),
            none(),
        ),
        service(
            "own-node-port",
            json!({"type": "NodePort", "ports": ports, "externalIPs": ["192.0.2.7"]}),
            none(),
        ),
        service(
            "outside",
            json!({"type": "ExternalName", "externalName": "db.example.org"}),
            none(),
        ),
        service(
            "outside-with-ports",
            json!({"type": "ExternalName", "externalName": "db.example.org", "ports": ports}),
            none(),
        ),
        service("pending", balancer.clone(), none()),
        service(
            "balanced",
            balancer.clone(),
            json!([{"ip": "203.0.113.9", "ipMode": "VIP"}, {"hostname": "lb.example.org"}]),
        ),
        service(
            "balanced-by-name",
            balancer.clone(),
            json!([{"hostname": "a-name-that-is-longer-than-a-column-of-kubectl-might-be.example.org"}]),
        ),
        service(
            "balanced-twice",
            json!({"type": "LoadBalancer", "ports": ports, "externalIPs": ["192.0.2.7"]}),
            json!([{"ip": "203.0.113.9", "ipMode": "VIP"}, {"ip": "203.0.113.10", "ipMode": "VIP"}]),
        ),
        service(
            "pending-with-own",
            json!({"type": "LoadBalancer", "ports": ports, "externalIPs": ["192.0.2.7"]}),
            none(),
        ),
        deleted(service("going", balancer, none())),
    ]
}

fn slices() -> Vec<Value> {
    let slice = |name: &str, kind: &str, endpoints: Value, ports: Value| {
        object(
            "EndpointSlice",
            name,
            json!({"addressType": kind, "endpoints": endpoints, "ports": ports}),
        )
    };
    let at = |addresses: Value| json!({"addresses": addresses, "conditions": {"ready": true}});
    let ports = |count: usize| -> Value {
        (0..count)
            .map(|index| json!({"name": format!("p{index}"), "port": 80 + index, "protocol": "TCP"}))
            .collect::<Vec<_>>()
            .into()
    };
    let endpoints = |count: usize| -> Value {
        (0..count)
            .map(|index| at(json!([format!("10.1.2.{index}")])))
            .collect::<Vec<_>>()
            .into()
    };
    vec![
        slice("empty", "IPv4", json!([]), json!([])),
        slice("three", "IPv4", endpoints(3), ports(3)),
        slice("four", "IPv4", endpoints(4), ports(4)),
        slice("many", "IPv4", endpoints(12), ports(6)),
        slice(
            "not-ready",
            "IPv4",
            json!([{"addresses": ["10.1.2.3"], "conditions": {"ready": false}}, {"addresses": ["10.1.2.4"]}]),
            ports(1),
        ),
        slice(
            "named",
            "FQDN",
            json!([at(json!(["a.example.org"]))]),
            json!([{"name": "", "port": 1}]),
        ),
        slice(
            "any-port",
            "IPv6",
            json!([at(json!(["fd00::1"]))]),
            json!([{"name": ""}]),
        ),
        slice(
            "by-name",
            "IPv6",
            json!([at(json!(["fd00::1"]))]),
            json!([{"name": "web"}, {"name": "x", "port": 7, "protocol": "UDP"}]),
        ),
    ]
}

fn ingresses() -> Vec<Value> {
    let ingress = |name: &str, spec: Value, points: Value| {
        object(
            "Ingress",
            name,
            json!({"spec": spec, "status": {"loadBalancer": {"ingress": points}}}),
        )
    };
    let backend = json!({"service": {"name": "plain", "port": {"number": 80}}});
    let rule = |host: &str| {
        let mut rule = json!({"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}});
        if !host.is_empty() {
            rule["host"] = host.into();
        }
        rule
    };
    let hosts = |hosts: &[&str]| json!({"rules": hosts.iter().map(|host| rule(host)).collect::<Vec<_>>()});
    let mut secure = hosts(&["a.example.org"]);
    secure["tls"] = json!([{"hosts": ["a.example.org"], "secretName": "x"}]);
    secure["ingressClassName"] = "nginx".into();
    vec![
        ingress("default", json!({"defaultBackend": backend}), json!([])),
        ingress("any", hosts(&[""]), json!([{"ip": "203.0.113.9"}])),
        ingress(
            "secure",
            secure,
            json!([{"ip": "203.0.113.9"}, {"hostname": "lb.example.org"}]),
        ),
        ingress(
            "three",
            hosts(&["a.example.org", "b.example.org", "*.example.org"]),
            json!([]),
        ),
        ingress(
            "four",
            hosts(&["a.example.org", "b.example.org", "c.example.org", "d.example.org"]),
            json!([]),
        ),
        ingress(
            "four-and-any",
            hosts(&[
                "a.example.org",
                "",
                "b.example.org",
                "c.example.org",
                "d.example.org",
            ]),
            json!([]),
        ),
        ingress("any-of-two", hosts(&["", "b.example.org"]), json!([])),
    ]
}

fn policies() -> Vec<Value> {
    let policy = |name: &str, selector: Value| {
        object("NetworkPolicy", name, json!({"spec": {"podSelector": selector}}))
    };
    vec![
        policy("all", json!({})),
        policy("labels", json!({"matchLabels": {"tier": "web", "app": "shop"}})),
        policy(
            "expressions",
            json!({"matchLabels": {"m": "n"}, "matchExpressions": [
            {"key": "z", "operator": "In", "values": ["b", "a"]}, {"key": "a", "operator": "DoesNotExist"},
            {"key": "b", "operator": "Exists"}, {"key": "c", "operator": "NotIn", "values": ["x"]}]}),
        ),
    ]
}
