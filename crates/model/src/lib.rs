//! The words that server and browser share: ids, the kind table, rows, graphs, deltas, errors and the
//! stream's messages with their codecs.
//!
//! Everything here is data and pure functions on data. This crate never does I/O, never depends on kube or
//! tokio, and compiles to wasm32. Read [`graph::Graph`] first, then [`stream::ServerMessage`].

pub mod age;
pub mod cluster;
pub mod error;
pub mod graph;
pub mod health;
pub mod ids;
pub mod kind;
pub mod level;
pub mod list;
pub mod map;
pub mod search;
pub mod stream;
pub mod time;
pub mod topology;

pub use cluster::{Cluster, ClusterStatus};
pub use error::{ApiError, ErrorCode};
pub use health::Health;
pub use ids::{ClusterId, Epoch, NodeId, NodeKey};
pub use kind::{Kind, KindId};
pub use time::Timestamp;
