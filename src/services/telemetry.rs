//! Logs: pretty in a terminal, JSON otherwise. A line may name routes, statuses, times and ids,
//! never a name, an address or any other word of a contact, and no query string, which may hold
//! one.
//!
//! Kith goes on serving even if standard output fails, see [`output`].

mod format;
mod json;
mod output;

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use kith_runtime::ComponentHealth;

use crate::services::config::LogConfig;
use json::JsonLines;
use json::SpanFields;
use output::Output;

pub use format::LogFilter;
pub use format::LogFormat;

/// Where the log of this process goes, once it has one.
static OUTPUT: OnceLock<Output> = OnceLock::new();

/// How long the end waits for an output that is slow to take the last lines.
const FINISH_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a panic waits for its line to be written, since it may be the last.
const PANIC_FLUSH_TIMEOUT: Duration = Duration::from_millis(100);

/// Starts logging to standard output, panics included. Call once.
pub fn start(config: &LogConfig) {
    let pretty = match config.format {
        LogFormat::Pretty => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stdout().is_terminal(),
    };
    let filter = config.filter.filter();
    let output = OUTPUT.get_or_init(Output::standard);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(output.clone())
        // It would complain on standard error, and panic where that cannot be written.
        .log_internal_errors(false);
    if pretty {
        log.with_target(false).init();
    } else {
        log.json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .map_event_format(JsonLines::new)
            .fmt_fields(SpanFields)
            .init();
    }
    // The place is enough to find the cause. The message may quote what a person has typed.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "panicked");
        output.flush(PANIC_FLUSH_TIMEOUT);
    }));
}

/// Waits until the log is written, for a while.
pub fn finish() {
    if let Some(output) = OUTPUT.get() {
        output.flush(FINISH_TIMEOUT);
    }
}

/// How many lines of the log are lost since the start.
pub fn lost_lines() -> u64 {
    OUTPUT.get().map_or(0, Output::lost)
}

/// Whether lines of the log are being lost, once one was.
pub fn health() -> Option<ComponentHealth<String>> {
    OUTPUT.get().and_then(Output::health)
}
