//! The `end_session` endpoint (RP-Initiated Logout 1.0): who asks, what the rule says, and then
//! `sessions::end`.

use std::sync::Arc;

use url::Url;

use super::Provider;
use super::documents;
use super::handles::SessionCookie;
use super::live::{LiveSession, Presented};
use super::trouble::Trouble;
use crate::entropy::{ClientId, SessionId, Sid};
use crate::protocol::client::Client;
use crate::protocol::end_session::{
    EndSessionDecision, EndSessionRequest, Facts, Hint, LiveSession as Session, Problem,
};
use crate::protocol::id_token;
use crate::protocol::params::Params;
use crate::session::ending::{Actor, Reason, Selection, Verb};
use crate::store::seal::Purpose;

/// A logout request as it arrived.
#[derive(Debug)]
pub struct EndSessionInput {
    /// Query or form.
    pub params: Params,
    /// The SSO cookie.
    pub cookie: Option<SessionCookie>,
}

/// What the endpoint does next.
#[derive(Debug)]
pub enum EndSessionStep {
    /// Signed out: receipts, frames to load, and where to go on.
    Done(SignedOut),
    /// The person is asked.
    Ask(LogoutQuestion),
}

/// A finished logout.
#[derive(Debug, Default)]
pub struct SignedOut {
    /// The value of the view cookie, which opens the receipts page; absent if nobody was signed in.
    pub receipts: Option<String>,
    /// Front-channel logout URIs, with `iss` and `sid`.
    pub frames: Vec<String>,
    /// `post_logout_redirect_uri` with its state, if it may be used.
    pub return_to: Option<String>,
    /// The app that asked.
    pub client_name: Option<String>,
    /// Why nobody is sent back, if the request asked for it in vain.
    pub problem: Option<Problem>,
    /// Only one app was signed out: the session goes on, and so does its cookie.
    pub app_alone: bool,
}

/// "Sign out?"
#[derive(Debug)]
pub struct LogoutQuestion {
    /// Who is signed in.
    pub person: String,
    /// The apps in the session.
    pub apps: Vec<String>,
    /// For the form.
    pub csrf: String,
    /// Sealed: where to go afterwards.
    pub return_to: Option<String>,
    /// What is wrong with the request, if something is.
    pub problem: Option<Problem>,
    /// The app that may be signed out alone, and its name.
    pub app_alone: Option<(ClientId, String)>,
}

/// What the person chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutChoice {
    /// To be signed out of the whole session.
    Everything,
    /// Of this app alone.
    App(ClientId),
}

impl Provider {
    /// RP-Initiated Logout 1.0, 2.
    pub async fn end_session(&self, input: EndSessionInput) -> Result<EndSessionStep, Trouble> {
        let request = EndSessionRequest::from_params(&input.params);
        let request = match request {
            Ok(request) => request,
            Err(problem) => return self.refuse(problem, input.cookie.as_ref()).await,
        };
        let hint = self.judge_hint(request.id_token_hint.as_deref()).await?;
        let named = request.client_to_resolve(&hint);
        let parts: Vec<_> = named.iter().map(documents::participant).collect();
        let client = match &named {
            Some(id) => self.enabled_client(id).await?,
            None => None,
        };
        let live = match self.presented(input.cookie.as_ref(), &parts).await? {
            Presented::Live(live) => Some(*live),
            Presented::Useless | Presented::None => None,
        };
        let hinted = match &live {
            Some(live) => self.hinted_sid(&hint, live).await?,
            None => Vec::new(),
        };
        let session = live.as_ref().map(|live| Session {
            sub: &live.session.user,
            sids: &hinted,
            takes_part: named
                .as_ref()
                .is_some_and(|client| self.part_of(client, live).is_some()),
        });
        let facts = Facts {
            hint: &hint,
            client: client.as_deref(),
            session,
        };
        let decision = request.decide(facts);
        self.act(decision, client, live).await
    }

    async fn judge_hint(&self, hint: Option<&str>) -> Result<Hint, Trouble> {
        let read = match hint {
            Some(hint) => Some(self.read_hint(hint).await?),
            None => None,
        };
        Ok(match read {
            None => Hint::None,
            Some(None) => Hint::Invalid,
            Some(Some(hint)) => Hint::Valid {
                client_id: hint.client_id,
                sub: hint.sub,
                sid: hint.sid,
            },
        })
    }

