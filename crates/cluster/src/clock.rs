//! Time and chance.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Timestamp;

/// The time on the wall, to the millisecond.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A number that no other call returns.
pub(crate) fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Between three quarters of a duration and all of it, at random: so that what fails together does not return together.
pub(crate) fn jitter(duration: Duration) -> Duration {
    // Without randomness there is only no jitter.
    let part = getrandom::u32().unwrap_or(u32::MAX);
    duration.mul_f64(0.75 + 0.25 * f64::from(part) / f64::from(u32::MAX))
}
