//! A client that received tokens in a session: whom to tell when it ends.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::entropy::{ClientId, GrantId, Sid};

/// At most this many session-bound grants live per client and session; the oldest gives way.
pub const MAX_GRANTS: usize = 8;

/// One client in one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Which client.
    pub client: ClientId,
    /// Its own name for the session.
    pub sid: Sid,
    /// When it first joined.
    pub joined: Timestamp,
    /// Its live session-bound grants, oldest first.
    pub grants: Vec<GrantId>,
}

impl Participant {
    /// Adds a grant; answers with the one that had to give way.
    pub fn add_grant(&mut self, grant: GrantId) -> Option<GrantId> {
        self.grants.push(grant);
        (self.grants.len() > MAX_GRANTS).then(|| self.grants.remove(0))
    }
}
