//! Access tokens that were revoked (RFC 7009), remembered until they would have run out: in SQL, so
//! that a restart does not forgive them, and in this node's memory, so that no request asks SQL.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::Provider;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::TokenId;
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
        let mut tokens = self
            .revoked
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, expires| *expires > now);
        tokens.insert(id, expires);
        Ok(())
    }
}
