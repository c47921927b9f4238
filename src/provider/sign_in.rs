//! Signing in: throttle, password, then a session of a new secret. SQL first (it demands that the
//! person is enabled), then the hot copy, then the cookie.

use super::Provider;
use super::documents;
use super::handles::SessionCookie;
use super::interactions::{Browser, InteractionDocument, Open};
use super::live::{LiveSession, Lookup, Presented};
use super::steps::Step;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{Secret, SecretHash, SessionId, UserId};
use crate::failpoint::FailPoint;
use crate::identity::password::Verdict;
use crate::identity::throttle::{AccountKey, coarse};
use crate::identity::user::{LoginKey, User};
use crate::meters::SignInResult;
use crate::protocol::discovery::ACR_PASSWORD;
use crate::session::ending::{Actor, Reason, Selection};
use crate::session::network::Networks;
use crate::session::session::Session;
use crate::store::hot::{Check, Outcome};
use crate::store::record::{Renewed, SignIn};

/// What a person typed.
#[derive(Clone)]
pub struct Credentials {
    /// Username or email.
    pub username: String,
    /// As typed.
    pub password: String,
    /// "Stay signed in on this device."
    pub remember_me: bool,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInProblem {
    /// No enabled account has this name and password together.
    NoMatch,
    /// Too many tries: wait.
    Wait(std::time::Duration),
}

/// What a try to sign in came to.
pub enum SignInOutcome {
    /// Signed in: set this cookie, then take the step.
    Done {
        /// The new cookie.
        cookie: SessionCookie,
        /// Whether it outlives the browser.
        remembered: Option<std::time::Duration>,
        /// What comes next.
        step: Step,
    },
    /// The password was right, but is a temporary one: a new one is due first.
    NewPasswordDue(Step),
    /// Not signed in.
    Problem(SignInProblem),
}

const USER_AGENT: usize = 256;
const TRIES: usize = 4;

impl Provider {
    /// Signs a person in for an open interaction.
    pub async fn sign_in(
        &self,
        open: &mut Open,
        cookie: Option<&SessionCookie>,
        credentials: Credentials,
        browser: &Browser,
    ) -> Result<SignInOutcome, Trouble> {
        let outcome = self.try_sign_in(open, cookie, credentials, browser).await;
        self.count_sign_in(outcome.as_ref());
        outcome
    }

    pub(super) fn count_sign_in(&self, outcome: Result<&SignInOutcome, &Trouble>) {
        match outcome {
            Ok(SignInOutcome::Done { .. }) => self.meters.sign_in(SignInResult::Succeeded),
            // Counted where it is known why, and when they are signed in.
            Ok(SignInOutcome::Problem(_) | SignInOutcome::NewPasswordDue(_)) => {}
            Err(Trouble::Busy) => self.meters.sign_in(SignInResult::Busy),
            Err(_) => self.meters.sign_in(SignInResult::Unavailable),
        }
    }

    async fn try_sign_in(
        &self,
        open: &mut Open,
        cookie: Option<&SessionCookie>,
        credentials: Credentials,
        browser: &Browser,
    ) -> Result<SignInOutcome, Trouble> {
        let remember = credentials.remember_me;
        let person = match self.authenticate(credentials, browser).await? {
            Ok(person) => person,
            Err(problem) => return Ok(SignInOutcome::Problem(problem)),
        };
        if person.must_change_password {
            let step = self.demand_new_password(open, cookie, &person, remember);
            return Ok(SignInOutcome::NewPasswordDue(step.await?));
        }
        self.enter(open, cookie, &person, remember, browser).await
    }

