//! Clusters that live: controllers and the demo, each under a clock that the test drives.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod clients;
mod cluster;
mod containers;
mod demo;
mod faults;
mod files;
mod jobs;
mod placement;
mod probes;
mod storage;
mod workloads;
