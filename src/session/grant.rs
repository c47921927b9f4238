//! What one client holds from one authorization, and the rules of its refresh-token family.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::entropy::{ClientId, GrantId, SessionId, Sid, UserId};
use crate::protocol::claims_request::ClaimsWanted;
use crate::protocol::jose::Thumbprint;

/// How long after its first rotation the predecessor still yields the same successor.
pub const GRACE: Duration = Duration::from_secs(10);

/// A place in a refresh-token family: the store's generation, then a number that counts up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Position of the last distrust entry in the ends log when it was written.
    pub generation: i64,
    /// Counts rotations.
    pub sequence: u64,
}

/// A grant as the hot copy and the record both keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Whose.
    pub user: UserId,
    /// Held by.
    pub client: ClientId,
    /// The session in which it was given; that session's end is this grant's end unless `offline`.
    pub session: SessionId,
    /// The client's `sid` in that session.
    pub sid: Sid,
    /// Granted scopes.
    pub scope: Vec<String>,
    /// Resources named at the authorization (RFC 8707).
    pub resources: Vec<String>,
    /// Single claims that were asked for (Core 1.0, 5.5).
    #[serde(default, skip_serializing_if = "ClaimsWanted::is_empty")]
    pub claims: ClaimsWanted,
    /// `nonce` of the authorization request.
    pub nonce: Option<String>,
    /// `auth_time` of the authorization: never changes.
    pub auth_time: Timestamp,
    /// `acr` of the authorization.
    pub acr: String,
    /// `amr` of the authorization.
    pub amr: Vec<String>,
    /// When it was given.
    pub began: Timestamp,
    /// When it ends whatever happens.
    pub expires: Timestamp,
    /// Outlives the session (`offline_access`, Core 1.0, 11).
    pub offline: bool,
    /// Whether refresh tokens come with it.
    pub refreshable: bool,
    /// The key that its latest tokens are bound to (RFC 9449, 5). From the first on, there are none
    /// without a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Thumbprint>,
    /// The current place of its refresh-token family.
    pub place: Place,
    /// The place before, and when it was first rotated away.
    pub previous: Option<(Place, Timestamp)>,
    /// The last use, for lists and idle limits.
    pub last_used: Timestamp,
}
