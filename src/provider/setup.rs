//! The first administrator: a link that is printed while there is none, and the account that is
//! made by it. Whoever has the link may do it; so it is good for an hour and for one account, only
//! its hash is kept, and an administrator who was made otherwise takes it away.
//!
//! Which node prints one:
//!
//! 1. A node that starts replaces the link that it finds by one of its own, which voids the other:
//!    one statement, in which of several nodes one wins.
//! 2. It leaves the link of another node that lives alone while that is good, and looks again until
//!    there is an administrator. A node that stops takes its link with it; of one that died, the
//!    sign of life runs out within seconds: then 1. holds. A process alone never waits, as nobody
//!    else can live on its record.
//! 3. A link that ran out is replaced by the next start only: a house that nobody sets up must not
//!    go on printing good ones.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Provider;
use super::administration::{NewPerson, Refusal, judge_password};
use super::handles::SessionCookie;
use super::interactions::Browser;
use super::nodes::Missing;
use super::trouble::Trouble;
use crate::entropy::Secret;
use crate::identity::throttle::{self, AddressKey};
use crate::store::record::{FirstAdministrator, SetupLink};

/// How long a link is good.
const GOOD_FOR: Duration = Duration::from_hours(1);
/// Tries with a token that one address has within [`throttle::WINDOW`]. Nobody guesses 256 bits:
/// this bounds the reads of the record that a stranger can cause.
const PER_ADDRESS: u64 = 100;

/// What this process knows of the link.
#[derive(Debug, Default)]
pub(super) struct Setup {
    /// There is an administrator. The last one stays, so that this stays.
    done: AtomicBool,
    /// A link of this node may be the present one.
    made: AtomicBool,
    /// It is known to be there.
    printed: AtomicBool,
    /// Another node's was met.
    waited: AtomicBool,
    missing: Missing,
}

/// What a node that started has to do about the link.
#[derive(Debug)]
pub enum SetupLinkDue {
    /// Print this one. Nobody can be told it again.
    Print(Secret),
    /// Another node, of this name, has printed one: look again in a moment.
    Wait(String),
    /// Nothing, any more.
    Nothing,
}

/// What became of the form that makes the first administrator.
#[derive(Debug)]
pub enum SetUp {
    /// There is an administrator, signed in with this cookie; without one, they can sign in.
    Done(Option<SessionCookie>),
    /// Something in it is not as it must be: all of it. The link is still good.
    Refused(Vec<Refusal>),
    /// The link is not, or not any more.
    Void,
}

impl Provider {
    /// What to do about the set-up link. For a process that starts, and again while it waits.
    pub async fn setup_link_due(&self) -> Result<SetupLinkDue, Trouble> {
        if self.is_set_up().await? {
            return Ok(SetupLinkDue::Nothing);
        }
        // Before a link can name this node: whoever meets it asks whether the node lives.
        self.hot.sign_of_life(&self.node).await?;
        let found = self.record.setup_link().await?;
        if let Some(link) = &found {
            let good = self.clock.now() < link.expires;
            // One of its own that it did not print: it was written, and the answer was lost.
            let own = link.node == self.node;
            if own && self.setup.printed.load(Ordering::Acquire) {
                return Ok(SetupLinkDue::Nothing);
            }
            if !good && self.setup.waited.load(Ordering::Acquire) {
                return Ok(SetupLinkDue::Nothing);
            }
            if good && !own && self.hot.is_shared() && !self.is_gone(&link.node).await? {
                return Ok(self.wait_for(link.node.clone()));
            }
        }
        let secret = Secret::random(&self.entropy);
        let link = SetupLink {
            node: self.node.clone(),
            hash: secret.hash(),
            expires: self.clock.now() + GOOD_FOR,
        };
        // Before it is there: a stop in between must find it.
        self.setup.made.store(true, Ordering::Release);
        let replaced = self.record.replace_setup_link(found.as_ref(), &link);
        if replaced.await? {
            self.setup.printed.store(true, Ordering::Release);
            return Ok(SetupLinkDue::Print(secret));
        }
        Ok(self.wait_for(found.map_or_else(String::new, |link| link.node)))
    }

    fn wait_for(&self, node: String) -> SetupLinkDue {
        self.setup.waited.store(true, Ordering::Release);
        SetupLinkDue::Wait(node)
    }

    /// Whether a node gave no sign of life, twice: a flushed hot state forgets those of the living.
    async fn is_gone(&self, node: &str) -> Result<bool, Trouble> {
        let mut missing = HashSet::new();
        if !self.hot.lives(node).await? {
            missing.insert(node.to_owned());
        }
        Ok(!self.setup.missing.still(missing).is_empty())
    }

