//! RollingUpdate: never more pods than `maxSurge` allows, never fewer available than `maxUnavailable` allows.

use super::{Rollout, available, wanted};
use crate::controllers::world::World;

/// One step: the new ReplicaSet up, or else the old ones down.
pub(super) fn step(world: &mut World, rollout: &Rollout) {
    let Some(current) = &rollout.current else {
        return;
    };
    let total: i64 = rollout.all().map(|set| wanted(set)).sum();
    let own = wanted(current);
    if own > rollout.desired {
        return rollout.scale(world, current, rollout.desired);
    }
    if own < rollout.desired && total < rollout.most() {
        let more = (rollout.most() - total).min(rollout.desired - own);
        return rollout.scale(world, current, own + more);
    }
    shrink_old(world, rollout, total, own, available(current));
}

fn shrink_old(world: &mut World, rollout: &Rollout, total: i64, own: i64, own_available: i64) {
    let least = rollout.desired - rollout.unavailable;
    let mut room = total - least - (own - own_available);
    // Pods that do not work are no loss, and go first.
    let mut sets = rollout.old.clone();
    for set in &mut sets {
        if room <= 0 {
            return;
        }
        let broken = (wanted(set) - available(set)).max(0).min(room);
        if wanted(set) == 0 || broken == 0 {
            continue;
        }
        let left = wanted(set) - broken;
        rollout.scale(world, set, left);
        if let Some(now) = world.get(
            crate::controllers::kind::Kind::ReplicaSet,
            &crate::controllers::json::key(set),
        ) {
            *set = now;
        }
        room -= broken;
    }
    let up: i64 = sets
        .iter()
        .map(|set| available(set).min(wanted(set)))
        .sum::<i64>()
        + own_available;
    let mut spare = up - least;
    for set in &sets {
        if spare <= 0 {
            return;
        }
        let less = wanted(set).min(spare);
        if less > 0 {
            rollout.scale(world, set, wanted(set) - less);
            spare -= less;
        }
    }
}

/// Another number of replicas is wanted: each ReplicaSet that has some takes its part.
pub(super) fn rescale(world: &mut World, rollout: &Rollout) {
    let active: Vec<_> = rollout.all().filter(|set| wanted(set) > 0).collect();
    match active.as_slice() {
        [] => {
            if let Some(current) = rollout.current.as_ref().or(rollout.old.last()) {
                rollout.scale(world, current, rollout.desired);
            }
        }
        [only] => rollout.scale(world, only, rollout.desired),
        several => {
            let total: i64 = several.iter().map(|set| wanted(set)).sum();
            let most = rollout.most();
            let before: i64 = several
                .iter()
                .filter_map(|set| {
                    let note =
                        crate::controllers::json::annotation(set, "deployment.kubernetes.io/max-replicas");
                    note?.parse().ok()
                })
                .max()
                .unwrap_or(total)
                .max(1);
            let mut left = most - total;
            let mut sets: Vec<_> = several.to_vec();
            sets.sort_by_key(|set| std::cmp::Reverse(wanted(set)));
            for (index, set) in sets.iter().enumerate() {
                let mut part = (wanted(set) * most + before / 2) / before - wanted(set);
                part = if left >= 0 {
                    part.clamp(0, left)
                } else {
                    part.clamp(left, 0)
                };
                // What rounding left over goes to the largest, which comes first when nothing else is left to do.
                if index + 1 == sets.len() {
                    part = left;
                }
                left -= part;
                let replicas = (wanted(set) + part).max(0);
                if replicas == wanted(set) {
                    // The annotation has to follow all the same, or the wish would look new for ever.
                    crate::controllers::replica_set::scale(world, set, replicas, rollout.desired, most);
                } else {
                    rollout.scale(world, set, replicas);
                }
            }
        }
    }
}
