//! People say what apps may be told of them. Names to sign in with, groups and roles are for
//! administrators: apps may know people by them, or open doors for them, and a mark of verification
//! must not move to what nobody checked.

use super::Provider;
use super::administration::{Administered, Refusal};
use super::people::Visitor;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::identity::fields;
use crate::identity::user::{Profile, User};
use crate::store::record::PersonEdit;

impl Provider {
    /// Who looks, as the record knows them. None: they were deleted in this moment.
    pub async fn own_record(&self, visitor: &Visitor) -> Result<Option<User>, Trouble> {
        Ok(self.record.user(&visitor.person).await?)
    }

    /// Replaces those of a person's claims that are theirs to set ([`fields::by_themselves`]), from the version that the edit
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
            profile: fields::by_themselves(&person.profile, profile, &self.settings.claims),
        };
        self.edit_person(edit, &visitor.actor()).await
    }
}
