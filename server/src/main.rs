//! The `kubilitics` executable. Everything is in the library.

use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let invocation = match server::cli::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        // Help on standard output, a mistake on standard error with status 2.
        Err(error) => error.exit(),
    };
    match server::run(invocation) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kubilitics: {}", with_causes(&error));
            ExitCode::from(error.exit_status())
        }
    }
}

/// The message of an error, and those of its causes that it does not hold.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}
