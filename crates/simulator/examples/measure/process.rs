//! What a process has used.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// In a second, as everywhere on Linux.
const TICKS: u32 = 100;

/// Processor time of all threads of a process.
pub fn processor_time(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("no such process in /proc")?;
    // The name may hold anything, even brackets.
    let (_, rest) = stat.rsplit_once(')').context("no name in /proc")?;
    let field = |index: usize| -> Result<u32> {
        let text = rest.split_whitespace().nth(index).context("no times in /proc")?;
        Ok(text.parse()?)
    };
    Ok(Duration::from_secs(1) * (field(11)? + field(12)?) / TICKS)
}

/// Resident memory of a process in megabytes.
pub fn resident(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("no such process in /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    Ok(kilobytes.context("no VmRSS in /proc")? * 1.024 / 1000.0)
}
