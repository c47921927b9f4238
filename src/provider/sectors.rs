//! The sectors of clients that the configuration file declares. What each lists is read by a worker,
//! so that no start waits for an app; until it was read once, the client is without names for people
//! ([`Client::is_without_names`]). That it was is kept in the record: a later start, or one while
//! the app is down, does not ask again unless the file says something else.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};

use super::Provider;
use super::subjects::check_sector;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::protocol::client::Client;
use crate::protocol::error::{ErrorCode, ProtocolError};

/// Between two tries for one client.
const AGAIN: Duration = Duration::from_secs(30);
/// Read at the same time.
const AT_ONCE: usize = 8;

/// Clients whose sectors this node has yet to read, each with the time of the next try and what was
/// said of the last one.
#[derive(Default)]
pub(super) struct Sectors(Mutex<BTreeMap<ClientId, (Timestamp, String)>>);

impl Sectors {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<ClientId, (Timestamp, String)>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn due(&self, now: Timestamp) -> Vec<ClientId> {
        self.with(|waiting| {
            let due = waiting.iter().filter(|(_, (at, _))| *at <= now);
            due.map(|(id, _)| id.clone()).collect()
        })
    }
}

impl Provider {
    /// Has the sectors of these read that were not yet.
    pub(super) async fn expect_sectors(&self, declared: &[Client]) -> Result<(), Trouble> {
        let now = self.clock.now();
        for client in declared {
            let listed = client.tokens.sector_identifier_uri.is_some();
            let stored = if listed {
                self.record.client(&client.client_id).await?
            } else {
                None
            };
            let unread = stored.is_some_and(|stored| stored.sector_unread);
            self.sectors.with(|waiting| {
                if unread {
                    waiting.insert(client.client_id.clone(), (now, String::new()));
                } else {
                    waiting.remove(&client.client_id);
                }
            });
        }
        Ok(())
    }

    /// Reads the sectors that are due.
    pub(super) async fn read_sectors(&self) -> Result<(), Trouble> {
        let due = self.sectors.due(self.clock.now());
        let read = stream::iter(due).map(|id| self.read_sector(id));
        let read: Vec<_> = read.buffer_unordered(AT_ONCE).collect().await;
        read.into_iter().collect()
    }

    async fn read_sector(&self, id: ClientId) -> Result<(), Trouble> {
        let stored = self.record.client(&id).await?;
        let unread = stored.filter(|client| client.sector_unread && client.enabled);
        // Another node may have read it, or the file says something else by now.
        let Some(client) = unread else {
            self.sectors.with(|waiting| waiting.remove(&id));
            return Ok(());
        };
        match check_sector(&self.outbound, &client).await {
            Ok(()) => {
                self.record.sector_was_read(&client).await?;
                self.follow_changes().await?;
                self.sectors.with(|waiting| waiting.remove(&id));
            }
            Err(error) => {
                let (again, said) = (self.clock.now() + AGAIN, error.to_string());
                let entry = (again, said.clone());
                let before = self
                    .sectors
                    .with(|waiting| waiting.insert(id.clone(), entry));
                if before.is_none_or(|(_, before)| before != said) {
                    tracing::warn!(
                        client = %id, problem = said,
                        "nobody can sign in to this client by pairwise names until the document of \
                         its sector was read; it is tried again every 30 seconds"
                    );
                }
            }
        }
        Ok(())
    }
}

/// What a client is told that is without names.
pub(super) fn without_names() -> ProtocolError {
    let words =
        "the document at this client's sector_identifier_uri was not read yet; try again later";
    ProtocolError::new(ErrorCode::TemporarilyUnavailable, words)
}
