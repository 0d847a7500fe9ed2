//! Status, scale and binding, and the tables that kubectl prints. Controllers see the objects too: what is compared is
//! what they leave alone.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Case, Step, case, delete, get, merge_patch, post, put};
use crate::run::compare;

const APPS: &str = "/apis/apps/v1/namespaces/{ns}";
const BATCH: &str = "/apis/batch/v1/namespaces/{ns}";
const CORE: &str = "/api/v1/namespaces/{ns}";
const NETWORK: &str = "/apis/networking.k8s.io/v1/namespaces/{ns}";
const ROWS: &[&str] = &["/code", "/body/columnDefinitions", "/body/rows/0/cells"];

fn named(name: &str, spec: Value) -> Value {
    json!({"metadata": {"name": name}, "spec": spec})
}

fn workload() -> Value {
    json!({"replicas": 0, "selector": {"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "app", "operator": "In", "values": ["b", "a"]}]},
        "template": {"metadata": {"labels": {"app": "a"}},
            "spec": {"nodeSelector": {"no": "where"}, "containers": [{"name": "c", "image": "x:1"}, {"name": "d", "image": "y"}]}}})
}

fn pod(more: Value) -> Vec<Step> {
    let mut spec = json!({"serviceAccountName": "robot", "automountServiceAccountToken": false,
        "schedulerName": "nobody", "containers": [{"name": "c", "image": "x"}, {"name": "d", "image": "y"}]});
    for (key, value) in more.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    vec![
        post(
            &format!("{CORE}/serviceaccounts"),
            json!({"metadata": {"name": "robot"}}),
        )
        .quiet(),
        post(&format!("{CORE}/pods"), named("a", spec)).quiet(),
    ]
}

/// A pod with a status, and its table.
fn shown(name: &'static str, more: Value, status: Value) -> Case {
    let mut steps = pod(more);
    steps.push(merge_patch(&format!("{CORE}/pods/a/status"), json!({"status": status})).only(&["/code"]));
    steps.push(get(&format!("{CORE}/pods/a")).table().only(ROWS));
    case(name, steps)
}

fn container(name: &str, ready: bool, restarts: u32, state: Value, last: Value) -> Value {
    json!({"name": name, "ready": ready, "restartCount": restarts, "image": "x", "imageID": "", "state": state, "lastState": last})
}

#[tokio::test]
async fn parts() -> Result<()> {
    let deployment = || post(&format!("{APPS}/deployments"), named("a", workload())).quiet();
    let scale = format!("{APPS}/deployments/a/scale");
    let whole = [
        "/code",
        "/body/kind",
        "/body/apiVersion",
        "/body/spec",
        "/body/status/selector",
        "/body/message",
        "/body/details",
    ];
    let time = "2026-01-01T00:00:00Z";
    // Each on a node of its own: the garbage collector of a real cluster deletes pods of a node that it has missed for
    // 40 seconds.
    let mut bound = pod(json!({}));
    let binding = |target: Value| {
        post(
            &format!("{CORE}/pods/a/binding"),
            json!({"metadata": {"name": "a"}, "target": target}),
        )
    };
    bound.extend([
        binding(json!({"kind": "Node", "name": "nowhere-{ns}"})),
        get(&format!("{CORE}/pods/a")).only(&["/body/spec/nodeName", "/body/status/conditions"]),
        binding(json!({"kind": "Node", "name": "elsewhere-{ns}"})),
        post(
            &format!("{CORE}/pods/a/binding"),
            json!({"metadata": {"name": "b"}, "target": {"name": "x"}}),
        ),
    ]);
    let mut deleted = pod(json!({}));
    deleted.extend([
        binding(json!({"kind": "Node", "name": "nowhere-{ns}"})).quiet(),
        delete(&format!("{CORE}/pods/a")).only(&[
            "/code",
            "/body/kind",
            "/body/metadata/deletionGracePeriodSeconds",
            "/body/metadata/generation",
        ]),
        delete(&format!("{CORE}/pods/a")).only(&[
            "/code",
            "/body/metadata/deletionGracePeriodSeconds",
            "/body/metadata/generation",
        ]),
        delete(&format!("{CORE}/pods/a?gracePeriodSeconds=0")).only(&["/code", "/body/metadata/name"]),
        get(&format!("{CORE}/pods/a")),
    ]);
    let mut of_status = pod(json!({}));
    of_status.extend([
        merge_patch(&format!("{CORE}/pods/a/status"), json!({"status": {"phase": "Running", "podIP": "1.2.3.4", "podIPs": [{"ip": "1.2.3.4"}],
            "conditions": [{"type": "Ready", "status": "True", "lastProbeTime": null, "lastTransitionTime": time}]}})),
        merge_patch(&format!("{CORE}/pods/a/status"), json!({"status": {"phase": "Failed", "reason": "Evicted"}, "spec": {"nodeName": "x"}})),
        get(&format!("{CORE}/pods/a/status")),
    ]);
    compare(vec![
        case("scale", [
            deployment(),
            get(&scale).only(&whole),
            put(&scale, json!({"metadata": {"name": "a", "namespace": "{ns}"}, "spec": {"replicas": 1}})).only(&whole),
            merge_patch(&scale, json!({"spec": {"replicas": 0}})).only(&whole),
            merge_patch(&scale, json!({"spec": {"replicas": -1}})).only(&whole),
            get(&format!("{APPS}/deployments/a")).only(&["/body/spec/replicas", "/body/metadata/generation"]),
            get(&format!("{APPS}/deployments/none/scale")),
        ]),
        case("binding", bound),
        case("a pod on a node is ended before it is gone", deleted),
        case("the status of a pod", of_status),
        case("the status of a node", [
            post("/api/v1/nodes?dryRun=All", json!({"metadata": {"name": "{ns}"}})).quiet(),
            merge_patch("/api/v1/nodes/none-{ns}/status", json!({"status": {}})),
        ]),
        case("the status of a claim", [
            post(&format!("{CORE}/persistentvolumeclaims"), named("a", json!({"accessModes": ["ReadWriteOnce"], "storageClassName": "none",
                "resources": {"requests": {"storage": "1Gi"}}}))).quiet(),
            get(&format!("{CORE}/persistentvolumeclaims/a")).table().only(ROWS),
        ]),
        shown("a pod that runs", json!({}), json!({"phase": "Running", "podIPs": [{"ip": "1.2.3.4"}], "podIP": "1.2.3.4",
            "containerStatuses": [container("c", true, 0, json!({"running": {"startedAt": time}}), json!({})),
                container("d", true, 0, json!({"running": {"startedAt": time}}), json!({}))]})),
        shown("a crash loop", json!({}), json!({"phase": "Running", "containerStatuses": [
            container("c", false, 3, json!({"waiting": {"reason": "CrashLoopBackOff"}}),
                json!({"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2020-01-01T00:00:00Z", "startedAt": null}})),
            container("d", true, 0, json!({"running": {"startedAt": time}}), json!({}))]})),
        shown("a container that was killed", json!({}), json!({"phase": "Running", "containerStatuses": [
            container("c", false, 0, json!({"terminated": {"exitCode": 137, "signal": 9, "finishedAt": time, "startedAt": null}}), json!({})),
            container("d", false, 0, json!({"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": time, "startedAt": null}}), json!({}))]})),
        shown("a pod that is done", json!({"restartPolicy": "Never"}), json!({"phase": "Succeeded", "containerStatuses": [
            container("c", false, 0, json!({"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": time, "startedAt": null}}), json!({}))]})),
        shown("an image that cannot be pulled", json!({}), json!({"phase": "Pending", "containerStatuses": [
            container("c", false, 0, json!({"waiting": {"reason": "ImagePullBackOff", "message": "m"}}), json!({}))]})),
        shown("a pod that begins", json!({"initContainers": [{"name": "i", "image": "x"}, {"name": "j", "image": "x"}]}),
            json!({"phase": "Pending", "initContainerStatuses": [
                container("i", true, 0, json!({"terminated": {"exitCode": 0, "finishedAt": time, "startedAt": null}}), json!({})),
                container("j", false, 2, json!({"waiting": {"reason": "PodInitializing"}}), json!({}))]})),
        shown("a pod that cannot begin", json!({"initContainers": [{"name": "i", "image": "x"}]}),
            json!({"phase": "Pending", "initContainerStatuses": [
                container("i", false, 1, json!({"terminated": {"exitCode": 3, "finishedAt": time, "startedAt": null}}), json!({}))]})),
        shown("an evicted pod with gates", json!({"readinessGates": [{"conditionType": "x.org/y"}]}), json!({"phase": "Failed", "reason": "Evicted"})),
    ])
    .await
}

