//! The demo: how long its start takes, and what it adds to a simulator without objects.

use std::io::{Write as _, stdout};
use std::time::Instant;

use anyhow::Result;
use serde_json::json;
use simulator::{Scenario, Simulator};

use crate::process::{processor_time, resident};

pub async fn measure() -> Result<()> {
    let own = std::process::id();
    let before = resident(own)?;
    let (begun, used) = (Instant::now(), processor_time(own)?);
    let demo = Simulator::new().scenario(Scenario::Demo).start().await?;
    let seconds = begun.elapsed().as_secs_f64();
    let figures = json!({
        "seconds": seconds,
        "processor": (processor_time(own)? - used).as_secs_f64(),
        "megabytes": resident(own)? - before,
    });
    writeln!(stdout(), "{figures}")?;
    demo.shutdown().await;
    Ok(())
}
