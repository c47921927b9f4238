//! The dispatcher of authorization requests: what now? Every page of a sign-in comes back here.

use std::sync::Arc;
use std::time::Duration;

use super::Provider;
use super::documents;
use super::handles::{SessionCookie, StoredRequest};
use super::interactions::{InteractionCookie, Open, PageDue, Purpose, Waiting};
use super::issue::Issue;
use super::live::{LiveSession, Presented};
use super::trouble::Trouble;
use crate::entropy::{ClientId, Root, UserId};
use crate::protocol::authorization_request::{Checked, Refusal, Unchecked};
use crate::protocol::authorization_response::{self, Answer};
use crate::protocol::client::{Client, GrantType};
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::params::Params;
use crate::protocol::redirect_uri;
use crate::protocol::untrusted::Untrusted;
use crate::session::consent::{self, ConsentFacts, Standing};
use crate::session::decision::{self, Decision, Demand, Facts, Progress, Refused};
use crate::store::hot::{Check, Outcome};

/// An authorization request as it arrived.
#[derive(Debug)]
pub struct AuthorizeInput {
    /// Query or form.
    pub params: Params,
    /// The SSO cookie.
    pub cookie: Option<SessionCookie>,
}

/// What the authorization endpoint answers.
pub enum Authorized {
    /// Back to the app.
    Answer {
        /// The response.
        answer: Answer,
        /// Whose it is, for the page that posts it.
        client_name: String,
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
    /// The app, if it is known.
    pub client: Option<Arc<Client>>,
    /// What the log says too.
    pub reference: String,
}

/// What a page of a sign-in leads to.
pub enum Step {
    /// Back to the app; the interaction is over.
    Answer {
        /// The response.
        answer: Answer,
        /// Whose it is, for the page that posts it.
        client_name: String,
    },
    /// A page waits.
    Page(Box<Waiting>),
    /// To the person's account page; the interaction is over.
    Account,
    /// The interaction is over already.
    Gone,
}

const TRIES: usize = 4;
/// How long a request that came by POST waits for the browser that was sent back with it.
const STORED: Duration = Duration::from_mins(2);

/// What became of an attempt to issue.
enum Issued {
    Answer(Answer),
    /// Something that the decision rests on changed meanwhile.
    JudgeAgain,
}

/// A request together with the client it is for.
struct Asked {
    client: Arc<Client>,
    request: Checked,
}

impl Asked {
    fn answered(&self, answer: Answer) -> Authorized {
        Authorized::Answer {
            answer,
            client_name: self.client.client_name.clone(),
        }
    }

    fn step(&self, answer: Answer) -> Step {
        Step::Answer {
            answer,
            client_name: self.client.client_name.clone(),
        }
    }
}

/// What a decision was made of.
struct Judged {
    decision: Decision,
    live: Option<Box<LiveSession>>,
    scope: Vec<String>,
    consented: Vec<String>,
}

impl Provider {
    /// The authorization endpoint (Core 1.0, 3.1.2).
    pub async fn authorize(&self, input: AuthorizeInput) -> Result<Authorized, Trouble> {
        let asked = match self.read_request(input.params).await? {
            Ok(asked) => asked,
            Err(answer) => return Ok(answer),
        };
        let cookie = input.cookie.as_ref();
        for _ in 0..TRIES {
            let judged = match self
                .judge_request(&asked, cookie, |_| Progress::default())
                .await?
            {
                Ok(judged) => judged,
                Err(error) => return Ok(asked.answered(self.failure(&asked.request, &error))),
            };
            match judged.decision {
                Decision::Issue => match self.issue_answer(&asked, &judged).await? {
                    Issued::Answer(answer) => return Ok(asked.answered(answer)),
                    Issued::JudgeAgain => {}
                },
                Decision::Refuse(why) => {
                    let answer = self.failure(&asked.request, &refused(why));
                    return Ok(asked.answered(answer));
                }
                _ => return self.interact(asked.request).await,
            }
        }
        Err(Trouble::contention())
    }

    async fn interact(&self, request: Checked) -> Result<Authorized, Trouble> {
        let purpose = Purpose::Authorize(Box::new(request));
        Ok(Authorized::Interact(self.begin_interaction(purpose).await?))
    }

