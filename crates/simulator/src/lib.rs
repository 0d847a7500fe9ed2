//! A Kubernetes API server simulator: it speaks the API over HTTP from memory, so that a client cannot tell that it is
//! not one, for everything that it claims to support.
//!
//! This crate owns the API machinery (discovery, lists, watches, writes, rights), the store behind it, its scenarios
//! and its faults. It must never answer *almost* right: what it does not do as a real API server does is refused with
//! 501 and listed in `docs/simulator.md`, and the behaviour suite (`tests/behaviour`) runs the same cases against it
//! and against a real control plane. It must never depend on another crate of this workspace, never listen beyond
//! what it was told to, and never leave a task behind. Read [`Simulator`] first.

mod access;
mod clock;
mod container;
mod controllers;
mod custom;
mod data;
mod discovery;
mod error;
mod fault;
mod http;
mod list;
mod managed;
mod metrics;
mod protobuf;
mod quantity;
mod random;
mod read;
mod resources;
mod running;
mod scenario;
mod schema;
mod selector;
mod shared;
mod simulator;
mod status;
mod store;
mod table;
mod tls;
mod view;
mod watch;
mod write;

pub use access::User;
pub use clock::Clock;
pub use controllers::{Controller, Controllers};
pub use error::{PutError, StartError};
pub use fault::{Fault, FaultRule};
pub use running::Running;
pub use scenario::{Scale, Scenario};
pub use simulator::Simulator;
