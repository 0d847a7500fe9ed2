//! The kind table: what the product knows of each kind of object, as data in one place.
//!
//! To add a kind, add an entry here and its reader in `crates/topology/src/kinds/`. Kinds without an entry get a row when
//! a cluster is found to serve them: [`KindId::discovered`].

use serde::{Deserialize, Serialize};
use std::fmt;

mod columns;
mod discovered;

pub use discovered::{Discovered, KindError};

/// What the product knows of one kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// `Pod`.
    pub kind: &'static str,
    /// The kind in an address. A group that kube-apiserver does not serve itself is part of it:
    /// `Gateway.gateway.networking.k8s.io`.
    pub id: &'static str,
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The version that is watched.
    pub version: &'static str,
    /// The resource's name in URLs: `pods`.
    pub plural: &'static str,
    /// The code drawn on nodes, from kubectl's short names: `POD`.
    pub code: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// The column of the signal path it is drawn in, from entry (0) to what a pod needs.
    pub rank: u8,
    /// What is asked of the API server.
    pub watch: WatchForm,
    /// Not every cluster serves it: that it is not there is no failure.
    pub optional: bool,
    /// kubectl's columns.
    pub columns: &'static [Column],
}

/// In which form a kind is listed and watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchForm {
    /// Whole objects, read by a slim parser and dropped.
    Object,
    /// The API server's Table with `includeObject=Metadata`: kubectl's cells and the metadata, never the contents.
    Table,
}

/// A column of a list, as in the API server's Table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading, as kubectl prints it but not in capitals.
    pub name: &'static str,
    /// The type of its cells.
    pub format: ColumnFormat,
    /// 0 is always shown, 1 with kubectl's `-o wide`.
    pub priority: u8,
    /// What it means.
    pub description: &'static str,
}

/// What a column's cells are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnFormat {
    /// The object's name.
    Name,
    /// Text.
    Text,
    /// A number, aligned right.
    Number,
    /// A point in time, printed as an age.
    Date,
}

/// A kind's place in [`KINDS`], after it in [`VIRTUAL`], or after both among those that were found at run time. The number
/// means nothing outside of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KindId(u16);

impl KindId {
    /// The kind of this name in addresses (`Pod`, `User`), if it has a row.
    pub fn of(id: &str) -> Option<Self> {
        let place = KINDS.iter().chain(VIRTUAL).position(|entry| entry.id == id);
        match place {
            Some(place) => u16::try_from(place).ok().map(Self),
            None => discovered::find(|row| row.id == id),
        }
    }

    /// Whether it is no kind of the API: [`VIRTUAL`].
    pub fn is_virtual(self) -> bool {
        !self.is_discovered() && usize::from(self.0) >= KINDS.len()
    }

    /// The kind of this plural: `pods`, `deployments.apps` or `deployments.v1.apps`.
    pub fn of_plural(text: &str) -> Option<Self> {
        let (plural, rest) = text.split_once('.').unwrap_or((text, ""));
        Self::find(|entry| {
            entry.plural == plural
                && (rest.is_empty()
                    || rest == entry.group
                    || rest
                        .strip_prefix(entry.version)
                        .is_some_and(|rest| rest.strip_prefix('.') == Some(entry.group)))
        })
    }

    /// The kind of this group and name.
    pub fn of_group_kind(group: &str, kind: &str) -> Option<Self> {
        Self::find(|entry| entry.group == group && entry.kind == kind)
    }

    /// All kinds of the table, in its order; none that was found at run time.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..KINDS.len()).filter_map(|index| u16::try_from(index).ok().map(Self))
    }

    /// The table's entry.
    pub fn get(self) -> &'static Kind {
        // An id is only made from a place in the table; the first entry stands in for one from a foreign wire.
        let place = usize::from(self.0);
        let entry = KINDS.get(place).or_else(|| VIRTUAL.get(place - KINDS.len()));
        entry.or_else(|| discovered::get(place)).unwrap_or(&KINDS[0])
    }

    fn find(is: impl Fn(&Kind) -> bool) -> Option<Self> {
        Self::all()
            .find(|id| is(id.get()))
            .or_else(|| discovered::find(is))
    }
}

