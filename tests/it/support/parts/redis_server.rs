//! A Redis server.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Value};

use super::super::installation::free_port;
use super::certificates::Certificates;
use super::nest::Nest;
use super::{comes_to, monitor, program};

const PATIENCE: Duration = Duration::from_secs(5);
/// Whom the harness signs in as where a test makes its own users.
const HARNESS: &str = "the-harness";
/// What is the same for every server, so that a test sets only what it is about.
const SETTINGS: &[(&str, &str)] = &[
    ("save", "\"\""),
    ("maxmemory-policy", "noeviction"),
    ("protected-mode", "no"),
];

/// A Redis server, ended and forgotten when it is dropped.
pub(crate) struct RedisServer {
    nest: Nest,
    port: u16,
    sentinel: bool,
    users: bool,
    /// The port that speaks TLS, and the certificate authority of its certificate.
    tls: Option<(u16, PathBuf)>,
}

impl RedisServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With more lines of redis.conf, such as `("appendonly", "yes")`.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let mut server = Self::new(false);
        let settings = [SETTINGS, settings].concat();
        server.configure(&settings);
        server.run().await;
        server
    }

    /// A sentinel is the same program in another mode.
    pub(super) async fn start_sentinel(settings: &[(&str, &str)]) -> Self {
        let mut server = Self::new(true);
        server.configure(settings);
        server.run().await;
        server
    }

    /// With users, one a line, as `user app on >password ~app:* +@all`.
    pub(crate) async fn start_with_acl(users: &[&str]) -> Self {
        let mut server = Self::new(false);
        server.users = true;
        let mut text = format!("user {HARNESS} on nopass ~* &* +@all\n");
        for user in users {
            writeln!(text, "{user}").unwrap();
        }
        let file = server.nest.path("users.acl");
        std::fs::write(&file, text).unwrap();
        let file = file.display().to_string();
        server.configure(&[SETTINGS, &[("aclfile", file.as_str())]].concat());
        server.run().await;
        server
    }

    /// With a second port that speaks TLS; [`RedisServer::url`] names it.
    pub(crate) async fn start_tls() -> Self {
        let mut server = Self::new(false);
        let made = Certificates::make(server.nest.folder());
        let port = free_port();
        let (number, [authority, certificate, key]) = (port.to_string(), made.texts());
        server.configure(
            &[
                SETTINGS,
                &[
                    ("tls-port", number.as_str()),
                    ("tls-ca-cert-file", &authority),
                    ("tls-cert-file", &certificate),
                    ("tls-key-file", &key),
                    ("tls-auth-clients", "no"),
                ],
            ]
            .concat(),
        );
        server.tls = Some((port, made.authority));
        server.run().await;
        server
    }

    fn new(sentinel: bool) -> Self {
        let nest = Nest::new("KILL");
        std::fs::create_dir(nest.path("data")).unwrap();
        Self {
            nest,
            port: free_port(),
            sentinel,
            users: false,
            tls: None,
        }
    }

    fn configure(&self, settings: &[(&str, &str)]) {
        let data = self.data();
        let mut text = format!(
            "port {}\nbind 127.0.0.1\ndir {}\n",
            self.port,
            data.display()
        );
        for (name, value) in settings {
            writeln!(text, "{name} {value}").unwrap();
        }
        std::fs::write(self.nest.path("redis.conf"), text).unwrap();
    }

    async fn run(&mut self) {
        let mut command = Command::new(program("REDIS_SERVER", "redis-server"));
        command.arg(self.nest.path("redis.conf"));
        if self.sentinel {
            command.arg("--sentinel");
        }
        self.nest.start(&command);
        let answers = comes_to(PATIENCE, || async { self.answers().await }).await;
        assert!(
            answers && !self.nest.gave_up(),
            "Redis does not start:\n{}",
            self.nest.log()
        );
    }

    /// Whether it answers in good time.
    pub(crate) async fn answers(&self) -> bool {
        self.attempt(&["PING"]).await.as_deref() == Ok("PONG")
    }

    /// What it has on disk, and where it works.
    pub(crate) fn folder(&self) -> &Path {
        self.nest.folder()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where clients reach it: by TLS if it speaks that.
    pub(crate) fn url(&self) -> String {
        match self.tls {
            None => format!("redis://127.0.0.1:{}", self.port),
            Some((port, _)) => format!("rediss://localhost:{port}"),
        }
    }

    /// The same for one of its users.
    pub(crate) fn url_for(&self, user: &str, password: &str) -> String {
        format!("redis://{user}:{password}@127.0.0.1:{}", self.port)
    }

    /// The certificate authority to trust, in PEM.
    pub(crate) fn authority(&self) -> &Path {
        &self.tls.as_ref().expect("it does not speak TLS").1
    }

    /// Stops its clock: whoever asks waits until [`RedisServer::resume`].
    pub(crate) fn pause(&self) {
        self.nest.signal("STOP");
    }

    pub(crate) fn resume(&self) {
        self.nest.signal("CONT");
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.nest.kill();
    }

    /// `kill -9`, if it runs, and a start with what it had written down.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.run().await;
    }

    /// `kill -9`, if it runs, and a start without any data.
    pub(crate) async fn restart_empty(&mut self) {
        self.kill();
        std::fs::remove_dir_all(self.data()).unwrap();
        std::fs::create_dir(self.data()).unwrap();
        self.run().await;
    }

    /// A backup as of now, beside the one before, which it replaces.
    pub(crate) async fn save_snapshot(&self) {
        self.command(&["SAVE"]).await;
        let _ = std::fs::remove_dir_all(self.nest.path("kept"));
        copy(&self.data(), &self.nest.path("kept"));
    }

    /// `kill -9`, if it runs, and a start from the backup, as an operator would restore it.
    pub(crate) async fn restart_from_snapshot(&mut self) {
        self.kill();
        std::fs::remove_dir_all(self.data()).unwrap();
        copy(&self.nest.path("kept"), &self.data());
        self.run().await;
    }

    fn data(&self) -> PathBuf {
        self.nest.path("data")
    }

    /// Its answer, the parts of a compound one a line each.
    pub(crate) async fn command(&self, words: &[&str]) -> String {
        let answer = self.attempt(words).await;
        answer.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// Its answer, or why there is none.
    pub(crate) async fn attempt(&self, words: &[&str]) -> Result<String, String> {
        let asked = async {
            let mut connection = self.connect().await?;
            let mut command = redis::Cmd::new();
            command
                .arg(words)
                .query_async::<Value>(&mut connection)
                .await
        };
        match asked.await {
            Ok(value) => Ok(text_of(value)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// A connection for each command: tests have many runtimes, and a connection lives in one.
    async fn connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        let url = if self.users {
            self.url_for(HARNESS, "any")
        } else {
            format!("redis://127.0.0.1:{}", self.port)
        };
        let patience = Some(Duration::from_secs(1));
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(patience)
            .set_response_timeout(patience);
        let client = Client::open(url)?;
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    /// What clients ask of it while `done` runs: command and arguments, parted by spaces. What
    /// scripts call is not counted, as it costs no round trip.
    pub(crate) async fn commands_during(&self, done: impl Future<Output = ()>) -> Vec<String> {
        let user = self.users.then_some(HARNESS);
        monitor::commands_during(self.port, user, done).await
    }
}

fn text_of(value: Value) -> String {
    match value {
        Value::Nil => String::new(),
        Value::Okay => "OK".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => text,
        Value::BulkString(bytes) => String::from_utf8(bytes).unwrap(),
        Value::Array(values) => {
            let values: Vec<String> = values.into_iter().map(text_of).collect();
            values.join("\n")
        }
        other => panic!("an answer of an unforeseen kind: {other:?}"),
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-R").args([from, to]).status();
    assert!(copied.unwrap().success(), "{}", from.display());
}
