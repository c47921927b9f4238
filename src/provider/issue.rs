//! Issuing a code or tokens in a live session: one commit, and one SQL statement only when the client joins
//! the session for the first time.

use std::time::Duration;

use super::Provider;
use super::compact::PartDocument;
use super::documents::{self, CodeDocument};
use super::handles::CodeHandle;
use super::live::LiveSession;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{CodeId, Sid};
use crate::failpoint::FailPoint;
use crate::protocol::authorization_request::Checked;
use crate::protocol::client::Client;
use crate::session::grant::Grant;
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
    /// Until when a code can be redeemed.
    pub(super) code_until: Timestamp,
}

/// Why nothing was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unissued {
    /// The session, the client's part in it or its consent is no longer what was decided on.
    JudgeAgain,
    /// Somebody signed the client out of this session: the person must be asked.
    AskFirst,
}

/// What was issued.
pub(super) struct Issued {
    /// The code, if one was asked for.
    pub(super) code: Option<String>,
    /// What tokens by way of the browser say; an access token hangs on it.
    pub(super) grant: Grant,
}

/// A client's part in the session at the time of issuing.
struct Part {
    document: PartDocument,
    /// The version of the hot copy, if there is one.
    version: Option<u64>,
    /// Whether the hot copy must be written.
    changed: bool,
}

impl Provider {
    /// Issues what was asked for, if what was decided on still holds.
    pub(super) async fn issue(
        &self,
        live: &LiveSession,
        issue: &Issue<'_>,
    ) -> Result<Result<Issued, Unissued>, Trouble> {
        let name = documents::participant(&issue.client.client_id);
        let mut part = match self.take_part(live, &name, issue).await? {
            Ok(part) => part,
            Err(why) => return Ok(Err(why)),
        };
        let sid = part.document.sid.clone();
        let mut checks = vec![Check::NoTombstone(documents::ended_participant(&sid))];
        let mut effects = Vec::new();
        let kind = issue.request.response_type;
        let code = kind
            .has_code()
            .then(|| self.new_code(live, issue, sid.clone()));
        if let Some((handle, put)) = &code {
            checks.push(Check::Absent(documents::code(&handle.code)));
            effects.push(put.clone());
        }
        let grant = self.front_grant(live, issue, sid);
        let mut displaced = None;
        if kind.has_token() {
            displaced = part.document.add(&grant);
            part.changed = true;
        }
        checks.push(match part.version {
            Some(_) if !part.changed => Check::Present(name.clone()),
            Some(version) => Check::At(name.clone(), version),
            None => Check::Absent(name.clone()),
        });
        if part.changed {
            effects.push(self.put(&live.root(), name, &part.document, live.session.expires));
        }
        let outcome = self.commit_alive(live, checks, effects).await?;
        self.fail_points.at(FailPoint::JoinCommitted).await;
        if outcome == Outcome::Conflict {
            return Ok(Err(Unissued::JudgeAgain));
        }
        if kind.has_token() {
            self.write_back_grant(&grant);
        }
        if let Some(old) = displaced {
            self.flush.gone(old, self.clock.now());
        }
        Ok(Ok(Issued {
            code: code.map(|(handle, _)| self.seal_code(&handle)),
            grant,
        }))
    }

    /// The client's part in the session: the hot copy, or the row that SQL has or makes.
    async fn take_part(
        &self,
        live: &LiveSession,
        name: &Name,
        issue: &Issue<'_>,
    ) -> Result<Result<Part, Unissued>, Trouble> {
        let known = self
            .document::<PartDocument>(&live.root(), name, live.slot(name))
            .filter(|(participant, _)| !self.ends.sid_ended(&participant.sid));
        let Some((mut document, version)) = known else {
            return self.join(live, name, issue).await;
        };
        let consented = &document.consented;
        let changed = !issue
            .consented
            .iter()
            .all(|scope| consented.contains(scope));
        if changed {
            document.consented = issue.consented.to_vec();
        }
        Ok(Ok(Part {
            document,
            version: Some(version),
            changed,
        }))
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
        let version = match live.slot(name) {
            Some(Slot::Found { version, .. }) => Some(*version),
            _ => None,
        };
        Ok(Ok(Part {
            document: PartDocument::new(&participant, []),
            version,
            changed: true,
        }))
    }

    fn new_code(&self, live: &LiveSession, issue: &Issue<'_>, sid: Sid) -> (CodeHandle, Effect) {
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
            dpop_jkt: request.dpop_jkt,
            nonce: request.nonce.clone(),
            scope: issue.scope.to_vec(),
            resources: request.resources.clone(),
            claims: request.claims.clone(),
            sid,
            auth_time: live.session.auth_time,
            acr: live.session.acr.clone(),
            amr: live.session.amr.clone(),
            expires: issue.code_until,
            redeemed: false,
        };
        let forget = issue.code_until;
        let put = self.put(
            &handle.root,
            documents::code(&handle.code),
            &document,
            forget,
        );
        (handle, put)
    }
}
