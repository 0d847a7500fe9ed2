//! What search costs in a large cluster, as one line of JSON: `search 95000` for so many pods and half as many other
//! objects. Bytes are counted at the allocator; times are those of this thread on a processor.

#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "an allocator that counts cannot be written without; a measurement may"
)]

#[path = "../tests/scale/cluster.rs"]
mod cluster;

use cluster::processor_time;
use model::KindId;
use model::search::SearchQuery;
use serde_json::{Value, json};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use topology::search::Apart;
use topology::{Facts, SearchView, State};

/// Bytes that are allocated.
static LIVE: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: all calls are passed on as they are.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those that are asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those that are asked for.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Events, and queries of each sort.
const ROUNDS: usize = 1_000;

fn main() {
    let pods: usize = std::env::args()
        .nth(1)
        .map_or(95_000, |pods| pods.parse().unwrap());
    let mut index = cluster::index(pods);
    index.take_change();
    let state = index.state();
    let before = LIVE.load(Ordering::Relaxed);
    let start = processor_time();
    let mut apart = Apart::of(&state);
    let filled = processor_time() - start;
    let bytes = LIVE.load(Ordering::Relaxed) - before;
    let objects = state.nodes().filter(|entry| entry.facts().is_some()).count();

    let kind = KindId::of("Pod").unwrap();
    let chosen: Vec<_> = state
        .objects(kind, &[])
        .step_by(pods / ROUNDS)
        .map(|entry| entry.id())
        .collect();
    let (mut event, mut churn) = (Duration::ZERO, Duration::ZERO);
    for (number, id) in chosen.iter().enumerate() {
        let old = state.node(*id).and_then(|entry| entry.facts()).unwrap();
        let new: Facts = cluster::read("Pod", &cluster::pod(number, 3), index.symbols());
        let mut new = Facts {
            key: old.key.clone(),
            labels: old.labels.clone(),
            images: old.images.clone(),
            ..new
        };
        new.status.word = "CrashLoopBackOff".into();
        let start = processor_time();
        apart.update(*id, old, &new);
        apart.update(*id, &new, old);
        event += processor_time() - start;
        let start = processor_time();
        apart.renew(*id, old);
        churn += processor_time() - start;
    }
    let micros = |time: Duration, times: usize| time.as_secs_f64() * 1e6 / times as f64;
    let line = json!({
        "objects": objects,
        "megabytes": bytes as f64 / 1e6,
        "fillMicros": micros(filled, objects),
        "statusMicros": micros(event, 2 * chosen.len()),
        "renewMicros": micros(churn, chosen.len()),
        "queries": queries(&state),
    });
    println!("{line}");
}

/// Milliseconds of queries: parts of names that are there, and two words.
fn queries(state: &State) -> Value {
    let kind = KindId::of("Pod").unwrap();
    let names: Vec<String> = state
        .objects(kind, &[])
        .map(|entry| entry.key().name.to_string())
        .collect();
    let part = |round: usize, len: usize| {
        let name = &names[round * 7919 % names.len()];
        let from = round * 31 % (name.len().saturating_sub(len) + 1);
        name[from..(from + len).min(name.len())].to_owned()
    };
    let mut all = serde_json::Map::new();
    for (what, lens) in [
        ("1", vec![1]),
        ("2", vec![2]),
        ("7", vec![7]),
        ("20", vec![20]),
        ("two words", vec![7, 4]),
    ] {
        let rounds = ROUNDS / 5;
        let mut times: Vec<f64> = (0..rounds)
            .map(|round| {
                let words: Vec<String> = lens
                    .iter()
                    .enumerate()
                    .map(|(place, len)| part(round + place, *len))
                    .collect();
                let query = SearchQuery {
                    text: words.join(" "),
                    limit: 50,
                    namespaces: Vec::new(),
                };
                let view = SearchView::parse(&query).unwrap();
                let start = processor_time();
                std::hint::black_box(view.found(state));
                (processor_time() - start).as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        all.insert(
            what.to_owned(),
            json!({"p50": times[rounds / 2], "p99": times[rounds * 99 / 100]}),
        );
    }
    Value::Object(all)
}
