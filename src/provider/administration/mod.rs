//! What administrators do with people and clients: judge what was typed, change the record, then
//! end what must end. Who may do it, and how lately they proved who they are, is for the caller.
//!
//! The order is that of every end: the change is committed first, so that nothing new can begin;
//! then what lives is ended. Whoever dies in between leaves it refused, and asking again ends it.

mod clients;
mod people;

pub use clients::{CreatedClient, UpdatedClient, merged};
pub(super) use people::judge_password;
pub use people::{NewPerson, new_temporary_password};

use crate::identity::rules::FieldError;
use crate::protocol::client_metadata::MetadataError;
use crate::store::record::{ClientChange, PersonChange, PersonUpdate};

/// What came of a change, beside [`super::Trouble`].
pub type Administered<T> = Result<T, Refusal>;

/// Why nothing was changed, in words for the administrator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is gone, or never was.
    #[error("there is no such person or client; somebody may have deleted it")]
    NotFound,
    /// Somebody else was faster.
    #[error("somebody else changed this meanwhile; look at it again, then repeat your change")]
    Outdated,
    /// Somebody must be left who can undo it.
    #[error("this is the last enabled administrator; make somebody else one first")]
    LastAdministrator,
    /// The username belongs to somebody.
    #[error(
        "username: belongs to somebody already, as username or email address; choose another \
         (capital and small letters count as the same)"
    )]
    UsernameTaken,
    /// The email address belongs to somebody.
    #[error(
        "email: belongs to somebody already, as username or email address; choose another \
         (capital and small letters count as the same)"
    )]
    EmailTaken,
    /// The username or the email address of a new person does.
    #[error(
        "username or email: belongs to somebody already; choose another (capital and small \
         letters count as the same)"
    )]
    NameTaken,
    /// Names or claims are not as they must be: all that is wrong with them.
    #[error("{}", lines(.0))]
    Fields(Vec<FieldError>),
    /// The password is too easy to guess.
    #[error("password: {0}")]
    WeakPassword(&'static str),
    /// The client that would result is not as it must be.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// Another client has this id.
    #[error("client_id: a client with this id exists already; choose another")]
    IdTaken,
    /// It is changed there.
    #[error(
        "this client is declared in the configuration file; change it there and restart the \
         servers"
    )]
    DeclaredInFile,
    /// It is changed there.
    #[error("this client is what its metadata document says; change it there")]
    Described,
    /// It has none.
    #[error("a public client has no secret")]
    NoSecret,
    /// It was enabled again, or used, while it was being deleted.
    #[error("the client is in use again; disable it, then delete it")]
    StillInUse,
}

impl Refusal {
    /// The field of a form that it is about, if it is about one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::UsernameTaken | Self::NameTaken => Some("username"),
            Self::EmailTaken => Some("email"),
            Self::WeakPassword(_) => Some("password"),
            Self::IdTaken => Some("client_id"),
            Self::Metadata(error) => Some(&error.member),
            Self::Fields(errors) => errors.first().map(|error| &*error.field),
            Self::NotFound
            | Self::Outdated
            | Self::LastAdministrator
            | Self::DeclaredInFile
            | Self::Described
            | Self::NoSecret
            | Self::StillInUse => None,
        }
    }
}

fn lines(errors: &[FieldError]) -> String {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl From<PersonChange> for Administered<()> {
    fn from(change: PersonChange) -> Self {
        match change {
            PersonChange::Done => Ok(()),
            PersonChange::NotFound => Err(Refusal::NotFound),
            PersonChange::LastAdministrator => Err(Refusal::LastAdministrator),
        }
    }
}

impl From<PersonUpdate> for Administered<crate::clock::Timestamp> {
    fn from(update: PersonUpdate) -> Self {
        match update {
            PersonUpdate::Done(version) => Ok(version),
            PersonUpdate::NotFound => Err(Refusal::NotFound),
            PersonUpdate::Outdated => Err(Refusal::Outdated),
            PersonUpdate::UsernameTaken => Err(Refusal::UsernameTaken),
            PersonUpdate::EmailTaken => Err(Refusal::EmailTaken),
        }
    }
}

impl From<ClientChange> for Administered<crate::clock::Timestamp> {
    fn from(change: ClientChange) -> Self {
        match change {
            ClientChange::Done(version) => Ok(version),
            ClientChange::NotFound => Err(Refusal::NotFound),
            ClientChange::Outdated => Err(Refusal::Outdated),
            ClientChange::DeclaredInFile => Err(Refusal::DeclaredInFile),
            ClientChange::Described => Err(Refusal::Described),
            ClientChange::NoSecret => Err(Refusal::NoSecret),
            ClientChange::StillInUse => Err(Refusal::StillInUse),
        }
    }
}
