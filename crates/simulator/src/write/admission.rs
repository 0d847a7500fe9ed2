//! What the server adds of its own when an object is written: generations, addresses, and what its admission plugins
//! do to pods and nodes. Nobody is recorded as the manager of these fields.

use serde_json::{Value, json};

use super::Write;
use crate::controllers::scheduler;
use crate::custom;
use crate::quantity::Quantity;
use crate::random;
use crate::status::Refusal;
use crate::store::{Inner, Key};

mod service;

/// Kinds with a generation, which counts the changes of their spec.
const COUNTED: &[&str] = &[
    "pods",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "jobs.batch",
    "cronjobs.batch",
    "endpointslices.discovery.k8s.io",
    "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "poddisruptionbudgets.policy",
    "priorityclasses.scheduling.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
];
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// What has to be there, or is forbidden, before the object itself is looked at.
pub(super) fn admit(write: &Write<'_>, store: &mut Inner, object: &Value) -> Result<(), Refusal> {
    if write.resource.qualified() != "pods" {
        return Ok(());
    }
    let runtime = object["spec"]["runtimeClassName"].as_str();
    if runtime.is_some_and(|name| !name.is_empty()) {
        return Err(Refusal::unsupported("pods with a runtime class"));
    }
    let name = account(object);
    let found = write
        .shared
        .resources
        .core("serviceaccounts")
        .is_some_and(|accounts| store.get(accounts.id, &Key::new(write.namespace, name)).is_some());
    if found {
        return Ok(());
    }
    let why = format!(
        "error looking up service account {}/{name}: serviceaccount \"{name}\" not found",
        write.namespace
    );
    let pod = object["metadata"]["name"].as_str().unwrap_or_default();
    Err(Refusal::forbidden_object(write.resource, pod, &why))
}

fn account(pod: &Value) -> &str {
    let name = pod["spec"]["serviceAccountName"].as_str().unwrap_or_default();
    if name.is_empty() { "default" } else { name }
}

/// Gives a pod that has a node the labels that say where that is.
pub(super) fn place(write: &Write<'_>, store: &mut Inner, pod: &mut Value) {
    let name = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    let nodes = write.shared.resources.core("nodes").filter(|_| !name.is_empty());
    let found = nodes.and_then(|nodes| store.get(nodes.id, &Key::new("", name)));
    if let Some(node) = found.and_then(|(_, text)| serde_json::from_slice::<Value>(&text).ok()) {
        scheduler::take_labels(pod, &node);
    }
}

/// Adds to an object that is created.
pub(super) fn created(write: &Write<'_>, store: &mut Inner, object: &mut Value) -> Result<(), Refusal> {
    let kind = write.resource.qualified();
    if write.resource.custom.is_some() {
        object["metadata"]["generation"] = json!(1);
        return Ok(());
    }
    if COUNTED.contains(&kind.as_str()) {
        object["metadata"]["generation"] = json!(1);
    }
    if write.resource.has_subresource("status") && !matches!(kind.as_str(), "nodes" | "namespaces") {
        object["status"] = write.resource.empty["status"].clone();
    }
    match kind.as_str() {
        "pods" => pod(write, store, object)?,
        "jobs.batch" => job(object),
        "statefulsets.apps" => object["status"]["availableReplicas"] = json!(0),
        "services" => service::created(write, store, object)?,
        "persistentvolumeclaims" => {
            object["status"]["phase"] = json!("Pending");
            finalizer(object, "kubernetes.io/pvc-protection");
        }
        "persistentvolumes" => {
            object["status"] = json!({"phase": "Pending", "lastPhaseTransitionTime": write.manager.time});
            finalizer(object, "kubernetes.io/pv-protection");
        }
        "nodes" => node(object),
        "customresourcedefinitions.apiextensions.k8s.io" => custom::checks::first_status(object),
        _ => {}
    }
    Ok(())
}

