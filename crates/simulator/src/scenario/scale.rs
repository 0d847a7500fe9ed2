//! A cluster of any size, in the proportion of real ones: 100,000 pods come with about 45,000 other objects. Built in
//! bulk, not through controllers; the same seed gives the same bytes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::StartError;
use crate::random;
use crate::shared::Shared;

mod objects;

use objects::Team;

/// A large cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// How many pods.
    pub pods: u32,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Status events of pods per second.
    pub churn: u32,
}

/// What an object takes in the store with all that belongs to it, measured with 145,000 of them and rounded up.
const BYTES_PER_OBJECT: u64 = 2_600;
/// Objects of any kind per pod.
const OBJECTS_PER_TEN_PODS: u64 = 15;
/// The pods of one deployment, with everything around them: the unit in which the cluster is built.
pub(super) const PODS_PER_APP: u32 = 25;
/// Applications per namespace.
const APPS_PER_TEAM: u32 = 12;
/// Pods per node.
const PODS_PER_NODE: u32 = 50;
/// When everything was made: 2026-01-01.
pub(super) const EPOCH: i64 = 1_767_225_600;

/// Numbers that look random and follow from a seed.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(super) fn uid(&mut self) -> String {
        let mut bytes = [0; 16];
        let (first, second) = bytes.split_at_mut(8);
        first.copy_from_slice(&self.next().to_be_bytes());
        second.copy_from_slice(&self.next().to_be_bytes());
        random::uid_of(bytes)
    }

    /// Letters as generated names end with.
    pub(super) fn letters(&mut self, count: usize) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut letter = || {
            LETTERS
                .get(self.below(LETTERS.len() as u64) as usize)
                .copied()
                .map_or('x', char::from)
        };
        (0..count).map(|_| letter()).collect()
    }
}

/// Refuses a cluster that would not fit into the memory that is available.
pub(crate) fn check_memory(scale: &Scale) -> Result<(), StartError> {
    let needed = u64::from(scale.pods) * OBJECTS_PER_TEN_PODS / 10 * BYTES_PER_OBJECT;
    let Some(available) = available_memory() else {
        // No number to compare with: not Linux.
        return Ok(());
    };
    if needed <= available {
        return Ok(());
    }
    Err(StartError::Memory {
        pods: scale.pods,
        needed_mb: needed / 1_000_000,
        available_mb: available / 1_000_000,
    })
}

fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// How many applications may be ready before they are in the store.
const AHEAD: usize = 64;

/// Fills the store: one thread makes the objects, this one writes them, in the same order whatever the speed of either.
pub(crate) fn load(shared: &Shared, scale: &Scale) -> Result<(), StartError> {
    let (send, receive) = std::sync::mpsc::sync_channel(AHEAD);
    std::thread::scope(|threads| {
        threads.spawn(move || make(scale, |objects| send.send(objects).is_ok()));
        // An error here drops the receiving end, which ends the other thread.
        for objects in receive {
            for object in objects {
                shared.load(object)?;
            }
        }
        Ok(())
    })
}

/// Makes all objects and hands them out in parts, until nobody takes them.
fn make(scale: &Scale, mut hand_out: impl FnMut(Vec<Value>) -> bool) {
    let mut dice = Dice::new(scale.seed);
    let nodes = scale.pods.div_ceil(PODS_PER_NODE).max(1);
    for index in 0..nodes {
        if !hand_out(objects::node(&mut dice, index).into_iter().collect()) {
            return;
        }
    }
    let mut left = scale.pods;
    let mut team = None;
    let mut app = 0;
    while left > 0 {
        if app % APPS_PER_TEAM == 0 {
            let next = Team::new(app / APPS_PER_TEAM, nodes);
            if !hand_out(next.objects(&mut dice).into_iter().collect()) {
                return;
            }
            team = Some(next);
        }
        let pods = left.min(PODS_PER_APP);
        let objects = team.iter().flat_map(|team| team.app(&mut dice, app, pods));
        if !hand_out(objects.collect()) {
            return;
        }
        left -= pods;
        app += 1;
    }
}

/// Changes the status of pods for as long as the simulator runs.
pub(crate) async fn churn(shared: Arc<Shared>, scale: Option<Scale>) {
    let Some(scale) = scale else { return };
    let Some(pods) = shared.resources.core("pods") else {
        return;
    };
    let snapshot = shared.store.lock().snapshot(pods.id);
    let keys: Vec<_> = snapshot.from("", None).map(|(key, _)| key.clone()).collect();
    drop(snapshot);
    let mut dice = Dice::new(scale.seed ^ 1);
    // In ticks of 20 ms: 500 events a second are 10 in each.
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let mut due = 0.0;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shared.stop.cancelled() => return,
        }
        due += f64::from(scale.churn) / 50.0;
        while due >= 1.0 {
            due -= 1.0;
            let key = keys.get(dice.below(keys.len() as u64) as usize);
            let found = key.and_then(|key| shared.store.lock().get(pods.id, key));
            let Some(mut pod) = found.and_then(|(_, text)| serde_json::from_slice::<Value>(&text).ok())
            else {
                continue;
            };
            pod["kind"] = json!("Pod");
            pod["apiVersion"] = json!("v1");
            let count = pod["status"]["containerStatuses"][0]["restartCount"]
                .as_u64()
                .unwrap_or_default()
                + 1;
            pod["status"]["containerStatuses"][0]["restartCount"] = json!(count);
            // The pod was there a moment ago; one that is gone by now comes back, and only tests remove pods.
            let _ = shared.put(pod);
        }
    }
}
