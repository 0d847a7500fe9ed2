//! One function per kind. A kind gets one when its table can be compared with the real server's (`tests/behaviour`);
//! until then its tables are refused.

use serde_json::{Value, json};

use super::{Object, others, pods, workloads};

type Cells = fn(&Object<'_>) -> Vec<Value>;

/// By group and plural.
pub(super) const PRINTERS: &[(&str, &str, Cells)] = &[
    ("", "namespaces", |o| {
        vec![o.name(), json!(o.text("/status/phase")), o.age()]
    }),
    ("", "configmaps", |o| {
        vec![
            o.name(),
            json!(o.count("/data") + o.count("/binaryData")),
            o.age(),
        ]
    }),
    ("", "secrets", |o| {
        vec![o.name(), json!(o.text("/type")), json!(o.count("/data")), o.age()]
    }),
    ("", "serviceaccounts", |o| {
        vec![o.name(), json!(o.count("/secrets")), o.age()]
    }),
    ("coordination.k8s.io", "leases", |o| {
        vec![o.name(), json!(o.text("/spec/holderIdentity")), o.age()]
    }),
    ("rbac.authorization.k8s.io", "roles", created),
    ("rbac.authorization.k8s.io", "clusterroles", created),
    ("", "limitranges", created),
    ("", "nodes", others::node),
    ("", "persistentvolumeclaims", others::claim),
    ("", "persistentvolumes", others::volume),
    ("", "pods", pods::pod),
    ("", "services", others::service),
    ("apiextensions.k8s.io", "customresourcedefinitions", created),
    ("apps", "daemonsets", workloads::daemon_set),
    ("apps", "deployments", workloads::deployment),
    ("apps", "replicasets", workloads::replica_set),
    ("apps", "statefulsets", workloads::stateful_set),
    ("batch", "cronjobs", workloads::cron_job),
    ("batch", "jobs", workloads::job),
    ("discovery.k8s.io", "endpointslices", others::endpoint_slice),
    ("networking.k8s.io", "ingresses", others::ingress),
    ("networking.k8s.io", "networkpolicies", others::policy),
    ("policy", "poddisruptionbudgets", others::budget),
    ("scheduling.k8s.io", "priorityclasses", others::priority_class),
    ("storage.k8s.io", "storageclasses", others::storage_class),
];

/// Kinds for which the API server has no columns of its own.
fn created(o: &Object<'_>) -> Vec<Value> {
    vec![o.name(), json!(o.text("/metadata/creationTimestamp"))]
}
