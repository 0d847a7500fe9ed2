//! binds, mounts of claims, claims, classes, drivers and their Secrets.

use super::{
    ATTACHES_VOLUME, AUTHENTICATES_WITH, BINDS, BINDS_BY_VOLUME, CLAIMS, DEFAULT_STORAGE_CLASS, DESCRIBES,
    HAS_STORAGE_CLASS, MOUNTS_CLAIM, MOUNTS_EPHEMERAL, PROVIDED_BY, RESTORES_FROM, SNAPSHOTS,
    TEMPLATE_MOUNTS, USES_STORAGE_CLASS,
};
use crate::facts::{Detail, Uid};
use crate::json::Strings;
use crate::kinds::meta::{self, STORAGE_CLASS};
use crate::kinds::persistent_volume::ClaimRef;
use crate::kinds::{Draft, Named, extension, persistent_volume, persistent_volume_claim};
use crate::pod_spec::Volume;

/// The volume that a claim is bound to.
pub(crate) fn claim(volume: &str, draft: &mut Draft<'_>) {
    draft.refer(&BINDS, Named::new("PersistentVolume", volume, "spec.volumeName"));
}

/// The claim that a volume is bound to, or kept for.
pub(crate) fn volume(claim: &ClaimRef<'_>, draft: &mut Draft<'_>) {
    let detail = if claim.uid.is_empty() {
        Detail::None
    } else {
        Detail::Uid(Uid::from(&*claim.uid))
    };
    let named = Named {
        namespace: Some(&claim.namespace),
        detail,
        ..Named::new("PersistentVolumeClaim", &claim.name, "spec.claimRef.name")
    };
    draft.refer(&BINDS_BY_VOLUME, named);
}

/// The claim of a volume of a pod. That of an ephemeral volume is called `<pod>-<volume>` and is made after the pod.
pub(super) fn pod_volume(volume: &Volume<'_>, path: &str, draft: &mut Draft<'_>) {
    if let Some(source) = &volume.persistent_volume_claim {
        let path = format!("{path}.persistentVolumeClaim.claimName");
        draft.refer(
            &MOUNTS_CLAIM,
            Named::new("PersistentVolumeClaim", &source.claim_name, path),
        );
    }
    if volume.ephemeral.is_some() {
        let claim = format!("{}-{}", &*draft.name(), &*volume.name);
        let path = format!("{path}.ephemeral.volumeClaimTemplate");
        draft.refer(
            &MOUNTS_EPHEMERAL,
            Named::new("PersistentVolumeClaim", &claim, path),
        );
    }
}

/// The claim of a volume of a template. An ephemeral volume has none before there is a pod.
pub(super) fn template_volume(volume: &Volume<'_>, path: &str, draft: &mut Draft<'_>) {
    if let Some(source) = &volume.persistent_volume_claim {
        let path = format!("{path}.persistentVolumeClaim.claimName");
        draft.refer(
            &TEMPLATE_MOUNTS,
            Named::new("PersistentVolumeClaim", &source.claim_name, path),
        );
    }
}

/// The claims that a StatefulSet's templates become: `<template>-<set>-<ordinal>`.
pub(crate) fn claim_templates<'t>(templates: impl Iterator<Item = &'t str>, draft: &mut Draft<'_>) {
    let set = draft.name();
    for (index, template) in templates.enumerate().filter(|(_, template)| !template.is_empty()) {
        let path = format!("spec.volumeClaimTemplates[{index}].metadata.name");
        let start = format!("{template}-{}-", &*set);
        draft.refer(&CLAIMS, Named::new("PersistentVolumeClaim", &start, path));
    }
}

/// The class of a claim or volume. The annotation wins over the field. To a claim that waits for a volume it matters that
/// the class is there, or that there is a default if it names none; afterwards it is no more than a name.
pub(crate) fn class(annotation: Option<&str>, field: Option<&str>, waits: bool, draft: &mut Draft<'_>) {
    let rule = if waits {
        &USES_STORAGE_CLASS
    } else {
        &HAS_STORAGE_CLASS
    };
    let named = match (annotation, field) {
        (Some(name), _) => Named::new(
            "StorageClass",
            name,
            format!("metadata.annotations[\"{STORAGE_CLASS}\"]"),
        ),
        (None, Some(name)) => Named::new("StorageClass", name, "spec.storageClassName"),
        (None, None) if waits => {
            return draft.want_default(&DEFAULT_STORAGE_CLASS, "StorageClass");
        }
        (None, None) => return,
    };
    draft.refer(rule, named);
}

/// What a claim is filled from.
pub(crate) fn restores(spec: &persistent_volume_claim::Spec<'_>, draft: &mut Draft<'_>) {
    for (field, source) in [
        ("dataSource", &spec.data_source),
        ("dataSourceRef", &spec.data_source_ref),
    ] {
        let named = Named {
            namespace: Some(&source.namespace),
            ..Named::of_kind(
                &source.api_group,
                &source.kind,
                &source.name,
                format!("spec.{field}.name"),
            )
        };
        if named
            .kind
            .is_some_and(|kind| matches!(kind.get().kind, "PersistentVolumeClaim" | "VolumeSnapshot"))
        {
            draft.refer(&RESTORES_FROM, named);
        }
    }
}

