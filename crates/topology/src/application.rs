//! What an object is part of: the middle level between namespaces and objects.
//!
//! In this order: the label of its instance, its Helm release, the Argo CD or Flux object that manages it, else what its
//! owner is part of; an object without owner is the root of its own application.

use crate::facts::{Facts, Key, Labels};
use crate::state::{Entry, State};
use crate::symbols::Sym;
use model::NodeId;
use model::graph::Relation;

/// The label that says which installation of an application an object is part of.
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";
/// The label of the larger thing that the installation is part of.
const PART_OF: &str = "app.kubernetes.io/part-of";

/// What an object is part of, within its namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Application {
    /// An installation with a name.
    Instance {
        /// Its name.
        name: Sym,
        /// What it is part of.
        part_of: Option<Sym>,
    },
    /// What an object without owner owns, and the object.
    Root(Key),
}

/// What an object says itself.
fn said(facts: &Facts) -> Option<Application> {
    let label = |key| facts.labels.get(key).filter(|value| !value.is_empty());
    if let Some(name) = label(INSTANCE) {
        return Some(Application::Instance {
            name: name.clone(),
            part_of: label(PART_OF).cloned(),
        });
    }
    let release = facts.extra.as_ref()?.release.as_ref()?;
    Some(Application::Instance {
        name: release.clone(),
        part_of: None,
    })
}

/// Whether two states of an object may be part of different things by what they say themselves.
pub(crate) fn differs(old: &Facts, new: &Facts) -> bool {
    let labels = |labels: &Labels| [labels.get(INSTANCE).cloned(), labels.get(PART_OF).cloned()];
    let release = |facts: &Facts| facts.extra.as_ref().and_then(|extra| extra.release.clone());
    old.owners != new.owners || labels(&old.labels) != labels(&new.labels) || release(old) != release(new)
}

/// What a node is part of. Cost: its owners, one above the other.
pub(crate) fn of(state: &State, id: NodeId) -> Option<Application> {
    let mut seen = vec![id];
    let mut entry = state.node(id)?;
    loop {
        if let Some(said) = entry.facts().and_then(said) {
            return Some(said);
        }
        let managers = state.incoming_by(entry.id(), Relation::Manages);
        let manager = managers
            .filter_map(|edge| Some(state.node(edge.source)?.key()))
            .min();
        if let Some(manager) = manager {
            return Some(Application::Instance {
                name: manager.name.clone(),
                part_of: None,
            });
        }
        match owner(state, entry).filter(|owner| !seen.contains(&owner.id())) {
            Some(owner) => {
                seen.push(owner.id());
                entry = owner;
            }
            None => return Some(Application::Root(entry.key().clone())),
        }
    }
}

/// The owner that counts: the first that exists, controllers before others.
fn owner<'s>(state: &'s State, entry: &Entry) -> Option<&'s Entry> {
    let facts = entry.facts()?;
    let (controllers, others): (Vec<_>, Vec<_>) = facts.owners.iter().partition(|owner| owner.controller);
    controllers.into_iter().chain(others).find_map(|owner| {
        let owners = state.incoming_by(entry.id(), Relation::Owns);
        let owners = owners.filter_map(|edge| state.node(edge.source));
        owners
            .filter(|own| own.facts().is_some_and(|facts| facts.uid == owner.uid))
            .min_by_key(|own| own.key())
    })
}