    /// Reads and checks a request, in the order that decides who may be redirected.
    async fn read_request(&self, params: Params) -> Result<Result<Asked, Authorized>, Trouble> {
        let page = |problem: Untrusted, client| {
            let reference = self.new_reference();
            tracing::info!(reference, %problem, "an authorization request can't go on");
            Ok(Err(Authorized::Page(ErrorPage {
                problem,
                client,
                reference,
            })))
        };
        let unchecked = Unchecked::new(params);
        let id = match unchecked.client_id() {
            Ok(id) => id,
            Err(problem) => return page(problem, None),
        };
        let Some(client) = self.client(&id).await? else {
            return page(Untrusted::UnknownClient, None);
        };
        let trusted = match unchecked.for_client(&client) {
            Ok(trusted) => trusted,
            Err(problem) => return page(problem, Some(client)),
        };
        match trusted.check(&client) {
            Ok(request) => Ok(Ok(Asked { client, request })),
            Err(Refusal { target, error }) => {
                let issuer = &self.settings.issuer;
                let answer = authorization_response::failure(&target, issuer, &error);
                let client_name = client.client_name.clone();
                Ok(Err(Authorized::Answer {
                    answer,
                    client_name,
                }))
            }
        }
    }

    /// Gathers the facts and asks the rule.
    async fn judge_request(
        &self,
        asked: &Asked,
        cookie: Option<&SessionCookie>,
        progress: impl Fn(Option<crate::entropy::SessionId>) -> Progress,
    ) -> Result<Result<Judged, ProtocolError>, Trouble> {
        let hinted = match self.hinted_person(asked) {
            Ok(hinted) => hinted,
            Err(error) => return Ok(Err(error)),
        };
        let names = [documents::participant(&asked.client.client_id)];
        let live = match self.presented(cookie, &names).await? {
            Presented::Live(live) => Some(live),
            Presented::Useless | Presented::None => None,
        };
        let scope = granted_scope(asked);
        let (standing, consented) = match &live {
            Some(live) => self.consent_of(asked, live, &scope).await?,
            None => (Standing::Needed, Vec::new()),
        };
        let prompt = &asked.request.prompt;
        let max_age = asked.request.max_age.or(asked.client.default_max_age);
        let demand = Demand {
            silent: prompt.none(),
            login: prompt.login(),
            consent: prompt.consent(),
            select_account: prompt.select_account(),
            max_age: max_age.map(Duration::from_secs),
            hinted: hinted.as_ref(),
        };
        let facts = Facts {
            session: live
                .as_ref()
                .map(|live| (&live.session.user, live.session.auth_time)),
            progress: progress(live.as_ref().map(|live| live.session.id)),
            consent: standing,
            now: self.clock.now(),
        };
        let decision = decision::decide(&demand, &facts);
        // Issuing notes the activity in its own commit; a page or a refusal is activity too.
        if decision != Decision::Issue
            && let Some(live) = &live
        {
            self.seen(live).await?;
        }
        Ok(Ok(Judged {
            decision,
            live,
            scope,
            consented,
        }))
    }

