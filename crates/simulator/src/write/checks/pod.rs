//! Pods and the templates of pods.

use serde_json::{Value, json};

use super::{Causes, entries, items, quantity};
use crate::status::{Cause, Refusal};
use crate::write::names;

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const RESOURCES: &[&str] = &["cpu", "memory", "ephemeral-storage"];

/// The spec of a pod at a path.
pub(super) fn spec(causes: &mut Causes, path: &str, spec: &Value) {
    let mut volumes: Vec<&str> = Vec::new();
    for (index, volume) in items(&spec["volumes"]) {
        let path = format!("{path}.volumes[{index}]");
        let before = causes.0.len();
        volume_source(causes, &path, volume);
        let name = volume["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            causes.0.push(Cause::required(format!("{path}.name"), ""));
        } else if !names::is_dns_label(name) || name.len() > 63 {
            causes.dns_label(format!("{path}.name"), &volume["name"]);
        } else if before != causes.0.len() {
            // Nobody looks at the names of volumes with other mistakes, neither here nor where they are mounted.
        } else if volumes.contains(&name) {
            causes
                .0
                .push(Cause::duplicate(format!("{path}.name"), &volume["name"]));
        } else {
            volumes.push(name);
        }
    }
    if spec["containers"].as_array().is_none_or(Vec::is_empty) {
        causes.0.push(Cause::required(format!("{path}.containers"), ""));
    }
    let mut known = Vec::new();
    for (index, container) in items(&spec["containers"]) {
        self::container(
            causes,
            &format!("{path}.containers[{index}]"),
            container,
            &volumes,
            &mut known,
        );
    }
    for (index, container) in items(&spec["initContainers"]) {
        self::container(
            causes,
            &format!("{path}.initContainers[{index}]"),
            container,
            &volumes,
            &mut known,
        );
    }
    let policies = ["Always", "OnFailure", "Never"];
    causes.one_of(format!("{path}.restartPolicy"), &spec["restartPolicy"], &policies);
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    causes.one_of(format!("{path}.dnsPolicy"), &spec["dnsPolicy"], &policies);
    for (key, value) in entries(&spec["nodeSelector"]) {
        causes
            .0
            .extend(names::label_causes(&format!("{path}.nodeSelector"), key, value));
    }
}

fn volume_source(causes: &mut Causes, path: &str, volume: &Value) {
    // In the order in which the API server looks for them.
    const SOURCES: &[&str] = &[
        "emptyDir",
        "hostPath",
        "gitRepo",
        "secret",
        "nfs",
        "persistentVolumeClaim",
        "configMap",
    ];
    let mut first = true;
    for source in SOURCES.iter().filter(|source| !volume[**source].is_null()) {
        if !first {
            causes.0.push(Cause::forbidden(
                format!("{path}.{source}"),
                "may not specify more than 1 volume type",
            ));
            continue;
        }
        first = false;
        match *source {
            "secret" => {
                causes.required(
                    format!("{path}.secret.secretName"),
                    &volume["secret"]["secretName"],
                );
            }
            "configMap" => {
                causes.required(format!("{path}.configMap.name"), &volume["configMap"]["name"]);
            }
            "hostPath" => {
                causes.required(format!("{path}.hostPath.path"), &volume["hostPath"]["path"]);
            }
            "persistentVolumeClaim" => {
                let claim = &volume["persistentVolumeClaim"]["claimName"];
                causes.required(format!("{path}.persistentVolumeClaim.claimName"), claim);
            }
            _ => {}
        }
    }
}

fn container<'v>(
    causes: &mut Causes,
    path: &str,
    container: &'v Value,
    volumes: &[&str],
    known: &mut Vec<&'v str>,
) {
    if causes.required(format!("{path}.name"), &container["name"]) {
        causes.dns_label(format!("{path}.name"), &container["name"]);
    }
    causes.required(format!("{path}.image"), &container["image"]);
    ports(causes, path, container);
    for (index, variable) in items(&container["env"]) {
        let path = format!("{path}.env[{index}].name");
        let name = variable["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            causes.0.push(Cause::required(path, ""));
        } else if !name.chars().all(|c| (' '..='~').contains(&c) && c != '=') {
            let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
            causes.invalid(path, &json!(name), why);
        }
    }
    let mut places = Vec::new();
    for (index, mount) in items(&container["volumeMounts"]) {
        let path = format!("{path}.volumeMounts[{index}]");
        let name = mount["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            causes.0.push(Cause::required(format!("{path}.name"), ""));
        }
        if !volumes.contains(&name) {
            causes
                .0
                .push(Cause::not_found(format!("{path}.name"), &json!(name)));
        }
        let place = mount["mountPath"].as_str().unwrap_or_default();
        if place.is_empty() {
            causes.0.push(Cause::required(format!("{path}.mountPath"), ""));
        } else if places.contains(&place) {
            causes.invalid(format!("{path}.mountPath"), &json!(place), "must be unique");
        }
        places.push(place);
    }
    let policies = ["Always", "IfNotPresent", "Never"];
    causes.one_of(
        format!("{path}.imagePullPolicy"),
        &container["imagePullPolicy"],
        &policies,
    );
    resources(causes, &format!("{path}.resources"), &container["resources"]);
    let name = container["name"].as_str().unwrap_or_default();
    if known.contains(&name) && !name.is_empty() {
        causes
            .0
            .push(Cause::duplicate(format!("{path}.name"), &container["name"]));
    }
    known.push(name);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        self::probe(causes, &format!("{path}.{probe}"), &container[probe]);
    }
}

