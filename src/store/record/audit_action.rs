//! The words of the audit for what changes people and clients, and for the link that makes the
//! first administrator.

/// What was done, under the word that the audit keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditAction {
    /// An account was made.
    PersonCreate,
    /// Username or claims were edited.
    PersonUpdate,
    /// May sign in again.
    PersonEnable,
    /// May not sign in any more.
    PersonDisable,
    /// The account and its personal data are gone.
    PersonDelete,
    /// Became an administrator.
    PersonPromote,
    /// Is none any more.
    PersonDemote,
    /// A password was set by somebody else.
    PersonSetPassword,
    /// The person changed their own password.
    PersonChangePassword,
    /// A client was made.
    ClientCreate,
    /// Its metadata were edited.
    ClientUpdate,
    /// It is taken again.
    ClientEnable,
    /// It is refused everywhere.
    ClientDisable,
    /// It is gone.
    ClientDelete,
    /// It has a new secret.
    ClientRotateSecret,
    /// The configuration file declares it, anew or otherwise than before.
    ClientDeclare,
    /// The configuration file declares it no more.
    ClientWithdraw,
    /// It made itself (RFC 7591).
    ClientRegister,
    /// A set-up link was printed.
    SetupLinkMake,
    /// A token was made by which clients may register themselves.
    InitialTokenMake,
    /// It is void.
    InitialTokenRevoke,
}

impl AuditAction {
    /// All of them, for filters.
    pub const ALL: [Self; 21] = [
        Self::PersonCreate,
        Self::PersonUpdate,
        Self::PersonEnable,
        Self::PersonDisable,
        Self::PersonDelete,
        Self::PersonPromote,
        Self::PersonDemote,
        Self::PersonSetPassword,
        Self::PersonChangePassword,
        Self::ClientCreate,
        Self::ClientUpdate,
        Self::ClientEnable,
        Self::ClientDisable,
        Self::ClientDelete,
        Self::ClientRotateSecret,
        Self::ClientDeclare,
        Self::ClientWithdraw,
        Self::ClientRegister,
        Self::SetupLinkMake,
        Self::InitialTokenMake,
        Self::InitialTokenRevoke,
    ];

    /// The word in the audit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PersonCreate => "person.create",
            Self::PersonUpdate => "person.update",
            Self::PersonEnable => "person.enable",
            Self::PersonDisable => "person.disable",
            Self::PersonDelete => "person.delete",
            Self::PersonPromote => "person.promote",
            Self::PersonDemote => "person.demote",
            Self::PersonSetPassword => "person.set_password",
            Self::PersonChangePassword => "person.change_password",
            Self::ClientCreate => "client.create",
            Self::ClientUpdate => "client.update",
            Self::ClientEnable => "client.enable",
            Self::ClientDisable => "client.disable",
            Self::ClientDelete => "client.delete",
            Self::ClientRotateSecret => "client.rotate_secret",
            Self::ClientDeclare => "client.declare",
            Self::ClientWithdraw => "client.withdraw",
            Self::ClientRegister => "client.register",
            Self::SetupLinkMake => "setup_link.make",
            Self::InitialTokenMake => "initial_token.make",
            Self::InitialTokenRevoke => "initial_token.revoke",
        }
    }
}
