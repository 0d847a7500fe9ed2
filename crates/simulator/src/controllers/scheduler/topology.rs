//! Where a pod may be in view of where other pods are: spread over domains, near some, away from others.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Cluster, Unfit, selected, unfit};
use crate::controllers::json::{int, is_going, list, name, namespace, selects, text};
use crate::controllers::kind::Kind;
use crate::controllers::world::World;
use crate::store::Key;

fn domain<'n>(node: &'n Value, key: &str) -> Option<&'n str> {
    node["metadata"]["labels"][key].as_str()
}

/// The constraints that have to be kept.
pub(super) fn spread(cluster: &Cluster<'_>, pod: &Value, node: &Value) -> Result<(), Unfit> {
    let constraints: Vec<&Value> = list(pod, "/spec/topologySpreadConstraints")
        .iter()
        .filter(|constraint| constraint["whenUnsatisfiable"] == "DoNotSchedule")
        .collect();
    const WHY: &str = "node(s) didn't match pod topology spread constraints";
    let keys = || {
        constraints
            .iter()
            .map(|constraint| text(constraint, "/topologyKey"))
    };
    if keys().any(|key| domain(node, key).is_none()) {
        return Err(unfit(format!("{WHY} (missing required label)"), false));
    }
    for constraint in &constraints {
        let key = text(constraint, "/topologyKey");
        let matches = |other: &Value| {
            let own = |label: &Value| {
                let label = label.as_str().unwrap_or_default();
                pod["metadata"]["labels"][label] == other["metadata"]["labels"][label]
            };
            namespace(other) == namespace(pod)
                && constraint["labelSelector"].is_object()
                && selects(&constraint["labelSelector"], &other["metadata"]["labels"])
                && list(constraint, "/matchLabelKeys").iter().all(own)
        };
        let honours_affinity = text(constraint, "/nodeAffinityPolicy") != "Ignore";
        let honours_taints = text(constraint, "/nodeTaintsPolicy") == "Honor";
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for other in cluster.nodes {
            let eligible = keys().all(|key| domain(other, key).is_some())
                && (!honours_affinity || selected(pod, other))
                && (!honours_taints
                    || list(other, "/spec/taints").iter().all(|taint| {
                        text(taint, "/effect") == "PreferNoSchedule" || super::tolerates(pod, taint)
                    }));
            let Some(domain) = domain(other, key).filter(|_| eligible) else {
                continue;
            };
            let here = cluster
                .on(other)
                .iter()
                .filter(|pod| !is_going(pod) && matches(pod));
            *counts.entry(domain).or_default() += i64::try_from(here.count()).unwrap_or_default();
        }
        let wanted = int(constraint, "/minDomains").unwrap_or(1);
        let few = i64::try_from(counts.len()).unwrap_or_default() < wanted;
        let least = if few {
            0
        } else {
            counts.values().min().copied().unwrap_or_default()
        };
        let here = domain(node, key)
            .and_then(|domain| counts.get(domain))
            .copied()
            .unwrap_or_default();
        if here + i64::from(matches(pod)) - least > int(constraint, "/maxSkew").unwrap_or(1) {
            return Err(unfit(WHY, true));
        }
    }
    Ok(())
}

const NEAR: &str = "/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution";
const AWAY: &str = "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution";

/// Whether a term of a pod is about another pod.
fn is_about(world: &World, term: &Value, pod: &Value, other: &Value) -> bool {
    let space = namespace(other);
    let listed = list(term, "/namespaces");
    let by_selector = term
        .get("namespaceSelector")
        .filter(|selector| selector.is_object());
    let in_scope = match by_selector {
        None if listed.is_empty() => space == namespace(pod),
        _ if listed.iter().any(|one| one == space) => true,
        Some(selector) => {
            let labels = world.get(Kind::Namespace, &Key::new("", space));
            labels.is_some_and(|space| selects(selector, &space["metadata"]["labels"]))
        }
        None => false,
    };
    in_scope
        && term["labelSelector"].is_object()
        && selects(&term["labelSelector"], &other["metadata"]["labels"])
}

/// The required terms of a pod about others, and of others about it.
pub(super) fn affinity(world: &World, cluster: &Cluster<'_>, pod: &Value, node: &Value) -> Result<(), Unfit> {
    let (near, away) = (list(pod, NEAR), list(pod, AWAY));
    let own_domain = |term: &Value| domain(node, text(term, "/topologyKey"));
    // All pods that have a node, with it.
    let everywhere = || {
        let nodes = cluster.nodes.iter();
        nodes.flat_map(|node| cluster.on(node).iter().map(move |pod| (node, *pod)))
    };
    let in_domain = |term: &Value, there: &Value| {
        let own = own_domain(term);
        own.is_some() && own == domain(there, text(term, "/topologyKey"))
    };
    let met = near.iter().all(|term| {
        everywhere().any(|(there, other)| in_domain(term, there) && is_about(world, term, pod, other))
    });
    if !met {
        // The first of a group that wants to be together has nobody to join.
        let nobody =
            !everywhere().any(|(_, other)| near.iter().all(|term| is_about(world, term, pod, other)));
        let itself = near
            .iter()
            .all(|term| is_about(world, term, pod, pod) && own_domain(term).is_some());
        if !(nobody && itself) {
            return Err(unfit("node(s) didn't match pod affinity rules", false));
        }
    }
    let crowded = away.iter().any(|term| {
        everywhere().any(|(there, other)| in_domain(term, there) && is_about(world, term, pod, other))
    });
    if crowded {
        return Err(unfit("node(s) didn't match pod anti-affinity rules", true));
    }
    let unwelcome = everywhere().any(|(there, other)| {
        let mut terms = list(other, AWAY).iter();
        name(other) != name(pod)
            && terms.any(|term| in_domain(term, there) && is_about(world, term, other, pod))
    });
    match unwelcome {
        true => Err(unfit(
            "node(s) didn't satisfy existing pods anti-affinity rules",
            true,
        )),
        false => Ok(()),
    }
}
