//! Readers: from the JSON of an object to its facts. One file per kind.
//!
//! The structs are slim: they name the fields that facts need, and serde passes over the rest (managedFields, the other
//! annotations, the values of environment variables) without keeping it.

use crate::facts::Facts;
use crate::symbols::Symbols;
use meta::Identity;
use model::KindId;
use model::kind::WatchForm;

pub(crate) mod admission;
pub(crate) mod autoscaler;
mod budget;
pub(crate) mod classes;
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
pub(crate) mod persistent_volume;
pub(crate) mod persistent_volume_claim;
mod pod;
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

/// Reads an object: its JSON, or for kinds that are watched as a Table ([`WatchForm::Table`]) one row,
/// `{"cells": [...], "object": {"metadata": ...}}`. The kind is given because the items of a list do not carry it.
pub fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, ReadError> {
    let error = |message: String| ReadError {
        kind,
        name: Identity::in_json(json).to_string(),
        message,
    };
    let reader = reader(kind).ok_or_else(|| error("there is no reader for this kind".to_owned()))?;
    let facts = reader(kind, json, symbols).map_err(|cause| error(cause.to_string()))?;
    if facts.key.name.is_empty() {
        return Err(error("metadata.name is empty".to_owned()));
    }
    if facts.uid.is_empty() {
        return Err(error("metadata.uid is empty".to_owned()));
    }
    if kind.get().namespaced && facts.key.namespace.is_none() {
        return Err(error("metadata.namespace is empty".to_owned()));
    }
    Ok(facts)
}

/// Reads an object of one kind.
type Reader = fn(KindId, &[u8], &mut Symbols) -> Result<Facts, serde_json::Error>;

fn reader(kind: KindId) -> Option<Reader> {
    if kind.get().watch == WatchForm::Table {
        return Some(table::read);
    }
    if kind.is_discovered() {
        return Some(custom::read);
    }
    if kind.get().id.contains('.') {
        return Some(extension::read);
    }
    Some(match kind.get().id {
        "Namespace" => namespace::read,
        "Node" => node::read,
        "Pod" => pod::read,
        "ReplicaSet" => replica_set::read,
        "Deployment" => deployment::read,
        "StatefulSet" => stateful_set::read,
        "DaemonSet" => daemon_set::read,
        "Job" => job::read,
        "CronJob" => cron_job::read,
        "Service" => service::read,
        "EndpointSlice" => endpoint_slice::read,
        "Ingress" => ingress::read,
        "ServiceAccount" => service_account::read,
        "PersistentVolumeClaim" => persistent_volume_claim::read,
        "PersistentVolume" => persistent_volume::read,
        "ReplicationController" => replication_controller::read,
        "HorizontalPodAutoscaler" => autoscaler::read,
        "PodDisruptionBudget" => budget::read,
        "NetworkPolicy" => network_policy::read,
        "IngressClass" => classes::ingress,
        "StorageClass" => classes::storage,
        "PriorityClass" => classes::priority,
        "RuntimeClass" => classes::runtime,
        "VolumeAttachment" => csi::attachment,
        "CSIDriver" => csi::driver,
        "CSINode" => csi::node,
        "Lease" => lease::read,
        "Role" | "ClusterRole" => rbac::role,
        "RoleBinding" | "ClusterRoleBinding" => rbac::binding,
        "ResourceQuota" => quota::read,
        "LimitRange" => quota::range,
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => admission::webhooks,
        "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy" => admission::policy,
        "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding" => admission::binding,
        "APIService" => admission::api_service,
        "CustomResourceDefinition" => admission::definition,
        "Event" => event::read,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_table_has_a_reader() {
        for kind in KindId::all() {
            assert!(reader(kind).is_some(), "{kind}");
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
