//! Where everything is drawn: the layout of `crates/topology`, in the words of the picture.

use crate::state::picture::{Places, Region};
use crate::state::tree::tally;
use model::graph::Graph;
use topology::layout::layout;

/// Lays a graph out. Deterministic: what does not change does not move.
pub fn of(graph: &Graph) -> Places {
    let layout = layout(graph);
    let regions = layout.groups.into_iter().map(|group| Region {
        namespace: group.id.strip_prefix("namespace/").map(str::to_owned),
        label: group.label,
        objects: group.node_count,
        unhealthy: group.unhealthy,
        at: (group.position.x, group.position.y),
        size: (group.width, group.height),
    });
    // What a group has counts, not the group.
    let regions = recount(&regions.collect::<Vec<_>>(), graph);
    Places {
        regions,
        nodes: layout.positions,
    }
}

/// The same regions with the present counts.
pub fn recount(regions: &[Region], graph: &Graph) -> Vec<Region> {
    let tallies = tally(graph);
    let recounted = |region: &Region| {
        let tally = tallies.get(&region.namespace).copied().unwrap_or_default();
        Region {
            objects: tally.objects,
            unhealthy: tally.unhealthy,
            ..region.clone()
        }
    };
    regions.iter().map(recounted).collect()
}