impl fmt::Display for KindId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get().kind)
    }
}

impl Kind {
    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The path segment of its pages: the plural, with the group unless it is the core group: `pods`, `deployments.apps`.
    pub fn plural_group(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }
}

use WatchForm::{Object, Table};

const fn entry(
    (kind, plural, code): (&'static str, &'static str, &'static str),
    (group, version): (&'static str, &'static str),
    namespaced: bool,
    rank: u8,
    watch: WatchForm,
    columns: &'static [Column],
) -> Kind {
    Kind {
        kind,
        id: kind,
        group,
        version,
        plural,
        code,
        namespaced,
        rank,
        watch,
        optional: false,
        columns,
    }
}

/// A namespaced kind of a built-in group.
const fn inside(
    names: (&'static str, &'static str, &'static str),
    api: (&'static str, &'static str),
    rank: u8,
    columns: &'static [Column],
) -> Kind {
    entry(names, api, true, rank, Object, columns)
}

/// A cluster-scoped kind of a built-in group.
const fn global(
    names: (&'static str, &'static str, &'static str),
    api: (&'static str, &'static str),
    rank: u8,
    columns: &'static [Column],
) -> Kind {
    entry(names, api, false, rank, Object, columns)
}

/// A kind that not every cluster serves.
const fn maybe(kind: Kind) -> Kind {
    Kind {
        optional: true,
        ..kind
    }
}

/// A kind of another group, which is part of its id.
const fn extension(
    id: &'static str,
    plural: &'static str,
    code: &'static str,
    version: &'static str,
    namespaced: bool,
    rank: u8,
) -> Kind {
    let mut dot = 0;
    while dot < id.len() && id.as_bytes()[dot] != b'.' {
        dot += 1;
    }
    let (kind, group) = id.split_at(dot);
    let (_, group) = group.split_at(1);
    Kind {
        id,
        ..maybe(entry(
            (kind, plural, code),
            (group, version),
            namespaced,
            rank,
            Object,
            columns::EXTENSION,
        ))
    }
}

/// A kind of nodes that are no objects.
const fn virtual_kind(kind: &'static str, code: &'static str, rank: u8) -> Kind {
    entry((kind, "", code), ("", ""), false, rank, Object, &[])
}

const NETWORKING: (&str, &str) = ("networking.k8s.io", "v1");
const STORAGE: (&str, &str) = ("storage.k8s.io", "v1");
const RBAC: (&str, &str) = ("rbac.authorization.k8s.io", "v1");
const ADMISSION: (&str, &str) = ("admissionregistration.k8s.io", "v1");

/// The kinds of nodes that are not objects of the API. They are never watched, and have neither plural nor columns.
pub static VIRTUAL: &[Kind] = &[
    virtual_kind("User", "USER", 7),
    virtual_kind("Group", "GRP", 7),
    virtual_kind("CIDR", "CIDR", 4),
    virtual_kind("Anywhere", "ANY", 4),
];

/// Every kind that is watched.
pub static KINDS: &[Kind] = &[
    entry(
        ("Namespace", "namespaces", "NS"),
        ("", "v1"),
        false,
        7,
        Object,
        columns::NAMESPACE,
    ),
    entry(
        ("Node", "nodes", "NODE"),
        ("", "v1"),
        false,
        5,
        Object,
        columns::NODE,
    ),
    entry(("Pod", "pods", "POD"), ("", "v1"), true, 4, Object, columns::POD),
    entry(
        ("ReplicaSet", "replicasets", "RS"),
        ("apps", "v1"),
        true,
        3,
        Object,
        columns::REPLICA_SET,
    ),
    entry(
        ("Deployment", "deployments", "DEP"),
        ("apps", "v1"),
        true,
        2,
        Object,
        columns::DEPLOYMENT,
    ),
    entry(
        ("StatefulSet", "statefulsets", "STS"),
        ("apps", "v1"),
        true,
        2,
        Object,
        columns::STATEFUL_SET,
    ),
    entry(
        ("DaemonSet", "daemonsets", "DS"),
        ("apps", "v1"),
        true,
        2,
        Object,
        columns::DAEMON_SET,
    ),
    entry(
        ("Job", "jobs", "JOB"),
        ("batch", "v1"),
        true,
        3,
        Object,
        columns::JOB,
    ),
    entry(
        ("CronJob", "cronjobs", "CJ"),
        ("batch", "v1"),
        true,
        2,
        Object,
        columns::CRON_JOB,
    ),
    entry(
        ("Service", "services", "SVC"),
        ("", "v1"),
        true,
        1,
        Object,
        columns::SERVICE,
    ),
    entry(
        ("EndpointSlice", "endpointslices", "EPS"),
        ("discovery.k8s.io", "v1"),
        true,
        2,
        Object,
        columns::ENDPOINT_SLICE,
    ),
    entry(
        ("Ingress", "ingresses", "ING"),
        ("networking.k8s.io", "v1"),
        true,
        0,
        Object,
        columns::INGRESS,
    ),
    entry(
        ("ConfigMap", "configmaps", "CM"),
        ("", "v1"),
        true,
        5,
        Table,
        columns::CONFIG_MAP,
    ),
    entry(
        ("Secret", "secrets", "SEC"),
        ("", "v1"),
        true,
        5,
        Table,
        columns::SECRET,
    ),
    entry(
        ("ServiceAccount", "serviceaccounts", "SA"),
        ("", "v1"),
        true,
        5,
        Object,
        columns::SERVICE_ACCOUNT,
    ),
    entry(
        ("PersistentVolumeClaim", "persistentvolumeclaims", "PVC"),
        ("", "v1"),
        true,
        5,
        Object,
        columns::CLAIM,
    ),
    entry(
        ("PersistentVolume", "persistentvolumes", "PV"),
        ("", "v1"),
        false,
        6,
        Object,
        columns::VOLUME,
    ),
    inside(
        ("ReplicationController", "replicationcontrollers", "RC"),
        ("", "v1"),
        2,
        columns::REPLICATION_CONTROLLER,
    ),
    inside(
        ("HorizontalPodAutoscaler", "horizontalpodautoscalers", "HPA"),
        ("autoscaling", "v2"),
        1,
        columns::AUTOSCALER,
    ),
    inside(
        ("PodDisruptionBudget", "poddisruptionbudgets", "PDB"),
        ("policy", "v1"),
        3,
        columns::BUDGET,
    ),
    inside(
        ("NetworkPolicy", "networkpolicies", "NP"),
        NETWORKING,
        3,
        columns::NETWORK_POLICY,
    ),
    global(
        ("IngressClass", "ingressclasses", "IC"),
        NETWORKING,
        1,
        columns::INGRESS_CLASS,
    ),
    global(
        ("StorageClass", "storageclasses", "SC"),
        STORAGE,
        6,
        columns::STORAGE_CLASS,
    ),
    global(
        ("PriorityClass", "priorityclasses", "PC"),
        ("scheduling.k8s.io", "v1"),
        5,
        columns::PRIORITY_CLASS,
    ),
    global(
        ("RuntimeClass", "runtimeclasses", "RTC"),
        ("node.k8s.io", "v1"),
        5,
        columns::RUNTIME_CLASS,
    ),
    global(
        ("VolumeAttachment", "volumeattachments", "VA"),
        STORAGE,
        5,
        columns::ATTACHMENT,
    ),
    global(
        ("CSIDriver", "csidrivers", "CSID"),
        STORAGE,
        7,
        columns::CSI_DRIVER,
    ),
    global(("CSINode", "csinodes", "CSIN"), STORAGE, 4, columns::CSI_NODE),
    inside(("Role", "roles", "ROLE"), RBAC, 7, columns::CREATED),
    global(("ClusterRole", "clusterroles", "CR"), RBAC, 7, columns::CREATED),
    inside(("RoleBinding", "rolebindings", "RB"), RBAC, 6, columns::BINDING),
    global(
        ("ClusterRoleBinding", "clusterrolebindings", "CRB"),
        RBAC,
        6,
        columns::BINDING,
    ),
    inside(
        ("ResourceQuota", "resourcequotas", "QUOTA"),
        ("", "v1"),
        6,
        columns::QUOTA,
    ),
    inside(
        ("LimitRange", "limitranges", "LR"),
        ("", "v1"),
        6,
        columns::CREATED,
    ),
    global(
        (
            "MutatingWebhookConfiguration",
            "mutatingwebhookconfigurations",
            "MWC",
        ),
        ADMISSION,
        0,
        columns::WEBHOOKS,
    ),
    global(
        (
            "ValidatingWebhookConfiguration",
            "validatingwebhookconfigurations",
            "VWC",
        ),
        ADMISSION,
        0,
        columns::WEBHOOKS,
    ),
    maybe(global(
        ("ValidatingAdmissionPolicy", "validatingadmissionpolicies", "VAP"),
        ADMISSION,
        6,
        columns::VALIDATING_POLICY,
    )),
    maybe(global(
        (
            "ValidatingAdmissionPolicyBinding",
            "validatingadmissionpolicybindings",
            "VAPB",
        ),
        ADMISSION,
        5,
        columns::POLICY_BINDING,
    )),
    maybe(global(
        ("MutatingAdmissionPolicy", "mutatingadmissionpolicies", "MAP"),
        ADMISSION,
        6,
        columns::MUTATING_POLICY,
    )),
    maybe(global(
        (
            "MutatingAdmissionPolicyBinding",
            "mutatingadmissionpolicybindings",
            "MAPB",
        ),
        ADMISSION,
        5,
        columns::POLICY_BINDING,
    )),
    global(
        ("APIService", "apiservices", "API"),
        ("apiregistration.k8s.io", "v1"),
        0,
        columns::API_SERVICE,
    ),
    global(
        ("CustomResourceDefinition", "customresourcedefinitions", "CRD"),
        ("apiextensions.k8s.io", "v1"),
        0,
        columns::CREATED,
    ),
    inside(
        ("Lease", "leases", "LEASE"),
        ("coordination.k8s.io", "v1"),
        4,
        columns::LEASE,
    ),
    inside(("Event", "events", "EV"), ("", "v1"), 0, columns::EVENT),
    extension(
        "GatewayClass.gateway.networking.k8s.io",
        "gatewayclasses",
        "GC",
        "v1",
        false,
        1,
    ),
    extension(
        "Gateway.gateway.networking.k8s.io",
        "gateways",
        "GTW",
        "v1",
        true,
        0,
    ),
    extension(
        "HTTPRoute.gateway.networking.k8s.io",
        "httproutes",
        "HTTP",
        "v1",
        true,
        0,
    ),
    extension(
        "GRPCRoute.gateway.networking.k8s.io",
        "grpcroutes",
        "GRPC",
        "v1",
        true,
        0,
    ),
    extension(
        "TLSRoute.gateway.networking.k8s.io",
        "tlsroutes",
        "TLS",
        "v1alpha2",
        true,
        0,
    ),
    extension(
        "TCPRoute.gateway.networking.k8s.io",
        "tcproutes",
        "TCP",
        "v1alpha2",
        true,
        0,
    ),
    extension(
        "UDPRoute.gateway.networking.k8s.io",
        "udproutes",
        "UDP",
        "v1alpha2",
        true,
        0,
    ),
    extension(
        "ReferenceGrant.gateway.networking.k8s.io",
        "referencegrants",
        "RG",
        "v1beta1",
        true,
        0,
    ),
    extension(
        "VolumeSnapshot.snapshot.storage.k8s.io",
        "volumesnapshots",
        "VS",
        "v1",
        true,
        4,
    ),
    extension(
        "VolumeSnapshotClass.snapshot.storage.k8s.io",
        "volumesnapshotclasses",
        "VSCL",
        "v1",
        false,
        6,
    ),
    extension(
        "VolumeSnapshotContent.snapshot.storage.k8s.io",
        "volumesnapshotcontents",
        "VSC",
        "v1",
        false,
        6,
    ),
    extension(
        "Certificate.cert-manager.io",
        "certificates",
        "CERT",
        "v1",
        true,
        3,
    ),
    extension("Issuer.cert-manager.io", "issuers", "ISS", "v1", true, 5),
    extension(
        "ClusterIssuer.cert-manager.io",
        "clusterissuers",
        "CISS",
        "v1",
        false,
        5,
    ),
    extension(
        "ServiceMonitor.monitoring.coreos.com",
        "servicemonitors",
        "SMON",
        "v1",
        true,
        0,
    ),
    extension(
        "PodMonitor.monitoring.coreos.com",
        "podmonitors",
        "PMON",
        "v1",
        true,
        0,
    ),
    extension(
        "ExternalSecret.external-secrets.io",
        "externalsecrets",
        "ES",
        "v1",
        true,
        3,
    ),
    extension(
        "SecretStore.external-secrets.io",
        "secretstores",
        "SS",
        "v1",
        true,
        5,
    ),
    extension(
        "ClusterSecretStore.external-secrets.io",
        "clustersecretstores",
        "CSS",
        "v1",
        false,
        5,
    ),
    extension(
        "VirtualService.networking.istio.io",
        "virtualservices",
        "VISV",
        "v1",
        true,
        0,
    ),
    extension("Gateway.networking.istio.io", "gateways", "IGW", "v1", true, 0),
    extension(
        "DestinationRule.networking.istio.io",
        "destinationrules",
        "DR",
        "v1",
        true,
        0,
    ),
    extension(
        "Application.argoproj.io",
        "applications",
        "APP",
        "v1alpha1",
        true,
        0,
    ),
    extension("Rollout.argoproj.io", "rollouts", "RO", "v1alpha1", true, 2),
    extension(
        "Kustomization.kustomize.toolkit.fluxcd.io",
        "kustomizations",
        "KS",
        "v1",
        true,
        0,
    ),
    extension(
        "HelmRelease.helm.toolkit.fluxcd.io",
        "helmreleases",
        "HLM",
        "v2",
        true,
        0,
    ),
    extension("ScaledObject.keda.sh", "scaledobjects", "SO", "v1alpha1", true, 1),
    extension(
        "VerticalPodAutoscaler.autoscaling.k8s.io",
        "verticalpodautoscalers",
        "VPA",
        "v1",
        true,
        1,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn kinds_are_found_by_every_form_of_their_plural() {
        let deployment = KindId::of("Deployment").unwrap();
        for text in ["deployments", "deployments.apps", "deployments.v1.apps"] {
            assert_eq!(KindId::of_plural(text), Some(deployment), "{text}");
        }
        for text in [
            "deployment",
            "deployments.batch",
            "deployments.v2.apps",
            "pods.apps",
            "",
        ] {
            assert_eq!(KindId::of_plural(text), None, "{text}");
        }
        assert_eq!(
            KindId::of_plural("pods.v1"),
            None,
            "the core group has no `.group`, as in kubectl"
        );
    }

    #[test]
    fn no_two_kinds_share_an_id_plural_or_code() {
        let all = || KINDS.iter().chain(VIRTUAL);
        for field in [|k: &Kind| k.id, |k: &Kind| k.code] {
            let seen: HashSet<_> = all().map(field).collect();
            assert_eq!(seen.len(), all().count());
        }
        let plurals: HashSet<_> = KINDS.iter().map(Kind::plural_group).collect();
        assert_eq!(plurals.len(), KINDS.len());
    }

    #[test]
    fn virtual_kinds_are_found_by_name_and_never_watched() {
        let user = KindId::of("User").unwrap();
        assert!(user.is_virtual() && user.get().kind == "User");
        assert!(KindId::all().all(|kind| !kind.is_virtual()));
        assert_eq!(KindId::of_plural(""), None);
    }

    #[test]
    fn every_list_begins_with_the_name_and_has_an_age() {
        for kind in KINDS {
            assert_eq!(kind.columns[0].format, ColumnFormat::Name, "{}", kind.kind);
            assert!(
                kind.columns.iter().any(|c| c.format == ColumnFormat::Date),
                "{}",
                kind.kind
            );
        }
    }
}
