//! binds, and mounts of claims.

use super::{BINDS, BINDS_BY_VOLUME, MOUNTS_CLAIM, MOUNTS_EPHEMERAL, TEMPLATE_MOUNTS};
use crate::facts::Detail;
use crate::kinds::persistent_volume::ClaimRef;
use crate::kinds::{Draft, Named};
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
        Detail::Uid(draft.intern(&claim.uid))
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
