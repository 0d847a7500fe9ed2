//! What the map of cells costs, as one line of JSON: `map 10000 100000` for so many pods each. Times are those of this
//! thread on a processor, in milliseconds.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement may")]

#[path = "../tests/scale/cluster.rs"]
mod cluster;

use cluster::processor_time;
use model::level::GroupId;
use model::map::MapQuery;
use model::stream::{Delta, Format, Sealed, ServerMessage, Snapshot, TopicId};
use model::{Epoch, NodeId, Timestamp};
use serde_json::{Value, json};
use topology::MapView;
use topology::layout::map::CellMap;

/// Pods that come or crash, each its own event.
const EVENTS: usize = 1_000;

fn main() {
    let sizes = std::env::args().skip(1).map(|size| size.parse().unwrap());
    let of_size = |pods: usize| (pods.to_string(), measured(pods));
    let all: serde_json::Map<String, Value> = sizes.map(of_size).collect();
    println!("{}", Value::Object(all));
}

fn millis(run: impl FnOnce()) -> f64 {
    let start = processor_time();
    run();
    (processor_time() - start).as_secs_f64() * 1_000.0
}

fn measured(pods: usize) -> Value {
    // Applications of 1 to 97 pods in namespaces of 20: what a plain layout costs, without the graph.
    let mut map = CellMap::default();
    let mut put = 0;
    let begin = millis(|| {
        for application in 0_u32.. {
            for _ in 0..1 + application * application % 97 {
                map.put(
                    GroupId(1 << 24 | (application / 20)),
                    GroupId(application),
                    NodeId(put),
                );
                put += 1;
            }
            if put as usize >= pods {
                break;
            }
        }
        map.settle(|id| id);
    });

    let mut index = cluster::index(pods);
    index.take_change();
    let state = index.state();
    let mut view = None;
    let new = millis(|| view = Some(MapView::new(&MapQuery::default(), &state, Epoch(1))));
    let mut view = view.unwrap();
    let snapshot = ServerMessage::Snapshot {
        id: TopicId(1),
        epoch: Epoch::starting_at(1_790_000_000),
        content: Snapshot::Map(Sealed::new(view.snapshot(&state))),
    };
    let snapshot_bytes = Format::Binary.encode(&snapshot).unwrap().len();
    let (mut events, mut bytes) = (0.0, 0);
    for event in 0..EVENTS {
        let pod = cluster::pod(event * 7 % pods, if event % 2 == 0 { 3 } else { 0 });
        let facts = cluster::read("Pod", &pod, index.symbols());
        index.upsert(facts);
        let (change, state) = (index.take_change(), index.state());
        let before = view.epoch();
        let mut delta = None;
        events += millis(|| {
            view.advance(&state, &change, Epoch(before.0 + 1));
            delta = view.since(before, &state);
        });
        let frame = ServerMessage::Delta {
            id: TopicId(1),
            from: Epoch::starting_at(1_790_000_000),
            to: Epoch::starting_at(1_790_000_001),
            seen_at: Timestamp(1_790_000_000_000),
            content: Delta::Map(Sealed::new(delta.unwrap())),
        };
        bytes = bytes.max(Format::Binary.encode(&frame).unwrap().len());
    }
    json!({
        "layoutMillis": begin,
        "beginMillis": new,
        "eventMicros": events * 1_000.0 / EVENTS as f64,
        "snapshotBytes": snapshot_bytes,
        "changeBytes": bytes,
    })
}
