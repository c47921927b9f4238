//! The short forms of what lies in the hot state a million times: what can be told from where it
//! lies is left out, names are letters. Named all the same, so that fields can come and go while
//! two versions run side by side.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::entropy::{ClientId, GrantId, SecretHash, SessionId, Sid, UserId};
use crate::protocol::claims_request::ClaimsWanted;
use crate::protocol::jose::Thumbprint;
use crate::session::grant::{Grant, Place};
use crate::session::network::Networks;
use crate::session::participant::Participant;
use crate::session::session::Session;

/// A session, and the position of the ends log as of which it was known live. Its id is its root;
/// what only lists show (address and browser) is in SQL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SessionDocument {
    #[serde(rename = "n")]
    pub(super) position: i64,
    #[serde(rename = "u")]
    user: UserId,
    #[serde(rename = "b")]
    began: Timestamp,
    #[serde(rename = "a")]
    auth_time: Timestamp,
    #[serde(rename = "c")]
    acr: String,
    #[serde(rename = "m")]
    amr: Vec<String>,
    #[serde(rename = "l")]
    last_seen: Timestamp,
    #[serde(rename = "i")]
    idle_millis: u64,
    #[serde(rename = "e")]
    expires: Timestamp,
    #[serde(rename = "r")]
    remembered: bool,
    #[serde(rename = "s")]
    secret: SecretHash,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    previous_secret: Option<(SecretHash, Timestamp)>,
    #[serde(rename = "w", default, skip_serializing_if = "Networks::is_empty")]
    networks: Networks,
}

impl SessionDocument {
    pub(super) fn new(session: Session, position: i64) -> Self {
        Self {
            position,
            user: session.user,
            began: session.began,
            auth_time: session.auth_time,
            acr: session.acr,
            amr: session.amr,
            last_seen: session.last_seen,
            idle_millis: u64::try_from(session.idle_timeout.as_millis()).unwrap_or(u64::MAX),
            expires: session.expires,
            remembered: session.remembered,
            secret: session.secret,
            previous_secret: session.previous_secret,
            networks: session.networks,
        }
    }

    pub(super) fn session(self, id: SessionId) -> Session {
        Session {
            id,
            user: self.user,
            began: self.began,
            auth_time: self.auth_time,
            acr: self.acr,
            amr: self.amr,
            last_seen: self.last_seen,
            idle_timeout: Duration::from_millis(self.idle_millis),
            expires: self.expires,
            remembered: self.remembered,
            secret: self.secret,
            previous_secret: self.previous_secret,
            address: String::new(),
            user_agent: String::new(),
            networks: self.networks,
        }
    }
}

/// A client's part in a session, with its grants. The client is in its name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PartDocument {
    #[serde(rename = "d")]
    pub(super) sid: Sid,
    #[serde(rename = "j")]
    joined: Timestamp,
    /// Scopes that the person is known to allow.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) consented: Vec<String>,
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    grants: Vec<GrantDocument>,
}

impl PartDocument {
    /// A part, with those of these grants that are in its list.
    pub(super) fn new<'a>(
        participant: &Participant,
        grants: impl IntoIterator<Item = &'a Grant>,
    ) -> Self {
        let own = grants
            .into_iter()
            .filter(|grant| participant.grants.contains(&grant.id));
        Self {
            sid: participant.sid.clone(),
            joined: participant.joined,
            consented: participant.consented.clone(),
            grants: own.map(GrantDocument::new).collect(),
        }
    }

    fn participant(&self, client: &ClientId) -> Participant {
        Participant {
            client: client.clone(),
            sid: self.sid.clone(),
            joined: self.joined,
            grants: self.grants.iter().map(|grant| grant.id).collect(),
            consented: self.consented.clone(),
        }
    }

    /// One of its grants.
    pub(super) fn grant(&self, id: GrantId, client: &ClientId, session: &Session) -> Option<Grant> {
        let grant = self.grants.iter().find(|grant| grant.id == id)?;
        Some(grant.clone().grant(client, &self.sid, session))
    }

    /// Takes a new grant in; answers with the one that gave way for it. What nobody can use any
    /// more gives way before what somebody can.
    pub(super) fn add(&mut self, grant: &Grant) -> Option<GrantId> {
        self.grants.retain(|known| known.expires > grant.began);
        let displaced = self.participant(&grant.client).add_grant(grant.id);
        self.grants.retain(|known| Some(known.id) != displaced);
        self.grants.push(GrantDocument::new(grant));
        displaced
    }

    /// Writes one of its grants over.
    pub(super) fn replace(&mut self, grant: &Grant) {
        for known in self.grants.iter_mut().filter(|known| known.id == grant.id) {
            *known = GrantDocument::new(grant);
        }
    }
}

/// How nearly everybody proved who they are: left out.
const ACR: &str = "urn:lanyard:acr:pwd";
const AMR: &str = "pwd";

fn usual_acr() -> String {
    ACR.to_owned()
}

fn usual_amr() -> Vec<String> {
    vec![AMR.to_owned()]
}

fn is_usual_acr(acr: &String) -> bool {
    acr == ACR
}

fn is_usual_amr(amr: &[String]) -> bool {
    matches!(amr, [only] if only == AMR)
}

