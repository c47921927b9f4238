//! The request to log out (RP-Initiated Logout 1.0): whether to ask the person, and whether to
//! send them back afterwards.
//!
//! Two threats decide it. A foreign page must not log people out: so it asks, unless an ID token
//! of this very session is shown (3). The logout must not be an open redirector: so it leads
//! back only under a valid hint, and only to a URI that the hint's client registered.
//!
//! How far a logout goes is the client's to say, before and in its metadata (`logout_scope`): a
//! request can widen nothing. Where the person is asked, they may always end the whole session.

use serde::{Deserialize, Serialize};

use super::client::{Client, LogoutScope};
use super::params::Params;
use super::redirect_uri;
use crate::entropy::{ClientId, Sid, UserId};

/// RP-Initiated Logout 1.0, 2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndSessionRequest {
    /// An ID token that was given to the client.
    pub id_token_hint: Option<String>,
    /// Must be the hint's audience.
    pub client_id: Option<String>,
    /// Where to go afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// Given back there.
    pub state: Option<String>,
    /// Who is to be logged out; nothing is decided by it.
    pub logout_hint: Option<String>,
    /// Preferred first.
    pub ui_locales: Vec<String>,
}

/// What the `id_token_hint` turned out to be. An expired one is valid (2): people stay away for
/// long before they log out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// None came.
    None,
    /// Not an ID token of ours.
    Invalid,
    /// Signed by us.
    Valid {
        /// Its `aud`.
        client_id: ClientId,
        /// Its `sub`.
        sub: UserId,
        /// Its `sid`.
        sid: Option<Sid>,
    },
}

/// The session of the browser that asks.
#[derive(Clone, Copy, Debug)]
pub struct LiveSession<'a> {
    /// Who is signed in.
    pub sub: &'a UserId,
    /// The `sid` of each participant.
    pub sids: &'a [Sid],
    /// Whether the client that asks takes part in it now.
    pub takes_part: bool,
}

/// What is known when the request is judged.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The verdict on the hint.
    pub hint: &'a Hint,
    /// The client that [`EndSessionRequest::client_to_resolve`] names, if it is registered.
    pub client: Option<&'a Client>,
    /// The live session, if there is one.
    pub session: Option<LiveSession<'a>>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndSessionDecision {
    /// End the session at once: the client has shown that it is its own.
    LogOut {
        /// Then go there.
        return_to: Option<String>,
    },
    /// End this client's part of the session at once, and nothing else: it has shown that the
    /// session is its own, and its requests go no further.
    LogOutClient {
        /// Then go there.
        return_to: Option<String>,
    },
    /// Ask the person first.
    Ask {
        /// Then go there.
        return_to: Option<String>,
        /// Offer to end this client's part alone, too.
        offer_client: bool,
    },
    /// There is no session.
    AlreadyOut {
        /// Go there.
        return_to: Option<String>,
    },
    /// A page that says what is wrong, and never leads back, even after a logout from there.
    Problem {
        /// What is wrong.
        kind: Problem,
        /// A session lives: the page must offer to sign out. The app has dropped its own session
        /// by now, and the person believes to be out.
        offer_sign_out: bool,
        /// As of [`EndSessionDecision::Ask`].
        offer_client: bool,
    },
}

/// What is wrong with a logout request. Its [`Display`](std::fmt::Display) is what the page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A parameter came twice.
    #[error("The app's request to sign out repeats a parameter.")]
    Repeated(&'static str),
    /// Forged, of another issuer, or no ID token.
    #[error("The app's request to sign out has an id_token_hint that was not issued here.")]
    HintInvalid,
    /// `client_id` is not the hint's audience.
    #[error("The app's request to sign out has a client_id that is not the one of its hint.")]
    ClientMismatch,
    /// There is a URI, but no enabled client to whom it could belong.
    #[error("The app that asks to sign out is not known here.")]
    UnknownClient,
    /// Not one of the client's.
    #[error("The app's post_logout_redirect_uri is not registered.")]
    UriNotRegistered,
}

