//! Clients that are what their metadata documents say
//! (draft-ietf-oauth-client-id-metadata-document): read at the address that is their id, past the
//! strict guard, and remembered within bounds.
//!
//! Anybody can write any address into an authorization request, so that this house must not become
//! a weapon against somebody's server, nor fill its memory: documents are kept up to a number, who
//! asks for one that is being read waits for it, failures are remembered, and what strangers may
//! have read is counted by their address and by the host.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::{Mutex, Semaphore};
use url::Url;

use super::Provider;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::identity::throttle::{self, AddressKey};
use crate::outbound::Trust;
use crate::protocol::client::{Client, RegisteredBy};
use crate::protocol::document_url::{self, DocumentUrl};
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::metadata_document::{self, CEILING, MAX_DOCUMENT};
use crate::protocol::registration::Policy;
use crate::store::record::Described;

/// Documents, and failures, that are remembered.
const KEPT: u64 = 1_000;
/// How long a failure is.
const FAILED: Duration = Duration::from_secs(30);
/// Read at the same time, of clients that are not known yet; and as many of those that are, so that
/// a crowd of strangers does not keep them waiting.
const AT_ONCE: usize = 8;
/// Until a document must be there, whatever `delivery.timeout` says: a person waits.
const WITHIN: Duration = Duration::from_secs(4);
/// Documents not known yet that one address may have us read within [`throttle::WINDOW`].
const PER_ADDRESS: u64 = 50;
/// Documents not known yet that are read from one host within [`HOST_WINDOW`].
const PER_HOST: u64 = 30;
const HOST_WINDOW: Duration = Duration::from_mins(1);

/// Whose documents are taken, and what such clients may be.
#[derive(Clone, Debug)]
pub struct DocumentSettings {
    /// Of any host; otherwise of those that are listed.
    pub any_host: bool,
    /// Hosts that the operator named. They may lie in a private network.
    pub hosts: Vec<String>,
    /// What such a client may be.
    pub policy: Policy,
    /// No more of them than this are kept in the record.
    pub max_clients: u32,
}

impl DocumentSettings {
    fn lists(&self, host: &str) -> bool {
        self.hosts.iter().any(|listed| listed == host)
    }

    fn admits(&self, host: &str) -> bool {
        self.any_host || self.lists(host)
    }
}

/// Why there is no document to go by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Undocumented {
    /// It cannot be read now, or too much is asked for. Trying again may help.
    #[error("its metadata document can't be read now")]
    NotNow,
    /// It is there, and makes no client. In words of ours.
    #[error("its metadata document can't be used: {0}")]
    Flawed(String),
}

/// The documents that this process read.
pub(super) struct MetadataDocuments {
    slots: Cache<ClientId, Arc<Mutex<Slot>>>,
    of_strangers: Semaphore,
    of_known: Semaphore,
}

impl Default for MetadataDocuments {
    fn default() -> Self {
        Self {
            slots: Cache::new(KEPT),
            of_strangers: Semaphore::new(AT_ONCE),
            of_known: Semaphore::new(AT_ONCE),
        }
    }
}

/// What is known of one document.
#[derive(Default)]
struct Slot {
    read: Option<Read>,
    failed: Option<(Timestamp, Undocumented)>,
}

struct Read {
    client: Arc<Client>,
    at: Timestamp,
    fresh: Duration,
}

impl Slot {
    fn not_older(&self, age: impl Fn(&Read) -> Duration, now: Timestamp) -> Option<Arc<Client>> {
        let read = self.read.as_ref().filter(|read| now < read.at + age(read));
        read.map(|read| Arc::clone(&read.client))
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<Client>> {
        self.not_older(|read| read.fresh, now)
    }

    /// The copy that is believed while there is no newer one.
    fn believed(&self, now: Timestamp) -> Option<Arc<Client>> {
        self.not_older(|_| CEILING, now)
    }

    fn failed_lately(&self, now: Timestamp) -> Option<Undocumented> {
        let failed = self.failed.as_ref().filter(|(at, _)| now < *at + FAILED);
        failed.map(|(_, why)| why.clone())
    }
}

impl Provider {
    /// A client as it is at this moment: of one whose id is the address of a document, what that
    /// says. An administrator's word that it is disabled goes before its own.
    pub(super) async fn client_now(
        &self,
        id: &ClientId,
        from: Option<IpAddr>,
    ) -> Result<Result<Option<Arc<Client>>, Undocumented>, Trouble> {
        let Some(url) = DocumentUrl::read(id) else {
            return Ok(Ok(self.client(id).await?));
        };
        let kept = self.client(id).await?;
        if kept.as_ref().is_some_and(|kept| !is_described(kept)) {
            return Ok(Ok(kept));
        }
        let settings = self.settings.metadata_documents.as_ref();
        let Some(settings) = settings.filter(|settings| settings.admits(url.host())) else {
            return Ok(Ok(None));
        };
        if kept.as_ref().is_some_and(|kept| !kept.enabled) {
            return Ok(Ok(kept));
        }
        let described = self.described(settings, &url, kept.is_some(), from).await?;
        let (described, just_read) = match described {
            Ok(described) => described,
            Err(why) => return Ok(Err(why)),
        };
        let client = Client {
            enabled_since: kept.as_ref().and_then(|kept| kept.enabled_since),
            house_scopes: self.house_scopes(),
            ..(*described).clone()
        };
        match kept {
            Some(kept) if *kept == client => Ok(Ok(Some(kept))),
            // Its page, its notices and its sign-outs go by what the record has. Who reads says so,
            // once: nodes with copies of different ages would overwrite each other at each request.
            Some(_) if just_read => {
                self.record.describe_client(&client, None).await?;
                self.follow_changes().await?;
                Ok(Ok(Some(Arc::new(client))))
            }
            _ => Ok(Ok(Some(Arc::new(client)))),
        }
    }