#[tokio::test]
async fn tables() -> Result<()> {
    let table = |path: &str, body: Value| case("a table", [post(path, body).table().only(ROWS)]);
    let mut cases: Vec<Case> = ["deployments", "replicasets", "statefulsets", "daemonsets"]
        .iter()
        .map(|kind| {
            let mut spec = workload();
            if *kind == "daemonsets" {
                spec.as_object_mut().map(|fields| fields.remove("replicas"));
            }
            table(&format!("{APPS}/{kind}"), named("a", spec))
        })
        .collect();
    let jobs = json!({"suspend": true, "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "a:1"}]}}});
    let backend = json!({"service": {"name": "s", "port": {"number": 80}}});
    let rule = |host: &str| json!({"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}});
    let policy = |selector: Value| named("a", json!({"podSelector": selector}));
    cases.extend([
        case("tables of jobs", [
            post(&format!("{BATCH}/jobs"), named("a", jobs.clone())).table().only(&["/body/rows/0/cells/0", "/body/rows/0/cells/1", "/body/rows/0/cells/2", "/body/rows/0/cells/6"]),
            post(&format!("{BATCH}/cronjobs"), named("a", json!({"schedule": "@daily", "timeZone": "UTC", "suspend": true, "jobTemplate": {"spec": {"template": jobs["template"]}}}))).table().only(ROWS),
        ]),
        case("tables of services", [
            post(&format!("{CORE}/services"), named("e", json!({"type": "ExternalName", "externalName": "x.org"}))).table().only(ROWS),
            post(&format!("{CORE}/services"), named("h", json!({"clusterIP": "None", "selector": {"b": "1", "a": "2"}, "ports": [{"port": 80, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}]}))).table().only(ROWS),
            post(&format!("{CORE}/services"), named("l", json!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false, "externalIPs": ["1.2.3.4"], "ports": [{"port": 80}]}))).table().only(&["/body/rows/0/cells/1", "/body/rows/0/cells/3", "/body/rows/0/cells/4"]),
        ]),
        case("tables of endpoint slices", [
            post("/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices", json!({"metadata": {"name": "a"}, "addressType": "IPv4",
                "endpoints": [{"addresses": ["1.0.0.1"]}, {"addresses": ["1.0.0.2"]}, {"addresses": ["1.0.0.3"]}, {"addresses": ["1.0.0.4"]}],
                "ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]})).table().only(ROWS),
            post("/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices", json!({"metadata": {"name": "b"}, "addressType": "IPv4", "endpoints": []})).table().only(ROWS),
        ]),
        case("tables of ingresses", [
            post(&format!("{NETWORK}/ingresses"), named("a", json!({"rules": [rule("a.b")], "tls": [{"hosts": ["a.b"]}], "ingressClassName": "nginx"}))).table().only(ROWS),
            post(&format!("{NETWORK}/ingresses"), named("b", json!({"rules": [rule("a.b"), rule("c.d"), rule("e.f"), rule("g.h")]}))).table().only(ROWS),
            post(&format!("{NETWORK}/ingresses"), named("c", json!({"defaultBackend": backend}))).table().only(ROWS),
        ]),
        table(&format!("{NETWORK}/networkpolicies"), policy(json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}))),
        table(&format!("{NETWORK}/networkpolicies"), policy(json!({}))),
        table(&format!("{CORE}/persistentvolumeclaims"), named("a", json!({"accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1Gi"}}}))),
        table("/api/v1/persistentvolumes?dryRun=All", named("a", json!({"accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "capacity": {"storage": "1Gi"}, "storageClassName": "x",
            "claimRef": {"namespace": "n", "name": "c"}, "hostPath": {"path": "/x"}}))),
        table("/apis/storage.k8s.io/v1/storageclasses?dryRun=All", json!({"metadata": {"name": "a", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": "a.b/c"})),
        table("/apis/scheduling.k8s.io/v1/priorityclasses?dryRun=All", json!({"metadata": {"name": "a"}, "value": 7, "globalDefault": false})),
        table("/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets", named("a", json!({"minAvailable": "50%"}))),
        table("/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets", named("a", json!({"maxUnavailable": 1}))),
        table(&format!("{CORE}/limitranges"), named("a", json!({"limits": []}))),
        table("/api/v1/nodes?dryRun=All", json!({"metadata": {"name": "a", "labels": {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/a": ""}}, "spec": {"unschedulable": true},
            "status": {"conditions": [{"type": "Ready", "status": "False"}], "addresses": [{"type": "InternalIP", "address": "1.2.3.4"}],
                "nodeInfo": {"kubeletVersion": "v1", "architecture": "arm64", "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "6", "osImage": "", "containerRuntimeVersion": "c", "kubeProxyVersion": "", "operatingSystem": ""}}})),
    ]);
    compare(cases).await
}

#[tokio::test]
async fn tables_of_what_controllers_count() -> Result<()> {
    const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
    let made = |path: &str, body: Value| post(path, body).quiet();
    // What the controllers would say; in a dry run, so that they do not.
    let counted = |path: &str, status: Value| {
        merge_patch(&format!("{path}/status?dryRun=All"), json!({"status": status}))
            .table()
            .only(ROWS)
    };
    let event = |name: &str, more: Value| {
        let mut event = json!({"metadata": {"name": name}, "reason": "R", "message": " m\n", "type": "Normal",
            "involvedObject": {"kind": "Pod", "namespace": "{ns}", "name": "p", "fieldPath": "spec.containers{c}"}});
        for (key, value) in more.as_object().into_iter().flatten() {
            event[key] = value.clone();
        }
        post(&format!("{CORE}/events"), event).table().only(ROWS)
    };
    let micro = "2020-01-01T00:00:00.000000Z";
    let scalers = "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers";
    let scaler = format!("{scalers}/a");
    let target = |kind: &str, value: Value| json!({"type": kind, "averageUtilization": value});
    let resource =
        |name: &str, target: Value| json!({"type": "Resource", "resource": {"name": name, "target": target}});
    let average = json!({"type": "AverageValue", "averageValue": "100m"});
    let external =
        |target: Value| json!({"type": "External", "external": {"metric": {"name": "m"}, "target": target}});
    let scaled = |metrics: Value| {
        named(
            "a",
            json!({"maxReplicas": 3, "metrics": metrics,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}}),
        )
    };
    let now = |name: &str, current: Value| json!({"type": "Resource", "resource": {"name": name, "current": current}});
    let quota = json!({"hard": {"requests.cpu": "2", "limits.memory": "1Gi", "pods": "10", "limits.cpu": "4", "count/secrets": "9"}});
    let subjects = json!([{"kind": "User", "name": "u"}, {"kind": "Group", "name": "g"}, {"kind": "User", "name": "v"},
        {"kind": "ServiceAccount", "name": "s", "namespace": "n"}]);
    let role = |kind: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "r"});
    compare(vec![
        case("tables of events", [
            event("a", json!({})),
            event("b", json!({"firstTimestamp": "2020-01-01T00:00:00Z", "lastTimestamp": "2020-01-02T00:00:00Z", "count": 3,
                "source": {"component": "kubelet", "host": "n"}})),
            event("c", json!({"eventTime": micro, "reportingComponent": "x.org/y", "reportingInstance": "i", "action": "A"})),
            event("d", json!({"eventTime": micro, "reportingComponent": "x.org/y", "reportingInstance": "i", "action": "A",
                "series": {"count": 7, "lastObservedTime": "2021-01-01T00:00:00.000000Z"}})),
            event("e", json!({"involvedObject": {"kind": "Node", "namespace": "{ns}"}})),
        ]),
        case("tables of autoscalers", [
            made(scalers, scaled(json!([resource("cpu", target("Utilization", json!(80)))]))),
            counted(&scaler, json!({"currentReplicas": 2, "desiredReplicas": 2, "conditions": null, "currentMetrics": null})),
            counted(&scaler, json!({"currentReplicas": 2, "desiredReplicas": 2, "currentMetrics": [now("cpu", json!({"averageUtilization": 37, "averageValue": "37m"}))]})),
        ]),
        case("tables of autoscalers with several metrics", [
            made(scalers, scaled(json!([resource("memory", average.clone()), external(json!({"type": "Value", "value": "5"})), external(average)]))),
            counted(&scaler, json!({"currentReplicas": 2, "desiredReplicas": 2, "currentMetrics": [now("memory", json!({"averageValue": "37m"}))]})),
        ]),
        case("a table of autoscalers without metrics", [post(scalers, scaled(json!([]))).table().only(ROWS)]),
        case("tables of quotas", [
            post(&format!("{CORE}/resourcequotas"), named("a", quota.clone())).table().only(ROWS),
            counted(&format!("{CORE}/resourcequotas/a"), json!({"hard": quota["hard"], "used": {"requests.cpu": "500m", "limits.memory": "0", "pods": "1", "limits.cpu": "1", "count/secrets": "0"}})),
        ]),
        case("tables of bindings", [
            post(&format!("{RBAC}/namespaces/{{ns}}/rolebindings"), json!({"metadata": {"name": "a"}, "roleRef": role("Role"), "subjects": subjects})).table().only(ROWS),
            post(&format!("{RBAC}/clusterrolebindings?dryRun=All"), json!({"metadata": {"name": "a"}, "roleRef": role("ClusterRole"), "subjects": []})).table().only(ROWS),
        ]),
        case("empty tables", ["replicationcontrollers", "resourcequotas"].map(|kind| get(&format!("{CORE}/{kind}")).table())),
        case("more empty tables", [get(&format!("{APPS}/controllerrevisions")).table(), get("/apis/networking.k8s.io/v1/ingressclasses").table(), get(scalers).table()]),
    ])
    .await
}
