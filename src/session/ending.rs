//! How sessions end: what is selected, for which reason, and by whom.

use serde::{Deserialize, Serialize};

use crate::entropy::{ClientId, GrantId, SessionId, UserId};
use crate::session::question::SessionQuestion;

/// What ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// One session, in every app.
    Session(SessionId),
    /// One client's part in one session.
    ClientInSession(SessionId, ClientId),
    /// All sessions of a person, but perhaps one.
    Person {
        /// Whose.
        user: UserId,
        /// The one to spare.
        except: Option<SessionId>,
    },
    /// One client's parts in all sessions of a person, its grants and its consent.
    ClientOfPerson(UserId, ClientId),
    /// All that a client has: its parts in all sessions, its grants.
    Client(ClientId),
    /// The sessions that match a question, but perhaps one.
    Matching {
        /// Which.
        question: Box<SessionQuestion>,
        /// The one to spare.
        except: Option<SessionId>,
    },
    /// Every session, but perhaps one.
    Everything {
        /// The one to spare.
        except: Option<SessionId>,
    },
    /// One grant: the answer to a reused code or refresh token, or to a revocation.
    Grant(GrantId, SessionId),
}

impl Selection {
    /// The session that is not touched.
    pub const fn spared(&self) -> Option<SessionId> {
        match self {
            Self::Person { except, .. }
            | Self::Matching { except, .. }
            | Self::Everything { except } => *except,
            Self::Session(_)
            | Self::ClientInSession(..)
            | Self::ClientOfPerson(..)
            | Self::Client(_)
            | Self::Grant(..) => None,
        }
    }
}

/// Why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The person said so.
    User,
    /// A client said so.
    Client,
    /// An administrator said so.
    Admin,
    /// Too long without activity.
    Idle,
    /// Its lifetime was over.
    Lifetime,
    /// The person had too many sessions.
    Limit,
    /// A password or other credential changed.
    CredentialChange,
    /// The person or client was disabled.
    Disabled,
    /// Another person signed in on the same browser.
    Replaced,
    /// Signs of a stolen cookie.
    Theft,
    /// A code or refresh token was used twice.
    Reuse,
    /// A rule of the house.
    Policy,
}

impl Reason {
    /// All of them, for tables.
    pub const ALL: [Self; 12] = [
        Self::User,
        Self::Client,
        Self::Admin,
        Self::Idle,
        Self::Lifetime,
        Self::Limit,
        Self::CredentialChange,
        Self::Disabled,
        Self::Replaced,
        Self::Theft,
        Self::Reuse,
        Self::Policy,
    ];

    /// The word in the record, in logs and on pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Client => "client",
            Self::Admin => "admin",
            Self::Idle => "idle",
            Self::Lifetime => "lifetime",
            Self::Limit => "limit",
            Self::CredentialChange => "credential_change",
            Self::Disabled => "disabled",
            Self::Replaced => "replaced",
            Self::Theft => "theft",
            Self::Reuse => "reuse",
            Self::Policy => "policy",
        }
    }

    /// Whether apps are told of an end for this reason. Of one that nobody brought about, since
    /// nobody was there, an app may not want to hear.
    pub const fn is_told(self, notify_on_idle: bool) -> bool {
        notify_on_idle || !matches!(self, Self::Idle)
    }

    /// Whether an app whose part ended for this reason, while the session went on, comes back
    /// silently. Where somebody signed the app out, the person would find it signed in again by the
    /// next click, as if nothing had been done: they are asked first.
    pub const fn asks_before_return(self) -> bool {
        matches!(self, Self::User | Self::Client | Self::Admin)
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// Logout and revocation are two verbs (Back-Channel Logout 1.0, 2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `offline_access` grants live on.
    Logout,
    /// `offline_access` grants end too.
    Revoke,
}

impl Reason {
    /// What this reason does unless the caller says otherwise.
    pub const fn verb(self) -> Verb {
        match self {
            Self::User
            | Self::Client
            | Self::Idle
            | Self::Lifetime
            | Self::Limit
            | Self::Replaced => Verb::Logout,
            Self::Admin
            | Self::CredentialChange
            | Self::Disabled
            | Self::Theft
            | Self::Reuse
            | Self::Policy => Verb::Revoke,
        }
    }
}

/// Who did it, for the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, on a page.
    Person(UserId),
    /// A client, at an endpoint.
    Client(ClientId),
    /// Somebody with a shell.
    CommandLine,
    /// The house itself.
    System,
}

impl Actor {
    /// The words in the audit: a kind and an id.
    pub fn describe(&self) -> String {
        match self {
            Self::Person(id) => format!("person:{id}"),
            Self::Client(id) => format!("client:{id}"),
            Self::CommandLine => "command_line".to_owned(),
            Self::System => "system".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_end_that_nobody_brought_about_may_be_kept_quiet() {
        for reason in Reason::ALL {
            assert!(reason.is_told(true), "{reason:?}");
            assert_eq!(reason.is_told(false), reason != Reason::Idle, "{reason:?}");
        }
    }

    #[test]
    fn an_app_that_somebody_signed_out_asks_before_it_returns() {
        let asked: Vec<_> = Reason::ALL
            .into_iter()
            .filter(|reason| reason.asks_before_return())
            .collect();
        assert_eq!(asked, [Reason::User, Reason::Client, Reason::Admin]);
    }
}
