//! What the map of cells costs, as the example `map` of the crate `topology` measures it.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

use super::simulator::measure;
use super::{Figure, Goal};
use crate::workspace::Workspace;

const SMALL: &str = "10000";
const LARGE: &str = "100000";
/// Milliseconds of processor time that a map may take to be laid out.
const SMALL_MILLIS: f64 = 10.0;
const LARGE_MILLIS: f64 = 150.0;
/// What travels when a pod changes, in bytes.
const CHANGE_BYTES: f64 = 60.0;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Map {
    layout_millis: f64,
    begin_millis: f64,
    event_micros: f64,
    snapshot_bytes: f64,
    change_bytes: f64,
}

pub(super) fn map(workspace: &Workspace) -> Result<Vec<Figure>> {
    let maps: BTreeMap<String, Map> = measure(workspace, ("topology", "map"), &[SMALL, LARGE])?;
    let of = |pods: &str| {
        maps.get(pods)
            .with_context(|| format!("nothing was measured of {pods} pods"))
    };
    let (small, large) = (of(SMALL)?, of(LARGE)?);
    let figure = |name, unit, ours, goal| Figure::new(name, unit, None, ours, goal);
    Ok(vec![
        figure(
            "map-layout-10k",
            "ms",
            small.layout_millis,
            Goal::AtMost(SMALL_MILLIS),
        ),
        figure(
            "map-layout-100k",
            "ms",
            large.layout_millis,
            Goal::AtMost(LARGE_MILLIS),
        ),
        figure("map-begin-100k", "ms", large.begin_millis, Goal::None),
        figure("map-event-10k", "us", small.event_micros, Goal::None),
        figure("map-event-100k", "us", large.event_micros, Goal::None),
        figure("map-snapshot", "kB", large.snapshot_bytes / 1000.0, Goal::None),
        figure("map-change", "B", large.change_bytes, Goal::AtMost(CHANGE_BYTES)),
    ])
}
