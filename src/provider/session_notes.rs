//! What is noted of sessions and sign-ins, for the audit and the session's timeline.

use std::net::IpAddr;

use super::Provider;
use super::audit::Note;
use super::device_answer::DeviceQuestion;
use super::interactions::Browser;
use super::live::LiveSession;
use super::people::Visitor;
use crate::identity::throttle::AccountKey;
use crate::session::ending::{Actor, Reason};
use crate::session::session::Session;
use crate::store::record::{AuditAction, reference};

impl Provider {
    pub(super) fn note_sign_in(&self, session: &Session, browser: &Browser) {
        self.note_person(session, AuditAction::SignIn, browser.address);
    }

    /// The person proved again who they are, and the session went on.
    pub(super) fn note_step_up(&self, session: &Session, browser: &Browser) {
        self.note_person(session, AuditAction::SessionStepUp, browser.address);
    }

    /// The session is used from a network in which it was not seen: a person who travels, or
    /// somebody with a copy of the cookie.
    pub(super) fn note_network(&self, session: &Session, from: IpAddr) {
        self.note_person(session, AuditAction::SessionNewNetwork, from);
    }

    /// A person said whether an app on a device of theirs may act for them.
    pub(super) fn note_device(
        &self,
        visitor: &Visitor,
        question: &DeviceQuestion,
        action: AuditAction,
        from: IpAddr,
    ) {
        self.note(Note {
            actor: &visitor.actor(),
            action,
            target: format!("client:{}", question.client.client_id),
            session: Some(reference(visitor.session)),
            address: Some(from.to_string()),
            reason: None,
        });
    }

    /// Too many codes of devices that there are not: somebody guesses.
    pub(super) fn note_device_guesses(&self, visitor: &Visitor, from: IpAddr) {
        self.note(Note {
            actor: &visitor.actor(),
            action: AuditAction::DeviceThrottled,
            target: format!("person:{}", visitor.person),
            session: Some(reference(visitor.session)),
            address: Some(from.to_string()),
            reason: None,
        });
    }

    fn note_person(&self, session: &Session, action: AuditAction, from: IpAddr) {
        self.note(Note {
            actor: &Actor::Person(session.user.clone()),
            action,
            target: format!("person:{}", session.user),
            session: Some(reference(session.id)),
            address: Some(from.to_string()),
            reason: None,
        });
    }

    /// A failure is noted under the account's hashed key: people type passwords into the wrong
    /// field.
    pub(super) fn note_failure(&self, account: &AccountKey, browser: &Browser, why: &'static str) {
        self.note(Note {
            actor: &Actor::System,
            action: AuditAction::SignInFailed,
            target: format!("account:{}", account.as_str().get(..12).unwrap_or_default()),
            session: None,
            address: Some(browser.address.to_string()),
            reason: Some(why),
        });
    }

    pub(super) fn note_stale_secret(&self, live: &LiveSession) {
        self.note(Note {
            actor: &Actor::System,
            action: AuditAction::StaleCookie,
            target: format!("person:{}", live.session.user),
            session: Some(reference(live.session.id)),
            address: live.from.map(|from| from.to_string()),
            reason: Some(Reason::Theft.as_str()),
        });
    }
}
