//! Groups from the naive builder's nodes and edges: the middle levels once more, written from the design.

use crate::builder::{EdgeBody, Ends, list, s};
use model::graph::{NodeState, OwnedHealth};
use model::level::{Groups, Level, Picture};
use model::{Health, NodeId};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use topology::{Entry, LevelView, State};

/// What a group must be.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    counts: BTreeMap<String, u32>,
    healths: BTreeMap<Health, u32>,
    missing: u32,
    hidden: u32,
    worst: Option<(Health, String)>,
}

/// The naive builder's nodes and edges.
pub struct Naive<'n> {
    pub by_id: &'n BTreeMap<&'n str, &'n Entry>,
    pub edges: &'n BTreeMap<Ends, EdgeBody>,
    /// The JSON of the objects, by address.
    pub json: BTreeMap<&'n str, &'n Value>,
}

impl<'n> Naive<'n> {
    /// The sources of the edges of a relation that lead to a node.
    fn into(&self, relation: &str, id: &str) -> Vec<&'n str> {
        let edges = self.edges.keys();
        let into = edges.filter(|(_, own, target)| own == relation && target == id);
        into.map(|(source, _, _)| source.as_str()).collect()
    }

    /// What a node is part of: the name of the application within its namespace.
    fn application(&self, id: &'n str) -> String {
        let mut seen = BTreeSet::new();
        let mut at = id;
        loop {
            seen.insert(at);
            let json = self.json.get(at).copied().unwrap_or(&Value::Null);
            let labels = &json["metadata"]["labels"];
            let instance = s(&labels["app.kubernetes.io/instance"]);
            let part_of = s(&labels["app.kubernetes.io/part-of"]);
            let release = s(&json["metadata"]["annotations"]["meta.helm.sh/release-name"]);
            match (instance, part_of, release) {
                ("", _, "") => {}
                ("", _, release) => return release.to_owned(),
                (instance, "", _) => return instance.to_owned(),
                (instance, part_of, _) => return format!("{part_of}/{instance}"),
            }
            if let Some(manager) = self.into("manages", at).first() {
                return self.by_id[manager].key().name.to_string();
            }
            let entries = list(&json["metadata"]["ownerReferences"]).iter();
            let owners = match entries.len() {
                0 => Vec::new(),
                _ => self.into("owns", at),
            };
            let (first, others): (Vec<_>, Vec<_>) = entries.partition(|entry| entry["controller"] == true);
            let next = first.into_iter().chain(others).find_map(|entry| {
                let of = owners
                    .iter()
                    .filter(|owner| self.json[*owner]["metadata"]["uid"] == entry["uid"]);
                of.min_by_key(|owner| self.by_id[**owner].key()).copied()
            });
            match next.filter(|next| !seen.contains(next)) {
                Some(next) => at = next,
                None => {
                    let key = self.by_id[at].key();
                    return format!("{}:{}", key.kind.get().id, key.name);
                }
            }
        }
    }

    /// The group of a node at a level; none for Events.
    fn group(&self, level: Level, id: &'n str) -> Option<String> {
        let key = self.by_id[id].key();
        if key.kind.get().id == "Event" {
            return None;
        }
        let namespace = key.namespace.as_deref();
        Some(match (level, namespace) {
            (Level::Cluster, _) => "all".to_owned(),
            (Level::Namespace, namespace) => namespace.unwrap_or("").to_owned(),
            (_, namespace) => format!("{}|{}", namespace.unwrap_or(""), self.application(id)),
        })
    }

    pub fn check(&self, state: &State, level: Level) {
        let mut groups: BTreeMap<String, Expected> = BTreeMap::new();
        let mut unwell: BTreeMap<String, Vec<(Health, u8, Reverse<NodeId>)>> = BTreeMap::new();
        let of: BTreeMap<&str, String> = self
            .by_id
            .keys()
            .filter_map(|id| Some((*id, self.group(level, id)?)))
            .collect();
        for (id, group) in &of {
            let entry = self.by_id[id];
            let expected = groups.entry(group.clone()).or_default();
            let unwell = unwell.entry(group.clone()).or_default();
            match entry.state() {
                NodeState::Missing => expected.missing += 1,
                NodeState::Hidden => expected.hidden += 1,
                NodeState::Virtual => {}
                NodeState::Live | NodeState::Group => {
                    let kind = entry.key().kind.get();
                    *expected.counts.entry(kind.id.to_owned()).or_default() += 1;
                    *expected.healths.entry(entry.health()).or_default() += 1;
                    unwell.push((entry.health(), kind.rank, Reverse(entry.id())));
                }
            }
            if let Some(owned) = entry.owned() {
                let rank = state.node(owned.cause).unwrap().key().kind.get().rank;
                unwell.push((owned.health, rank, Reverse(owned.cause)));
            }
        }
        for (group, expected) in &mut groups {
            let worst = unwell[group].iter().max();
            expected.worst =
                worst
                    .filter(|(health, _, _)| *health > Health::Healthy)
                    .map(|(health, _, cause)| {
                        (*health, state.node(cause.0).unwrap().key().node_key().to_string())
                    });
        }
        if level == Level::Cluster {
            groups.entry("all".to_owned()).or_default();
        }
        let mut sums: BTreeMap<(String, String, String, String), (u32, u32)> = BTreeMap::new();
        for ((source, relation, target), body) in self.edges {
            let (Some(source), Some(target)) = (of.get(source.as_str()), of.get(target.as_str())) else {
                continue;
            };
            if source != target && body.layer != "events" {
                let key = (
                    source.clone(),
                    relation.clone(),
                    target.clone(),
                    body.layer.clone(),
                );
                let (all, broken) = sums.entry(key).or_default();
                *all += 1;
                *broken += u32::from(!body.healthy);
            }
        }
        compare(&picture(state, level), level, groups, &sums);
    }
}