/// Keeps what is the server's own when an object is replaced.
pub(super) fn updated(
    write: &Write<'_>,
    store: &mut Inner,
    old: &Value,
    object: &mut Value,
) -> Result<(), Refusal> {
    let kind = write.resource.qualified();
    if write.resource.has_subresource("status") && kind != "namespaces" {
        match old.get("status") {
            Some(status) => object["status"] = status.clone(),
            None => {
                object.as_object_mut().map(|fields| fields.remove("status"));
            }
        }
    }
    match kind.as_str() {
        "services" => service::updated(write, store, old, object)?,
        "jobs.batch" if object["spec"]["selector"].is_null() => {
            object["spec"]["selector"] = old["spec"]["selector"].clone();
        }
        "daemonsets.apps" => {
            let count = "deprecated.daemonset.template.generation";
            let own = old["metadata"]["annotations"][count]
                .as_str()
                .and_then(|text| text.parse::<u64>().ok());
            let changed = old["spec"]["template"] != object["spec"]["template"];
            let next = own.unwrap_or(0) + u64::from(changed);
            object["metadata"]["annotations"][count] = json!(next.to_string());
        }
        _ => {}
    }
    if kind == "customresourcedefinitions.apiextensions.k8s.io" {
        custom::checks::remember_storage(object);
    }
    let contents = |object: &Value| {
        let mut contents = object.clone();
        contents.as_object_mut().map(|fields| fields.remove("metadata"));
        contents
    };
    let other = write.resource.custom.is_some() && contents(old) != contents(object);
    let annotated = kind == "deployments.apps"
        && old["metadata"].get("annotations") != object["metadata"].get("annotations");
    let slice = kind == "endpointslices.discovery.k8s.io"
        && ["endpoints", "ports"]
            .iter()
            .any(|field| old[*field] != object[*field]);
    let changed = annotated || slice || old.get("spec") != object.get("spec");
    if other || (COUNTED.contains(&kind.as_str()) && changed) {
        let next = old["metadata"]["generation"].as_i64().unwrap_or_default() + 1;
        object["metadata"]["generation"] = json!(next);
    }
    Ok(())
}

fn finalizer(object: &mut Value, name: &str) {
    let list = &mut object["metadata"]["finalizers"];
    match list.as_array_mut() {
        Some(list) if list.iter().any(|own| own == name) => {}
        Some(list) => list.push(json!(name)),
        None => *list = json!([name]),
    }
}

fn job(object: &mut Value) {
    if object["spec"]["manualSelector"] == true {
        return;
    }
    let (uid, name) = (
        object["metadata"]["uid"].clone(),
        object["metadata"]["name"].clone(),
    );
    for prefix in ["", "batch.kubernetes.io/"] {
        for (label, value) in [("controller-uid", &uid), ("job-name", &name)] {
            let label = format!("{prefix}{label}");
            object["spec"]["template"]["metadata"]["labels"][&label] = value.clone();
            if let Some(labels) = object["metadata"].as_object_mut() {
                let labels = labels.entry("labels").or_insert_with(|| json!({}));
                labels[&label] = value.clone();
            }
        }
    }
    object["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"] = uid;
}

fn node(object: &mut Value) {
    let key = "node.kubernetes.io/not-ready";
    let taint = json!({"key": key, "effect": "NoSchedule"});
    let taints = &mut object["spec"]["taints"];
    match taints.as_array_mut() {
        Some(list)
            if list
                .iter()
                .any(|own| own["key"] == key && own["effect"] == "NoSchedule") => {}
        Some(list) => list.push(taint),
        None => *taints = json!([taint]),
    }
}

