//! The dispatcher of authorization requests: what now? Every page of a sign-in comes back here.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Provider;
use super::browser_state::{Held, Holding};
use super::compact::PartDocument;
use super::document_slots::Undocumented;
use super::documents;
use super::handles::SessionCookie;
use super::interactions::{InteractionCookie, Purpose};
use super::issue::{CODE, Issue, Unissued};
use super::live::{LiveSession, Presented};
use super::request_source::{self, Told};
use super::sectors::without_names;
use super::trouble::Trouble;
use crate::entropy::{ClientId, SessionId, Sid, UserId};
use crate::protocol::authorization_request::{Checked, Refusal, Unchecked};
use crate::protocol::authorization_response::{self, Answer, Target};
use crate::protocol::client::Client;
use crate::protocol::document_url::DocumentUrl;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::params::Params;
use crate::protocol::redirect_uri;
use crate::protocol::untrusted::Untrusted;
use crate::session::consent::{self, ConsentFacts, Standing};
use crate::session::decision::{self, Decision, Demand, Facts, Progress, Refused};
use crate::store::record::LeftPart;

/// An authorization request as it arrived.
#[derive(Debug)]
pub struct AuthorizeInput {
    /// Query or form.
    pub params: Params,
    /// The SSO cookie.
    pub cookie: Option<SessionCookie>,
    /// What the browser holds for the check iframe.
    pub held: Held,
    /// The peer's address.
    pub address: IpAddr,
}

/// What the authorization endpoint answers.
pub enum Authorized {
    /// Back to the app.
    Answer {
        /// The response.
        answer: Answer,
        /// Whose it is, for the page that posts it.
        client_name: String,
        /// What the browser is to hold for the check iframe.
        holding: Holding,
    },
    /// A person is needed: to the sign-in pages, with this cookie.
    Interact(InteractionCookie),
    /// A page: the app or its address can't be trusted with an answer.
    Page(ErrorPage),
}

/// Why nobody may be redirected.
#[derive(Debug)]
pub struct ErrorPage {
    /// The rule that was broken.
    pub problem: Untrusted,
    /// The same in one line, with more where there is more to say.
    pub told: String,
    /// The app, if it is known.
    pub client: Option<Arc<Client>>,
    /// The id that was asked with, if the app is not known and it is the address of a document.
    pub address: Option<ClientId>,
    /// What the log says too.
    pub reference: String,
}

pub(super) const TRIES: usize = 4;
/// How it is known that somebody signed the client out of the session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A join that rests on it finds it, so that nobody else pays for a look.
    FoundByJoin,
    /// It is looked for now.
    LookedFor,
}

/// A request together with the client it is for.
pub(super) struct Asked {
    pub(super) client: Arc<Client>,
    pub(super) request: Checked,
}

impl Asked {
    fn answered(&self, answer: Answer, holding: Holding) -> Authorized {
        Authorized::Answer {
            answer,
            client_name: self.client.client_name.clone(),
            holding,
        }
    }
}

/// What a decision was made of.
pub(super) struct Judged {
    pub(super) decision: Decision,
    pub(super) live: Option<Box<LiveSession>>,
    /// What the person is asked about.
    pub(super) scope: Vec<String>,
    pub(super) consented: Vec<String>,
    /// Whether the person was asked by a page of this interaction.
    pub(super) asked: bool,
    /// How somebody signed the client out of the session, as far as it was looked for.
    pub(super) left: Option<LeftPart>,
}

