//! One function per kind. Each was compared with the real server's tables (`tests/behaviour`).

use serde_json::{Value, json};

use super::Object;

type Cells = fn(&Object<'_>) -> Vec<Value>;

/// By group and plural.
pub(super) const PRINTERS: &[(&str, &str, Cells)] = &[
    ("", "namespaces", |o| {
        vec![o.name(), json!(o.text("/status/phase")), o.age()]
    }),
    ("", "configmaps", |o| {
        vec![
            o.name(),
            json!(o.count("/data") + o.count("/binaryData")),
            o.age(),
        ]
    }),
    ("", "secrets", |o| {
        vec![o.name(), json!(o.text("/type")), json!(o.count("/data")), o.age()]
    }),
    ("", "serviceaccounts", |o| {
        vec![o.name(), json!(o.count("/secrets")), o.age()]
    }),
    ("coordination.k8s.io", "leases", |o| {
        vec![o.name(), json!(o.text("/spec/holderIdentity")), o.age()]
    }),
    ("rbac.authorization.k8s.io", "roles", created),
    ("rbac.authorization.k8s.io", "clusterroles", created),
    ("apps", "deployments", deployment),
    ("apps", "replicasets", replica_set),
    ("batch", "jobs", job),
    ("", "persistentvolumes", volume),
];

/// Kinds for which the API server has no columns of its own.
fn created(o: &Object<'_>) -> Vec<Value> {
    vec![o.name(), json!(o.text("/metadata/creationTimestamp"))]
}

/// `a=b,c=d`, with set requirements as kubectl writes them.
fn selector(selector: &Value) -> String {
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    let mut terms: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    for term in selector
        .get("matchExpressions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let key = term.get("key").and_then(Value::as_str).unwrap_or_default();
        let values = term.get("values").and_then(Value::as_array).into_iter().flatten();
        let values: Vec<&str> = values.filter_map(Value::as_str).collect();
        terms.push(match term.get("operator").and_then(Value::as_str) {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    terms.sort();
    if terms.is_empty() {
        "<none>".to_owned()
    } else {
        terms.join(",")
    }
}

fn containers(o: &Object<'_>) -> [Value; 2] {
    let containers = o.list("/spec/template/spec/containers");
    let of = |field: &str| {
        let texts: Vec<&str> = containers.iter().filter_map(|c| c.get(field)?.as_str()).collect();
        json!(texts.join(","))
    };
    [of("name"), of("image")]
}

fn deployment(o: &Object<'_>) -> Vec<Value> {
    let [names, images] = containers(o);
    vec![
        o.name(),
        json!(format!(
            "{}/{}",
            o.number("/status/readyReplicas"),
            o.number("/spec/replicas")
        )),
        json!(o.number("/status/updatedReplicas")),
        json!(o.number("/status/availableReplicas")),
        o.age(),
        names,
        images,
        json!(selector(o.at("/spec/selector"))),
    ]
}

fn replica_set(o: &Object<'_>) -> Vec<Value> {
    let [names, images] = containers(o);
    vec![
        o.name(),
        json!(o.number("/spec/replicas")),
        json!(o.number("/status/replicas")),
        json!(o.number("/status/readyReplicas")),
        o.age(),
        names,
        images,
        json!(selector(o.at("/spec/selector"))),
    ]
}

fn job(o: &Object<'_>) -> Vec<Value> {
    let [names, images] = containers(o);
    let succeeded = o.number("/status/succeeded");
    let parallelism = o.number("/spec/parallelism");
    let completions = match o.at("/spec/completions").as_i64() {
        Some(completions) => format!("{succeeded}/{completions}"),
        None if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        None => format!("{succeeded}/1"),
    };
    let condition = |kind: &str| {
        o.list("/status/conditions")
            .iter()
            .any(|c| c["type"] == kind && c["status"] == "True")
    };
    let status = if condition("Complete") {
        "Complete"
    } else if condition("Failed") {
        "Failed"
    } else if !o.text("/metadata/deletionTimestamp").is_empty() {
        "Terminating"
    } else if condition("Suspended") {
        "Suspended"
    } else if condition("FailureTarget") {
        "FailureTarget"
    } else if condition("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    };
    let seconds = |pointer: &str| {
        o.text(pointer)
            .parse::<jiff::Timestamp>()
            .ok()
            .map(jiff::Timestamp::as_second)
    };
    let duration = match (seconds("/status/startTime"), seconds("/status/completionTime")) {
        (None, _) => String::new(),
        (Some(start), end) => super::age::duration(end.unwrap_or(o.now) - start),
    };
    vec![
        o.name(),
        json!(status),
        json!(completions),
        json!(duration),
        o.age(),
        names,
        images,
        json!(selector(o.at("/spec/selector"))),
    ]
}

fn volume(o: &Object<'_>) -> Vec<Value> {
    let modes = o
        .list("/spec/accessModes")
        .iter()
        .filter_map(Value::as_str)
        .map(|mode| match mode {
            "ReadWriteOnce" => "RWO",
            "ReadOnlyMany" => "ROX",
            "ReadWriteMany" => "RWX",
            "ReadWriteOncePod" => "RWOP",
            other => other,
        });
    let modes: Vec<&str> = modes.collect();
    let claim = match o.at("/spec/claimRef") {
        Value::Null => String::new(),
        claim => format!(
            "{}/{}",
            claim["namespace"].as_str().unwrap_or_default(),
            claim["name"].as_str().unwrap_or_default()
        ),
    };
    let phase = match o.at("/metadata/deletionTimestamp") {
        Value::Null => o.text("/status/phase"),
        _ => "Terminating",
    };
    let attributes = o
        .at("/spec/volumeAttributesClassName")
        .as_str()
        .unwrap_or("<unset>");
    vec![
        o.name(),
        json!(o.text("/spec/capacity/storage")),
        json!(modes.join(",")),
        json!(o.text("/spec/persistentVolumeReclaimPolicy")),
        json!(phase),
        json!(claim),
        json!(o.text("/spec/storageClassName")),
        json!(attributes),
        json!(o.text("/status/reason")),
        o.age(),
        json!(o.at("/spec/volumeMode").as_str().unwrap_or("<unset>")),
    ]
}
