//! Waiting for a state instead of for a while.

use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// How long anything here may take. Generous: the machine may be busy compiling.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
const INTERVAL: Duration = Duration::from_millis(25);

/// Asks until the answer is there; `None` when it was not there in time.
pub(crate) fn poll<T>(timeout: Duration, mut probe: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(answer) = probe()? {
            return Ok(Some(answer));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(INTERVAL);
    }
}
