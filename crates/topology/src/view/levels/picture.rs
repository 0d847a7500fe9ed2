//! Which groups and edges between them a view has.

use crate::application::Application;
use crate::change::Change;
use crate::state::{GroupKey, Members, State};
use crate::view::scope::{Joined, Scope};
use model::graph::OwnedHealth;
use model::level::{Group, GroupEdge, GroupId, GroupsDelta, Level};
use model::{Health, NodeKey};
use std::collections::BTreeMap;

/// The number of the group that is the whole cluster.
pub(super) const WHOLE: GroupId = GroupId(0);

/// The group of all that the view's namespaces have. Cost: the namespaces, times the kinds in each.
pub(super) fn whole(state: &State, scope: &Scope) -> Group {
    let mut counts: BTreeMap<model::KindId, u32> = BTreeMap::new();
    let mut healths = [0_u32; 6];
    let (mut missing, mut hidden) = (0, 0);
    let mut worst: Option<(Health, u8, std::cmp::Reverse<model::NodeId>)> = None;
    for (_, members) in state.groups().namespaces() {
        if !scope.has(members.key.namespace.as_ref()) {
            continue;
        }
        for (kind, count) in &members.counts {
            *counts.entry(*kind).or_default() += count;
        }
        for (sum, count) in healths.iter_mut().zip(members.healths) {
            *sum += count;
        }
        missing += members.missing;
        hidden += members.hidden;
        worst = worst.max(members.worst.and_then(|(health, cause)| {
            let rank = state.node(cause)?.key().kind.get().rank;
            Some((health, rank, std::cmp::Reverse(cause)))
        }));
    }
    let sum = Members {
        key: GroupKey {
            namespace: None,
            application: None,
        },
        counts: counts.into_iter().collect(),
        healths,
        missing,
        hidden,
        virtuals: 0,
        applications: 0,
        worst: worst.map(|(health, _, cause)| (health, cause.0)),
    };
    Group {
        key: NodeKey::new("Cluster", None, "all"),
        level: Level::Cluster,
        name: "all".to_owned(),
        ..group(state, WHOLE, &sum, false)
    }
}

/// The name of an application in its address.
pub(in crate::view) fn address(application: &Application) -> String {
    match application {
        Application::Instance {
            name,
            part_of: Some(part_of),
        } => format!("{part_of}/{name}"),
        Application::Instance { name, part_of: None } => name.to_string(),
        Application::Root(key) => {
            let key = key.node_key();
            format!("{}:{}", key.kind, key.name)
        }
    }
}

fn group(state: &State, id: GroupId, members: &Members, outside: bool) -> Group {
    let namespace = members.key.namespace.as_deref();
    let (name, part_of, root) = match &members.key.application {
        None => (namespace.unwrap_or("none").to_owned(), None, None),
        Some(Application::Instance { name, part_of }) => {
            (name.to_string(), part_of.as_ref().map(ToString::to_string), None)
        }
        Some(Application::Root(key)) => (key.name.to_string(), None, Some(key.node_key())),
    };
    let key = match (&members.key.application, namespace) {
        (None, Some(namespace)) => NodeKey::new("Namespace", None, namespace),
        (None, None) => NodeKey::new("Cluster", None, "none"),
        (Some(application), namespace) => NodeKey::new("Application", namespace, address(application)),
    };
    let counts = members.counts.iter();
    let healths = Health::ALL.into_iter().zip(members.healths);
    Group {
        id,
        key,
        level: members.key.level(),
        name,
        part_of,
        root,
        outside,
        counts: counts
            .map(|(kind, count)| (kind.get().id.to_owned(), *count))
            .collect(),
        healths: healths.filter(|(_, count)| *count > 0).collect(),
        missing: members.missing,
        hidden: members.hidden,
        health: members.health(),
        worst: members.worst.and_then(|(health, cause)| {
            let cause = state.node(cause)?;
            let reason = cause.facts().and_then(|facts| facts.status.reason.as_ref());
            Some(OwnedHealth {
                health,
                reason: reason.map(ToString::to_string),
                cause: cause.key().node_key(),
            })
        }),
    }
}

