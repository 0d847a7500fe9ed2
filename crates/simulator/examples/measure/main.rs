//! Measures the simulator, for `cargo xtask bench`: prints one line of JSON.
//!
//! The server runs in a process of its own (`serve`), so that what it costs can be told from what its clients cost.

use std::env;

use anyhow::{Context as _, Result, bail};

mod creates;
mod demo;
mod lists;
mod process;
mod server;
mod watches;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let mut number = |name: &str| -> Result<u32> {
        let text = arguments.next().with_context(|| format!("{name} is missing"))?;
        text.parse()
            .with_context(|| format!("{name} is not a number: {text}"))
    };
    // The clients have one thread, and leave the other core to the server.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match what.as_str() {
        "serve" => server::serve(
            number("the number of pods")?,
            number("the number of events a second")?,
        ),
        "demo" => runtime.block_on(demo::measure()),
        "lists" => lists::measure(number("the number of pods")?),
        "watches" => {
            let (watches, events) = (
                number("the number of watches")?,
                number("the number of events a second")?,
            );
            runtime.block_on(watches::measure(watches, events))
        }
        "creates" => runtime.block_on(creates::measure(number("the number of pods")?)),
        other => bail!("`{other}` is not one of serve, demo, lists, watches, creates"),
    }
}
