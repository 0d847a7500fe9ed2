//! One function per kind. A kind gets one when its table can be compared with the real server's (`tests/behaviour`);
//! until then its tables are refused.

use serde_json::{Value, json};

use super::{Object, autoscalers, events, network, others, pods, rights, workloads};

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
    ("", "serviceaccounts", |o| vec![o.name(), o.age()]),
    ("coordination.k8s.io", "leases", |o| {
        vec![o.name(), json!(o.text("/spec/holderIdentity")), o.age()]
    }),
    ("rbac.authorization.k8s.io", "roles", created),
    ("rbac.authorization.k8s.io", "clusterroles", created),
    ("rbac.authorization.k8s.io", "rolebindings", rights::binding),
    (
        "rbac.authorization.k8s.io",
        "clusterrolebindings",
        rights::binding,
    ),
    ("", "events", events::event),
    ("", "limitranges", created),
    ("", "nodes", others::node),
    ("", "persistentvolumeclaims", others::claim),
    ("", "persistentvolumes", others::volume),
    ("", "pods", pods::pod),
    ("", "replicationcontrollers", workloads::replication_controller),
    ("", "resourcequotas", rights::quota),
    ("", "services", network::service),
    ("apiextensions.k8s.io", "customresourcedefinitions", created),
    ("apiregistration.k8s.io", "apiservices", others::api_service),
    ("apps", "controllerrevisions", workloads::revision),
    ("apps", "daemonsets", workloads::daemon_set),
    ("apps", "deployments", workloads::deployment),
    ("apps", "replicasets", workloads::replica_set),
    ("apps", "statefulsets", workloads::stateful_set),
    ("autoscaling", "horizontalpodautoscalers", autoscalers::autoscaler),
    ("batch", "cronjobs", workloads::cron_job),
    ("batch", "jobs", workloads::job),
    ("discovery.k8s.io", "endpointslices", network::endpoint_slice),
    ("networking.k8s.io", "ingressclasses", network::ingress_class),
    ("networking.k8s.io", "ingresses", network::ingress),
    ("networking.k8s.io", "networkpolicies", network::policy),
    ("policy", "poddisruptionbudgets", others::budget),
    ("scheduling.k8s.io", "priorityclasses", others::priority_class),
    ("storage.k8s.io", "storageclasses", others::storage_class),
];

/// Kinds for which the API server has no columns of its own.
fn created(o: &Object<'_>) -> Vec<Value> {
    vec![o.name(), json!(o.text("/metadata/creationTimestamp"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Data;

    #[test]
    fn every_kind_has_as_many_cells_as_columns() {
        let tables = Data::read().unwrap().tables;
        for (group, plural, cells) in PRINTERS {
            let found = tables.iter().find(|(path, _)| {
                let group = if group.is_empty() {
                    "api/".to_owned()
                } else {
                    format!("apis/{group}/")
                };
                path.starts_with(&group) && path.ends_with(&format!("/{plural}"))
            });
            let columns = found.unwrap().1.as_array().unwrap().len();
            let object = Object {
                value: &json!({}),
                now: 0,
            };
            assert_eq!(cells(&object).len(), columns, "{plural}");
        }
    }
}
