//! The real program in a folder of its own: its commands, and its server as a process that can be
//! killed.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use lanyard::clock::Clock;
use lanyard::entropy::{Entropy, UserId};
use lanyard::store::record::{Record, RecordSettings, SessionFilter, SessionRow};
use serde_json::Value;
use tempfile::TempDir;

use super::stores::Stores;
use super::{App, Browser, Person};

/// Between two looks at a process.
const PAUSE: Duration = Duration::from_millis(20);
/// A command that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// A configuration, its data, and what the program does with them.
pub(crate) struct Installation {
    pub(crate) issuer: String,
    pub(crate) port: u16,
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// What it answered; a failure is one of the test.
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.status, Some(0), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        self.stdout
    }

    /// Why it refused, one line for each reason: by the exit status of a refusal, and with no
    /// answer.
    pub(crate) fn refused(self) -> String {
        assert_eq!(self.status, Some(1), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let errors = self
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "));
        let errors: Vec<_> = errors.collect();
        assert!(!errors.is_empty(), "{self:?}");
        errors.join("\n")
    }
}

impl Installation {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// On the stores of this run; the others are embedded, whatever those are.
    pub(crate) fn on_stores() -> Self {
        let variables = Stores::of_this_run().variables_now();
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        Self::with(&variables)
    }

    /// With more variables, such as `("LOG__LEVEL", "trace")`.
    pub(crate) fn with(extra: &[(&str, &str)]) -> Self {
        let port = free_port();
        let issuer = format!("http://localhost:{port}");
        let mut variables = vec![
            // The cheapest hash there is: what passwords cost is not what stories are about.
            ("PASSWORD__MEMORY_KIB", "8".to_owned()),
            ("PASSWORD__ITERATIONS", "1".to_owned()),
            ("METRICS__LISTEN", "off".to_owned()),
        ];
        variables.extend(
            extra
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let house = Self {
            folder: tempfile::tempdir().unwrap(),
            variables: variables
                .into_iter()
                .map(|(name, value)| (format!("LANYARD__{name}"), value))
                .collect(),
            issuer,
            port,
        };
        house.write("lanyard.toml", &format!("issuer = \"{}\"\n", house.issuer));
        house
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The program in the folder of this installation, with its variables and no others.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lanyard"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables.iter().cloned())
            .env("TMPDIR", self.folder.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, "")
    }

    /// With something on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Done {
        finish(self.command(arguments), input)
    }

    pub(crate) fn person(&self, username: &str) -> Person {
        let password = format!("{username} likes long passwords");
        let made = self.run_with(
            &["user", "create", "--username", username, "--password-stdin"],
            &format!("{password}\n"),
        );
        let answer = made.succeeded();
        let (_, id) = answer
            .trim()
            .trim_end_matches('.')
            .rsplit_once(' ')
            .unwrap();
        Person {
            id: UserId::new(id),
            username: username.to_owned(),
            password,
        }
    }

    pub(crate) fn app(&self, id: &str) -> App {
        self.app_with(id, &serde_json::json!({}))
    }

    /// With other metadata; `null` takes a member away.
    pub(crate) fn app_with(&self, id: &str, metadata: &Value) -> App {
        App::register_by_command(self, id, metadata)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.issuer)
    }

    /// Starts the server and waits until it is ready.
    pub(crate) async fn serve(&self) -> Server {
        // Another test may be looking whether this port is free.
        for _ in 0..20 {
            match Server::start(self, "serve", &[]).ready(&self.issuer).await {
                Ok(server) => return server,
                Err(said) if said.contains("is taken") => {}
                Err(said) => panic!("the server did not start: {said}"),
            }
        }
        panic!("port {} stays taken", self.port)
    }

    /// What the record says, read beside the server.
    pub(crate) async fn record(&self) -> Record {
        let url = self
            .variables
            .iter()
            .find(|(name, _)| name == "LANYARD__DATABASE__URL");
        let settings = match url {
            Some((_, url)) => RecordSettings::postgres(url.clone()),
            None => RecordSettings::sqlite(&self.path("data/lanyard.db")),
        };
        Record::open(&settings, Clock::System, Entropy::System)
            .await
            .unwrap()
    }

    /// All sessions, ended ones too.
    pub(crate) async fn sessions(&self) -> Vec<SessionRow> {
        let record = self.record().await;
        let filter = SessionFilter {
            user: None,
            client: None,
            include_ended: true,
            limit: 1_000,
            now: Clock::System.now(),
        };
        let rows = record.list_sessions(&filter).await.unwrap();
        record.close().await;
        rows
    }
}