fn ports(causes: &mut Causes, path: &str, container: &Value) {
    let mut known = Vec::new();
    for (index, port) in items(&container["ports"]) {
        let path = format!("{path}.ports[{index}]");
        if let Some(name) = port["name"].as_str().filter(|name| !name.is_empty()) {
            let why = port_name(name);
            for why in &why {
                causes.invalid(format!("{path}.name"), &port["name"], why);
            }
            if why.is_empty() && known.contains(&name) {
                causes
                    .0
                    .push(Cause::duplicate(format!("{path}.name"), &port["name"]));
            }
            known.push(name);
        }
        let number = format!("{path}.containerPort");
        if port["containerPort"].as_i64().unwrap_or_default() == 0 {
            causes.0.push(Cause::required(number, ""));
        } else {
            causes.port(number, &port["containerPort"]);
        }
        if port["hostPort"].as_i64().is_some_and(|port| port != 0) {
            causes.port(format!("{path}.hostPort"), &port["hostPort"]);
        }
        causes.one_of(format!("{path}.protocol"), &port["protocol"], PROTOCOLS);
    }
}

fn port_name(name: &str) -> Vec<&'static str> {
    let mut why = Vec::new();
    if name.len() > 15 {
        why.push("must be no more than 15 characters");
    }
    if !name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    {
        why.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if !name.chars().any(|c| c.is_ascii_lowercase()) {
        why.push("must contain at least one letter (a-z)");
    }
    if name.contains("--") {
        why.push("must not contain consecutive hyphens");
    }
    if name.starts_with('-') || name.ends_with('-') {
        why.push("must not begin or end with a hyphen");
    }
    why
}

fn resources(causes: &mut Causes, path: &str, resources: &Value) {
    for part in ["limits", "requests"] {
        for (name, value) in entries(&resources[part]) {
            let at = format!("{path}.{part}[{name}]");
            let known = RESOURCES.contains(&name.as_str()) || name.starts_with("hugepages-");
            if !known && !name.contains('/') {
                causes.invalid(
                    at.clone(),
                    &json!(name),
                    "must be a standard resource type or fully qualified",
                );
                causes.invalid(
                    at.clone(),
                    &json!(name),
                    "must be a standard resource for containers",
                );
            }
            if quantity(value) < 0 {
                causes.invalid(at, value, "must be greater than or equal to 0");
            }
            let limit = &resources["limits"][name];
            if part == "requests" && !limit.is_null() && quantity(value) > quantity(limit) {
                let why = format!(
                    "must be less than or equal to {name} limit of {}",
                    limit.as_str().unwrap_or_default()
                );
                causes.invalid(format!("{path}.requests"), value, &why);
            }
        }
    }
}

fn probe(causes: &mut Causes, path: &str, probe: &Value) {
    if probe.is_null() {
        return;
    }
    let handlers = ["exec", "httpGet", "tcpSocket", "grpc"];
    if handlers.iter().all(|handler| probe[*handler].is_null()) {
        causes
            .0
            .push(Cause::required(path, "must specify a handler type"));
    }
    for handler in ["httpGet", "tcpSocket"] {
        if !probe[handler].is_null() && !probe[handler]["port"].is_string() {
            causes.port(format!("{path}.{handler}.port"), &probe[handler]["port"]);
        }
    }
    for field in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        causes.at_least_zero(format!("{path}.{field}"), &probe[field]);
    }
}

/// Only a few fields of a pod can change; for the others the API server answers with a text that only Go can make.
pub(super) fn update(old: &Value, new: &Value) -> Result<(), Refusal> {
    let fixed = |pod: &Value| {
        let mut spec = pod["spec"].clone();
        if let Some(fields) = spec.as_object_mut() {
            fields.remove("activeDeadlineSeconds");
            fields.remove("schedulingGates");
        }
        for list in ["containers", "initContainers"] {
            for container in spec
                .get_mut(list)
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                container["image"] = Value::Null;
            }
        }
        spec
    };
    let gates = |pod: &Value| {
        pod["spec"]["schedulingGates"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let before = gates(old);
    if gates(new).iter().any(|gate| !before.contains(gate)) {
        return Err(Refusal::unsupported(
            "scheduling gates that are added: only deletion is allowed",
        ));
    }
    if fixed(old) == fixed(new) {
        Ok(())
    } else {
        Err(Refusal::unsupported(
            "changes of a pod other than of its images: most are forbidden",
        ))
    }
}
