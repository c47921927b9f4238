//! Columns to words of the house, and back. Every column has one of four types: text, integer,
//! bytes, or null.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::RecordError;
use crate::clock::Timestamp;
use crate::entropy::{GrantId, SecretHash, SessionId};
use crate::session::ending::Reason;

/// Typed columns of a row.
pub(super) trait Columns {
    fn text(&self, column: &str) -> Result<String, RecordError>;
    fn text_or_null(&self, column: &str) -> Result<Option<String>, RecordError>;
    fn integer(&self, column: &str) -> Result<i64, RecordError>;
    fn integer_or_null(&self, column: &str) -> Result<Option<i64>, RecordError>;
    fn bytes(&self, column: &str) -> Result<Vec<u8>, RecordError>;
    fn bytes_or_null(&self, column: &str) -> Result<Option<Vec<u8>>, RecordError>;

    fn flag(&self, column: &str) -> Result<bool, RecordError> {
        Ok(self.integer(column)? != 0)
    }

    fn time(&self, column: &str) -> Result<Timestamp, RecordError> {
        Ok(Timestamp::from_millis(self.integer(column)?))
    }

    fn time_or_null(&self, column: &str) -> Result<Option<Timestamp>, RecordError> {
        Ok(self.integer_or_null(column)?.map(Timestamp::from_millis))
    }

    fn duration(&self, column: &str) -> Result<Duration, RecordError> {
        Ok(Duration::from_millis(
            u64::try_from(self.integer(column)?).unwrap_or(0),
        ))
    }

    fn status_or_null(&self, column: &str) -> Result<Option<u16>, RecordError> {
        Ok(self
            .integer_or_null(column)?
            .and_then(|status| u16::try_from(status).ok()))
    }

    fn words(&self, column: &str) -> Result<Vec<String>, RecordError> {
        self.json(column)
    }

    fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, RecordError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| RecordError::malformed(column))
    }

    fn session_id(&self, column: &str) -> Result<SessionId, RecordError> {
        SessionId::decode(&self.text(column)?).ok_or_else(|| RecordError::malformed(column))
    }

    fn grant_id(&self, column: &str) -> Result<GrantId, RecordError> {
        GrantId::decode(&self.text(column)?).ok_or_else(|| RecordError::malformed(column))
    }

    fn hash(&self, column: &str) -> Result<SecretHash, RecordError> {
        SecretHash::from_slice(&self.bytes(column)?).ok_or_else(|| RecordError::malformed(column))
    }

    fn hash_or_null(&self, column: &str) -> Result<Option<SecretHash>, RecordError> {
        let Some(bytes) = self.bytes_or_null(column)? else {
            return Ok(None);
        };
        SecretHash::from_slice(&bytes)
            .map(Some)
            .ok_or_else(|| RecordError::malformed(column))
    }

    /// When and why something ended, if it did.
    fn end(&self, at: &str, reason: &str) -> Result<Option<(Timestamp, Reason)>, RecordError> {
        let Some(at) = self.time_or_null(at)? else {
            return Ok(None);
        };
        let word = self.text(reason)?;
        let reason = Reason::parse(&word).ok_or_else(|| RecordError::malformed(reason))?;
        Ok(Some((at, reason)))
    }
}

impl Columns for AnyRow {
    fn text(&self, column: &str) -> Result<String, RecordError> {
        Ok(self.try_get(column)?)
    }

    fn text_or_null(&self, column: &str) -> Result<Option<String>, RecordError> {
        Ok(self.try_get(column)?)
    }

    fn integer(&self, column: &str) -> Result<i64, RecordError> {
        Ok(self.try_get(column)?)
    }

    fn integer_or_null(&self, column: &str) -> Result<Option<i64>, RecordError> {
        Ok(self.try_get(column)?)
    }

    fn bytes(&self, column: &str) -> Result<Vec<u8>, RecordError> {
        Ok(self.try_get(column)?)
    }

    fn bytes_or_null(&self, column: &str) -> Result<Option<Vec<u8>>, RecordError> {
        Ok(self.try_get(column)?)
    }
}

/// A list or document as it is stored.
pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, RecordError> {
    serde_json::to_string(value).map_err(|_| RecordError::new("a document cannot be written"))
}

/// A duration as it is stored.
pub(super) fn to_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
