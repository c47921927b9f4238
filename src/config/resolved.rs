//! The configuration, typed and validated.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::host;
use super::issuer::Issuer;
use super::key_source::KeySource;
use super::secret::Secret;
use crate::entropy::ClientId;
use crate::outbound::AllowList;
use crate::protocol::client::Client;
use crate::protocol::client_bounds::Bounds;
use crate::protocol::custom_claims::CustomClaims;
use crate::protocol::features::Features;
use crate::protocol::scope::ScopeSet;
use crate::protocol::signing_alg::SigningAlg;
use crate::session::session::Limits;
use crate::tls::PairFiles;

/// What an operator has decided. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who we are.
    pub issuer: Issuer,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// How the server treats connections.
    pub server: Server,
    /// The folder of all that we keep.
    pub data: PathBuf,
    /// Where the record lies.
    pub database: Database,
    /// How long a server that cannot read the ends log goes on serving live sessions.
    pub database_outage_tolerance: Duration,
    /// Where the hot state lies, unless it lies in process.
    pub redis: Option<Redis>,
    /// The master key, or where to make it.
    pub master_key: KeySource,
    /// How often signing keys change.
    pub keys: SigningKeys,
    /// The longest life of an access or ID token.
    pub token_lifetime: Duration,
    /// How long sessions live.
    pub session: Sessions,
    /// How long offline access lives.
    pub grants: Grants,
    /// What is offered beyond what everybody needs.
    pub protocol: Features,
    /// How passwords are hashed.
    pub password: Password,
    /// What is logged.
    pub log: Log,
    /// Where the metrics are served.
    pub metrics: Metrics,
    /// How notices are delivered.
    pub delivery: Delivery,
    /// Whether apps may register themselves.
    pub registration: Registration,
    /// Whether apps may be what a document at their id says.
    pub metadata_documents: MetadataDocuments,
    /// The hot state in process.
    pub hot: Hot,
    /// The claims and scopes of the house's own.
    pub claims: CustomClaims,
    /// The clients that the file declares; of their secrets only the hashes.
    pub clients: Vec<Client>,
    /// What those sign with that sign with their secret: to be sealed when the master key is there.
    pub client_mac_keys: BTreeMap<ClientId, Secret>,
    /// What the operator should know, though it keeps nobody from starting.
    pub warnings: Vec<String>,
}

/// How the server treats connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The certificate and its key, if the server speaks TLS itself.
    pub tls: Option<PairFiles>,
    /// For a request's head, and again for its body, to arrive.
    pub request_timeout: Duration,
    /// How long a connection may idle between two requests.
    pub keep_alive: Duration,
    /// At once, in all.
    pub max_connections: usize,
    /// From the signal to stop until the listeners close: proxies see `/health/ready` say no.
    pub stop_delay: Duration,
}

/// Where the record lies. Its `Display` is for people, and shows no secret.
#[derive(Clone, Debug)]
pub enum Database {
    /// In this file.
    Sqlite(PathBuf),
    /// At a PostgreSQL server.
    Postgres(Postgres),
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(postgres) => f.write_str(&postgres.shown),
        }
    }
}

/// How a PostgreSQL server is reached.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// The whole address, with the password in it, and port and `sslmode` always.
    pub url: Secret,
    /// Where it leads, without user and password.
    pub shown: String,
    /// At once, of this server.
    pub max_connections: u32,
    /// Of one statement.
    pub statement_timeout: Duration,
}

/// How the Redis servers are reached. Its `Display` is for people, and shows no secret.
#[derive(Clone, Debug)]
pub struct Redis {
    /// Hosts (IPv6 addresses without brackets) and ports; of the sentinels, if there are any.
    pub servers: Vec<(String, u16)>,
    /// How they stand to each other.
    pub topology: Topology,
    /// Whether TLS is spoken, to sentinels too.
    pub tls: bool,
    /// The certificates of the only authorities to trust; without them, those of the system.
    pub ca_pem: Option<Vec<u8>>,
    /// The number of the database; 0 for a cluster.
    pub database: i64,
    /// Who we are to the servers (not to the sentinels); only with a password.
    pub username: Option<String>,
    /// And its proof.
    pub password: Option<Secret>,
    /// What every key begins with.
    pub key_prefix: String,
    /// Of one call.
    pub timeout: Duration,
}

