//! What every back end of the record promises. Each test runs on SQLite, in a file of its own, and
//! on PostgreSQL, in a schema of its own.

mod audit_search;
mod client_use;
mod clients;
mod contention;
mod directory;
mod ending;
mod ending_clients;
mod figures;
mod grants;
mod ground;
mod keys;
mod lists;
mod logs;
mod mass_ends;
mod nodes;
mod notice_leases;
mod notices;
mod outages;
mod overview;
mod people;
mod people_list;

mod processes;
mod races;
mod session_search;
mod session_story;
mod sessions;
mod setup_link;

use std::fmt::Write as _;
use std::time::Duration;

use ground::Ground;
pub(super) use ground::{Backend, both};
use lanyard::clock::{Clock, Timestamp};
use lanyard::entropy::{ClientId, Entropy, GrantId, Secret, SessionId, Sid, UserId};
use lanyard::identity::user::{Profile, User};
use lanyard::protocol::claims_request::ClaimsWanted;
use lanyard::protocol::client::{
    ApplicationType, AuthMethod, Client, GrantType, LogoutScope, RegisteredBy, SigningAlg,
};
use lanyard::protocol::client_requests::ClientRequests;
use lanyard::protocol::client_tokens::ClientTokens;
use lanyard::protocol::response_type::ResponseType;
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::session::grant::{Grant, Place};
use lanyard::session::network::Networks;
use lanyard::session::session::Session;
use lanyard::store::record::{Ended, Join, Joining, NewKey, Places, Record, SignIn};

pub(super) const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// So many places, all of them for whichever client.
pub(super) const fn places(free: i64) -> Places {
    Places {
        free,
        per_client: free,
    }
}

/// A record of its own, with people and clients.
pub(super) struct World {
    pub(super) record: Record,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    ground: Ground,
}

impl World {
    /// An empty record.
    pub(super) async fn empty(on: Backend) -> Self {
        let ground = Ground::new(on).await;
        let (clock, entropy) = (Clock::manual(START), Entropy::System);
        let record = ground.open(&clock).await;
        assert!(record.migrate().await.unwrap() > 0);
        Self {
            record,
            clock,
            entropy,
            ground,
        }
    }

    /// With alice and bob; with wiki and shop, which want notices, and blog, which does not.
    pub(super) async fn peopled(on: Backend) -> Self {
        let world = Self::empty(on).await;
        for name in ["alice", "bob"] {
            world.record.insert_user(&user(name)).await.unwrap();
        }
        for (id, uri) in [
            ("wiki", Some("https://wiki.example/bc")),
            ("shop", Some("https://shop.example/bc")),
            ("blog", None),
        ] {
            world.record.insert_client(&client(id, uri)).await.unwrap();
        }
        world
    }

