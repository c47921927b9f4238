//! The pages of a sign-in, step by step: each comes back here, and the rule is asked again.

use std::sync::Arc;

use super::Provider;
use super::authorize::{Asked, Judged, Mark, TRIES, refused};
use super::browser_state::{Held, Holding};
use super::handles::SessionCookie;
use super::interactions::{Open, OwnPage, PageDue, Purpose, Waiting};
use super::live::Presented;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::SessionId;
use crate::protocol::authorization_request::Checked;
use crate::protocol::authorization_response::Answer;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::redirect_uri;
use crate::session::decision::Decision;

/// What a page of a sign-in leads to.
pub enum Step {
    /// Back to the app; the interaction is over.
    Answer {
        /// The response.
        answer: Answer,
        /// Whose it is, for the page that posts it.
        client_name: String,
        /// What the browser is to hold for the check iframe.
        holding: Holding,
    },
    /// A page waits.
    Page(Box<Waiting>),
    /// Back to a page of ours; the interaction is over.
    Own(OwnPage),
    /// The interaction is over already.
    Gone,
}

impl Asked {
    fn step(&self, answer: Answer, holding: Holding) -> Step {
        Step::Answer {
            answer,
            client_name: self.client.client_name.clone(),
            holding,
        }
    }
}

impl Provider {
    /// What an open interaction needs now; finishes it when nothing is left to do.
    pub async fn step(&self, open: &Open, cookie: Option<&SessionCookie>) -> Result<Step, Trouble> {
        let request = match &open.document.purpose {
            Purpose::Authorize(request) => (**request).clone(),
            Purpose::Own {
                page,
                proof_since,
                instead_of,
            } => {
                let step = self.own_step(open, page, *proof_since, *instead_of, cookie);
                return step.await;
            }
        };
        let Some(asked) = self.still_registered(request).await? else {
            return Ok(Step::Gone);
        };
        let mut finished = false;
        for _ in 0..TRIES {
            let progress = |session| open.document.progress(session);
            let judged = self.judge_request(&asked, cookie, Mark::LookedFor, progress);
            let judged = match judged.await? {
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
                    let held = Held::default();
                    let issued = self.issue_answer(&asked, &judged, &held).await?;
                    if let Ok((answer, holding)) = issued {
                        return Ok(asked.step(answer, holding));
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
        let client = match self.client_now(&request.client_id, None).await? {
            Ok(client) => client,
            // The person may go on once it can be read again, and not once it is wrong.
            Err(why) => why.flaw().map(|_| None)?,
        };
        Ok(client
            .filter(|client| client.enabled)
            .filter(|client| redirect_uri::matches(client, &request.target.redirect_uri))
            .map(|client| Asked { client, request }))
    }

    /// What an answered page asked about, judged anew for whoever answers; none if it is over.
    async fn judged_again(
        &self,
        open: &Open,
        cookie: Option<&SessionCookie>,
    ) -> Result<Option<(Asked, Result<Judged, ProtocolError>)>, Trouble> {
        let Purpose::Authorize(request) = open.document.purpose.clone() else {
            return Ok(None);
        };
        let Some(asked) = self.still_registered(*request).await? else {
            return Ok(None);
        };
        let progress = |session| open.document.progress(session);
        let judged = self.judge_request(&asked, cookie, Mark::LookedFor, progress);
        let judged = judged.await?;
        Ok(Some((asked, judged)))
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
        let due = self.or_new_password(open, due).await?;
        let asked_in = match &due {
            PageDue::SignIn | PageDue::Reauthenticate(_) | PageDue::NewPassword(_) => None,
            PageDue::ChooseAccount(_) | PageDue::Consent { .. } | PageDue::Resume { .. } => {
                judged.live.as_ref().map(|live| live.session.id)
            }
        };
        let ended = match &judged.live {
            Some(_) => None,
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
        Ok(asked.step(self.failure(&asked.request, error), Holding::AsItIs))
    }

    async fn own_step(
        &self,
        open: &Open,
        page: &OwnPage,
        proof_since: Option<Timestamp>,
        instead_of: Option<SessionId>,
        cookie: Option<&SessionCookie>,
    ) -> Result<Step, Trouble> {
        let live = match self.presented(cookie, &[]).await? {
            Presented::Live(live) => Some(live),
            Presented::Useless | Presented::None => None,
        };
        let due = match &live {
            None => PageDue::SignIn,
            Some(live) => {
                let progress = open.document.progress(Some(live.session.id));
                let old = proof_since.is_some_and(|since| live.session.auth_time < since);
                let wrong = instead_of == Some(live.session.id);
                if progress.signed_in || !(old || wrong) {
                    self.finish_interaction(open).await?;
                    return Ok(Step::Own(page.clone()));
                }
                if wrong {
                    PageDue::SignIn
                } else {
                    PageDue::Reauthenticate(Arc::clone(&live.person))
                }
            }
        };
        let due = self.or_new_password(open, due).await?;
        let ended = match live {
            Some(_) => None,
            None => self.ended_session(cookie).await?,
        };
        Ok(Step::Page(Box::new(Waiting {
            due,
            client: None,
            csrf: self.interaction_token(&open.handle, None),
            login_hint: None,
            redirect_uri: None,
            ended,
        })))
    }

    /// The person cancels: back to the app with `access_denied` (RFC 6749, 4.1.2.1).
    pub async fn cancel(&self, open: &Open) -> Result<Step, Trouble> {
        let Purpose::Authorize(request) = open.document.purpose.clone() else {
            return Ok(Step::Gone);
        };
        let Some(asked) = self.still_registered(*request).await? else {
            return Ok(Step::Gone);
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
        let Some((asked, judged)) = self.judged_again(open, cookie).await? else {
            return Ok(Step::Gone);
        };
        if let Ok(judged) = judged
            && let (Decision::Consent, Some(live)) = (judged.decision, &judged.live)
        {
            let (user, client) = (&live.session.user, &asked.client.client_id);
            if let Err(refusal) = self.keep_described(&asked.client, user).await? {
                return self.finish(open, &asked, &refusal).await;
            }
            self.record
                .save_consent(user, client, &judged.scope, self.clock.now())
                .await?;
            let session = live.session.id;
            self.save_step(open, |document| document.consented = Some(session))
                .await?;
        }
        self.step(open, cookie).await
    }

    /// The person goes on to an app that was signed out of their session. As with a permission,
    /// only who would be asked now can have answered.
    pub async fn resume(
        &self,
        open: &mut Open,
        cookie: Option<&SessionCookie>,
    ) -> Result<Step, Trouble> {
        let Some((_, judged)) = self.judged_again(open, cookie).await? else {
            return Ok(Step::Gone);
        };
        if let Ok(judged) = judged
            && let (Decision::Resume, Some(live)) = (judged.decision, &judged.live)
        {
            let session = live.session.id;
            self.save_step(open, |document| document.resumed = Some(session))
                .await?;
        }
        self.step(open, cookie).await
    }
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
        Decision::Resume => person
            .zip(judged.left)
            .map(|(person, left)| PageDue::Resume {
                person,
                reason: left.reason,
                at: left.at,
            }),
        Decision::Issue | Decision::Refuse(_) => None,
    }
}
