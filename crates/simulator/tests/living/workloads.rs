//! What controllers make of what is wanted.

use serde_json::{Value, json};

use crate::cluster::{Cluster, condition, container};

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1.0.0
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {port: http}, initialDelaySeconds: 4}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
";
const DEPLOYMENT: &str = "apis/apps/v1/namespaces/default/deployments/web";

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

#[tokio::test]
async fn a_deployment_becomes_addresses() {
    let cluster = Cluster::of(WEB).await;
    cluster.running.pass(30);
    let deployment = cluster.get(DEPLOYMENT).await;
    assert_eq!(deployment["status"]["availableReplicas"], 4);
    assert_eq!(deployment["status"]["observedGeneration"], 1);
    assert_eq!(
        condition(&deployment, "Available")["reason"],
        "MinimumReplicasAvailable"
    );
    assert_eq!(
        condition(&deployment, "Progressing")["reason"],
        "NewReplicaSetAvailable"
    );
    let set = &cluster.list("apis/apps/v1/replicasets").await[0];
    let owner = &set["metadata"]["ownerReferences"][0];
    assert_eq!(owner["uid"], deployment["metadata"]["uid"]);
    assert_eq!(
        (&owner["controller"], &owner["blockOwnerDeletion"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        set["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "1"
    );
    let hash = &set["metadata"]["labels"]["pod-template-hash"];
    let pods = cluster.list("api/v1/pods").await;
    assert_eq!(pods.len(), 4);
    for pod in &pods {
        assert_eq!(pod["metadata"]["labels"]["pod-template-hash"], *hash);
        assert_eq!(pod["status"]["phase"], "Running");
        assert_eq!(pod["spec"]["tolerations"].as_array().unwrap().len(), 2);
        assert_eq!(pod["spec"]["containers"][0]["volumeMounts"][0]["readOnly"], true);
    }
    let on_one = pods.iter().filter(|pod| pod["spec"]["nodeName"] == "one").count();
    assert_eq!(on_one, 2, "they spread");
    let slice = &cluster.list("apis/discovery.k8s.io/v1/endpointslices").await[0];
    assert_eq!(slice["endpoints"].as_array().unwrap().len(), 4);
    assert!(
        slice["endpoints"]
            .as_array()
            .unwrap()
            .iter()
            .all(|e| e["conditions"]["ready"] == true)
    );
    assert_eq!(
        slice["ports"],
        json!([{"name": "", "port": 8080, "protocol": "TCP"}])
    );
}

#[tokio::test]
async fn the_same_cluster_twice_is_the_same() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let cluster = Cluster::of(WEB).await;
        cluster.running.pass(45);
        let mut objects = cluster.list("api/v1/pods").await;
        objects.extend(cluster.list("api/v1/events").await);
        runs.push(json!(objects).to_string());
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_rollout_keeps_within_its_bounds() {
    let cluster = Cluster::of(WEB).await;
    cluster.running.pass(30);
    let image = "/spec/template/spec/containers/0/image";
    let change = |d: &mut Value| *d.pointer_mut(image).unwrap() = json!("web:1.1.0");
    cluster.edit(DEPLOYMENT, change).await;
    for _ in 0..120 {
        cluster.running.pass(1);
        let sets = cluster.list("apis/apps/v1/replicasets").await;
        let wanted: i64 = sets.iter().map(|set| number(&set["spec"]["replicas"])).sum();
        let available: i64 = sets
            .iter()
            .map(|set| number(&set["status"]["availableReplicas"]))
            .sum();
        assert!(
            wanted <= 5 && available >= 3,
            "{wanted} wanted, {available} available"
        );
    }
    let deployment = cluster.get(DEPLOYMENT).await;
    assert_eq!(
        deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "2"
    );
    assert_eq!(deployment["status"]["updatedReplicas"], 4);
    assert_eq!(deployment["status"]["replicas"], 4);
    let sets = cluster.list("apis/apps/v1/replicasets").await;
    let mut replicas: Vec<i64> = sets.iter().map(|set| number(&set["spec"]["replicas"])).collect();
    replicas.sort_unstable();
    assert_eq!(replicas, [0, 4]);
}

#[tokio::test]
async fn recreate_ends_everything_old_first() {
    let cluster = Cluster::of(&WEB.replace("replicas: 4", "replicas: 2\n  strategy: {type: Recreate}")).await;
    cluster.running.pass(30);
    let image = "/spec/template/spec/containers/0/image";
    let change = |d: &mut Value| *d.pointer_mut(image).unwrap() = json!("web:2.0.0");
    cluster.edit(DEPLOYMENT, change).await;
    for _ in 0..40 {
        cluster.running.pass(1);
        let pods = cluster.list("api/v1/pods").await;
        let new = pods
            .iter()
            .filter(|p| p["spec"]["containers"][0]["image"] == "web:2.0.0")
            .count();
        assert!(new == 0 || new == pods.len());
    }
    assert_eq!(cluster.get(DEPLOYMENT).await["status"]["updatedReplicas"], 2);
}

#[tokio::test]
async fn a_paused_deployment_scales_but_does_not_roll() {
    let cluster = Cluster::of(WEB).await;
    cluster.running.pass(30);
    let change = |d: &mut Value| {
        d["spec"]["paused"] = json!(true);
        d["spec"]["replicas"] = json!(6);
        *d.pointer_mut("/spec/template/spec/containers/0/image").unwrap() = json!("web:9");
    };
    cluster.edit(DEPLOYMENT, change).await;
    cluster.running.pass(30);
    let deployment = cluster.get(DEPLOYMENT).await;
    assert_eq!(
        condition(&deployment, "Progressing")["reason"],
        "DeploymentPaused"
    );
    assert_eq!(cluster.list("apis/apps/v1/replicasets").await.len(), 1);
    assert_eq!(cluster.list("api/v1/pods").await.len(), 6);
}

#[tokio::test]
async fn what_loses_its_owner_goes() {
    let cluster = Cluster::of(WEB).await;
    cluster.running.pass(30);
    cluster
        .running
        .remove("apps/v1", "Deployment", "default", "web")
        .unwrap();
    cluster.running.remove("v1", "Service", "default", "web").unwrap();
    cluster.running.pass(5);
    for path in [
        "api/v1/pods",
        "apis/apps/v1/replicasets",
        "apis/discovery.k8s.io/v1/endpointslices",
    ] {
        assert!(cluster.list(path).await.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_stateful_set_goes_one_by_one_with_claims() {
    let cluster = Cluster::of(
        "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}
provisioner: csi.example.com
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'db:1'}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
",
    )
    .await;
    cluster.running.pass(2);
    assert_eq!(
        cluster.list("api/v1/pods").await.len(),
        1,
        "the second waits for the first"
    );
    cluster.running.pass(60);
    let set = cluster
        .get("apis/apps/v1/namespaces/default/statefulsets/db")
        .await;
    assert_eq!(set["status"]["readyReplicas"], 3);
    let claims = cluster.list("api/v1/persistentvolumeclaims").await;
    assert_eq!(claims.len(), 3);
    for claim in claims {
        assert_eq!(claim["status"]["phase"], "Bound");
        assert_eq!(claim["spec"]["storageClassName"], "standard");
    }
    let change = |s: &mut Value| s["spec"]["replicas"] = json!(1);
    cluster
        .edit("apis/apps/v1/namespaces/default/statefulsets/db", change)
        .await;
    cluster.running.pass(30);
    let pods = cluster.list("api/v1/pods").await;
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0]["metadata"]["name"], "db-0");
    assert_eq!(
        cluster.list("api/v1/persistentvolumeclaims").await.len(),
        3,
        "claims stay"
    );
}

#[tokio::test]
async fn a_daemon_set_is_on_every_node() {
    let cluster = Cluster::of(
        "
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: 'agent:1'}]}
",
    )
    .await;
    cluster.running.pass(20);
    let set = cluster
        .get("apis/apps/v1/namespaces/default/daemonsets/agent")
        .await;
    assert_eq!(set["status"]["numberReady"], 2);
    assert_eq!(set["status"]["desiredNumberScheduled"], 2);
    let mut nodes: Vec<String> = cluster
        .list("api/v1/pods")
        .await
        .iter()
        .map(|pod| pod["spec"]["nodeName"].as_str().unwrap().to_owned())
        .collect();
    nodes.sort();
    assert_eq!(nodes, ["one", "two"]);
}