impl Provider {
    /// The authorization endpoint (Core 1.0, 3.1.2).
    pub async fn authorize(&self, input: AuthorizeInput) -> Result<Authorized, Trouble> {
        let asked = match self.read_request(input.params, input.address).await? {
            Ok(asked) => asked,
            Err(answer) => return Ok(answer),
        };
        let (cookie, held) = (input.cookie.as_ref(), &input.held);
        let mut mark = Mark::FoundByJoin;
        for _ in 0..TRIES {
            let judged = match self
                .judge_request(&asked, cookie, mark, |_| Progress::default())
                .await?
            {
                Ok(judged) => judged,
                Err(error) => {
                    let answer = self.failure(&asked.request, &error);
                    return Ok(asked.answered(answer, Holding::AsItIs));
                }
            };
            match judged.decision {
                Decision::Issue => match self.issue_answer(&asked, &judged, held).await? {
                    Ok((answer, holding)) => return Ok(asked.answered(answer, holding)),
                    Err(Unissued::JudgeAgain) => {}
                    Err(Unissued::AskFirst) => mark = Mark::LookedFor,
                },
                Decision::Refuse(why) => {
                    let live = judged.live.as_deref();
                    let (value, holding) = self.holding(live, cookie, held);
                    let answer = authorization_response::failure(
                        &asked.request.target,
                        &self.settings.issuer,
                        &refused(why),
                        self.session_state(&asked.request, &value).as_deref(),
                    );
                    return Ok(asked.answered(answer, holding));
                }
                _ => return self.interact(asked.request, input.address).await,
            }
        }
        Err(Trouble::contention())
    }

    async fn interact(&self, request: Checked, from: IpAddr) -> Result<Authorized, Trouble> {
        let purpose = Purpose::Authorize(Box::new(request));
        let begun = self.begin_interaction(purpose, from).await?;
        Ok(Authorized::Interact(begun))
    }

    /// Reads and checks a request, in the order that decides who may be redirected.
    async fn read_request(
        &self,
        outside: Params,
        from: IpAddr,
    ) -> Result<Result<Asked, Authorized>, Trouble> {
        let page = |problem, client| Ok(Err(Authorized::Page(self.error_page(problem, client))));
        let id = match Unchecked::new(outside.clone()).client_id() {
            Ok(id) => id,
            Err(problem) => return page(problem, None),
        };
        let strange = |page| {
            let address = DocumentUrl::read(&id).map(|url| url.id().clone());
            Ok(Err(Authorized::Page(ErrorPage { address, ..page })))
        };
        let client = match self.client_now(&id, Some(from)).await? {
            Ok(Some(client)) => client,
            Ok(None) => return strange(self.error_page(Untrusted::UnknownClient, None)),
            Err(why) => return strange(self.undocumented(&why)),
        };
        if !client.enabled {
            return page(Untrusted::DisabledClient, Some(client));
        }
        let (params, origin) = match self.source(&client, &outside).await? {
            Ok(given) => given,
            Err(problem) => match request_source::told(&client, &outside, problem) {
                Told::Client(target, error) => {
                    return Ok(Err(self.refusal(&client, &target, &error)));
                }
                Told::Person(problem) => return page(problem, Some(client)),
            },
        };
        let trusted = match Unchecked::new(params).for_client(&client) {
            Ok(trusted) => trusted,
            Err(problem) => return page(problem, Some(client)),
        };
        match trusted.check(&client, self.house(), origin) {
            Ok(request) => Ok(Ok(Asked { client, request })),
            Err(Refusal { target, error }) => Ok(Err(self.refusal(&client, &target, &error))),
        }
    }

    fn error_page(&self, problem: Untrusted, client: Option<Arc<Client>>) -> ErrorPage {
        let reference = self.new_reference();
        tracing::info!(reference, %problem, "an authorization request can't go on");
        ErrorPage {
            problem,
            told: problem.to_string(),
            client,
            address: None,
            reference,
        }
    }

    /// With what is wrong with the document: its author learns it here or nowhere.
    fn undocumented(&self, why: &Undocumented) -> ErrorPage {
        let problem = match why {
            Undocumented::NotNow | Undocumented::Unread(_) => Untrusted::NoDocument,
            Undocumented::Flawed(_) => Untrusted::BadDocument,
        };
        let page = self.error_page(problem, None);
        match why {
            Undocumented::NotNow => page,
            Undocumented::Unread(words) | Undocumented::Flawed(words) => ErrorPage {
                told: format!("{problem}: {words}"),
                ..page
            },
        }
    }

