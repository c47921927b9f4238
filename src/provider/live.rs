//! Finding a live session: one read of the hot state; SQL only when that copy is missing or its
//! position is not trusted.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Provider;
use super::compact::SessionDocument;
use super::documents;
use super::handles::SessionCookie;
use super::trouble::Trouble;
use crate::entropy::{Root, SessionId};
use crate::identity::throttle::coarse;
use crate::identity::user::User;
use crate::session::ending::{Actor, Reason, Selection};
use crate::session::session::{Liveness, SecretVerdict, Session};
use crate::store::hot::{Check, Commit, Effect, HotStore, Name, Outcome, Slot};

/// Activity is written at most this often.
const ACTIVITY: Duration = Duration::from_mins(1);

/// What a look-up found. "Unknown" is the error beside it.
#[derive(Debug)]
pub(super) enum Lookup<T> {
    Live(T),
    Ended,
}

/// A live session as of one moment, with the other documents that were asked for.
#[derive(Debug)]
pub(super) struct LiveSession {
    pub(super) session: Session,
    pub(super) person: Arc<User>,
    version: u64,
    /// Known live as of this position of the ends log.
    position: i64,
    slots: Vec<(Name, Slot)>,
    /// Who shows its cookie; none where an app asks.
    pub(super) from: Option<IpAddr>,
}

/// What a use of a session adds to what is known of it.
struct Activity {
    session: Session,
    /// It was not seen there before.
    new_network: Option<IpAddr>,
}

/// What a browser's cookie is worth.
#[derive(Debug)]
pub(super) enum Presented {
    /// A live session.
    Live(Box<LiveSession>),
    /// A session that ended, or whose secret is not this one: the cookie is of no use.
    Useless,
    /// No cookie, or not one of ours.
    None,
}

impl LiveSession {
    pub(super) fn root(&self) -> Root {
        self.session.id.into()
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn slot(&self, name: &Name) -> Option<&Slot> {
        self.slots
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, slot)| slot)
    }
}

impl Provider {
    /// A session, and more documents under its root, in one read.
    pub(super) async fn live_session(
        &self,
        id: SessionId,
        names: &[Name],
    ) -> Result<Lookup<LiveSession>, Trouble> {
        self.demand_fresh_ends()?;
        let root = Root::from(id);
        let mut wanted = vec![documents::session()];
        wanted.extend_from_slice(names);
        for _ in 0..3 {
            let slots = self.hot.read(&root, &wanted).await?;
            if slots.first() == Some(&Slot::Tombstone) {
                return Ok(Lookup::Ended);
            }
            let found =
                self.document::<SessionDocument>(&root, &documents::session(), slots.first());
            if let Some((document, version)) = found
                && let Some(position) = self.ends.trusts_session(&id, document.position)
            {
                let slots = wanted.into_iter().zip(slots).skip(1).collect();
                let session = document.session(id);
                return self.judge(session, version, position, slots).await;
            }
            match self.reload(id).await? {
                Lookup::Live(()) => {}
                Lookup::Ended => return Ok(Lookup::Ended),
            }
        }
        Err(Trouble::contention())
    }

    /// The deadlines and the person, on every use.
    async fn judge(
        &self,
        session: Session,
        version: u64,
        position: i64,
        slots: Vec<(Name, Slot)>,
    ) -> Result<Lookup<LiveSession>, Trouble> {
        if self.has_run_out(&session).await? {
            return Ok(Lookup::Ended);
        }
        let Some(person) = self.enabled_person(&session.user).await? else {
            self.end_if_disabled(&session.user).await?;
            return Ok(Lookup::Ended);
        };
        Ok(Lookup::Live(LiveSession {
            session,
            person,
            version,
            position,
            slots,
            from: None,
        }))
    }

    /// Whether a session is past a deadline. If it is, it is ended.
    pub(super) async fn has_run_out(&self, session: &Session) -> Result<bool, Trouble> {
        let reason = match session.liveness(self.clock.now()) {
            Liveness::Live => return Ok(false),
            Liveness::Idle => Reason::Idle,
            Liveness::Expired => Reason::Lifetime,
        };
        self.end(&Selection::Session(session.id), reason, &Actor::System)
            .await?;
        Ok(true)
    }