#[tokio::test]
async fn a_cron_job_starts_jobs_that_complete() {
    let cluster = Cluster::of(
        "
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: '*/5 * * * *'
  successfulJobsHistoryLimit: 2
  jobTemplate:
    spec:
      template:
        metadata: {annotations: {simulator.kubilitics.io/complete-after: 20s}}
        spec: {restartPolicy: Never, containers: [{name: tick, image: 'tick:1'}]}
",
    )
    .await;
    cluster.running.pass(310);
    let jobs = cluster.list("apis/batch/v1/jobs").await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0]["status"]["active"], 1);
    cluster.running.pass(1000);
    let jobs = cluster.list("apis/batch/v1/jobs").await;
    assert_eq!(jobs.len(), 2, "older ones are forgotten");
    for job in &jobs {
        assert_eq!(condition(job, "Complete")["status"], "True");
        assert_eq!(job["status"]["succeeded"], 1);
    }
    let pods = cluster.list("api/v1/pods").await;
    assert_eq!(pods.len(), 2);
    assert_eq!(container(&pods[0])["state"]["terminated"]["reason"], "Completed");
}

#[tokio::test]
async fn a_job_gives_up_after_its_limit() {
    let cluster = Cluster::of(
        "
apiVersion: batch/v1
kind: Job
metadata: {name: broken}
spec:
  backoffLimit: 1
  template:
    metadata: {annotations: {simulator.kubilitics.io/exit-code: '3'}}
    spec: {restartPolicy: Never, containers: [{name: a, image: 'a:1'}]}
",
    )
    .await;
    cluster.running.pass(120);
    let job = cluster.get("apis/batch/v1/namespaces/default/jobs/broken").await;
    assert_eq!(condition(&job, "Failed")["reason"], "BackoffLimitExceeded");
    assert_eq!(job["status"]["failed"], 2);
}

