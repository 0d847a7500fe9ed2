//! Rows as the API server itself prints them: each kind's objects in every state that their printers know, cell by cell.
//!
//! The statuses are written by the test, so nothing else may write them: the control plane is one of its own, and its
//! controllers, its scheduler and its kubelets stand still.

use std::collections::{BTreeMap, BTreeSet};

use control_plane::{Component, ControlPlane, Options, User};
use futures::StreamExt;
use model::kind::WatchForm;
use model::list::{Cell, ListQuery};
use model::{KindId, Timestamp};
use serde_json::{Value, json};
use topology::{ListView, Symbols, kinds};

use crate::plane::blocking;
use crate::rig::{Rig, is_live, wait};
use api::Api;

mod api;
mod cluster;
mod network;
mod pods;
mod random;
mod workloads;

/// How many pods are made up.
const PODS: usize = 400;
/// Of each other kind that is made up.
const OTHERS: usize = 40;
/// A seed of its own for the made-up objects.
const SEED: &str = "KUBILITICS_TEST_SEED";

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(i64::try_from(since.unwrap().as_millis()).unwrap())
}

/// A time so many seconds ago, as objects have it.
fn ago(seconds: i64) -> String {
    Timestamp((now().0 / 1000 - seconds) * 1000).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_those_of_the_api_server() {
    let plane = blocking(|| ControlPlane::start(Options::default()).unwrap()).await;
    let namespace = plane.namespace("printed").unwrap();
    for component in [
        Component::ControllerManager,
        Component::Scheduler,
        Component::Kwok,
    ] {
        plane.pause(component).unwrap();
    }
    let seed = std::env::var(SEED).map_or(1, |seed| seed.parse().expect("the seed is a number"));
    println!("{SEED}={seed}");
    let api = Api::new(&plane.kubeconfig(User::Admin), &namespace).await;
    let objects: Vec<Value> = [
        pods::all(),
        workloads::all(),
        network::all(),
        cluster::all(),
        random::pods(seed, PODS),
        random::others(seed, OTHERS),
    ]
    .concat();
    let mut refused = Vec::new();
    for objects in [&objects, &cluster::quotas()] {
        let makes = objects.iter().map(|object| api.make(object));
        let made = futures::stream::iter(makes).buffer_unordered(4);
        refused.extend(made.filter_map(async |made| made.err()).collect::<Vec<_>>().await);
    }
    assert!(
        refused.is_empty(),
        "the API server refuses {}:\n{}",
        refused.len(),
        refused.join("\n")
    );

    let rig = Rig::new(vec![plane.kubeconfig(User::Admin)]);
    let (state, _) = wait(&rig.engine(), "synced", is_live).await;
    let mut differences = Vec::new();
    let mut compared = BTreeMap::new();
    for kind in KindId::all().filter(|kind| state.state.serves(*kind) && state.is_synced(*kind)) {
        let before = now();
        let table = api.table(kind).await;
        let times = before..=now();
        differences.extend(headings(kind, &table));
        let query: ListQuery = serde_json::from_value(json!({"kind": plural(kind), "len": 100_000})).unwrap();
        let window = ListView::parse(&query, &state.state)
            .unwrap()
            .window(&state.state, state.at);
        let shown: BTreeMap<&str, &[Cell]> = window.rows.iter().map(|row| (&*row.uid, &*row.cells)).collect();
        let rows = table["rows"].as_array().map_or(&[][..], Vec::as_slice);
        for row in rows {
            differences.extend(compare(kind, row, &shown, &times));
        }
        compared.insert(kind.get().id, rows.len());
    }
    println!(
        "{} rows of {} kinds: {compared:?}",
        compared.values().sum::<usize>(),
        compared.len()
    );
    let made: BTreeSet<&str> = objects
        .iter()
        .filter_map(|object| object["kind"].as_str())
        .collect();
    for kind in made {
        assert!(
            compared.get(kind).is_some_and(|rows| *rows > 0),
            "no {kind} was compared"
        );
    }
    rig.end().await;
    assert!(
        differences.is_empty(),
        "{} differences, {SEED}={seed}:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

fn plural(kind: KindId) -> String {
    let kind = kind.get();
    if kind.group.is_empty() {
        kind.plural.to_owned()
    } else {
        format!("{}.{}", kind.plural, kind.group)
    }
}

/// Where we depart from kubectl on purpose.
///
/// - The name of an Event comes first, as everywhere; kubectl has it last.
/// - What Go prints for a number that is not there, `<nil>`, is unknown.
/// - A selector of parameters is printed as selectors are, not as Go prints a struct.
fn in_our_words(text: &str) -> String {
    match text.strip_prefix("&LabelSelector{MatchLabels:map[string]string{a: b,}") {
        Some(_) => "a=b".to_owned(),
        None => text.replace("<nil>", "<unknown>"),
    }
}

/// The place of each of our columns in the API server's row.
fn places(kind: KindId) -> Vec<usize> {
    let columns = kinds::columns(kind).len();
    match kind.get().kind {
        "Event" => std::iter::once(columns - 1).chain(0..columns - 1).collect(),
        _ => (0..columns).collect(),
    }
}

/// Names and priorities of the columns.
fn headings(kind: KindId, table: &Value) -> Option<String> {
    let definitions = table["columnDefinitions"].as_array()?;
    let mut places = places(kind);
    places.extend(places.len()..definitions.len());
    let theirs: Vec<(String, u64)> = places
        .iter()
        .filter_map(|place| definitions.get(*place))
        .map(|column| {
            (
                column["name"].as_str().unwrap().to_owned(),
                column["priority"].as_u64().unwrap(),
            )
        })
        .collect();
    let shown = |name: &str, priority: u8| {
        let is_name_of_event = kind.get().kind == "Event" && name == "Name";
        (
            name.to_owned(),
            if is_name_of_event { 1 } else { priority.into() },
        )
    };
    let ours: Vec<(String, u64)> = kinds::columns(kind)
        .iter()
        .map(|column| shown(&column.name, column.priority))
        .collect();
    (ours != theirs).then(|| format!("{kind}: the columns are {ours:?} and not {theirs:?}"))
}

/// What differs between a row of the API server's and that of the object in it, as we read it, and as the engine shows it.
fn compare(
    kind: KindId,
    row: &Value,
    shown: &BTreeMap<&str, &[Cell]>,
    times: &std::ops::RangeInclusive<Timestamp>,
) -> Vec<String> {
    let metadata = &row["object"]["metadata"];
    let name = metadata["name"].as_str().unwrap();
    let json = match kind.get().watch {
        WatchForm::Object => &row["object"],
        WatchForm::Table => row,
    };
    let facts = match kinds::read(kind, json.to_string().as_bytes(), &mut Symbols::new()) {
        Ok(facts) => facts,
        Err(error) => return vec![format!("{kind} {name}: {error}")],
    };
    let columns = kinds::columns(kind);
    let cells = facts.cells.unpack();
    let mut differences = Vec::new();
    for ((column, ours), place) in columns.iter().zip(&cells).zip(places(kind)) {
        let theirs = match &row["cells"][place] {
            Value::String(text) => in_our_words(text),
            other => other.to_string(),
        };
        // Columns of this name are times as they stand in the object; we print their age.
        let same = match ours {
            Cell::Time(time) if column.name == "Created At" => time.to_string() == theirs,
            _ => is_printed(ours, &theirs, times),
        };
        if !same {
            let ours = ours.print(*times.end());
            differences.push(format!(
                "{kind} {name}: {} is {ours:?} and not {theirs:?}",
                column.name
            ));
        }
    }
    // Leases are renewed and events come all the time; what is read is the same code.
    if let Some(shown) = shown.get(metadata["uid"].as_str().unwrap())
        && *shown != cells
        && !matches!(kind.get().kind, "Lease" | "Event")
    {
        differences.push(format!(
            "{kind} {name}: the engine shows {shown:?} and not {:?}",
            cells
        ));
    }
    differences
}

/// Whether a cell is printed so at one of the seconds within which the API server answered.
fn is_printed(cell: &Cell, text: &str, times: &std::ops::RangeInclusive<Timestamp>) -> bool {
    let (start, end) = (times.start().0, times.end().0);
    let mut at = (start..=end).step_by(500).chain([end]);
    at.any(|at| cell.print(Timestamp(at)) == text)
}
