//! People, by administrators.

use super::super::Provider;
use super::super::sessions::Ended;
use super::super::trouble::Trouble;
use super::{Administered, Refusal};
use crate::clock::Timestamp;
use crate::entropy::{Entropy, SessionId, UserId};
use crate::identity::password_policy;
use crate::identity::rules;
use crate::identity::user::{LoginKey, Profile, User};
use crate::session::ending::{Actor, Reason, Selection, Verb};
use crate::store::record::{PersonEdit, UserCreation};

/// A person to make.
#[derive(Clone)]
pub struct NewPerson {
    /// To sign in with.
    pub username: String,
    /// What apps may be told.
    pub profile: Profile,
    /// Without one nobody can sign in until one is set.
    pub password: Option<String>,
    /// The password must be changed at the first sign-in.
    pub temporary: bool,
    /// May use the admin pages.
    pub admin: bool,
}

impl std::fmt::Debug for NewPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewPerson({:?}, …)", self.username)
    }
}

/// Letters and digits that nobody takes for each other, however they are written down.
const CLEAR: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// In four groups: a hundred bits.
const TEMPORARY: usize = 20;
const GROUP: usize = 5;

/// A password for somebody else, to be handed over and changed at the next sign-in.
pub fn new_temporary_password(entropy: &Entropy) -> String {
    let mut text = String::new();
    for (place, byte) in entropy.bytes::<TEMPORARY>().into_iter().enumerate() {
        if place > 0 && place.is_multiple_of(GROUP) {
            text.push('-');
        }
        let letter = CLEAR.get(usize::from(byte % 32)).copied();
        text.push(char::from(letter.unwrap_or(b'a')));
    }
    text
}

impl NewPerson {
    /// As it is kept, or everything that is wrong with it.
    pub fn judged(mut self) -> Administered<Self> {
        self = Self {
            username: self.username.trim().to_owned(),
            profile: rules::tidy(self.profile),
            ..self
        };
        let errors = rules::check(&self.username, &self.profile);
        if !errors.is_empty() {
            return Err(Refusal::Fields(errors));
        }
        if let Some(password) = &self.password {
            judge_password(password, &self.username, self.profile.email.as_deref())?;
        }
        Ok(self)
    }

    /// The account, with the hash of its password.
    pub fn account(self, hash: Option<String>, entropy: &Entropy, now: Timestamp) -> User {
        User {
            id: UserId::random(entropy),
            username: self.username,
            profile: self.profile,
            must_change_password: self.temporary && hash.is_some(),
            password: hash,
            admin: self.admin,
            enabled: true,
            created: now,
            updated: now,
        }
    }
}

/// Judges a new password by itself.
pub(in crate::provider) fn judge_password(
    password: &str,
    username: &str,
    email: Option<&str>,
) -> Administered<()> {
    password_policy::check(password, username, email)
        .map_err(|weakness| Refusal::WeakPassword(weakness.message()))
}

