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

use tokio::sync::OwnedMutexGuard;
use tracing::Instrument as _;
use url::Url;

use super::Provider;
use super::document_slots::{DocumentReading, Read, Slot, Undocumented};
use super::trouble::Trouble;
use crate::entropy::{ClientId, UserId};
use crate::identity::throttle::{self, AddressKey};
use crate::outbound::{Ask, OutboundError, Trust};
use crate::protocol::client::{Client, RegisteredBy};
use crate::protocol::document_url::{self, DocumentUrl};
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::metadata_document::{self, MAX_DOCUMENT};
use crate::protocol::registration::Policy;
use crate::store::record::{Described, DescribedRoom};

/// Until a document must be there, whatever `delivery.timeout` says: a person waits.
const WITHIN: Duration = Duration::from_secs(4);
const ASK: Ask<'static> = Ask {
    accept: "application/json",
    cap: MAX_DOCUMENT,
    within: WITHIN,
};
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

    /// So many may one person allow something, so that nobody takes all the room for themselves.
    fn share(&self) -> u32 {
        (self.max_clients / 10).max(20)
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
        let described = self.described(settings, &url, kept.as_ref(), from).await?;
        let described = match described {
            Ok(described) => described,
            Err(why) => return Ok(Err(why)),
        };
        let client = self.as_kept(&described, kept.as_deref());
        Ok(Ok(Some(match kept {
            Some(kept) if *kept == client => kept,
            _ => Arc::new(client),
        })))
    }

    /// What a document says, with what the house alone says of its client.
    fn as_kept(&self, described: &Client, kept: Option<&Client>) -> Client {
        Client {
            enabled_since: kept.and_then(|kept| kept.enabled_since),
            house_scopes: self.house_scopes(),
            ..described.clone()
        }
    }

    /// Has the record know a client of a document, as a person is about to allow it something.
    pub(super) async fn keep_described(
        &self,
        client: &Client,
        person: &UserId,
    ) -> Result<Result<(), ProtocolError>, Trouble> {
        let settings = self.settings.metadata_documents.as_ref();
        let Some(settings) = settings.filter(|_| is_described(client)) else {
            return Ok(Ok(()));
        };
        let room = DescribedRoom {
            all: settings.max_clients.into(),
            person: person.clone(),
            of_person: settings.share().into(),
        };
        let done = self.record.describe_client(client, Some(room)).await?;
        self.follow_changes().await?;
        Ok(match done {
            Described::Changed | Described::Same | Described::Absent => Ok(()),
            Described::Full => Err(no_room(
                "there are as many apps with metadata documents as there may be; ask an administrator",
            )),
            Described::FullOfPerson => Err(no_room(
                "the person uses as many apps with metadata documents as one person may; they can \
                 take back permissions on their account page",
            )),
        })
    }

    /// What this process lately read of the document of a client. None of a client without one,
    /// and while it is being read.
    pub fn document_reading(&self, client: &Client) -> Option<DocumentReading> {
        if !is_described(client) {
            return None;
        }
        let Some(slot) = self.metadata_documents.kept(&client.client_id, true) else {
            return Some(DocumentReading::default());
        };
        let slot = slot.try_lock().ok()?;
        Some(DocumentReading {
            read: slot.read.as_ref().map(|read| read.at),
            failed: slot.failed.clone().map(|(at, why)| (at, why.to_string())),
        })
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

    /// What the document says, not older than its server allows if it can be had.
    async fn described(
        &self,
        settings: &DocumentSettings,
        url: &DocumentUrl,
        kept: Option<&Arc<Client>>,
        from: Option<IpAddr>,
    ) -> Result<Result<Arc<Client>, Undocumented>, Trouble> {
        // One that was read once for a stranger is a stranger's still.
        let known = kept.is_some();
        let documents = &self.metadata_documents;
        let held = documents.slot(url.id(), known);
        let slot = Arc::clone(&held).lock_owned().await;
        let now = self.clock.now();
        if let Some(client) = slot.fresh(now) {
            return Ok(Ok(client));
        }
        if let Some(why) = slot.failed_lately(now) {
            return Ok(slot.believed(now).ok_or(why));
        }
        if !known && self.reads_too_much(url, from).await? {
            return Ok(slot.believed(now).ok_or(Undocumented::NotNow));
        }
        documents.keep(url.id(), known, &held);
        let Some(me) = self.me.upgrade() else {
            return Err(Trouble::Internal("the house is closing".to_owned()));
        };
        // In a task of its own: a browser that hangs up must not undo it. Else nothing would be
        // remembered of what somebody's server was asked, and the next could have it asked again
        // at once.
        let (settings, url, kept) = (settings.clone(), url.clone(), kept.cloned());
        let task = async move {
            let read = me.read_into(slot, &settings, &url, known).await;
            if let (Ok((client, true)), Some(kept)) = (&read, kept) {
                me.write_down(&kept, client).await?;
            }
            Ok(read.map(|(client, _)| client))
        };
        tokio::spawn(task.in_current_span())
            .await
            .map_err(|error| Trouble::Internal(error.to_string()))?
    }

    /// Has the record say of a client that it keeps what was read: its page, its notices and its
    /// sign-outs go by that. Who reads says so, once: nodes with copies of different ages would
    /// overwrite each other at each request.
    async fn write_down(&self, kept: &Client, described: &Client) -> Result<(), Trouble> {
        let client = self.as_kept(described, Some(kept));
        if client != *kept {
            self.record.describe_client(&client, None).await?;
            self.follow_changes().await?;
        }
        Ok(())
    }

    /// Reads a document, and remembers what became of it; whether it was read, or is the copy. Who
    /// holds the slot has the others wait.
    async fn read_into(
        &self,
        mut slot: OwnedMutexGuard<Slot>,
        settings: &DocumentSettings,
        url: &DocumentUrl,
        known: bool,
    ) -> Result<(Arc<Client>, bool), Undocumented> {
        let now = self.clock.now();
        let copy = slot.believed(now).map(|client| (client, false));
        let Some(_place) = self.metadata_documents.place(known) else {
            return copy.ok_or(Undocumented::NotNow);
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
                Ok((client, true))
            }
            Err(why) => {
                slot.failed = Some((now, why.clone()));
                // What it says by now goes before what it said.
                if matches!(why, Undocumented::Flawed(_)) {
                    slot.read = None;
                    return Err(why);
                }
                copy.ok_or(why)
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
        let read = self.outbound.get_published(trust, client, ASK);
        let published = read.await.map_err(|error| {
            tracing::info!(client, %error, "a metadata document can't be read");
            match error {
                OutboundError::Status(status) => Undocumented::Unread(format!(
                    "its server answered with status {status}, not 200"
                )),
                OutboundError::TooLong => {
                    Undocumented::Unread(format!("it is longer than {} KiB", MAX_DOCUMENT / 1024))
                }
                _ => Undocumented::NotNow,
            }
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
fn no_room(words: &'static str) -> ProtocolError {
    ProtocolError::new(ErrorCode::TemporarilyUnavailable, words)
}
