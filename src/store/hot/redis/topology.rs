//! Which server holds a key: the one there is, the one that the sentinels name, or the master of
//! the key's slot.

use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::IntoConnectionInfo as _;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, RedisConnectionInfo,
    TlsCertificates, Value,
};

use super::remedy;
use super::settings::{Address, Login, RedisSettings, Topology};
use super::wire::{self, Keys};
use crate::store::Unknown;

/// How long a server may take to be connected to, or to answer who is master.
const ASK: Duration = Duration::from_secs(1);

/// A master, and the slots that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Master {
    pub(super) address: Address,
    /// A name that stays when the address changes; one for all where there is one master.
    pub(super) shard: String,
    slots: Vec<RangeInclusive<u16>>,
}

impl Master {
    fn alone(address: Address) -> Self {
        Self {
            address,
            shard: "main".to_owned(),
            slots: vec![0..=16_383],
        }
    }

    fn holds(&self, slot: u16) -> bool {
        self.slots.iter().any(|range| range.contains(&slot))
    }

    /// The key of this master's canary.
    pub(super) fn canary(&self, keys: &Keys) -> Option<Vec<u8>> {
        (0..100_000)
            .map(|number| keys.canary(number))
            .find(|key| self.holds(wire::slot(key)))
    }
}

/// The masters that are known.
pub(super) struct Map {
    settings: RedisSettings,
    masters: RwLock<Arc<Vec<Master>>>,
    asking: tokio::sync::Mutex<()>,
}

impl Map {
    pub(super) fn new(settings: RedisSettings) -> Self {
        Self {
            settings,
            masters: RwLock::default(),
            asking: tokio::sync::Mutex::new(()),
        }
    }

