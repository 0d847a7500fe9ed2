//! Which objects have which labels, and which selectors want them.

use crate::facts::{Facts, Labels, Selector, Within};
use crate::selector::LabelSelector;
use crate::symbols::Sym;
use model::graph::Relation;
use model::{KindId, NodeId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// Objects of a kind in a namespace: what a selector can reach. Of a namespaced kind, no namespace stands for any.
pub(super) type Scope = (KindId, Option<Sym>);

/// A label.
type Pair = (Sym, Sym);

/// Objects by their labels.
///
/// The pods of one workload share one set of labels, so pairs lead to sets and sets to objects: a label that ten
/// thousand pods have is written down once per workload.
#[derive(Debug, Default)]
pub(super) struct Labelled {
    by_pair: FxHashMap<(Scope, Pair), FxHashSet<Labels>>,
    by_scope: FxHashMap<Scope, FxHashSet<Labels>>,
    by_set: FxHashMap<(Scope, Labels), FxHashSet<NodeId>>,
}

impl Labelled {
    pub(super) fn insert(&mut self, id: NodeId, facts: &Facts) {
        let scope = scope(facts);
        let members = self
            .by_set
            .entry((scope.clone(), facts.labels.clone()))
            .or_default();
        if members.is_empty() {
            for pair in facts.labels.iter() {
                let sets = self.by_pair.entry((scope.clone(), pair.clone())).or_default();
                sets.insert(facts.labels.clone());
            }
            self.by_scope
                .entry(scope)
                .or_default()
                .insert(facts.labels.clone());
        }
        members.insert(id);
    }

    pub(super) fn remove(&mut self, id: NodeId, facts: &Facts) {
        let place = (scope(facts), facts.labels.clone());
        let Some(members) = self.by_set.get_mut(&place) else {
            return;
        };
        members.remove(&id);
        if !members.is_empty() {
            return;
        }
        self.by_set.remove(&place);
        let (scope, labels) = place;
        for pair in labels.iter() {
            take(&mut self.by_pair, (scope.clone(), pair.clone()), &labels);
        }
        take(&mut self.by_scope, scope, &labels);
    }

    /// The objects of a scope whose labels meet the selector. Cost: the objects, and the sets of labels that have one of
    /// the values which the most demanding requirement asks for; all sets of the scope if none asks for values.
    pub(super) fn selected(&self, scope: &Scope, selector: &LabelSelector) -> Vec<NodeId> {
        let choices = selector.choices().map(|(key, values)| {
            let pairs = values.iter().map(|value| pair(key, value));
            let sets = pairs.filter_map(|pair| self.by_pair.get(&(scope.clone(), pair)));
            sets.collect::<Vec<_>>()
        });
        let rarest = choices.min_by_key(|sets| sets.iter().map(|sets| sets.len()).sum::<usize>());
        let sets = rarest.unwrap_or_else(|| self.by_scope.get(scope).into_iter().collect());
        let matching = sets
            .into_iter()
            .flatten()
            .filter(|labels| selector.matches(labels));
        let members = matching.filter_map(|labels| self.by_set.get(&(scope.clone(), labels.clone())));
        members.flatten().copied().collect()
    }
}

/// Who selects, and as what.
type Who = (NodeId, Relation);

/// Selectors by one of the labels they want: what has the label asks which selectors might want it.
#[derive(Debug, Default)]
pub(super) struct Selectors {
    by_pair: FxHashMap<(Scope, Pair), FxHashSet<Who>>,
    /// Those that ask for no value, by what they can reach.
    loose: FxHashMap<Scope, FxHashSet<Who>>,
    /// Those for which the labels of namespaces count.
    pub(super) across: BTreeSet<NodeId>,
    /// How many selectors look for objects of a kind.
    kinds: FxHashMap<KindId, u32>,
}

impl Selectors {
    pub(super) fn insert(&mut self, id: NodeId, facts: &Facts) {
        for selector in facts.selectors() {
            let who = (id, selector.rule.relation);
            *self.kinds.entry(selector.kind).or_default() += 1;
            for (scope, pairs) in filed_under(facts, selector) {
                match pairs {
                    Some(pairs) => {
                        for pair in pairs {
                            self.by_pair.entry((scope.clone(), pair)).or_default().insert(who);
                        }
                    }
                    None => {
                        self.loose.entry(scope).or_default().insert(who);
                    }
                }
            }
            if matches!(selector.within, Within::Matching(_)) {
                self.across.insert(id);
            }
        }
    }

    pub(super) fn remove(&mut self, id: NodeId, facts: &Facts) {
        for selector in facts.selectors() {
            let who = (id, selector.rule.relation);
            if let Some(count) = self.kinds.get_mut(&selector.kind) {
                *count -= 1;
                if *count == 0 {
                    self.kinds.remove(&selector.kind);
                }
            }
            for (scope, pairs) in filed_under(facts, selector) {
                match pairs {
                    Some(pairs) => {
                        for pair in pairs {
                            take(&mut self.by_pair, (scope.clone(), pair), &who);
                        }
                    }
                    None => take(&mut self.loose, scope, &who),
                }
            }
        }
        self.across.remove(&id);
    }

    /// Whose selector may want this object, and as what; the rest of their requirements is not compared.
    pub(super) fn candidates(&self, facts: &Facts) -> BTreeSet<Who> {
        if !self.kinds.contains_key(&facts.key.kind) {
            return BTreeSet::new();
        }
        let own = scope(facts);
        let any = own.1.is_some().then_some((own.0, None));
        let mut found = BTreeSet::new();
        for scope in [Some(own), any].into_iter().flatten() {
            for pair in facts.labels.iter() {
                found.extend(
                    self.by_pair
                        .get(&(scope.clone(), pair.clone()))
                        .into_iter()
                        .flatten(),
                );
            }
            found.extend(self.loose.get(&scope).into_iter().flatten());
        }
        found
    }
}

fn take<K: std::hash::Hash + Eq, V: std::hash::Hash + Eq>(
    map: &mut FxHashMap<K, FxHashSet<V>>,
    key: K,
    value: &V,
) {
    if let Some(values) = map.get_mut(&key) {
        values.remove(value);
        if values.is_empty() {
            map.remove(&key);
        }
    }
}

fn pair(key: &str, value: &str) -> Pair {
    (Sym::from(key), Sym::from(value))
}

pub(super) fn scope(facts: &Facts) -> Scope {
    (facts.key.kind, facts.key.namespace.clone())
}

/// Where a selector is kept: in each scope that it names, under the values of one requirement, or as one that asks for
/// none. Of several requirements the one with the longest value is taken, as the likeliest to be rare.
fn filed_under(facts: &Facts, selector: &Selector) -> Vec<(Scope, Option<Vec<Pair>>)> {
    let longest = |values: &[String]| values.iter().map(String::len).max();
    let choice = selector
        .labels
        .choices()
        .max_by_key(|(_, values)| longest(values));
    let pairs = choice.map(|(key, values)| values.iter().map(|value| pair(key, value)).collect::<Vec<_>>());
    let namespaces = match &selector.within {
        Within::Own => vec![facts.key.namespace.clone()],
        Within::Any | Within::Matching(_) => vec![None],
        Within::Named(names) => names.iter().cloned().map(Some).collect(),
    };
    namespaces
        .into_iter()
        .map(|namespace| ((selector.kind, namespace), pairs.clone()))
        .collect()
}
