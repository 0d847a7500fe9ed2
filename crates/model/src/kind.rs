//! The kind table: what the product knows of each kind of object, as data in one place.
//!
//! To add a kind, add an entry here and its reader in `crates/topology/src/kinds/`.

use serde::{Deserialize, Serialize};
use std::fmt;

mod columns;

/// What the product knows of one kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// `Pod`.
    pub kind: &'static str,
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

/// A kind's place in [`KINDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KindId(u16);

impl KindId {
    /// The kind of this name (`Pod`), if the table has it.
    pub fn of(kind: &str) -> Option<Self> {
        Self::find(|entry| entry.kind == kind)
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

    /// All kinds, in the table's order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..KINDS.len()).filter_map(|index| u16::try_from(index).ok().map(Self))
    }

    /// The table's entry.
    pub fn get(self) -> &'static Kind {
        // An id is only made from a place in the table; the first entry stands in for one from a foreign wire.
        KINDS.get(usize::from(self.0)).unwrap_or(&KINDS[0])
    }

    fn find(is: impl Fn(&Kind) -> bool) -> Option<Self> {
        Self::all().find(|id| is(id.get()))
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
        group,
        version,
        plural,
        code,
        namespaced,
        rank,
        watch,
        columns,
    }
}

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
    fn no_two_kinds_share_a_name_plural_or_code() {
        for field in [|k: &Kind| k.kind, |k: &Kind| k.plural, |k: &Kind| k.code] {
            let seen: HashSet<_> = KINDS.iter().map(field).collect();
            assert_eq!(seen.len(), KINDS.len());
        }
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
