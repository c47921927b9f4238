//! Ends by an administrator: what would end, ending it, and who has been told.

use futures_util::future::join_all;

use super::Provider;
use super::administrators::Administrator;
use super::people::Visitor;
use super::receipts::ReceiptView;
use super::session_admin::Channel;
use super::sessions::Ended;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, UserId};
use crate::session::ending::{Actor, Reason, Selection};
use crate::store::record::{NoticeView, SessionRow, reference};

/// Sessions that may be ended at a time.
pub const AT_ONCE: usize = 200;
/// Ends that run at a time: each is a transaction that waits for the disk.
const CONCURRENT: usize = 8;

/// What an administrator chose to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// These, by their public references.
    Sessions(Vec<String>),
    /// All of this person's.
    Person(UserId),
}

/// What would end.
#[derive(Clone, Debug)]
pub struct EndPlan {
    /// As of when.
    pub at: Timestamp,
    /// The sessions that live and would end; of very many of one person, the newest.
    pub sessions: Vec<SessionRow>,
    /// How many they are.
    pub count: usize,
    /// The administrator's own session is among those chosen, but not the only one, and is spared.
    pub spared: bool,
    /// It is the administrator's own session.
    pub own: bool,
    /// Names of the apps that will be told, each once.
    pub told: Vec<String>,
    /// Names of the apps that can't be told.
    pub untold: Vec<String>,
}

/// What an administrator's ends came to.
#[derive(Clone, Debug, Default)]
pub struct EndsMade {
    /// References of the sessions that are over.
    pub ended: Vec<String>,
    /// References of those that may not be: a store did not answer.
    pub left: Vec<String>,
    /// The name of the end, where it is one of very many.
    pub mass: Option<String>,
}

/// Who has been told of one session's end.
#[derive(Clone, Debug)]
pub struct SessionReceipts {
    /// The session.
    pub row: SessionRow,
    /// One for each app that was in it when it ended.
    pub apps: Vec<ReceiptView>,
}

impl Provider {
    /// Sends what an app is owed of one session again, now; also what it refused or what was given
    /// up. False: nothing is owed to it.
    pub async fn send_again(
        &self,
        session: &str,
        client: &ClientId,
        administrator: &Administrator,
    ) -> Result<bool, Trouble> {
        let Some(id) = self.record.session_by_reference(session).await? else {
            return Ok(false);
        };
        let actor = administrator.actor();
        let due = self.record.send_again(id, client, &actor).await?;
        self.notices_due.notify_one();
        self.watches.written(id);
        Ok(due)
    }

    /// Ends one app's part of a session. False: there is no such session.
    pub async fn end_app_in_session(
        &self,
        administrator: &Administrator,
        session: &str,
        client: &ClientId,
        note: Option<&str>,
    ) -> Result<bool, Trouble> {
        let Some(id) = self.record.session_by_reference(session).await? else {
            return Ok(false);
        };
        let selection = Selection::ClientInSession(id, client.clone());
        let (reason, actor) = (Reason::Admin, administrator.actor());
        self.end_noted(&selection, reason, reason.verb(), (&actor, note))
            .await?;
        Ok(true)
    }

    /// What would end now.
    pub async fn plan_ends(
        &self,
        administrator: &Administrator,
        chosen: &Chosen,
    ) -> Result<EndPlan, Trouble> {
        let now = self.clock.now();
        let mut sessions = match chosen {
            Chosen::Sessions(references) => self.record.sessions_named(references).await?,
            Chosen::Person(user) => self.record.sessions_of(user, now).await?,
        };
        let own = administrator.visitor.session;
        let own_only = chosen.names_one() && sessions.iter().any(|row| row.session.id == own);
        sessions.retain(|row| row.ended.is_none() && row.session.deadline() > now);
        let live = sessions.len();
        sessions.retain(|row| own_only || row.session.id != own);
        let spared = sessions.len() < live;
        let (told, untold) = self.apps_of(&sessions).await?;
        let count = match chosen {
            Chosen::Person(user) => {
                let except = spared.then_some(own);
                self.record.live_sessions_of(user, except, now).await?
            }
            Chosen::Sessions(_) => sessions.len(),
        };
        Ok(EndPlan {
            at: now,
            count,
            spared,
            own: own_only,
            sessions,
            told,
            untold,
        })
    }

    /// Names of the apps in these sessions: those that are told of an end, and the others.
    pub(super) async fn apps_of(
        &self,
        sessions: &[SessionRow],
    ) -> Result<(Vec<String>, Vec<String>), Trouble> {
        let (mut told, mut untold) = (Vec::new(), Vec::new());
        for part in sessions.iter().flat_map(|row| &row.participants) {
            let client = &part.participant.client;
            let seen = |list: &[_]| list.iter().any(|(known, _)| *known == client);
            if part.ended.is_some() || seen(&told) || seen(&untold) {
                continue;
            }
            // The browser that could carry a front-channel logout is not here.
            let list = match self.channel(client).await? {
                Channel::Back => &mut told,
                Channel::Front | Channel::None => &mut untold,
            };
            list.push((client, part.client_name.clone()));
        }
        let names = |list: Vec<(_, String)>| list.into_iter().map(|(_, name)| name).collect();
        Ok((names(told), names(untold)))
    }

