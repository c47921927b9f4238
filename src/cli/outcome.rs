//! What a command comes to.

use std::fmt::Display;

use crate::app::StartError;
use crate::store::record::RecordError;

/// Nothing, or what went wrong and what to do.
pub(super) type Outcome = Result<(), Failure>;

/// Lines for standard error.
#[derive(Debug)]
pub(super) struct Failure(Vec<String>);

impl Failure {
    pub(super) fn new(text: impl Display) -> Self {
        Self(vec![text.to_string()])
    }

    pub(super) const fn many(lines: Vec<String>) -> Self {
        Self(lines)
    }

    pub(super) fn report(&self) {
        for line in &self.0 {
            eprintln!("error: {line}");
        }
    }
}

/// Writes an answer to standard output. A reader that has seen enough (`| head -1`) is no failure.
pub(super) fn say(text: &str) -> Outcome {
    use std::io::Write as _;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::new(error)
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Self::new(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::new(error)
    }
}
