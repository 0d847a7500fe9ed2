//! Tables of networks.

use serde_json::{Value, json};

use super::Object;
use super::others::{or, texts};
use super::workloads::{labels, selector};

/// At most three, and how many more there are.
fn first_three(list: &[String]) -> Value {
    let shown: Vec<&str> = list.iter().take(3).map(String::as_str).collect();
    match list.len() {
        0 => json!("<unset>"),
        more if more > 3 => json!(format!("{} + {} more...", shown.join(","), more - 3)),
        _ => json!(shown.join(",")),
    }
}

pub(super) fn service(o: &Object<'_>) -> Vec<Value> {
    let ports = o
        .list("/spec/ports")
        .iter()
        .map(|port| match port["nodePort"].as_i64() {
            Some(node) if node > 0 => format!(
                "{}:{node}/{}",
                port["port"],
                port["protocol"].as_str().unwrap_or_default()
            ),
            _ => format!(
                "{}/{}",
                port["port"],
                port["protocol"].as_str().unwrap_or_default()
            ),
        });
    let ports: Vec<String> = ports.collect();
    let kind = o.text("/spec/type");
    let mut external: Vec<&str> = Vec::new();
    if kind == "LoadBalancer" {
        let address = |entry: &'_ Value| -> Option<String> {
            entry["ip"]
                .as_str()
                .or(entry["hostname"].as_str())
                .map(str::to_owned)
        };
        let addresses: Vec<String> = o
            .list("/status/loadBalancer/ingress")
            .iter()
            .filter_map(address)
            .collect();
        let given = texts(o.list("/spec/externalIPs"));
        let all = addresses
            .iter()
            .map(String::as_str)
            .chain(given)
            .collect::<Vec<_>>()
            .join(",");
        return service_cells(o, or(&all, "<pending>"), &ports);
    }
    external.extend(texts(o.list("/spec/externalIPs")));
    let shown = match kind {
        "ExternalName" => json!(o.text("/spec/externalName")),
        _ => or(&external.join(","), "<none>"),
    };
    service_cells(o, shown, &ports)
}

fn service_cells(o: &Object<'_>, external: Value, ports: &[String]) -> Vec<Value> {
    vec![
        o.name(),
        json!(o.text("/spec/type")),
        or(o.text("/spec/clusterIPs/0"), "<none>"),
        external,
        or(&ports.join(","), "<none>"),
        o.age(),
        labels(o.at("/spec/selector")),
    ]
}

pub(super) fn endpoint_slice(o: &Object<'_>) -> Vec<Value> {
    let ports = o.list("/ports").iter().map(|port| match port["port"].as_i64() {
        Some(number) => number.to_string(),
        None => port["name"].as_str().unwrap_or("*").to_owned(),
    });
    let ports: Vec<String> = ports.collect();
    let addresses = o
        .list("/endpoints")
        .iter()
        .flat_map(|endpoint| endpoint["addresses"].as_array().into_iter().flatten());
    let addresses: Vec<String> = addresses
        .filter_map(|address| address.as_str().map(str::to_owned))
        .collect();
    vec![
        o.name(),
        json!(o.text("/addressType")),
        first_three(&ports),
        first_three(&addresses),
        o.age(),
    ]
}

pub(super) fn ingress(o: &Object<'_>) -> Vec<Value> {
    let rules = o.list("/spec/rules");
    let hosts: Vec<&str> = rules
        .iter()
        .take(3)
        .filter_map(|rule| rule["host"].as_str())
        .collect();
    let hosts = match (hosts.is_empty(), rules.len()) {
        (true, _) => "*".to_owned(),
        (false, count) if count > 3 => format!("{} + {} more...", hosts.join(","), count - 3),
        _ => hosts.join(","),
    };
    let addresses = o.list("/status/loadBalancer/ingress").iter();
    let addresses: Vec<&str> = addresses
        .filter_map(|entry| entry["ip"].as_str().or(entry["hostname"].as_str()))
        .collect();
    let ports = if o.count("/spec/tls") > 0 { "80, 443" } else { "80" };
    vec![
        o.name(),
        json!(o.at("/spec/ingressClassName").as_str().unwrap_or("<none>")),
        json!(hosts),
        json!(addresses.join(",")),
        json!(ports),
        o.age(),
    ]
}

pub(super) fn ingress_class(o: &Object<'_>) -> Vec<Value> {
    let annotation = &o.at("/metadata/annotations")["ingressclass.kubernetes.io/is-default-class"];
    let mark = if *annotation == "true" { " (default)" } else { "" };
    let parameters = match o.at("/spec/parameters") {
        Value::Null => "<none>".to_owned(),
        parameters => {
            let text = |field: &str| parameters[field].as_str().unwrap_or_default();
            let group = match text("apiGroup") {
                "" => String::new(),
                group => format!(".{group}"),
            };
            format!("{}{group}/{}", text("kind"), text("name"))
        }
    };
    vec![
        json!(format!("{}{mark}", o.text("/metadata/name"))),
        json!(o.text("/spec/controller")),
        json!(parameters),
        o.age(),
    ]
}

pub(super) fn policy(o: &Object<'_>) -> Vec<Value> {
    vec![o.name(), selector(o.at("/spec/podSelector")), o.age()]
}