/// A grant that ends with its session. Client and `sid` are its part's, its session is the root,
/// its person the session's.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct GrantDocument {
    #[serde(rename = "i")]
    id: GrantId,
    #[serde(rename = "s")]
    scope: String,
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    resources: Vec<String>,
    #[serde(rename = "k", default, skip_serializing_if = "ClaimsWanted::is_empty")]
    claims: ClaimsWanted,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(rename = "a")]
    auth_time: Timestamp,
    #[serde(
        rename = "c",
        default = "usual_acr",
        skip_serializing_if = "is_usual_acr"
    )]
    acr: String,
    #[serde(
        rename = "m",
        default = "usual_amr",
        skip_serializing_if = "is_usual_amr"
    )]
    amr: Vec<String>,
    #[serde(rename = "b")]
    began: Timestamp,
    #[serde(rename = "e")]
    expires: Timestamp,
    #[serde(rename = "r")]
    refreshable: bool,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    jkt: Option<Thumbprint>,
    #[serde(rename = "p")]
    place: (i64, u64),
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    previous: Option<(i64, u64, Timestamp)>,
    #[serde(rename = "l")]
    last_used: Timestamp,
}

impl GrantDocument {
    fn new(grant: &Grant) -> Self {
        let place = |place: Place| (place.generation, place.sequence);
        Self {
            id: grant.id,
            // Scopes have no spaces (RFC 6749, 3.3).
            scope: grant.scope.join(" "),
            resources: grant.resources.clone(),
            claims: grant.claims.clone(),
            nonce: grant.nonce.clone(),
            auth_time: grant.auth_time,
            acr: grant.acr.clone(),
            amr: grant.amr.clone(),
            began: grant.began,
            expires: grant.expires,
            refreshable: grant.refreshable,
            jkt: grant.jkt,
            place: place(grant.place),
            previous: grant
                .previous
                .map(|(place, at)| (place.generation, place.sequence, at)),
            last_used: grant.last_used,
        }
    }

    fn grant(self, client: &ClientId, sid: &Sid, session: &Session) -> Grant {
        let place = |(generation, sequence)| Place {
            generation,
            sequence,
        };
        Grant {
            id: self.id,
            user: session.user.clone(),
            client: client.clone(),
            session: session.id,
            sid: sid.clone(),
            scope: self.scope.split_whitespace().map(str::to_owned).collect(),
            resources: self.resources,
            claims: self.claims,
            nonce: self.nonce,
            auth_time: self.auth_time,
            acr: self.acr,
            amr: self.amr,
            began: self.began,
            expires: self.expires,
            offline: false,
            refreshable: self.refreshable,
            jkt: self.jkt,
            place: place(self.place),
            previous: self
                .previous
                .map(|(generation, sequence, at)| (place((generation, sequence)), at)),
            last_used: self.last_used,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use crate::protocol::claims_request::Wanted;
    use crate::store::codec;

    fn session() -> Session {
        let entropy = Entropy::seeded(1);
        let now = Timestamp::from_secs(1_800_000_000);
        let secret = SecretHash::from_bytes(entropy.bytes());
        Session {
            id: SessionId::random(&entropy),
            user: UserId::new("u_alice"),
            began: now,
            auth_time: now,
            acr: "urn:lanyard:acr:pwd".to_owned(),
            amr: vec!["pwd".to_owned()],
            last_seen: now,
            idle_timeout: Duration::from_hours(2),
            expires: now + Duration::from_hours(12),
            remembered: true,
            secret,
            previous_secret: Some((secret, now)),
            address: String::new(),
            user_agent: String::new(),
            networks: Networks::of("192.0.2.0/24"),
        }
    }

    #[test]
    fn a_session_comes_back_whole() {
        let (session, id) = (session(), session().id);
        let bytes = codec::encode(&SessionDocument::new(session.clone(), 7));
        let back: SessionDocument = codec::decode(&bytes).unwrap();
        assert_eq!(back.position, 7);
        assert_eq!(back.session(id), session);
    }

    #[test]
    fn a_grant_comes_back_whole() {
        let session = session();
        let place = |sequence| Place {
            generation: 3,
            sequence,
        };
        let jkt = Thumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").unwrap();
        for (nonce, previous, jkt) in [
            (None, None, None),
            (
                Some("n".to_owned()),
                Some((place(4), session.began)),
                Some(jkt),
            ),
        ] {
            let grant = Grant {
                id: GrantId::random(&Entropy::seeded(2)),
                user: session.user.clone(),
                client: ClientId::new("wiki"),
                session: session.id,
                sid: Sid::new("sid"),
                scope: vec!["openid".to_owned(), "profile".to_owned()],
                resources: vec![],
                claims: ClaimsWanted {
                    userinfo: vec![Wanted {
                        claim: "email".to_owned(),
                        values: vec!["a@example.com".into()],
                    }],
                    id_token: vec![],
                },
                nonce,
                auth_time: session.began,
                acr: session.acr.clone(),
                amr: session.amr.clone(),
                began: session.began,
                expires: session.expires,
                offline: false,
                refreshable: true,
                jkt,
                place: place(5),
                previous,
                last_used: session.began,
            };
            let participant = Participant {
                client: grant.client.clone(),
                sid: grant.sid.clone(),
                joined: session.began,
                grants: vec![grant.id],
                consented: vec![],
            };
            let bytes = codec::encode(&PartDocument::new(&participant, [&grant]));
            let back: PartDocument = codec::decode(&bytes).unwrap();
            let known = back.grant(grant.id, &grant.client, &session);
            assert_eq!(known.as_ref(), Some(&grant));
            assert_eq!(back.participant(&grant.client), participant);
            // What is not in the list of the part is none of its grants.
            let none = Participant {
                grants: vec![],
                ..participant
            };
            assert!(PartDocument::new(&none, [&grant]).grants.is_empty());
        }
    }
}
