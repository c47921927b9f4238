//! Interactions: authorization requests that wait for a person. Each has a cookie of its own,
//! bound to the browser that began it; several can be open at once. Without that cookie an
//! interaction cannot be seen, continued or finished.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Provider;
use super::documents;
use super::handles::{InteractionHandle, SessionCookie};
use super::people::Visitor;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{Root, Secret, SecretHash, SessionId, UserId};
use crate::identity::user::User;
use crate::protocol::authorization_request::Checked;
use crate::protocol::client::Client;
use crate::session::decision::Progress;
use crate::session::ending::Reason;
use crate::store::hot::{Check, Effect, Outcome};

/// How long a person has.
pub(super) const INTERACTION: Duration = Duration::from_hours(1);
const TRIES: usize = 4;

/// What is waiting, and what the person has done so far. Each step names the session in which it
/// was done: a step of one person never counts for another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct InteractionDocument {
    pub(super) purpose: Purpose,
    pub(super) secret: SecretHash,
    pub(super) expires: Timestamp,
    pub(super) signed_in: Option<SessionId>,
    pub(super) consented: Option<SessionId>,
    pub(super) chosen: Option<SessionId>,
    pub(super) switching: Option<SessionId>,
    #[serde(default)]
    pub(super) resumed: Option<SessionId>,
    pub(super) changing: Option<Changing>,
}

/// Somebody proved a temporary password. It opens nothing until they chose one of their own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Changing {
    pub(super) person: UserId,
    /// Of the password hash that was proved: whoever sets another meanwhile ends this step.
    pub(super) proved: SecretHash,
    pub(super) remember: bool,
    pub(super) until: Timestamp,
}

/// Why the person is here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Purpose {
    /// An app sent them.
    Authorize(Box<Checked>),
    /// They came to a page of ours.
    Own {
        /// Which: they are led back to it.
        page: OwnPage,
        /// A proof of who they are that is older than this is not enough.
        proof_since: Option<Timestamp>,
        /// They said there that they are not who is signed in by this session.
        #[serde(default)]
        instead_of: Option<SessionId>,
    },
}

/// Path and query of a page of ours that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPage(String);

impl OwnPage {
    const LONGEST: usize = 2048;

