//! Access tokens that were revoked (RFC 7009), remembered until they would have run out: in SQL, so
//! that a restart does not forgive them, and in this node's memory, so that no request asks SQL.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::Provider;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::TokenId;
use crate::protocol::access_token;
use crate::store::record::Record;

#[derive(Debug)]
pub(super) struct RevokedTokens(Mutex<HashMap<TokenId, Timestamp>>);

impl RevokedTokens {
    pub(super) async fn load(record: &Record, now: Timestamp) -> Result<Self, Trouble> {
        Ok(Self(Mutex::new(
            record.revoked_tokens(now).await?.into_iter().collect(),
        )))
    }

    pub(super) fn contains(&self, id: &TokenId) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(id)
    }
}

impl Provider {
    pub(super) async fn revoke_access(
        &self,
        id: TokenId,
        expires: Timestamp,
    ) -> Result<(), Trouble> {
        let now = self.clock.now();
        self.record.revoke_token(id, expires, now).await?;
        self.remember_revoked(id, expires);
        Ok(())
    }

    /// One that another node revoked: remembered here too, for as long as a token can live, so
    /// that a hot state that forgets its mark forgives it nowhere.
    pub(super) fn learn_revoked(&self, id: TokenId) {
        let expires = self.clock.now() + access_token::LONGEST;
        self.remember_revoked(id, expires);
    }

    fn remember_revoked(&self, id: TokenId, expires: Timestamp) {
        let now = self.clock.now();
        let mut tokens = self
            .revoked
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, expires| *expires > now);
        let known = tokens.entry(id).or_insert(expires);
        *known = (*known).max(expires);
    }
}
