//! Logs: pretty in a terminal, JSON otherwise. A line may name routes, statuses, times and ids,
//! never a name, an address or any other word of a contact, and no query string, which may hold
//! one.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::server::config::LogConfig;
use crate::server::config::LogFormat;

/// Starts logging to standard output, panics included. Call once.
pub fn start(config: &LogConfig) {
    let pretty = match config.format {
        LogFormat::Pretty => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stdout().is_terminal(),
    };
    let filter = EnvFilter::new(config.filter.as_str());
    let log = tracing_subscriber::fmt().with_env_filter(filter);
    if pretty {
        log.with_target(false).init();
    } else {
        log.json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .init();
    }
    // Where it happened is enough to go on; the message may quote what somebody typed.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "panicked");
    }));
}
