//! Issuing a code in a live session: one commit, and one SQL statement only when the client joins
//! the session for the first time.

use std::time::Duration;

use super::Provider;
use super::compact::PartDocument;
use super::documents::{self, CodeDocument};
use super::handles::CodeHandle;
use super::live::LiveSession;
use super::trouble::Trouble;
use crate::entropy::{CodeId, Sid};
use crate::failpoint::FailPoint;
use crate::protocol::authorization_request::Checked;
use crate::protocol::client::Client;
use crate::store::hot::{Check, Effect, Name, Outcome, Slot};
use crate::store::record::{Join, Joining};

/// How long a code lives (RFC 6749, 4.1.2 allows ten minutes; RFC 9700 advises less).
pub(super) const CODE: Duration = Duration::from_mins(1);

/// What is to be issued, once everything has been decided.
#[derive(Debug)]
pub(super) struct Issue<'a> {
    pub(super) client: &'a Client,
    pub(super) request: &'a Checked,
    pub(super) scope: &'a [String],
    /// Scopes that the person is known to allow; kept with the participant.
    pub(super) consented: &'a [String],
    /// Whether the person was asked, and so wants the client in the session.
    pub(super) asked: bool,
}

/// Why no code was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unissued {
    /// The session, the client's part in it or its consent is no longer what was decided on.
    JudgeAgain,
    /// Somebody signed the client out of this session: the person must be asked.
    AskFirst,
}

/// How a client takes part at the time of issuing.
struct Part {
    sid: Sid,
    checks: Vec<Check>,
    effects: Vec<Effect>,
}

impl Provider {
    /// Issues a code, if what was decided on still holds.
    pub(super) async fn issue_code(
        &self,
        live: &LiveSession,
        issue: &Issue<'_>,
    ) -> Result<Result<String, Unissued>, Trouble> {
        let name = documents::participant(&issue.client.client_id);
        let part = match self.take_part(live, &name, issue).await? {
            Ok(part) => part,
            Err(why) => return Ok(Err(why)),
        };
        let Part {
            sid,
            mut checks,
            mut effects,
        } = part;
        let (code, put) = self.new_code(live, issue, sid);
        checks.push(Check::Absent(documents::code(&code.code)));
        effects.push(put);
        let outcome = self.commit_alive(live, checks, effects).await?;
        self.fail_points.at(FailPoint::JoinCommitted).await;
        Ok(match outcome {
            Outcome::Committed => Ok(self.seal_code(&code)),
            Outcome::Conflict => Err(Unissued::JudgeAgain),
        })
    }

    /// The client's part in the session: the hot copy, or the row that SQL has or makes.
    async fn take_part(
        &self,
        live: &LiveSession,
        name: &Name,
        issue: &Issue<'_>,
    ) -> Result<Result<Part, Unissued>, Trouble> {
        let root = live.root();
        let slot = live.slot(name);
        let known = self
            .document::<PartDocument>(&root, name, slot)
            .filter(|(participant, _)| !self.ends.sid_ended(&participant.sid));
        if let Some((mut participant, version)) = known {
            let not_ended = Check::NoTombstone(documents::ended_participant(&participant.sid));
            if issue
                .consented
                .iter()
                .all(|scope| participant.consented.contains(scope))
            {
                let checks = vec![Check::Present(name.clone()), not_ended];
                return Ok(Ok(Part {
                    sid: participant.sid,
                    checks,
                    effects: Vec::new(),
                }));
            }
            participant.consented = issue.consented.to_vec();
            let put = self.put(&root, name.clone(), &participant, live.session.expires);
            let checks = vec![Check::At(name.clone(), version), not_ended];
            return Ok(Ok(Part {
                sid: participant.sid,
                checks,
                effects: vec![put],
            }));
        }
        self.join(live, name, issue).await
    }

    /// A first join: SQL demands in one transaction that the session lives and, unless the client
    /// runs under the same roof, that its consent was not withdrawn meanwhile; and that nobody
    /// signed it out of the session, unless the person was asked.
    async fn join(
        &self,
        live: &LiveSession,
        name: &Name,
        issue: &Issue<'_>,
    ) -> Result<Result<Part, Unissued>, Trouble> {
        let joining = Joining {
            session: live.session.id,
            client: issue.client.client_id.clone(),
            sid: Sid::random(&self.entropy),
            consent_of: (!issue.client.first_party).then(|| live.session.user.clone()),
            asked: issue.asked,
            now: self.clock.now(),
        };
        let mut participant = match self.record.join(joining).await? {
            Join::Joined(participant, _) | Join::Existing(participant, _) => participant,
            Join::NoConsent | Join::NoClient => return Ok(Err(Unissued::JudgeAgain)),
            Join::MustAsk => return Ok(Err(Unissued::AskFirst)),
            Join::Ended => {
                self.bury_session(&self.hot, live.session.id).await?;
                return Ok(Err(Unissued::JudgeAgain));
            }
        };
        self.fail_points.at(FailPoint::JoinRecorded).await;
        participant.consented = issue.consented.to_vec();
        let root = live.root();
        let as_found = match live.slot(name) {
            Some(Slot::Found { version, .. }) => Check::At(name.clone(), *version),
            _ => Check::Absent(name.clone()),
        };
        let not_ended = Check::NoTombstone(documents::ended_participant(&participant.sid));
        let document = PartDocument::new(&participant, []);
        let put = self.put(&root, name.clone(), &document, live.session.expires);
        Ok(Ok(Part {
            sid: participant.sid,
            checks: vec![as_found, not_ended],
            effects: vec![put],
        }))
    }

    fn new_code(&self, live: &LiveSession, issue: &Issue<'_>, sid: Sid) -> (CodeHandle, Effect) {
        let now = self.clock.now();
        let handle = CodeHandle {
            root: live.root(),
            code: CodeId::random(&self.entropy),
            generation: self.ends.generation(),
        };
        let request = issue.request;
        let document = CodeDocument {
            client: issue.client.client_id.clone(),
            redirect_uri: request.target.redirect_uri.clone(),
            redirect_uri_given: request.redirect_uri_given,
            challenge: request.challenge.clone(),
            nonce: request.nonce.clone(),
            scope: issue.scope.to_vec(),
            resources: request.resources.clone(),
            sid,
            auth_time: live.session.auth_time,
            acr: live.session.acr.clone(),
            amr: live.session.amr.clone(),
            expires: now + CODE,
            redeemed: false,
        };
        let forget = now + CODE;
        let put = self.put(
            &handle.root,
            documents::code(&handle.code),
            &document,
            forget,
        );
        (handle, put)
    }
}
