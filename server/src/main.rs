//! The `kubilitics` executable. Everything is in the library.

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
            eprintln!("kubilitics: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}
