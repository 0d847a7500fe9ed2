//! Which objects have which labels, and which selectors want them.

use crate::facts::{Facts, Labels, Selector};
use crate::symbols::Sym;
use model::{KindId, NodeId};
use rustc_hash::{FxHashMap, FxHashSet};

/// Objects of a kind in a namespace: what a selector can reach.
type Scope = (KindId, Option<Sym>);

/// Objects by their labels.
///
/// The pods of one workload share one set of labels, so pairs lead to sets and sets to objects: a label that ten
/// thousand pods have is written down once per workload.
#[derive(Debug, Default)]
pub(super) struct Labelled {
    by_pair: FxHashMap<(Scope, (Sym, Sym)), FxHashSet<Labels>>,
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
            let place = (scope.clone(), pair.clone());
            if let Some(sets) = self.by_pair.get_mut(&place) {
                sets.remove(&labels);
                if sets.is_empty() {
                    self.by_pair.remove(&place);
                }
            }
        }
    }

    /// The objects that have all of the selector's labels. Cost: the objects, and the sets that have its rarest label.
    pub(super) fn selected(&self, namespace: Option<&Sym>, selector: &Selector) -> Vec<NodeId> {
        let scope = (selector.kind, namespace.cloned());
        let sets = selector
            .labels
            .iter()
            .map(|pair| self.by_pair.get(&(scope.clone(), pair.clone())))
            .min_by_key(|sets| sets.map_or(0, FxHashSet::len));
        let matching = sets
            .flatten()
            .into_iter()
            .flatten()
            .filter(|labels| labels.contain(&selector.labels));
        let members = matching.filter_map(|labels| self.by_set.get(&(scope.clone(), labels.clone())));
        members.flatten().copied().collect()
    }
}

/// Selectors by one of the labels they want: what has the label asks which selectors might want it.
#[derive(Debug, Default)]
pub(super) struct Selectors {
    by_pair: FxHashMap<(Scope, (Sym, Sym)), FxHashSet<NodeId>>,
}

impl Selectors {
    pub(super) fn insert(&mut self, id: NodeId, facts: &Facts) {
        if let Some(place) = filed_under(facts) {
            self.by_pair.entry(place).or_default().insert(id);
        }
    }

    pub(super) fn remove(&mut self, id: NodeId, facts: &Facts) {
        if let Some(place) = filed_under(facts)
            && let Some(ids) = self.by_pair.get_mut(&place)
        {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_pair.remove(&place);
            }
        }
    }

    /// The objects whose selector may want this one; the rest of their labels is not compared.
    pub(super) fn candidates(&self, facts: &Facts) -> impl Iterator<Item = NodeId> {
        let scope = scope(facts);
        let pairs = facts.labels.iter();
        pairs
            .filter_map(move |pair| self.by_pair.get(&(scope.clone(), pair.clone())))
            .flatten()
            .copied()
    }
}

fn scope(facts: &Facts) -> Scope {
    (facts.key.kind, facts.key.namespace.clone())
}

/// The label under which a selector is kept: the one with the longest value, as the likeliest to be rare.
fn filed_under(facts: &Facts) -> Option<(Scope, (Sym, Sym))> {
    let selector = facts.selector.as_deref()?;
    let pair = selector.labels.iter().max_by_key(|(_, value)| value.len())?;
    Some(((selector.kind, facts.key.namespace.clone()), pair.clone()))
}
