//! Refreshing (RFC 6749, 6; RFC 9700, 4.14): the rules are `session::refresh`'s, the order is here.

use std::time::Duration;

use super::Provider;
use super::compact::PartDocument;
use super::documents;
use super::handles::RefreshHandle;
use super::live::{LiveSession, Lookup};
use super::token::{AskedTokens, TokenAnswer, invalid_grant};
use super::trouble::Trouble;
use crate::entropy::{ClientId, GrantId, SessionId};
use crate::failpoint::FailPoint;
use crate::protocol::client::Client;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::jose::Thumbprint;
use crate::protocol::resources;
use crate::protocol::scope::{OFFLINE_ACCESS, ScopeSet};
use crate::session::ending::{Actor, Reason, Selection};
use crate::session::grant::Grant;
use crate::session::holding;
use crate::session::refresh::{self, Verdict};
use crate::store::hot::{Check, Outcome, Slot};

/// See [`super::token_code`]: grants of one app in one session lie together.
const TRIES: usize = 12;
const UNKNOWN: &str = "the refresh token is unknown, has ended, or was given to another client";

/// A grant that a refresh token leads to, and what a commit on it demands.
pub(super) struct Held {
    pub(super) grant: Grant,
    pub(super) version: u64,
    /// None for an offline grant: it has no session to keep alive.
    pub(super) live: Option<LiveSession>,
    /// Where a session-bound one lies.
    part: Option<PartDocument>,
    /// Of an offline grant: known live as of this position.
    pub(super) position: i64,
}

impl Provider {
    pub(super) async fn refresh(
        &self,
        client: &Client,
        token: &str,
        scope: Option<String>,
        asked: AskedTokens<'_>,
    ) -> Result<TokenAnswer, Trouble> {
        let Some(handle) = self.open_refresh(token) else {
            return Ok(invalid_grant(UNKNOWN));
        };
        let mut turn = None;
        let mut proof = asked.proof;
        for _ in 0..TRIES {
            let Some(mut held) = self.held_grant(client, &handle).await? else {
                return Ok(invalid_grant(UNKNOWN));
            };
            held.grant.jkt = held.grant.jkt.or(handle.key);
            let wanted = self.wanted(client, &held.grant, scope.as_deref(), asked);
            let (scope, resources) = match wanted {
                Ok(wanted) => wanted,
                Err(error) => return Ok(Err(error)),
            };
            // Before the token is judged: one that was caught with its proof must end nothing.
            if let Err(error) = self.take(proof.take()).await? {
                return Ok(Err(error));
            }
            let (generation, now) = (self.ends.generation(), self.clock.now());
            match refresh::judge(&held.grant, handle.place, generation, now) {
                Verdict::SameSuccessor => {
                    if let Err(problem) = holding::check_same_successor(&held.grant, asked.key()) {
                        return Ok(Err(self.not_the_holder(problem)));
                    }
                    return self
                        .token_response(client, &held.grant, (&scope, &resources))
                        .await
                        .map(Ok);
                }
                Verdict::Rotate => {}
                Verdict::AskRecord => {
                    if self.record.grant_ended(&held.grant.id).await? {
                        return Ok(invalid_grant(UNKNOWN));
                    }
                }
                Verdict::StoreLostWrites => {
                    self.record.distrust_once(generation, now).await?;
                    self.ends.follow(&self.record, now).await?;
                    continue;
                }
                Verdict::Reuse => return self.reused(client, &held.grant).await,
            }
            self.fail_points.at(FailPoint::RefreshRead).await;
            let rotated = self.rotate(held, &handle, (generation, asked.key()));
            if let Some(grant) = rotated.await? {
                self.fail_points.at(FailPoint::RefreshCommitted).await;
                return self
                    .token_response(client, &grant, (&scope, &resources))
                    .await
                    .map(Ok);
            }
            if turn.is_none() {
                turn = Some(self.contended.take(handle.root).await?);
            }
        }
        Err(Trouble::contention())
    }

    async fn reused(&self, client: &Client, grant: &Grant) -> Result<TokenAnswer, Trouble> {
        let selection = Selection::Grant(grant.id, grant.session);
        let actor = Actor::Client(client.client_id.clone());
        self.end(&selection, Reason::Reuse, &actor).await?;
        Ok(invalid_grant(
            "the refresh token was used before; its grant is ended",
        ))
    }

    /// What the tokens are for, if whoever asks holds the key. That is judged before anything of
    /// the token: in other hands it is worth nothing, and what is tried with it harms nobody.
    fn wanted(
        &self,
        client: &Client,
        grant: &Grant,
        scope: Option<&str>,
        asked: AskedTokens<'_>,
    ) -> Result<(Vec<String>, Vec<String>), ProtocolError> {
        holding::check_refresh(grant, client.is_public(), asked.key())
            .map_err(|problem| self.not_the_holder(problem))?;
        asked_for(client, grant, scope, asked.resources)
    }

