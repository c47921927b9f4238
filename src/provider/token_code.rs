//! Redeeming an authorization code (RFC 6749, 4.1.3; RFC 7636, 4.6): once. A second use ends what
//! the first one yielded.

use super::Provider;
use super::compact::PartDocument;
use super::documents::{self, CodeDocument};
use super::dpop::Shown;
use super::handles::CodeHandle;
use super::live::{LiveSession, Lookup};
use super::token::{AskedTokens, TokenAnswer, invalid_grant};
use super::trouble::Trouble;
use crate::entropy::{GrantId, Root, SessionId};
use crate::failpoint::FailPoint;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::jose::Thumbprint;
use crate::protocol::pkce;
use crate::protocol::resources;
use crate::protocol::scope::{OFFLINE_ACCESS, ScopeSet};
use crate::session::ending::{Actor, Reason, Selection};
use crate::session::grant::{Grant, Place};
use crate::session::holding;
use crate::store::hot::{Check, Effect, Outcome};

/// Tabs of one browser race for the same documents. After the first lost race they wait for each
/// other in this node, so that what is left are the other nodes.
const TRIES: usize = 12;
const UNKNOWN: &str = "the code is unknown, has expired, or was given to another client";

/// What one try at a redemption came to.
enum Redemption {
    Yields(Box<Grant>),
    Refused(&'static str),
    Raced,
}

impl Provider {
    pub(super) async fn redeem_code(
        &self,
        client: &Client,
        code: &str,
        (redirect_uri, verifier): (Option<String>, Option<String>),
        asked: AskedTokens<'_>,
    ) -> Result<TokenAnswer, Trouble> {
        let Some(handle) = self.open_code(code) else {
            return Ok(invalid_grant(UNKNOWN));
        };
        let names = [
            documents::code(&handle.code),
            documents::participant(&client.client_id),
            documents::grant(&yielded_by(&handle)),
        ];
        let mut turn = None;
        let mut proof = asked.proof;
        for _ in 0..TRIES {
            let session = SessionId::from(handle.root);
            let Lookup::Live(live) = self.live_session(session, &names).await? else {
                return Ok(invalid_grant("the session has ended"));
            };
            if self.is_outdated(&handle) {
                return Ok(invalid_grant(UNKNOWN));
            }
            let found =
                self.document::<CodeDocument>(&handle.root, &names[0], live.slot(&names[0]));
            let Some((document, version)) = found else {
                return self.used_or_unknown(client, &live, &handle, proof).await;
            };
            let proofs = (redirect_uri.as_deref(), verifier.as_deref());
            if let Err(error) = self.judge_code(&document, client, proofs, asked.key()) {
                return Ok(Err(error));
            }
            // Before anything comes of it, the end of what a used code yielded included.
            if let Err(error) = self.take(proof.take()).await? {
                return Ok(Err(error));
            }
            if document.redeemed {
                return self.used(client, yielded_by(&handle), session).await;
            }
            if self.clock.now() >= document.expires {
                return Ok(invalid_grant(UNKNOWN));
            }
            let resources = match resources::narrowed(&document.resources, asked.resources) {
                Ok(resources) => resources,
                Err(error) => return Ok(Err(error)),
            };
            self.fail_points.at(FailPoint::CodeRead).await;
            match self
                .redeem_once(client, &live, &handle, (document, version), asked.key())
                .await?
            {
                Redemption::Yields(grant) => {
                    return self
                        .token_response(client, &grant, (&grant.scope, &resources))
                        .await
                        .map(Ok);
                }
                Redemption::Refused(problem) => return Ok(invalid_grant(problem)),
                Redemption::Raced if turn.is_some() => {}
                Redemption::Raced => turn = Some(self.contended.take(handle.root).await?),
            }
        }
        Err(Trouble::contention())
    }

    /// Every binding of a code. One in wrong hands is not used up: its own client still gets what
    /// is its.
    fn judge_code(
        &self,
        code: &CodeDocument,
        client: &Client,
        (redirect_uri, verifier): (Option<&str>, Option<&str>),
        key: Option<Thumbprint>,
    ) -> Result<(), ProtocolError> {
        judge(code, client, redirect_uri, verifier)
            .map_err(|problem| ProtocolError::new(ErrorCode::InvalidGrant, problem))?;
        holding::check_bound(code.dpop_jkt, key).map_err(|problem| self.not_the_holder(problem))
    }

    /// A code that is gone was used, if what it yields is there: a second use ends that (RFC 6749,
    /// 4.1.2).
    async fn used_or_unknown(
        &self,
        client: &Client,
        live: &LiveSession,
        handle: &CodeHandle,
        proof: Option<&Shown>,
    ) -> Result<TokenAnswer, Trouble> {
        let id = yielded_by(handle);
        let bound = self.bound_grant(live, &client.client_id, id);
        let grant = match bound {
            Some((grant, ..)) => Some(grant),
            None => self.offline_grant(id, &[]).await?.map(|held| held.grant),
        };
        let yielded = grant.filter(|grant| grant.client == client.client_id);
        let Some(grant) = yielded else {
            return Ok(invalid_grant(UNKNOWN));
        };
        if let Err(error) = self.take(proof).await? {
            return Ok(Err(error));
        }
        self.used(client, grant.id, grant.session).await
    }

    async fn used(
        &self,
        client: &Client,
        grant: GrantId,
        session: SessionId,
    ) -> Result<TokenAnswer, Trouble> {
        let selection = Selection::Grant(grant, session);
        let actor = Actor::Client(client.client_id.clone());
        self.end(&selection, Reason::Reuse, &actor).await?;
        Ok(invalid_grant(
            "the code was used before; what it yielded is ended",
        ))
    }