    /// The same place, opened again: another process.
    pub(super) async fn again(&self) -> Record {
        self.ground.open(&self.clock).await
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn pass(&self, secs: u64) -> Timestamp {
        self.clock.advance(Duration::from_secs(secs));
        self.now()
    }

    pub(super) fn new_session(&self, user: &str) -> Session {
        let now = self.now();
        Session {
            id: SessionId::random(&self.entropy),
            user: user_id(user),
            began: now,
            auth_time: now,
            acr: "urn:lanyard:acr:pwd".to_owned(),
            amr: vec!["pwd".to_owned()],
            last_seen: now,
            idle_timeout: Duration::from_hours(2),
            expires: now + Duration::from_hours(12),
            remembered: false,
            secret: Secret::random(&self.entropy).hash(),
            previous_secret: None,
            address: "192.0.2.0/24".to_owned(),
            user_agent: "Test".to_owned(),
            networks: Networks::of("192.0.2.0/24"),
        }
    }

    pub(super) async fn begin(&self, user: &str) -> Session {
        let session = self.new_session(user);
        let done = self.record.begin_session(&session).await.unwrap();
        assert!(matches!(done, SignIn::Begun { .. }));
        session
    }

    pub(super) async fn join(&self, session: &Session, client: &str) -> Sid {
        self.join_as(session, client, false).await
    }

    /// The person was asked, as it must be where the app was signed out of the session.
    pub(super) async fn join_asked(&self, session: &Session, client: &str) -> Sid {
        self.join_as(session, client, true).await
    }

    async fn join_as(&self, session: &Session, client: &str, asked: bool) -> Sid {
        let sid = Sid::random(&self.entropy);
        let client = ClientId::new(client);
        let joining = joining(session.id, &client, sid, self.now());
        match self
            .record
            .join(Joining { asked, ..joining })
            .await
            .unwrap()
        {
            Join::Joined(participant, _) | Join::Existing(participant, _) => participant.sid,
            Join::Ended | Join::NoConsent | Join::NoClient | Join::MustAsk => panic!("no join"),
        }
    }

    /// Makes copies of a session in which the wiki takes part, faster than people sign in.
    pub(super) async fn copies(&self, of: &Session, count: usize) {
        let (mut sessions, mut parts) = (String::new(), String::new());
        for number in 0..count {
            let id = SessionId::random(&self.entropy).encode();
            let sid = Sid::random(&self.entropy);
            let comma = if number == 0 { "" } else { ", " };
            write!(sessions, "{comma}('{id}', 'R{id}')").unwrap();
            write!(parts, "{comma}('{}', '{id}')", sid.as_str()).unwrap();
        }
        let rest = "user_id, began_at, auth_time, acr, amr, last_seen_at, idle_timeout, expires_at, \
             deadline_at, remembered, secret, address, user_agent";
        let id = of.id.encode();
        self.run(&format!(
            "INSERT INTO sessions (id, reference, {rest}) SELECT column1, column2, {rest} \
                 FROM (VALUES {sessions}) AS v, sessions s WHERE s.id = '{id}'"
        ))
        .await;
        self.run(&format!(
            "INSERT INTO participants (sid, session_id, client_id, joined_at) \
                 SELECT column1, column2, 'wiki', {} FROM (VALUES {parts}) AS v",
            self.now().as_millis()
        ))
        .await;
    }

    pub(super) fn new_grant(&self, session: &Session, client: &str, sid: &Sid) -> Grant {
        let now = self.now();
        Grant {
            id: GrantId::random(&self.entropy),
            user: session.user.clone(),
            client: ClientId::new(client),
            session: session.id,
            sid: sid.clone(),
            scope: vec!["openid".to_owned()],
            resources: vec![],
            claims: ClaimsWanted::default(),
            nonce: Some("n".to_owned()),
            auth_time: session.auth_time,
            acr: session.acr.clone(),
            amr: session.amr.clone(),
            began: now,
            expires: now + Duration::from_hours(12),
            offline: false,
            refreshable: true,
            jkt: None,
            place: Place {
                generation: 1,
                sequence: 1,
            },
            previous: None,
            last_used: now,
        }
    }

    pub(super) async fn end(&self, selection: Selection, reason: Reason) -> Ended {
        let actor = Actor::System;
        self.record
            .end(&selection, reason, reason.verb(), &actor, self.now())
            .await
            .unwrap()
    }

    /// Changes something behind the record's back.
    pub(super) async fn run(&self, sql: &str) {
        let mut conn = self.ground.connect().await;
        let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        statement.execute(&mut conn).await.unwrap();
    }

    /// Takes a client away whatever still hangs on it, as an older version could.
    pub(super) async fn lose_client(&self, id: &'static str) {
        let mut conn = self.ground.connect().await;
        let query = sqlx::query("DELETE FROM clients WHERE client_id = $1").bind(id);
        query.execute(&mut conn).await.unwrap();
    }

    /// Runs a statement behind the record's back: what only tests may look at.
    pub(super) async fn count(&self, sql: &'static str) -> i64 {
        let mut conn = self.ground.connect().await;
        sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap()
    }
}

pub(super) fn user_id(name: &str) -> UserId {
    UserId::new(format!("u_{name}"))
}

pub(super) fn user(name: &str) -> User {
    User {
        id: user_id(name),
        username: name.to_owned(),
        profile: Profile {
            name: Some(format!("{name} Example")),
            email: Some(format!("{name}@example.com")),
            ..Profile::default()
        },
        password: Some("$argon2id$old".to_owned()),
        must_change_password: false,
        admin: false,
        enabled: true,
        created: START,
        updated: START,
    }
}

pub(super) fn client(id: &str, backchannel_logout_uri: Option<&str>) -> Client {
    Client {
        client_id: ClientId::new(id),
        client_name: format!("The {id}"),
        redirect_uris: vec![format!("https://{id}.example/cb")],
        post_logout_redirect_uris: vec![],
        grant_types: vec![GrantType::AuthorizationCode],
        response_types: vec![ResponseType::Code],
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        pin_auth_method: false,
        token_endpoint_auth_signing_alg: None,
        require_issuer_audience: false,
        jwks: None,
        jwks_uri: None,
        application_type: ApplicationType::Web,
        id_token_signed_response_alg: SigningAlg::RS256,
        tokens: ClientTokens::default(),
        requests: ClientRequests::default(),
        scope: None,
        first_party: true,
        require_pkce: true,
        default_max_age: None,
        backchannel_logout_uri: backchannel_logout_uri.map(str::to_owned),
        frontchannel_logout_uri: None,
        notify_on_idle: true,
        logout_scope: LogoutScope::Sso,
        client_uri: None,
        logo_uri: None,
        initiate_login_uri: None,
        house_scopes: std::sync::Arc::default(),
        policy_uri: None,
        tos_uri: None,
        secret_hash: Some(lanyard::entropy::SecretHash::of_text("secret")),
        sealed_secret: None,
        previous_secret: None,
        enabled: true,
        enabled_since: None,
        sector_unread: false,
        registered_by: RegisteredBy::Administrator,
    }
}

/// A signing key, sealed as it were.
pub(super) fn new_key(kid: &str, alg: &str) -> NewKey {
    NewKey {
        kid: kid.to_owned(),
        alg: alg.to_owned(),
        private: format!("private {kid}").into_bytes(),
        public: format!("public {kid}").into_bytes(),
    }
}

/// A join that rests on nobody's consent.
fn joining(session: SessionId, client: &ClientId, sid: Sid, now: Timestamp) -> Joining {
    let client = client.clone();
    Joining {
        session,
        client,
        sid,
        consent_of: None,
        asked: false,
        now,
    }
}
