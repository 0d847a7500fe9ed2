//! What other objects complete: default classes, parameters whose kind a policy says, objects of kinds that have to be
//! discovered first.

use super::Index;
use super::lookup::Topic;
use crate::facts::{Detail, Facts, GroupKind, Key, Params, Reference, Selector, Want, Within};
use crate::rules::storage::SNAPSHOT_CLASS;
use crate::rules::{DEFAULT_STORAGE_CLASS, POLICY_CONFIGURED_BY, POLICY_CONFIGURED_BY_LABELS};
use crate::symbols::Sym;
use model::graph::Relation;
use model::{KindId, NodeId, Timestamp};
use std::cmp::Reverse;
use std::sync::Arc;

/// What a want comes to.
enum Found {
    Reference(Reference),
    Selector(Selector),
}

impl Index {
    /// The facts with what their wants come to now, and nothing else of that sort.
    pub(super) fn completed(&mut self, mut facts: Facts) -> Facts {
        if facts.wants().is_empty() {
            return facts;
        }
        let mut references = std::mem::take(&mut facts.references).into_vec();
        references.retain(|reference| !reference.resolved);
        let mut selectors: Vec<Selector> = Vec::new();
        for want in facts.wants().to_vec() {
            match self.resolve(&facts.key, want) {
                Some(Found::Reference(reference)) => references.push(self.symbols.reference(reference)),
                Some(Found::Selector(selector)) => selectors.push(selector),
                None => {}
            }
        }
        references.sort_by(|a, b| a.order(b));
        facts.references = references.into();
        if let Some(extra) = &mut facts.extra {
            extra.selectors.retain(|selector| !selector.resolved);
            extra.selectors.append(&mut selectors);
        }
        facts
    }

    /// An object has changed from the one to the other: the wants that depend on it are looked at again.
    pub(super) fn complete_others(&mut self, old: Option<&Facts>, new: Option<&Facts>) {
        let Some(facts) = new.or(old) else {
            return;
        };
        if default(old) != default(new) {
            self.complete_those(&Topic::Default(facts.key.kind));
        }
        if old.and_then(Facts::params) != new.and_then(Facts::params)
            || old.and_then(Facts::volume) != new.and_then(Facts::volume)
        {
            self.complete_those(&Topic::Object(facts.key.clone()));
        }
        if facts.key.kind.get().id == "PersistentVolume"
            && old.and_then(Facts::driver) != new.and_then(Facts::driver)
            && let Some(volume) = self.state.id(&facts.key)
        {
            // Snapshots of the claims that have this volume.
            let claims = self.state.incoming_by(volume, Relation::Binds);
            let claims: Vec<Key> = claims
                .filter_map(|edge| Some(self.state.node(edge.source)?.key().clone()))
                .collect();
            for claim in claims {
                self.complete_those(&Topic::Object(claim));
            }
        }
    }

    /// The cluster has begun to serve a kind, or no longer does: what names one of its objects is looked at again, as are
    /// the bindings of policies whose parameters are of that kind.
    pub(super) fn complete_kind(&mut self, kind: KindId) {
        let named = GroupKind {
            group: kind.get().group.into(),
            kind: kind.get().kind.into(),
        };
        let policies: Vec<Key> = ["ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"]
            .into_iter()
            .filter_map(KindId::of)
            .flat_map(|kind| self.state.objects(kind, &[]))
            .filter_map(|entry| entry.facts())
            .filter(|policy| policy.params() == Some(&named))
            .map(|policy| policy.key.clone())
            .collect();
        self.complete_those(&Topic::Kind(named));
        for policy in policies {
            self.complete_those(&Topic::Object(policy));
        }
    }

    fn complete_those(&mut self, topic: &Topic) {
        let holders: Vec<NodeId> = self.lookup.wanting.get(topic).collect();
        for holder in holders {
            let Some(entry) = self.state.node(holder).cloned() else {
                continue;
            };
            if let Some(old) = entry.facts() {
                let new = self.completed(old.clone());
                if (&new.references, &new.extra) != (&old.references, &old.extra) {
                    self.update(&entry, old, Arc::new(new));
                }
            }
        }
    }

