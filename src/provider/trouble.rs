//! Why a use case could not say: all of it is 503, none of it is a verdict about a session.

use std::time::Duration;

use crate::store::Unknown;
use crate::store::record::RecordError;

/// The request cannot be answered now. Trying again later may help.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A store did not answer.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// Too many passwords are waiting to be checked.
    #[error("too many requests are waiting")]
    Busy,
    /// One address has begun too many sign-ins, or tried too many set-up links.
    #[error("this address has begun too many sign-ins or tried too many set-up links")]
    Crowded,
    /// The sector of a client that the configuration file declares was not read yet.
    #[error("the document at this client's sector_identifier_uri was not read yet")]
    WithoutNames,
    /// The metadata document of a client cannot be read now.
    #[error("this client's metadata document can't be read now")]
    Undocumented,
    /// Something that should not happen; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl From<RecordError> for Trouble {
    fn from(error: RecordError) -> Self {
        Self::Unknown(error.into())
    }
}

impl Trouble {
    /// For the Retry-After header.
    pub const fn retry_after(&self) -> Duration {
        match self {
            Self::Busy => Duration::from_secs(5),
            Self::Crowded => Duration::from_mins(1),
            Self::WithoutNames | Self::Undocumented => Duration::from_secs(30),
            Self::Unknown(_) | Self::Internal(_) => Duration::from_secs(2),
        }
    }

    /// A commit lost every race it was in.
    pub(super) fn contention() -> Self {
        Self::Unknown(Unknown(
            "a document changed too often while it was being written".to_owned(),
        ))
    }
}
