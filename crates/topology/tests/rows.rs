//! Every kind's row, as `kubectl get -o wide` prints it, with its health and the reason.

#![allow(clippy::unwrap_used, reason = "a test may")]

use model::kind::KINDS;
use model::{KindId, Timestamp};
use topology::{Symbols, kinds};

/// Cells joined by ` | `, then health and reason.
const ROWS: &[(&str, &[&str])] = &[
    (
        "Pod",
        &[
            "cart-7c5b8-x2kqz | 0/1 | CrashLoopBackOff | 14 (5m ago) | 60m | 10.244.4.23 | node-4 | <none> | <none> \
             => unhealthy: Container cart keeps crashing: exit code 1 (Error), 14 restarts",
            "web-0 | 2/2 | Running | 0 | 3d5h | 10.244.1.7 | node-1 | <none> | 1/1 => healthy",
        ],
    ),
    (
        "Node",
        &[
            "node-1 | Ready,SchedulingDisabled | control-plane,etcd,main | 61d | v1.36.3 | 192.168.10.11 | <none> | \
             Debian GNU/Linux 13 (trixie) | 6.12.48+deb13-amd64 | containerd://2.1.4 \
             => warning: No new pods are scheduled here",
            "node-2 | NotReady | <none> | 2m | v1.36.3 | <none> | <none> | <unknown> | <unknown> | <unknown> \
             => unhealthy: Kubelet stopped posting node status.",
        ],
    ),
    (
        "Deployment",
        &[
            "cart | 1/2 | 2 | 1 | 10d | cart,log | cart:1.4.2,log:9 | app=cart,!canary,tier in (api,web) \
           => unhealthy: 1 of 2 pods available",
        ],
    ),
    (
        "ReplicaSet",
        &[
            "cart-7c5b8 | 2 | 2 | 1 | 120m | cart | cart:1.4.2 | app=cart,pod-template-hash=7c5b8 \
           => progressing: 1 of 2 pods available",
        ],
    ),
    (
        "StatefulSet",
        &["redis | 1/1 | 120m | redis | redis:8 => healthy"],
    ),
    (
        "DaemonSet",
        &[
            "agent | 3 | 3 | 2 | 3 | 2 | kubernetes.io/os=linux | 120m | agent | agent:1 | app=agent \
           => progressing: 2 of 3 pods available",
        ],
    ),
    (
        "Job",
        &[
            "reconcile-1 | Complete | 3/3 | 4m12s | 10m | run | run:1 | batch.kubernetes.io/controller-uid=job-1 \
             => suspended: It is complete",
            "import | Running | 0/1 of 2 | 95s | 100s | run | run:1 | <none> \
             => warning: 1 pod failed; it gives up after 5",
        ],
    ),
    (
        "CronJob",
        &[
            "reconcile | */10 * * * * | <none> | False | 1 | 10m | 24h | run | run:1 | <none> => healthy",
            "report | @daily | Europe/Madrid | True | 0 | <none> | 24h | run | run:1 | <none> \
             => suspended: It is suspended",
        ],
    ),
    (
        "Service",
        &[
            "web | LoadBalancer | 10.96.0.12 | 203.0.113.9,lb.example.org | 80:30080/TCP,53/UDP | 120m | \
             app=web,tier=front => healthy",
            "redis | ClusterIP | None | <none> | <none> | 120m | <none> => healthy",
            "pending | LoadBalancer | 10.96.0.13 | <pending> | 443:30443/TCP | 120m | <none> \
             => progressing: It waits for an address from the load balancer",
            "outside | ExternalName | <none> | db.example.org | <none> | 120m | <none> => healthy",
        ],
    ),
    (
        "EndpointSlice",
        &[
            "web-abcde | IPv4 | 8080,any,* | 10.244.1.7,10.244.1.8,10.244.1.9 + 1 more... | 120m => healthy",
            "empty-abcde | IPv6 | <unset> | <unset> | 120m => suspended: It has no endpoints",
        ],
    ),
    (
        "Ingress",
        &[
            "front | nginx | shop.example.org,www.example.org,api.example.org + 2 more... | 203.0.113.9 | 80, 443 | \
             120m => healthy",
            "any | <none> | * |  | 80 | 120m => healthy",
        ],
    ),
    ("ConfigMap", &["cart-config | 4 | 10d => healthy"]),
    ("Secret", &["tls | kubernetes.io/tls | 2 | 10d => healthy"]),
    ("ServiceAccount", &["cart | 10d => healthy"]),
    (
        "PersistentVolumeClaim",
        &[
            "data-redis-0 | Bound | pvc-9 | 8Gi | RWO,ROX | fast | <unset> | 120m | Filesystem => healthy",
            "waiting | Pending |  |  |  | old | <unset> | 120m | <unset> => progressing: It waits for a volume",
        ],
    ),
    (
        "PersistentVolume",
        &[
            "pvc-9 | 8Gi | RWO | Retain | Released | shop/data-redis-0 | fast | <unset> |  | 120m | Filesystem \
           => warning: Its claim shop/data-redis-0 is gone and its reclaim policy is Retain",
        ],
    ),
    (
        "Namespace",
        &[
            "shop | Active | 10d => healthy",
            "old | Terminating | 10d => progressing: Some resources are remaining: pods. has 1 resource instances",
        ],
    ),
    (
        "ReplicationController",
        &["web | 2 | 2 | 2 | 120m | web | web:1 | a=b,app=web => healthy"],
    ),
    (
        "HorizontalPodAutoscaler",
        &[
            "web | Deployment/web | cpu: 10%/80%, memory: <unknown>/500Mi + 1 more... | 2 | 9 | 3 | 120m => healthy",
            "api | Deployment/api | <unknown>/30 (avg) | <unset> | 2 | 0 | 120m => warning: the HPA controller was unable to get the target's current scale",
        ],
    ),
    (
        "PodDisruptionBudget",
        &[
            "web | 50% | N/A | 1 | 120m => healthy",
            "db | N/A | 1 | 0 | 120m => warning: 1 pod healthy of the 2 that it demands",
        ],
    ),
    (
        "NetworkPolicy",
        &[
            "deny | <none> | 120m => healthy",
            "web | app=web,tier | 120m => healthy",
        ],
    ),
    (
        "IngressClass",
        &[
            "nginx (default) | k8s.io/ingress-nginx | <none> | 120m => healthy",
            "lb | example.org/lb | Params.example.org/p | 120m => healthy",
        ],
    ),
    (
        "StorageClass",
        &[
            "fast (default) | csi.example.org | Retain | WaitForFirstConsumer | true | 120m => healthy",
            "slow | csi.example.org | Delete | Immediate | false | 120m => healthy",
        ],
    ),
    (
        "PriorityClass",
        &[
            "high | 1000000 | false | 120m | Never => healthy",
            "usual | 10 | true | 120m | PreemptLowerPriority => healthy",
        ],
    ),
    ("RuntimeClass", &["gvisor | runsc | 120m => healthy"]),
    (
        "VolumeAttachment",
        &[
            "csi-1 | csi.example.org | pvc-9 | node-1 | true | 120m => healthy",
            "csi-2 | csi.example.org | pvc-8 | node-1 | false | 120m => unhealthy: disk is in use",
        ],
    ),
    (
        "CSIDriver",
        &["csi.example.org | false | true | true | vault | false | Persistent,Ephemeral | 120m => healthy"],
    ),
    ("CSINode", &["node-1 | 1 | 120m => healthy"]),
    ("Role", &["reader | 120m => healthy"]),
    ("ClusterRole", &["admin | 120m => healthy"]),
    (
        "RoleBinding",
        &["readers | ClusterRole/view | 120m | ann, bob | devs | build/ci => healthy"],
    ),
    (
        "ClusterRoleBinding",
        &["admins | ClusterRole/cluster-admin | 120m |  | system:masters |  => healthy"],
    ),
    (
        "ResourceQuota",
        &["team | pods: 3/10, requests.cpu: 0/4 | limits.memory: 1Gi/8Gi | 120m => healthy"],
    ),
    ("LimitRange", &["usual | 120m => healthy"]),
    ("MutatingWebhookConfiguration", &["inject | 2 | 120m => healthy"]),
    ("ValidatingWebhookConfiguration", &["none | 0 | 120m => healthy"]),
    (
        "ValidatingAdmissionPolicy",
        &["replicas | 1 | v1/ConfigMap | 120m => healthy"],
    ),
    (
        "ValidatingAdmissionPolicyBinding",
        &["replicas-all | replicas | shop/limits | 120m => healthy"],
    ),
    (
        "MutatingAdmissionPolicy",
        &["sidecar | 1 | <unset> | 120m => healthy"],
    ),
    (
        "MutatingAdmissionPolicyBinding",
        &["sidecar-all | sidecar | <unset> | 120m => healthy"],
    ),
    (
        "APIService",
        &[
            "v1.apps | Local | True | 120m => healthy",
            "v1beta1.metrics.k8s.io | kube-system/metrics-server | False (MissingEndpoints) | 120m => unhealthy: endpoints for service/metrics-server have no addresses",
        ],
    ),
    (
        "CustomResourceDefinition",
        &["things.example.org | 120m => healthy"],
    ),
    ("Lease", &["node-1 | node-1 | 120m => healthy"]),
    (
        "Event",
        &[
            "cart-0.1 | 5m | Warning | BackOff | pod/cart-0 | spec.containers{cart} | kubelet, node-4 | Back-off restarting failed container | 120m | 14 => warning: Back-off restarting failed container",
            "cart-0.2 | 60m | Normal | Scheduled | pod/cart-0 |  | default-scheduler | Assigned | 60m | 1 => healthy",
        ],
    ),
    (
        "GatewayClass.gateway.networking.k8s.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "Gateway.gateway.networking.k8s.io",
        &["one | True | 120m => healthy"],
    ),
    (
        "HTTPRoute.gateway.networking.k8s.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "GRPCRoute.gateway.networking.k8s.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "TLSRoute.gateway.networking.k8s.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "TCPRoute.gateway.networking.k8s.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "UDPRoute.gateway.networking.k8s.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "ReferenceGrant.gateway.networking.k8s.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "VolumeSnapshot.snapshot.storage.k8s.io",
        &["one | False | 120m => progressing: The snapshot is not ready yet"],
    ),
    (
        "VolumeSnapshotClass.snapshot.storage.k8s.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "VolumeSnapshotContent.snapshot.storage.k8s.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "Certificate.cert-manager.io",
        &["one | False | 120m => unhealthy: the issuer said no"],
    ),
    ("Issuer.cert-manager.io", &["one | True | 120m => healthy"]),
    (
        "ClusterIssuer.cert-manager.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "ServiceMonitor.monitoring.coreos.com",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "PodMonitor.monitoring.coreos.com",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "ExternalSecret.external-secrets.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "SecretStore.external-secrets.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "ClusterSecretStore.external-secrets.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "VirtualService.networking.istio.io",
        &["one | <none> | 120m => healthy"],
    ),
    ("Gateway.networking.istio.io", &["one | <none> | 120m => healthy"]),
    (
        "DestinationRule.networking.istio.io",
        &["one | <none> | 120m => healthy"],
    ),
    (
        "Application.argoproj.io",
        &["one | Degraded | 120m => unhealthy: it does not start"],
    ),
    ("Rollout.argoproj.io", &["one | <none> | 120m => healthy"]),
    (
        "Kustomization.kustomize.toolkit.fluxcd.io",
        &["one | Unknown | 120m => progressing: building"],
    ),
    (
        "HelmRelease.helm.toolkit.fluxcd.io",
        &["one | False | 120m => unhealthy: no retries left"],
    ),
    ("ScaledObject.keda.sh", &["one | <none> | 120m => healthy"]),
    (
        "VerticalPodAutoscaler.autoscaling.k8s.io",
        &["one | <none> | 120m => healthy"],
    ),
];

