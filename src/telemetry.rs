//! Logs, to standard error: standard output belongs to what commands answer.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Log, LogFormat};

/// Starts to log. `false` if this process logs already: a test or an embedder was first.
pub fn init(log: &Log) -> bool {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(&log.filter))
        .with_writer(stderr);
    match log.format {
        LogFormat::Human => builder
            .with_ansi(stderr().is_terminal())
            .finish()
            .try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    }
    .is_ok()
}

/// The configuration was checked; should it not have been, more is logged rather than nothing.
fn filter(text: &str) -> EnvFilter {
    EnvFilter::try_new(text).unwrap_or_else(|_| EnvFilter::new("info"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_is_refused_without_panic() {
        let log = |format| Log {
            format,
            filter: "error".to_owned(),
        };
        init(&log(LogFormat::Human));
        assert!(!init(&log(LogFormat::Json)));
    }

    #[test]
    fn a_bad_filter_logs_at_info() {
        assert_eq!(filter("lanyard=loud").to_string(), "info");
        assert_eq!(filter("warn").to_string(), "warn");
    }
}
