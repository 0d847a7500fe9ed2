//! What the demo costs: memory beside that of a simulator without objects, and the time until it is there.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::{Duration, Instant};

use simulator::{Running, Scenario, Simulator};

/// Resident memory of this process, in units of 1,000,000 bytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024.0 / 1e6
}

async fn started(simulator: Simulator) -> (Running, Duration, f64) {
    let (begin, before) = (Instant::now(), resident());
    let running = simulator.start().await.unwrap();
    let time = begin.elapsed();
    // The controllers look at everything once.
    running.settle();
    (running, time, resident() - before)
}

// Alone in its file: tests beside it would use memory of the same process.
#[tokio::test]
async fn the_demo_is_small_and_quick() {
    let (_first, ..) = started(Simulator::new()).await;
    let (_bare, _, bare) = started(Simulator::new()).await;
    let (_demo, time, demo) = started(Simulator::new().scenario(Scenario::Demo)).await;
    assert!(
        demo - bare < 30.0,
        "{demo:.1} MB, of which {bare:.1} are the simulator's own"
    );
    // 300 ms are for an optimised build on a quiet machine; this one is neither.
    assert!(time < Duration::from_secs(20), "{time:?}");
}