    fn refusal(&self, client: &Client, target: &Target, error: &ProtocolError) -> Authorized {
        let issuer = &self.settings.issuer;
        Authorized::Answer {
            answer: authorization_response::failure(target, issuer, error, None),
            client_name: client.client_name.clone(),
            holding: Holding::AsItIs,
        }
    }

    /// Gathers the facts and asks the rule.
    pub(super) async fn judge_request(
        &self,
        asked: &Asked,
        cookie: Option<&SessionCookie>,
        mark: Mark,
        progress: impl Fn(Option<SessionId>) -> Progress,
    ) -> Result<Result<Judged, ProtocolError>, Trouble> {
        if asked.client.is_without_names() {
            return Ok(Err(without_names()));
        }
        let hinted = match self.hinted_person(asked).await? {
            Ok(hinted) => hinted,
            Err(error) => return Ok(Err(error)),
        };
        let names = [documents::participant(&asked.client.client_id)];
        let live = match self.presented(cookie, &names).await? {
            Presented::Live(live) => Some(live),
            Presented::Useless | Presented::None => None,
        };
        let scope = asked.request.asked_about();
        let (standing, consented) = match &live {
            Some(live) => self.consent_of(asked, live, &scope).await?,
            None => (Standing::Needed, Vec::new()),
        };
        let demand = demand(&asked.request, hinted.as_ref());
        let mut facts = Facts {
            session: live
                .as_ref()
                .map(|live| (&live.session.user, live.session.auth_time)),
            progress: progress(live.as_ref().map(|live| live.session.id)),
            consent: standing,
            signed_out: false,
            now: self.clock.now(),
        };
        let was_asked = facts.progress.was_asked();
        let mut decision = decision::decide(&demand, &facts);
        let left = match &live {
            Some(live) if decision == Decision::Issue && mark == Mark::LookedFor => {
                self.signed_out(&asked.client, live).await?
            }
            _ => None,
        };
        if left.is_some() {
            facts.signed_out = true;
            decision = decision::decide(&demand, &facts);
        }
        // Issuing notes the activity in its own commit; a page or a refusal is activity too.
        if decision != Decision::Issue
            && let Some(live) = &live
        {
            self.seen(live).await;
        }
        Ok(Ok(Judged {
            decision,
            live,
            scope,
            consented,
            asked: was_asked,
            left,
        }))
    }

    /// How somebody signed a client out of a session, if it has not come back since.
    async fn signed_out(
        &self,
        client: &Client,
        live: &LiveSession,
    ) -> Result<Option<LeftPart>, Trouble> {
        if self.part_of(&client.client_id, live).is_some() {
            return Ok(None);
        }
        let left = self.record.left_part(live.session.id, &client.client_id);
        Ok(left.await?.filter(|left| left.reason.asks_before_return()))
    }

    /// The `sid` of a client that takes part in a session, as the hot state has it.
    pub(super) fn part_of(&self, client: &ClientId, live: &LiveSession) -> Option<Sid> {
        let name = documents::participant(client);
        let found = self.document::<PartDocument>(&live.root(), &name, live.slot(&name));
        found
            .map(|(part, _)| part.sid)
            .filter(|sid| !self.ends.sid_ended(sid))
    }

