//! What containers do, as far as their logs tell.

use serde_json::Value;

use crate::controllers::json::list;

/// What a container does all day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Answers requests.
    Serve,
    /// Keeps data.
    Keep,
    /// Takes tasks from somewhere.
    Process,
}

impl Work {
    /// Seconds between two lines.
    pub(super) fn period(self) -> i64 {
        match self {
            Self::Serve => 2,
            Self::Process => 5,
            Self::Keep => 20,
        }
    }
}

/// A line of what keeps data.
pub(super) fn kept(hash: u64) -> String {
    match hash % 4 {
        0 => format!(
            "checkpoint complete: wrote {} buffers in {} ms",
            4 + (hash >> 8) % 900,
            20 + (hash >> 20) % 4000
        ),
        1 => format!(
            "connection received: host=10.244.{}.{}",
            (hash >> 28) % 6,
            2 + (hash >> 36) % 250
        ),
        2 => format!("slow statement: {} ms", 200 + (hash >> 8) % 1800),
        _ => format!("removed {} expired entries", (hash >> 8) % 500),
    }
}

/// What a container does, by its program and whether it has ports.
pub(super) fn work(spec: &Value, program: &str) -> Work {
    const KEEPERS: &[&str] = &[
        "postgres",
        "mysql",
        "mariadb",
        "redis",
        "valkey",
        "kafka",
        "mongo",
        "elastic",
        "opensearch",
        "etcd",
        "clickhouse",
        "rabbitmq",
        "nats",
    ];
    if KEEPERS.iter().any(|keeper| program.contains(keeper)) {
        Work::Keep
    } else if list(spec, "/ports").is_empty() {
        Work::Process
    } else {
        Work::Serve
    }
}
