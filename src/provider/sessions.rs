//! Every way a session ends passes here.
//!
//! The order carries the promise: one SQL transaction (ended, notices, audit, ends log), then the
//! tombstone, then the answer, then delivery. A tombstone that was not acknowledged is 503;
//! ending again finds it ended, writes the tombstone and answers.

use std::time::Duration;

use super::Provider;
use super::compact::PartDocument;
use super::documents;
use super::trouble::Trouble;
use crate::entropy::{ClientId, GrantId, Root, SessionId, Sid};
use crate::failpoint::FailPoint;
use crate::session::ending::{Actor, Reason, Selection, Verb};
use crate::store::hot::{Check, Effect, Outcome, Slot};
use crate::store::record::EndKind;

/// Tombstones outlive any commit that was under way, and the half minute that a node may go
/// without reading the ends log.
pub(super) const TOMBSTONE: Duration = Duration::from_hours(1);
const TRIES: usize = 4;

/// What an end did.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Sessions that are ended now, by this call or before.
    pub sessions: Vec<SessionId>,
    /// How many sessions lived until now.
    pub fresh: usize,
    /// Notices owed because of it.
    pub notices: u64,
    /// Opens the receipts page, where one session ended.
    pub receipts: Option<String>,
}

impl Provider {
    /// Ends what is selected. Whether `offline_access` grants end too follows from the reason.
    pub async fn end(
        &self,
        selection: &Selection,
        reason: Reason,
        actor: &Actor,
    ) -> Result<Ended, Trouble> {
        self.end_as(selection, reason, reason.verb(), actor).await
    }

    /// The same, saying aloud whether it is a logout or a revocation.
    pub async fn end_as(
        &self,
        selection: &Selection,
        reason: Reason,
        verb: Verb,
        actor: &Actor,
    ) -> Result<Ended, Trouble> {
        self.end_noted(selection, reason, verb, (actor, None)).await
    }

    /// The same, with what the actor says of it, for the audit.
    ///
    /// Runs to its end in a task of its own: a browser that goes away between the transaction and
    /// the tombstone must not leave the one without the other.
    pub async fn end_noted(
        &self,
        selection: &Selection,
        reason: Reason,
        verb: Verb,
        (actor, note): (&Actor, Option<&str>),
    ) -> Result<Ended, Trouble> {
        let Some(me) = self.me.upgrade() else {
            return Err(Trouble::Internal("the house is closing".to_owned()));
        };
        let (selection, actor) = (selection.clone(), actor.clone());
        let note = note.map(ToOwned::to_owned);
        let task = async move {
            let by = (&actor, note.as_deref());
            me.end_now(&selection, reason, verb, by).await
        };
        tokio::spawn(task)
            .await
            .map_err(|error| Trouble::Internal(error.to_string()))?
    }

    async fn end_now(
        &self,
        selection: &Selection,
        reason: Reason,
        verb: Verb,
        by: (&Actor, Option<&str>),
    ) -> Result<Ended, Trouble> {
        // A grant that SQL has not seen yet could not be marked ended there, and would come back.
        self.flush().await?;
        let ended = self
            .record
            .end_noted(selection, reason, verb, by, self.clock.now())
            .await?;
        self.fail_points.at(FailPoint::EndRecorded).await;
        for session in &ended.sessions {
            match selection {
                Selection::Session(_) | Selection::Person { .. } => {
                    self.bury_session(session.id).await?;
                }
                Selection::ClientInSession(..) | Selection::ClientOfPerson(..) => {
                    for (client, sid) in &session.participants {
                        self.bury_participant(session.id, client, sid).await?;
                    }
                }
                Selection::Grant(..) => {}
            }
        }
        for (grant, session) in &ended.grants {
            self.bury_grant(*grant, *session).await?;
        }
        if let Selection::Grant(grant, session) = selection {
            self.bury_grant(*grant, *session).await?;
        }
        self.fail_points.at(FailPoint::EndBuried).await;
        self.follow_ends().await?;
        self.notices_due.notify_one();
        let sessions: Vec<_> = ended
            .sessions
            .into_iter()
            .map(|session| session.id)
            .collect();
        let receipts = match sessions.as_slice() {
            [one] => Some(self.seal_receipts(*one)),
            _ => None,
        };
        Ok(Ended {
            sessions,
            fresh: ended.fresh,
            notices: ended.notices,
            receipts,
        })
    }

    /// Reads the ends of other processes and writes their tombstones; those of this one again,
    /// which is harmless. What could not be buried is tried again at the next turn: this memory
    /// of it is short, and a hot copy without a tombstone would be believed once it is forgotten.
    pub(super) async fn follow_ends(&self) -> Result<(), Trouble> {
        self.ends.follow(&self.record, self.clock.now()).await?;
        let fresh = self.ends.unburied();
        if !fresh.is_empty() {
            self.notices_due.notify_one();
        }
        // Crossed off one by one: a request that is given up on its way loses none of them.
        for entry in fresh {
            self.bury(&entry.kind).await?;
            self.ends.buried(entry.position);
        }
        Ok(())
    }

    async fn bury(&self, ended: &EndKind) -> Result<(), Trouble> {
        match ended {
            EndKind::Session(id) => self.bury_session(*id).await,
            EndKind::Participant(id, sid) => match self.record.session_of_sid(sid).await? {
                Some((_, client, _)) => self.bury_participant(*id, &client, sid).await,
                None => Ok(()),
            },
            EndKind::Grant(grant, session) => self.bury_grant(*grant, *session).await,
            EndKind::Distrust => Ok(()),
        }
    }

    /// The tombstone of a session: nothing can be issued under its root any more.
    pub(super) async fn bury_session(&self, id: SessionId) -> Result<(), Trouble> {
        let tombstone = Effect::Tombstone {
            name: documents::session(),
            expires: self.clock.now() + TOMBSTONE,
        };
        // Nothing under it is of use any more, and a million of them would fill the memory.
        let effects = vec![Effect::DeleteAll, tombstone];
        self.commit(&id.into(), Vec::new(), effects).await?;
        Ok(())
    }

    /// The tombstone of a client's part: from then on nothing of that `sid` can be put. Its
    /// document goes with it, unless a later join lies there, which has another `sid`.
    pub(super) async fn bury_participant(
        &self,
        session: SessionId,
        client: &ClientId,
        sid: &Sid,
    ) -> Result<(), Trouble> {
        let root = Root::from(session);
        let name = documents::participant(client);
        for _ in 0..TRIES {
            let slots = self.hot.read(&root, std::slice::from_ref(&name)).await?;
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
            if self.commit(&root, checks, effects).await? == Outcome::Committed {
                return Ok(());
            }
        }
        Err(Trouble::contention())
    }

    /// A grant lies under its session's root, or under its own if it is an offline one.
    async fn bury_grant(&self, id: GrantId, session: SessionId) -> Result<(), Trouble> {
        for root in [Self::offline_root(id), Root::from(session)] {
            let effects = vec![Effect::Tombstone {
                name: documents::grant(&id),
                expires: self.clock.now() + TOMBSTONE,
            }];
            self.commit(&root, Vec::new(), effects).await?;
        }
        Ok(())
    }
}
