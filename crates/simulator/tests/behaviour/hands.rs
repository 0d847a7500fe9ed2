//! What was found by going through both servers by hand.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Step, apply, case, get, json_patch, merge_patch, post, strategic};
use crate::run::compare;

const SECRETS: &str = "/api/v1/namespaces/{ns}/secrets";
const PODS: &str = "/api/v1/namespaces/{ns}/pods";

fn secret(kind: &str, data: Value) -> Step {
    post(
        &format!("{SECRETS}?dryRun=All"),
        json!({"metadata": {"name": "a"}, "type": kind, "data": data}),
    )
}

fn brief(step: Step) -> Step {
    step.only(&["/code", "/body/message", "/body/details"])
}

#[tokio::test]
async fn what_hands_find() -> Result<()> {
    let one = format!("{SECRETS}/a");
    let encoded = |text: &str| brief(secret("Opaque", json!({"k": text})));
    let selected = |labels: &str| {
        brief(get(&format!("{SECRETS}?labelSelector={labels}"))).only(&[
            "/code",
            "/body/message",
            "/body/items/0/metadata/name",
            "/body/items/1",
        ])
    };
    compare(vec![
        case(
            "secrets of certain types",
            [
                secret("kubernetes.io/basic-auth", json!({"x": "YQ=="})),
                secret("kubernetes.io/basic-auth", json!({"password": "YQ=="})),
                secret("kubernetes.io/tls", json!({"tls.crt": "YQ=="})),
                secret("kubernetes.io/tls", json!({"tls.crt": "YQ==", "tls.key": ""})),
                secret("kubernetes.io/tls", Value::Null),
                secret("kubernetes.io/ssh-auth", json!({"ssh-privatekey": ""})),
                secret("kubernetes.io/ssh-auth", json!({"ssh-privatekey": "YQ=="})),
                secret("kubernetes.io/dockercfg", json!({"x": "YQ=="})),
                secret("kubernetes.io/dockerconfigjson", json!({"x": "YQ=="})),
                secret(
                    "kubernetes.io/dockerconfigjson",
                    json!({".dockerconfigjson": "e30="}),
                ),
                secret("kubernetes.io/service-account-token", json!({})),
                secret("example.com/own", json!({})),
            ]
            .map(brief),
        ),
        case(
            "values that are no base64",
            [
                encoded("%%%"),
                encoded("aGk"),
                encoded("aG\nkh\n"),
                encoded("aGkh="),
                encoded("a==="),
                encoded("aA=b"),
                encoded("aGkhaGk"),
                brief(secret("Opaque", json!({"k": 1}))),
                post(SECRETS, json!({"metadata": {"name": "a"}, "data": {"k": "YQ=="}})).quiet(),
                brief(apply(
                    &one,
                    "me",
                    json!({"apiVersion": "v1", "kind": "Secret", "data": {"k": "%"}}),
                )),
            ],
        ),
        case(
            "labels: lists with nothing in them",
            [
                post(SECRETS, json!({"metadata": {"name": "a", "labels": {"app": ""}}})).quiet(),
                post(
                    SECRETS,
                    json!({"metadata": {"name": "b", "labels": {"app": "b"}}}),
                )
                .quiet(),
                selected("app%20in%20("),
                selected("app%20in%20(b"),
                selected("app%20in%20(b,"),
                selected("app%20in%20(b,)"),
                selected("app%20in%20(,b)"),
                selected("app%20in%20(x,,y)"),
                selected("app%20in%20()"),
                selected("app%20in%20(b%20c)"),
                selected("app%20in%20(%3D)"),
                selected("app%20in"),
            ],
        ),
        case(
            "a strategic merge patch that is no object",
            [
                post(SECRETS, json!({"metadata": {"name": "a"}})).quiet(),
                brief(strategic(&one, json!("words"))),
                brief(strategic(&one, json!([1]))),
                brief(strategic(&one, json!(7))),
                brief(merge_patch(&one, json!("words"))),
                brief(json_patch(&one, json!("words"))),
            ],
        ),
        case(
            "a table of a kind that has no objects",
            [
                get("/api/v1/namespaces/{ns}/podtemplates").table(),
                get("/apis/node.k8s.io/v1/runtimeclasses").table(),
                get("/apis/storage.k8s.io/v1/csinodes?limit=3").table(),
            ],
        ),
        case(
            "Endpoints are deprecated",
            [
                get("/api/v1/namespaces/{ns}/endpoints"),
                get("/api/v1/namespaces/{ns}/endpoints/a"),
            ],
        ),
        case("pods know where they are", placed()),
        case("metrics and behaviors of autoscalers", scalers()),
    ])
    .await
}

