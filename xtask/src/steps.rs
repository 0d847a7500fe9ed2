//! Set-up and build steps: each is skipped when its inputs did not change, and says what it does and how long it took.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr};
use std::time::Instant;

use anyhow::Result;

use crate::fingerprint::Stamp;

/// Numbers the steps of one command on standard error: `[2/7] building wasm (release) ... 41 s`. Steps that are skipped
/// count, and print nothing.
#[derive(Debug)]
pub struct Steps {
    count: usize,
    done: usize,
}

impl Steps {
    /// For a command of so many steps.
    pub fn new(count: usize) -> Self {
        Self { count, done: 0 }
    }

    /// Runs a step, unless it went through with the same inputs before and `output_exists`.
    pub fn unless_fresh(
        &mut self,
        stamp: &Stamp,
        output_exists: bool,
        title: impl Display,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        if stamp.is_fresh() && output_exists {
            self.skip();
            return Ok(());
        }
        stamp.clear();
        self.run(title, work)?;
        stamp.set()
    }

    /// Counts a step that need not run.
    pub fn skip(&mut self) {
        self.done += 1;
    }

    /// Runs a step.
    pub fn run<T>(&mut self, title: impl Display, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.done += 1;
        let line = format!("[{}/{}] {title} ...", self.done, self.count);
        // On a terminal the tools that run now show their own progress below; in a log they are quiet.
        let is_terminal = stderr().is_terminal();
        eprint!("{line}{}", if is_terminal { "\n" } else { " " });
        let _ = stderr().flush();

        let begun = Instant::now();
        let worked = work();
        let outcome = match &worked {
            Ok(_) => format!("{:.1} s", begun.elapsed().as_secs_f64()),
            Err(_) => "failed".to_owned(),
        };
        if is_terminal {
            eprintln!("{line} {outcome}");
        } else {
            eprintln!("{outcome}");
        }
        worked
    }
}