    /// The session that a browser's cookie proves, and more documents under its root.
    pub(super) async fn presented(
        &self,
        cookie: Option<&SessionCookie>,
        names: &[Name],
    ) -> Result<Presented, Trouble> {
        let Some(cookie) = cookie else {
            return Ok(Presented::None);
        };
        let Lookup::Live(mut live) = self.live_session(cookie.id, names).await? else {
            return Ok(Presented::Useless);
        };
        live.from = cookie.from;
        match live.session.judge_secret(&cookie.secret, self.clock.now()) {
            SecretVerdict::Current | SecretVerdict::Previous => Ok(Presented::Live(Box::new(live))),
            SecretVerdict::Stale => {
                self.note_stale_secret(&live);
                Ok(Presented::Useless)
            }
            SecretVerdict::Foreign => Ok(Presented::Useless),
        }
    }

    /// What a use of a session is worth writing: that it was used, once in a while; that it was
    /// used from elsewhere, at once, as somebody may have a copy of the cookie.
    fn activity(&self, live: &LiveSession) -> Option<Activity> {
        let now = self.clock.now();
        // Well before the idle deadline, however short that is.
        let often = ACTIVITY.min(live.session.idle_timeout / 6);
        let due = now.since(live.session.last_seen) >= often;
        let is_new = |from: &IpAddr| live.session.networks.is_new(&coarse(*from));
        let new_network = live.from.filter(is_new);
        (due || new_network.is_some()).then(|| {
            let mut session = live.session.clone();
            session.last_seen = now;
            Activity {
                session: session.seen_in(new_network.map(coarse).as_deref()),
                new_network,
            }
        })
    }

    pub(super) fn put_session(&self, session: Session, position: i64) -> Effect {
        let (root, expires) = (session.id.into(), session.expires);
        self.put(
            &root,
            documents::session(),
            &SessionDocument::new(session, position),
            expires,
        )
    }

    /// Commits under a live session, which must be one still; writes its activity along when that
    /// is due, and remembers it for the record.
    pub(super) async fn commit_alive(
        &self,
        live: &LiveSession,
        mut checks: Vec<Check>,
        mut effects: Vec<Effect>,
    ) -> Result<Outcome, Trouble> {
        let name = documents::session();
        let Some(activity) = self.activity(live) else {
            checks.push(Check::Present(name));
            return self.commit(&live.root(), checks, effects).await;
        };
        checks.push(Check::At(name, live.version));
        effects.push(self.put_session(activity.session, live.position));
        let outcome = self.commit(&live.root(), checks, effects).await?;
        if outcome == Outcome::Committed {
            self.flush.active(live.session.id, self.clock.now());
            if let Some(from) = activity.new_network {
                self.note_network(&live.session, from);
            }
        }
        Ok(outcome)
    }

    pub(super) async fn commit(
        &self,
        root: &Root,
        checks: Vec<Check>,
        effects: Vec<Effect>,
    ) -> Result<Outcome, Trouble> {
        self.commit_in(&self.hot, root, checks, effects).await
    }

    /// The same for what anybody may store: interactions and requests that wait.
    pub(super) async fn commit_waiting(
        &self,
        root: &Root,
        checks: Vec<Check>,
        effects: Vec<Effect>,
    ) -> Result<Outcome, Trouble> {
        self.commit_in(&self.shares.waiting, root, checks, effects)
            .await
    }

    pub(super) async fn commit_in(
        &self,
        store: &HotStore,
        root: &Root,
        checks: Vec<Check>,
        effects: Vec<Effect>,
    ) -> Result<Outcome, Trouble> {
        let commit = Commit {
            checks,
            effects,
            attempt: self.entropy.bytes(),
        };
        Ok(store.commit(root, commit).await?)
    }

    /// Notes that a session was used, where nothing else is committed. Losing the race to another
    /// request's note is as good as winning it; and a store that is full must not keep anybody from
    /// signing out.
    pub(super) async fn seen(&self, live: &LiveSession) {
        if self.activity(live).is_some()
            && let Err(error) = self.commit_alive(live, Vec::new(), Vec::new()).await
        {
            tracing::debug!(%error, "the use of a session was not noted");
        }
    }
}
