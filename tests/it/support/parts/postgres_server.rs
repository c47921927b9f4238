//! A PostgreSQL server.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::super::installation::free_port;
use super::nest::Nest;
use super::{comes_to, on_path};

const PATIENCE: Duration = Duration::from_secs(15);
const VARIABLE: &str = "LANYARD_TEST_POSTGRES_BIN";
/// The administrator, and the name of the database.
const NAME: &str = "lanyard";
/// PostgreSQL does not run as root: then it runs as the first of these that exists.
const OTHERS: [&str; 2] = ["postgres", "nobody"];
/// Who is asked for a password: members of a role that nobody else needs to know of.
const ACCESS: &str = "\
host all +by_password 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
";
const SETTINGS: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
fsync = off
full_page_writes = off
password_encryption = 'scram-sha-256'
";

/// A PostgreSQL server, ended and forgotten when it is dropped.
pub(crate) struct PostgresServer {
    nest: Nest,
    port: u16,
}

impl PostgresServer {
    pub(crate) async fn start() -> Self {
        // SIGQUIT lets it give its shared memory back.
        let nest = Nest::new("QUIT");
        give(nest.folder());
        initialise(&nest.path("data"));
        let port = free_port();
        let settings = format!("{SETTINGS}port = {port}\n");
        append(&nest.path("data/postgresql.conf"), &settings);
        std::fs::write(nest.path("data/pg_hba.conf"), ACCESS).unwrap();
        let mut server = Self { nest, port };
        server.run().await;
        server.execute("CREATE ROLE by_password").await;
        server.execute(&format!("CREATE DATABASE {NAME}")).await;
        server
    }

    async fn run(&mut self) {
        let mut command = unprivileged(&binary("postgres"));
        command.arg("-D").arg(self.nest.path("data"));
        self.nest.start(&command);
        let answers = comes_to(PATIENCE, || async { self.answers().await }).await;
        assert!(
            answers && !self.nest.gave_up(),
            "PostgreSQL does not start:\n{}",
            self.nest.log()
        );
    }

    /// Whether it answers in good time.
    pub(crate) async fn answers(&self) -> bool {
        let limit = Duration::from_secs(1);
        let asked = tokio::time::timeout(limit, self.attempt("SELECT 1"));
        matches!(asked.await, Ok(Ok(())))
    }

    /// What it has on disk, and where it works.
    pub(crate) fn folder(&self) -> &Path {
        self.nest.folder()
    }

    /// Where clients reach it, as its administrator.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{NAME}@127.0.0.1:{}/{NAME}", self.port)
    }

    /// Makes a user who is asked for a password; where clients reach it as that user.
    pub(crate) async fn user_with_password(&self, user: &str, password: &str) -> String {
        let create = format!("CREATE USER {user} PASSWORD '{password}' IN ROLE by_password");
        self.execute(&create).await;
        format!(
            "postgres://{user}:{password}@127.0.0.1:{}/{NAME}",
            self.port
        )
    }

    /// Does something in the database `postgres`, as administrator.
    pub(crate) async fn execute(&self, statement: &str) {
        let done = self.attempt(statement).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// A connection for each: tests have many runtimes, and a connection lives in one.
    async fn attempt(&self, statement: &str) -> sqlx::Result<()> {
        let url = format!("postgres://{NAME}@127.0.0.1:{}/postgres", self.port);
        let mut connection = PgConnection::connect(&url).await?;
        let statement = sqlx::raw_sql(AssertSqlSafe(statement));
        statement.execute(&mut connection).await?;
        connection.close().await
    }

    /// Stops its clock and that of all its sessions, until [`PostgresServer::resume`].
    pub(crate) fn pause(&self) {
        self.nest.signal("STOP");
    }

    pub(crate) fn resume(&self) {
        self.nest.signal("CONT");
    }

    /// `kill -9`, its sessions too.
    pub(crate) fn kill(&mut self) {
        self.nest.kill();
    }

    /// `kill -9`, if it runs, and a start with what it had written down.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.run().await;
    }
}

fn initialise(data: &Path) {
    let mut command = unprivileged(&binary("initdb"));
    let done = command
        .args(["--username", NAME, "--auth=trust", "--encoding=UTF8"])
        .args(["--locale=C", "--no-sync", "--no-instructions", "--pgdata"])
        .arg(data)
        .current_dir("/")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "initdb: {said}");
}

fn append(file: &Path, text: &str) {
    let before = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, before + text).unwrap();
}

/// A program of the server: from the folder that the variable names, from PATH, or from the
/// newest version where Debian keeps them.
fn binary(name: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os(VARIABLE) {
        return PathBuf::from(folder).join(name);
    }
    let found = on_path(name).or_else(|| Some(newest()?.join(name)));
    found.unwrap_or_else(|| {
        panic!("{name} is missing. Run the tests by ./scripts/test, or set {VARIABLE}.")
    })
}

fn newest() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.map(|version| version.unwrap().path());
    let number = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = folders.max_by_key(number)?;
    Some(newest.join("bin"))
}

/// To run it as somebody who is not root.
fn unprivileged(program: &Path) -> Command {
    let Some(user) = other_user() else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={user}"))
        .arg(format!("--regid={}", id(&["-gn", user])))
        .args(["--clear-groups".as_ref(), program.as_os_str()]);
    command
}

fn give(folder: &Path) {
    if let Some(user) = other_user() {
        let given = Command::new("chown").arg(user).arg(folder).status();
        assert!(given.unwrap().success());
    }
}

/// Whom to run it as, if this is root.
fn other_user() -> Option<&'static str> {
    if id(&["-u"]) != "0" {
        return None;
    }
    let exists = |user: &&str| !id(&["-u", user]).is_empty();
    let user = OTHERS.into_iter().find(exists);
    Some(user.expect("PostgreSQL does not run as root, and there is nobody else"))
}

fn id(arguments: &[&str]) -> String {
    let said = Command::new("id").args(arguments).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}
