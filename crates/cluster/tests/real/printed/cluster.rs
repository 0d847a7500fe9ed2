//! Nodes, volumes, quotas, rights, policies and what else belongs to the cluster.

use serde_json::{Value, json};

use super::ago;
use super::api::{NAMESPACE, deleted, object};

pub fn all() -> Vec<Value> {
    [
        nodes(),
        volumes(),
        claims(),
        contents(),
        rights(),
        events(),
        classes(),
        admission(),
    ]
    .concat()
}

fn nodes() -> Vec<Value> {
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "r", "lastTransitionTime": ago(60)});
    let node = |name: &str, labels: Value, unschedulable: bool, status: Value| {
        object(
            "Node",
            name,
            json!({"metadata": {"labels": labels}, "spec": {"unschedulable": unschedulable}, "status": status}),
        )
    };
    let info = json!({"kubeletVersion": "v1.36.0", "osImage": "Debian", "kernelVersion": "6.12", "containerRuntimeVersion": "containerd://2",
        "machineID": "", "systemUUID": "", "bootID": "", "kubeProxyVersion": "", "operatingSystem": "", "architecture": ""});
    let addresses = json!([{"type": "Hostname", "address": "n"}, {"type": "InternalIP", "address": "10.0.0.1"}, {"type": "InternalIP", "address": "fd00::1"},
        {"type": "ExternalIP", "address": "192.0.2.1"}]);
    let of = |conditions: Value| json!({"conditions": conditions, "nodeInfo": info, "addresses": addresses});
    vec![
        node(
            "ready",
            json!({"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "main"}),
            false,
            of(json!([condition("Ready", "True")])),
        ),
        node(
            "cordoned",
            json!({"kubernetes.io/role": ""}),
            true,
            of(json!([condition("Ready", "True")])),
        ),
        node(
            "not-ready",
            json!({"node-role.kubernetes.io/worker": "true"}),
            false,
            of(json!([condition("Ready", "False")])),
        ),
        node(
            "lost",
            json!({}),
            true,
            of(json!([
                condition("Ready", "Unknown"),
                condition("MemoryPressure", "True")
            ])),
        ),
        node(
            "silent",
            json!({}),
            false,
            json!({"nodeInfo": {"kubeletVersion": "", "osImage": "", "kernelVersion": "", "containerRuntimeVersion": "",
            "machineID": "", "systemUUID": "", "bootID": "", "kubeProxyVersion": "", "operatingSystem": "", "architecture": ""}}),
        ),
        node(
            "other-conditions",
            json!({}),
            true,
            of(json!([condition("DiskPressure", "True")])),
        ),
        deleted(node(
            "going",
            json!({}),
            false,
            of(json!([condition("Ready", "True")])),
        )),
    ]
}

fn volumes() -> Vec<Value> {
    let volume = |name: &str, spec: Value, status: Value| {
        let mut all = json!({"capacity": {"storage": "1536Mi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain", "csi": {"driver": "example.org", "volumeHandle": name}});
        for (field, value) in spec.as_object().unwrap() {
            all[field] = value.clone();
        }
        object("PersistentVolume", name, json!({"spec": all, "status": status}))
    };
    let claim = json!({"claimRef": {"kind": "PersistentVolumeClaim", "namespace": "x", "name": "data", "uid": "1"}, "storageClassName": "fast",
        "volumeMode": "Block", "volumeAttributesClassName": "gold", "persistentVolumeReclaimPolicy": "Delete"});
    let mut all = vec![
        volume("v-unsaid", json!({}), json!({})),
        volume(
            "v-failed",
            claim.clone(),
            json!({"phase": "Failed", "reason": "NoWay", "message": "because"}),
        ),
        volume(
            "v-modes",
            json!({"accessModes": ["ReadOnlyMany"]}),
            json!({"phase": "Available"}),
        ),
        volume(
            "v-alone",
            json!({"accessModes": ["ReadWriteOncePod"]}),
            json!({"phase": "Available"}),
        ),
        object(
            "PersistentVolume",
            "v-annotated",
            json!({"metadata": {"annotations": {"volume.beta.kubernetes.io/storage-class": "old"}},
            "spec": {"capacity": {"storage": "1Ti"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "new",
                     "csi": {"driver": "example.org", "volumeHandle": "x"}}, "status": {"phase": "Available"}}),
        ),
    ];
    for phase in ["Pending", "Available", "Bound", "Released", "Failed"] {
        let name = format!("v-{}", phase.to_lowercase());
        all.push(volume(
            &format!("{name}-now"),
            claim.clone(),
            json!({"phase": phase}),
        ));
        all.push(deleted(volume(
            &format!("{name}-going"),
            claim.clone(),
            json!({"phase": phase}),
        )));
    }
    all
}

fn claims() -> Vec<Value> {
    let claim = |name: &str, spec: Value, status: Value| {
        let mut all =
            json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
        for (field, value) in spec.as_object().unwrap() {
            all[field] = value.clone();
        }
        object(
            "PersistentVolumeClaim",
            name,
            json!({"spec": all, "status": status}),
        )
    };
    let bound = json!({"volumeName": "v-bound-now", "storageClassName": "fast", "volumeMode": "Block", "volumeAttributesClassName": "gold"});
    let full = |phase: &str| json!({"phase": phase, "accessModes": ["ReadOnlyMany", "ReadWriteOnce"], "capacity": {"storage": "2Gi"}});
    let mut all = vec![
        claim("unsaid", json!({}), json!({})),
        claim("bound-without-size", bound.clone(), json!({"phase": "Bound"})),
        claim(
            "no-class",
            json!({"storageClassName": ""}),
            json!({"phase": "Pending"}),
        ),
    ];
    for phase in ["Pending", "Bound", "Lost"] {
        let name = phase.to_lowercase();
        all.push(claim(&format!("{name}-now"), bound.clone(), full(phase)));
        all.push(claim(&format!("{name}-free"), json!({}), full(phase)));
        all.push(deleted(claim(
            &format!("{name}-going"),
            bound.clone(),
            full(phase),
        )));
    }
    all
}

/// Quotas, which would refuse what comes after them.
pub fn quotas() -> Vec<Value> {
    let quota = |name: &str, hard: Value, used: Value| {
        object(
            "ResourceQuota",
            name,
            json!({"spec": {"hard": hard}, "status": {"hard": hard, "used": used}}),
        )
    };
    let hard = json!({"limits.cpu": "80000m", "limits.memory": "64Gi", "pods": "10k", "requests.cpu": "500",
        "count/jobs.batch": "900", "services": "900", "requests.storage": "100Ti"});
    vec![
        quota("fresh", hard.clone(), json!({})),
        quota(
            "used",
            hard,
            json!({"limits.cpu": "1500m", "pods": "3", "requests.cpu": "0"}),
        ),
        object(
            "ResourceQuota",
            "unseen",
            json!({"spec": {"hard": {"pods": "5k"}}}),
        ),
    ]
}

fn contents() -> Vec<Value> {
    vec![
        object(
            "LimitRange",
            "range",
            json!({"spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}}]}}),
        ),
        object(
            "ConfigMap",
            "two",
            json!({"data": {"a": "1"}, "binaryData": {"b": "AA=="}}),
        ),
        object(
            "Secret",
            "typed",
            json!({"type": "example.org/x", "data": {"a": "AA=="}}),
        ),
        object("Lease", "held", json!({"spec": {"holderIdentity": "me"}})),
        object("Lease", "free", json!({})),
        object("Namespace", "printed-going", json!({})),
    ]
}

fn rights() -> Vec<Value> {
    let group = "rbac.authorization.k8s.io";
    let role = |kind: &str| json!({"apiGroup": group, "kind": kind, "name": "view"});
    let subjects = json!([{"kind": "User", "apiGroup": group, "name": "ann"}, {"kind": "User", "apiGroup": group, "name": "bob"},
        {"kind": "Group", "apiGroup": group, "name": "team"}, {"kind": "ServiceAccount", "name": "default", "namespace": "x"}]);
    vec![
        object("Role", "reader", json!({"rules": []})),
        object("ClusterRole", "printed-reader", json!({"rules": []})),
        object(
            "RoleBinding",
            "of-role",
            json!({"roleRef": role("Role"), "subjects": subjects}),
        ),
        object(
            "RoleBinding",
            "of-cluster-role",
            json!({"roleRef": role("ClusterRole")}),
        ),
        object(
            "ClusterRoleBinding",
            "printed",
            json!({"roleRef": role("ClusterRole"), "subjects": subjects}),
        ),
    ]
}

fn events() -> Vec<Value> {
    let event = |name: &str, fields: Value| {
        let mut all = json!({"involvedObject": {"kind": "Pod", "name": "x", "fieldPath": "spec.containers{main}"}, "reason": "Why",
            "message": " two\nlines \n", "type": "Warning"});
        for (field, value) in fields.as_object().unwrap() {
            all[field] = value.clone();
        }
        let mut event = object("Event", name, all);
        event["involvedObject"]["namespace"] = NAMESPACE.into();
        event
    };
    let micro = |seconds: i64| ago(seconds).replace('Z', ".000000Z");
    let new = json!({"eventTime": micro(700), "reportingController": "example.org/c", "reportingComponent": "example.org/c",
        "reportingInstance": "c-1", "action": "Do"});
    let mut series = new.clone();
    series["series"] = json!({"count": 9, "lastObservedTime": micro(30)});
    vec![
        event(
            "old",
            json!({"count": 4, "firstTimestamp": ago(900), "lastTimestamp": ago(90), "source": {"component": "kubelet", "host": "node-0"}}),
        ),
        event(
            "old-once",
            json!({"firstTimestamp": ago(900), "lastTimestamp": ago(900), "source": {"component": "kubelet"}}),
        ),
        event("timeless", json!({"source": {}})),
        event("without-type", json!({"type": "", "count": 0})),
        event("new", new),
        event("series", series),
        event("first-only", json!({"firstTimestamp": ago(900), "count": 2})),
    ]
}

fn classes() -> Vec<Value> {
    let storage = |name: &str, fields: Value| object("StorageClass", name, fields);
    let default = |key: &str, value: &str| json!({"annotations": {key: value}});
    vec![
        storage("plain", json!({"provisioner": "example.org"})),
        storage(
            "default",
            json!({"provisioner": "example.org", "metadata": default("storageclass.kubernetes.io/is-default-class", "true"),
            "reclaimPolicy": "Retain", "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": true}),
        ),
        storage(
            "old-default",
            json!({"provisioner": "example.org", "metadata": default("storageclass.beta.kubernetes.io/is-default-class", "true")}),
        ),
        storage(
            "no-default",
            json!({"provisioner": "example.org", "metadata": default("storageclass.kubernetes.io/is-default-class", "false")}),
        ),
        object(
            "IngressClass",
            "default",
            json!({"spec": {"controller": "example.org/c"}, "metadata": default("ingressclass.kubernetes.io/is-default-class", "true")}),
        ),
        object(
            "IngressClass",
            "bare",
            json!({"spec": {"controller": "example.org/c"}}),
        ),
        object(
            "IngressClass",
            "with-parameters",
            json!({"spec": {"controller": "example.org/c", "parameters": {"apiGroup": "k.example.org", "kind": "P", "name": "p"}}}),
        ),
        object(
            "IngressClass",
            "with-core-parameters",
            json!({"spec": {"controller": "example.org/c", "parameters": {"kind": "ConfigMap", "name": "p", "namespace": "default", "scope": "Namespace"}}}),
        ),
        object(
            "PriorityClass",
            "high",
            json!({"value": 1000, "preemptionPolicy": "Never"}),
        ),
        object(
            "PriorityClass",
            "low",
            json!({"value": -7, "globalDefault": true}),
        ),
        object("RuntimeClass", "sandbox", json!({"handler": "gvisor"})),
        object(
            "CSIDriver",
            "full.example.org",
            json!({"spec": {"attachRequired": false, "podInfoOnMount": true, "storageCapacity": true, "requiresRepublish": true,
            "tokenRequests": [{"audience": "a"}, {"audience": "b"}], "volumeLifecycleModes": ["Persistent", "Ephemeral"]}}),
        ),
        object("CSIDriver", "bare.example.org", json!({"spec": {}})),
        object(
            "CSINode",
            "node-0",
            json!({"spec": {"drivers": [{"name": "full.example.org", "nodeID": "x", "topologyKeys": []}]}}),
        ),
        object(
            "VolumeAttachment",
            "attached",
            json!({"spec": {"attacher": "example.org", "nodeName": "node-0", "source": {"persistentVolumeName": "v"}}, "status": {"attached": true}}),
        ),
        object(
            "VolumeAttachment",
            "waiting",
            json!({"spec": {"attacher": "example.org", "nodeName": "node-0", "source": {"persistentVolumeName": "v"}}, "status": {"attached": false}}),
        ),
    ]
}

fn admission() -> Vec<Value> {
    let hook = |name: &str| {
        json!({"name": name, "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Ignore",
        "clientConfig": {"service": {"namespace": "default", "name": "hook"}}, "rules": []})
    };
    let validations = json!([{"expression": "true"}, {"expression": "1 == 1"}]);
    let constraints = json!({"resourceRules": [{"apiGroups": ["none.example.org"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nones"]}]});
    let mut with_params = json!({"spec": {"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}, "validations": validations, "matchConstraints": constraints}});
    let policy = with_params.clone();
    with_params["spec"].as_object_mut().unwrap().remove("paramKind");
    let bind = |params: Value| json!({"spec": {"policyName": "with", "validationActions": ["Warn"], "paramRef": params}});
    vec![
        object(
            "ValidatingWebhookConfiguration",
            "two",
            json!({"webhooks": [hook("a.example.org"), hook("b.example.org")]}),
        ),
        object("MutatingWebhookConfiguration", "none", json!({"webhooks": []})),
        object("ValidatingAdmissionPolicy", "with", policy),
        object("ValidatingAdmissionPolicy", "without", with_params),
        object(
            "ValidatingAdmissionPolicyBinding",
            "bare",
            json!({"spec": {"policyName": "with", "validationActions": ["Warn"]}}),
        ),
        object(
            "ValidatingAdmissionPolicyBinding",
            "named",
            bind(json!({"name": "p", "namespace": "default", "parameterNotFoundAction": "Allow"})),
        ),
        object(
            "ValidatingAdmissionPolicyBinding",
            "selected",
            bind(json!({"selector": {"matchLabels": {"a": "b"}}, "parameterNotFoundAction": "Allow"})),
        ),
        object(
            "ValidatingAdmissionPolicyBinding",
            "own-namespace",
            bind(json!({"name": "p", "parameterNotFoundAction": "Deny"})),
        ),
        object(
            "APIService",
            "v1.away.example.org",
            json!({"spec": {"group": "away.example.org", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
            "insecureSkipTLSVerify": true, "service": {"name": "nobody", "namespace": "default"}}}),
        ),
        object(
            "MutatingAdmissionPolicy",
            "changes",
            json!({"spec": {"reinvocationPolicy": "Never", "failurePolicy": "Ignore",
            "matchConstraints": constraints, "mutations": [{"patchType": "ApplyConfiguration",
                "applyConfiguration": {"expression": "Object{}"}}]}}),
        ),
        object(
            "MutatingAdmissionPolicyBinding",
            "changes",
            json!({"spec": {"policyName": "changes"}}),
        ),
        object(
            "CustomResourceDefinition",
            "things.printed.example.org",
            json!({"spec": {"group": "printed.example.org", "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"}, "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}}}]}}),
        ),
    ]
}
