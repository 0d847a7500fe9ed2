//! Clusters that live: controllers and the demo, each under a clock that the test drives.

mod cluster;
mod demo;
mod faults;
mod files;
mod workloads;
