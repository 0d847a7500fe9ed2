//! Log lines on standard error.

use crate::config::LogFormat;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{IsTerminal, stderr};
use std::panic::PanicHookInfo;
use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise. Kubernetes' client says of a failed request neither which cluster it
/// was for nor anything that we do not say ourselves.
const DEFAULT: &str = "info,kube_client=off";

/// Starts logging: `info` and above, unless `RUST_LOG` says otherwise. Panics are logged too, within the span of the
/// request or task that they happen in.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr);
    // A second start, as in tests, leaves the first one in place.
    let _ = match format {
        LogFormat::Text => lines.with_ansi(stderr().is_terminal()).try_init(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init(),
    };
    std::panic::set_hook(Box::new(log_panic));
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    let backtrace = match backtrace.status() {
        BacktraceStatus::Captured => backtrace.to_string(),
        _ => String::new(),
    };
    tracing::error!(
        panic.location = location,
        panic.backtrace = backtrace,
        "panicked: {message}"
    );
}
