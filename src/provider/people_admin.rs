//! What administrators see of people, and do to one of them: what would end with it, the deed, and
//! which sessions it ended.

use super::Provider;
use super::administration::{Administered, new_temporary_password};
use super::administrators::Administrator;
use super::people::AppView;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::identity::user::User;
use crate::session::ending::Reason;
use crate::store::record::{PeopleQuestion, UserPage};

/// A person, as their page shows them.
#[derive(Clone, Debug)]
pub struct PersonView {
    /// Names, claims and state.
    pub user: User,
    /// When they last signed in.
    pub last_signed_in: Option<Timestamp>,
    /// How many of their sessions live.
    pub sessions: usize,
    /// The apps that they allowed something.
    pub apps: Vec<AppView>,
    /// It is the administrator who looks.
    pub own: bool,
}

/// What is done to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonDeed {
    /// They may sign in again.
    Enable,
    /// They may not sign in, and all they have ends.
    Disable,
    /// They are gone, and all they have ends.
    Delete,
    /// They may use the admin pages.
    Promote,
    /// They may not any more.
    Demote,
}

/// What would end of a person's.
#[derive(Clone, Debug)]
pub struct PersonPlan {
    /// As of when.
    pub at: Timestamp,
    /// How many live sessions would end.
    pub sessions: usize,
    /// The session that asks would go on.
    pub spared: bool,
    /// Names of the apps that will be told, each once.
    pub told: Vec<String>,
    /// Names of the apps that can't be told.
    pub untold: Vec<String>,
}

impl Administrator {
    /// Whether this is their own account.
    pub fn is(&self, person: &UserId) -> bool {
        self.visitor.person == *person
    }
}

impl Provider {
    /// A page of people.
    pub async fn people(&self, question: &PeopleQuestion) -> Result<UserPage, Trouble> {
        Ok(self.record.find_people(question).await?)
    }

    /// A person as the record has them now, if there is one.
    pub async fn person_on_record(&self, id: &UserId) -> Result<Option<User>, Trouble> {
        Ok(self.record.user(id).await?)
    }

    /// A person, with what there is of them.
    pub async fn person_view(
        &self,
        administrator: &Administrator,
        id: &UserId,
    ) -> Result<Option<PersonView>, Trouble> {
        let Some(user) = self.record.user(id).await? else {
            return Ok(None);
        };
        let sessions = self.record.sessions_of(id, self.clock.now()).await?;
        Ok(Some(PersonView {
            last_signed_in: self.record.last_signed_in(id).await?,
            sessions: sessions.len(),
            apps: self.apps_allowed_by(id).await?,
            own: administrator.is(id),
            user,
        }))
    }

    /// What would end now, if all of a person's sessions did; but perhaps the one that asks.
    pub async fn plan_person(
        &self,
        administrator: &Administrator,
        id: &UserId,
        spare_own: bool,
    ) -> Result<PersonPlan, Trouble> {
        let now = self.clock.now();
        let mut sessions = self.record.sessions_of(id, now).await?;
        let all = sessions.len();
        let own = administrator.visitor.session;
        sessions.retain(|row| !spare_own || row.session.id != own);
        let (told, untold) = self.apps_of(&sessions).await?;
        Ok(PersonPlan {
            at: now,
            sessions: sessions.len(),
            spared: sessions.len() < all,
            told,
            untold,
        })
    }

    /// Does something to a person; answers with the references of the sessions that it ended.
    pub async fn do_to_person(
        &self,
        administrator: &Administrator,
        id: &UserId,
        deed: PersonDeed,
    ) -> Result<Administered<Vec<String>>, Trouble> {
        let (actor, since) = (administrator.actor(), self.clock.now());
        let done = match deed {
            PersonDeed::Enable => self.enable_person(id, &actor).await?,
            PersonDeed::Promote => self.set_administrator(id, true, &actor).await?,
            PersonDeed::Demote => self.set_administrator(id, false, &actor).await?,
            PersonDeed::Disable | PersonDeed::Delete => {
                let ended = if deed == PersonDeed::Disable {
                    self.disable_person(id, &actor).await?
                } else {
                    self.delete_person(id, &actor).await?
                };
                self.count_live_anew().await;
                return match ended {
                    Ok(ended) => Ok(Ok(self.ended_since(ended, since, Reason::Disabled).await?)),
                    Err(refusal) => Ok(Err(refusal)),
                };
            }
        };
        Ok(done.map(|()| Vec::new()))
    }

    /// Sets a password that must be changed at the next sign-in; answers with the references of
    /// the sessions that ended with it. The one that asks is spared.
    pub async fn set_temporary_password(
        &self,
        administrator: &Administrator,
        id: &UserId,
        password: String,
    ) -> Result<Administered<Vec<String>>, Trouble> {
        let (actor, since) = (administrator.actor(), self.clock.now());
        let spare = administrator
            .is(id)
            .then_some(administrator.visitor.session);
        let set = self.set_person_password(id, password, true, spare, &actor);
        let ended = match set.await? {
            Ok(ended) => ended,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.count_live_anew().await;
        let ended = self.ended_since(ended, since, Reason::CredentialChange);
        Ok(Ok(ended.await?))
    }

    /// A password to hand over; see [`Self::set_temporary_password`].
    pub fn temporary_password(&self) -> String {
        new_temporary_password(&self.entropy)
    }
}
