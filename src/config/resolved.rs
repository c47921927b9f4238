//! The configuration, typed and validated.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::issuer::Issuer;
use super::key_source::KeySource;
use crate::session::session::Limits;

/// What an operator has decided. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who we are.
    pub issuer: Issuer,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The folder of all that we keep.
    pub data: PathBuf,
    /// The file of the record (SQLite).
    pub database: PathBuf,
    /// The master key, or where to make it.
    pub master_key: KeySource,
    /// How long sessions live.
    pub session: Sessions,
    /// How long offline access lives.
    pub grants: Grants,
    /// How passwords are hashed.
    pub password: Password,
    /// What is logged.
    pub log: Log,
    /// How notices are delivered.
    pub delivery: Delivery,
    /// The hot state in process.
    pub hot: Hot,
    /// What the operator should know, though it keeps nobody from starting.
    pub warnings: Vec<String>,
}

impl Config {
    /// The record's address for the store.
    pub fn database_url(&self) -> String {
        format!("sqlite:{}", self.database.display())
    }
}

/// How long sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// Of a session as a rule.
    pub limits: Limits,
    /// Of one with "remember me".
    pub remembered: Limits,
    /// The `SameSite` attribute of the session cookie.
    pub cookie_same_site: CookieSameSite,
}

/// The `SameSite` attribute (RFC 6265bis, 4.1.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieSameSite {
    /// Sent with navigations only.
    Lax,
    /// Sent with every request: for apps that renew sign-ins in a hidden frame.
    None,
}

/// How long an `offline_access` grant lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grants {
    /// Without use.
    pub offline_idle_timeout: Duration,
    /// Whatever happens.
    pub offline_lifetime: Duration,
}

/// How passwords are hashed: the parameters of Argon2id (RFC 9106, 3.1), and how many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Password {
    /// m.
    pub memory_kib: u32,
    /// t.
    pub iterations: u32,
    /// p.
    pub parallelism: u32,
    /// Hashes at once.
    pub concurrency: usize,
    /// Sign-ins that wait for their turn; more are sent away.
    pub queue: usize,
}

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// For whom.
    pub format: LogFormat,
    /// Which events: `info`, `debug`, or targets with their levels.
    pub filter: String,
}

/// For whom logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object on each line.
    Json,
}

/// How notices are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Of one attempt.
    pub timeout: Duration,
    /// From the end of the session to giving up.
    pub give_up_after: Duration,
}

/// The hot state in process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hot {
    /// Its bound, in bytes.
    pub memory_bytes: u64,
}
