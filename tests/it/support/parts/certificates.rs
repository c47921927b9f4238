//! A certificate authority and a certificate for this machine, made by the `openssl` program.

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) struct Certificates {
    pub(crate) authority: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    pub(crate) fn make(folder: &Path) -> Self {
        let authority_key = folder.join("authority.key").display().to_string();
        let made = Self {
            authority: folder.join("authority.pem"),
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
        };
        let [authority, certificate, key] = made.texts();
        let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
        let ours = format!("{new} -subj /CN=tests -keyout {authority_key} -out {authority}");
        openssl(&ours);
        let theirs = format!(
            "{new} -subj /CN=localhost -keyout {key} -out {certificate} -CA {authority} \
             -CAkey {authority_key} -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
             -addext basicConstraints=critical,CA:FALSE"
        );
        openssl(&theirs);
        made
    }

    /// The files of the authority, of the certificate and of its key.
    pub(crate) fn texts(&self) -> [String; 3] {
        [&self.authority, &self.certificate, &self.key].map(|file| file.display().to_string())
    }
}

/// Runs the program with these words.
pub(crate) fn openssl(line: &str) {
    let done = Command::new("openssl").args(line.split(' ')).output();
    let done = done.unwrap_or_else(|error| {
        panic!("openssl: {error}. Run the tests by ./scripts/test, which installs it.")
    });
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "openssl {line}: {said}");
}
