//! References that other objects complete: default classes, and parameters whose kind a policy says.

use super::Index;
use super::lookup::topic_of_kind;
use crate::facts::{Detail, Facts, Key, Reference, Want};
use crate::rules::POLICY_CONFIGURED_BY;
use crate::symbols::Sym;
use model::NodeId;
use std::sync::Arc;

impl Index {
    /// The facts with the references that their wants come to now, and no others of that sort.
    pub(super) fn completed(&mut self, mut facts: Facts) -> Facts {
        if facts.wants().is_empty() {
            return facts;
        }
        facts.references.retain(|reference| !reference.rule.resolved);
        let wants = facts.wants().to_vec();
        for want in &wants {
            if let Some(reference) = self.resolve(want) {
                facts.references.push(self.symbols.reference(reference));
            }
        }
        facts.references.sort_by(|a, b| a.order(b));
        facts
    }

    /// An object has changed from the one to the other: the wants that depend on it are looked at again.
    pub(super) fn complete_others(&mut self, old: Option<&Facts>, new: Option<&Facts>) {
        let default = |facts: Option<&Facts>| {
            facts.and_then(|facts| Some((facts.default_field()?.clone(), facts.created)))
        };
        let params = |facts: Option<&Facts>| facts.and_then(Facts::params);
        let Some(facts) = new.or(old) else {
            return;
        };
        if default(old) != default(new) {
            self.complete_those(&topic_of_kind(facts.key.kind));
        }
        if params(old) != params(new) {
            self.complete_those(&facts.key);
        }
    }

    fn complete_those(&mut self, topic: &Key) {
        let holders: Vec<NodeId> = self.lookup.wanting.get(topic).collect();
        for holder in holders {
            let Some(entry) = self.state.node(holder).cloned() else {
                continue;
            };
            if let Some(old) = entry.facts() {
                let new = self.completed(old.clone());
                if new.references != old.references {
                    self.update(&entry, old, Arc::new(new));
                }
            }
        }
    }

    fn resolve(&mut self, want: &Want) -> Option<Reference> {
        match want {
            Want::Default { rule, kind } => {
                let first = self
                    .lookup
                    .defaults
                    .range(
                        (
                            *kind,
                            std::cmp::Reverse(Some(model::Timestamp(i64::MAX))),
                            Sym::from(""),
                        )..,
                    )
                    .next();
                let (_, _, name) = first.filter(|(own, _, _)| own == kind)?;
                let class = Key {
                    kind: *kind,
                    namespace: None,
                    name: name.clone(),
                };
                let path = self.state.find(&class)?.facts()?.default_field()?.clone();
                Some(Reference {
                    rule,
                    to: class,
                    path,
                    optional: false,
                    default: false,
                    detail: Detail::None,
                })
            }
            Want::Params {
                policy,
                namespace,
                name,
                optional,
            } => {
                let kind = self.state.find(policy)?.facts()?.params()?;
                // Without a namespace, that of the object that is admitted: no one object.
                let namespace = match (kind.get().namespaced, namespace) {
                    (true, Some(namespace)) => Some(namespace.clone()),
                    (true, None) => return None,
                    (false, _) => None,
                };
                Some(Reference {
                    rule: &POLICY_CONFIGURED_BY,
                    to: Key {
                        kind,
                        namespace,
                        name: name.clone(),
                    },
                    path: self.symbols.intern("spec.paramRef.name"),
                    optional: *optional,
                    default: false,
                    detail: Detail::None,
                })
            }
        }
    }
}
