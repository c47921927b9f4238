//! Clients and people, cached in this process. Other processes that change one say so in the
//! change log; this node follows it, and seconds to live are the backstop.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::future::Cache;

use super::Provider;
use super::trouble::Trouble;
use crate::entropy::{ClientId, UserId};
use crate::identity::user::User;
use crate::protocol::client::Client;
use crate::session::ending::{Actor, Reason, Selection};
use crate::store::Unknown;
use crate::store::record::{ChangeKind, Record};

/// How many of each are kept.
const KEPT: u64 = 20_000;
/// The backstop, should a change ever be missed.
const KEPT_FOR: Duration = Duration::from_secs(30);
/// Changes read at a time.
const BATCH: i64 = 500;

pub(super) struct Directory {
    clients: Cache<ClientId, Option<Arc<Client>>>,
    people: Cache<UserId, Option<Arc<User>>>,
    head: AtomicI64,
    repeated: Mutex<Vec<ChangeKind>>,
}

impl Directory {
    pub(super) async fn new(record: &Record) -> Result<Self, Trouble> {
        Ok(Self {
            clients: Cache::builder()
                .max_capacity(KEPT)
                .time_to_live(KEPT_FOR)
                .build(),
            people: Cache::builder()
                .max_capacity(KEPT)
                .time_to_live(KEPT_FOR)
                .build(),
            head: AtomicI64::new(record.changes_head().await?),
            repeated: Mutex::default(),
        })
    }

    fn repeat(&self, change: ChangeKind) {
        self.repeated
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(change);
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
        let load = async {
            let client = self.record.client(id).await?;
            Ok::<_, Trouble>(client.map(Arc::new))
        };
        self.directory
            .clients
            .try_get_with_by_ref(id, load)
            .await
            .map_err(|error| shared(&error))
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
        let load = async {
            let person = self.record.user(id).await?;
            Ok::<_, Trouble>(person.map(Arc::new))
        };
        self.directory
            .people
            .try_get_with_by_ref(id, load)
            .await
            .map_err(|error| shared(&error))
    }

    /// A person as the record has just said: newer than what the cache may hold.
    pub(super) async fn learn_person(&self, person: &User) {
        let known = Some(Arc::new(person.clone()));
        self.directory.people.insert(person.id.clone(), known).await;
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
                    self.end_if_disabled(id).await?;
                }
                self.directory.repeat(change.kind);
            }
            self.directory.head.fetch_max(last, Ordering::AcqRel);
        }
    }

    async fn forget(&self, change: &ChangeKind) {
        match change {
            ChangeKind::User(id) => self.directory.people.invalidate(id).await,
            ChangeKind::Client(id) => self.directory.clients.invalidate(id).await,
            ChangeKind::Keys => {}
            ChangeKind::RevokedToken(id) => self.learn_revoked(*id),
        }
    }
}

fn shared(error: &Trouble) -> Trouble {
    Trouble::Unknown(Unknown(error.to_string()))
}
