//! What search costs, as the example `search` of the crate `topology` measures it.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

use super::simulator::measure;
use super::{Figure, Goal};
use crate::workspace::Workspace;

/// So many pods, and half as many other objects.
const PODS: &str = "95000";
const MEGABYTES: f64 = 15.0;
/// Of a query, in milliseconds of processor time.
const SLOWEST: f64 = 50.0;

/// What the example says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Search {
    megabytes: f64,
    status_micros: f64,
    renew_micros: f64,
    queries: BTreeMap<String, Query>,
}

#[derive(Deserialize)]
struct Query {
    p50: f64,
    p99: f64,
}

pub(super) fn search(workspace: &Workspace) -> Result<Vec<Figure>> {
    let search: Search = measure(workspace, ("topology", "search"), &[PODS])?;
    let figure = |name, unit, ours, goal| Figure::new(name, unit, None, ours, goal);
    let query = |sort: &str| {
        search
            .queries
            .get(sort)
            .with_context(|| format!("no query of {sort}"))
    };
    let goal = Goal::AtMost(SLOWEST);
    Ok(vec![
        figure("search-memory", "MB", search.megabytes, Goal::AtMost(MEGABYTES)),
        figure("search-status", "us", search.status_micros, Goal::None),
        figure("search-renew", "us", search.renew_micros, Goal::None),
        figure("search-1-p50", "ms", query("1")?.p50, goal),
        figure("search-1-p99", "ms", query("1")?.p99, goal),
        figure("search-7-p50", "ms", query("7")?.p50, goal),
        figure("search-7-p99", "ms", query("7")?.p99, goal),
        figure("search-words-p99", "ms", query("two words")?.p99, goal),
    ])
}