/// Autoscalers with mistakes.
fn scalers() -> Vec<Step> {
    let scaler = |field: &str, value: Value| {
        let mut scaler = json!({"metadata": {"name": "a"}, "spec": {"maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}}});
        scaler["spec"][field] = value;
        let path = "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers?dryRun=All";
        brief(post(path, scaler))
    };
    let resource = |target: Value| json!({"type": "Resource", "resource": {"name": "cpu", "target": target}});
    let own = |name: &str| json!({"metric": {"name": name}, "target": {"type": "Value", "value": "1"}});
    let metrics = json!([
        {"type": "Nope"}, {"type": "Resource"}, {"type": "Pods", "pods": own("")}, {"type": "Pods", "pods": own("a")},
        resource(json!({"type": "Utilization"})),
        resource(json!({"type": "Utilization", "averageUtilization": 0, "averageValue": "1"})),
        resource(json!({"type": "AverageValue", "averageValue": "1"})),
        {"type": "External", "external": {"metric": {"name": ""}, "target": {"type": "Value", "value": "1"}}},
    ]);
    let rules = |policies: Value, window: i64, tolerance: &str| json!({"policies": policies, "stabilizationWindowSeconds": window, "tolerance": tolerance});
    let policy =
        |kind: &str, value: i64, period: i64| json!({"type": kind, "value": value, "periodSeconds": period});
    let mut bad = rules(json!([policy("Bar", 0, 1801), policy("Pods", -1, 0)]), 3601, "-1");
    bad["selectPolicy"] = json!("Foo");
    vec![
        scaler("metrics", metrics),
        scaler(
            "behavior",
            json!({"scaleUp": bad, "scaleDown": rules(json!([policy("Pods", 1, 1)]), -1, "0")}),
        ),
        scaler(
            "behavior",
            json!({"scaleUp": rules(json!([policy("Percent", 1, 1800)]), 3600, "100m")}),
        )
        .only(&["/code", "/body/spec"]),
        scaler("behavior", json!({"scaleDown": {"selectPolicy": "Disabled"}})).only(&["/code", "/body/spec"]),
    ]
}

/// Pods that get a node with a place, when they are made or later.
fn placed() -> Vec<Step> {
    let places =
        json!({"topology.kubernetes.io/zone": "z", "topology.kubernetes.io/region": "r", "other": "o"});
    let node = json!({"metadata": {"name": "node-{ns}", "labels": places},
        "spec": {"taints": [{"key": "placed", "effect": "NoExecute"}]}});
    let pod = |name: &str, node: Value| {
        json!({"metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": "mine", "own": "1"}}, "spec": {
            "nodeName": node, "schedulerName": "nobody", "serviceAccountName": "robot", "tolerations": [{"operator": "Exists"}],
            "containers": [{"name": "c", "image": "busybox:1"}]}})
    };
    let labels = &["/code", "/body/metadata/labels", "/body/spec/nodeName"];
    let binding = json!({"metadata": {"name": "later"}, "target": {"kind": "Node", "name": "node-{ns}"}});
    vec![
        post(
            "/api/v1/namespaces/{ns}/serviceaccounts",
            json!({"metadata": {"name": "robot"}}),
        )
        .quiet(),
        post("/api/v1/nodes", node).quiet(),
        post(PODS, pod("at-once", json!("node-{ns}"))).only(labels),
        post(PODS, pod("nowhere", json!("unknown-{ns}"))).only(labels),
        post(PODS, pod("later", Value::Null)).only(labels),
        post(&format!("{PODS}/later/binding"), binding).only(&["/code"]),
        get(&format!("{PODS}/later")).only(labels),
        crate::case::delete("/api/v1/nodes/node-{ns}").quiet(),
    ]
}
