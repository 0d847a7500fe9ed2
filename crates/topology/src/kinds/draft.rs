//! Facts in the making.

use super::meta::{self, Meta};
use crate::application::INSTANCE;
use crate::facts::{Cells, Uid};
use crate::facts::{
    Detail, Extra, Facts, Grant, GroupKind, Images, Key, Labels, OwnStatus, Owner, Reference, Selector,
    ServicePort, Want, Within,
};
use crate::rules::Rule;
use crate::selector::LabelSelector;
use crate::symbols::{Sym, Symbols};
use model::graph::Replicas;
use model::list::Cell;
use model::{Health, KindId, Timestamp};
use std::sync::Arc;

/// Facts in the making: the metadata is in, references are added, status and cells finish it.
pub(crate) struct Draft<'s> {
    symbols: &'s mut Symbols,
    key: Key,
    uid: Uid,
    created: Option<Timestamp>,
    labels: Labels,
    images: Images,
    owners: Arc<[Owner]>,
    deleting: Option<String>,
    references: Vec<Arc<Reference>>,
    extra: Extra,
}

/// An object that a field names.
pub(crate) struct Named<'n> {
    /// Its kind, if the kind table has it.
    pub kind: Option<KindId>,
    /// Its group and kind, if the table does not have it: some clusters may.
    pub elsewhere: Option<(&'n str, &'n str)>,
    /// Its namespace, if it is not the object's own.
    pub namespace: Option<&'n str>,
    /// Its name. An empty one is passed over.
    pub name: &'n str,
    /// The field.
    pub path: String,
    /// Kubernetes does without it.
    pub optional: bool,
    /// The field is not set and a default stands in.
    pub default: bool,
    /// What else the field says.
    pub detail: Detail,
}

impl<'n> Named<'n> {
    pub(crate) fn new(kind: &str, name: &'n str, path: impl Into<String>) -> Self {
        Self::of(KindId::of(kind), name, path)
    }

    /// Of the kind that two fields name.
    pub(crate) fn of_kind(group: &'n str, kind: &'n str, name: &'n str, path: impl Into<String>) -> Self {
        // Facts do not depend on what has been discovered: that of another cluster means nothing here.
        let of_table = KindId::of_group_kind(group, kind).filter(|kind| !kind.is_discovered());
        Self {
            elsewhere: (of_table.is_none() && !kind.is_empty()).then_some((group, kind)),
            ..Self::of(of_table, name, path)
        }
    }

    /// Of the kind that `apiVersion` and `kind` name.
    pub(crate) fn of_version(
        api_version: &'n str,
        kind: &'n str,
        name: &'n str,
        path: impl Into<String>,
    ) -> Self {
        Self::of_kind(group_of(api_version), kind, name, path)
    }

    fn of(kind: Option<KindId>, name: &'n str, path: impl Into<String>) -> Self {
        Self {
            kind,
            elsewhere: None,
            namespace: None,
            name,
            path: path.into(),
            optional: false,
            default: false,
            detail: Detail::None,
        }
    }
}

/// How an object is, in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// kubectl's word.
    pub word: String,
    /// Its health.
    pub health: Health,
    /// Why.
    pub reason: Option<String>,
    /// Restarts of a pod's containers.
    pub restarts: Option<u32>,
    /// Replicas of a workload.
    pub replicas: Option<Replicas>,
}

impl Outcome {
    pub(crate) fn new(word: impl Into<String>, health: Health) -> Self {
        Self {
            word: word.into(),
            health,
            reason: None,
            restarts: None,
            replicas: None,
        }
    }

    pub(crate) fn because(self, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            reason: (!reason.is_empty()).then_some(reason),
            ..self
        }
    }
}