fn pod(write: &Write<'_>, store: &mut Inner, object: &mut Value) -> Result<(), Refusal> {
    let name = account(object).to_owned();
    let pod_name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let key = Key::new(write.namespace, &name);
    let accounts = write.shared.resources.core("serviceaccounts");
    let account: Value = accounts
        .and_then(|accounts| store.get(accounts.id, &key))
        .and_then(|(_, text)| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    object["status"] = json!({"phase": "Pending", "qosClass": quality(&object["spec"])});
    place(write, store, object);
    let Some(spec) = object.get_mut("spec") else {
        return Ok(());
    };
    spec["serviceAccountName"] = json!(name);
    spec["serviceAccount"] = json!(name);
    if spec.get("imagePullSecrets").is_none()
        && let Some(secrets) = account.get("imagePullSecrets")
    {
        spec["imagePullSecrets"] = secrets.clone();
    }
    let mounts = spec
        .get("automountServiceAccountToken")
        .or(account.get("automountServiceAccountToken"));
    if mounts.is_none_or(|mounts| *mounts != false) {
        mount_token(spec);
    }
    let tolerations = ["not-ready", "unreachable"].map(|why| {
        json!({"key": format!("node.kubernetes.io/{why}"), "operator": "Exists", "effect": "NoExecute",
            "tolerationSeconds": 300})
    });
    for toleration in tolerations {
        let own = spec["tolerations"].as_array().into_iter().flatten();
        let covered = |own: &Value| {
            (own["key"].is_null() || own["key"] == toleration["key"])
                && (own["effect"].is_null() || own["effect"] == "NoExecute")
        };
        if own.clone().any(covered) {
            continue;
        }
        match spec["tolerations"].as_array_mut() {
            Some(list) => list.push(toleration),
            None => spec["tolerations"] = json!([toleration]),
        }
    }
    priority(write, store, &pod_name, spec)?;
    let gated = spec["schedulingGates"]
        .as_array()
        .is_some_and(|gates| !gates.is_empty());
    if gated {
        let mut condition = scheduler::gated();
        condition["lastTransitionTime"] = json!(write.manager.time);
        object["status"]["conditions"] = json!([condition]);
    }
    Ok(())
}

/// The priority of a pod follows from its class, or from the class that is everybody's.
fn priority(write: &Write<'_>, store: &mut Inner, pod: &str, spec: &mut Value) -> Result<(), Refusal> {
    let classes = objects_of_cluster(write, store, "PriorityClass");
    let wanted = spec["priorityClassName"].as_str().unwrap_or_default().to_owned();
    let class = match wanted.as_str() {
        "" => classes.iter().find(|class| class["globalDefault"] == true),
        wanted => classes.iter().find(|class| class["metadata"]["name"] == wanted),
    };
    if class.is_none() && !wanted.is_empty() {
        let why = format!("no PriorityClass with name {wanted} was found");
        return Err(Refusal::forbidden_object(write.resource, pod, &why));
    }
    let value = class.map_or(json!(0), |class| class["value"].clone());
    if !spec["priority"].is_null() && spec["priority"] != value {
        let why = format!(
            "the integer value of priority ({}) must not be provided in pod spec; priority admission controller computed \
             {value} from the given PriorityClass name",
            spec["priority"]
        );
        return Err(Refusal::forbidden_object(write.resource, pod, &why));
    }
    let policy = class.and_then(|class| class["preemptionPolicy"].as_str());
    let policy = policy.unwrap_or("PreemptLowerPriority");
    if !spec["preemptionPolicy"].is_null() && spec["preemptionPolicy"] != policy {
        return Err(Refusal::unsupported(
            "pods with a preemption policy other than that of their class",
        ));
    }
    if let Some(class) = class {
        spec["priorityClassName"] = class["metadata"]["name"].clone();
    }
    spec["priority"] = value;
    spec["preemptionPolicy"] = json!(policy);
    Ok(())
}

/// The objects of a kind that has no namespaces.
fn objects_of_cluster(write: &Write<'_>, store: &mut Inner, kind: &str) -> Vec<Value> {
    let Some(resource) = write.shared.resources.of_kind("scheduling.k8s.io/v1", kind) else {
        return Vec::new();
    };
    let snapshot = store.snapshot(resource.id);
    let objects = snapshot.from("", None);
    objects
        .filter_map(|(_, stored)| serde_json::from_slice(&snapshot.dictionary.unpack(stored)).ok())
        .collect()
}

fn mount_token(spec: &mut Value) {
    let path = "/var/run/secrets/kubernetes.io/serviceaccount";
    let name = format!("kube-api-access-{}", random::letters(LETTERS, 5));
    let volume = json!({"name": name, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace",
            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]}});
    let mount = json!({"name": name, "readOnly": true, "mountPath": path});
    let mut mounted = false;
    for list in ["initContainers", "containers"] {
        for container in spec
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let mounts = &mut container["volumeMounts"];
            match mounts.as_array_mut() {
                Some(list) if list.iter().any(|own| own["mountPath"] == path) => continue,
                Some(list) => list.push(mount.clone()),
                None => *mounts = json!([mount]),
            }
            mounted = true;
        }
    }
    match spec["volumes"].as_array_mut() {
        _ if !mounted => {}
        Some(list) => list.push(volume),
        None => spec["volumes"] = json!([volume]),
    }
}

/// The class by which pods are evicted when a node is short of memory.
fn quality(spec: &Value) -> &'static str {
    let lists = ["containers", "initContainers"].map(|list| spec[list].as_array());
    let mut any = false;
    let mut guaranteed = true;
    for container in lists.into_iter().flatten().flatten() {
        for resource in ["cpu", "memory"] {
            let amount = |part: &str| {
                let text = container["resources"][part][resource].as_str();
                text.and_then(Quantity::parse).map_or(0, |quantity| quantity.nano)
            };
            let (limit, request) = (amount("limits"), amount("requests"));
            any |= limit > 0 || request > 0;
            guaranteed &= limit > 0 && limit == request;
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