    /// Begins a session for somebody who proved who they are, or goes on with the one they have.
    pub(super) async fn enter(
        &self,
        open: &mut Open,
        cookie: Option<&SessionCookie>,
        person: &User,
        remember: bool,
        browser: &Browser,
    ) -> Result<SignInOutcome, Trouble> {
        // Of two requests with one form (a double click) one goes on, before anything begins.
        let changed = |document: &mut InteractionDocument| document.changing = None;
        if !self.claim(open, changed).await? {
            return Err(Trouble::contention());
        }
        let (renewed, ended) = match self.presented(cookie, &[]).await? {
            Presented::Live(live) if live.session.user == person.id => {
                let proved = person.password.as_deref();
                (
                    self.renew(*live, proved, Session::reauthenticated).await?,
                    None,
                )
            }
            Presented::Live(live) => (None, Some(live.session.id)),
            Presented::Useless | Presented::None => (None, None),
        };
        if let Some(id) = ended {
            self.replace(id, &person.id).await?;
        }
        let fresh = renewed.is_none();
        let begun = match renewed {
            Some(renewed) => Some(renewed),
            None => self.begin(person, remember, browser).await?,
        };
        let Some((session, cookie)) = begun else {
            self.meters.sign_in(SignInResult::Disabled);
            return Ok(SignInOutcome::Problem(SignInProblem::NoMatch));
        };
        if fresh {
            self.note_sign_in(&session, browser);
        } else {
            self.note_step_up(&session, browser);
        }
        let remembered = session
            .remembered
            .then(|| self.clock.now().until(session.expires));
        let step = if self.save_sign_in(open, &session, fresh).await? {
            self.step(open, Some(&cookie)).await?
        } else {
            Step::Gone
        };
        Ok(SignInOutcome::Done {
            cookie,
            remembered,
            step,
        })
    }

    /// Of several sign-ins on one interaction, only the session that it goes on with stays: the
    /// browser keeps one cookie, and nobody would ever hold another's. False: the interaction went
    /// on with another, and this was a session from before, whose new secret must reach its browser.
    async fn save_sign_in(
        &self,
        open: &mut Open,
        session: &Session,
        fresh: bool,
    ) -> Result<bool, Trouble> {
        let earlier = open.document.signed_in.filter(|id| *id != session.id);
        let saved = self
            .claim(open, |document| document.signed_in = Some(session.id))
            .await?;
        if saved {
            if let Some(earlier) = earlier {
                self.replace(earlier, &session.user).await?;
            }
        } else if fresh {
            self.replace(session.id, &session.user).await?;
            return Err(Trouble::contention());
        }
        Ok(saved)
    }

    async fn replace(&self, session: SessionId, by: &UserId) -> Result<(), Trouble> {
        let actor = Actor::Person(by.clone());
        self.end(&Selection::Session(session), Reason::Replaced, &actor)
            .await?;
        Ok(())
    }

    /// Checks name and password. Counted before hashing; the same work for unknown names.
    async fn authenticate(
        &self,
        credentials: Credentials,
        browser: &Browser,
    ) -> Result<Result<User, SignInProblem>, Trouble> {
        let key = LoginKey::new(&credentials.username);
        let person = self.record.user_by_login(&key).await?;
        let account = match &person {
            Some(person) => AccountKey::of_person(&person.id),
            None => AccountKey::of_nobody(&key),
        };
        if let Some(throttled) = self.count_attempt(&account, browser.address).await? {
            if throttled.first {
                self.note_failure(&account, browser, "throttled");
            }
            self.meters.sign_in(SignInResult::Throttled);
            return Ok(Err(SignInProblem::Wait(throttled.wait)));
        }
        self.fail_points.at(FailPoint::SignInCounted).await;
        let failure = match &person {
            None => SignInResult::UnknownName,
            Some(person) if person.enabled => SignInResult::WrongPassword,
            Some(_) => SignInResult::Disabled,
        };
        let person = person.filter(|person| person.enabled);
        let stored = person.as_ref().and_then(|person| person.password.clone());
        let verdict = self
            .check_password(credentials.password.clone(), stored.clone())
            .await?;
        let (Some(mut person), Verdict::Match { rehash }) = (person, verdict) else {
            self.note_failure(&account, browser, "no_match");
            self.meters.sign_in(failure);
            return Ok(Err(SignInProblem::NoMatch));
        };
        self.forget_attempts(&account, browser.address).await?;
        self.learn_person(&person).await;
        if let (true, Some(old)) = (rehash, stored) {
            let new = self.hash_password(credentials.password).await?;
            if self.record.replace_password(&person.id, &old, &new).await? {
                person.password = Some(new);
            }
        }
        Ok(Ok(person))
    }