impl<'s> Draft<'s> {
    pub(super) fn new(kind: KindId, meta: &Meta<'_>, symbols: &'s mut Symbols) -> Self {
        let owners: Vec<Owner> = meta
            .owner_references
            .iter()
            .map(|owner| Owner {
                uid: Uid::from(&*owner.uid),
                kind: symbols.intern(&owner.kind),
                name: symbols.intern(&owner.name),
                controller: *owner.controller,
            })
            .collect();
        let namespaced = kind.get().namespaced && !meta.namespace.is_empty();
        let labels = symbols.labels(meta.labels.pairs());
        let release = meta.annotations.get(meta::RELEASE);
        let release = release.filter(|release| {
            !release.is_empty() && labels.get(INSTANCE).is_none_or(|instance| instance.is_empty())
        });
        let extra = Extra {
            release: release.map(|release| symbols.intern(release)),
            ..Extra::default()
        };
        Self {
            key: Key {
                kind,
                namespace: namespaced.then(|| symbols.intern(&meta.namespace)),
                name: symbols.intern(&meta.name),
            },
            uid: Uid::from(&*meta.uid),
            created: meta::time(&meta.creation_timestamp),
            labels,
            images: Images::default(),
            owners: symbols.owners(&owners),
            deleting: meta.is_deleting().then(|| {
                let finalizers: Vec<&str> = meta.finalizers.iter().map(|name| &**name).collect();
                finalizers.join(", ")
            }),
            references: Vec::new(),
            extra,
            symbols,
        }
    }

    /// The object's name.
    pub(crate) fn name(&self) -> Sym {
        self.key.name.clone()
    }

    /// The symbol of a text.
    pub(crate) fn intern(&mut self, text: &str) -> Sym {
        self.symbols.intern(text)
    }

    /// Adds a field that names another object.
    pub(crate) fn refer(&mut self, rule: &'static Rule, named: Named<'_>) {
        if let Some((group, kind)) = named.elsewhere {
            return self.await_kind(rule, group, kind, named);
        }
        let Some(kind) = named.kind.filter(|_| !named.name.is_empty()) else {
            return;
        };
        let namespace = match named.namespace.filter(|namespace| !namespace.is_empty()) {
            _ if !kind.get().namespaced => None,
            Some(namespace) => Some(self.symbols.intern(namespace)),
            None => self.key.namespace.clone(),
        };
        if kind.get().namespaced && namespace.is_none() {
            return;
        }
        let reference = Reference {
            rule,
            to: Key {
                kind,
                namespace,
                name: self.symbols.intern(named.name),
            },
            path: self.symbols.intern(&named.path),
            optional: named.optional,
            default: named.default,
            resolved: false,
            detail: named.detail,
        };
        self.references.push(self.symbols.reference(reference));
    }

    fn await_kind(&mut self, rule: &'static Rule, group: &str, kind: &str, named: Named<'_>) {
        if named.name.is_empty() {
            return;
        }
        let namespace = named.namespace.filter(|namespace| !namespace.is_empty());
        let want = Want::Object {
            rule,
            kind: self.group_kind(group, kind),
            namespace: namespace.map(|namespace| self.symbols.intern(namespace)),
            name: self.symbols.intern(named.name),
            path: self.symbols.intern(&named.path),
            optional: named.optional,
            default: named.default,
            detail: named.detail,
        };
        self.want(want);
    }

    /// Whether a field has been found to name an object.
    pub(crate) fn has_field(&self, path: &str) -> bool {
        let waits = |want: &Want| matches!(want, Want::Object { path: own, .. } if *own == path);
        self.references.iter().any(|reference| reference.path == path) || self.extra.wants.iter().any(waits)
    }

    /// The symbols of a group and kind.
    pub(crate) fn group_kind(&mut self, group: &str, kind: &str) -> GroupKind {
        GroupKind {
            group: self.symbols.intern(group),
            kind: self.symbols.intern(kind),
        }
    }

    /// Adds a selector.
    pub(crate) fn select(
        &mut self,
        rule: &'static Rule,
        kind: &str,
        within: Within,
        labels: LabelSelector,
        path: impl AsRef<str>,
    ) {
        let Some(kind) = KindId::of(kind) else {
            return;
        };
        let path = self.symbols.intern(path.as_ref());
        self.extra.selectors.push(Selector {
            rule,
            kind,
            within,
            labels,
            path,
            resolved: false,
        });
    }

    /// Adds a reference that other objects complete.
    pub(crate) fn want(&mut self, want: Want) {
        self.extra.wants.push(want);
    }

