//! Requests that came by POST without the Lax cookie: kept until the browser comes back with it.

use std::net::IpAddr;
use std::time::Duration;

use super::Provider;
use super::documents;
use super::handles::StoredRequest;
use super::trouble::Trouble;
use crate::entropy::Root;
use crate::protocol::params::Params;
use crate::store::hot::{Check, Outcome};

/// How long a request that came by POST waits for the browser that was sent back with it.
const STORED: Duration = Duration::from_mins(2);

impl Provider {
    /// Keeps a request that came by POST without the Lax cookie, until the browser comes back
    /// with it by a GET of ours. Nothing is decided before.
    pub async fn store_request(
        &self,
        params: &Params,
        from: IpAddr,
    ) -> Result<StoredRequest, Trouble> {
        self.demand_room(from).await?;
        let root = Root::random(&self.entropy);
        let name = documents::stored_request();
        let expires = self.clock.now() + STORED;
        let put = self.put(&root, name.clone(), params, expires);
        match self
            .commit_waiting(&root, vec![Check::Absent(name)], vec![put])
            .await?
        {
            Outcome::Committed => Ok(StoredRequest(root)),
            Outcome::Conflict => Err(Trouble::contention()),
        }
    }

    /// A stored request.
    pub async fn stored_request(&self, stored: &StoredRequest) -> Result<Option<Params>, Trouble> {
        let name = documents::stored_request();
        let slots = self
            .shares
            .waiting
            .read(&stored.0, std::slice::from_ref(&name))
            .await?;
        Ok(self
            .document(&stored.0, &name, slots.first())
            .map(|(params, _)| params))
    }
}