impl EndSessionRequest {
    /// Reads the parameters.
    pub fn from_params(params: &Params) -> Result<Self, Problem> {
        if let Some(name) = params.duplicate() {
            return Err(Problem::Repeated(name));
        }
        let owned = |name| params.get(name).map(str::to_owned);
        let locales = params.get("ui_locales").unwrap_or_default().split(' ');
        Ok(Self {
            id_token_hint: owned("id_token_hint"),
            client_id: owned("client_id"),
            post_logout_redirect_uri: owned("post_logout_redirect_uri"),
            state: owned("state"),
            logout_hint: owned("logout_hint"),
            ui_locales: locales
                .filter(|locale| !locale.is_empty())
                .take(16)
                .map(str::to_owned)
                .collect(),
        })
    }

    /// Which client to look up: the hint's audience, else `client_id`. Some apps send only a hint.
    pub fn client_to_resolve(&self, hint: &Hint) -> Option<ClientId> {
        match hint {
            Hint::Valid { client_id, .. } => Some(client_id.clone()),
            Hint::None | Hint::Invalid => self.client_id.clone().map(ClientId::new),
        }
    }

    /// Judges the request.
    pub fn decide(&self, facts: Facts<'_>) -> EndSessionDecision {
        let offer_client = self.offers_client(facts);
        let return_to = match self.check(facts) {
            Ok(return_to) => return_to,
            Err(kind) => {
                return EndSessionDecision::Problem {
                    kind,
                    offer_sign_out: facts.session.is_some(),
                    // Which of the two clients it would be, nobody can say.
                    offer_client: offer_client && kind != Problem::ClientMismatch,
                };
            }
        };
        let Some(session) = facts.session else {
            return EndSessionDecision::AlreadyOut { return_to };
        };
        if !is_of(facts.hint, session) {
            return EndSessionDecision::Ask {
                return_to,
                offer_client,
            };
        }
        match self.scope(facts) {
            LogoutScope::Sso => EndSessionDecision::LogOut { return_to },
            LogoutScope::Client => EndSessionDecision::LogOutClient { return_to },
            LogoutScope::Ask => EndSessionDecision::Ask {
                return_to,
                offer_client,
            },
        }
    }

    /// The client that asks, if it may.
    fn client<'a>(&self, facts: Facts<'a>) -> Option<&'a Client> {
        let resolved = self.client_to_resolve(facts.hint);
        facts
            .client
            .filter(|client| client.enabled && Some(&client.client_id) == resolved.as_ref())
    }

    fn scope(&self, facts: Facts<'_>) -> LogoutScope {
        self.client(facts)
            .map(|client| client.logout_scope)
            .unwrap_or_default()
    }

    /// Whether the page that asks offers the way out of this client alone: not for one that means
    /// the whole session, nor for one that is not in it.
    fn offers_client(&self, facts: Facts<'_>) -> bool {
        self.scope(facts) != LogoutScope::Sso
            && facts.session.is_some_and(|session| session.takes_part)
    }

    /// Finds what is wrong; else says where to go back to.
    fn check(&self, facts: Facts<'_>) -> Result<Option<String>, Problem> {
        let proven = match facts.hint {
            Hint::Invalid => return Err(Problem::HintInvalid),
            Hint::None => false,
            Hint::Valid { client_id, .. } => {
                if self
                    .client_id
                    .as_deref()
                    .is_some_and(|given| given != client_id.as_str())
                {
                    return Err(Problem::ClientMismatch);
                }
                true
            }
        };
        let Some(uri) = self.post_logout_redirect_uri.as_deref() else {
            return Ok(None);
        };
        let client = self.client(facts).ok_or(Problem::UnknownClient)?;
        if !redirect_uri::matches_post_logout(client, uri) {
            return Err(Problem::UriNotRegistered);
        }
        // Without a hint anyone may have written this request (3): no way back.
        Ok(proven.then(|| self.with_state(uri)))
    }

    fn with_state(&self, uri: &str) -> String {
        let pairs: Vec<_> = self
            .state
            .iter()
            .map(|state| ("state".to_owned(), state.clone()))
            .collect();
        redirect_uri::append_query(uri, &pairs)
    }
}

/// Whether the hint was issued in this very session. The same person's hint from another browser
/// proves nothing about this one.
fn is_of(hint: &Hint, session: LiveSession<'_>) -> bool {
    match hint {
        Hint::Valid {
            sub,
            sid: Some(sid),
            ..
        } => sub == session.sub && session.sids.contains(sid),
        Hint::Valid { sid: None, .. } | Hint::None | Hint::Invalid => false,
    }
}

#[cfg(test)]
mod tests;
