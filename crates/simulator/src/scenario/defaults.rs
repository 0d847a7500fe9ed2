//! What the API server fills in, for objects that a scenario brings and for pods that controllers make.

use serde_json::{Value, json};

use crate::controllers::json::{hash, text};
use crate::controllers::kind::Kind;

fn or(object: &mut Value, field: &str, value: Value) {
    if object[field].is_null() {
        object[field] = value;
    }
}

/// Fills in an object of a kind.
pub(crate) fn fill(kind: Kind, object: &mut Value) {
    let spec = &mut object["spec"];
    match kind {
        Kind::Namespace => {
            let name = text(object, "/metadata/name").to_owned();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = json!(name);
            or(object, "spec", json!({"finalizers": ["kubernetes"]}));
            or(object, "status", json!({"phase": "Active"}));
        }
        Kind::Deployment => {
            or(spec, "replicas", json!(1));
            or(spec, "revisionHistoryLimit", json!(10));
            or(spec, "progressDeadlineSeconds", json!(600));
            or(spec, "strategy", json!({"type": "RollingUpdate"}));
            if text(spec, "/strategy/type") == "RollingUpdate" {
                or(&mut spec["strategy"], "rollingUpdate", json!({}));
                or(&mut spec["strategy"]["rollingUpdate"], "maxSurge", json!("25%"));
                or(
                    &mut spec["strategy"]["rollingUpdate"],
                    "maxUnavailable",
                    json!("25%"),
                );
            }
            template(&mut spec["template"]);
        }
        Kind::ReplicaSet => {
            or(spec, "replicas", json!(1));
            template(&mut spec["template"]);
        }
        Kind::StatefulSet => {
            or(spec, "replicas", json!(1));
            or(spec, "revisionHistoryLimit", json!(10));
            or(spec, "podManagementPolicy", json!("OrderedReady"));
            or(
                spec,
                "updateStrategy",
                json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
            );
            or(
                spec,
                "persistentVolumeClaimRetentionPolicy",
                json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
            );
            template(&mut spec["template"]);
            for one in spec["volumeClaimTemplates"].as_array_mut().into_iter().flatten() {
                or(one, "apiVersion", json!("v1"));
                or(one, "kind", json!("PersistentVolumeClaim"));
                claim(one);
            }
        }
        Kind::DaemonSet => {
            or(spec, "revisionHistoryLimit", json!(10));
            let rolling =
                json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}});
            or(spec, "updateStrategy", rolling);
            template(&mut spec["template"]);
            let generation = "deprecated.daemonset.template.generation";
            or(&mut object["metadata"]["annotations"], generation, json!("1"));
        }
        Kind::Job => job_spec(spec),
        Kind::CronJob => {
            or(spec, "concurrencyPolicy", json!("Allow"));
            or(spec, "suspend", json!(false));
            or(spec, "successfulJobsHistoryLimit", json!(3));
            or(spec, "failedJobsHistoryLimit", json!(1));
            job_template(&mut spec["jobTemplate"]["spec"]);
            or(object, "status", json!({}));
        }
        Kind::Pod => pod_spec(spec),
        Kind::Service => service(object),
        Kind::Claim => {
            claim(object);
            or(
                &mut object["metadata"],
                "finalizers",
                json!(["kubernetes.io/pvc-protection"]),
            );
        }
        Kind::Autoscaler => or(spec, "minReplicas", json!(1)),
        Kind::Ingress => {
            for rule in spec["rules"].as_array_mut().into_iter().flatten() {
                for path in rule["http"]["paths"].as_array_mut().into_iter().flatten() {
                    or(path, "pathType", json!("ImplementationSpecific"));
                }
            }
            or(object, "status", json!({"loadBalancer": {}}));
        }
        Kind::Secret => {
            or(object, "type", json!("Opaque"));
            let texts = object
                .as_object_mut()
                .and_then(|fields| fields.remove("stringData"));
            for (key, value) in texts.as_ref().and_then(Value::as_object).into_iter().flatten() {
                use base64::Engine as _;
                let encoded =
                    base64::engine::general_purpose::STANDARD.encode(value.as_str().unwrap_or_default());
                object["data"][key] = json!(encoded);
            }
        }
        Kind::StorageClass => {
            or(object, "reclaimPolicy", json!("Delete"));
            or(object, "volumeBindingMode", json!("Immediate"));
        }
        _ => {}
    }
    let counts = matches!(
        kind,
        Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob
            | Kind::Pod
            | Kind::Ingress
            | Kind::Budget
    );
    if counts {
        or(&mut object["metadata"], "generation", json!(1));
    }
}

fn job_template(spec: &mut Value) {
    let template = &mut spec["template"];
    self::template(template);
}

