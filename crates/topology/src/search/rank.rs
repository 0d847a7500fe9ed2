//! The best hits, in order.

use super::Matches;
use super::bits::{Bits, ones};
use super::block::Block;
use crate::natural::natural;
use crate::state::State;
use model::{Health, KindId, NodeId};
use std::cmp::Ordering;

/// A hit among others of the same reach and health.
#[derive(Clone, Copy)]
struct Candidate<'w> {
    kind: KindId,
    /// In lower case.
    name: &'w str,
    id: NodeId,
}

/// The first hits: by how far a name has a word, then by health, the worst first, then by kind, name and namespace.
///
/// Cost: the hits of each reach and health until there are enough.
pub(super) fn best(found: &Matches, blocks: &[Option<&Block>], state: &State, limit: usize) -> Vec<NodeId> {
    let mut best = Vec::new();
    let mut rest = found.all.clone();
    let others = found.all.clone();
    for reach in found.reach.iter().chain([&others]) {
        let tier = split(&mut rest, reach, blocks.len());
        for health in (0..Health::ALL.len()).rev() {
            let Some(wanted) = limit.checked_sub(best.len()).filter(|wanted| *wanted > 0) else {
                return best;
            };
            best.extend(first(&tier, health, blocks, state, wanted));
        }
    }
    best
}

/// Takes what is also in `reach` out of `rest`.
fn split(rest: &mut Bits, reach: &Bits, blocks: usize) -> Bits {
    let mut tier = Bits::none(blocks);
    for number in 0..blocks {
        let slots = rest.block(number) & reach.block(number);
        if let Ok(at) = u32::try_from(number) {
            tier.add(at, slots);
            rest.clear(at, slots);
        }
    }
    tier
}

fn first(
    tier: &Bits,
    health: usize,
    blocks: &[Option<&Block>],
    state: &State,
    wanted: usize,
) -> impl Iterator<Item = NodeId> + use<> {
    let order = |a: &Candidate<'_>, b: &Candidate<'_>| order(a, b, state);
    let mut kept: Vec<Candidate<'_>> = Vec::new();
    // What comes after it is not among the first.
    let mut last: Option<Candidate<'_>> = None;
    for (number, block) in blocks.iter().enumerate() {
        let Some(block) = block else { continue };
        for place in ones(tier.block(number) & block.of_health(health)) {
            let (Some(kind), Some(id)) = (block.kind(place), block.node(place)) else {
                continue;
            };
            let candidate = Candidate {
                kind,
                name: block.name(place),
                id,
            };
            if last.is_some_and(|last| order(&candidate, &last).is_gt()) {
                continue;
            }
            kept.push(candidate);
            if kept.len() >= wanted.saturating_mul(2) {
                last = Some(*kept.select_nth_unstable_by(wanted - 1, order).1);
                kept.truncate(wanted);
            }
        }
    }
    kept.sort_unstable_by(order);
    kept.truncate(wanted);
    kept.into_iter()
        .map(|candidate| candidate.id)
        .collect::<Vec<_>>()
        .into_iter()
}

fn order(a: &Candidate<'_>, b: &Candidate<'_>, state: &State) -> Ordering {
    let address = |candidate: &Candidate<'_>| state.node(candidate.id).map(|entry| entry.key().clone());
    kinds(a.kind, b.kind)
        .then_with(|| natural(a.name, b.name))
        .then_with(|| address(a).cmp(&address(b)))
}

/// The order of the kind table, then those that were found at run time by name: their numbers are by chance.
fn kinds(a: KindId, b: KindId) -> Ordering {
    match (a.is_discovered(), b.is_discovered()) {
        (true, true) => a.get().id.cmp(b.get().id),
        (false, false) => a.cmp(&b),
        (a, b) => a.cmp(&b),
    }
}
