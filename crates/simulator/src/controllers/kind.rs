//! The kinds that controllers read and write.

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Namespace,
    Node,
    Pod,
    Service,
    ConfigMap,
    Secret,
    ServiceAccount,
    Claim,
    Volume,
    Quota,
    LimitRange,
    Event,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Revision,
    Job,
    CronJob,
    Autoscaler,
    EndpointSlice,
    StorageClass,
    Lease,
    Budget,
    Ingress,
    PriorityClass,
}

/// All of them with `apiVersion` and `kind`, in the order of the enum.
const TABLE: [(Kind, &str, &str); 26] = [
    (Kind::Namespace, "v1", "Namespace"),
    (Kind::Node, "v1", "Node"),
    (Kind::Pod, "v1", "Pod"),
    (Kind::Service, "v1", "Service"),
    (Kind::ConfigMap, "v1", "ConfigMap"),
    (Kind::Secret, "v1", "Secret"),
    (Kind::ServiceAccount, "v1", "ServiceAccount"),
    (Kind::Claim, "v1", "PersistentVolumeClaim"),
    (Kind::Volume, "v1", "PersistentVolume"),
    (Kind::Quota, "v1", "ResourceQuota"),
    (Kind::LimitRange, "v1", "LimitRange"),
    (Kind::Event, "v1", "Event"),
    (Kind::Deployment, "apps/v1", "Deployment"),
    (Kind::ReplicaSet, "apps/v1", "ReplicaSet"),
    (Kind::StatefulSet, "apps/v1", "StatefulSet"),
    (Kind::DaemonSet, "apps/v1", "DaemonSet"),
    (Kind::Revision, "apps/v1", "ControllerRevision"),
    (Kind::Job, "batch/v1", "Job"),
    (Kind::CronJob, "batch/v1", "CronJob"),
    (Kind::Autoscaler, "autoscaling/v2", "HorizontalPodAutoscaler"),
    (Kind::EndpointSlice, "discovery.k8s.io/v1", "EndpointSlice"),
    (Kind::StorageClass, "storage.k8s.io/v1", "StorageClass"),
    (Kind::Lease, "coordination.k8s.io/v1", "Lease"),
    (Kind::Budget, "policy/v1", "PodDisruptionBudget"),
    (Kind::Ingress, "networking.k8s.io/v1", "Ingress"),
    (Kind::PriorityClass, "scheduling.k8s.io/v1", "PriorityClass"),
];

impl Kind {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(kind, _, _)| *kind)
    }

    /// As in `apiVersion`.
    pub(crate) fn api_version(self) -> &'static str {
        TABLE.get(self as usize).map_or("", |(_, version, _)| version)
    }

    /// As in `kind`.
    pub(crate) fn name(self) -> &'static str {
        TABLE.get(self as usize).map_or("", |(_, _, name)| name)
    }

    /// The kind that an owner reference or an object names.
    pub(crate) fn of(api_version: &str, name: &str) -> Option<Self> {
        let found = TABLE.iter().find(|(_, v, n)| *v == api_version && *n == name);
        found.map(|(kind, _, _)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, (kind, _, _)) in TABLE.iter().enumerate() {
            assert_eq!(*kind as usize, index);
        }
    }
}