    /// The person that `id_token_hint` names, or `claims` (Core 1.0, 5.5.1). The signature of a
    /// hint is checked, its expiry is not (Core 1.0, 3.1.2.1).
    pub(super) async fn hinted_person(
        &self,
        asked: &Asked,
    ) -> Result<Result<Option<UserId>, ProtocolError>, Trouble> {
        let invalid = |words| Ok(Err(ProtocolError::new(ErrorCode::InvalidRequest, words)));
        let request = &asked.request;
        let wanted = request.subject.clone().map(UserId::new);
        let wanted = wanted.map(|subject| self.person_called(&asked.client, subject));
        let Some(hint) = &request.id_token_hint else {
            return Ok(Ok(wanted));
        };
        let Some(hint) = self.read_hint(hint).await? else {
            return invalid("id_token_hint is not an ID token of ours");
        };
        if wanted.is_some_and(|wanted| wanted != hint.sub) {
            return invalid("id_token_hint and claims name different people");
        }
        Ok(Ok(Some(hint.sub)))
    }

    async fn consent_of(
        &self,
        asked: &Asked,
        live: &LiveSession,
        scope: &[String],
    ) -> Result<(Standing, Vec<String>), Trouble> {
        let client = &asked.client;
        let name = documents::participant(&client.client_id);
        let mut facts = ConsentFacts {
            first_party: client.first_party,
            impersonable: client.is_public()
                && redirect_uri::impersonable(&asked.request.target.redirect_uri),
            remembered: None,
            requested: scope,
        };
        if consent::standing(facts) == Standing::Settled {
            return Ok((Standing::Settled, Vec::new()));
        }
        let participant = self
            .document::<PartDocument>(&live.root(), &name, live.slot(&name))
            .map(|(participant, _)| participant.consented);
        facts.remembered = participant.as_deref();
        if consent::standing(facts) == Standing::Settled {
            return Ok((Standing::Settled, participant.unwrap_or_default()));
        }
        let row = self
            .record
            .consent(&live.session.user, &client.client_id)
            .await?;
        let remembered = row.map(|consent| consent.scopes).unwrap_or_default();
        facts.remembered = Some(&remembered);
        Ok((consent::standing(facts), remembered))
    }

    /// Issues, if what was judged still holds by then.
    pub(super) async fn issue_answer(
        &self,
        asked: &Asked,
        judged: &Judged,
        held: &Held,
    ) -> Result<Result<(Answer, Holding), Unissued>, Trouble> {
        let Some(live) = &judged.live else {
            return Ok(Err(Unissued::JudgeAgain));
        };
        let issue = Issue {
            client: &asked.client,
            request: &asked.request,
            scope: asked.request.scope.as_slice(),
            consented: &judged.consented,
            asked: judged.asked,
            code_until: self.clock.now() + CODE,
        };
        let issued = match self.issue(live, &issue).await? {
            Ok(issued) => issued,
            Err(unissued) => return Ok(Err(unissued)),
        };
        let kind = asked.request.response_type;
        let brought = self.brought(&asked.client, live, kind, issued)?;
        let (value, holding) = self.holding(Some(live.as_ref()), None, held);
        let answer = authorization_response::success(
            &asked.request.target,
            &self.settings.issuer,
            brought,
            self.session_state(&asked.request, &value).as_deref(),
        );
        Ok(Ok((answer, holding)))
    }

    pub(super) fn failure(&self, request: &Checked, error: &ProtocolError) -> Answer {
        authorization_response::failure(&request.target, &self.settings.issuer, error, None)
    }
}

fn demand<'a>(request: &Checked, hinted: Option<&'a UserId>) -> Demand<'a> {
    let prompt = &request.prompt;
    Demand {
        silent: prompt.none(),
        login: prompt.login(),
        consent: prompt.consent(),
        select_account: prompt.select_account(),
        max_age: request.max_age.map(Duration::from_secs),
        hinted,
    }
}

pub(super) fn refused(why: Refused) -> ProtocolError {
    match why {
        Refused::LoginRequired => {
            ProtocolError::new(ErrorCode::LoginRequired, "the person must sign in")
        }
        Refused::ConsentRequired => ProtocolError::new(
            ErrorCode::ConsentRequired,
            "the person must give permission",
        ),
        Refused::InteractionRequired => {
            ProtocolError::new(ErrorCode::InteractionRequired, "the person must be asked")
        }
    }
}
