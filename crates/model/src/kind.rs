//! The kind table: what the product knows of each kind of object, as data in one place.
//!
//! To add a kind, add an entry here and its reader in `crates/topology/src/kinds/`. Kinds without an entry get a row when
//! a cluster is found to serve them: [`KindId::discovered`].

use serde::{Deserialize, Serialize};
use std::fmt;

mod discovered;
mod named;

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
}

/// In which form a kind is listed and watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchForm {
    /// Whole objects, read by a slim parser and dropped.
    Object,
    /// The API server's Table with `includeObject=Metadata`: kubectl's cells and the metadata, never the contents.
    Table,
}

/// A kind's place in [`KINDS`], after it in [`VIRTUAL`], or after both among those that were found at run time. The number
/// means nothing outside of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KindId(u16);

impl KindId {
    /// The kind of this name in addresses (`Pod`, `User`), if it has a row.
    pub fn of(id: &str) -> Option<Self> {
        Self::of_table(id).or_else(|| discovered::find(|row| row.id == id))
    }

    /// The same, of the kinds that every program knows: what a page and its server must agree on depends on these only, as
    /// a browser does not know what was found at run time.
    pub fn of_table(id: &str) -> Option<Self> {
        let place = KINDS.iter().chain(VIRTUAL).position(|entry| entry.id == id);
        place.and_then(|place| u16::try_from(place).ok()).map(Self)
    }

    /// Whether it is no kind of the API: [`VIRTUAL`].
    pub fn is_virtual(self) -> bool {
        !self.is_discovered() && usize::from(self.0) >= KINDS.len()
    }

