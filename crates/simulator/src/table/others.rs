//! Tables of storage, nodes and policies.

use serde_json::{Value, json};

use super::Object;

pub(super) fn or(text: &str, other: &str) -> Value {
    json!(if text.is_empty() { other } else { text })
}

pub(super) fn texts(list: &[Value]) -> Vec<&str> {
    list.iter().filter_map(Value::as_str).collect()
}

fn modes(list: &[Value]) -> Value {
    let short = texts(list).into_iter().map(|mode| match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    });
    json!(short.collect::<Vec<_>>().join(","))
}

fn phase(o: &Object<'_>) -> Value {
    match o.at("/metadata/deletionTimestamp") {
        Value::Null => json!(o.text("/status/phase")),
        _ => json!("Terminating"),
    }
}

pub(super) fn claim(o: &Object<'_>) -> Vec<Value> {
    let volume = o.text("/spec/volumeName");
    let (capacity, modes) = if volume.is_empty() {
        (json!(""), json!(""))
    } else {
        let capacity = or(o.text("/status/capacity/storage"), "0");
        (capacity, modes(o.list("/status/accessModes")))
    };
    vec![
        o.name(),
        phase(o),
        json!(volume),
        capacity,
        modes,
        json!(o.text("/spec/storageClassName")),
        or(o.text("/spec/volumeAttributesClassName"), "<unset>"),
        o.age(),
        or(o.text("/spec/volumeMode"), "<unset>"),
    ]
}

pub(super) fn volume(o: &Object<'_>) -> Vec<Value> {
    let claim = match o.at("/spec/claimRef") {
        Value::Null => String::new(),
        _ => format!(
            "{}/{}",
            o.text("/spec/claimRef/namespace"),
            o.text("/spec/claimRef/name")
        ),
    };
    vec![
        o.name(),
        json!(o.text("/spec/capacity/storage")),
        modes(o.list("/spec/accessModes")),
        json!(o.text("/spec/persistentVolumeReclaimPolicy")),
        phase(o),
        json!(claim),
        json!(o.text("/spec/storageClassName")),
        or(o.text("/spec/volumeAttributesClassName"), "<unset>"),
        json!(o.text("/status/reason")),
        o.age(),
        or(o.text("/spec/volumeMode"), "<unset>"),
    ]
}

pub(super) fn storage_class(o: &Object<'_>) -> Vec<Value> {
    let annotation = &o.at("/metadata/annotations")["storageclass.kubernetes.io/is-default-class"];
    let mark = if *annotation == "true" { " (default)" } else { "" };
    vec![
        json!(format!("{}{mark}", o.text("/metadata/name"))),
        json!(o.text("/provisioner")),
        json!(o.text("/reclaimPolicy")),
        json!(o.text("/volumeBindingMode")),
        json!(o.at("/allowVolumeExpansion") == true),
        o.age(),
    ]
}

pub(super) fn budget(o: &Object<'_>) -> Vec<Value> {
    let amount = |pointer: &str| match o.at(pointer) {
        Value::Null => json!("N/A"),
        Value::String(text) => json!(text),
        number => json!(number.to_string()),
    };
    vec![
        o.name(),
        amount("/spec/minAvailable"),
        amount("/spec/maxUnavailable"),
        json!(o.number("/status/disruptionsAllowed")),
        o.age(),
    ]
}

pub(super) fn priority_class(o: &Object<'_>) -> Vec<Value> {
    vec![
        o.name(),
        json!(o.number("/value")),
        json!(o.at("/globalDefault") == true),
        o.age(),
        json!(o.text("/preemptionPolicy")),
    ]
}

pub(super) fn node(o: &Object<'_>) -> Vec<Value> {
    let ready = o
        .list("/status/conditions")
        .iter()
        .find(|condition| condition["type"] == "Ready");
    let mut status = match ready {
        Some(condition) if condition["status"] == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if o.at("/spec/unschedulable") == true {
        status.push_str(",SchedulingDisabled");
    }
    let own = o.at("/metadata/labels").as_object().into_iter().flatten();
    let roles = own.filter_map(
        |(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None => value.as_str().filter(|_| key == "kubernetes.io/role"),
        },
    );
    let mut roles: Vec<&str> = roles.filter(|role| !role.is_empty()).collect();
    roles.sort_unstable();
    roles.dedup();
    let address = |kind: &str| {
        let found = o
            .list("/status/addresses")
            .iter()
            .find(|address| address["type"] == kind);
        or(
            found
                .and_then(|address| address["address"].as_str())
                .unwrap_or_default(),
            "<none>",
        )
    };
    let info = |field: &str| o.text(&format!("/status/nodeInfo/{field}"));
    let mut kernel = match info("kernelVersion") {
        "" => "<unknown>".to_owned(),
        version => version.to_owned(),
    };
    if !info("architecture").is_empty() {
        kernel.push_str(&format!(" ({})", info("architecture")));
    }
    vec![
        o.name(),
        json!(status),
        or(&roles.join(","), "<none>"),
        o.age(),
        json!(info("kubeletVersion")),
        address("InternalIP"),
        address("ExternalIP"),
        or(info("osImage"), "<unknown>"),
        json!(kernel),
        or(info("containerRuntimeVersion"), "<unknown>"),
    ]
}

pub(super) fn api_service(o: &Object<'_>) -> Vec<Value> {
    let service = match o.at("/spec/service") {
        Value::Null => "Local".to_owned(),
        _ => format!(
            "{}/{}",
            o.text("/spec/service/namespace"),
            o.text("/spec/service/name")
        ),
    };
    let conditions = o.list("/status/conditions");
    let available = conditions
        .iter()
        .find(|condition| condition["type"] == "Available");
    let available = available.map(|condition| {
        let text = |field: &str| condition[field].as_str().unwrap_or_default();
        match (text("status"), text("reason")) {
            ("True", _) | (_, "") => text("status").to_owned(),
            (status, reason) => format!("{status} ({reason})"),
        }
    });
    let available = available.unwrap_or_else(|| "Unknown".to_owned());
    vec![o.name(), json!(service), json!(available), o.age()]
}
