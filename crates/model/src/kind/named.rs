//! What a person calls a kind.

use super::{KINDS, Kind};

/// kubectl's short names, by the kind's id. A kind may have several; several kinds may share one.
const SHORT: &[(&str, &str)] = &[
    ("ns", "Namespace"),
    ("no", "Node"),
    ("po", "Pod"),
    ("rs", "ReplicaSet"),
    ("deploy", "Deployment"),
    ("sts", "StatefulSet"),
    ("ds", "DaemonSet"),
    ("cj", "CronJob"),
    ("svc", "Service"),
    ("ing", "Ingress"),
    ("cm", "ConfigMap"),
    ("sa", "ServiceAccount"),
    ("pvc", "PersistentVolumeClaim"),
    ("pv", "PersistentVolume"),
    ("rc", "ReplicationController"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("pdb", "PodDisruptionBudget"),
    ("netpol", "NetworkPolicy"),
    ("sc", "StorageClass"),
    ("pc", "PriorityClass"),
    ("quota", "ResourceQuota"),
    ("limits", "LimitRange"),
    ("crd", "CustomResourceDefinition"),
    ("crds", "CustomResourceDefinition"),
    ("ev", "Event"),
    ("gc", "GatewayClass.gateway.networking.k8s.io"),
    ("gtw", "Gateway.gateway.networking.k8s.io"),
    ("refgrant", "ReferenceGrant.gateway.networking.k8s.io"),
    ("vs", "VolumeSnapshot.snapshot.storage.k8s.io"),
    ("vsc", "VolumeSnapshotContent.snapshot.storage.k8s.io"),
    ("vscs", "VolumeSnapshotContent.snapshot.storage.k8s.io"),
    ("vsclass", "VolumeSnapshotClass.snapshot.storage.k8s.io"),
    ("vsclasses", "VolumeSnapshotClass.snapshot.storage.k8s.io"),
    ("cert", "Certificate.cert-manager.io"),
    ("certs", "Certificate.cert-manager.io"),
    ("ciss", "ClusterIssuer.cert-manager.io"),
    ("smon", "ServiceMonitor.monitoring.coreos.com"),
    ("pmon", "PodMonitor.monitoring.coreos.com"),
    ("es", "ExternalSecret.external-secrets.io"),
    ("ss", "SecretStore.external-secrets.io"),
    ("css", "ClusterSecretStore.external-secrets.io"),
    ("vs", "VirtualService.networking.istio.io"),
    ("gw", "Gateway.networking.istio.io"),
    ("dr", "DestinationRule.networking.istio.io"),
    ("app", "Application.argoproj.io"),
    ("apps", "Application.argoproj.io"),
    ("ro", "Rollout.argoproj.io"),
    ("ks", "Kustomization.kustomize.toolkit.fluxcd.io"),
    ("hr", "HelmRelease.helm.toolkit.fluxcd.io"),
    ("so", "ScaledObject.keda.sh"),
    ("vpa", "VerticalPodAutoscaler.autoscaling.k8s.io"),
];

impl Kind {
    /// Whether a word, in lower case, names the kind: `pod`, `pods`, `po`; with the group `deployment.apps` and
    /// `deployments.apps`.
    pub fn is_named(&self, word: &str) -> bool {
        let (name, group) = match word.split_once('.') {
            Some((name, group)) => (name, Some(group)),
            None => (word, None),
        };
        if group.is_some_and(|group| group != self.group || group.is_empty()) {
            return false;
        }
        // The code of a kind that was found at run time is its first short name.
        let is_short = || match KINDS.iter().any(|kind| std::ptr::eq(kind, self)) {
            true => SHORT.iter().any(|(short, id)| *short == name && *id == self.id),
            false => name.eq_ignore_ascii_case(self.code),
        };
        !self.plural.is_empty()
            && (name == self.plural
                || name.eq_ignore_ascii_case(self.kind)
                || (group.is_none() && is_short()))
    }

    /// Whether a word, in lower case, begins its name or plural.
    pub fn begins_with(&self, word: &str) -> bool {
        let start = self.kind.as_bytes().get(..word.len());
        !self.plural.is_empty()
            && (self.plural.starts_with(word)
                || start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(word: &str) -> Vec<&'static str> {
        let kinds = KINDS.iter().filter(|kind| kind.is_named(word));
        kinds.map(|kind| kind.id).collect()
    }

    #[test]
    fn kinds_are_known_by_the_names_that_kubectl_takes() {
        for word in ["pod", "pods", "po"] {
            assert_eq!(named(word), ["Pod"], "{word}");
        }
        for word in ["deploy", "deployment", "deployments.apps", "deployment.apps"] {
            assert_eq!(named(word), ["Deployment"], "{word}");
        }
        assert_eq!(named("gateway").len(), 2);
        assert_eq!(
            named("gateway.networking.istio.io"),
            ["Gateway.networking.istio.io"]
        );
        for word in ["", "pod.", "po.x", "deployments.batch", "deploy.apps", "user"] {
            assert_eq!(named(word), Vec::<&str>::new(), "{word}");
        }
    }

    #[test]
    fn short_names_are_of_kinds_that_exist() {
        for (short, id) in SHORT {
            assert!(KINDS.iter().any(|kind| kind.id == *id), "{short} of {id}");
        }
    }

    #[test]
    fn a_beginning_is_enough() {
        let pods: Vec<_> = KINDS
            .iter()
            .filter(|kind| kind.begins_with("pod"))
            .map(|kind| kind.id)
            .collect();
        assert_eq!(
            pods,
            ["Pod", "PodDisruptionBudget", "PodMonitor.monitoring.coreos.com"]
        );
        assert!(!KINDS.iter().any(|kind| kind.begins_with("cart")));
    }
}