    /// It wants the default class of a kind.
    pub(crate) fn want_default(&mut self, rule: &'static Rule, kind: &str) {
        if let Some(kind) = KindId::of(kind) {
            self.want(Want::Default { rule, kind });
        }
    }

    /// It wants the default class of the driver that has the volume of this claim.
    pub(crate) fn want_snapshot_class(&mut self, claim: &str) {
        if let Some(kind) = KindId::of("PersistentVolumeClaim") {
            let claim = Key {
                kind,
                namespace: self.key.namespace.clone(),
                name: self.symbols.intern(claim),
            };
            self.want(Want::SnapshotClass { claim });
        }
    }

    /// It says by this field that it is the default class of its kind.
    pub(crate) fn be_default(&mut self, path: &str) {
        self.extra.default = Some(self.symbols.intern(path));
    }

    /// It lets somebody name something in its namespace.
    pub(crate) fn grant(&mut self, grant: Grant) {
        self.extra.grants.push(grant);
    }

    /// Its parameters are of this kind.
    pub(crate) fn take_params(&mut self, api_version: &str, kind: &str) {
        self.extra.params = Some(self.group_kind(group_of(api_version), kind));
    }

    /// Its driver, of a VolumeSnapshotClass.
    pub(crate) fn be_driven(&mut self, driver: &str) {
        self.extra.driver = Some(self.symbols.intern(driver));
    }

    /// The group of its kind.
    pub(crate) fn group(&self) -> &'static str {
        self.key.kind.get().group
    }

    /// The object's namespace; empty if it has none.
    pub(crate) fn namespace(&self) -> String {
        self.key.namespace.as_deref().unwrap_or_default().to_owned()
    }

    /// Adds a port that the object offers.
    pub(crate) fn offer(&mut self, name: &str, number: i32) {
        let name = (!name.is_empty()).then(|| self.symbols.intern(name));
        self.extra.ports.push(ServicePort { name, number });
    }

    /// Its containers run these images.
    pub(crate) fn run<'a>(&mut self, images: impl IntoIterator<Item = &'a str>) {
        self.images = self.symbols.images(images);
    }

    /// The cells that every kind has: `Name` and `Age`.
    pub(super) fn name_cell(&self) -> Cell {
        Cell::Text(self.key.name.to_string())
    }

    /// See [`Self::name_cell`].
    pub(super) fn age_cell(&self) -> Cell {
        self.created.map_or(Cell::Unknown, Cell::Time)
    }

    /// The facts. What is being deleted and looks well is on its way out.
    pub(super) fn finish(mut self, outcome: Outcome, cells: Vec<Cell>) -> Facts {
        debug_assert!(
            cells.len() == super::columns(self.key.kind).len() || self.key.kind.is_discovered(),
            "{}",
            self.key.kind
        );
        let quiet = matches!(
            outcome.health,
            Health::Healthy | Health::Suspended | Health::Unknown
        );
        let outcome = match &self.deleting {
            Some(finalizers) if quiet => {
                let reason = if finalizers.is_empty() {
                    "It is being deleted".to_owned()
                } else {
                    format!("It is being deleted and waits for {finalizers}")
                };
                Outcome {
                    health: Health::Progressing,
                    ..outcome
                }
                .because(reason)
            }
            _ => outcome,
        };
        self.references.sort_by(|a, b| a.order(b));
        self.references.dedup();
        Facts {
            status: OwnStatus {
                word: self.symbols.intern(&outcome.word),
                health: outcome.health,
                reason: outcome.reason.map(|reason| self.symbols.intern(&reason)),
                restarts: outcome.restarts,
                replicas: outcome.replicas,
            },
            key: self.key,
            uid: self.uid,
            created: self.created,
            labels: self.labels,
            images: self.images,
            owners: self.owners,
            references: self.references.into(),
            extra: (self.extra != Extra::default()).then(|| Box::new(self.extra)),
            cells: Cells::pack(&cells),
        }
    }
}

/// The group of an apiVersion: `apps` of `apps/v1`, nothing of `v1`.
pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
