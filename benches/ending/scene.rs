//! A running provider with many sessions.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use lanyard::app::{self, Running};
use lanyard::clock::{Clock, Timestamp};
use lanyard::config::{self, Source};
use lanyard::entropy::{ClientId, Entropy, Secret, SecretHash, SessionId, Sid, UserId};
use lanyard::identity::user::{Profile, User};
use lanyard::protocol::client_metadata;
use lanyard::session::ending::Selection;
use lanyard::session::network::Networks;
use lanyard::session::session::Session;
use lanyard::store::record::{Join, Joining, Record, SignIn};
use serde_json::json;
use tempfile::TempDir;

use super::Asked;
use super::receiver::{self, Heard, Told};
use super::stores::Variables;

const APPS: [&str; 3] = ["wiki", "shop", "chat"];
/// Rows that are made at a time.
const AT_A_TIME: usize = 64;

/// A house, its apps, and who is signed in.
pub(crate) struct Scene {
    pub(crate) running: Running,
    apps: Vec<Heard>,
    hanging: bool,
    people: usize,
    /// Each session, and its `sid` at each app that answers.
    sessions: Vec<(SessionId, Vec<String>)>,
    folder: TempDir,
}

impl Scene {
    /// So many sessions of so many people. The last app may be one that hangs.
    pub(crate) async fn begin(
        stores: Variables,
        sessions: usize,
        people: usize,
        hanging: bool,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = start(&folder, stores).await;
        let record = running.provider.record();
        let mut apps = Vec::new();
        for name in APPS {
            let hangs = hanging && name == "chat";
            let (address, heard) = receiver::open(hangs);
            connect(record, name, &address).await;
            if !hangs {
                apps.push(heard);
            }
        }
        let rows = stream::iter(0..people).map(|number| employ(record, number));
        rows.buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await;
        let answering = apps.len();
        let rows = stream::iter(0..sessions).map(|number| async move {
            let (session, mut sids) = sign_in(record, number % people).await;
            sids.truncate(answering);
            (session, sids)
        });
        let sessions = rows.buffer_unordered(AT_A_TIME).collect().await;
        Self {
            running,
            apps,
            hanging,
            people,
            sessions,
            folder,
        }
    }

    /// What is ended, call by call.
    pub(crate) fn selections(&self) -> Vec<Asked> {
        if self.people == 1 {
            let all = Selection::Person {
                user: user_id(0),
                except: None,
            };
            let sids = self.sessions.iter().map(|(_, sids)| sids.clone());
            return vec![(all, sids.collect())];
        }
        let each = self.sessions.iter();
        each.map(|(id, sids)| (Selection::Session(*id), vec![sids.clone()]))
            .collect()
    }

    /// Waits until every app that answers has heard of every session.
    pub(crate) async fn until_told(&self, patience: Duration) -> Told {
        let owed = self.sessions.len() * self.apps.len();
        let began = Instant::now();
        let count = || self.apps.iter().map(Heard::count).sum::<usize>();
        let mut told = Told::of(&[]);
        while told.notices() < owed {
            assert!(
                began.elapsed() < patience,
                "only {} of {owed} were told",
                told.notices()
            );
            let heard = count();
            tokio::time::sleep(Duration::from_millis(20)).await;
            if heard >= owed {
                told = Told::of(&self.apps);
            }
        }
        if !self.hanging {
            // Whoever comes again comes after the first.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        Told::of(&self.apps)
    }

    pub(crate) async fn close(self) {
        self.running.stop().await;
        self.folder.close().unwrap();
    }
}

async fn start(folder: &TempDir, stores: Variables) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut environment = vec![
        ("ISSUER", format!("http://localhost:{port}")),
        ("SERVER__LISTEN", format!("127.0.0.1:{port}")),
        ("DATA", folder.path().display().to_string()),
        ("METRICS__LISTEN", "off".to_owned()),
    ];
    environment.extend(stores);
    let environment = environment.into_iter();
    let environment = environment.map(|(name, value)| (format!("LANYARD__{name}"), value));
    let config = config::load(Source {
        file: None,
        environment: environment.collect(),
    })
    .unwrap();
    let node = app::start_on(vec![listener], &config, Clock::System, Entropy::System);
    node.await.unwrap()
}

async fn connect(record: &Record, name: &str, address: &str) {
    let metadata = json!({
        "client_name": name,
        "redirect_uris": [format!("https://{name}.example/callback")],
        "backchannel_logout_uri": address,
        "first_party": true,
    });
    let mut client = client_metadata::parse(&metadata, ClientId::new(name)).unwrap();
    client.secret_hash = Some(SecretHash::of_text("nobody asks for it"));
    record.insert_client(&client).await.unwrap();
}

fn user_id(number: usize) -> UserId {
    UserId::new(format!("u_{number}"))
}

async fn employ(record: &Record, number: usize) {
    let now = Clock::System.now();
    let user = User {
        id: user_id(number),
        username: format!("person{number}"),
        profile: Profile::default(),
        password: None,
        must_change_password: false,
        admin: false,
        enabled: true,
        created: now,
        updated: now,
    };
    record.insert_user(&user).await.unwrap();
}

/// A session in which all apps take part, with its `sid` at each.
async fn sign_in(record: &Record, person: usize) -> (SessionId, Vec<String>) {
    let now = Clock::System.now();
    let session = session(user_id(person), now);
    let begun = record.begin_session(&session).await.unwrap();
    assert!(matches!(begun, SignIn::Begun { .. }), "nobody signed in");
    let mut sids = Vec::new();
    for app in APPS {
        let joining = Joining {
            session: session.id,
            client: ClientId::new(app),
            sid: Sid::random(&Entropy::System),
            consent_of: None,
            asked: false,
            now,
        };
        match record.join(joining).await.unwrap() {
            Join::Joined(part, _) => sids.push(part.sid.as_str().to_owned()),
            other => panic!("{app} did not join: {other:?}"),
        }
    }
    (session.id, sids)
}

fn session(user: UserId, now: Timestamp) -> Session {
    Session {
        id: SessionId::random(&Entropy::System),
        user,
        began: now,
        auth_time: now,
        acr: "urn:lanyard:acr:pwd".to_owned(),
        amr: vec!["pwd".to_owned()],
        last_seen: now,
        idle_timeout: Duration::from_hours(2),
        expires: now + Duration::from_hours(12),
        remembered: false,
        secret: Secret::random(&Entropy::System).hash(),
        previous_secret: None,
        address: "192.0.2.0/24".to_owned(),
        user_agent: "Bench".to_owned(),
        networks: Networks::default(),
    }
}
