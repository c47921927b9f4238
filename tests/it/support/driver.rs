//! The program between a test and its browser.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What to do when a part is missing.
pub(crate) const REMEDY: &str = "Run the tests by ./scripts/test, which finds or installs what they need, or \
                      set CHROME, CHROMEDRIVER and LANYARD_TEST_AXE.";
const PATIENCE: Duration = Duration::from_secs(15);

/// A part that a variable names. A missing one fails the test: it is never skipped.
pub(crate) fn required(name: &str) -> OsString {
    std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set. {REMEDY}"))
}

/// A `ChromeDriver` on a port that it chose itself.
pub(crate) struct Driver {
    process: Child,
    pub(crate) port: u16,
}

impl Driver {
    /// `ChromeDriver` picks its port on IPv4 and ends when that is taken on IPv6: it gets a few tries.
    pub(crate) fn start() -> Self {
        let mut said = String::new();
        (0..5)
            .find_map(|_| Self::attempt(&mut said))
            .unwrap_or_else(|| panic!("ChromeDriver ended again and again:\n{said}{REMEDY}"))
    }

    fn attempt(said: &mut String) -> Option<Self> {
        let mut process = Command::new(required("CHROMEDRIVER"))
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("ChromeDriver does not start: {error}. {REMEDY}"));
        let mut words = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("started successfully on port ") {
            line.clear();
            if words.read_line(&mut line).unwrap() == 0 {
                process.wait().unwrap();
                return None;
            }
            said.push_str(&line);
        }
        let digits = line
            .trim_end()
            .trim_end_matches('.')
            .rsplit(' ')
            .next()
            .unwrap();
        // What it says later goes nowhere, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut words, &mut std::io::sink()));
        Some(Self {
            process,
            port: digits.parse().unwrap(),
        })
    }

    /// `ChromeDriver` ends its browser with itself; killed, it would leave it behind.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(PATIENCE))?;
        write!(
            connection,
            "GET /shutdown HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )?;
        connection.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A driver that does not answer is killed below.
        let _ = self.shut_down();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
