//! What the store must know to reach its servers.

use std::fmt;
use std::time::Duration;

/// A server's place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Name or IP address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Who we are to a server.
#[derive(Clone, Default)]
pub struct Login {
    /// The user of an ACL; the default one if absent.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// How the servers stand to each other.
#[derive(Clone, Debug)]
pub enum Topology {
    /// One server.
    Single,
    /// Sentinels that know the master's address.
    Sentinel {
        /// What they call it.
        master: String,
        /// Who we are to them.
        login: Login,
    },
    /// Masters that share the hash slots.
    Cluster,
}

/// Where Redis is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// The server; or some sentinels; or some nodes of the cluster.
    pub servers: Vec<Address>,
    /// What these are.
    pub topology: Topology,
    /// Speak TLS.
    pub tls: bool,
    /// PEM of the authority to trust, instead of the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// The number of the database.
    pub database: i64,
    /// Who we are.
    pub login: Login,
    /// Leads every key.
    pub key_prefix: String,
    /// The time that one call may take, all tries together.
    pub timeout: Duration,
}

impl RedisSettings {
    /// What must be the same for all nodes, in words for an operator.
    pub(super) fn place(&self) -> String {
        let servers: Vec<_> = self.servers.iter().map(ToString::to_string).collect();
        let servers = servers.join(" ");
        let servers = match &self.topology {
            Topology::Single => servers,
            Topology::Sentinel { master, .. } => format!("master {master} by sentinels {servers}"),
            Topology::Cluster => format!("cluster {servers}"),
        };
        format!(
            "{servers}, database {}, key prefix {}",
            self.database, self.key_prefix
        )
    }
}