    /// The masters as they were last seen.
    pub(super) fn masters(&self) -> Arc<Vec<Master>> {
        Arc::clone(&self.masters.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The master of a key, from what is known.
    pub(super) fn master(&self, key: &[u8]) -> Option<Master> {
        let slot = wire::slot(key);
        let masters = self.masters();
        masters.iter().find(|master| master.holds(slot)).cloned()
    }

    /// Asks who is master now. `stale` is what the caller found wrong: somebody else may have
    /// asked meanwhile.
    pub(super) async fn refresh(&self, stale: &Arc<Vec<Master>>) -> Result<(), Unknown> {
        let _turn = self.asking.lock().await;
        if !Arc::ptr_eq(stale, &self.masters()) {
            return Ok(());
        }
        let found = self.ask().await?;
        if found != **stale {
            let mut masters = self.masters.write().unwrap_or_else(PoisonError::into_inner);
            *masters = Arc::new(found);
        }
        Ok(())
    }

    async fn ask(&self) -> Result<Vec<Master>, Unknown> {
        let settings = &self.settings;
        match &settings.topology {
            Topology::Single => {
                let only = settings.servers.first().cloned().map(Master::alone);
                only.map(|master| vec![master])
                    .ok_or_else(|| Unknown("no Redis server is named".to_owned()))
            }
            Topology::Sentinel { master, login } => self.ask_sentinels(master, login).await,
            Topology::Cluster => self.ask_cluster().await,
        }
    }

    async fn ask_sentinels(&self, name: &str, login: &Login) -> Result<Vec<Master>, Unknown> {
        let mut last = Unknown("no sentinel is named".to_owned());
        for sentinel in &self.settings.servers {
            let answer = async {
                let mut conn = connect(&self.settings, sentinel, login, 0, ASK).await?;
                let mut ask = redis::cmd("SENTINEL");
                ask.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
                let answer: Option<(String, u16)> = ask
                    .query_async(&mut conn)
                    .await
                    .map_err(|error| no_sentinel(sentinel, error))?;
                answer.ok_or_else(|| Unknown(format!("sentinel {sentinel} knows no master {name}")))
            };
            match answer.await {
                Ok((host, port)) => return Ok(vec![Master::alone(Address { host, port })]),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn ask_cluster(&self) -> Result<Vec<Master>, Unknown> {
        let known = self.masters();
        let known = known.iter().map(|master| &master.address);
        let mut last = Unknown("no node of the cluster is named".to_owned());
        for node in known.chain(&self.settings.servers) {
            let answer = async {
                let mut conn = connect(&self.settings, node, &self.settings.login, 0, ASK).await?;
                let mut ask = redis::cmd("CLUSTER");
                let slots: Value = ask
                    .arg("SLOTS")
                    .query_async(&mut conn)
                    .await
                    .map_err(|error| no_cluster(node, error))?;
                cluster_slots(&slots, node)
                    .ok_or_else(|| Unknown(format!("{node} names no masters")))
            };
            match answer.await {
                Ok(masters) if !masters.is_empty() => return Ok(masters),
                Ok(_) => last = Unknown(format!("{node} knows no slots")),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

fn no_sentinel(address: &Address, error: redis::RedisError) -> Unknown {
    if error.code() == Some("ERR") && says(&error, "unknown command") {
        return Unknown(format!(
            "Redis at {address} is no sentinel, and redis.topology is \"sentinel\": write the \
             addresses of the sentinels in redis.url (their port is 26379 as a rule), or \
             redis.topology = \"single\""
        ));
    }
    unknown(error)
}

fn no_cluster(address: &Address, error: redis::RedisError) -> Unknown {
    if error.code() == Some("ERR") && says(&error, "cluster support disabled") {
        return Unknown(format!(
            "Redis at {address} is no node of a cluster, and redis.topology is \"cluster\": write \
             redis.topology = \"single\", or the address of a node in redis.url"
        ));
    }
    unknown(error)
}

fn says(error: &redis::RedisError, words: &str) -> bool {
    error.detail().is_some_and(|detail| detail.contains(words))
}

/// The answer to `CLUSTER SLOTS`: for each range its master first. A host may be unknown or empty
/// there: it is then the one that was asked.
fn cluster_slots(answer: &Value, asked: &Address) -> Option<Vec<Master>> {
    let mut masters: Vec<Master> = Vec::new();
    for range in answer.as_sequence()? {
        let range = range.as_sequence()?;
        let number =
            |at: usize| -> Option<u16> { redis::from_redis_value_ref(range.get(at)?).ok() };
        let slots = number(0)?..=number(1)?;
        let node = range.get(2)?.as_sequence()?;
        let host: Option<String> = redis::from_redis_value_ref(node.first()?).ok()?;
        let host = host.filter(|host| !host.is_empty() && host != "?");
        let address = Address {
            host: host.unwrap_or_else(|| asked.host.clone()),
            port: redis::from_redis_value_ref(node.get(1)?).ok()?,
        };
        let shard: String = redis::from_redis_value_ref(node.get(2)?).ok()?;
        match masters.iter_mut().find(|master| master.shard == shard) {
            Some(master) => master.slots.push(slots),
            None => masters.push(Master {
                address,
                shard,
                slots: vec![slots],
            }),
        }
    }
    Some(masters)
}

/// A new connection, not admitted yet.
pub(super) async fn connect(
    settings: &RedisSettings,
    address: &Address,
    login: &Login,
    database: i64,
    answer_within: Duration,
) -> Result<MultiplexedConnection, Unknown> {
    let client = client(settings, address, login, database)?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(ASK))
        .set_response_timeout(Some(answer_within));
    let connected = client
        .get_multiplexed_async_connection_with_config(&config)
        .await;
    match connected {
        Ok(conn) => Ok(conn),
        Err(error) => {
            let why = remedy::of_connecting(settings, address, login, &error).await;
            let why = why.unwrap_or_else(|| plain(&error));
            Err(Unknown(format!("Redis at {address} (redis.url): {why}")))
        }
    }
}

/// What makes connections to an address.
pub(super) fn client(
    settings: &RedisSettings,
    address: &Address,
    login: &Login,
    database: i64,
) -> Result<Client, Unknown> {
    // One right less that an ACL has to give.
    let mut who = RedisConnectionInfo::default()
        .set_db(database)
        .set_skip_set_lib_name();
    if let Some(username) = &login.username {
        who = who.set_username(username);
    }
    if let Some(password) = &login.password {
        who = who.set_password(password);
    }
    let Address { host, port } = address.clone();
    let place = if settings.tls {
        ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    let info: ConnectionInfo = place.into_connection_info().map_err(unknown)?;
    let info = info.set_redis_settings(who);
    if settings.tls {
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: settings.ca_pem.clone(),
        };
        Client::build_with_tls(info, certificates).map_err(unknown)
    } else {
        Client::open(info).map_err(unknown)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn unknown(error: redis::RedisError) -> Unknown {
    Unknown(format!("Redis: {}", plain(&error)))
}

/// The error without what a server may quote of our arguments.
fn plain(error: &redis::RedisError) -> String {
    if let Some(remedy) = remedy::of_call(error) {
        return remedy;
    }
    match error.code() {
        Some(code) => format!("{code} ({})", error.category()),
        None => error.to_string(),
    }
}
