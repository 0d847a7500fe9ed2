//! What time it is, for everything that the simulator stamps or lets expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// A clock that tests can drive: creation times, managed fields and tokens follow it. Connections keep real time:
/// a `timeoutSeconds` of a watch is a promise to a client outside.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The time of the machine.
    #[default]
    System,
    /// Stands still until it is moved: seconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at a time, in seconds since 1970.
    pub fn manual(seconds: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(seconds)))
    }

    /// Moves a manual clock on; that of the machine is not moved.
    pub fn advance(&self, seconds: i64) {
        if let Self::Manual(now) = self {
            now.fetch_add(seconds, Ordering::Relaxed);
        }
    }

    /// Seconds since 1970.
    pub fn seconds(&self) -> i64 {
        match self {
            Self::System => Timestamp::now().as_second(),
            Self::Manual(now) => now.load(Ordering::Relaxed),
        }
    }
}

/// The clock of a server, which may be wrong.
#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    clock: Clock,
    /// By how many seconds it is wrong.
    skew: AtomicI64,
}

impl ServerClock {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            skew: AtomicI64::default(),
        }
    }

    pub(crate) fn set_skew(&self, seconds: i64) {
        self.skew.store(seconds, Ordering::Relaxed);
    }

    /// By how many seconds it is wrong.
    pub(crate) fn skew(&self) -> i64 {
        self.skew.load(Ordering::Relaxed)
    }

    pub(crate) fn is_manual(&self) -> bool {
        matches!(self.clock, Clock::Manual(_))
    }

    /// See [`Clock::advance`].
    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// Seconds since 1970, as the server has them.
    pub(crate) fn seconds(&self) -> i64 {
        self.clock.seconds().saturating_add(self.skew())
    }

    /// Nanoseconds since 1970; a manual clock has whole seconds.
    pub(crate) fn nanos(&self) -> i64 {
        let skew = self.skew().saturating_mul(1_000_000_000);
        let now = match &self.clock {
            Clock::System => i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX),
            Clock::Manual(_) => self.clock.seconds().saturating_mul(1_000_000_000),
        };
        now.saturating_add(skew)
    }

    /// Now as Kubernetes writes it: `2026-01-31T12:00:00Z`.
    pub(crate) fn stamp(&self) -> String {
        stamp(self.seconds())
    }
}

/// A time in seconds since 1970, as Kubernetes writes it.
pub(crate) fn stamp(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}
