//! The demo: how much of it there is, the faults that are in it, and that it lives.

use std::time::{Duration, Instant};

use serde_json::Value;
use simulator::{Clock, Scenario, Simulator};

use crate::cluster::{Cluster, PATHS, condition, container};

/// 12:08:20, when no CronJob is due: what they started is over.
const NOON: i64 = 1_795_262_900;

async fn demo() -> Cluster {
    let simulator = Simulator::new()
        .scenario(Scenario::Demo)
        .clock(Clock::manual(NOON));
    Cluster::start(simulator).await
}

fn names(objects: &[Value]) -> Vec<&str> {
    objects
        .iter()
        .filter_map(|o| o["metadata"]["name"].as_str())
        .collect()
}

#[tokio::test]
async fn it_is_there_at_once() {
    let start = Instant::now();
    let cluster = demo().await;
    // 300 ms are for an optimised build on a quiet machine; this one is neither.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    let mut count = 0;
    for path in PATHS.iter().filter(|path| !path.ends_with("/events")) {
        let objects = cluster.list(path).await;
        let bootstrap = |o: &&Value| o["metadata"]["labels"]["kubernetes.io/bootstrapping"].is_null();
        count += objects.iter().filter(bootstrap).count();
    }
    assert!((380..=480).contains(&count), "{count} objects");
    assert_eq!(cluster.list("api/v1/nodes").await.len(), 6);
    let spaces = cluster.list("api/v1/namespaces").await;
    let of_shop = spaces
        .iter()
        .filter(|o| o["metadata"]["labels"]["app.kubernetes.io/part-of"] == "shop");
    assert_eq!(of_shop.count(), 6);
    assert!(
        cluster
            .list("apis/apps/v1/deployments")
            .await
            .iter()
            .all(|d| { d["status"]["observedGeneration"] == d["metadata"]["generation"] })
    );
}

