//! Clusters: where they come from, how they are reached, and what is in them, live.
//!
//! A [`Registry`] reads kubeconfigs and runs one [`Engine`] per context. An engine watches every kind of the kind table,
//! gives the bytes to the slim readers of [`topology`], feeds its index through a single writer, and publishes immutable
//! states that readers share. This crate never holds typed Kubernetes objects, and never knows HTTP handlers or pages.
//!
//! Read [`Published`] first: it is what everything here is for. Then `watch.rs`, the state machine that keeps it true.

mod client;
mod clock;
mod engine;
mod exec;
pub mod kubeconfig;
mod problem;
mod registry;
mod tasks;
#[cfg(test)]
mod testing;
mod watch;

pub use client::{ConnectError, Connection};
pub use engine::{ApiProblem, Diagnostics, Engine, KindDiagnostics, NamespaceDiagnostics, Published, Since};
pub use exec::{AllowedCommand, ExecError, ExecPolicy};
pub use kubeconfig::Source;
pub use registry::{Clusters, KnownId, Registry, RegistryConfig};
pub use tasks::{Running, TaskKind, Tasks};