#[tokio::test]
async fn an_autoscaler_follows_the_load() {
    let web = WEB.replace(
        "web:1.0.0",
        "web:1.0.0\n        resources: {requests: {cpu: 100m}}",
    );
    let cluster = Cluster::of(&format!(
        "{web}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: web, annotations: {{simulator.kubilitics.io/load: '400'}}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
  minReplicas: 2
  maxReplicas: 10
  metrics: [{{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 50}}}}}}]
"
    ))
    .await;
    cluster.running.pass(60);
    let scaler = "apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/web";
    assert_eq!(cluster.get(scaler).await["status"]["desiredReplicas"], 8);
    assert_eq!(cluster.get(DEPLOYMENT).await["status"]["availableReplicas"], 8);
    let change = |s: &mut Value| s["metadata"]["annotations"]["simulator.kubilitics.io/load"] = json!("50");
    cluster.edit(scaler, change).await;
    cluster.running.pass(120);
    assert_eq!(
        cluster.get(DEPLOYMENT).await["spec"]["replicas"],
        8,
        "down only after five minutes"
    );
    cluster.running.pass(300);
    assert_eq!(cluster.get(DEPLOYMENT).await["spec"]["replicas"], 2);
}

#[tokio::test]
async fn an_autoscaler_keeps_to_its_behavior_and_looks_at_all_metrics() {
    let web = WEB.replace(
        "web:1.0.0",
        "web:1.0.0\n        resources: {requests: {cpu: 100m, memory: 10Mi}}",
    );
    let cluster = Cluster::of(&format!(
        "{web}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
  annotations: {{simulator.kubilitics.io/cpu.load: '200', simulator.kubilitics.io/memory.load: '1000'}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
  maxReplicas: 20
  behavior:
    scaleUp: {{policies: [{{type: Pods, value: 1, periodSeconds: 60}}]}}
    scaleDown: {{stabilizationWindowSeconds: 0, policies: [{{type: Pods, value: 2, periodSeconds: 60}}]}}
  metrics:
  - {{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 50}}}}}}
  - {{type: Resource, resource: {{name: memory, target: {{type: AverageValue, averageValue: 10Mi}}}}}}
