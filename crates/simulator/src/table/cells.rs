//! One function per kind. A kind gets one when its table can be compared with the real server's (`tests/behaviour`);
//! until then its tables are refused.

use serde_json::{Value, json};

use super::Object;

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
];

/// Kinds for which the API server has no columns of its own.
fn created(o: &Object<'_>) -> Vec<Value> {
    vec![o.name(), json!(o.text("/metadata/creationTimestamp"))]
}