    /// Ends what an administrator chose. Their own session is spared unless it is all they chose.
    /// One that ended meanwhile is as good as ended now. Where a store does not answer, no more is
    /// begun.
    pub async fn end_chosen(
        &self,
        administrator: &Administrator,
        chosen: &Chosen,
        note: Option<&str>,
    ) -> Result<EndsMade, Trouble> {
        let actor = administrator.actor();
        let own = administrator.visitor.session;
        let made = match chosen {
            Chosen::Sessions(references) => {
                let mut rows = self.record.sessions_named(references).await?;
                rows.retain(|row| chosen.names_one() || row.session.id != own);
                self.end_each(&rows, &actor, note).await
            }
            Chosen::Person(user) => {
                let except = (*user == administrator.visitor.person).then_some(own);
                let user = user.clone();
                let selection = Selection::Person { user, except };
                self.end_of_person(&selection, &actor, note).await?
            }
        };
        self.count_live_anew().await;
        Ok(made)
    }

    async fn end_each(&self, rows: &[SessionRow], actor: &Actor, note: Option<&str>) -> EndsMade {
        let mut made = EndsMade::default();
        for some in rows.chunks(CONCURRENT) {
            if !made.left.is_empty() {
                made.left
                    .extend(some.iter().map(|row| row.reference.clone()));
                continue;
            }
            let ends = some.iter().map(|row| async move {
                let selection = Selection::Session(row.session.id);
                let verb = Reason::Admin.verb();
                self.end_noted(&selection, Reason::Admin, verb, (actor, note))
                    .await
            });
            for (row, outcome) in some.iter().zip(join_all(ends).await) {
                let list = match outcome {
                    Ok(_) => &mut made.ended,
                    Err(error) => {
                        tracing::warn!(%error, session = row.reference, "a session was not ended");
                        &mut made.left
                    }
                };
                list.push(row.reference.clone());
            }
        }
        made
    }

    async fn end_of_person(
        &self,
        selection: &Selection,
        actor: &Actor,
        note: Option<&str>,
    ) -> Result<EndsMade, Trouble> {
        let (since, verb) = (self.clock.now(), Reason::Admin.verb());
        let ended = self
            .end_noted(selection, Reason::Admin, verb, (actor, note))
            .await?;
        Ok(EndsMade {
            mass: ended.mass.clone(),
            ended: self.ended_since(ended, since, Reason::Admin).await?,
            left: Vec::new(),
        })
    }

    /// References of those that ended since then for this reason, the newest first: among what an
    /// end names are sessions that ended before for others.
    pub(super) async fn ended_since(
        &self,
        ended: Ended,
        since: Timestamp,
        reason: Reason,
    ) -> Result<Vec<String>, Trouble> {
        let over: Vec<_> = ended.sessions.into_iter().map(reference).collect();
        let mut rows = self.record.sessions_named(&over).await?;
        rows.retain(|row| row.ended >= Some(since) && row.reason == Some(reason));
        rows.sort_by_key(|row| std::cmp::Reverse(row.session.began));
        Ok(rows.into_iter().map(|row| row.reference).collect())
    }

    /// Who has been told of the ends of these sessions, in their order.
    pub async fn receipts_among(
        &self,
        references: &[String],
    ) -> Result<Vec<SessionReceipts>, Trouble> {
        let rows = self.record.sessions_named(references).await?;
        self.receipts_of_rows(rows).await
    }

    /// The same of those that are the visitor's own and ended.
    pub async fn own_receipts(
        &self,
        visitor: &Visitor,
        references: &[String],
    ) -> Result<Vec<SessionReceipts>, Trouble> {
        let mut rows = self.record.sessions_named(references).await?;
        rows.retain(|row| row.session.user == visitor.person && row.ended.is_some());
        self.receipts_of_rows(rows).await
    }

    async fn receipts_of_rows(
        &self,
        rows: Vec<SessionRow>,
    ) -> Result<Vec<SessionReceipts>, Trouble> {
        let ids: Vec<_> = rows.iter().map(|row| row.session.id).collect();
        let notices = self.record.notices_among(&ids).await?;
        let mut all = Vec::new();
        for row in rows {
            let own = notices.iter().filter(|(id, _)| *id == row.session.id);
            let own: Vec<NoticeView> = own.map(|(_, notice)| notice.clone()).collect();
            let parts = row.participants.clone();
            let ended = row.ended.zip(row.reason);
            let apps = self.receipts_of(parts, &own, ended).await?;
            all.push(SessionReceipts { row, apps });
        }
        Ok(all)
    }
}

impl Chosen {
    fn names_one(&self) -> bool {
        matches!(self, Self::Sessions(references) if references.len() == 1)
    }
}