/// How the servers stand to each other.
#[derive(Clone, Debug)]
pub enum Topology {
    /// There is one.
    Single,
    /// They are sentinels, who know where the master is.
    Sentinel {
        /// Its name.
        master: String,
        /// Who we are to the sentinels; only with a password.
        username: Option<String>,
        /// And its proof.
        password: Option<Secret>,
    },
    /// They are nodes of a cluster.
    Cluster,
}

impl fmt::Display for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.topology {
            Topology::Single => f.write_str("Redis at")?,
            Topology::Sentinel { master, .. } => {
                write!(f, "Redis master {master} by the sentinels at")?;
            }
            Topology::Cluster => f.write_str("Redis cluster at")?,
        }
        for (host, port) in &self.servers {
            write!(f, " {}", host::with_port(host, *port))?;
        }
        let tls = if self.tls { "TLS" } else { "no TLS" };
        write!(f, ", database {}, {tls}", self.database)
    }
}

/// How often signing keys change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeys {
    /// How long one signs.
    pub rotate_every: Duration,
    /// How long one is published before it signs; at most `rotate_every`.
    pub publish_ahead: Duration,
    /// There are keys for these.
    pub algs: Vec<SigningAlg>,
}

/// How long sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// Of a session as a rule.
    pub limits: Limits,
    /// Of one with "remember me".
    pub remembered: Limits,
    /// How many one person may have; none for any number.
    pub max_per_user: Option<u32>,
    /// The `SameSite` attribute of the session cookie.
    pub cookie_same_site: CookieSameSite,
    /// Whether apps may ask a frame of ours if a session goes on (Session Management 1.0).
    pub check_iframe: bool,
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

/// Where the metrics are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metrics {
    /// Nowhere.
    Off,
    /// Here.
    On {
        /// Where; loopback unless it was chosen.
        address: SocketAddr,
        /// Somebody chose it: that it is taken is then an error. The default may be another
        /// node's on the same machine.
        chosen: bool,
    },
}

/// How notices are delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Of one attempt.
    pub timeout: Duration,
    /// From the end of the session to giving up.
    pub give_up_after: Duration,
    /// The private addresses that are posted to; empty: any.
    pub allow: AllowList,
    /// Certificates of authorities that apps may have theirs from, beside those of the system.
    pub ca_pem: Option<Vec<u8>>,
}

/// The hot state in process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hot {
    /// Its bound, in bytes.
    pub memory_bytes: u64,
}

/// Whether apps may register themselves (RFC 7591), and what they may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Who may.
    pub who: WhoRegisters,
    /// PKCE is demanded of all of them.
    pub require_pkce: bool,
    /// The scopes that they may have.
    pub scopes: ScopeSet,
    /// No more of them than this.
    pub max_clients: u32,
}

/// Who may register an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoRegisters {
    /// Administrators only.
    Nobody,
    /// Whoever has an initial access token.
    WithToken,
    /// Anybody who reaches the server.
    Anybody,
}

/// Whether clients may be what the document says at the address that is their id, and what they
/// may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataDocuments {
    /// Whose.
    pub whose: WhoseDocuments,
    /// Hosts that the operator named.
    pub hosts: Vec<String>,
    /// The scopes that they may have.
    pub scopes: ScopeSet,
    /// No more of them than this.
    pub max_clients: u32,
}

/// Whose metadata documents are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoseDocuments {
    /// Nobody's.
    Nobodys,
    /// Those of the hosts that are listed.
    OfListedHosts,
    /// Those of any host on the public internet.
    OfAnyHost,
}

impl Config {
    /// What clients may ask for.
    pub fn bounds(&self) -> Bounds {
        Bounds {
            algs: self.keys.algs.clone(),
            token_lifetime: self.token_lifetime,
            refresh_idle: self.grants.offline_idle_timeout,
            refresh_lifetime: self.grants.offline_lifetime,
        }
    }
}
