//! The person's side of the device grant (RFC 8628, 3.3): the code that they typed, what they are
//! asked, and what they say. Nothing is ever allowed beforehand, not to an app of the house either
//! and not by an earlier yes: whoever sent somebody a code wants just that (RFC 8628, 5.4).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Provider;
use super::device::Answered;
use super::documents;
use super::handles::SessionCookie;
use super::issue::{Issue, Unissued};
use super::live::{LiveSession, Presented};
use super::people::Visitor;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{Root, SecretHash};
use crate::identity::user::User;
use crate::protocol::authorization_request::Checked;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::user_code::UserCode;
use crate::store::record::AuditAction;

/// Against the device, which writes too while it asks.
const TRIES: usize = 12;
/// A proof of who somebody is counts at least so long here, whatever the app's `default_max_age`:
/// they must have the time to read the page that it leads to.
const TIME_TO_READ: Duration = Duration::from_mins(5);

/// What became of a code that somebody typed.
#[derive(Debug)]
pub enum DeviceLook {
    /// They are asked.
    Question(Box<DeviceQuestion>),
    /// They have answered in this session: allowed, or not.
    Answered(Arc<Client>, bool),
    /// It is wrong, has expired or was used: which of these is not told.
    Unusable,
    /// Too many were wrong.
    Wait(Duration),
    /// The app wants a proof of who they are that is not older than this.
    ProveAgain(Duration),
}

/// What the person is asked.
#[derive(Debug)]
pub struct DeviceQuestion {
    /// Which app.
    pub client: Arc<Client>,
    /// Who is asked.
    pub person: Arc<User>,
    /// What for.
    pub scope: Vec<String>,
    /// When the device asked.
    pub asked: Timestamp,
    /// From which network, coarsely.
    pub network: String,
    /// What the device calls itself.
    pub user_agent: String,
    root: Root,
    secret: SecretHash,
    request: Checked,
    until: Timestamp,
}

/// What became of the person's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAnswered {
    /// The device gets its tokens when it asks the next time.
    Allowed,
    /// It is told that it gets none.
    Denied,
    /// Meanwhile the code has expired, or was answered in another tab.
    Gone,
    /// Meanwhile the session ended.
    SignedOut,
}

impl Provider {
    /// Looks at a code that a signed-in person typed. Counted before, so that guesses that are
    /// made at once cannot all see the same old number; a right one is taken back.
    pub async fn look_at_device(
        &self,
        visitor: &Visitor,
        code: &UserCode,
        from: IpAddr,
    ) -> Result<DeviceLook, Trouble> {
        if let Some(throttled) = self.count_user_code(&visitor.person, from).await? {
            if throttled.first {
                self.note_device_guesses(visitor, from);
            }
            return Ok(DeviceLook::Wait(throttled.wait));
        }
        let root = self.device_root(code);
        let Some((mut document, _)) = self.device_at(&root).await? else {
            return Ok(DeviceLook::Unusable);
        };
        let client = self.enabled_client(&document.request.client_id).await?;
        let client = client.filter(|client| client.may_use(GrantType::DeviceCode));
        let Some(client) = client else {
            return Ok(DeviceLook::Unusable);
        };
        // Whoever loads the page again, or pressed twice, sees what they said.
        if let Some(allowed) = document.answer.said_in(visitor.session) {
            self.uncount_user_code(&visitor.person, from).await?;
            return Ok(DeviceLook::Answered(client, allowed));
        }
        if !document.answer.may_allow(visitor.session) {
            return Ok(DeviceLook::Unusable);
        }
        let Some(person) = self.enabled_person(&visitor.person).await? else {
            return Ok(DeviceLook::Unusable);
        };
        // Ten minutes may have passed: nobody is asked for what the app may no longer have.
        let allowed = client.allowed_scope(&document.request.scope);
        document.request.scope = allowed.unwrap_or_default();
        self.uncount_user_code(&visitor.person, from).await?;
        let proof = document.request.max_age.map(Duration::from_secs);
        if let Some(within) = proof.map(|age| age.max(TIME_TO_READ))
            && self.clock.now().since(visitor.auth_time) > within
        {
            return Ok(DeviceLook::ProveAgain(within));
        }
        Ok(DeviceLook::Question(Box::new(DeviceQuestion {
            client,
            person,
            scope: document.request.asked_about(),
            asked: document.asked,
            network: document.network.clone(),
            user_agent: document.user_agent.clone(),
            root,
            secret: document.secret,
            request: document.request,
            until: document.expires,
        })))
    }