/// The whole of a state at a level.
fn picture(state: &State, level: Level) -> Groups {
    let mut view = LevelView::parse(&model::graph::GraphQuery::default(), Some(level), 0).unwrap();
    match view.snapshot(state).unwrap() {
        Picture::Groups(groups) => groups,
        Picture::Objects(_) => panic!("groups were asked for"),
    }
}

fn compare(
    picture: &Groups,
    level: Level,
    mut groups: BTreeMap<String, Expected>,
    sums: &BTreeMap<(String, String, String, String), (u32, u32)>,
) {
    let mut names = BTreeMap::new();
    for (id, group) in &picture.groups {
        let key = &group.key;
        let name = match (level, key.kind.as_str()) {
            (Level::Cluster, _) => "all".to_owned(),
            (Level::Namespace, "Cluster") => String::new(),
            (Level::Namespace, _) => key.name.clone(),
            _ => format!("{}|{}", key.namespace.as_deref().unwrap_or(""), key.name),
        };
        let expected = groups.remove(&name);
        let expected = expected.unwrap_or_else(|| panic!("there should be no group {name}"));
        let worst = |worst: &OwnedHealth| (worst.health, worst.cause.to_string());
        let own = Expected {
            counts: group.counts.clone(),
            healths: group.healths.clone(),
            missing: group.missing,
            hidden: group.hidden,
            worst: group.worst.as_ref().map(worst),
        };
        assert_eq!(own, expected, "{name}");
        let health = match &own.worst {
            Some((health, _)) => *health,
            None => own.healths.keys().next_back().copied().unwrap_or(Health::Unknown),
        };
        assert_eq!((group.health, group.level), (health, level), "{name}");
        names.insert(*id, name);
    }
    assert!(groups.is_empty(), "there is no group for {groups:?}");
    let counted: BTreeMap<_, _> = picture
        .edges
        .iter()
        .map(|(key, edge)| {
            let ends = (
                names[&key.source].clone(),
                key.relation.word().to_owned(),
                names[&key.target].clone(),
                key.layer.word().to_owned(),
            );
            (ends, (edge.edges, edge.unhealthy))
        })
        .collect();
    assert_eq!(counted, *sums);
}
