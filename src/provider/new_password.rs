//! A temporary password opens nothing but the step that demands another (ASVS 5.0, 6.4.1): whoever
//! gave it out must not know the one that stays.

use std::sync::Arc;
use std::time::Duration;

use super::Provider;
use super::handles::SessionCookie;
use super::interactions::{Browser, Changing, Open, PageDue};
use super::sign_in::SignInOutcome;
use super::steps::Step;
use super::trouble::Trouble;
use crate::entropy::SecretHash;
use crate::identity::password::Verdict;
use crate::identity::password_policy;
use crate::identity::user::User;

/// How long the proof of a temporary password counts.
const WITHIN: Duration = Duration::from_mins(15);

/// What a new password came to.
pub enum NewPasswordOutcome {
    /// It is theirs now; so is this.
    SignedIn(SignInOutcome),
    /// It will not do: why, and what to do.
    Refused(&'static str),
    /// It was not asked for, or no more: this is.
    NotDue(Step),
}

/// Why the old password is no new one.
pub(super) const SAME: &str = "That is the password you have now. Choose another.";

impl Provider {
    /// Somebody proved a temporary password: the next page asks for a new one.
    pub(super) async fn demand_new_password(
        &self,
        open: &mut Open,
        cookie: Option<&SessionCookie>,
        person: &User,
        remember: bool,
    ) -> Result<Step, Trouble> {
        let proved = SecretHash::of_text(person.password.as_deref().unwrap_or_default());
        let until = self.clock.now() + WITHIN;
        let claimed = self.claim(open, |document| {
            document.changing = Some(Changing {
                person: person.id.clone(),
                proved,
                remember,
                until,
            });
        });
        if !claimed.await? {
            return Err(Trouble::contention());
        }
        self.step(open, cookie).await
    }

    /// The page for a new password in place of the sign-in form, where one is due.
    pub(super) async fn or_new_password(
        &self,
        open: &Open,
        due: PageDue,
    ) -> Result<PageDue, Trouble> {
        if !matches!(due, PageDue::SignIn | PageDue::Reauthenticate(_)) {
            return Ok(due);
        }
        let changing = self.changing(open).await?;
        Ok(changing.map_or(due, |(person, _)| PageDue::NewPassword(Arc::new(person))))
    }

    /// Whose password must be changed in this interaction, if it still must.
    async fn changing<'a>(&self, open: &'a Open) -> Result<Option<(User, &'a Changing)>, Trouble> {
        let now = self.clock.now();
        let changing = open.document.changing.as_ref();
        let Some(changing) = changing.filter(|changing| now < changing.until) else {
            return Ok(None);
        };
        let person = self.record.user(&changing.person).await?;
        let person = person.filter(|person| {
            let present = SecretHash::of_text(person.password.as_deref().unwrap_or_default());
            person.enabled && person.must_change_password && changing.proved.matches(&present)
        });
        Ok(person.map(|person| (person, changing)))
    }

    /// The person chooses a password of their own, and is signed in.
    pub async fn choose_password(
        &self,
        open: &mut Open,
        cookie: Option<&SessionCookie>,
        password: String,
        browser: &Browser,
    ) -> Result<NewPasswordOutcome, Trouble> {
        let Some((mut person, changing)) = self.changing(open).await? else {
            return Ok(NewPasswordOutcome::NotDue(self.step(open, cookie).await?));
        };
        let remember = changing.remember;
        let old = person.password.clone().unwrap_or_default();
        let hash = match self.new_hash(&person, &old, password).await? {
            Ok(hash) => hash,
            Err(why) => return Ok(NewPasswordOutcome::Refused(why)),
        };
        if !self.record.change_password(&person.id, &old, &hash).await? {
            return Ok(NewPasswordOutcome::NotDue(self.step(open, cookie).await?));
        }
        self.follow_changes().await?;
        person.password = Some(hash);
        let outcome = self.enter(open, cookie, &person, remember, browser).await;
        self.count_sign_in(outcome.as_ref());
        outcome.map(NewPasswordOutcome::SignedIn)
    }

    /// They are somebody else, or will do it later: back to the sign-in form.
    pub async fn leave_new_password(
        &self,
        open: &mut Open,
        cookie: Option<&SessionCookie>,
    ) -> Result<Step, Trouble> {
        self.save_step(open, |document| document.changing = None)
            .await?;
        self.step(open, cookie).await
    }

    /// The hash of a password to be, or why it will not do.
    async fn new_hash(
        &self,
        person: &User,
        old: &str,
        password: String,
    ) -> Result<Result<String, &'static str>, Trouble> {
        let email = person.profile.email.as_deref();
        if let Err(weakness) = password_policy::check(&password, &person.username, email) {
            return Ok(Err(weakness.message()));
        }
        let same = self.check_password(password.clone(), Some(old.to_owned()));
        if matches!(same.await?, Verdict::Match { .. }) {
            return Ok(Err(SAME));
        }
        self.hash_password(password).await.map(Ok)
    }
}
