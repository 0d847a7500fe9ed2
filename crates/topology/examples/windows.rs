//! What a window onto a long list costs, as one line of JSON: `windows 50000` for so many pods. Milliseconds that this
//! thread has on a processor, the median and the slowest of each.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement may")]

#[path = "../tests/scale/cluster.rs"]
mod cluster;

use cluster::processor_time;
use model::Timestamp;
use model::list::{ListQuery, Sort};
use serde_json::{Value, json};
use topology::{ListView, State};

/// Windows of each sort.
const ROUNDS: usize = 15;
/// Rows that a page shows.
const ROWS: u32 = 100;

fn main() {
    let pods: usize = std::env::args()
        .nth(1)
        .map_or(50_000, |pods| pods.parse().unwrap());
    let mut index = cluster::index(pods);
    index.pack();
    let state = index.state();
    let columns = state.columns(model::KindId::of("Pod").unwrap()).iter();
    let names = columns.map(|column| column.name.to_lowercase().replace(' ', "-"));
    let sorts: Vec<String> = names.flat_map(|name| [format!("-{name}"), name]).collect();
    let filters = [
        "app-4",
        "-running",
        "status:crash",
        "restarts>0",
        "age<1h",
        "node:node-7 app",
        "nothing has this",
    ];
    let line = json!({
        "first": slowest(&state, [("", "", 0)].into_iter()),
        "deep": slowest(&state, [("", "", 40_000)].into_iter()),
        "sorted": slowest(&state, sorts.iter().map(|sort| (&**sort, "", 0))),
        "filtered": slowest(&state, filters.iter().map(|filter| ("", *filter, 0))),
        "both": slowest(&state, filters.iter().map(|filter| ("-age", *filter, 20))),
    });
    println!("{line}");
}

/// The median and the slowest of the slowest of some windows.
fn slowest<'a>(state: &State, windows: impl Iterator<Item = (&'a str, &'a str, u32)>) -> Value {
    let measured = windows.map(|(sort, filter, offset)| {
        let query = ListQuery {
            kind: "pods".to_owned(),
            namespaces: Vec::new(),
            selector: String::new(),
            filter: filter.to_owned(),
            sort: sort
                .split(',')
                .filter(|key| !key.is_empty())
                .map(|key| key.parse::<Sort>().unwrap())
                .collect(),
            offset,
            len: ROWS,
        };
        let view = ListView::parse(&query, state).unwrap();
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = processor_time();
                std::hint::black_box(view.window(state, Timestamp(1_800_000_000_000)));
                (processor_time() - start).as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        (
            times[ROUNDS / 2],
            times[ROUNDS - 1],
            format!("{sort} {filter}").trim().to_owned(),
        )
    });
    let worst = measured.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    json!({"p50": worst.0, "max": worst.1, "of": worst.2})
}