fn job_spec(spec: &mut Value) {
    // With parallelism alone it is a queue.
    if spec["parallelism"].is_null() {
        or(spec, "completions", json!(1));
    }
    or(spec, "parallelism", json!(1));
    let per_index = !spec["backoffLimitPerIndex"].is_null();
    or(spec, "backoffLimit", json!(if per_index { i32::MAX } else { 6 }));
    or(spec, "completionMode", json!("NonIndexed"));
    or(spec, "manualSelector", json!(false));
    or(spec, "suspend", json!(false));
    let by_policy = !spec["podFailurePolicy"].is_null();
    let replacement = if by_policy {
        "Failed"
    } else {
        "TerminatingOrFailed"
    };
    or(spec, "podReplacementPolicy", json!(replacement));
    if let Some(fields) = spec.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    template(&mut spec["template"]);
}

/// A Job that a controller makes.
pub(crate) fn job(object: &mut Value) {
    job_spec(&mut object["spec"]);
    or(&mut object["metadata"], "generation", json!(1));
}

fn template(template: &mut Value) {
    pod_spec(&mut template["spec"]);
}

/// A claim, or the template of one.
pub(crate) fn claim(object: &mut Value) {
    or(&mut object["spec"], "volumeMode", json!("Filesystem"));
    or(object, "status", json!({"phase": "Pending"}));
}

/// The spec of a pod or of a template of pods.
pub(crate) fn pod_spec(spec: &mut Value) {
    or(spec, "restartPolicy", json!("Always"));
    or(spec, "dnsPolicy", json!("ClusterFirst"));
    or(spec, "schedulerName", json!("default-scheduler"));
    or(spec, "securityContext", json!({}));
    or(spec, "terminationGracePeriodSeconds", json!(30));
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        or(spec, "serviceAccount", account);
    }
    for volume in spec["volumes"].as_array_mut().into_iter().flatten() {
        for source in ["configMap", "secret", "projected"] {
            if volume.get(source).is_some() {
                or(&mut volume[source], "defaultMode", json!(420));
            }
        }
    }
    for kind in ["initContainers", "containers"] {
        if spec.get(kind).is_none() {
            continue;
        }
        for container in spec[kind].as_array_mut().into_iter().flatten() {
            self::container(container);
        }
    }
    // What was looked at by index and is not there has become null.
    if let Some(fields) = spec.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
}

fn container(container: &mut Value) {
    let image = text(container, "/image");
    let tag = image
        .rsplit('/')
        .next()
        .and_then(|last| last.split_once(':'))
        .map(|(_, tag)| tag);
    let policy = match tag {
        None | Some("latest") if !image.contains('@') => "Always",
        _ => "IfNotPresent",
    };
    or(container, "imagePullPolicy", json!(policy));
    or(container, "resources", json!({}));
    or(container, "terminationMessagePath", json!("/dev/termination-log"));
    or(container, "terminationMessagePolicy", json!("File"));
    for port in container["ports"].as_array_mut().into_iter().flatten() {
        or(port, "protocol", json!("TCP"));
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container.get(probe).is_none_or(Value::is_null) {
            continue;
        }
        let probe = &mut container[probe];
        or(probe, "timeoutSeconds", json!(1));
        or(probe, "periodSeconds", json!(10));
        or(probe, "successThreshold", json!(1));
        or(probe, "failureThreshold", json!(3));
        if probe.get("httpGet").is_some() {
            or(&mut probe["httpGet"], "scheme", json!("HTTP"));
            or(&mut probe["httpGet"], "path", json!("/"));
        }
    }
    for variable in container["env"].as_array_mut().into_iter().flatten() {
        if variable.pointer("/valueFrom/fieldRef").is_some() {
            or(&mut variable["valueFrom"]["fieldRef"], "apiVersion", json!("v1"));
        }
    }
    if let Some(fields) = container.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
}

fn service(object: &mut Value) {
    let place = format!(
        "{}/{}",
        text(object, "/metadata/namespace"),
        text(object, "/metadata/name")
    );
    let luck = hash(&place);
    let spec = &mut object["spec"];
    or(spec, "type", json!("ClusterIP"));
    or(spec, "sessionAffinity", json!("None"));
    let kind = text(spec, "/type").to_owned();
    if kind != "ExternalName" {
        let address = format!("10.96.{}.{}", luck % 256, (luck >> 8) % 254 + 1);
        or(spec, "clusterIP", json!(address));
        let address = spec["clusterIP"].clone();
        or(spec, "clusterIPs", json!([address]));
        or(spec, "internalTrafficPolicy", json!("Cluster"));
        or(spec, "ipFamilies", json!(["IPv4"]));
        or(spec, "ipFamilyPolicy", json!("SingleStack"));
    }
    let outside = matches!(kind.as_str(), "LoadBalancer" | "NodePort");
    if outside {
        or(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        or(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
    for (index, port) in spec["ports"].as_array_mut().into_iter().flatten().enumerate() {
        or(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        or(port, "targetPort", number);
        if outside {
            or(port, "nodePort", json!(30_000 + (luck + index as u64) % 2768));
        }
    }
    or(object, "status", json!({"loadBalancer": {}}));
}