impl Provider {
    /// Makes a person who can sign in at once.
    pub async fn create_person(
        &self,
        new: NewPerson,
        actor: &Actor,
    ) -> Result<Administered<User>, Trouble> {
        let mut new = match new.judged() {
            Ok(new) => new,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let errors = rules::check_attributes(&new.profile.attributes, &self.settings.claims);
        if !errors.is_empty() {
            return Ok(Err(Refusal::Fields(errors)));
        }
        let hash = match new.password.take() {
            Some(password) => Some(self.hash_password(password).await?),
            None => None,
        };
        let user = new.account(hash, &self.entropy, self.clock.now());
        Ok(match self.record.create_user(&user, actor).await? {
            UserCreation::Created => Ok(user),
            UserCreation::NameTaken => Err(self.which_is_taken(&user).await?),
        })
    }

    /// Which of the two names of a new person belongs to somebody.
    async fn which_is_taken(&self, new: &User) -> Result<Refusal, Trouble> {
        let names = [
            (Some(&new.username), Refusal::UsernameTaken),
            (new.profile.email.as_ref(), Refusal::EmailTaken),
        ];
        for (name, refusal) in names {
            if let Some(name) = name
                && self
                    .record
                    .user_by_login(&LoginKey::new(name))
                    .await?
                    .is_some()
            {
                return Ok(refusal);
            }
        }
        // It was set free meanwhile.
        Ok(Refusal::NameTaken)
    }

    /// Replaces username and claims; answers with the person's new version. `email_verified` does
    /// not outlive the address that it was said of, unless it is said anew.
    pub async fn edit_person(
        &self,
        mut edit: PersonEdit,
        actor: &Actor,
    ) -> Result<Administered<Timestamp>, Trouble> {
        edit.username = edit.username.trim().to_owned();
        edit.profile = rules::tidy(edit.profile);
        let mut errors = rules::check(&edit.username, &edit.profile);
        let own = rules::check_attributes(&edit.profile.attributes, &self.settings.claims);
        errors.extend(own);
        if !errors.is_empty() {
            return Ok(Err(Refusal::Fields(errors)));
        }
        let done = self.record.update_user(&edit, actor).await?.into();
        self.follow_changes().await?;
        Ok(done)
    }

    /// Enables a person. What they had before was ended when they were disabled.
    pub async fn enable_person(
        &self,
        id: &UserId,
        actor: &Actor,
    ) -> Result<Administered<()>, Trouble> {
        // What another process disabled may not have been ended yet.
        self.end_if_disabled(id).await?;
        let done = self.record.set_enabled(id, true, actor).await?.into();
        self.follow_changes().await?;
        Ok(done)
    }

    /// Disables a person, and ends all their sessions and grants at once.
    pub async fn disable_person(
        &self,
        id: &UserId,
        actor: &Actor,
    ) -> Result<Administered<Ended>, Trouble> {
        let done = self.record.set_enabled(id, false, actor).await?.into();
        self.then_end_person(done, id, Reason::Disabled, None, actor)
            .await
    }

    /// Deletes a person, and ends all their sessions and grants at once.
    pub async fn delete_person(
        &self,
        id: &UserId,
        actor: &Actor,
    ) -> Result<Administered<Ended>, Trouble> {
        let done = self.record.delete_user(id, actor).await?.into();
        self.then_end_person(done, id, Reason::Disabled, None, actor)
            .await
    }

    /// Makes a person an administrator, or takes that back.
    pub async fn set_administrator(
        &self,
        id: &UserId,
        admin: bool,
        actor: &Actor,
    ) -> Result<Administered<()>, Trouble> {
        let done = self.record.set_admin(id, admin, actor).await?.into();
        self.follow_changes().await?;
        Ok(done)
    }

    /// Sets a password for somebody, and ends their sessions and grants, as whoever knew the one
    /// before may hold them; but perhaps the session from which it was set.
    pub async fn set_person_password(
        &self,
        id: &UserId,
        password: String,
        temporary: bool,
        spare: Option<SessionId>,
        actor: &Actor,
    ) -> Result<Administered<Ended>, Trouble> {
        let Some(person) = self.record.user(id).await? else {
            return Ok(Err(Refusal::NotFound));
        };
        let email = person.profile.email.as_deref();
        if let Err(refusal) = judge_password(&password, &person.username, email) {
            return Ok(Err(refusal));
        }
        let hash = self.hash_password(password).await?;
        let set = self.record.set_password(id, &hash, temporary, actor);
        let done = set.await?.into();
        self.then_end_person(done, id, Reason::CredentialChange, spare, actor)
            .await
    }

    async fn then_end_person(
        &self,
        done: Administered<()>,
        id: &UserId,
        reason: Reason,
        except: Option<SessionId>,
        actor: &Actor,
    ) -> Result<Administered<Ended>, Trouble> {
        if let Err(refusal) = done {
            return Ok(Err(refusal));
        }
        let user = id.clone();
        let selection = Selection::Person { user, except };
        let ended = self.end_as(&selection, reason, Verb::Revoke, actor).await?;
        self.follow_changes().await?;
        Ok(Ok(ended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_passwords_are_long_and_pass_the_rules() {
        let entropy = Entropy::seeded(1);
        let one = new_temporary_password(&entropy);
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [5; 4]);
        assert_ne!(one, new_temporary_password(&entropy));
        assert!(!one.contains(['l', 'o', '0', '1']));
        judge_password(&one, "alice", None).unwrap();
    }
}
