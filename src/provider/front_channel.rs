//! Tokens that come by way of the browser (Core 1.0, 3.2 and 3.3). An access token hangs on a grant
//! in the session like every other, and so ends with it; nothing can renew it.

use super::Provider;
use super::issue::{Issue, Issued};
use super::live::LiveSession;
use super::token::Beside;
use super::trouble::Trouble;
use crate::entropy::{GrantId, Sid};
use crate::protocol::authorization_response::{Brought, BroughtToken};
use crate::protocol::client::Client;
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::OFFLINE_ACCESS;
use crate::session::grant::{Grant, Place};

impl Provider {
    /// What tokens by way of the browser say. It is stored only if an access token is among them.
    pub(super) fn front_grant(&self, live: &LiveSession, issue: &Issue<'_>, sid: Sid) -> Grant {
        let now = self.clock.now();
        let (session, request) = (&live.session, issue.request);
        let scope = issue.scope.iter();
        Grant {
            id: GrantId::random(&self.entropy),
            user: session.user.clone(),
            client: issue.client.client_id.clone(),
            session: session.id,
            sid,
            // What outlives the session is for the code alone.
            scope: scope
                .filter(|scope| *scope != OFFLINE_ACCESS)
                .cloned()
                .collect(),
            resources: request.resources.clone(),
            claims: request.claims.clone(),
            nonce: request.nonce.clone(),
            auth_time: session.auth_time,
            acr: session.acr.clone(),
            amr: session.amr.clone(),
            began: now,
            expires: (now + self.access_lifetime(issue.client)).min(session.expires),
            offline: false,
            refreshable: false,
            // Whoever may have bound tokens alone gets none by this way.
            jkt: None,
            place: Place {
                generation: self.ends.generation(),
                sequence: 0,
            },
            previous: None,
            last_used: now,
        }
    }

    /// Signs what was issued. An ID token without any access token beside it or to come has the
    /// claims that the scopes open (Core 1.0, 5.4).
    pub(super) fn brought(
        &self,
        client: &Client,
        live: &LiveSession,
        kind: ResponseType,
        issued: Issued,
    ) -> Result<Brought, Trouble> {
        let Issued { code, grant } = issued;
        let access_token = kind
            .has_token()
            .then(|| self.access_token(client, &grant, (&grant.scope, &grant.resources)))
            .transpose()?;
        let mut beside = Beside {
            access_token: access_token.as_deref(),
            code: code.as_deref(),
            ..Beside::default()
        };
        if kind == ResponseType::IdToken {
            beside.person = self.told_of(&live.person, &grant.scope);
        }
        let wanted = self.told_besides(&live.person, &grant.claims.id_token);
        beside.person.extend(wanted);
        let id_token = kind
            .has_id_token()
            .then(|| self.id_token(client, &grant, &beside))
            .transpose()?;
        Ok(Brought {
            code,
            access_token: access_token.map(|token| BroughtToken {
                token,
                lifetime: self.access_lifetime(client),
                scope: grant.scope,
            }),
            id_token,
        })
    }
}
