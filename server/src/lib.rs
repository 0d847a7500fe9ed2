//! The server: pages, REST API and stream of many clusters, in one executable.
//!
//! This crate owns HTTP, sessions, configuration and the life of the process. It must never compute topology or talk to
//! Kubernetes itself: it reads the states that [`cluster`] publishes, through the views of [`topology`], and writes them
//! as JSON, frames and HTML.
//!
//! Read [`http::router`] first: every request passes it. Then [`stream`], which is what keeps a page live, and [`run()`],
//! which starts and stops it all.

pub mod api;
pub mod auth;
pub mod cli;
pub mod config;
pub mod data_dir;
pub mod demo;
mod diagnostics;
pub mod http;
mod known;
pub mod link;
pub mod log;
mod maps;
pub mod metrics;
mod open_files;
mod pages;
mod private_file;
mod ready;
pub mod run;
pub mod server;
pub mod simulate;
pub mod stream;
mod trust;

pub use run::{RunError, Running, run};
pub use server::{Server, Shared};
