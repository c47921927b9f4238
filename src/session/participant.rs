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
    /// Scopes that the person is known to allow this client: spares a look at the record. Its
    /// withdrawal ends the participant, and with it this copy.
    #[serde(default)]
    pub consented: Vec<String>,
}

impl Participant {
    /// Adds a grant; answers with the one that had to give way.
    pub fn add_grant(&mut self, grant: GrantId) -> Option<GrantId> {
        self.grants.push(grant);
        (self.grants.len() > MAX_GRANTS).then(|| self.grants.remove(0))
    }

    /// With its newest grants only, where more were kept than may live.
    #[must_use]
    pub fn within_limit(mut self) -> Self {
        let over = self.grants.len().saturating_sub(MAX_GRANTS);
        self.grants.drain(..over);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn the_oldest_gives_way() {
        let entropy = Entropy::seeded(1);
        let ids: Vec<_> = (0..=MAX_GRANTS)
            .map(|_| GrantId::random(&entropy))
            .collect();
        let mut participant = Participant {
            client: ClientId::new("wiki"),
            sid: Sid::new("sid"),
            joined: Timestamp::from_secs(1),
            grants: Vec::new(),
            consented: Vec::new(),
        };
        for id in &ids[..MAX_GRANTS] {
            assert_eq!(participant.add_grant(*id), None);
        }
        let full = participant.clone();
        assert_eq!(full.clone().within_limit(), full);
        assert_eq!(participant.add_grant(ids[MAX_GRANTS]), Some(ids[0]));
        assert_eq!(participant.grants, ids[1..]);
        // As the record may have them, from before it heard that the oldest is gone.
        let whole = Participant {
            grants: ids.clone(),
            ..full
        };
        assert_eq!(whole.within_limit(), participant);
    }
}
