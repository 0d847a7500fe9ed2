//! LimitRanges and ResourceQuotas, on what clients create.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Case, Step, case, get, merge_patch, post};
use crate::run::compare;

const CORE: &str = "/api/v1/namespaces/{ns}";

/// A pod that nobody schedules or runs, with containers that ask for these.
fn pod(name: &str, resources: &[Value]) -> Value {
    let container = |(index, resources): (usize, &Value)| json!({"name": format!("c{index}"), "image": "x", "resources": resources});
    let containers: Vec<Value> = resources.iter().enumerate().map(container).collect();
    json!({"metadata": {"name": name}, "spec": {"serviceAccountName": "robot", "automountServiceAccountToken": false,
        "schedulerName": "nobody", "containers": containers}})
}

fn create(name: &str, resources: &[Value]) -> Step {
    post(&format!("{CORE}/pods"), pod(name, resources))
}

/// Admission reads through a cache that may be a moment behind on the real server.
fn settled() -> Step {
    get(&format!("{CORE}/pods?watch=1&timeoutSeconds=1")).quiet()
}

fn beside(name: &'static str, made: Vec<Step>, steps: Vec<Step>) -> Case {
    let robot = post(
        &format!("{CORE}/serviceaccounts"),
        json!({"metadata": {"name": "robot"}}),
    )
    .quiet();
    case(name, [robot].into_iter().chain(made).chain(steps))
}

fn range(limits: Value) -> Vec<Step> {
    let body = json!({"metadata": {"name": "l"}, "spec": {"limits": limits}});
    vec![post(&format!("{CORE}/limitranges"), body).quiet(), settled()]
}