    /// A new session. None: the person was disabled in between, or has another password by now.
    async fn begin(
        &self,
        person: &User,
        remember: bool,
        browser: &Browser,
    ) -> Result<Option<(Session, SessionCookie)>, Trouble> {
        let now = self.clock.now();
        let limits = self.settings.limits(remember);
        let secret = Secret::random(&self.entropy);
        let session = Session {
            id: SessionId::random(&self.entropy),
            user: person.id.clone(),
            began: now,
            auth_time: now,
            acr: ACR_PASSWORD.to_owned(),
            amr: vec!["pwd".to_owned()],
            last_seen: now,
            idle_timeout: limits.idle_timeout,
            expires: now + limits.lifetime,
            remembered: remember,
            secret: secret.hash(),
            previous_secret: None,
            address: coarse(browser.address),
            user_agent: cut(&browser.user_agent, USER_AGENT),
            networks: Networks::of(&coarse(browser.address)),
        };
        let most = self.settings.max_sessions;
        let proved = person.password.as_deref();
        let begun = self
            .record
            .begin_session_within(&session, proved, most)
            .await?;
        let SignIn::Begun { position, over } = begun else {
            return Ok(None);
        };
        for oldest in over {
            let selection = Selection::Session(oldest);
            self.end(&selection, Reason::Limit, &Actor::System).await?;
        }
        self.fail_points.at(FailPoint::SignInRecorded).await;
        let put = self.put_session(session.clone(), position);
        let checks = vec![Check::Absent(documents::session())];
        let cookie = SessionCookie::fresh(session.id, secret);
        // A tombstone there means that it ended already: no cookie.
        let outcome = self.commit(&session.id.into(), checks, vec![put]).await?;
        self.fail_points.at(FailPoint::SignInPut).await;
        Ok(match outcome {
            Outcome::Committed => Some((session, cookie)),
            Outcome::Conflict => None,
        })
    }

    /// The same person proves again who they are: the session goes on, its secret does not.
    pub(super) async fn renew(
        &self,
        mut live: LiveSession,
        proved: Option<&str>,
        change: fn(Session, SecretHash, Timestamp) -> Session,
    ) -> Result<Option<(Session, SessionCookie)>, Trouble> {
        let secret = Secret::random(&self.entropy);
        let id = live.session.id;
        for _ in 0..TRIES {
            let now = self.clock.now();
            let renewed = change(live.session.clone(), secret.hash(), now);
            let Renewed::Renewed { position } = self.record.renew_session(&renewed, proved).await?
            else {
                return Ok(None);
            };
            let checks = vec![Check::At(documents::session(), live.version())];
            let put = self.put_session(renewed.clone(), position);
            if self.commit(&id.into(), checks, vec![put]).await? == Outcome::Committed {
                return Ok(Some((renewed, SessionCookie::fresh(id, secret))));
            }
            // Another tab was first: build on what it wrote, or its secret would be forgotten.
            match self.live_session(id, &[]).await? {
                Lookup::Live(again) => live = again,
                Lookup::Ended => return Ok(None),
            }
        }
        Err(Trouble::contention())
    }

    /// Signs in a person who was made a moment ago, and so knows the password. None: disabled since.
    pub(super) async fn sign_in_new(
        &self,
        person: &User,
        cookie: Option<&SessionCookie>,
        browser: &Browser,
    ) -> Result<Option<SessionCookie>, Trouble> {
        if let Presented::Live(live) = self.presented(cookie, &[]).await? {
            self.replace(live.session.id, &person.id).await?;
        }
        let Some((session, cookie)) = self.begin(person, false, browser).await? else {
            return Ok(None);
        };
        self.learn_person(person).await;
        self.note_sign_in(&session, browser);
        self.meters.sign_in(SignInResult::Succeeded);
        Ok(Some(cookie))
    }
}

/// At most `limit` bytes, cut between characters.
fn cut(text: &str, limit: usize) -> String {
    let end = (0..=limit.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}