/// The driver of a volume, and the Secrets that the driver needs.
pub(crate) fn csi(csi: &persistent_volume::Csi<'_>, draft: &mut Draft<'_>) {
    draft.refer(
        &PROVIDED_BY,
        Named::new("CSIDriver", &csi.driver, "spec.csi.driver"),
    );
    let secrets = [
        ("controllerPublishSecretRef", &csi.controller_publish_secret_ref),
        ("nodeStageSecretRef", &csi.node_stage_secret_ref),
        ("nodePublishSecretRef", &csi.node_publish_secret_ref),
        ("controllerExpandSecretRef", &csi.controller_expand_secret_ref),
        ("nodeExpandSecretRef", &csi.node_expand_secret_ref),
    ];
    for (field, secret) in secrets {
        let named = Named {
            namespace: Some(&secret.namespace),
            ..Named::new("Secret", &secret.name, format!("spec.csi.{field}.name"))
        };
        draft.refer(&AUTHENTICATES_WITH, named);
    }
}

/// The Secrets that the parameters of a class name: `<prefix><what>-secret-name` and `-secret-namespace`. Names with
/// variables are different for each volume.
pub(crate) fn secret_parameters(parameters: &Strings<'_>, draft: &mut Draft<'_>) {
    for (key, name) in parameters.pairs() {
        let Some(start) = key
            .strip_suffix("-secret-name")
            .filter(|start| start.starts_with("csi.storage.k8s.io/"))
        else {
            continue;
        };
        let namespace = parameters
            .get(&format!("{start}-secret-namespace"))
            .unwrap_or_default();
        if !name.contains("${") && !namespace.contains("${") {
            let named = Named {
                namespace: Some(namespace),
                ..Named::new("Secret", name, format!("parameters[\"{key}\"]"))
            };
            draft.refer(&AUTHENTICATES_WITH, named);
        }
    }
}

/// The driver of a class.
pub(crate) fn provisioner(name: &str, draft: &mut Draft<'_>) {
    draft.refer(&PROVIDED_BY, Named::new("CSIDriver", name, "provisioner"));
}

/// What a VolumeAttachment joins.
pub(crate) fn attachment(volume: &str, node: &str, draft: &mut Draft<'_>) {
    draft.refer(
        &ATTACHES_VOLUME,
        Named::new("PersistentVolume", volume, "spec.source.persistentVolumeName"),
    );
    draft.refer(&ATTACHES_VOLUME, Named::new("Node", node, "spec.nodeName"));
}

/// The node whose drivers a CSINode lists.
pub(crate) fn csi_node(draft: &mut Draft<'_>) {
    let node = draft.name();
    draft.refer(&DESCRIBES, Named::new("Node", &node, "metadata.name"));
}

/// The class of snapshots, as addresses have it.
pub(crate) const SNAPSHOT_CLASS: &str = "VolumeSnapshotClass.snapshot.storage.k8s.io";

/// A VolumeSnapshotClass: its driver, and whether it is the driver's default.
pub(crate) fn snapshot_class(driver: &str, default: bool, draft: &mut Draft<'_>) {
    if !driver.is_empty() {
        draft.be_driven(driver);
    }
    if default {
        draft.be_default(&meta::annotation(meta::DEFAULT_SNAPSHOT_CLASS));
    }
}

/// What a VolumeSnapshot is taken of and kept in, its class, and the Secrets of a VolumeSnapshotClass.
pub(crate) fn snapshot(
    spec: &extension::Spec<'_>,
    status: &extension::Status<'_>,
    parameters: &Strings<'_>,
    draft: &mut Draft<'_>,
) {
    const GROUP: &str = "snapshot.storage.k8s.io";
    let source = &spec.source;
    let claim = Named::new(
        "PersistentVolumeClaim",
        &source.persistent_volume_claim_name,
        "spec.source.persistentVolumeClaimName",
    );
    draft.refer(&SNAPSHOTS, claim);
    let contents = [
        (
            &source.volume_snapshot_content_name,
            "spec.source.volumeSnapshotContentName",
        ),
        (
            &status.bound_volume_snapshot_content_name,
            "status.boundVolumeSnapshotContentName",
        ),
    ];
    for (name, path) in contents {
        draft.refer(
            &SNAPSHOTS,
            Named::of_kind(GROUP, "VolumeSnapshotContent", name, path),
        );
    }
    let class = Named::of_kind(
        GROUP,
        "VolumeSnapshotClass",
        &spec.volume_snapshot_class_name,
        "spec.volumeSnapshotClassName",
    );
    draft.refer(&USES_STORAGE_CLASS, class);
    let claim = &source.persistent_volume_claim_name;
    // A snapshot of a content that is there already needs no class.
    if spec.volume_snapshot_class_name.is_empty() && !claim.is_empty() {
        draft.want_snapshot_class(claim);
    }
    secret_parameters(parameters, draft);
}