/// A running process of the program. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Server {
    /// Starts a command that goes on until it is stopped.
    pub(crate) fn start(house: &Installation, command: &str, options: &[&str]) -> Self {
        let mut arguments = vec![command];
        arguments.extend_from_slice(options);
        Self::run(house, house.command(&arguments), command)
    }

    /// Starts a command that was made elsewhere, and goes on until it is stopped.
    pub(crate) fn run(house: &Installation, command: Command, name: &str) -> Self {
        Self::run_into(house, command, name, None)
    }

    /// The same with another standard output.
    pub(crate) fn run_into(
        house: &Installation,
        mut command: Command,
        name: &str,
        output: Option<Stdio>,
    ) -> Self {
        static STARTED: AtomicU16 = AtomicU16::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let stdout = house.path(&format!("{name}.{number}.out"));
        let stderr = house.path(&format!("{name}.{number}.err"));
        let file = File::create(&stdout).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(output.unwrap_or_else(|| file.into()))
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Starts a server that dies when it comes to a step.
    pub(crate) fn start_to_crash(house: &Installation, step: &str) -> Self {
        let mut command = house.command(&["serve"]);
        command.env("LANYARD_CRASH_AT", step);
        Self::run(house, command, "serve")
    }

    /// Waits until it answers; what it said, if it gave up instead.
    pub(crate) async fn ready(mut self, issuer: &str) -> Result<Self, String> {
        let http = super::http().build().unwrap();
        let ready = format!("{issuer}/health/ready");
        let mut gone = false;
        for _ in 0..1_000 {
            gone = self.child.try_wait().unwrap().is_some();
            let answer = http.get(&ready).send().await;
            if gone || answer.is_ok_and(|answer| answer.status() == 200) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if gone { Err(self.said()) } else { Ok(self) }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard output so far.
    pub(crate) fn answered(&self) -> String {
        std::fs::read_to_string(&self.stdout).unwrap()
    }

    /// What it wrote to standard error so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap()
    }

    /// The set-up link that it prints, sooner or later.
    pub(crate) async fn setup_link(&self) -> String {
        super::House::until("it prints a set-up link", || async {
            // The whole of it: what stands below is written with it.
            self.answered().contains("It works once.")
        })
        .await;
        let answered = self.answered();
        let mut words = answered.split_whitespace();
        words
            .find(|word| word.contains("/setup?token="))
            .unwrap()
            .to_owned()
    }

    /// `kill -9`: no destructor runs, nothing is written back.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal that it can hear, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        assert!(signal(self.child.id(), name));
    }

    /// Waits until it is gone by itself; its exit status.
    pub(crate) async fn gone(&mut self) -> Option<i32> {
        self.gone_within(PAUSE * 1_000).await
    }

    /// The same with another patience.
    pub(crate) async fn gone_within(&mut self, patience: Duration) -> Option<i32> {
        for _ in 0..patience.as_millis() / PAUSE.as_millis() {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("it does not stop: {}", self.said())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(pid: u32, name: &str) -> bool {
    let line = format!("kill -{name} {pid}");
    let sent = Command::new("sh").args(["-c", &line]).status();
    sent.unwrap().success()
}

/// Runs a command to its end.
pub(crate) fn finish(mut command: Command, input: &str) -> Done {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let pid = child.id();
    let (done, outcome) = mpsc::channel();
    std::thread::spawn(move || done.send(child.wait_with_output()));
    let output = outcome.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let _ = signal(pid, "KILL");
        panic!("{command:?} does not come to an end")
    });
    let output = output.unwrap();
    Done {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A port that is free and stays so while nobody listens: the system hands out higher ones by
/// itself, and other tests of this run are given others.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 18_000;
    const COUNT: u32 = 14_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = std::process::id().wrapping_mul(97);
    loop {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + start.wrapping_add(step) % COUNT).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