    /// For the form that answers a question: bound to the person's session and to this device, so
    /// that no page answers for another one.
    pub fn device_token(&self, visitor: &Visitor, question: &DeviceQuestion) -> String {
        self.device_form_token(visitor.session, &question.secret)
    }

    /// Whether that form carries its token.
    pub fn device_token_matches(
        &self,
        visitor: &Visitor,
        question: &DeviceQuestion,
        token: &str,
    ) -> bool {
        self.device_form_matches(visitor.session, &question.secret, token)
    }

    /// The person does not want it.
    pub async fn deny_device(
        &self,
        visitor: &Visitor,
        question: &DeviceQuestion,
        from: IpAddr,
    ) -> Result<DeviceAnswered, Trouble> {
        let unanswered = |answer: &Answered| matches!(answer, Answered::NotYet);
        let denied = Answered::Denied(visitor.session);
        if !self.answer_device(question, &denied, unanswered).await? {
            return Ok(DeviceAnswered::Gone);
        }
        self.note_device(visitor, question, AuditAction::DeviceDeny, from);
        Ok(DeviceAnswered::Denied)
    }

    /// The person allows it. First their yes is written, so that of two answers one counts before
    /// anything comes of it; then a code is issued in their session, by which the app becomes a
    /// part of it; then it is kept for the device. Whoever dies in between may say yes again.
    pub async fn allow_device(
        &self,
        visitor: &Visitor,
        cookie: Option<&SessionCookie>,
        question: &DeviceQuestion,
        from: IpAddr,
    ) -> Result<DeviceAnswered, Trouble> {
        let client = &question.client;
        for _ in 0..TRIES {
            let names = [documents::participant(&client.client_id)];
            let Presented::Live(live) = self.presented(cookie, &names).await? else {
                return Ok(DeviceAnswered::SignedOut);
            };
            if live.session.id != visitor.session {
                return Ok(DeviceAnswered::SignedOut);
            }
            let session = visitor.session;
            let mine = |answer: &Answered| answer.may_allow(session);
            let allowing = Answered::Allowing(session);
            if !self.answer_device(question, &allowing, mine).await? {
                return Ok(DeviceAnswered::Gone);
            }
            let Some(code) = self.device_code_in(&live, question).await? else {
                continue;
            };
            let allowed = Answered::Allowed(session, code);
            if !self.answer_device(question, &allowed, mine).await? {
                return Ok(DeviceAnswered::Gone);
            }
            self.note_device(visitor, question, AuditAction::DeviceAllow, from);
            return Ok(DeviceAnswered::Allowed);
        }
        Err(Trouble::contention())
    }

    /// A code as the authorization endpoint issues it, good for as long as the device may ask.
    async fn device_code_in(
        &self,
        live: &LiveSession,
        question: &DeviceQuestion,
    ) -> Result<Option<String>, Trouble> {
        let (user, client) = (&live.session.user, &question.client);
        let consented = if client.first_party {
            Vec::new()
        } else {
            let now = self.clock.now();
            self.record
                .save_consent(user, &client.client_id, &question.scope, now)
                .await?;
            let row = self.record.consent(user, &client.client_id).await?;
            row.map(|consent| consent.scopes).unwrap_or_default()
        };
        let issue = Issue {
            client,
            request: &question.request,
            scope: question.request.scope.as_slice(),
            consented: &consented,
            asked: true,
            code_until: question.until,
        };
        match self.issue(live, &issue).await? {
            Ok(issued) => Ok(issued.code),
            Err(Unissued::JudgeAgain | Unissued::AskFirst) => Ok(None),
        }
    }

    /// Writes an answer over one that it may follow, also after the device asked meanwhile. False:
    /// it has another one, or is over.
    async fn answer_device(
        &self,
        question: &DeviceQuestion,
        answer: &Answered,
        follows: impl Fn(&Answered) -> bool,
    ) -> Result<bool, Trouble> {
        for _ in 0..TRIES {
            let Some((mut document, version)) = self.device_at(&question.root).await? else {
                return Ok(false);
            };
            let same = document.secret.matches(&question.secret);
            if !same || !follows(&document.answer) {
                return Ok(false);
            }
            document.answer = answer.clone();
            if self.save_device(&question.root, &document, version).await? {
                return Ok(true);
            }
        }
        Err(Trouble::contention())
    }
}
