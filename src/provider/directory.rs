//! Clients and people, cached in this process. Other processes that change one say so in the
//! change log, which this node follows.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Provider;
use super::metadata_documents::MetadataDocuments;
use super::settings::Settings;
use super::trouble::Trouble;
use super::warm::Warm;
use crate::entropy::{ClientId, UserId};
use crate::identity::user::User;
use crate::protocol::client::Client;
use crate::protocol::document_url::DocumentUrl;
use crate::session::ending::{Actor, Reason, Selection};
use crate::store::record::{ChangeKind, Record};

/// Changes read at a time.
const BATCH: i64 = 500;

pub(super) struct Directory {
    clients: Warm<ClientId, Client>,
    /// Those that every client gets to know.
    house_scopes: Arc<[String]>,
    /// Clients that no row makes, but a document.
    pub(super) documents: MetadataDocuments,
    people: Warm<UserId, User>,
    head: AtomicI64,
    repeated: Mutex<Vec<ChangeKind>>,
    /// Who changed, and may have been disabled: whether anything must end is asked of the record,
    /// beside the reading of the log.
    changed: Mutex<HashSet<UserId>>,
}

impl Directory {
    pub(super) async fn new(record: &Record, settings: &Settings) -> Result<Self, Trouble> {
        // How long what is in use outlives an outage of the record.
        let tolerance = settings.outage_tolerance;
        Ok(Self {
            clients: Warm::new(tolerance),
            house_scopes: settings.claims.scope_values().into(),
            documents: MetadataDocuments::default(),
            people: Warm::new(tolerance),
            head: AtomicI64::new(record.changes_head().await?),
            repeated: Mutex::default(),
            changed: Mutex::default(),
        })
    }

    fn repeat(&self, change: ChangeKind) {
        self.repeated
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(change);
    }

    fn changed(&self) -> MutexGuard<'_, HashSet<UserId>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn again(&self) -> Vec<ChangeKind> {
        std::mem::take(&mut *self.repeated.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Provider {
    /// A client by its id, enabled or not.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Trouble> {
        // An id that no client can have is not worth a place in the cache.
        if id.as_str().len() > 512 {
            return Ok(None);
        }
        let (record, key) = (self.record.clone(), id.clone());
        let house_scopes = Arc::clone(&self.directory.house_scopes);
        let load = || async move {
            let client = record.client(&key).await?;
            Ok(client.map(|client| Client {
                house_scopes,
                ..client
            }))
        };
        let found = self.directory.clients.get(id, load).await?;
        // Such a client comes to be in the middle of a sign-in, at any node: that it was not there
        // a moment ago must keep no other node from taking its tokens, or from telling it of an end.
        if found.is_none() && DocumentUrl::read(id).is_some() {
            self.directory.clients.forget(id).await;
        }
        Ok(found)
    }

    /// The scopes that every client gets to know.
    pub(super) fn house_scopes(&self) -> Arc<[String]> {
        Arc::clone(&self.directory.house_scopes)
    }

    /// An enabled client, for endpoints that name it.
    pub(super) async fn enabled_client(
        &self,
        id: &ClientId,
    ) -> Result<Option<Arc<Client>>, Trouble> {
        Ok(self.client(id).await?.filter(|client| client.enabled))
    }

    /// A person by id, enabled or not.
    pub(super) async fn person(&self, id: &UserId) -> Result<Option<Arc<User>>, Trouble> {
        let (record, key) = (self.record.clone(), id.clone());
        let load = || async move { Ok(record.user(&key).await?) };
        self.directory.people.get(id, load).await
    }

    /// A person as the record has just said: newer than what the cache may hold.
    pub(super) async fn learn_person(&self, person: &User) {
        let key = person.id.clone();
        self.directory.people.put(key, person.clone()).await;
    }

    /// How far this node has read the ends log and the change log.
    pub fn followed(&self) -> (i64, i64) {
        (
            self.ends.head(),
            self.directory.head.load(Ordering::Acquire),
        )
    }

    /// A person who may still use their sessions.
    pub(super) async fn enabled_person(&self, id: &UserId) -> Result<Option<Arc<User>>, Trouble> {
        Ok(self.person(id).await?.filter(|person| person.enabled))
    }

    /// Ends what a disabled or deleted person still has. Whoever disabled them may have died before ending
    /// it, and a session that is merely refused would come back with the person.
    pub(super) async fn end_if_disabled(&self, id: &UserId) -> Result<(), Trouble> {
        // From the record: a copy from before the person was enabled again must end nothing.
        if self
            .record
            .user(id)
            .await?
            .is_none_or(|person| !person.enabled)
        {
            let selection = Selection::Person {
                user: id.clone(),
                except: None,
            };
            self.end(&selection, Reason::Disabled, &Actor::System)
                .await?;
        }
        Ok(())
    }

    /// Ends what those have who were disabled since the last look. Who cannot be looked at now is
    /// looked at again.
    pub(super) async fn end_disabled(&self) -> Result<(), Trouble> {
        let changed = std::mem::take(&mut *self.directory.changed());
        let mut trouble = None;
        for id in changed {
            if let Err(error) = self.end_if_disabled(&id).await {
                self.directory.changed().insert(id);
                trouble = Some(error);
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    /// Reads what is new in the change log and drops what it names; and once more at the next look,
    /// as a look-up that was under way may have put back what it had read before.
    pub(super) async fn follow_changes(&self) -> Result<(), Trouble> {
        for change in self.directory.again() {
            self.forget(&change).await;
        }
        loop {
            let from = self.directory.head.load(Ordering::Acquire);
            let changes = self.record.changes_since(from, BATCH).await?;
            let Some(last) = changes.last() else {
                return Ok(());
            };
            let last = last.position;
            for change in changes {
                if change.kind == ChangeKind::Keys {
                    self.reload_keys().await?;
                }
                self.forget(&change.kind).await;
                if let ChangeKind::User(id) = &change.kind {
                    self.directory.changed().insert(id.clone());
                    self.to_bury.notify_one();
                }
                self.directory.repeat(change.kind);
            }
            self.directory.head.fetch_max(last, Ordering::AcqRel);
        }
    }

    async fn forget(&self, change: &ChangeKind) {
        match change {
            ChangeKind::User(id) => self.directory.people.forget(id).await,
            ChangeKind::Client(id) => self.directory.clients.forget(id).await,
            ChangeKind::Keys => {}
            ChangeKind::RevokedToken(id) => self.learn_revoked(*id),
        }
    }
}