#[tokio::test]
async fn exactly_nine_things_are_wrong() {
    let cluster = demo().await;
    let nodes = cluster.list("api/v1/nodes").await;
    let lost: Vec<Value> = nodes
        .into_iter()
        .filter(|node| condition(node, "Ready")["status"] != "True")
        .collect();
    assert_eq!(names(&lost), ["worker-3"]);
    assert_eq!(condition(&lost[0], "Ready")["reason"], "NodeStatusUnknown");

    let pods = cluster.list("api/v1/pods").await;
    let mut wrong = Vec::new();
    for pod in pods.iter().filter(|pod| pod["spec"]["nodeName"] != "worker-3") {
        let app = pod["metadata"]["labels"]["app.kubernetes.io/name"]
            .as_str()
            .unwrap()
            .to_owned();
        let first = container(pod);
        let ended = pod["status"]["phase"] == "Succeeded";
        if let Some(reason) = first["state"]["waiting"]["reason"].as_str() {
            wrong.push((app.clone(), reason.to_owned()));
        } else if condition(pod, "PodScheduled")["status"] == "False" {
            wrong.push((
                app.clone(),
                condition(pod, "PodScheduled")["reason"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            ));
        } else if condition(pod, "Ready")["status"] != "True" && !ended {
            wrong.push((app.clone(), "NotReady".to_owned()));
        }
        if first["restartCount"].as_i64().unwrap_or_default() > 0 {
            let last = &first["lastState"]["terminated"];
            assert_eq!(last["exitCode"], 137);
            wrong.push((app, last["reason"].as_str().unwrap().to_owned()));
        }
    }
    wrong.retain(|(app, reason)| app != "invoice-renderer" || reason == "OOMKilled");
    wrong.sort();
    let wrong: Vec<(&str, &str)> = wrong
        .iter()
        .map(|(app, reason)| (app.as_str(), reason.as_str()))
        .collect();
    assert_eq!(
        wrong,
        [
            ("fraud-detection", "Unschedulable"),
            ("invoice-renderer", "OOMKilled"),
            ("notifications", "CreateContainerConfigError"),
            ("payout-worker", "ImagePullBackOff"),
            ("recommendations", "NotReady"),
        ]
    );

    let deployments = cluster.list("apis/apps/v1/deployments").await;
    let stuck: Vec<Value> = deployments
        .into_iter()
        .filter(|d| condition(d, "Progressing")["reason"] == "ProgressDeadlineExceeded")
        .collect();
    assert_eq!(
        names(&stuck),
        [
            "recommendations",
            "notifications",
            "fraud-detection",
            "payout-worker"
        ]
    );
    assert_eq!(stuck[0]["status"]["availableReplicas"], 3, "the old pods stay");

    let services = cluster.list("api/v1/services").await;
    let slices = cluster.list("apis/discovery.k8s.io/v1/endpointslices").await;
    let empty: Vec<&str> = slices
        .iter()
        .filter(|slice| slice["endpoints"].as_array().is_none_or(Vec::is_empty))
        .filter_map(|slice| slice["metadata"]["labels"]["kubernetes.io/service-name"].as_str())
        .collect();
    assert_eq!(empty, ["reviews"]);

    let mut missing = Vec::new();
    for ingress in cluster.list("apis/networking.k8s.io/v1/ingresses").await {
        for path in ingress["spec"]["rules"][0]["http"]["paths"].as_array().unwrap() {
            let wanted = &path["backend"]["service"]["name"];
            let is_it = |service: &&Value| {
                service["metadata"]["name"] == *wanted
                    && service["metadata"]["namespace"] == ingress["metadata"]["namespace"]
            };
            if services.iter().find(is_it).is_none() {
                missing.push(wanted.as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(missing, ["legacy-shop"]);

    let claims = cluster.list("api/v1/persistentvolumeclaims").await;
    let unbound: Vec<Value> = claims
        .into_iter()
        .filter(|c| c["status"]["phase"] != "Bound")
        .collect();
    assert_eq!(names(&unbound), ["warehouse-export"]);

    for set in cluster.list("apis/apps/v1/statefulsets").await {
        assert_eq!(
            set["status"]["readyReplicas"], set["spec"]["replicas"],
            "{}",
            set["metadata"]["name"]
        );
    }
}

#[tokio::test]
async fn its_events_say_why() {
    let cluster = demo().await;
    let events = cluster.list("api/v1/events").await;
    let said = |reason: &str, part: &str| {
        let of_reason = |e: &&Value| e["reason"] == reason && e["message"].as_str().unwrap().contains(part);
        assert!(events.iter().any(|e| of_reason(&e)), "{reason}: {part}");
    };
    said("FailedScheduling", "Insufficient cpu");
    said(
        "Failed",
        "couldn't find key smtp-host in ConfigMap orders/notifications",
    );
    said("FailedBinding", "no storage class is set");
    said("BackOff", "Back-off pulling image");
    said(
        "Unhealthy",
        "Readiness probe failed: HTTP probe failed with statuscode: 503",
    );
    said("NodeNotReady", "Node is not ready");
}

#[tokio::test]
async fn it_lives() {
    let cluster = demo().await;
    cluster.running.settle();
    let begin = cluster.running.resource_version();
    let images = |deployments: &[Value]| -> Vec<Value> {
        deployments
            .iter()
            .map(|d| d["spec"]["template"]["spec"]["containers"][0]["image"].clone())
            .collect()
    };
    let before = images(&cluster.list("apis/apps/v1/deployments").await);
    let jobs = cluster.list("apis/batch/v1/jobs").await;
    cluster.running.pass(1200);
    let writes = cluster.running.resource_version() - begin;
    assert!((600..6000).contains(&writes), "{writes} changes in 20 minutes");
    assert_ne!(
        images(&cluster.list("apis/apps/v1/deployments").await),
        before,
        "a rollout"
    );
    let newest = |jobs: &[Value]| {
        jobs.iter()
            .map(|j| j["metadata"]["creationTimestamp"].to_string())
            .max()
    };
    assert!(
        newest(&cluster.list("apis/batch/v1/jobs").await) > newest(&jobs),
        "a new job"
    );
    assert_eq!(cluster.list("apis/coordination.k8s.io/v1/leases").await.len(), 6);
    // What rolled over is whole again, and what was wrong still is.
    let deployments = cluster.list("apis/apps/v1/deployments").await;
    let unavailable: Vec<&Value> = deployments
        .iter()
        .filter(|d| condition(d, "Available")["status"] != "True")
        .map(|d| &d["metadata"]["name"])
        .collect();
    assert!(unavailable.len() <= 4, "{unavailable:?}");
    assert!(cluster.list("api/v1/pods").await.len() < 160, "nothing piles up");
}

#[tokio::test]
async fn it_has_a_gateway_and_a_kind_of_its_own() {
    let cluster = demo().await;
    let routes = cluster.list("apis/gateway.networking.k8s.io/v1/httproutes").await;
    assert_eq!(names(&routes), ["catalog", "web"]);
    let services = cluster.list("api/v1/services").await;
    for route in &routes {
        let parent = &route["spec"]["parentRefs"][0];
        let gateways = cluster.list("apis/gateway.networking.k8s.io/v1/gateways").await;
        assert!(gateways.iter().any(|it| it["metadata"]["name"] == parent["name"]));
        let to = &route["spec"]["rules"][0]["backendRefs"][0];
        let is_target = |it: &&Value| {
            it["metadata"]["name"] == to["name"]
                && it["metadata"]["namespace"] == route["metadata"]["namespace"]
        };
        let target = services.iter().find(is_target).unwrap();
        assert_eq!(target["spec"]["ports"][0]["port"], to["port"]);
    }
    let backups = cluster.list("apis/shop.example.com/v1/databasebackups").await;
    assert_eq!(names(&backups), ["catalog-db", "orders-db"]);
    assert_eq!(condition(&backups[0], "Ready")["status"], "True");
    // It is eight hours before noon.
    assert_eq!(backups[0]["status"]["lastBackupTime"], "2026-11-21T04:08:20Z");
}
