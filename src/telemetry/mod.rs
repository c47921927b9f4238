//! Logs, to standard error: standard output belongs to what commands answer. One event is one
//! line, with the span of its request.

mod plain;

use std::io::{IsTerminal as _, stderr};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Log, LogFormat};

/// Starts to log. `false` if this process logs already: a test or an embedder was first.
pub fn init(log: &Log) -> bool {
    let filter = filter(&log.filter);
    match log.format {
        LogFormat::Human => human(filter, stderr, stderr().is_terminal()).try_init(),
        LogFormat::Json => json(filter, stderr).try_init(),
    }
    .is_ok()
}

fn human<W>(filter: EnvFilter, writer: W, colours: bool) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .fmt_fields(plain::Plain)
        .with_ansi(colours)
        .finish()
}

/// The list of spans, not the innermost alone: a library may open one within a request.
fn json<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .finish()
}

/// The configuration was checked; should it not have been, more is logged rather than nothing.
fn filter(text: &str) -> EnvFilter {
    EnvFilter::try_new(text).unwrap_or_else(|_| EnvFilter::new("info"))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;

    /// What was written.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn writer(&self) -> impl Fn() -> Self + Send + Sync + 'static {
            let lines = self.clone();
            move || lines.clone()
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    /// One request, with what a caller could send.
    fn one_request() {
        let hostile = "eve\nERROR forged\r\u{1b}[2J\u{202e}\u{9b}31m";
        tracing::error_span!("request", request_id = %"abc", name = hostile).in_scope(|| {
            tracing::warn!(name = %hostile, text = hostile, number = 3, "hello {hostile}");
        });
    }

    #[test]
    fn nothing_breaks_a_line_for_people() {
        let lines = Lines::default();
        with_default(human(filter("warn"), lines.writer(), false), one_request);
        let text = lines.text();
        let line = text.strip_suffix('\n').unwrap();
        assert!(!line.contains(plain_breaks), "{line:?}");
        let eve = r"eve\nERROR forged\r\u{1b}[2J\u{202e}\u{9b}31m";
        assert!(
            line.contains(&format!("request{{request_id=abc name=\"{eve}\"}}")),
            "{line}"
        );
        let fields = format!("hello {eve} name={eve} text=\"{eve}\" number=3");
        assert!(line.ends_with(&fields), "{line}");
    }

    fn plain_breaks(char: char) -> bool {
        char.is_control() || char == '\u{202e}'
    }

    #[test]
    fn json_is_one_object_on_one_line_with_the_request() {
        let lines = Lines::default();
        with_default(json(filter("warn"), lines.writer()), one_request);
        let text = lines.text();
        assert_eq!(text.lines().count(), 1, "{text:?}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["spans"][0]["request_id"], "abc");
        assert_eq!(line["number"], 3);
        assert!(line["message"].as_str().unwrap().starts_with("hello eve\n"));
    }

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