    /// Never leads anywhere but to the pages of one's account, apps, devices and of administration:
    /// what a browser asked for is turned into a redirect after a sign-in.
    pub fn new(path_and_query: &str) -> Self {
        let path = path_and_query.split('?').next().unwrap_or_default();
        let ours = ["/account", "/admin", "/apps", "/device"]
            .iter()
            .any(|room| {
                path.strip_prefix(room)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
        let plain = path_and_query
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if ours && plain && path_and_query.len() <= Self::LONGEST {
            Self(path_and_query.to_owned())
        } else {
            Self("/account".to_owned())
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl InteractionDocument {
    pub(super) fn progress(&self, session: Option<SessionId>) -> Progress {
        let here = |step: Option<SessionId>| step.is_some() && step == session;
        Progress {
            signed_in: here(self.signed_in),
            consented: here(self.consented),
            chosen: here(self.chosen),
            switching: here(self.switching),
            resumed: here(self.resumed),
        }
    }
}

/// A cookie to set: its name carries the tag that the page's address repeats.
#[derive(Clone)]
pub struct InteractionCookie {
    /// Names the interaction within this browser.
    pub tag: String,
    /// The sealed handle.
    pub value: String,
}

impl InteractionCookie {
    /// Letters and digits of a tag.
    const TAG: usize = 10;

    /// Whether a text looks like a tag.
    pub fn could_be_tag(text: &str) -> bool {
        text.len() == Self::TAG && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }
}

/// An interaction that this browser may continue.
#[derive(Clone)]
pub struct Open {
    pub(super) handle: InteractionHandle,
    pub(super) document: InteractionDocument,
    pub(super) version: u64,
}

/// Where a request comes from.
#[derive(Clone, Debug)]
pub struct Browser {
    /// The peer's address.
    pub address: IpAddr,
    /// What it calls itself.
    pub user_agent: String,
}

/// A page that waits for a person.
#[derive(Clone)]
pub struct Waiting {
    /// Which page.
    pub due: PageDue,
    /// The app that asks, if one does.
    pub client: Option<Arc<Client>>,
    /// For the form.
    pub csrf: String,
    /// `login_hint`, to fill the form in.
    pub login_hint: Option<String>,
    /// Where either answer leads back to.
    pub redirect_uri: Option<String>,
    /// The session that this browser had, if it ended.
    pub ended: Option<EndedSession>,
}

/// What became of the session that a browser had.
#[derive(Clone, Debug)]
pub struct EndedSession {
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
    /// What to tell an administrator.
    pub reference: String,
}

/// Which page.
#[derive(Clone, Debug)]
pub enum PageDue {
    /// The sign-in form.
    SignIn,
    /// The same, for a person who is known.
    Reauthenticate(Arc<User>),
    /// The password is a temporary one: a new one is due.
    NewPassword(Arc<User>),
    /// Which account?
    ChooseAccount(Arc<User>),
    /// May the app?
    Consent {
        /// Who is asked.
        person: Arc<User>,
        /// What for.
        scope: Vec<String>,
    },
    /// Go on to an app that was signed out of the session?
    Resume {
        /// Who is asked.
        person: Arc<User>,
        /// Why it was signed out.
        reason: Reason,
        /// When.
        at: Timestamp,
    },
}

impl Provider {
    /// Stores a new interaction for this browser.
    pub(super) async fn begin_interaction(
        &self,
        purpose: Purpose,
        from: IpAddr,
    ) -> Result<InteractionCookie, Trouble> {
        self.demand_room(from).await?;
        let handle = InteractionHandle {
            root: Root::random(&self.entropy),
            secret: Secret::random(&self.entropy),
        };
        let expires = self.clock.now() + INTERACTION;
        let document = InteractionDocument {
            purpose,
            secret: handle.secret.hash(),
            expires,
            signed_in: None,
            consented: None,
            chosen: None,
            switching: None,
            resumed: None,
            changing: None,
        };
        let name = documents::interaction();
        let put = self.put(&handle.root, name.clone(), &document, expires);
        match self
            .commit_waiting(&handle.root, vec![Check::Absent(name)], vec![put])
            .await?
        {
            Outcome::Committed => Ok(InteractionCookie {
                tag: self.entropy.alphanumeric(InteractionCookie::TAG),
                value: self.seal_interaction(&handle),
            }),
            Outcome::Conflict => Err(Trouble::contention()),
        }
    }

    /// A person wants a page of ours, and has no session, or no fresh enough proof of who they
    /// are.
    pub async fn begin_own_sign_in(
        &self,
        page: OwnPage,
        proof_within: Option<Duration>,
        from: IpAddr,
    ) -> Result<InteractionCookie, Trouble> {
        let purpose = Purpose::Own {
            page,
            proof_since: proof_within.map(|within| self.clock.now() - within),
            instead_of: None,
        };
        self.begin_interaction(purpose, from).await
    }

    /// Who is signed in wants to see a page of ours as somebody else. Their session ends when
    /// somebody else signs in, and not before.
    pub async fn begin_other_sign_in(
        &self,
        page: OwnPage,
        visitor: &Visitor,
        from: IpAddr,
    ) -> Result<InteractionCookie, Trouble> {
        let purpose = Purpose::Own {
            page,
            proof_since: None,
            instead_of: Some(visitor.session),
        };
        self.begin_interaction(purpose, from).await
    }

    /// The interaction that a cookie opens; none if it is over, used up, or another browser's.
    pub async fn open_interaction_cookie(&self, value: &str) -> Result<Option<Open>, Trouble> {
        let Some(handle) = self.open_interaction(value) else {
            return Ok(None);
        };
        let name = documents::interaction();
        let slots = self
            .shares
            .waiting
            .read(&handle.root, std::slice::from_ref(&name))
            .await?;
        let found = self.document::<InteractionDocument>(&handle.root, &name, slots.first());
        Ok(found.and_then(|(document, version)| {
            let usable = self.clock.now() < document.expires
                && document.secret.matches(&handle.secret.hash());
            usable.then_some(Open {
                handle,
                document,
                version,
            })
        }))
    }

    /// Whether a form of this interaction carries its token; one that asked a person, that of the
    /// session in which they were asked.
    pub fn interaction_form_matches(
        &self,
        open: &Open,
        asked: Option<&SessionCookie>,
        token: &str,
    ) -> bool {
        self.interaction_token_matches(&open.handle, asked.map(|cookie| cookie.id), token)
    }

    /// Writes a step on an interaction as it was opened: of several requests that opened it alike,
    /// one succeeds. False: another was first.
    pub(super) async fn claim(
        &self,
        open: &mut Open,
        step: impl Fn(&mut InteractionDocument),
    ) -> Result<bool, Trouble> {
        let name = documents::interaction();
        let root = open.handle.root;
        step(&mut open.document);
        let put = self.put(&root, name.clone(), &open.document, open.document.expires);
        let checks = vec![Check::At(name, open.version)];
        if self.commit_waiting(&root, checks, vec![put]).await? == Outcome::Conflict {
            return Ok(false);
        }
        let handle = self.seal_interaction(&open.handle);
        let Some(present) = self.open_interaction_cookie(&handle).await? else {
            return Ok(false);
        };
        *open = present;
        Ok(true)
    }

    /// Writes a step, also after another tab wrote one. False: the interaction is over.
    pub(super) async fn save_step(
        &self,
        open: &mut Open,
        step: impl Fn(&mut InteractionDocument),
    ) -> Result<bool, Trouble> {
        let handle = self.seal_interaction(&open.handle);
        for _ in 0..TRIES {
            step(&mut open.document);
            let name = documents::interaction();
            let root = open.handle.root;
            let put = self.put(&root, name.clone(), &open.document, open.document.expires);
            let outcome = self
                .commit_waiting(&root, vec![Check::At(name, open.version)], vec![put])
                .await?;
            let Some(present) = self.open_interaction_cookie(&handle).await? else {
                return Ok(false);
            };
            *open = present;
            if outcome == Outcome::Committed {
                return Ok(true);
            }
        }
        Err(Trouble::contention())
    }

    /// Uses an interaction up: only one request can.
    pub(super) async fn finish_interaction(&self, open: &Open) -> Result<bool, Trouble> {
        let name = documents::interaction();
        let checks = vec![Check::At(name.clone(), open.version)];
        let outcome = self
            .commit_waiting(&open.handle.root, checks, vec![Effect::Delete(name)])
            .await?;
        Ok(outcome == Outcome::Committed)
    }
}
