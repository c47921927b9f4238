//! Tombstones: from then on nothing that ended can be put into the hot state. Whoever ends writes
//! its own before it answers; what other processes ended is buried here as it is read in the log.

use futures_util::stream::{self, StreamExt as _};

use super::Provider;
use super::compact::PartDocument;
use super::documents;
use super::sessions::TOMBSTONE;
use super::trouble::Trouble;
use crate::entropy::{ClientId, GrantId, Root, SessionId, Sid};
use crate::failpoint::FailPoint;
use crate::session::ending::Selection;
use crate::store::hot::{Check, Effect, HotStore, Outcome, Slot};
use crate::store::record::{EndKind, Ended};

const TRIES: usize = 4;
/// Tombstones under way at a time.
const AT_A_TIME: usize = 16;

impl Provider {
    /// Reads the ends of other processes. Their tombstones are the burier's work: a long stretch
    /// of the log must not keep this node from reading on.
    pub(super) async fn follow_ends(&self) -> Result<(), Trouble> {
        self.ends.follow(&self.record, self.clock.now()).await?;
        if self.ends.has_unburied() {
            self.to_bury.notify_one();
            self.notices_due.notify_one();
        }
        Ok(())
    }

    /// Writes the tombstones of what was read. What could not be buried is tried again at the next
    /// turn: this memory of it is short, and a hot copy without a tombstone would be believed once
    /// it is forgotten. One that fails keeps back no other.
    pub(super) async fn bury_read(&self) -> Result<(), Trouble> {
        let unburied = self.ends.unburied();
        if unburied.is_empty() {
            return Ok(());
        }
        self.fail_points.at(FailPoint::BurialDue).await;
        let buried = stream::iter(unburied).map(|entry| async move {
            let done = self.bury(&entry.kind).await;
            if done.is_ok() {
                self.ends.buried(entry.position);
            }
            done
        });
        let results: Vec<_> = buried.buffer_unordered(AT_A_TIME).collect().await;
        results.into_iter().collect()
    }

    async fn bury(&self, ended: &EndKind) -> Result<(), Trouble> {
        let store = &self.bulk;
        match ended {
            EndKind::Session(id) => self.bury_session(store, *id).await,
            EndKind::Participant(id, sid) => match self.record.session_of_sid(sid).await? {
                Some((_, client, _)) => self.bury_participant(store, *id, &client, sid).await,
                None => Ok(()),
            },
            EndKind::Grant(grant, session) => self.bury_grant(store, *grant, *session).await,
            EndKind::Mass(_) => {
                self.mass_due.notify_one();
                Ok(())
            }
            EndKind::Distrust => Ok(()),
        }
    }

    /// The tombstones of an end of this process, before its answer.
    pub(super) async fn bury_ended(
        &self,
        selection: &Selection,
        ended: &Ended,
    ) -> Result<(), Trouble> {
        let whole = matches!(selection, Selection::Session(_) | Selection::Person { .. });
        let named = match selection {
            Selection::Grant(grant, session) => Some((*grant, *session)),
            _ => None,
        };
        self.bury_all(&self.hot, ended, named, whole).await
    }

    /// The tombstones of all that ended: of whole sessions, or of the parts that are named.
    pub(super) async fn bury_all(
        &self,
        store: &HotStore,
        ended: &Ended,
        named: Option<(GrantId, SessionId)>,
        whole: bool,
    ) -> Result<(), Trouble> {
        let sessions = stream::iter(ended.sessions.clone()).map(|session| async move {
            if whole {
                return self.bury_session(store, session.id).await;
            }
            for (client, sid) in &session.participants {
                self.bury_participant(store, session.id, client, sid)
                    .await?;
            }
            Ok(())
        });
        let sessions: Vec<_> = sessions.buffer_unordered(AT_A_TIME).collect().await;
        let mut grants = ended.grants.clone();
        grants.extend(named);
        let grants =
            stream::iter(grants).map(|(grant, session)| self.bury_grant(store, grant, session));
        let grants: Vec<_> = grants.buffer_unordered(AT_A_TIME).collect().await;
        // All were tried: one that fails keeps back no other.
        sessions.into_iter().chain(grants).collect()
    }

    /// The tombstone of a session: nothing can be issued under its root any more.
    pub(super) async fn bury_session(
        &self,
        store: &HotStore,
        id: SessionId,
    ) -> Result<(), Trouble> {
        let tombstone = Effect::Tombstone {
            name: documents::session(),
            expires: self.clock.now() + TOMBSTONE,
        };
        // Nothing under it is of use any more, and a million of them would fill the memory.
        let effects = vec![Effect::DeleteAll, tombstone];
        self.commit_in(store, &id.into(), Vec::new(), effects)
            .await?;
        Ok(())
    }

    /// The tombstone of a client's part: from then on nothing of that `sid` can be put. Its
    /// document goes with it, unless a later join lies there, which has another `sid`.
    pub(super) async fn bury_participant(
        &self,
        store: &HotStore,
        session: SessionId,
        client: &ClientId,
        sid: &Sid,
    ) -> Result<(), Trouble> {
        let root = Root::from(session);
        let name = documents::participant(client);
        for _ in 0..TRIES {
            let slots = store.read(&root, std::slice::from_ref(&name)).await?;
            let known = self.document::<PartDocument>(&root, &name, slots.first());
            let as_found = match slots.first() {
                Some(Slot::Found { version, .. }) => Check::At(name.clone(), *version),
                _ => Check::Absent(name.clone()),
            };
            let mut effects = vec![Effect::Tombstone {
                name: documents::ended_participant(sid),
                expires: self.clock.now() + TOMBSTONE,
            }];
            // A later join under a new `sid` may lie here already: that one lives.
            if known.is_some_and(|(part, _)| part.sid == *sid) {
                effects.push(Effect::Delete(name.clone()));
            }
            let checks = vec![as_found];
            if self.commit_in(store, &root, checks, effects).await? == Outcome::Committed {
                return Ok(());
            }
        }
        Err(Trouble::contention())
    }

    /// A grant lies under its session's root, or under its own if it is an offline one.
    async fn bury_grant(
        &self,
        store: &HotStore,
        id: GrantId,
        session: SessionId,
    ) -> Result<(), Trouble> {
        for root in [Self::offline_root(id), Root::from(session)] {
            let effects = vec![Effect::Tombstone {
                name: documents::grant(&id),
                expires: self.clock.now() + TOMBSTONE,
            }];
            self.commit_in(store, &root, Vec::new(), effects).await?;
        }
        Ok(())
    }
}
