//! People say what apps may be told of them. Names to sign in with are for administrators: apps may
//! know people by them, and a mark of verification must not move to an address that nobody checked.

use super::Provider;
use super::administration::{Administered, Refusal};
use super::people::Visitor;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::identity::user::{Profile, User};
use crate::store::record::PersonEdit;

impl Provider {
    /// Who looks, as the record knows them. None: they were deleted in this moment.
    pub async fn own_record(&self, visitor: &Visitor) -> Result<Option<User>, Trouble> {
        Ok(self.record.user(&visitor.person).await?)
    }

    /// Replaces a person's own claims but for the email address, from the version that the edit
    /// began with; answers with the new version.
    pub async fn edit_own_profile(
        &self,
        visitor: &Visitor,
        version: Timestamp,
        profile: Profile,
    ) -> Result<Administered<Timestamp>, Trouble> {
        let Some(person) = self.own_record(visitor).await? else {
            return Ok(Err(Refusal::NotFound));
        };
        let edit = PersonEdit {
            id: person.id,
            version,
            username: person.username,
            profile: Profile {
                email: person.profile.email,
                email_verified: person.profile.email_verified,
                ..profile
            },
        };
        self.edit_person(edit, &visitor.actor()).await
    }
}
