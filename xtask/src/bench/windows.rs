//! What a window onto a long list costs, as the example `windows` of the crate `topology` measures it.

use anyhow::Result;
use serde::Deserialize;

use super::simulator::measure;
use super::{Figure, Goal};
use crate::workspace::Workspace;

const PODS: &str = "50000";
/// Milliseconds of processor time.
const FIRST: f64 = 20.0;
const ANY: f64 = 50.0;

/// What the example says.
#[derive(Deserialize)]
struct Windows {
    first: Slowest,
    deep: Slowest,
    sorted: Slowest,
    filtered: Slowest,
    both: Slowest,
}

/// Of the windows of one sort, the one with the largest median.
#[derive(Deserialize)]
struct Slowest {
    p50: f64,
}

pub(super) fn windows(workspace: &Workspace) -> Result<Vec<Figure>> {
    let windows: Windows = measure(workspace, ("topology", "windows"), &[PODS])?;
    let figure =
        |name, slowest: Slowest, most| Figure::new(name, "ms", None, slowest.p50, Goal::AtMost(most));
    Ok(vec![
        figure("window-first", windows.first, FIRST),
        figure("window-deep", windows.deep, FIRST),
        figure("window-sorted", windows.sorted, ANY),
        figure("window-filtered", windows.filtered, ANY),
        figure("window-both", windows.both, ANY),
    ])
}