    async fn refuse(
        &self,
        problem: Problem,
        cookie: Option<&SessionCookie>,
    ) -> Result<EndSessionStep, Trouble> {
        match self.presented(cookie, &[]).await? {
            Presented::Live(live) => Ok(EndSessionStep::Ask(
                self.question(&live, None, Some(problem), None).await?,
            )),
            Presented::Useless | Presented::None => Ok(EndSessionStep::Done(SignedOut {
                problem: Some(problem),
                ..SignedOut::default()
            })),
        }
    }

    async fn act(
        &self,
        decision: EndSessionDecision,
        client: Option<Arc<Client>>,
        live: Option<LiveSession>,
    ) -> Result<EndSessionStep, Trouble> {
        let client_name = client.as_ref().map(|client| client.client_name.clone());
        let (return_to, problem, alone) = match decision {
            EndSessionDecision::LogOut { return_to } => {
                if let (Some(live), Some(client)) = (&live, &client) {
                    let actor = Actor::Client(client.client_id.clone());
                    let done = self.sign_out(live.session.id, Reason::Client, &actor);
                    return Ok(EndSessionStep::Done(SignedOut {
                        return_to,
                        client_name,
                        ..done.await?
                    }));
                }
                (return_to, None, false)
            }
            EndSessionDecision::LogOutClient { return_to } => {
                if let (Some(live), Some(client)) = (&live, &client) {
                    let actor = Actor::Client(client.client_id.clone());
                    let part = (live.session.id, &client.client_id);
                    let done = self.sign_out_app(part, Reason::Client, &actor);
                    return Ok(EndSessionStep::Done(SignedOut {
                        return_to,
                        client_name,
                        ..done.await?
                    }));
                }
                (return_to, None, false)
            }
            EndSessionDecision::Ask {
                return_to,
                offer_client,
            } => (return_to, None, offer_client),
            EndSessionDecision::AlreadyOut { return_to } => (return_to, None, false),
            EndSessionDecision::Problem {
                kind, offer_client, ..
            } => (None, Some(kind), offer_client),
        };
        let alone = client.filter(|_| alone);
        Ok(match live {
            Some(live) => {
                EndSessionStep::Ask(self.question(&live, return_to, problem, alone).await?)
            }
            None => EndSessionStep::Done(SignedOut {
                return_to,
                client_name,
                problem,
                ..SignedOut::default()
            }),
        })
    }

    async fn question(
        &self,
        live: &LiveSession,
        return_to: Option<String>,
        problem: Option<Problem>,
        alone: Option<Arc<Client>>,
    ) -> Result<LogoutQuestion, Trouble> {
        self.seen(live).await;
        let snapshot = self.record.load_session(live.session.id).await?;
        let mut apps = Vec::new();
        for participant in snapshot
            .map(|snapshot| snapshot.participants)
            .unwrap_or_default()
        {
            if let Some(client) = self.client(&participant.client).await? {
                apps.push(client.client_name.clone());
            }
        }
        Ok(LogoutQuestion {
            person: live.person.display_name().to_owned(),
            apps,
            csrf: self.session_token(live.session.id),
            return_to: return_to.map(|url| {
                self.sealer
                    .seal_text(Purpose::Handle, b"return", url.as_bytes(), &self.entropy)
            }),
            problem,
            app_alone: alone.map(|client| (client.client_id.clone(), client.client_name.clone())),
        })
    }

    /// The person confirms. None: the form was not made for their session.
    pub async fn confirm_logout(
        &self,
        cookie: Option<&SessionCookie>,
        csrf: &str,
        return_to: Option<&str>,
        choice: &LogoutChoice,
    ) -> Result<Option<SignedOut>, Trouble> {
        let return_to = self.open_return(return_to);
        let Presented::Live(live) = self.presented(cookie, &[]).await? else {
            return Ok(Some(SignedOut {
                return_to,
                ..SignedOut::default()
            }));
        };
        if !self.session_token_matches(live.session.id, csrf) {
            return Ok(None);
        }
        let actor = Actor::Person(live.session.user.clone());
        let id = live.session.id;
        let done = match choice {
            LogoutChoice::Everything => self.sign_out(id, Reason::User, &actor).await?,
            LogoutChoice::App(client) => {
                self.sign_out_app((id, client), Reason::User, &actor)
                    .await?
            }
        };
        Ok(Some(SignedOut { return_to, ..done }))
    }