    /// Has the record know a client of a document, as a person is about to allow it something.
    /// Whether there was room.
    pub(super) async fn keep_described(&self, client: &Client) -> Result<bool, Trouble> {
        let settings = self.settings.metadata_documents.as_ref();
        let Some(settings) = settings.filter(|_| is_described(client)) else {
            return Ok(true);
        };
        let limit = Some(settings.max_clients.into());
        let done = self.record.describe_client(client, limit).await?;
        self.follow_changes().await?;
        Ok(done != Described::Full)
    }

    /// How far the guard trusts an address that a client names. A client of a document at a host
    /// that the operator listed may name others at that host, wherever it lies.
    pub(super) fn trust_in(&self, client: &Client, uri: &str) -> Trust {
        let listed = |host: &String| {
            let settings = self.settings.metadata_documents.as_ref();
            settings.is_some_and(|settings| settings.lists(host))
        };
        let host = document_url::vouching_host(client).filter(listed);
        let url = Url::parse(uri).ok();
        let own = url.as_ref().zip(host).is_some_and(|(url, host)| {
            url.scheme() == "https" && url.host_str() == Some(host.as_str())
        });
        if own {
            return Trust::Administered;
        }
        Trust::from(client.registered_by)
    }

    /// What the document says, not older than its server allows if it can be had; and whether it
    /// was read for this.
    async fn described(
        &self,
        settings: &DocumentSettings,
        url: &DocumentUrl,
        kept: bool,
        from: Option<IpAddr>,
    ) -> Result<Result<(Arc<Client>, bool), Undocumented>, Trouble> {
        let documents = &self.directory.documents;
        let slot = documents.slots.get_with(url.id().clone(), Arc::default);
        let mut slot = slot.lock().await;
        let now = self.clock.now();
        if let Some(client) = slot.fresh(now) {
            return Ok(Ok((client, false)));
        }
        let copy = slot.believed(now).map(|client| (client, false));
        if let Some(why) = slot.failed_lately(now) {
            return Ok(copy.ok_or(why));
        }
        let known = kept || slot.read.is_some();
        if !known && self.reads_too_much(url, from).await? {
            return Ok(Err(Undocumented::NotNow));
        }
        let places = if known {
            &documents.of_known
        } else {
            &documents.of_strangers
        };
        let Ok(_place) = places.try_acquire() else {
            return Ok(copy.ok_or(Undocumented::NotNow));
        };
        match self.read_document(settings, url).await {
            Ok((client, fresh)) => {
                let client = Arc::new(client);
                *slot = Slot {
                    read: Some(Read {
                        client: Arc::clone(&client),
                        at: now,
                        fresh,
                    }),
                    failed: None,
                };
                Ok(Ok((client, true)))
            }
            Err(why) => {
                slot.failed = Some((now, why.clone()));
                // What it says by now goes before what it said.
                if matches!(why, Undocumented::Flawed(_)) {
                    slot.read = None;
                    return Ok(Err(why));
                }
                Ok(copy.ok_or(why))
            }
        }
    }

    async fn read_document(
        &self,
        settings: &DocumentSettings,
        url: &DocumentUrl,
    ) -> Result<(Client, Duration), Undocumented> {
        let trust = if settings.lists(url.host()) {
            Trust::Administered
        } else {
            Trust::SelfRegistered
        };
        let client = url.as_str();
        let read = self
            .outbound
            .get_published(trust, client, MAX_DOCUMENT, WITHIN);
        let published = read.await.map_err(|error| {
            tracing::info!(client, %error, "a metadata document can't be read");
            Undocumented::NotNow
        })?;
        let flawed = |problem: &dyn std::fmt::Display, words: String| {
            tracing::info!(client, %problem, "a metadata document can't be used");
            Undocumented::Flawed(words)
        };
        if !published
            .content_type
            .as_deref()
            .is_some_and(metadata_document::is_json)
        {
            let words = "it is not served as application/json";
            return Err(flawed(&words, words.to_owned()));
        }
        let described = metadata_document::read(&published.body, url, &settings.policy);
        let described = described.and_then(|client| {
            self.settings.bounds.check(&client)?;
            Ok(client)
        });
        let described = described.map_err(|flaw| flawed(&flaw, flaw.words()))?;
        let fresh = metadata_document::freshness(published.cache_control.as_deref());
        Ok((described, fresh))
    }

    /// Counts one document of a client that nobody here knows.
    async fn reads_too_much(
        &self,
        url: &DocumentUrl,
        from: Option<IpAddr>,
    ) -> Result<bool, Trouble> {
        if let Some(from) = from {
            let key = format!("document:{}", AddressKey::of(from).as_str());
            if self.hot.count(&key, throttle::WINDOW).await? > PER_ADDRESS {
                return Ok(true);
            }
        }
        let key = format!("document-host:{}", url.host());
        Ok(self.hot.count(&key, HOST_WINDOW).await? > PER_HOST)
    }
}

fn is_described(client: &Client) -> bool {
    client.registered_by == RegisteredBy::MetadataDocument
}

/// What a client is told of which there are too many.
pub(super) fn no_room() -> ProtocolError {
    let words =
        "there are as many apps with metadata documents as there may be; ask an administrator";
    ProtocolError::new(ErrorCode::TemporarilyUnavailable, words)
}