    /// The person that `id_token_hint` names. Its signature is checked, its expiry is not
    /// (Core 1.0, 3.1.2.1).
    fn hinted_person(&self, asked: &Asked) -> Result<Option<UserId>, ProtocolError> {
        let Some(hint) = &asked.request.id_token_hint else {
            return Ok(None);
        };
        self.read_hint(hint)
            .map(|hint| Some(hint.sub))
            .ok_or_else(|| {
                ProtocolError::new(
                    ErrorCode::InvalidRequest,
                    "id_token_hint is not an ID token of ours",
                )
            })
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
            .document::<crate::session::participant::Participant>(
                &live.root(),
                &name,
                live.slot(&name),
            )
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
    async fn issue_answer(&self, asked: &Asked, judged: &Judged) -> Result<Issued, Trouble> {
        let Some(live) = &judged.live else {
            return Ok(Issued::JudgeAgain);
        };
        let issue = Issue {
            client: &asked.client,
            request: &asked.request,
            scope: &judged.scope,
            consented: &judged.consented,
        };
        let Some(code) = self.issue_code(live, &issue).await? else {
            return Ok(Issued::JudgeAgain);
        };
        let issuer = &self.settings.issuer;
        let answer = authorization_response::success(&asked.request.target, issuer, &code);
        Ok(Issued::Answer(answer))
    }

    fn failure(&self, request: &Checked, error: &ProtocolError) -> Answer {
        authorization_response::failure(&request.target, &self.settings.issuer, error)
    }

    /// What an open interaction needs now; finishes it when nothing is left to do.
    pub async fn step(&self, open: &Open, cookie: Option<&SessionCookie>) -> Result<Step, Trouble> {
        let request = match &open.document.purpose {
            Purpose::Authorize(request) => (**request).clone(),
            Purpose::Account => return self.account_step(open, cookie).await,
        };
        let Some(asked) = self.still_registered(request).await? else {
            return Ok(Step::Gone);
        };
        let mut finished = false;
        for _ in 0..TRIES {
            let progress = |session| open.document.progress(session);
            let judged = match self.judge_request(&asked, cookie, progress).await? {
                Ok(judged) => judged,
                Err(error) => return self.finish(open, &asked, &error).await,
            };
            match judged.decision {
                Decision::Issue => {
                    // Used up before anything is issued: two tabs never get two codes.
                    if !finished && !self.finish_interaction(open).await? {
                        return Ok(Step::Gone);
                    }
                    finished = true;
                    if let Issued::Answer(answer) = self.issue_answer(&asked, &judged).await? {
                        return Ok(asked.step(answer));
                    }
                }
                _ if finished => return Ok(Step::Gone),
                Decision::Refuse(why) => return self.finish(open, &asked, &refused(why)).await,
                decision => return self.wait(open, &asked, &judged, decision, cookie).await,
            }
        }
        Err(Trouble::contention())
    }

    /// The client and its redirect URI as they are registered by now: an hour may have passed.
    async fn still_registered(&self, request: Checked) -> Result<Option<Asked>, Trouble> {
        let client = self.enabled_client(&request.client_id).await?;
        Ok(client
            .filter(|client| redirect_uri::matches(client, &request.target.redirect_uri))
            .map(|client| Asked { client, request }))
    }

    async fn wait(
        &self,
        open: &Open,
        asked: &Asked,
        judged: &Judged,
        decision: Decision,
        cookie: Option<&SessionCookie>,
    ) -> Result<Step, Trouble> {
        let Some(due) = page_due(decision, judged) else {
            return Ok(Step::Gone);
        };
        let asked_in = match &due {
            PageDue::SignIn | PageDue::Reauthenticate(_) => None,
            PageDue::ChooseAccount(_) | PageDue::Consent { .. } => {
                judged.live.as_ref().map(|live| live.session.id)
            }
        };
        let ended = match &judged.live {
            Some(live) => {
                self.seen(live).await?;
                None
            }
            None => self.ended_session(cookie).await?,
        };
        Ok(Step::Page(Box::new(Waiting {
            due,
            client: Some(Arc::clone(&asked.client)),
            csrf: self.interaction_token(&open.handle, asked_in),
            login_hint: asked.request.login_hint.clone(),
            redirect_uri: Some(asked.request.target.redirect_uri.clone()),
            ended,
        })))
    }

    async fn finish(
        &self,
        open: &Open,
        asked: &Asked,
        error: &ProtocolError,
    ) -> Result<Step, Trouble> {
        if !self.finish_interaction(open).await? {
            return Ok(Step::Gone);
        }
        Ok(asked.step(self.failure(&asked.request, error)))
    }

    async fn account_step(
        &self,
        open: &Open,
        cookie: Option<&SessionCookie>,
    ) -> Result<Step, Trouble> {
        if let Presented::Live(_) = self.presented(cookie, &[]).await? {
            self.finish_interaction(open).await?;
            return Ok(Step::Account);
        }
        Ok(Step::Page(Box::new(Waiting {
            due: PageDue::SignIn,
            client: None,
            csrf: self.interaction_token(&open.handle, None),
            login_hint: None,
            redirect_uri: None,
            ended: self.ended_session(cookie).await?,
        })))
    }

    /// The person cancels: back to the app with `access_denied` (RFC 6749, 4.1.2.1).
    pub async fn cancel(&self, open: &Open) -> Result<Step, Trouble> {
        let Purpose::Authorize(request) = open.document.purpose.clone() else {
            return Ok(Step::Gone);
        };
        let Some(client) = self.client(&request.client_id).await? else {
            return Ok(Step::Gone);
        };
        let asked = Asked {
            client,
            request: *request,
        };
        let error = ProtocolError::new(ErrorCode::AccessDenied, "the person did not go on");
        self.finish(open, &asked, &error).await
    }

    /// The person keeps the account they are signed in with, or takes another.
    pub async fn choose_account(
        &self,
        open: &mut Open,
        cookie: Option<&SessionCookie>,
        keep: bool,
    ) -> Result<Step, Trouble> {
        if let Presented::Live(live) = self.presented(cookie, &[]).await? {
            let session = Some(live.session.id);
            self.save_step(open, |document| {
                if keep {
                    document.chosen = session;
                } else {
                    // Also when they signed in a moment ago, as the wrong person.
                    document.switching = session;
                    document.signed_in = None;
                }
            })
            .await?;
        }
        self.step(open, cookie).await
    }

    /// The person allows the app what it asks for. Only a person who would be asked now can have
    /// answered: a page from before, or of somebody else, decides nothing.
    pub async fn allow(
        &self,
        open: &mut Open,
        cookie: Option<&SessionCookie>,
    ) -> Result<Step, Trouble> {
        let Purpose::Authorize(request) = open.document.purpose.clone() else {
            return Ok(Step::Gone);
        };
        let Some(asked) = self.still_registered(*request).await? else {
            return Ok(Step::Gone);
        };
        let progress = |session| open.document.progress(session);
        if let Ok(judged) = self.judge_request(&asked, cookie, progress).await?
            && let (Decision::Consent, Some(live)) = (judged.decision, &judged.live)
        {
            let (user, client) = (&live.session.user, &asked.client.client_id);
            self.record
                .save_consent(user, client, &judged.scope, self.clock.now())
                .await?;
            let session = live.session.id;
            self.save_step(open, |document| document.consented = Some(session))
                .await?;
        }
        self.step(open, cookie).await
    }

    /// Keeps a request that came by POST without the Lax cookie, until the browser comes back
    /// with it by a GET of ours. Nothing is decided before.
    pub async fn store_request(&self, params: &Params) -> Result<StoredRequest, Trouble> {
        let root = Root::random(&self.entropy);
        let name = documents::stored_request();
        let expires = self.clock.now() + STORED;
        let put = self.put(&root, name.clone(), params, expires);
        match self
            .commit_waiting(&root, vec![Check::Absent(name)], vec![put])
            .await?
        {
            Outcome::Committed => Ok(StoredRequest(root)),
            Outcome::Conflict => Err(Trouble::contention()),
        }
    }

    /// A stored request.
    pub async fn stored_request(&self, stored: &StoredRequest) -> Result<Option<Params>, Trouble> {
        let name = documents::stored_request();
        let slots = self
            .waiting
            .read(&stored.0, std::slice::from_ref(&name))
            .await?;
        Ok(self
            .document(&stored.0, &name, slots.first())
            .map(|(params, _)| params))
    }

    /// An enabled client, for endpoints that name it.
    pub(super) async fn enabled_client(
        &self,
        id: &ClientId,
    ) -> Result<Option<Arc<Client>>, Trouble> {
        Ok(self.client(id).await?.filter(|client| client.enabled))
    }
}

/// What the client gets of what it asked for: `offline_access` means nothing without refresh
/// tokens (Core 1.0, 11).
fn granted_scope(asked: &Asked) -> Vec<String> {
    let refreshes = asked.client.may_use(GrantType::RefreshToken);
    asked
        .request
        .scope
        .iter()
        .filter(|scope| refreshes || *scope != "offline_access")
        .map(ToOwned::to_owned)
        .collect()
}

fn page_due(decision: Decision, judged: &Judged) -> Option<PageDue> {
    let person = judged.live.as_ref().map(|live| Arc::clone(&live.person));
    match decision {
        Decision::SignIn => Some(PageDue::SignIn),
        Decision::Reauthenticate => person.map(PageDue::Reauthenticate),
        Decision::ChooseAccount => person.map(PageDue::ChooseAccount),
        Decision::Consent => person.map(|person| PageDue::Consent {
            person,
            scope: judged.scope.clone(),
        }),
        Decision::Issue | Decision::Refuse(_) => None,
    }
}

fn refused(why: Refused) -> ProtocolError {
    match why {
        Refused::LoginRequired => {
            ProtocolError::new(ErrorCode::LoginRequired, "the person must sign in")
        }
        Refused::ConsentRequired => ProtocolError::new(
            ErrorCode::ConsentRequired,
            "the person must give permission",
        ),
        Refused::InteractionRequired => {
            ProtocolError::new(ErrorCode::InteractionRequired, "the person must choose")
        }
    }
}