    /// Where a sealed `return_to` leads.
    pub fn open_return(&self, sealed: Option<&str>) -> Option<String> {
        let bytes = self.sealer.open_text(Purpose::Handle, b"return", sealed?)?;
        String::from_utf8(bytes).ok()
    }

    /// Ends a session for the browser that holds it: frames of front-channel apps, and the right
    /// to see the receipts.
    pub(super) async fn sign_out(
        &self,
        id: SessionId,
        reason: Reason,
        actor: &Actor,
    ) -> Result<SignedOut, Trouble> {
        self.end(&Selection::Session(id), reason, actor).await?;
        // Asked after the end: an app that joined at the last moment needs its frame too.
        let snapshot = self.record.load_session(id).await?;
        let ended = snapshot.and_then(|snapshot| snapshot.ended.map(|(at, _)| at));
        let mut frames = Vec::new();
        for part in self.record.participants_of(id).await? {
            if part.ended != ended {
                continue;
            }
            let part = part.participant;
            let client = self.client(&part.client).await?;
            let uri = client.and_then(|client| client.frontchannel_logout_uri.clone());
            frames.extend(uri.and_then(|uri| frame(&uri, &self.settings.issuer, &part.sid)));
        }
        Ok(SignedOut {
            receipts: Some(self.seal_view(id, None)),
            frames,
            ..SignedOut::default()
        })
    }

    /// Ends one client's part of a session: its frame, if it has one, and the right to see its
    /// receipt. The session goes on, and so does what the client holds beyond it.
    pub(super) async fn sign_out_app(
        &self,
        (id, client): (SessionId, &ClientId),
        reason: Reason,
        actor: &Actor,
    ) -> Result<SignedOut, Trouble> {
        let selection = Selection::ClientInSession(id, client.clone());
        self.end_as(&selection, reason, Verb::Logout, actor).await?;
        let parts = self.record.participants_of(id).await?.into_iter();
        let ended = parts.filter(|part| part.participant.client == *client && part.ended.is_some());
        let last = ended.max_by_key(|part| part.ended);
        let registered = self.client(client).await?;
        let uri = registered.and_then(|client| client.frontchannel_logout_uri.clone());
        let frame = last
            .as_ref()
            .zip(uri)
            .and_then(|(part, uri)| frame(&uri, &self.settings.issuer, &part.participant.sid));
        Ok(SignedOut {
            receipts: last.map(|part| self.seal_view(id, Some(&part.participant.sid))),
            frames: frame.into_iter().collect(),
            app_alone: true,
            ..SignedOut::default()
        })
    }

    /// An ID token of ours, signature checked, expiry not. Its `sub` is the person's own id, by
    /// whatever name the client knows them.
    pub(super) async fn read_hint(&self, hint: &str) -> Result<Option<id_token::Hint>, Trouble> {
        let claims = self.keys.held().set().verify(hint, id_token::EXPECT);
        let issuer = &self.settings.issuer;
        let hint = claims
            .ok()
            .map(|claims| id_token::Hint::from_claims(&claims, issuer));
        let Some(Ok(mut hint)) = hint else {
            return Ok(None);
        };
        if let Some(client) = self.client(&hint.client_id).await? {
            hint.sub = self.person_behind(&client, hint.sub);
        }
        Ok(Some(hint))
    }

    /// The hint's `sid`, if it is one of this very session: an old hint of the same person must
    /// not end another session of theirs without their being asked.
    async fn hinted_sid(&self, hint: &Hint, live: &LiveSession) -> Result<Vec<Sid>, Trouble> {
        let Hint::Valid {
            client_id,
            sid: Some(sid),
            ..
        } = hint
        else {
            return Ok(Vec::new());
        };
        if self.part_of(client_id, live).as_ref() == Some(sid) {
            return Ok(vec![sid.clone()]);
        }
        let known = self.record.session_of_sid(sid).await?;
        let of_session = known.is_some_and(|(session, _, _)| session == live.session.id);
        Ok(if of_session {
            vec![sid.clone()]
        } else {
            Vec::new()
        })
    }
}

/// Front-Channel Logout 1.0, 2: `iss` and `sid` always, as that works without any cookie.
fn frame(uri: &str, issuer: &str, sid: &Sid) -> Option<String> {
    let mut url = Url::parse(uri).ok()?;
    url.query_pairs_mut()
        .append_pair("iss", issuer)
        .append_pair("sid", sid.as_str());
    Some(url.into())
}
