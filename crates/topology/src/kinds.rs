//! Readers: from the JSON of an object to its facts. One file per kind.
//!
//! The structs are slim: they name the fields that facts need, and serde passes over the rest (managedFields, the other
//! annotations, the values of environment variables) without keeping it.

use crate::facts::Facts;
use crate::symbols::Symbols;
use meta::Identity;
use model::KindId;
use model::list::Column;

pub(crate) mod admission;
pub(crate) mod autoscaler;
mod budget;
pub(crate) mod classes;
mod columns;
mod cron_job;
mod csi;
mod custom;
mod daemon_set;
mod deployment;
mod draft;
pub(crate) mod endpoint_slice;
pub(crate) mod event;
pub(crate) mod extension;
pub(crate) mod fields;
pub(crate) mod ingress;
mod job;
mod lease;
pub(crate) mod meta;
mod namespace;
pub(crate) mod network_policy;
mod node;
mod path;
pub(crate) mod persistent_volume;
pub(crate) mod persistent_volume_claim;
mod pod;
mod printer;
mod quota;
pub(crate) mod rbac;
mod replica_set;
mod replication_controller;
pub(crate) mod service;
mod service_account;
mod stateful_set;
mod storage;
mod table;
mod workload;

pub(crate) use draft::{Draft, Named};
pub use printer::{DefinedVersion, Definition, Printer};

/// An object that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {kind} {name}: {message}")]
pub struct ReadError {
    /// The kind that was asked for.
    pub kind: KindId,
    /// `namespace/name` as far as it can be read; `?` if it cannot.
    pub name: String,
    /// What is wrong and where, as the JSON parser says it.
    pub message: String,
}

/// Reads an object: its JSON, or for kinds that are watched as a Table ([`WatchForm::Table`](model::kind::WatchForm)) one row,
/// `{"cells": [...], "object": {"metadata": ...}}`. The kind is given because the items of a list do not carry it.
pub fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, ReadError> {
    let error = |message: String| ReadError {
        kind,
        name: Identity::in_json(json).to_string(),
        message,
    };
    let (reader, _) = entry(kind).ok_or_else(|| error("there is no reader for this kind".to_owned()))?;
    checked(reader(kind, json, symbols).map_err(|cause| cause.to_string())).map_err(error)
}

/// Reads an object of a kind that was found at run time.
pub fn read_printed(
    kind: KindId,
    printer: &Printer,
    json: &[u8],
    symbols: &mut Symbols,
) -> Result<Facts, ReadError> {
    let facts = custom::read_printed(kind, printer, json, symbols);
    checked(facts.map_err(|cause| cause.to_string())).map_err(|message| ReadError {
        kind,
        name: Identity::in_json(json).to_string(),
        message,
    })
}

/// Facts that have all that an address needs.
fn checked(facts: Result<Facts, String>) -> Result<Facts, String> {
    let facts = facts?;
    if facts.key.name.is_empty() {
        return Err("metadata.name is empty".to_owned());
    }
    if facts.uid.is_empty() {
        return Err("metadata.uid is empty".to_owned());
    }
    if facts.key.kind.get().namespaced && facts.key.namespace.is_none() {
        return Err("metadata.namespace is empty".to_owned());
    }
    Ok(facts)
}

/// Reads an object of one kind.
type Reader = fn(KindId, &[u8], &mut Symbols) -> Result<Facts, serde_json::Error>;

/// kubectl's columns of a kind, in the order of its rows' cells. Those of a kind that was found at run time may differ by
/// cluster: [`State::columns`](crate::State::columns).
pub fn columns(kind: KindId) -> &'static [Column] {
    entry(kind).map_or(&[], |(_, columns)| columns)
}

