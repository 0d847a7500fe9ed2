//! The objects of a large cluster, one application at a time.

use serde_json::{Value, json};

use super::{Dice, EPOCH, PODS_PER_APP};
use crate::clock::stamp;

/// A node and its lease.
pub(super) fn node(dice: &mut Dice, index: u32) -> [Value; 2] {
    let name = node_name(index);
    let time = stamp(EPOCH);
    let uid = dice.uid();
    let resources = json!({"cpu": "32", "memory": "128Gi", "pods": "110", "ephemeral-storage": "200Gi"});
    let condition = |kind: &str, status: &str, reason: &str| {
        json!({"type": kind, "status": status, "reason": reason, "message": "kubelet says so",
            "lastHeartbeatTime": time, "lastTransitionTime": time})
    };
    let address = format!("10.{}.{}.1", 128 + index / 256, index % 256);
    [
        json!({
            "kind": "Node", "apiVersion": "v1",
            "metadata": {"name": name, "uid": uid, "creationTimestamp": time, "labels": {
                "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/zone": format!("zone-{}", index % 3),
            }},
            "spec": {"podCIDR": format!("10.{}.{}.0/24", index / 256, index % 256)},
            "status": {
                "capacity": resources, "allocatable": resources,
                "conditions": [
                    condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
                    condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
                    condition("Ready", "True", "KubeletReady"),
                ],
                "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
                "nodeInfo": {"machineID": uid, "systemUUID": uid, "bootID": uid, "kernelVersion": "6.12.0",
                    "osImage": "Debian GNU/Linux 13", "containerRuntimeVersion": "containerd://2.1.0",
                    "kubeletVersion": "v1.36.3", "kubeProxyVersion": "", "operatingSystem": "linux",
                    "architecture": "amd64"},
                "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            },
        }),
        json!({
            "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
            "metadata": {"name": name, "namespace": "kube-node-lease", "uid": dice.uid(), "creationTimestamp": time},
            "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": "2026-01-01T00:00:00.000000Z"},
        }),
    ]
}

fn node_name(index: u32) -> String {
    format!("node-{index:05}")
}

/// A namespace.
pub(super) struct Team {
    name: String,
    nodes: u32,
}

impl Team {
    pub(super) fn new(index: u32, nodes: u32) -> Self {
        Self {
            name: format!("team-{index:04}"),
            nodes,
        }
    }

    fn metadata(&self, dice: &mut Dice, name: &str, labels: &Value) -> Value {
        json!({
            "name": name, "namespace": self.name, "uid": dice.uid(), "labels": labels,
            "creationTimestamp": stamp(EPOCH + i64::try_from(dice.below(86_400)).unwrap_or_default()),
        })
    }