    /// The address that a set-up link leads to.
    pub fn setup_address(&self, secret: &Secret) -> String {
        format!("{}/setup?token={}", self.settings.issuer, secret.encode())
    }

    /// Whether the first administrator may be made by a link with this token now.
    pub async fn admits_setup(&self, secret: &Secret, from: IpAddr) -> Result<bool, Trouble> {
        // Asks nobody, once there is one.
        if self.setup.done.load(Ordering::Acquire) {
            return Ok(false);
        }
        let key = format!("setup:{}", AddressKey::of(from).as_str());
        if self.hot.count(&key, throttle::WINDOW).await? > PER_ADDRESS {
            return Err(Trouble::Crowded);
        }
        let now = self.clock.now();
        let link = self.record.setup_link().await?;
        let admitted = link.is_some_and(|link| link.admits(&secret.hash(), now));
        Ok(admitted && !self.is_set_up().await?)
    }

    /// Makes the first administrator by a link, and signs them in. The link is used up in the
    /// transaction that makes the account, and by nothing else.
    pub async fn set_up(
        &self,
        secret: &Secret,
        new: NewPerson,
        cookie: Option<&SessionCookie>,
        browser: &Browser,
    ) -> Result<SetUp, Trouble> {
        if !self.admits_setup(secret, browser.address).await? {
            return Ok(SetUp::Void);
        }
        let (new, password) = match judged(new) {
            Ok(judged) => judged,
            Err(refusals) => return Ok(SetUp::Refused(refusals)),
        };
        let hash = self.hash_password(password).await?;
        let person = new.account(Some(hash), &self.entropy, self.clock.now());
        let address = browser.address.to_string();
        let made = self
            .record
            .create_first_administrator(&person, secret.hash(), &address);
        match made.await? {
            FirstAdministrator::Created => {}
            FirstAdministrator::Void => return Ok(SetUp::Void),
            FirstAdministrator::NameTaken => return Ok(SetUp::Refused(vec![Refusal::NameTaken])),
        }
        self.setup.done.store(true, Ordering::Release);
        // The account is there, whatever becomes of this session.
        let begun = self.sign_in_new(&person, cookie, browser).await;
        let cookie = begun.unwrap_or_else(|error| {
            tracing::warn!(%error, "the first administrator must sign in by hand");
            None
        });
        Ok(SetUp::Done(cookie))
    }

    /// Takes back the link of this node, which stops.
    pub(super) async fn withdraw_setup_link(&self) -> Result<(), Trouble> {
        if self.setup.made.load(Ordering::Acquire) {
            self.record.withdraw_setup_link(&self.node).await?;
        }
        Ok(())
    }

    async fn is_set_up(&self) -> Result<bool, Trouble> {
        if self.setup.done.load(Ordering::Acquire) {
            return Ok(true);
        }
        let done = self.record.has_administrator().await?;
        self.setup.done.fetch_or(done, Ordering::AcqRel);
        Ok(done)
    }
}

/// The person as they are kept, beside their password; or everything that is wrong with both.
fn judged(mut new: NewPerson) -> Result<(NewPerson, String), Vec<Refusal>> {
    new.admin = true;
    let password = new.password.take().unwrap_or_default();
    let (username, email) = (new.username.clone(), new.profile.email.clone());
    let strength = judge_password(&password, username.trim(), email.as_deref());
    match (new.judged(), strength) {
        (Ok(new), Ok(())) => Ok((new, password)),
        (new, strength) => Err([new.err(), strength.err()].into_iter().flatten().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::user::Profile;

    fn new(username: &str, password: &str) -> NewPerson {
        NewPerson {
            username: username.to_owned(),
            profile: Profile::default(),
            password: Some(password.to_owned()),
            temporary: false,
            admin: false,
        }
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let refusals = judged(new(" ", "short")).unwrap_err();
        let fields: Vec<_> = refusals.iter().filter_map(Refusal::field).collect();
        assert_eq!(fields, ["username", "password"]);
        let refusals = judged(new(" mona-the-first ", "mona-the-first")).unwrap_err();
        let fields: Vec<_> = refusals.iter().filter_map(Refusal::field).collect();
        assert_eq!(fields, ["password"]);
    }

    #[test]
    fn whoever_sets_up_is_an_administrator() {
        let (new, password) = judged(new(" mona ", "mona likes long passwords")).unwrap();
        assert!(new.admin && new.password.is_none());
        assert_eq!(
            (new.username.as_str(), password.as_str()),
            ("mona", "mona likes long passwords")
        );
    }
}
