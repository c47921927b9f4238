//! People change their own password: the old one proves who they are, and on their word every other
//! session ends, as whoever knew the old one may hold it.

use std::time::Duration;

use super::Provider;
use super::handles::SessionCookie;
use super::interactions::Browser;
use super::live::Presented;
use super::new_password::SAME;
use super::people::Visitor;
use super::trouble::Trouble;
use crate::identity::password::Verdict;
use crate::identity::password_policy::{self, Weakness};
use crate::identity::throttle::AccountKey;
use crate::session::ending::Reason;
use crate::session::session::Session;

/// A change of one's own password.
#[derive(Clone)]
pub struct PasswordChange {
    /// As typed.
    pub old: String,
    /// As typed.
    pub new: String,
    /// End every other session, and what apps hold for when one is away.
    pub end_others: bool,
}

impl std::fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordChange(…)")
    }
}

/// What became of a person's other sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Others {
    /// They go on, as was asked.
    Kept,
    /// So many ended; the references of these, the newest first.
    Ended(usize, Vec<String>),
    /// A store failed: some may live, and must be ended again.
    NotYet,
}

/// What a change of one's own password came to.
pub enum PasswordChanged {
    /// It is changed.
    Done {
        /// The session goes on under a new secret: set this cookie. None if it ended meanwhile.
        cookie: Option<SessionCookie>,
        /// Whether it outlives the browser.
        remembered: Option<Duration>,
        /// What became of the other sessions.
        others: Others,
    },
    /// The old one was another.
    WrongOld,
    /// Too many tries: wait.
    Wait(Duration),
    /// The new one will not do: why, and what to do.
    Refused(&'static str),
}

impl Provider {
    /// Changes a person's own password. Tries at the old one count as tries to sign in: a session
    /// that was left open must not be a place to guess at.
    pub async fn change_own_password(
        &self,
        visitor: &Visitor,
        cookie: Option<&SessionCookie>,
        change: PasswordChange,
        browser: &Browser,
    ) -> Result<PasswordChanged, Trouble> {
        // Before any work is done for it, and before it counts as a try.
        if change.old == change.new {
            return Ok(PasswordChanged::Refused(SAME));
        }
        if let Some(why) = self.weakness(visitor, &change.new).await? {
            return Ok(PasswordChanged::Refused(why));
        }
        let account = AccountKey::of_person(&visitor.person);
        if let Some(throttled) = self.count_attempt(&account, browser.address).await? {
            return Ok(PasswordChanged::Wait(throttled.wait));
        }
        let person = self.record.user(&visitor.person).await?;
        let person = person.filter(|person| person.enabled);
        let stored = person.as_ref().and_then(|person| person.password.clone());
        let verdict = self.check_password(change.old, stored.clone()).await?;
        let (Some(person), Some(old), Verdict::Match { .. }) = (person, stored, verdict) else {
            self.note_failure(&account, browser, "no_match");
            return Ok(PasswordChanged::WrongOld);
        };
        self.forget_attempts(&account, browser.address).await?;
        let hash = self.hash_password(change.new).await?;
        if !self.record.change_password(&person.id, &old, &hash).await? {
            return Ok(PasswordChanged::WrongOld);
        }
        self.follow_changes().await?;
        let others = if change.end_others {
            let ended = self.end_others_for(visitor, Reason::CredentialChange).await;
            // The password is changed whatever became of them: nobody must type the old one again.
            ended.map_or(Others::NotYet, |(count, names)| Others::Ended(count, names))
        } else {
            Others::Kept
        };
        let (cookie, remembered) = self.renewed(cookie, &hash).await?;
        Ok(PasswordChanged::Done {
            cookie,
            remembered,
            others,
        })
    }

    async fn weakness(
        &self,
        visitor: &Visitor,
        password: &str,
    ) -> Result<Option<&'static str>, Trouble> {
        let person = self.record.user(&visitor.person).await?;
        let judged = person.map(|person| {
            let email = person.profile.email.as_deref();
            password_policy::check(password, &person.username, email)
        });
        Ok(judged.and_then(Result::err).map(Weakness::message))
    }

    /// The session under a new secret: the old password was a proof of who they are.
    async fn renewed(
        &self,
        cookie: Option<&SessionCookie>,
        proved: &str,
    ) -> Result<(Option<SessionCookie>, Option<Duration>), Trouble> {
        let Presented::Live(live) = self.presented(cookie, &[]).await? else {
            return Ok((None, None));
        };
        let Some((session, cookie)) = self.renew(*live, Some(proved), Session::rekeyed).await?
        else {
            return Ok((None, None));
        };
        let remembered = session.remembered;
        let remembered = remembered.then(|| self.clock.now().until(session.expires));
        Ok((Some(cookie), remembered))
    }
}
