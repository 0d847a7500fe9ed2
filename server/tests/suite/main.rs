//! The server as its clients meet it: the real router on a free port, the real executable, and clusters that are scripted
//! or real. One test binary, because linking is what takes time.

// Helpers of tests may fail as tests do; clippy's exception knows only the functions marked as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api;
mod cli;
mod client;
mod errors;
mod fake_cluster;
mod harness;
mod limits;
mod pages;
mod real_cluster;
mod security;
mod shutdown;
mod streams;
