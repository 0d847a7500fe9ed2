//! A cluster of any size, in the proportion of real ones: 100,000 pods come with about 45,000 other objects. Built in
//! bulk from the templates of `data/scale.yaml`, not through controllers; the same seed gives the same bytes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::StartError;
use crate::random;
use crate::shared::Shared;

mod objects;
mod template;

use objects::{Maker, Templates};
use template::Object;

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

/// What an object takes in the store with all that belongs to it: 900 measured with 145,000 of them, and a third more.
const BYTES_PER_OBJECT: u64 = 1_200;
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

    fn bytes(&mut self) -> [u8; 16] {
        let number = u128::from(self.next()) << 64 | u128::from(self.next());
        number.to_be_bytes()
    }

    pub(super) fn uid(&mut self) -> String {
        random::uid_of(self.bytes())
    }

    /// As hashes of images and ids of containers: 64 digits.
    pub(super) fn hex(&mut self) -> String {
        hex::encode([self.bytes(), self.bytes()].concat())
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
    let templates = Templates::read(&shared.resources)?;
    let (send, receive) = std::sync::mpsc::sync_channel(AHEAD);
    std::thread::scope(|threads| {
        let templates = &templates;
        // It owns the sending end, so that the loop below ends when all is made.
        threads.spawn(move || make(templates, scale, |objects| send.send(objects).is_ok()));
        for object in receive.into_iter().flatten() {
            let mut store = shared.store.lock();
            store.load(object.resource, object.key.clone(), |version| {
                object.into_text(version)
            });
        }
    });
    Ok(())
}

/// Makes all objects and hands them out in parts, until nobody takes them.
fn make(templates: &Templates, scale: &Scale, hand_out: impl Fn(Vec<Object>) -> bool) {
    let nodes = scale.pods.div_ceil(PODS_PER_NODE).max(1);
    let mut maker = Maker::new(templates, scale.seed, nodes);
    (0..nodes).for_each(|index| maker.node(index));
    let mut left = scale.pods;
    let mut app = 0;
    while left > 0 && hand_out(maker.take()) {
        if app % APPS_PER_TEAM == 0 {
            maker.team(app / APPS_PER_TEAM);
        }
        let pods = left.min(PODS_PER_APP);
        maker.application(app, pods);
        left -= pods;
        app += 1;
    }
    hand_out(maker.take());
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
