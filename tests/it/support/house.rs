//! A provider of its own for one test: own folder, own port, own clock.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lanyard::app::{self, Running};
use lanyard::clock::{Clock, Timestamp};
use lanyard::config::{self, Config, Source};
use lanyard::entropy::{Entropy, Secret, SessionId, UserId};
use lanyard::identity::user::{Profile, User};
use lanyard::provider::{KeyKeeper, Provider};
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::{AuditEntry, NoticeView, Record};
use lanyard::store::seal::{Purpose, Sealer};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::stores::{Stores, Variables};
use super::{App, Browser, Scrape};

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) username: String,
    pub(crate) password: String,
}

/// A running provider.
pub(crate) struct House {
    pub(crate) issuer: String,
    pub(crate) clock: Clock,
    config: Config,
    /// Its nodes, behind one address: which of them is asked is left to chance.
    running: Vec<Running>,
    /// Kept, so that the address stays while nodes come and go.
    shared: Option<TcpListener>,
    nodes: usize,
    /// A port of each node alone.
    doors: Vec<u16>,
    /// Removed with the house.
    folder: TempDir,
}

/// Where the clocks of the stories start.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_800_000_000);

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// With one node, whatever the stores are: where a meter or a cache is looked at.
    pub(crate) async fn open_alone() -> Self {
        let stores = Stores::of_this_run().variables().await;
        Self::open_on(stores, 1, &[]).await
    }

    /// With one node, whose metrics are served.
    pub(crate) async fn open_watched() -> Self {
        let stores = Stores::of_this_run().variables().await;
        Self::open_on(stores, 1, &[("METRICS__LISTEN", "127.0.0.1:0")]).await
    }

    /// Where its first node serves metrics.
    pub(crate) fn metrics(&self) -> SocketAddr {
        self.running[0].metrics().unwrap()
    }

    /// Whether it serves no metrics.
    pub(crate) fn is_dark(&self) -> bool {
        self.running.iter().all(|node| node.metrics().is_none())
    }

    /// Its metrics, with figures that are not older than this call.
    pub(crate) async fn scrape(&self) -> Scrape {
        self.advance(Duration::from_secs(5));
        Scrape::of(self.metrics()).await
    }

    /// With some configuration, such as `("SESSION__IDLE_TIMEOUT", "30m")`.
    pub(crate) async fn open_with(extra: &[(&str, &str)]) -> Self {
        let stores = Stores::of_this_run();
        Self::open_on(stores.variables().await, stores.nodes(), extra).await
    }

    /// With more in its configuration file, such as what no variable can say.
    pub(crate) async fn open_with_file(text: &str) -> Self {
        let stores = Stores::of_this_run();
        let (variables, nodes) = (stores.variables().await, stores.nodes());
        Self::open_as(variables, nodes, &[], text).await
    }

    /// With stores of its own.
    pub(crate) async fn open_on(stores: Variables, nodes: usize, extra: &[(&str, &str)]) -> Self {
        Self::open_as(stores, nodes, extra, "").await
    }

    async fn open_as(stores: Variables, nodes: usize, extra: &[(&str, &str)], text: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let issuer = format!("http://localhost:{port}");
        let mut environment = vec![
            ("ISSUER", issuer.clone()),
            ("SERVER__LISTEN", format!("127.0.0.1:{port}")),
            ("DATA", folder.path().display().to_string()),
            // The cheapest hash there is: what passwords cost is not what stories are about.
            ("PASSWORD__MEMORY_KIB", "8".to_owned()),
            ("PASSWORD__ITERATIONS", "1".to_owned()),
            ("METRICS__LISTEN", "off".to_owned()),
        ];
        environment.extend(stores);
        environment.extend(
            extra
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let environment = environment
            .into_iter()
            .map(|(name, value)| (format!("LANYARD__{name}"), value))
            .collect();
        let file = folder.path().join("lanyard.toml");
        std::fs::write(&file, text).unwrap();
        let config = config::load(Source {
            file: Some(file),
            environment,
        })
        .unwrap();
        let clock = Clock::manual(START);
        let mut house = Self {
            issuer,
            clock,
            config,
            running: Vec::new(),
            shared: None,
            nodes,
            doors: Vec::new(),
            folder,
        };
        house.start_on(listener).await;
        house
    }

    async fn start_on(&mut self, listener: TcpListener) {
        self.shared = Some(listener);
        for _ in 0..self.nodes {
            self.gain_node().await;
        }
    }

    /// Starts one node more.
    pub(crate) async fn gain_node(&mut self) {
        if let Some(listener) = &self.shared {
            let own = TcpListener::bind("127.0.0.1:0").unwrap();
            own.set_nonblocking(true).unwrap();
            self.doors.push(own.local_addr().unwrap().port());
            let listeners = vec![listener.try_clone().unwrap(), own];
            let node = app::start_on(listeners, &self.config, self.clock.clone(), Entropy::System);
            self.running.push(node.await.unwrap());
        }
    }

    /// Tries to start one node more, with another configuration; why it does not start.
    pub(crate) async fn refused_node(&self, change: impl FnOnce(&mut Config)) -> String {
        let mut config = self.config.clone();
        change(&mut config);
        let own = TcpListener::bind("127.0.0.1:0").unwrap();
        own.set_nonblocking(true).unwrap();
        match app::start_on(vec![own], &config, self.clock.clone(), Entropy::System).await {
            Ok(_) => panic!("it started"),
            Err(error) => error.to_string(),
        }
    }

    /// Stops the first of its nodes in order.
    pub(crate) async fn lose_node(&mut self) {
        self.doors.remove(0);
        self.running.remove(0).stop().await;
    }

    /// Stops it in order and opens it again on the same data and the same address.
    pub(crate) async fn reopen(&mut self) {
        self.reopen_after(Duration::ZERO).await;
    }

    /// The same, with some time in between.
    pub(crate) async fn reopen_after(&mut self, closed: Duration) {
        self.stop().await;
        self.advance(closed);
        self.start().await;
    }

    /// Its database, where that is a file.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("lanyard.db")
    }

    pub(crate) fn provider(&self) -> &Arc<Provider> {
        &self.running[0].provider
    }

    pub(crate) fn number_of_nodes(&self) -> usize {
        self.nodes
    }

    /// One of its nodes.
    pub(crate) fn node(&self, number: usize) -> &Arc<Provider> {
        &self.running[number].provider
    }

    /// A browser as one node alone sees it.
    pub(crate) fn at_node(&self, number: usize, browser: &Browser) -> Browser {
        browser.through(self.doors[number])
    }

    /// An app as one node alone hears it.
    pub(crate) fn app_at(&self, number: usize, app: &App) -> App {
        app.through(self.doors[number])
    }

    /// Waits until every node has read what is in the logs now.
    pub(crate) async fn settled(&self) {
        let record = self.provider().record();
        let ends = record.ends_head().await.unwrap();
        let changes = record.changes_head().await.unwrap();
        Self::until("every node has read the logs", || async {
            self.running.iter().all(|node| {
                let (ends_read, changes_read) = node.provider.followed();
                ends_read >= ends && changes_read >= changes
            })
        })
        .await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Makes a person, whose password is made from their name.
    pub(crate) async fn person(&self, username: &str) -> Person {
        self.somebody(username, false).await
    }

    /// The same with the administrator's role.
    pub(crate) async fn administrator(&self, username: &str) -> Person {
        self.somebody(username, true).await
    }

    async fn somebody(&self, username: &str, admin: bool) -> Person {
        let password = format!("{username} likes long passwords");
        let hash = self
            .provider()
            .hash_password(password.clone())
            .await
            .unwrap();
        let user = User {
            id: UserId::random(&Entropy::System),
            username: username.to_owned(),
            profile: Profile {
                name: Some(format!("{username} Example")),
                given_name: Some(username.to_owned()),
                family_name: Some("Example".to_owned()),
                email: Some(format!("{username}@example.com")),
                email_verified: true,
                ..Profile::default()
            },
            password: Some(hash),
            must_change_password: false,
            admin,
            enabled: true,
            created: self.clock.now(),
            updated: self.clock.now(),
        };
        self.provider().record().insert_user(&user).await.unwrap();
        Person {
            id: user.id,
            username: username.to_owned(),
            password,
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.issuer)
    }

    /// A confidential, first-party app that is told of ends by the back channel.
    pub(crate) async fn app(&self, id: &str) -> App {
        self.app_with(id, json!({})).await
    }

    /// The same with other metadata; `null` takes a member away.
    pub(crate) async fn app_with(&self, id: &str, metadata: Value) -> App {
        App::register(self, id, metadata).await
    }

    /// The live sessions of a person.
    pub(crate) async fn sessions_of(&self, person: &Person) -> Vec<SessionId> {
        let rows = self
            .provider()
            .record()
            .sessions_of(&person.id, self.clock.now())
            .await
            .unwrap();
        rows.into_iter().map(|row| row.session.id).collect()
    }

    /// Ends a session as an administrator would.
    pub(crate) async fn end(&self, session: SessionId) {
        let selection = Selection::Session(session);
        self.provider()
            .end(&selection, Reason::Admin, &Actor::CommandLine)
            .await
            .unwrap();
    }

    /// Stops the workers, so that only requests are metered.
    pub(crate) async fn rest(&mut self) {
        for node in &mut self.running {
            node.rest().await;
        }
    }

    /// Waits until something holds. For what workers do in their own time; never for deadlines,
    /// which the clock moves.
    pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
        let patience = Duration::from_secs(20);
        let waited = tokio::time::timeout(patience, async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(waited.await.is_ok(), "waited in vain until {what}");
    }

    /// A browser on another machine.
    pub(crate) fn browser_at(&self, address: &str) -> Browser {
        Browser::at_address(&self.issuer, address.parse().unwrap())
    }

    /// The only live session of a person.
    pub(crate) async fn session_of(&self, person: &Person) -> SessionId {
        let sessions = self.sessions_of(person).await;
        assert_eq!(sessions.len(), 1, "of {}", person.username);
        sessions[0]
    }

    /// How often its nodes read a session from the record.
    pub(crate) fn reloads(&self) -> u64 {
        let nodes = self.running.iter();
        nodes.map(|node| node.provider.reloads()).sum()
    }

    /// Ends one app's part in a session as an administrator would.
    pub(crate) async fn end_client(&self, session: SessionId, app: &App) {
        let selection = Selection::ClientInSession(session, app.id());
        self.provider()
            .end(&selection, Reason::Admin, &Actor::CommandLine)
            .await
            .unwrap();
    }

    /// How many apps ever took part in a session.
    pub(crate) async fn participants(&self, session: SessionId) -> usize {
        let snapshot = self
            .provider()
            .record()
            .load_session(session)
            .await
            .unwrap()
            .unwrap();
        snapshot.participants.len() + snapshot.ended_participants.len()
    }

    /// The notices owed because of a session's end, settled or not.
    pub(crate) async fn notices_of(&self, session: SessionId) -> Vec<NoticeView> {
        self.provider().record().notices_of(session).await.unwrap()
    }

    /// The record as another process has it open.
    pub(crate) async fn other_process(&self) -> Record {
        app::open_record(&self.config, self.clock.clone(), Entropy::System)
            .await
            .unwrap()
    }

    /// Waits for a line of the audit; what is noted off the request path comes a moment later.
    pub(crate) async fn expect_audit(
        &self,
        what: &str,
        fits: impl Fn(&AuditEntry) -> bool,
    ) -> AuditEntry {
        let found = Mutex::new(None);
        Self::until(&format!("the audit says {what}"), || async {
            let lines = self.provider().record().recent_audit(10_000).await.unwrap();
            *found.lock().unwrap() = lines.into_iter().find(|line| fits(line));
            found.lock().unwrap().is_some()
        })
        .await;
        found.into_inner().unwrap().unwrap()
    }

    /// Stops it in order and opens it again with another configuration.
    pub(crate) async fn reopen_with(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.reopen().await;
    }

    /// Makes handles as this house does, for one that no browser was ever given.
    pub(crate) fn sealer(&self) -> Sealer {
        let key = self.config.master_key.obtain(&Entropy::System).unwrap();
        Sealer::new(key.as_bytes(), &[])
    }

    /// Its signing keys, as another process on the same data has them.
    pub(crate) fn key_keeper(&self, record: &Record) -> KeyKeeper {
        let schedule = app::key_schedule(&self.config);
        KeyKeeper::new(record.clone(), self.sealer(), Entropy::System, schedule)
    }

    /// Lets its nodes do what is due with the signing keys, as they do every few seconds, until
    /// each of them knows.
    pub(crate) async fn look_after_keys(&self) {
        for node in &self.running {
            node.provider.look_after_keys().await.unwrap();
        }
        self.settled().await;
    }

    /// Ends a session as its person would.
    pub(crate) async fn end_by_person(&self, session: SessionId, person: &Person) {
        let actor = Actor::Person(person.id.clone());
        let selection = Selection::Session(session);
        let ended = self.provider().end(&selection, Reason::User, &actor);
        ended.await.unwrap();
    }

    /// A cookie as this house seals it, with a secret that it never gave out: what nobody outside
    /// can make, for the checks behind the seal.
    pub(crate) fn forged_cookie(&self, session: SessionId, secret: &Secret) -> String {
        let parts = [session.as_bytes().as_slice(), secret.as_bytes()].concat();
        self.sealer()
            .seal_text(Purpose::Handle, b"cookie", &parts, &Entropy::System)
    }

    /// Stops it in order.
    pub(crate) async fn stop(&mut self) {
        self.doors.clear();
        self.shared = None;
        for node in self.running.drain(..) {
            node.stop().await;
        }
    }

    /// Starts it again after [`House::stop`].
    pub(crate) async fn start(&mut self) {
        let listener = TcpListener::bind(self.config.listen).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.start_on(listener).await;
    }
}