    /// The live grant of this client that a refresh token names.
    pub(super) async fn held_grant(
        &self,
        client: &Client,
        handle: &RefreshHandle,
    ) -> Result<Option<Held>, Trouble> {
        if handle.offline {
            let held = self.offline_grant(handle.grant, &[]).await?;
            return Ok(held.and_then(|offline| {
                (offline.grant.client == client.client_id).then_some(Held {
                    grant: offline.grant,
                    version: offline.version,
                    live: None,
                    part: None,
                    position: offline.position,
                })
            }));
        }
        let names = [
            documents::grant(&handle.grant),
            documents::participant(&client.client_id),
        ];
        let session = SessionId::from(handle.root);
        let Lookup::Live(live) = self.live_session(session, &names).await? else {
            return Ok(None);
        };
        let Some((grant, part, version)) = self.bound_grant(&live, &client.client_id, handle.grant)
        else {
            return Ok(None);
        };
        let now = self.clock.now();
        let idle = client.tokens.refresh_token_idle_timeout.is_some()
            && now >= grant.last_used + self.refresh_idle(client);
        let usable = grant.refreshable && now < grant.expires && !idle;
        Ok(usable.then_some(Held {
            grant,
            version,
            live: Some(live),
            part: Some(part),
            position: 0,
        }))
    }

    /// How long a grant of a client may go without a refresh.
    pub(super) fn refresh_idle(&self, client: &Client) -> Duration {
        let most = self.settings.offline.idle_timeout;
        client.tokens.refresh_idle(most)
    }

    /// A live grant of a client in a session, whose documents were read with it.
    pub(super) fn bound_grant(
        &self,
        live: &LiveSession,
        client: &ClientId,
        id: GrantId,
    ) -> Option<(Grant, PartDocument, u64)> {
        let (root, name) = (live.root(), documents::participant(client));
        let (part, version) = self.document::<PartDocument>(&root, &name, live.slot(&name))?;
        let grant = part.grant(id, client, &live.session)?;
        let lives = live.slot(&documents::grant(&id)) == Some(&Slot::Absent)
            && !self.ends.sid_ended(&part.sid)
            && !self.ends.grant_ended(&id);
        lives.then_some((grant, part, version))
    }

    /// None: another request was first; judge again.
    async fn rotate(
        &self,
        held: Held,
        handle: &RefreshHandle,
        (generation, key): (i64, Option<Thumbprint>),
    ) -> Result<Option<Grant>, Trouble> {
        let mut grant = held.grant;
        let noted = !self.hot.is_shared() || refresh::is_first_of_slot(&grant, self.clock.now());
        refresh::rotate(&mut grant, handle.place, generation, self.clock.now());
        grant.jkt = key;
        let name = documents::grant(&grant.id);
        let outcome = if let (Some(live), Some(mut part)) = (&held.live, held.part) {
            part.replace(&grant);
            let place = documents::participant(&grant.client);
            let checks = vec![
                Check::At(place.clone(), held.version),
                Check::NoTombstone(name),
                Check::NoTombstone(documents::ended_participant(&grant.sid)),
            ];
            let put = self.put(&live.root(), place, &part, live.session.expires);
            self.commit_alive(live, checks, vec![put]).await?
        } else {
            let checks = vec![Check::At(name, held.version)];
            let put = self.put_offline(&grant, held.position);
            self.commit(&Self::offline_root(grant.id), checks, vec![put])
                .await?
        };
        if outcome == Outcome::Conflict {
            return Ok(None);
        }
        self.write_back_grant(&grant);
        if noted {
            self.flush.refreshed(grant.sid.clone(), grant.last_used);
        }
        Ok(Some(grant))
    }
}

/// Scope and resources of the tokens: no more than what the client still may have of its grant.
fn asked_for(
    client: &Client,
    grant: &Grant,
    scope: Option<&str>,
    resources: &[String],
) -> Result<(Vec<String>, Vec<String>), ProtocolError> {
    let granted = still_granted(client, grant).ok_or_else(|| {
        let words = "the client may no longer have what it was granted";
        ProtocolError::new(ErrorCode::InvalidGrant, words)
    })?;
    let resources = resources::narrowed(&grant.resources, resources)?;
    Ok((narrowed(&granted, scope)?, resources))
}

/// What is left of a grant's scope when the client's own list was cut since. An offline grant
/// without `offline_access` is none.
fn still_granted(client: &Client, grant: &Grant) -> Option<ScopeSet> {
    let granted = ScopeSet::parse(&grant.scope.join(" ")).ok()?;
    let allowed = client.allowed_scope(&granted).ok()?;
    (!grant.offline || allowed.contains(OFFLINE_ACCESS)).then_some(allowed)
}

/// Scope may narrow, never widen (RFC 6749, 6). To nothing is no narrowing.
fn narrowed(granted: &ScopeSet, asked: Option<&str>) -> Result<Vec<String>, ProtocolError> {
    let Some(asked) = asked else {
        return Ok(granted.clone().into_vec());
    };
    let refuse = |problem: String| ProtocolError::new(ErrorCode::InvalidScope, problem);
    let asked = ScopeSet::parse(asked).map_err(|error| refuse(error.to_string()))?;
    if asked.is_empty() || !asked.is_subset_of(granted) {
        let problem = "scope asks for something else than was granted; leave it out or narrow it";
        return Err(refuse(problem.to_owned()));
    }
    Ok(asked.into_vec())
}
