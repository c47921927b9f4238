//! The folder and the process of one server, and the guardian of both.
//!
//! Statics are never dropped, and a test run may be killed: then nobody in it can clean up. The
//! guardian is a shell that waits until the nest is dropped or the test process is gone, which
//! both close the pipe that it reads, and then ends the server and removes the folder.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{end_of, family};

/// `$1` is the folder, `$2` the signal that ends the server. When the test process was killed, a
/// server may have been about to start: then it is looked for once more.
const GUARDIAN: &str = r#"
trap '' INT TERM HUP
end() {
  if read -r pid <"$1/pid"; then
    signal CONT "$pid" && signal "$2" "$pid"
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
      kill -0 "$pid" || break
      sleep 0.05
    done
    signal KILL "$pid"
  fi
  rm -rf "$1"
}
read -r word || word=
end "$1" "$2"
[ "$word" = dropped ] || { sleep 0.5; end "$1" "$2"; }
"#;

/// Says who it is before it becomes the server; `exec` keeps the pid.
const ANNOUNCED: &str = r#"echo $$ >"$0" && exec "$@""#;

pub(super) struct Nest {
    folder: PathBuf,
    guardian: Child,
    process: Option<Child>,
}

impl Nest {
    /// For a server that `end` ends without ado.
    pub(super) fn new(end: &str) -> Self {
        // The guardian removes it, whoever survives.
        let folder = TempDir::with_prefix("lanyard-part-").unwrap().keep();
        let script = format!("{}{GUARDIAN}", family::FUNCTIONS);
        let guardian = Command::new("sh")
            .args(["-c", &script, "guardian"])
            .arg(&folder)
            .arg(end)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What ends the test process from a terminal does not end its guardians.
            .process_group(0)
            .spawn()
            .unwrap();
        Self {
            folder,
            guardian,
            process: None,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn log(&self) -> String {
        end_of(&self.path("log"))
    }

    /// Starts the server; there is one at a time.
    pub(super) fn start(&mut self, command: &Command) {
        assert!(self.process.is_none(), "it runs already");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let process = Command::new("sh")
            .args(["-c", ANNOUNCED])
            .arg(self.path("pid"))
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn();
        self.process = Some(process.unwrap());
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.as_ref().expect("it does not run").id()
    }

    /// Whether it ended by itself.
    pub(super) fn gave_up(&mut self) -> bool {
        let process = self.process.as_mut();
        process.is_none_or(|process| process.try_wait().unwrap().is_some())
    }

    pub(super) fn signal(&self, name: &str) {
        assert!(family::signal(self.pid(), name), "{}", self.log());
    }

    /// Ends it, if it runs, by `kill -9`.
    pub(super) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            family::signal(process.id(), "KILL");
            process.wait().unwrap();
            // The number may be given to another process.
            let _ = std::fs::remove_file(self.path("pid"));
        }
    }
}

impl Drop for Nest {
    fn drop(&mut self) {
        let mut words = self.guardian.stdin.take().unwrap();
        let _ = words.write_all(b"dropped\n");
        drop(words);
        if let Some(mut process) = self.process.take() {
            let _ = process.wait();
        }
        let _ = self.guardian.wait();
    }
}