"
    ))
    .await;
    let path = "apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/web";
    let replicas = async || {
        cluster.get(DEPLOYMENT).await["spec"]["replicas"]
            .as_i64()
            .unwrap()
    };
    cluster.running.pass(40);
    assert_eq!(replicas().await, 5, "memory asks for ten, one more a minute");
    let scaler = cluster.get(path).await;
    assert_eq!(condition(&scaler, "ScalingLimited")["reason"], "ScaleUpLimit");
    let message = "the HPA was able to successfully calculate a replica count from memory resource";
    assert_eq!(condition(&scaler, "ScalingActive")["message"], message);
    let current = &scaler["status"]["currentMetrics"];
    assert_eq!(current[0]["resource"]["current"]["averageUtilization"], 40);
    assert_eq!(current[1]["resource"]["current"], json!({"averageValue": "20Mi"}));
    cluster.running.pass(60);
    assert_eq!(replicas().await, 6);
    let change =
        |s: &mut Value| s["metadata"]["annotations"]["simulator.kubilitics.io/memory.load"] = json!("100");
    cluster.edit(path, change).await;
    cluster.running.pass(20);
    assert_eq!(replicas().await, 4, "two less at once, as there is no window");
    // One of two metrics that nobody serves holds the rest up where it would go down.
    let change = |s: &mut Value| {
        s["spec"]["metrics"][1] = json!({"type": "Pods", "pods": {"metric": {"name": "qps"},
            "target": {"type": "AverageValue", "averageValue": "5"}}});
        s["metadata"]["annotations"]["simulator.kubilitics.io/cpu.load"] = json!("50");
    };
    cluster.edit(path, change).await;
    cluster.running.pass(120);
    let scaler = cluster.get(path).await;
    assert_eq!(
        condition(&scaler, "ScalingActive")["reason"],
        "FailedGetPodsMetric"
    );
    assert_eq!(scaler["status"]["currentMetrics"][1], json!({"type": ""}));
    assert_eq!(replicas().await, 4);
}

#[tokio::test]
async fn an_autoscaler_says_why_it_cannot_scale() {
    let cluster = Cluster::of(&format!(
        "{WEB}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: web}}
spec: {{scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}, maxReplicas: 9}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: lost}}
spec: {{scaleTargetRef: {{apiVersion: apps/v1, kind: Foo, name: web}}, maxReplicas: 9}}
"
    ))
    .await;
    cluster.running.pass(60);
    let path = "apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    let web = cluster.get(&format!("{path}/web")).await;
    let why = condition(&web, "ScalingActive")["message"].as_str().unwrap();
    let start = "the HPA was unable to compute the replica count: failed to get cpu utilization: missing request for \
                 cpu in container web of Pod web-";
    assert!(why.starts_with(start), "{why}");
    let lost = cluster.get(&format!("{path}/lost")).await;
    let why = "the HPA controller was unable to get the target's current scale: no matches for kind \"Foo\" in group \"apps\"";
    assert_eq!(condition(&lost, "AbleToScale")["message"], why);
}

#[tokio::test]
async fn a_namespace_gets_what_it_is_owed() {
    let cluster = Cluster::of("{apiVersion: v1, kind: Namespace, metadata: {name: team}}").await;
    cluster.running.settle();
    cluster
        .get("api/v1/namespaces/team/serviceaccounts/default")
        .await;
    cluster
        .get("api/v1/namespaces/team/configmaps/kube-root-ca.crt")
        .await;
}

#[tokio::test]
async fn a_namespace_that_cannot_be_emptied_says_why() {
    let cluster = Cluster::of(
        "
{apiVersion: v1, kind: Namespace, metadata: {name: team}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: held, namespace: team, finalizers: [e.org/f]}}
",
    )
    .await;
    cluster.running.settle();
    let path = "api/v1/namespaces/team";
    cluster.ask("DELETE", path, "application/json", &json!({})).await;
    cluster.running.pass(2);
    let team = cluster.get(path).await;
    // As the real one says it.
    for (kind, status, message) in [
        (
            "NamespaceContentRemaining",
            "True",
            "Some resources are remaining: configmaps. has 1 resource instances",
        ),
        (
            "NamespaceFinalizersRemaining",
            "True",
            "Some content in the namespace has finalizers remaining: e.org/f in 1 resource instances",
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "All content successfully deleted, may be waiting on finalization",
        ),
    ] {
        assert_eq!(
            (
                &condition(&team, kind)["status"],
                &condition(&team, kind)["message"]
            ),
            (&json!(status), &json!(message))
        );
    }
    let request = http::Request::post(format!("/{path}/configmaps"))
        .header("content-type", "application/json")
        .body(json!({"metadata": {"name": "late"}}).to_string().into_bytes())
        .unwrap();
    let refused = cluster
        .client
        .request::<Value>(request)
        .await
        .unwrap_err()
        .to_string();
    let why = "configmaps \"late\" is forbidden: unable to create new content in namespace team because it is being terminated";
    assert!(refused.contains(why), "{refused}");
    let end = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}, "spec": {"finalizers": []}});
    cluster
        .ask("PUT", &format!("{path}/finalize"), "application/json", &end)
        .await;
    let names = cluster.list("api/v1/namespaces").await;
    assert!(names.iter().all(|one| one["metadata"]["name"] != "team"));
}