#[tokio::test]
async fn limit_ranges() -> Result<()> {
    let claim = |size: &str| {
        let spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}});
        post(
            &format!("{CORE}/persistentvolumeclaims"),
            json!({"metadata": {"name": format!("claim-{}", size.to_lowercase())}, "spec": spec}),
        )
    };
    let mut initial = pod("initial", &[json!({})]);
    initial["spec"]["initContainers"] = json!([{"name": "i", "image": "x"}]);
    compare(vec![
        beside(
            "what containers ask for by default",
            range(json!([{"type": "Container", "default": {"cpu": "200m", "memory": "256Mi"}, "defaultRequest": {"cpu": "100m"}}])),
            vec![
                create("none", &[json!({})]),
                create("some", &[json!({"requests": {"cpu": "150m"}}), json!({"limits": {"memory": "1Gi"}})]),
                create("all", &[json!({"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "2m", "memory": "2Mi"}})]),
                post(&format!("{CORE}/pods"), initial),
                create("more", &[json!({"requests": {"cpu": "500m"}})]),
            ],
        ),
        beside(
            "what containers may ask for",
            range(json!([{"type": "Container", "min": {"cpu": "50m"}, "max": {"memory": "1Gi"}}])),
            vec![
                create("fits", &[json!({"requests": {"cpu": "50m"}, "limits": {"memory": "1Gi"}})]),
                create("large", &[json!({"requests": {"cpu": "50m"}, "limits": {"memory": "2Gi"}})]),
                create("small", &[json!({"requests": {"cpu": "10m"}, "limits": {"memory": "1Gi"}})]),
                create("limited", &[json!({"limits": {"cpu": "20m"}})]),
                create("silent", &[json!({})]),
                create("fits", &[json!({"requests": {"cpu": "10m"}})]),
            ],
        ),
        beside(
            "what pods may ask for together",
            range(json!([{"type": "Pod", "max": {"memory": "1Gi"}}])),
            vec![
                create("fits", &[json!({"limits": {"memory": "512Mi"}}), json!({"limits": {"memory": "512Mi"}})]),
                create("large", &[json!({"limits": {"memory": "512Mi"}}), json!({"limits": {"memory": "768Mi"}})]),
                create("silent", &[json!({})]),
            ],
        ),
        beside(
            "what claims may ask for",
            range(json!([{"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "10Gi"}}])),
            vec![claim("5Gi"), claim("20Gi"), claim("500Mi")],
        ),
    ])
    .await
}

/// A quota that is counted.
fn quota(hard: Value) -> Vec<Step> {
    let used: Value = hard.as_object().map_or(json!({}), |hard| {
        hard.keys()
            .map(|resource| (resource.clone(), json!("0")))
            .collect::<serde_json::Map<_, _>>()
            .into()
    });
    let path = format!("{CORE}/resourcequotas/q");
    vec![
        post(
            &format!("{CORE}/resourcequotas"),
            json!({"metadata": {"name": "q"}, "spec": {"hard": hard.clone()}}),
        )
        .quiet(),
        merge_patch(
            &format!("{path}/status"),
            json!({"status": {"hard": hard.clone(), "used": used.clone()}}),
        )
        .quiet(),
        get(&path).until("/body/status/used", used).quiet(),
        settled(),
    ]
}

#[tokio::test]
async fn quotas() -> Result<()> {
    let left = || get(&format!("{CORE}/resourcequotas/q")).only(&["/body/status"]);
    let asks = |cpu: &str, memory: &str| json!({"requests": {"cpu": cpu}, "limits": {"memory": memory}});
    let service = |name: &str, spec: Value| {
        let mut spec = spec;
        spec["ports"] = json!([{"port": 80}]);
        post(
            &format!("{CORE}/services"),
            json!({"metadata": {"name": name}, "spec": spec}),
        )
        .only(&["/code", "/body/message", "/body/details"])
    };
    let claim = |name: &str, size: &str| {
        let spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}});
        post(
            &format!("{CORE}/persistentvolumeclaims"),
            json!({"metadata": {"name": name}, "spec": spec}),
        )
    };
    let secret = |name: &str| post(&format!("{CORE}/secrets"), json!({"metadata": {"name": name}}));
    compare(vec![
        beside(
            "pods and what they ask for",
            quota(json!({"pods": "2", "requests.cpu": "1", "limits.memory": "1Gi"})),
            vec![
                create("silent", &[json!({})]),
                create("half", &[asks("100m", "128Mi"), json!({"requests": {"cpu": "1m"}})]),
                create("large", &[asks("2", "2Gi")]),
                create("one", &[asks("400m", "256Mi")]),
                left(),
                create("two", &[asks("700m", "256Mi")]),
                create("two", &[asks("300m", "256Mi"), asks("300m", "256Mi")]),
                left(),
                create("three", &[asks("1m", "1Mi")]),
                create("two", &[asks("1m", "1Mi")]),
            ],
        ),
        beside(
            "cpu and memory without a prefix",
            quota(json!({"cpu": "1", "memory": "1Gi"})),
            vec![
                create("silent", &[json!({"requests": {"cpu": "1"}})]),
                create("one", &[json!({"requests": {"cpu": "1500m", "memory": "1Gi"}})]),
                create("two", &[json!({"limits": {"cpu": "500m", "memory": "1Gi"}})]),
                left(),
            ],
        ),
        beside(
            "what is only tried is not counted",
            quota(json!({"pods": "1"})),
            vec![
                post(&format!("{CORE}/pods?dryRun=All"), pod("a", &[json!({})])),
                left(),
                create("a", &[json!({})]),
                post(&format!("{CORE}/pods?dryRun=All"), pod("b", &[json!({})])),
            ],
        ),
        beside(
            "other objects",
            quota(json!({"secrets": "1", "count/deployments.apps": "0", "persistentvolumeclaims": "2", "requests.storage": "10Gi"})),
            vec![
                secret("one"),
                secret("two"),
                post(
                    "/apis/apps/v1/namespaces/{ns}/deployments",
                    json!({"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}},
                        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}}}),
                ),
                claim("one", "8Gi"),
                claim("two", "4Gi"),
                left(),
            ],
        ),
        beside(
            "services",
            quota(json!({"services": "2", "services.nodeports": "1", "services.loadbalancers": "0"})),
            vec![
                service("plain", json!({})),
                service("balanced", json!({"type": "LoadBalancer"})),
                service("port", json!({"type": "NodePort"})),
                service("third", json!({})),
                left(),
            ],
        ),
    ])
    .await
}
