//! Why the record did not answer, in words that are safe in a log.

use sqlx::migrate::MigrateError;

use super::dialect;
use crate::store::Unknown;

/// The record could not say. The text never contains values: these may be secrets.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RecordError {
    /// The database did not do what was asked; whether it was done may be unknown.
    #[error("record: {0}")]
    Unavailable(String),
    /// The database undid the whole transaction because of another one, again after a second try.
    #[error("record: {0}")]
    Undone(String),
}

impl RecordError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self::Unavailable(text.into())
    }

    /// A stored value that this version cannot read.
    pub(super) fn malformed(column: &str) -> Self {
        Self::Unavailable(format!(
            "the column {column} holds what this version cannot read"
        ))
    }
}

impl From<RecordError> for Unknown {
    fn from(error: RecordError) -> Self {
        Self(error.to_string())
    }
}

impl From<sqlx::Error> for RecordError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            // The driver's own text here shows the value that it could not decode.
            sqlx::Error::ColumnDecode { index, .. } => Self::malformed(&index),
            sqlx::Error::Decode(_) | sqlx::Error::Encode(_) => {
                Self::new("a value has another type than expected")
            }
            // Only the driver's message: the details of PostgreSQL quote keys.
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                let text = format!("{} ({code})", error.message());
                if dialect::is_undone(&*error) {
                    Self::Undone(text)
                } else {
                    Self::Unavailable(text)
                }
            }
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<MigrateError> for RecordError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Unavailable(format!(
                "the database was migrated by a newer version (migration {version}): start that one"
            )),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_out_of_the_text() {
        let decode = sqlx::Error::ColumnDecode {
            index: "\"secret\"".to_owned(),
            source: "expected Text, got Text(\"hunter2\")".into(),
        };
        let plain = sqlx::Error::Decode("got Text(\"hunter2\")".into());
        for error in [decode, plain] {
            assert!(!RecordError::from(error).to_string().contains("hunter2"));
        }
    }
}