fn rows(kind: &str) -> Vec<String> {
    let now: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
    let path = format!("tests/fixtures/{kind}.json");
    let text = std::fs::read_to_string(path).unwrap();
    let objects: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(&text).unwrap();
    let mut symbols = Symbols::new();
    let row = |json: &str| {
        let facts = kinds::read(KindId::of(kind).unwrap(), json.as_bytes(), &mut symbols).unwrap();
        assert!(
            !format!("{facts:?}").contains("hunter2"),
            "a secret is kept: {facts:?}"
        );
        let cells: Vec<String> = facts.cells.unpack().iter().map(|cell| cell.print(now)).collect();
        let reason = facts.status.reason.as_ref().map(|reason| format!(": {reason}"));
        format!(
            "{} => {}{}",
            cells.join(" | "),
            facts.status.health.word(),
            reason.unwrap_or_default()
        )
    };
    objects.iter().map(|object| object.get()).map(row).collect()
}

#[test]
fn rows_read_as_in_kubectl() {
    for (kind, expected) in ROWS {
        assert_eq!(rows(kind), *expected, "{kind}");
    }
}

#[test]
fn every_kind_has_a_row_here() {
    for kind in KINDS {
        assert!(ROWS.iter().any(|(own, _)| *own == kind.id), "{}", kind.id);
    }
}