    /// What a namespace has without applications.
    pub(super) fn objects(&self, dice: &mut Dice) -> Vec<Value> {
        let labels = json!({"kubernetes.io/metadata.name": self.name});
        vec![
            json!({"kind": "Namespace", "apiVersion": "v1",
                "metadata": {"name": self.name, "uid": dice.uid(), "creationTimestamp": stamp(EPOCH), "labels": labels},
                "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}),
            json!({"kind": "ServiceAccount", "apiVersion": "v1", "metadata": self.metadata(dice, "default", &json!({}))}),
            json!({"kind": "ConfigMap", "apiVersion": "v1",
                "metadata": self.metadata(dice, "kube-root-ca.crt", &json!({})), "data": {"ca.crt": dice.letters(1200)}}),
        ]
    }

    /// A deployment with its pods and what is around them.
    pub(super) fn app(&self, dice: &mut Dice, index: u32, pods: u32) -> Vec<Value> {
        let app = format!("app-{index:05}");
        let labels = json!({"app.kubernetes.io/name": app, "app.kubernetes.io/instance": app});
        let mut all = Vec::with_capacity(pods as usize + 16);
        let meta = self.metadata(dice, &app, &labels);
        let deployment = owner("apps/v1", "Deployment", &meta);
        let template = self.template(&app, &labels);
        let hash = dice.letters(10);
        all.push(json!({
            "kind": "Deployment", "apiVersion": "apps/v1", "metadata": meta,
            "spec": {"replicas": pods, "selector": {"matchLabels": labels}, "template": template,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
                "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
            "status": {"replicas": pods, "readyReplicas": pods, "availableReplicas": pods, "updatedReplicas": pods,
                "observedGeneration": 1},
        }));
        let mut current = Value::Null;
        // The replica set in use, and one of an earlier rollout.
        for (name, count) in [
            (format!("{app}-{hash}"), pods),
            (format!("{app}-{}", dice.letters(10)), 0),
        ] {
            let mut meta = self.metadata(dice, &name, &labels);
            meta["ownerReferences"] = json!([deployment]);
            if current.is_null() {
                current = owner("apps/v1", "ReplicaSet", &meta);
            }
            all.push(json!({
                "kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": meta,
                "spec": {"replicas": count, "selector": {"matchLabels": labels}, "template": template},
                "status": {"replicas": count, "readyReplicas": count, "availableReplicas": count, "observedGeneration": 1},
            }));
        }
        let mut endpoints = Vec::new();
        for ordinal in 0..pods {
            let pod = self.pod(
                dice,
                &app,
                &hash,
                &labels,
                &current,
                index * PODS_PER_APP + ordinal,
            );
            endpoints.push(json!({
                "addresses": [pod["status"]["podIP"]], "conditions": {"ready": true, "serving": true, "terminating": false},
                "nodeName": pod["spec"]["nodeName"],
                "targetRef": {"kind": "Pod", "namespace": self.name, "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]},
            }));
            all.push(pod);
        }
        let mut slice = self.metadata(
            dice,
            &format!("{app}-{}", dice.clone().letters(5)),
            &json!({"kubernetes.io/service-name": app}),
        );
        let service = self.metadata(dice, &app, &labels);
        slice["ownerReferences"] = json!([owner("v1", "Service", &service)]);
        let ip = format!("10.96.{}.{}", index / 250 % 250, index % 250 + 1);
        all.push(json!({
            "kind": "Service", "apiVersion": "v1", "metadata": service,
            "spec": {"type": "ClusterIP", "clusterIP": ip, "clusterIPs": [ip], "selector": labels,
                "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}],
                "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "sessionAffinity": "None"},
            "status": {"loadBalancer": {}},
        }));
        all.push(json!({
            "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": slice,
            "addressType": "IPv4", "endpoints": endpoints, "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        }));
        all.push(
            json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": self.metadata(dice, &app, &labels),
            "data": {"settings.yaml": dice.letters(300)}}),
        );
        all.push(json!({"kind": "Secret", "apiVersion": "v1", "type": "Opaque",
            "metadata": self.metadata(dice, &app, &labels), "data": {"password": "c2VjcmV0"}}));
        all.push(json!({"kind": "ServiceAccount", "apiVersion": "v1", "metadata": self.metadata(dice, &app, &labels)}));
        if index.is_multiple_of(2) {
            all.push(self.ingress(dice, &app, &labels));
        }
        if index.is_multiple_of(4) {
            all.push(self.autoscaler(dice, &app, &labels, pods));
            all.extend(self.job(dice, &app));
            all.extend(self.claim(dice, &app, &labels));
        }
        all
    }

    fn ingress(&self, dice: &mut Dice, app: &str, labels: &Value) -> Value {
        let backend = json!({"service": {"name": app, "port": {"number": 80}}});
        json!({
            "kind": "Ingress", "apiVersion": "networking.k8s.io/v1", "metadata": self.metadata(dice, app, labels),
            "spec": {"rules": [{"host": format!("{app}.example.com"),
                "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]},
            "status": {"loadBalancer": {}},
        })
    }

    fn autoscaler(&self, dice: &mut Dice, app: &str, labels: &Value, pods: u32) -> Value {
        json!({
            "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "metadata": self.metadata(dice, app, labels),
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": app, "apiVersion": "apps/v1"},
                "minReplicas": 1, "maxReplicas": pods + 4,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 80}}}]},
            "status": {"currentReplicas": pods, "desiredReplicas": pods, "currentMetrics": null},
        })
    }

    fn job(&self, dice: &mut Dice, app: &str) -> Vec<Value> {
        let labels = json!({"app.kubernetes.io/name": format!("{app}-report")});
        let template = self.template(&format!("{app}-report"), &labels);
        let cron = self.metadata(dice, &format!("{app}-report"), &labels);
        let mut job = self.metadata(
            dice,
            &format!("{app}-report-29{:06}", dice.clone().below(1_000_000)),
            &labels,
        );
        job["ownerReferences"] = json!([owner("batch/v1", "CronJob", &cron)]);
        let spec = json!({"parallelism": 1, "completions": 1, "backoffLimit": 6, "template": template});
        vec![
            json!({"kind": "CronJob", "apiVersion": "batch/v1", "metadata": cron, "spec": {"schedule": "0 * * * *",
                "concurrencyPolicy": "Allow", "suspend": false, "jobTemplate": {"metadata": {}, "spec": spec},
                "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}, "status": {}}),
            json!({"kind": "Job", "apiVersion": "batch/v1", "metadata": job, "spec": spec,
                "status": {"succeeded": 1, "startTime": stamp(EPOCH), "completionTime": stamp(EPOCH + 60),
                    "conditions": [{"type": "Complete", "status": "True"}]}}),
        ]
    }

    fn claim(&self, dice: &mut Dice, app: &str, labels: &Value) -> [Value; 2] {
        let claim = self.metadata(dice, app, labels);
        let volume = format!("pvc-{}", claim["uid"].as_str().unwrap_or_default());
        let reference = json!({"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": self.name,
            "name": app, "uid": claim["uid"]});
        [
            json!({"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": claim,
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}},
                    "volumeName": volume, "storageClassName": "standard", "volumeMode": "Filesystem"},
                "status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "10Gi"}}}),
            json!({"kind": "PersistentVolume", "apiVersion": "v1",
                "metadata": {"name": volume, "uid": dice.uid(), "creationTimestamp": stamp(EPOCH)},
                "spec": {"capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"], "claimRef": reference,
                    "persistentVolumeReclaimPolicy": "Delete", "storageClassName": "standard", "volumeMode": "Filesystem",
                    "csi": {"driver": "csi.example.com", "volumeHandle": volume}},
                "status": {"phase": "Bound"}}),
        ]
    }

    fn template(&self, app: &str, labels: &Value) -> Value {
        json!({"metadata": {"labels": labels}, "spec": pod_spec(app)})
    }

    fn pod(&self, dice: &mut Dice, app: &str, hash: &str, labels: &Value, set: &Value, number: u32) -> Value {
        let mut labels = labels.clone();
        labels["pod-template-hash"] = json!(hash);
        let mut meta = self.metadata(
            dice,
            &format!("{app}-{hash}-{}", dice.clone().letters(5)),
            &labels,
        );
        meta["generateName"] = json!(format!("{app}-{hash}-"));
        meta["ownerReferences"] = json!([set]);
        let mut spec = pod_spec(app);
        let node = u32::try_from(dice.below(u64::from(self.nodes))).unwrap_or_default();
        spec["nodeName"] = json!(node_name(node));
        let time = meta["creationTimestamp"].clone();
        let condition = |kind: &str| json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": time});
        let conditions = [
            "PodReadyToStartContainers",
            "Initialized",
            "Ready",
            "ContainersReady",
            "PodScheduled",
        ]
        .map(condition);
        let ip = format!(
            "10.{}.{}.{}",
            number / 62_500 % 128,
            number / 250 % 250,
            number % 250 + 2
        );
        let image = format!("registry.example.com/{app}");
        json!({
            "kind": "Pod", "apiVersion": "v1", "metadata": meta, "spec": spec,
            "status": {
                "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "hostIP": format!("10.{}.{}.1", 128 + node / 256, node % 256),
                "startTime": time, "qosClass": "Burstable",
                "conditions": conditions,
                "containerStatuses": [{"name": "main", "ready": true, "started": true, "restartCount": 0,
                    "image": format!("{image}:1.0"), "imageID": format!("{image}@sha256:{}", dice.uid().replace('-', "")),
                    "containerID": format!("containerd://{}", dice.uid().replace('-', "")), "lastState": {},
                    "state": {"running": {"startedAt": time}}}],
            },
        })
    }
}

fn owner(api_version: &str, kind: &str, metadata: &Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "name": metadata["name"], "uid": metadata["uid"],
        "controller": true, "blockOwnerDeletion": true})
}

fn pod_spec(app: &str) -> Value {
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "timeoutSeconds": 1,
        "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3});
    let token = json!({"name": "kube-api-access", "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]}});
    json!({
        "serviceAccountName": app, "serviceAccount": app, "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30, "securityContext": {},
        "containers": [{
            "name": "main", "image": format!("registry.example.com/{app}:1.0"), "imagePullPolicy": "IfNotPresent",
            "ports": [{"containerPort": 8080, "protocol": "TCP"}],
            "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": app, "key": "password"}}}],
            "envFrom": [{"configMapRef": {"name": app}}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "livenessProbe": probe, "readinessProbe": probe,
            "volumeMounts": [{"name": "kube-api-access", "readOnly": true,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        }],
        "volumes": [token],
        "tolerations": [
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        ],
    })
}