    async fn redeem_once(
        &self,
        client: &Client,
        live: &LiveSession,
        handle: &CodeHandle,
        (mut document, version): (CodeDocument, u64),
        key: Option<Thumbprint>,
    ) -> Result<Redemption, Trouble> {
        let root = handle.root;
        let part = documents::participant(&client.client_id);
        let joined = self
            .document::<PartDocument>(&root, &part, live.slot(&part))
            .filter(|(part, _)| part.sid == document.sid && !self.ends.sid_ended(&part.sid));
        let Some((mut joined_part, part_version)) = joined else {
            return Ok(Redemption::Refused(
                "the client was signed out of this session",
            ));
        };
        let mut grant = self.new_grant(client, live, handle, &document);
        grant.jkt = key;
        let code = documents::code(&handle.code);
        let mut checks = vec![
            Check::At(code.clone(), version),
            Check::NoTombstone(documents::ended_participant(&document.sid)),
        ];
        let mut effects = Vec::new();
        let mut displaced = None;
        if grant.offline {
            document.redeemed = true;
            let forget = document.expires + self.access_lifetime(client);
            effects.push(self.put(&root, code, &document, forget));
            checks.push(Check::Present(part));
        } else {
            effects.push(Effect::Delete(code));
            displaced = joined_part.add(&grant);
            checks.push(Check::NoTombstone(documents::grant(&grant.id)));
            checks.push(Check::At(part.clone(), part_version));
            effects.push(self.put(&root, part, &joined_part, live.session.expires));
        }
        if self.commit_alive(live, checks, effects).await? == Outcome::Conflict {
            return Ok(Redemption::Raced);
        }
        // The store may have changed between the read and the commit, and the commit may have been
        // of a document that is older than another's redemption.
        if self.is_outdated(handle) {
            let selection = Selection::Grant(grant.id, grant.session);
            self.end(&selection, Reason::Reuse, &Actor::System).await?;
            return Ok(Redemption::Refused(UNKNOWN));
        }
        self.fail_points.at(FailPoint::CodeCommitted).await;
        if grant.offline && !self.begin_offline(&grant).await? {
            return Ok(Redemption::Refused("the account is disabled"));
        }
        if !grant.offline {
            self.write_back_grant(&grant);
        }
        if let Some(old) = displaced {
            self.flush.gone(old, self.clock.now());
        }
        Ok(Redemption::Yields(Box::new(grant)))
    }

    /// Whether a code is of an older generation: it may have been used in writes that the store
    /// lost. Asked after the store was, as the first call to another store raises the generation.
    fn is_outdated(&self, handle: &CodeHandle) -> bool {
        handle.generation < self.ends.generation()
    }

    fn new_grant(
        &self,
        client: &Client,
        live: &LiveSession,
        handle: &CodeHandle,
        code: &CodeDocument,
    ) -> Grant {
        let now = self.clock.now();
        let refreshable = client.may_use(GrantType::RefreshToken);
        // A device may have waited for minutes since its client could have all of it.
        let scope = still_allowed(client, &code.scope);
        let offline = refreshable && scope.iter().any(|scope| scope == OFFLINE_ACCESS);
        let session_end = live.session.expires;
        Grant {
            id: yielded_by(handle),
            user: live.session.user.clone(),
            client: client.client_id.clone(),
            session: live.session.id,
            sid: code.sid.clone(),
            scope,
            resources: code.resources.clone(),
            claims: code.claims.clone(),
            nonce: code.nonce.clone(),
            auth_time: code.auth_time,
            acr: code.acr.clone(),
            amr: code.amr.clone(),
            began: now,
            expires: match (offline, refreshable) {
                (true, _) => {
                    now + client
                        .tokens
                        .refresh_lifetime(self.settings.offline.lifetime)
                }
                (false, true) => match client.tokens.refresh_token_lifetime {
                    Some(_) => {
                        let most = self.settings.offline.lifetime;
                        (now + client.tokens.refresh_lifetime(most)).min(session_end)
                    }
                    None => session_end,
                },
                // Nothing but its one access token can ever use it.
                (false, false) => (now + self.access_lifetime(client)).min(session_end),
            },
            offline,
            refreshable,
            jkt: None,
            place: Place {
                generation: self.ends.generation(),
                sequence: 0,
            },
            previous: None,
            last_used: now,
        }
    }

    /// The root of an offline grant: its own, as it outlives the session.
    pub(super) fn offline_root(id: GrantId) -> Root {
        Root::from_bytes(*id.as_bytes())
    }
}

/// The grant that a code yields bears its number, so that nothing need be kept of a used code.
fn yielded_by(handle: &CodeHandle) -> GrantId {
    GrantId::from_bytes(*handle.code.as_bytes())
}

/// What a client may have by now of the scope of a code.
fn still_allowed(client: &Client, scope: &[String]) -> Vec<String> {
    let asked = ScopeSet::parse(&scope.join(" ")).unwrap_or_default();
    client.allowed_scope(&asked).unwrap_or_default().into_vec()
}

/// Every binding of a code, each on its own (a client that is not the code's own learns nothing).
fn judge(
    code: &CodeDocument,
    client: &Client,
    redirect_uri: Option<&str>,
    verifier: Option<&str>,
) -> Result<(), &'static str> {
    if code.client != client.client_id {
        return Err(UNKNOWN);
    }
    match redirect_uri {
        Some(uri) if uri != code.redirect_uri => {
            return Err("redirect_uri is not the one of the authorization request");
        }
        None if code.redirect_uri_given => return Err("redirect_uri is missing"),
        _ => {}
    }
    pkce::verify(code.challenge.as_ref(), verifier)
        .map_err(|_| "code_verifier does not fit the code_challenge")
}
