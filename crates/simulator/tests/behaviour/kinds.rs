//! Creating and changing objects of the kinds that people run things with: defaults, checks, immutable fields. The
//! real cluster's controllers see these objects as well, so that later answers are compared in parts.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Case, Step, case, delete, merge_patch, post, put, strategic};
use crate::run::compare;

const APPS: &str = "/apis/apps/v1/namespaces/{ns}";
const BATCH: &str = "/apis/batch/v1/namespaces/{ns}";
const CORE: &str = "/api/v1/namespaces/{ns}";
const NETWORK: &str = "/apis/networking.k8s.io/v1/namespaces/{ns}";
const PARTS: &[&str] = &[
    "/code",
    "/body/spec",
    "/body/metadata/labels",
    "/body/message",
    "/body/details",
];

fn named(name: &str, spec: Value) -> Value {
    json!({"metadata": {"name": name}, "spec": spec})
}

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": image}]}})
}

fn workload(image: &str) -> Value {
    json!({"selector": {"matchLabels": {"app": "a"}}, "template": template(image)})
}

fn job() -> Value {
    json!({"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "a:1"}]}}})
}

/// A pod of an account that there is, so that it does not matter when the controllers make the default one.
fn pod(name: &str, spec: Value) -> Step {
    let mut spec = spec;
    spec["serviceAccountName"] = json!("robot");
    // No node has this label: the pod stays as it is.
    spec["nodeSelector"] = json!({"nowhere": "at-all"});
    post(&format!("{CORE}/pods"), named(name, spec))
}

fn pods(name: &'static str, steps: impl IntoIterator<Item = Step>) -> Case {
    let robot = post(
        &format!("{CORE}/serviceaccounts"),
        json!({"metadata": {"name": "robot"}}),
    )
    .quiet();
    case(name, [robot].into_iter().chain(steps))
}

#[tokio::test]
async fn workloads() -> Result<()> {
    let mut cases = Vec::new();
    for (name, kind) in [
        ("deployments", "deployments"),
        ("replica sets", "replicasets"),
        ("stateful sets", "statefulsets"),
        ("daemon sets", "daemonsets"),
    ] {
        let path = format!("{APPS}/{kind}");
        cases.push(case(name, [
            post(&path, named("a", workload("nginx"))),
            post(&path, json!({"metadata": {"name": "b"}})),
            post(&path, named("b", json!({"replicas": -1, "selector": {"matchLabels": {"app": "b"}},
                "template": {"metadata": {"labels": {"app": "a"}},
                    "spec": {"restartPolicy": "Never", "containers": [{"name": "C_", "image": ""}]}}}))),
            post(&path, named("b", json!({"selector": {}, "template": {"metadata": {"labels": {"app": "a"}},
                "spec": {"containers": []}}}))),
            put(&format!("{path}/a?dryRun=All"), named("a", json!({"selector": {"matchLabels": {"app": "z"}},
                "template": {"metadata": {"labels": {"app": "z"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}})))
                .only(&["/code", "/body/message", "/body/details"]),
            put(&format!("{path}/a"), named("a", workload("nginx:2"))).only(PARTS),
            strategic(&format!("{path}/a"), json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": "1"}]}]}}}}))
                .only(PARTS),
            post(&format!("{path}?fieldValidation=Strict"), json!({"metadata": {"name": "c"}, "spec": {"nope": 1, "template": {"spec": {"x": 1}}}})),
            merge_patch(&format!("{path}/a"), json!({"spec": {"revisionHistoryLimit": "x"}})).only(&["/code"]).quiet(),
        ]));
    }
    cases.extend([
        case("a deployment with everything", [post(&format!("{APPS}/deployments"), named("a", json!({
            "replicas": 0, "paused": true, "minReadySeconds": 5, "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]},
            "template": {"metadata": {"labels": {"app": "a"}}, "spec": {
                "initContainers": [{"name": "i", "image": "b@sha256:0000000000000000000000000000000000000000000000000000000000000000"}],
                "containers": [{"name": "c", "image": "registry:5000/x/y:latest", "args": ["a"],
                    "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}},
                    "readinessProbe": {"httpGet": {"port": "web"}, "timeoutSeconds": 0},
                    "livenessProbe": {"grpc": {"port": 80}}, "startupProbe": {"tcpSocket": {"port": 80}},
                    "lifecycle": {"preStop": {"httpGet": {"port": 80}}},
                    "envFrom": [{"secretRef": {"name": "x"}}],
                    "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, {"name": "B", "value": ""}],
                    "ports": [{"containerPort": 80, "name": "web"}], "volumeMounts": [{"name": "s", "mountPath": "/s"}]}],
                "volumes": [{"name": "s", "secret": {"secretName": "x"}}, {"name": "e"}, {"name": "h", "hostPath": {"path": "/"}},
                    {"name": "m", "configMap": {"name": "x"}}, {"name": "c", "persistentVolumeClaim": {"claimName": "x"}},
                    {"name": "p", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}, {"downwardAPI": {"items":
                        [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}}]}}],
                "serviceAccountName": "x", "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["h"]}],
                "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1,
                    "podAffinityTerm": {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "a"}}}}]}},
                "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": {"app": "a"}}}],
                "tolerations": [{"operator": "Exists"}], "imagePullSecrets": [{"name": "x"}]}}})))]),
        case("a stateful set with claims", [post(&format!("{APPS}/statefulsets"), named("a", json!({
            "serviceName": "s", "selector": {"matchLabels": {"app": "a"}}, "template": template("db:1"), "replicas": 0,
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1024Mi"}}}}]})))]),
        case("jobs", [
            post(&format!("{BATCH}/jobs"), named("a", json!({"suspend": true, "parallelism": 2, "template": job()["template"]}))),
            post(&format!("{BATCH}/jobs"), named("b", json!({"template": {"spec": {"containers": [{"name": "c", "image": "a"}]}}}))),
            post(&format!("{BATCH}/jobs"), json!({"metadata": {"name": "b"}})),
            post(&format!("{BATCH}/jobs"), named("c", json!({"suspend": true, "template": {"metadata": {"labels": {"x": "y"}}, "spec": job()["template"]["spec"]}}))),
            merge_patch(&format!("{BATCH}/jobs/a"), json!({"spec": {"completions": 5}})).only(&["/code", "/body/message", "/body/details"]),
        ]),
        case("cron jobs", [
            post(&format!("{BATCH}/cronjobs"), named("a", json!({"schedule": "*/5 0 1 1 *", "suspend": true, "jobTemplate": {"spec": job()}}))),
            post(&format!("{BATCH}/cronjobs"), named("b", json!({"schedule": "nope", "jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "a"}]}}}}}))),
            post(&format!("{BATCH}/cronjobs"), json!({"metadata": {"name": "b"}})),
            merge_patch(&format!("{BATCH}/cronjobs/a"), json!({"spec": {"schedule": "@daily"}})).only(PARTS),
        ]),
    ]);
    compare(cases).await
}

#[tokio::test]
async fn pods_of_people() -> Result<()> {
    let one = |more: Value| {
        let mut container = json!({"name": "c", "image": "a"});
        for (key, value) in more.as_object().into_iter().flatten() {
            container[key] = value.clone();
        }
        json!({"automountServiceAccountToken": false, "containers": [container]})
    };
    compare(vec![
        pods("a pod", [pod("a", json!({"containers": [{"name": "c", "image": "nginx"}]}))]),
        pods("a pod of a team that set limits", [pod("a", one(json!({
            "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}, "requests": {"cpu": "100m"}}, "ports": [{"containerPort": 80}],
            "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "livenessProbe": {"httpGet": {"port": 80}}})))]),
        pods("guaranteed", [pod("a", one(json!({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}})))]),
        pods("a pod without an account", [post(&format!("{CORE}/pods"),
            named("a", json!({"serviceAccountName": "nope", "containers": [{"name": "c", "image": "a"}]})))]),
        pods("a pod without containers", [pod("a", json!({})), post(&format!("{CORE}/pods"), json!({"metadata": {"name": "X"}, "spec": {"serviceAccountName": "robot"}}))]),
        pods("mistakes all over", [pod("a", json!({"restartPolicy": "Nope", "dnsPolicy": "x", "containers": [
            {"image": "a"}, {"name": "b"},
            {"name": "b", "image": "b", "imagePullPolicy": "N",
                "ports": [{"containerPort": 0}, {"containerPort": 70000, "name": "A_", "protocol": "X"}],
                "env": [{"name": ""}, {"name": "a=b"}],
                "volumeMounts": [{"name": "nope", "mountPath": "/x"}, {"name": "nope"}]}],
            "volumes": [{"name": "V_"}, {"name": "v", "emptyDir": {}, "secret": {}}, {"name": "v"}]}))]),
        pods("resources", [
            pod("a", one(json!({"resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}}))),
            pod("a", one(json!({"resources": {"limits": {"cpu": "1x"}}}))),
            pod("a", one(json!({"resources": {"limits": {"cpu": "-1"}}}))),
            pod("a", one(json!({"resources": {"limits": {"foo": "1"}}}))),
        ]),
        pods("probes", [pod("a", one(json!({"livenessProbe": {}, "readinessProbe": {"httpGet": {}}})))]),
        pods("values of another type", [pod("a", one(json!({"ports": [{"containerPort": "80"}]})))]),
        pods("unknown fields", [
            pod("a", one(json!({"x": 1}))),
            post(&format!("{CORE}/pods?fieldValidation=Strict"), named("b", json!({"nope": 1, "containers": [{"x": 1}]}))),
        ]),
        pods("another image", [
            pod("a", one(json!({}))),
            strategic(&format!("{CORE}/pods/a"), json!({"spec": {"containers": [{"name": "c", "image": "b"}]}}))
                .only(&["/code", "/body/spec", "/body/metadata/generation"]),
            merge_patch(&format!("{CORE}/pods/a"), json!({"metadata": {"labels": {"x": "y"}}})).only(&["/code", "/body/metadata/labels"]),
            delete(&format!("{CORE}/pods/a")).only(&["/code", "/body/kind"]),
        ]),
    ])
    .await
}

#[tokio::test]
async fn networks() -> Result<()> {
    let services = format!("{CORE}/services");
    let service = |name: &str, spec: Value| post(&services, named(name, spec));
    let slices = "/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices";
    compare(vec![
        case("services", [
            service("a", json!({"selector": {"app": "a"}, "ports": [{"port": 80}]})),
            service("h", json!({"clusterIP": "None", "selector": {"app": "a"}, "ports": [{"port": 80, "targetPort": "web"}]})),
            service("n", json!({"type": "NodePort", "ports": [{"port": 80}]})),
            service("l", json!({"type": "LoadBalancer", "ports": [{"port": 80}]})),
            service("e", json!({"type": "ExternalName", "externalName": "x.org"})),
            service("s", json!({"sessionAffinity": "ClientIP", "ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "b", "protocol": "UDP"}]})),
        ]),
        case("services with mistakes", [
            post(&services, json!({"metadata": {"name": "x"}})),
            service("X_", json!({"ports": [{"port": 0}, {"port": 70000, "name": "a", "protocol": "U"}]})),
            service("x", json!({"type": "Nope", "sessionAffinity": "x", "ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "a"}]})),
            service("x", json!({"clusterIP": "10.9.3.4", "ports": [{"port": 80}]})),
            service("x", json!({"clusterIP": "1.2.3", "ports": [{"port": 80}]})),
            service("x", json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]})),
            service("x", json!({"type": "ExternalName"})),
            service("x", json!({"ports": [{"port": 80, "nodePort": 30001}]})),
        ]),
        case("a service changes", [
            service("a", json!({"type": "NodePort", "selector": {"app": "a"}, "ports": [{"port": 80}]})),
            put(&format!("{services}/a"), named("a", json!({"type": "NodePort", "selector": {"app": "b"}, "ports": [{"port": 80}]}))).only(PARTS),
            put(&format!("{services}/a"), named("a", json!({"type": "NodePort", "clusterIP": "10.0.255.77", "ports": [{"port": 80}]}))).only(&["/code", "/body/details/causes/0/field"]),
            merge_patch(&format!("{services}/a"), json!({"spec": {"ports": [{"port": 81, "name": "x"}]}})).only(PARTS),
        ]),
        case("endpoint slices", [
            post(slices, json!({"metadata": {"name": "a"}, "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": [{"port": 80}]})),
            post(slices, json!({"metadata": {"name": "b"}})),
            post(slices, json!({"metadata": {"name": "b"}, "addressType": "IPv4", "endpoints": [{"addresses": ["x"]}, {"addresses": []}], "ports": [{"port": 80}, {"port": 81}]})),
        ]),
        case("ingresses", [
            post(&format!("{NETWORK}/ingresses"), named("a", json!({"rules": [{"host": "a.b", "http": {"paths": [{"path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "s", "port": {"number": 80}}}}]}}], "tls": [{"hosts": ["a.b"], "secretName": "t"}]}))),
            post(&format!("{NETWORK}/ingresses"), json!({"metadata": {"name": "b"}})),
            post(&format!("{NETWORK}/ingresses"), named("b", json!({"rules": [{"host": "A_", "http": {"paths": [
                {"path": "x", "backend": {"service": {"name": "s"}}}, {"pathType": "Prefix", "path": "x", "backend": {}}]}}]}))),
            merge_patch(&format!("{NETWORK}/ingresses/a"), json!({"spec": {"ingressClassName": "x"}})),
        ]),
        case("network policies", [
            post(&format!("{NETWORK}/networkpolicies"), named("a", json!({"ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80}]}]}))),
            post(&format!("{NETWORK}/networkpolicies"), named("e", json!({"egress": [{}]}))),
            post(&format!("{NETWORK}/networkpolicies"), json!({"metadata": {"name": "b"}})),
            post(&format!("{NETWORK}/networkpolicies"), named("c", json!({"policyTypes": ["X"], "ingress": [{"from": [{}], "ports": [{"port": 0}]}]}))),
        ]),
    ])
    .await
}

#[tokio::test]
async fn everything_else() -> Result<()> {
    let scalers = "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers";
    let budgets = "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets";
    let classes = "/apis/storage.k8s.io/v1/storageclasses";
    let priorities = "/apis/scheduling.k8s.io/v1/priorityclasses";
    let target = json!({"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"});
    compare(vec![
        case("claims", [
            post(&format!("{CORE}/persistentvolumeclaims"), named("a", json!({"accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1024Mi"}}}))),
            post(&format!("{CORE}/persistentvolumeclaims"), json!({"metadata": {"name": "b"}})),
            post(&format!("{CORE}/persistentvolumeclaims"), named("b", json!({"accessModes": ["X"], "resources": {"requests": {"storage": "-1Gi"}}}))),
        ]),
        case("volumes", [
            post("/api/v1/persistentvolumes", named("{ns}-a", json!({"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/x"}}))),
            post("/api/v1/persistentvolumes", named("b", json!({}))),
            post("/api/v1/persistentvolumes", named("b", json!({"accessModes": ["X"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/x"}, "nfs": {"server": "a", "path": "/"}}))),
        ]),
        case("storage classes", [
            post(classes, json!({"metadata": {"name": "{ns}"}, "provisioner": "a.b/c"})),
            post(classes, json!({"metadata": {"name": "x"}})),
            merge_patch(&format!("{classes}/{{ns}}"), json!({"provisioner": "z"})),
            delete(&format!("{classes}/{{ns}}")),
        ]),
        case("nodes", [
            post("/api/v1/nodes?dryRun=All", json!({"metadata": {"name": "{ns}"}, "status": {"capacity": {"cpu": "4"}}})),
            post("/api/v1/nodes?dryRun=All", named("{ns}", json!({"podCIDR": "10.1.0.0/24", "unschedulable": true}))),
            post("/api/v1/nodes", named("X_", json!({"taints": [{"key": "a"}, {"key": "a b", "effect": "X"}]}))),
        ]),
        case("autoscalers", [
            post(scalers, named("a", json!({"maxReplicas": 3, "scaleTargetRef": target}))),
            post(scalers, named("b", json!({"maxReplicas": 3, "scaleTargetRef": target, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}}))),
            post(scalers, json!({"metadata": {"name": "c"}})),
            post(scalers, named("c", json!({"minReplicas": 5, "maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment"}}))),
        ]),
        case("disruption budgets", [
            post(budgets, named("a", json!({"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}}))),
            post(budgets, json!({"metadata": {"name": "b"}})),
            post(budgets, named("c", json!({"minAvailable": 1, "maxUnavailable": 1}))),
            post(budgets, named("c", json!({"minAvailable": "x", "selector": {"matchLabels": {"a b": "c"}}}))),
        ]),
        case("quotas", [
            post(&format!("{CORE}/resourcequotas"), named("a", json!({"hard": {"requests.cpu": "1000m", "services": "2"}}))),
            post(&format!("{CORE}/resourcequotas"), json!({"metadata": {"name": "b"}})),
            post(&format!("{CORE}/resourcequotas"), named("c", json!({"hard": {"podz": "10"}}))),
            post(&format!("{CORE}/resourcequotas"), named("c", json!({"hard": {"pods": "-1"}}))),
        ]),
        case("limit ranges", [
            post(&format!("{CORE}/limitranges"), named("a", json!({"limits": [{"type": "Container", "max": {"cpu": "2"}, "min": {"cpu": "100m", "memory": "1Mi"}}]}))),
            post(&format!("{CORE}/limitranges"), json!({"metadata": {"name": "b"}})),
        ]),
        case("priority classes", [
            post(priorities, json!({"metadata": {"name": "{ns}"}, "value": 7})),
            post(priorities, json!({"metadata": {"name": "x"}, "value": 2_000_000_000, "preemptionPolicy": "X"})),
            merge_patch(&format!("{priorities}/{{ns}}"), json!({"value": 9})),
            merge_patch(&format!("{priorities}/{{ns}}"), json!({"description": "x"})),
            delete(&format!("{priorities}/{{ns}}")),
        ]),
        case("events", [
            post(&format!("{CORE}/events"), json!({"metadata": {"name": "a"}, "involvedObject": {"kind": "Pod", "name": "p", "namespace": "{ns}"},
                "reason": "X", "message": "m", "type": "Normal", "count": 1})),
            post(&format!("{CORE}/events"), json!({"metadata": {"name": "b"}})),
        ]),
    ])
    .await
}