    /// The kind of this plural: `pods`, `deployments.apps` or `deployments.v1.apps`.
    pub fn of_plural(text: &str) -> Option<Self> {
        Self::find(|entry| entry.is_called(text, entry.version))
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

    /// Whether a text is its plural in one of the forms of [`KindId::of_plural`], if it is served in `version`.
    pub fn is_called(&self, text: &str, version: &str) -> bool {
        let (plural, rest) = text.split_once('.').unwrap_or((text, ""));
        let with_version = |rest: &str| rest.strip_prefix('.') == Some(self.group);
        self.plural == plural
            && (rest.is_empty() || rest == self.group || rest.strip_prefix(version).is_some_and(with_version))
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

/// Rows of the table: kind or id, plural, code, apiVersion, scope, rank, and what is special about it.
macro_rules! kinds {
    ($($id:tt $plural:ident $code:ident $api:tt $scope:ident $rank:literal $($special:ident)?;)*) => {
        [$(kinds!(row $id $plural $code $api $scope $rank)$(.$special())?),*]
    };
    // A kind of another project has its group in its id.
    (row $id:literal $plural:ident $code:ident $version:ident $scope:ident $rank:literal) => {
        Kind::new($id, stringify!($plural), stringify!($code), stringify!($version), Scope::$scope, $rank).of_group_in_id()
    };
    (row $kind:ident $plural:ident $code:ident $api:literal $scope:ident $rank:literal) => {
        Kind::new(stringify!($kind), stringify!($plural), stringify!($code), $api, Scope::$scope, $rank)
    };
}

/// Every kind of the table that is watched: first those of the groups that kube-apiserver serves itself.
pub static KINDS: &[Kind] = &kinds! {
    Namespace                        namespaces                        NS    "v1"                              cluster   7;
    Node                             nodes                             NODE  "v1"                              cluster   5;
    Pod                              pods                              POD   "v1"                              namespace 4;
    ReplicaSet                       replicasets                       RS    "apps/v1"                         namespace 3;
    Deployment                       deployments                       DEP   "apps/v1"                         namespace 2;
    StatefulSet                      statefulsets                      STS   "apps/v1"                         namespace 2;
    DaemonSet                        daemonsets                        DS    "apps/v1"                         namespace 2;
    Job                              jobs                              JOB   "batch/v1"                        namespace 3;
    CronJob                          cronjobs                          CJ    "batch/v1"                        namespace 2;
    Service                          services                          SVC   "v1"                              namespace 1;
    EndpointSlice                    endpointslices                    EPS   "discovery.k8s.io/v1"             namespace 2;
    Ingress                          ingresses                         ING   "networking.k8s.io/v1"            namespace 0;
    ConfigMap                        configmaps                        CM    "v1"                              namespace 5 table;
    Secret                           secrets                           SEC   "v1"                              namespace 5 table;
    ServiceAccount                   serviceaccounts                   SA    "v1"                              namespace 5;
    PersistentVolumeClaim            persistentvolumeclaims            PVC   "v1"                              namespace 5;
    PersistentVolume                 persistentvolumes                 PV    "v1"                              cluster   6;
    ReplicationController            replicationcontrollers            RC    "v1"                              namespace 2;
    HorizontalPodAutoscaler          horizontalpodautoscalers          HPA   "autoscaling/v2"                  namespace 1;
    PodDisruptionBudget              poddisruptionbudgets              PDB   "policy/v1"                       namespace 3;
    NetworkPolicy                    networkpolicies                   NP    "networking.k8s.io/v1"            namespace 3;
    IngressClass                     ingressclasses                    IC    "networking.k8s.io/v1"            cluster   1;
    StorageClass                     storageclasses                    SC    "storage.k8s.io/v1"               cluster   6;
    PriorityClass                    priorityclasses                   PC    "scheduling.k8s.io/v1"            cluster   5;
    RuntimeClass                     runtimeclasses                    RTC   "node.k8s.io/v1"                  cluster   5;
    VolumeAttachment                 volumeattachments                 VA    "storage.k8s.io/v1"               cluster   5;
    CSIDriver                        csidrivers                        CSID  "storage.k8s.io/v1"               cluster   7;
    CSINode                          csinodes                          CSIN  "storage.k8s.io/v1"               cluster   4;
    Role                             roles                             ROLE  "rbac.authorization.k8s.io/v1"    namespace 7;
    ClusterRole                      clusterroles                      CR    "rbac.authorization.k8s.io/v1"    cluster   7;
    RoleBinding                      rolebindings                      RB    "rbac.authorization.k8s.io/v1"    namespace 6;
    ClusterRoleBinding               clusterrolebindings               CRB   "rbac.authorization.k8s.io/v1"    cluster   6;
    ResourceQuota                    resourcequotas                    QUOTA "v1"                              namespace 6;
    LimitRange                       limitranges                       LR    "v1"                              namespace 6;
    MutatingWebhookConfiguration     mutatingwebhookconfigurations     MWC   "admissionregistration.k8s.io/v1" cluster   0;
    ValidatingWebhookConfiguration   validatingwebhookconfigurations   VWC   "admissionregistration.k8s.io/v1" cluster   0;
    ValidatingAdmissionPolicy        validatingadmissionpolicies       VAP   "admissionregistration.k8s.io/v1" cluster   6 optional;
    ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings VAPB  "admissionregistration.k8s.io/v1" cluster   5 optional;
    MutatingAdmissionPolicy          mutatingadmissionpolicies         MAP   "admissionregistration.k8s.io/v1" cluster   6 optional;
    MutatingAdmissionPolicyBinding   mutatingadmissionpolicybindings   MAPB  "admissionregistration.k8s.io/v1" cluster   5 optional;
    APIService                       apiservices                       API   "apiregistration.k8s.io/v1"       cluster   0;
    CustomResourceDefinition         customresourcedefinitions         CRD   "apiextensions.k8s.io/v1"         cluster   0;
    Lease                            leases                            LEASE "coordination.k8s.io/v1"          namespace 4;
    Event                            events                            EV    "v1"                              namespace 0;

    "GatewayClass.gateway.networking.k8s.io"        gatewayclasses         GC   v1       cluster   1;
    "Gateway.gateway.networking.k8s.io"             gateways               GTW  v1       namespace 0;
    "HTTPRoute.gateway.networking.k8s.io"           httproutes             HTTP v1       namespace 0;
    "GRPCRoute.gateway.networking.k8s.io"           grpcroutes             GRPC v1       namespace 0;
    "TLSRoute.gateway.networking.k8s.io"            tlsroutes              TLS  v1alpha2 namespace 0;
    "TCPRoute.gateway.networking.k8s.io"            tcproutes              TCP  v1alpha2 namespace 0;
    "UDPRoute.gateway.networking.k8s.io"            udproutes              UDP  v1alpha2 namespace 0;
    "ReferenceGrant.gateway.networking.k8s.io"      referencegrants        RG   v1beta1  namespace 0;
    "VolumeSnapshot.snapshot.storage.k8s.io"        volumesnapshots        VS   v1       namespace 4;
    "VolumeSnapshotClass.snapshot.storage.k8s.io"   volumesnapshotclasses  VSCL v1       cluster   6;
    "VolumeSnapshotContent.snapshot.storage.k8s.io" volumesnapshotcontents VSC  v1       cluster   6;
    "Certificate.cert-manager.io"                   certificates           CERT v1       namespace 3;
    "Issuer.cert-manager.io"                        issuers                ISS  v1       namespace 5;
    "ClusterIssuer.cert-manager.io"                 clusterissuers         CISS v1       cluster   5;
    "ServiceMonitor.monitoring.coreos.com"          servicemonitors        SMON v1       namespace 0;
    "PodMonitor.monitoring.coreos.com"              podmonitors            PMON v1       namespace 0;
    "ExternalSecret.external-secrets.io"            externalsecrets        ES   v1       namespace 3;
    "SecretStore.external-secrets.io"               secretstores           SS   v1       namespace 5;
    "ClusterSecretStore.external-secrets.io"        clustersecretstores    CSS  v1       cluster   5;
    "VirtualService.networking.istio.io"            virtualservices        VISV v1       namespace 0;
    "Gateway.networking.istio.io"                   gateways               IGW  v1       namespace 0;
    "DestinationRule.networking.istio.io"           destinationrules       DR   v1       namespace 0;
    "Application.argoproj.io"                       applications           APP  v1alpha1 namespace 0;
    "Rollout.argoproj.io"                           rollouts               RO   v1alpha1 namespace 2;
    "Kustomization.kustomize.toolkit.fluxcd.io"     kustomizations         KS   v1       namespace 0;
    "HelmRelease.helm.toolkit.fluxcd.io"            helmreleases           HLM  v2       namespace 0;
    "ScaledObject.keda.sh"                          scaledobjects          SO   v1alpha1 namespace 1;
    "VerticalPodAutoscaler.autoscaling.k8s.io"      verticalpodautoscalers VPA  v1       namespace 1;
};

/// The kinds of nodes that are not objects of the API. They are never watched, and have no plural.
pub static VIRTUAL: &[Kind] = &[
    Kind::new("User", "", "USER", "", Scope::cluster, 7),
    Kind::new("Group", "", "GRP", "", Scope::cluster, 7),
    Kind::new("CIDR", "", "CIDR", "", Scope::cluster, 4),
    Kind::new("Anywhere", "", "ANY", "", Scope::cluster, 4),
];

/// Where objects live.
#[allow(non_camel_case_types, reason = "the words of the table")]
#[derive(Clone, Copy)]
enum Scope {
    cluster,
    namespace,
}

impl Kind {
    const fn new(
        kind: &'static str,
        plural: &'static str,
        code: &'static str,
        api_version: &'static str,
        scope: Scope,
        rank: u8,
    ) -> Self {
        let (group, version) = match split(api_version, b'/') {
            Some(both) => both,
            None => ("", api_version),
        };
        Self {
            kind,
            id: kind,
            group,
            version,
            plural,
            code,
            namespaced: matches!(scope, Scope::namespace),
            rank,
            watch: WatchForm::Object,
            optional: false,
        }
    }

    const fn of_group_in_id(self) -> Self {
        match split(self.id, b'.') {
            Some((kind, group)) => Self { kind, group, ..self },
            None => self,
        }
        .optional()
    }

    const fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    const fn table(self) -> Self {
        Self {
            watch: WatchForm::Table,
            ..self
        }
    }
}

/// What stands before and after the first of this byte.
const fn split(text: &'static str, byte: u8) -> Option<(&'static str, &'static str)> {
    let mut at = 0;
    while at < text.len() {
        if text.as_bytes()[at] == byte {
            return Some((text.split_at(at).0, text.split_at(at + 1).1));
        }
        at += 1;
    }
    None
}

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
    fn rows_say_what_they_are() {
        let kind = |id: &str| KindId::of(id).unwrap().get();
        let deployment = Kind {
            kind: "Deployment",
            id: "Deployment",
            group: "apps",
            version: "v1",
            plural: "deployments",
            code: "DEP",
            namespaced: true,
            rank: 2,
            watch: WatchForm::Object,
            optional: false,
        };
        assert_eq!(*kind("Deployment"), deployment);
        assert_eq!(
            (kind("Secret").watch, kind("Node").namespaced),
            (WatchForm::Table, false)
        );
        let gateway = kind("Gateway.gateway.networking.k8s.io");
        assert_eq!(
            (gateway.kind, gateway.group, gateway.optional),
            ("Gateway", "gateway.networking.k8s.io", true)
        );
        assert_eq!(
            (kind("User").plural, kind("User").version, kind("User").rank),
            ("", "", 7)
        );
        let words = |kind: &Kind| {
            [kind.kind, kind.plural, kind.code, kind.version]
                .iter()
                .all(|word| !word.is_empty())
        };
        assert!(KINDS.iter().all(|kind| words(kind) && kind.rank <= 7));
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
}