/// What reads a kind's objects, and the columns that it fills.
fn entry(kind: KindId) -> Option<(Reader, &'static [Column])> {
    if kind.is_discovered() {
        return Some((custom::read, columns::EXTENSION));
    }
    if kind.get().id.contains('.') {
        return Some((extension::read, columns::EXTENSION));
    }
    Some(match kind.get().id {
        "Namespace" => (namespace::read, columns::NAMESPACE),
        "Node" => (node::read, columns::NODE),
        "Pod" => (pod::read, columns::POD),
        "ReplicaSet" => (replica_set::read, columns::REPLICA_SET),
        "Deployment" => (deployment::read, columns::DEPLOYMENT),
        "StatefulSet" => (stateful_set::read, columns::STATEFUL_SET),
        "DaemonSet" => (daemon_set::read, columns::DAEMON_SET),
        "Job" => (job::read, columns::JOB),
        "CronJob" => (cron_job::read, columns::CRON_JOB),
        "Service" => (service::read, columns::SERVICE),
        "EndpointSlice" => (endpoint_slice::read, columns::ENDPOINT_SLICE),
        "Ingress" => (ingress::read, columns::INGRESS),
        "ServiceAccount" => (service_account::read, columns::SERVICE_ACCOUNT),
        "PersistentVolumeClaim" => (persistent_volume_claim::read, columns::CLAIM),
        "PersistentVolume" => (persistent_volume::read, columns::VOLUME),
        "ReplicationController" => (replication_controller::read, columns::REPLICATION_CONTROLLER),
        "HorizontalPodAutoscaler" => (autoscaler::read, columns::AUTOSCALER),
        "PodDisruptionBudget" => (budget::read, columns::BUDGET),
        "NetworkPolicy" => (network_policy::read, columns::NETWORK_POLICY),
        "IngressClass" => (classes::ingress, columns::INGRESS_CLASS),
        "StorageClass" => (classes::storage, columns::STORAGE_CLASS),
        "PriorityClass" => (classes::priority, columns::PRIORITY_CLASS),
        "RuntimeClass" => (classes::runtime, columns::RUNTIME_CLASS),
        "VolumeAttachment" => (csi::attachment, columns::ATTACHMENT),
        "CSIDriver" => (csi::driver, columns::CSI_DRIVER),
        "CSINode" => (csi::node, columns::CSI_NODE),
        "Lease" => (lease::read, columns::LEASE),
        "Role" | "ClusterRole" => (rbac::role, columns::CREATED),
        "RoleBinding" | "ClusterRoleBinding" => (rbac::binding, columns::BINDING),
        "ResourceQuota" => (quota::read, columns::QUOTA),
        "LimitRange" => (quota::range, columns::CREATED),
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
            (admission::webhooks, columns::WEBHOOKS)
        }
        "ValidatingAdmissionPolicy" => (admission::policy, columns::VALIDATING_POLICY),
        "MutatingAdmissionPolicy" => (admission::policy, columns::MUTATING_POLICY),
        "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding" => {
            (admission::binding, columns::POLICY_BINDING)
        }
        "APIService" => (admission::api_service, columns::API_SERVICE),
        "CustomResourceDefinition" => (admission::definition, columns::CREATED),
        "Event" => (event::read, columns::EVENT),
        "ConfigMap" => (table::read, columns::CONFIG_MAP),
        "Secret" => (table::read, columns::SECRET),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::kind::WatchForm;
    use model::list::ColumnFormat;

    #[test]
    fn every_kind_of_the_table_has_a_reader_and_columns_from_its_name_to_its_age() {
        for kind in KindId::all() {
            assert!(entry(kind).is_some(), "{kind}");
            let columns = columns(kind);
            assert_eq!(columns[0].format, ColumnFormat::Name, "{kind}");
            assert!(
                columns.iter().any(|column| column.format == ColumnFormat::Date),
                "{kind}"
            );
        }
    }

    #[test]
    fn the_cells_of_a_table_are_read_as_such() {
        for kind in KindId::all().filter(|kind| kind.get().watch == WatchForm::Table) {
            let row = r#"{"cells":["a","b",1],"object":{"metadata":{"name":"a","namespace":"n","uid":"1"}}}"#;
            let facts = read(kind, row.as_bytes(), &mut Symbols::new()).unwrap();
            assert_eq!(facts.cells.iter().count(), columns(kind).len(), "{kind}");
        }
    }

    #[test]
    fn errors_name_the_object_and_what_is_wrong() {
        let read = |json: &str| {
            let pod = KindId::of("Pod").unwrap();
            read(pod, json.as_bytes(), &mut Symbols::new())
                .unwrap_err()
                .to_string()
        };
        let wrong_type = r#"{"metadata":{"name":"a","namespace":"shop","uid":"1"},"spec":{"containers":7}}"#;
        assert!(
            read(wrong_type)
                .starts_with("cannot read Pod shop/a: invalid type: integer `7`, expected a sequence"),
            "{}",
            read(wrong_type)
        );
        assert!(
            read("{").starts_with("cannot read Pod ?: EOF while parsing"),
            "{}",
            read("{")
        );
        assert_eq!(
            read(r#"{"metadata":{"name":"a","uid":"1"}}"#),
            "cannot read Pod a: metadata.namespace is empty"
        );
    }
}