    fn resolve(&mut self, holder: &Key, want: Want) -> Option<Found> {
        match want {
            Want::Default { rule, kind } => {
                let class = self.default_classes(kind).next()?;
                let path = class.default_field()?.clone();
                let to = class.key.clone();
                Some(found(rule, to, path, false))
            }
            Want::Params {
                policy,
                namespace,
                which,
                optional,
            } => {
                let named = self.state.find(&policy)?.facts()?.params()?;
                let kind = self.served(named)?;
                // Without a namespace, that of the object that is admitted: no one place.
                let namespace = match (kind.get().namespaced, namespace) {
                    (true, Some(namespace)) => Some(namespace),
                    (true, None) => return None,
                    (false, _) => None,
                };
                Some(match which {
                    Params::Named(name) => {
                        let to = Key {
                            kind,
                            namespace,
                            name,
                        };
                        let path = self.symbols.intern("spec.paramRef.name");
                        found(&POLICY_CONFIGURED_BY, to, path, optional)
                    }
                    Params::Selected(labels) => Found::Selector(Selector {
                        rule: &POLICY_CONFIGURED_BY_LABELS,
                        kind,
                        within: namespace.map_or(Within::Any, |namespace| Within::Named(vec![namespace])),
                        labels,
                        path: self.symbols.intern("spec.paramRef.selector"),
                        resolved: true,
                    }),
                })
            }
            Want::Object {
                rule,
                kind,
                namespace,
                name,
                path,
                optional,
                default,
                detail,
            } => {
                let kind = self.served(&kind)?;
                let namespace = match kind.get().namespaced {
                    true => Some(namespace.or_else(|| holder.namespace.clone())?),
                    false => None,
                };
                Some(Found::Reference(Reference {
                    rule,
                    to: Key {
                        kind,
                        namespace,
                        name,
                    },
                    path,
                    optional,
                    default,
                    resolved: true,
                    detail,
                }))
            }
            Want::SnapshotClass { claim } => {
                let volume = self.state.find(&claim)?.facts()?.volume()?;
                let driver = self.state.find(volume)?.facts()?.driver()?;
                let classes = self.default_classes(KindId::of(SNAPSHOT_CLASS)?);
                let mut of_driver = classes.filter(|class| class.driver() == Some(driver));
                // Of several, the snapshot controller takes none.
                let (Some(class), None) = (of_driver.next(), of_driver.next()) else {
                    return None;
                };
                let path = class.default_field()?.clone();
                Some(found(&DEFAULT_STORAGE_CLASS, class.key.clone(), path, false))
            }
        }
    }

    /// The kind that fields name, if the cluster serves it.
    fn served(&self, named: &GroupKind) -> Option<KindId> {
        let kind = KindId::of_group_kind(&named.group, &named.kind);
        kind.filter(|kind| self.state.serves(*kind))
    }

    /// The default classes of a kind: the newest first, then by name.
    fn default_classes(&self, kind: KindId) -> impl Iterator<Item = &Facts> {
        let start = (kind, Reverse(Some(Timestamp(i64::MAX))), Sym::from(""));
        let classes = self.lookup.defaults.range(start..);
        classes
            .take_while(move |(own, _, _)| *own == kind)
            .filter_map(move |(_, _, name)| {
                let class = Key {
                    kind,
                    namespace: None,
                    name: name.clone(),
                };
                self.state.find(&class)?.facts()
            })
    }
}

/// What makes an object a default, and the one that comes first among several.
fn default(facts: Option<&Facts>) -> Option<(Sym, Option<Timestamp>, Option<Sym>)> {
    let facts = facts?;
    let field = facts.default_field()?.clone();
    Some((field, facts.created, facts.driver().cloned()))
}

fn found(rule: &'static crate::rules::Rule, to: Key, path: Sym, optional: bool) -> Found {
    Found::Reference(Reference {
        rule,
        to,
        path,
        optional,
        default: false,
        resolved: true,
        detail: Detail::None,
    })
}