impl Scope {
    /// The groups of a level that are inside.
    pub(super) fn groups(&self, state: &State, level: Level) -> Vec<GroupId> {
        let groups = state.groups();
        if self.namespaces().is_empty() {
            return groups.of(level, None).map(|(id, _)| id).collect();
        }
        let names = self.namespaces().iter();
        names
            .flat_map(|name| groups.of(level, Some(name)))
            .map(|(id, _)| id)
            .collect()
    }

    pub(super) fn contains_group(&self, state: &State, id: GroupId) -> bool {
        let members = state.groups().members(id);
        members.is_some_and(|members| self.has(members.key.namespace.as_ref()))
    }

    pub(super) fn group(&self, state: &State, id: GroupId) -> Option<Group> {
        let members = state.groups().members(id)?;
        Some(group(
            state,
            id,
            members,
            !self.has(members.key.namespace.as_ref()),
        ))
    }

    /// The edges at a group that the view shows: of its layers, with an end inside.
    pub(super) fn sums_at<'a>(
        &'a self,
        state: &'a State,
        id: GroupId,
    ) -> impl Iterator<Item = GroupEdge> + 'a {
        let inside = self.contains_group(state, id);
        state
            .groups()
            .around(id)
            .filter(|(key, _)| self.has_layer(key.layer))
            .filter(move |(key, _)| {
                let other = if key.source == id { key.target } else { key.source };
                inside || self.contains_group(state, other)
            })
            .map(|(key, sum)| GroupEdge {
                key,
                edges: sum.edges,
                unhealthy: sum.unhealthy,
            })
    }

    pub(super) fn groups_delta(&self, state: &State, change: &Change, level: Level) -> GroupsDelta {
        let mut delta = GroupsDelta::default();
        // Whether each group is sent, or taken away.
        let mut say: BTreeMap<GroupId, bool> = BTreeMap::new();
        let place = |id: GroupId| match (change.group(id), state.groups().members(id)) {
            (Some(group), _) => Some((group.level, self.has(group.namespace.as_ref()))),
            (None, Some(members)) => Some((members.key.level(), self.has(members.key.namespace.as_ref()))),
            (None, None) => None,
        };
        for key in change.sums().filter(|key| self.has_layer(key.layer)) {
            let (Some((own, source)), Some((_, target))) = (place(key.source), place(key.target)) else {
                continue;
            };
            if own != level || !source && !target {
                continue;
            }
            match state.groups().sum(&key) {
                Some(sum) => delta.edges.push(GroupEdge {
                    key,
                    edges: sum.edges,
                    unhealthy: sum.unhealthy,
                }),
                None => delta.removed_edges.push(key),
            }
            for (end, inside) in [(key.source, source), (key.target, target)] {
                if inside {
                    continue;
                }
                match self.group_joined(state, change, end) {
                    Joined::Before => {}
                    Joined::Now => {
                        say.insert(end, true);
                    }
                    Joined::No => {
                        say.insert(end, false);
                    }
                }
            }
        }
        for (id, group) in change.groups().filter(|(_, group)| group.level == level) {
            if self.has(group.namespace.as_ref()) {
                say.insert(id, !group.removed);
            } else if self.sums_at(state, id).next().is_some() {
                say.insert(id, true);
            }
        }
        for (id, sent) in say {
            match self.group(state, id).filter(|_| sent) {
                Some(group) => delta.groups.push(group),
                None => delta.removed_groups.push(id),
            }
        }
        delta
    }

    /// Whether a group outside is in the view, and whether it was before the change.
    fn group_joined(&self, state: &State, change: &Change, id: GroupId) -> Joined {
        Joined::by(self.sums_at(state, id).map(|edge| change.has_sum(&edge.key)))
    }
}
