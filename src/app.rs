//! Wires stores, keys, workers and server together: the only place that knows every concrete type.

mod monitor;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use monitor::Monitor;

use crate::clock::Clock;
use crate::config::{
    self, Config, CookieSameSite, Database, KeySource, MasterKey, MetadataDocuments, Redis,
    Registration, Secret, WhoRegisters, WhoseDocuments,
};
use crate::entropy::Entropy;
use crate::http::{self, SameSiteSetting, State, TrustedProxies};
use crate::identity::password::Parameters;
use crate::outbound::{self, Outbound};
use crate::protocol::client::Client;
use crate::protocol::features::Features;
use crate::protocol::key_rotation::Schedule;
use crate::protocol::registration::Policy;
use crate::provider::{
    self, DocumentSettings, KeyKeeper, Parts, PasswordSettings, Provider, RegistrationSettings,
    Settings, Shares, Workers,
};
use crate::session::session::Limits;
use crate::store::hot::{
    Address, Admission, Gate, HotStore, Identity, Login, MemoryStore, RedisSettings, RedisStore,
    Topology,
};
use crate::store::record::{Holder, Lease, LeaseError, Record, RecordSettings};
use crate::store::seal::Sealer;
use crate::tls::Certificates;

/// Why the house does not open.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken.
    #[error("{address} is taken: {error}. {remedy}")]
    Taken {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        error: std::io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// Another process works on the same data.
    #[error(
        "{by}. Two processes on one set of data would each forget what the other ends: stop that \
         one, or give this one a data folder of its own"
    )]
    InUse {
        /// Who.
        by: String,
    },
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// A running provider.
pub struct Running {
    /// The use cases, for tests and for the demo.
    pub provider: Arc<Provider>,
    /// Where it listens.
    pub address: SocketAddr,
    monitor: Option<Monitor>,
    stopping: watch::Sender<bool>,
    stop_delay: Duration,
    certificates: Option<JoinHandle<()>>,
    handle: ServerHandle,
    server: JoinHandle<std::io::Result<()>>,
    workers: Workers,
    record: Record,
    lease: Option<Lease>,
}

/// How long a stop may take, all in all: what watches over processes kills them after thirty
/// seconds, and some connections or deliveries may never come to their end.
pub const STOP_WITHIN: Duration = Duration::from_secs(30);
/// Of that, for requests that run; the rest is for deliveries that run, and for what waits.
const DRAIN: Duration = Duration::from_secs(20);

const MOVE: &str = "Stop the other program, or set server.listen (LANYARD__SERVER__LISTEN)";

/// Opens the record of a configuration and brings its schema up to date.
pub async fn open_record(
    config: &Config,
    clock: Clock,
    entropy: Entropy,
) -> Result<Record, StartError> {
    let record = open_record_as_is(config, clock, entropy).await?;
    record.migrate().await.map_err(other)?;
    Ok(record)
}

/// Opens the record with the schema that it has.
pub async fn open_record_as_is(
    config: &Config,
    clock: Clock,
    entropy: Entropy,
) -> Result<Record, StartError> {
    let settings = match &config.database {
        Database::Sqlite(path) => RecordSettings::sqlite(path),
        Database::Postgres(database) => RecordSettings {
            connections: database.max_connections,
            statement_timeout: database.statement_timeout,
            ..RecordSettings::postgres(database.url.expose().to_owned())
        },
    };
    Record::open(&settings, clock, entropy).await.map_err(other)
}

/// Starts a provider where its configuration says.
pub async fn start(config: &Config, clock: Clock, entropy: Entropy) -> Result<Running, StartError> {
    start_on(vec![bind(config.listen, MOVE)?], config, clock, entropy).await
}

/// Starts a provider on sockets that are bound already: record, lease, keys, workers, server.
pub async fn start_on(
    listeners: Vec<TcpListener>,
    config: &Config,
    clock: Clock,
    entropy: Entropy,
) -> Result<Running, StartError> {
    let first = listeners
        .first()
        .ok_or_else(|| other("there is no address to listen on"))?;
    let address = first.local_addr().map_err(other)?;
    let monitor = monitor::listen(config.metrics)?;
    let meters = monitor::meters(monitor.as_ref())?;
    let certificates = certificates(config)?;
    let record = open_record(config, clock.clone(), entropy.clone()).await?;
    let lease = match &config.redis {
        None => Some(hold(&record, &clock, address).await?),
        Some(_) => None,
    };
    let key = master_key(config, &record, &entropy).await?;
    let outbound = outbound(config)?;
    let (hot, shares) = hot_state(config, &clock, &entropy);
    let provider = Provider::open(Parts {
        settings: settings(config),
        hot,
        shares,
        record: record.clone(),
        sealer: Sealer::new(key.as_bytes(), &[]),
        outbound,
        meters,
        clock,
        entropy,
    })
    .await
    .map_err(other)?;
    declare(&provider, config).await?;
    let stopping = watch::Sender::new(false);
    let state = state(config, &provider, stopping.subscribe());
    let tls = certificates.as_ref().map(Certificates::server_config);
    let tls = tls.transpose().map_err(other)?;
    let monitor = monitor
        .map(|listener| Monitor::start(listener, &provider))
        .transpose()?;
    let server = http::serve(listeners, state, threads(), tls.as_ref()).map_err(other)?;
    let handle = server.handle();
    let workers = Workers::start(&provider);
    let server = tokio::spawn(server);
    Ok(Running {
        provider,
        address,
        monitor,
        stopping,
        stop_delay: config.server.stop_delay,
        certificates: certificates.map(|pair| tokio::spawn(pair.follow())),
        handle,
        server,
        workers,
        record,
        lease,
    })
}

impl Running {
    /// Where the metrics are served, if they are.
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.monitor.as_ref().map(|monitor| monitor.address)
    }

    /// Returns when another process has this one's data: it must then stop.
    pub async fn until_displaced(&self) {
        match &self.lease {
            Some(lease) => lease.until_lost().await,
            None => std::future::pending().await,
        }
    }

    /// Stops the workers, so that a meter sees requests alone. Half a minute later this node has
    /// not read the ends log for too long, and answers 503 for what needs sessions.
    pub async fn rest(&mut self) {
        self.workers.stop(&self.provider).await;
    }

    /// Stops in order: `/health/ready` says no, streams of receipts end, and after `server.stop_delay` no new connections are
    /// taken; running requests finish; what waits is written back. The caller bounds it by
    /// [`STOP_WITHIN`].
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        if !self.stop_delay.is_zero() {
            tokio::time::sleep(self.stop_delay).await;
        }
        if let Some(certificates) = &self.certificates {
            certificates.abort();
        }
        self.handle.stop(true).await;
        let _ = self.server.await;
        if let Some(monitor) = self.monitor {
            monitor.stop().await;
        }
        self.workers.stop(&self.provider).await;
        drop(self.provider);
        self.record.close().await;
    }
}

/// What the stores of a configuration say, in lines for people. Writes nothing but a few keys in
/// Redis, which are removed again, and its canary, which a start would write.
pub async fn look(config: &Config) -> Result<Vec<String>, StartError> {
    let mut lines = Vec::new();
    let record = match &config.database {
        Database::Sqlite(path) if !path.exists() => {
            lines.push("The database is not there yet; a start makes it.".to_owned());
            None
        }
        _ => Some(open_record_as_is(config, Clock::System, Entropy::System).await?),
    };
    let mut migrated = false;
    if let Some(record) = &record {
        let steps = record.steps_due().await.map_err(other)?;
        migrated = steps == 0;
        lines.push(match steps {
            0 => "The database answers, and is up to date.".to_owned(),
            steps => format!("The database answers; a start takes {steps} steps of migration."),
        });
    }
    if let Some(redis) = &config.redis {
        let store = RedisStore::new(redis_settings(redis), Clock::System, Entropy::System);
        store
            .open(Arc::new(OpenGate))
            .await
            .map_err(|error| other(error.0))?;
        let servers = store.servers().await.map_err(|error| other(error.0))?;
        lines.extend(servers);
        if let Some(record) = record.as_ref().filter(|_| migrated) {
            lines.push(acquainted(record, &store).await?.to_owned());
        }
    }
    if let Some(record) = record {
        record.close().await;
    }
    Ok(lines)
}

/// Whether the nodes know these servers and data.
async fn acquainted(record: &Record, store: &RedisStore) -> Result<&'static str, StartError> {
    for server in store.in_use() {
        let known = record.hot_identity(&server.shard).await.map_err(other)?;
        let same = known.is_some_and(|known| {
            known.run_id == server.run_id
                && known.replication_id == server.replication_id
                && known.canary == server.canary
        });
        if !same {
            return Ok(
                "The record does not know this Redis, or it was restarted or emptied: \
                       sessions will be read from the database once.",
            );
        }
    }
    Ok("It is the Redis that the record knows.")
}

/// Lets everybody in who is only to be looked at.
struct OpenGate;

impl Gate for OpenGate {
    fn admit<'a>(&'a self, _: &'a Identity) -> Admission<'a> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Takes an address, or says that it is taken and what to do.
pub fn bind(address: SocketAddr, remedy: &'static str) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(address).map_err(|error| StartError::Taken {
        address,
        error,
        remedy,
    })?;
    listener.set_nonblocking(true).map_err(other)?;
    Ok(listener)
}

/// The clients of the configuration file.
async fn declare(provider: &Provider, config: &Config) -> Result<(), StartError> {
    let mut clients = config.clients.clone();
    for client in &mut clients {
        if let Some(secret) = config.client_mac_keys.get(&client.client_id) {
            provider.keep_secret(client, secret.expose());
        }
    }
    let taken = provider.declare_clients(&clients).await.map_err(other)?;
    let Some(id) = taken.first() else {
        return Ok(());
    };
    Err(other(format!(
        "clients.{id}: a client with this id was made otherwise and is in the database. Choose \
         another client_id in the configuration file, or delete that client: lanyard client delete \
         {id}"
    )))
}

/// The pair for TLS, if we speak it.
fn certificates(config: &Config) -> Result<Option<Certificates>, StartError> {
    let Some(files) = &config.server.tls else {
        return Ok(None);
    };
    Certificates::open(files.clone())
        .map(Some)
        .map_err(|flaws| {
            let flaws: Vec<_> = flaws.iter().map(ToString::to_string).collect();
            StartError::Other(flaws.join(" "))
        })
}

fn state(config: &Config, provider: &Arc<Provider>, stopping: watch::Receiver<bool>) -> State {
    let server = &config.server;
    State {
        provider: Arc::clone(provider),
        https: config.issuer.is_https(),
        same_site: match config.session.cookie_same_site {
            CookieSameSite::Lax => SameSiteSetting::Lax,
            CookieSameSite::None => SameSiteSetting::None,
        },
        proxies: TrustedProxies::new(server.trusted_proxies.iter().copied()),
        limits: http::Limits {
            request_timeout: server.request_timeout,
            keep_alive: server.keep_alive,
            max_connections: server.max_connections,
            drain: DRAIN.saturating_sub(server.stop_delay),
        },
        stopping,
    }
}

/// The master key; made now for a record that nothing was sealed for yet. One that was must not
/// get a second key: the first would then be missed by nobody until it is needed.
async fn master_key(
    config: &Config,
    record: &Record,
    entropy: &Entropy,
) -> Result<MasterKey, StartError> {
    if let KeySource::ToBeMade(path) = &config.master_key
        && !path.exists()
        && !record.keys().await.map_err(other)?.is_empty()
    {
        return Err(other(format!(
            "{} is missing, and without it the record beside it cannot be opened. Put it back, \
             from a backup. If there is none, begin anew: move the data folder away",
            path.display()
        )));
    }
    config.master_key.obtain(entropy).map_err(other)
}

/// How often signing keys change, and for how long one is known.
pub fn key_schedule(config: &Config) -> Schedule {
    let session = &config.session;
    Schedule {
        rotate_every: config.keys.rotate_every,
        publish_ahead: config.keys.publish_ahead,
        // A hint speaks of a session, which may have lasted that long.
        hints_kept: session.limits.lifetime.max(session.remembered.lifetime),
    }
}

/// What seals with the master key of a configuration, for a command that works beside a running
/// server.
pub async fn sealer(
    config: &Config,
    record: &Record,
    entropy: &Entropy,
) -> Result<Sealer, StartError> {
    let key = master_key(config, record, entropy).await?;
    Ok(Sealer::new(key.as_bytes(), &[]))
}

/// The signing keys of a configuration, for a command that works beside a running server.
pub async fn key_keeper(
    config: &Config,
    record: &Record,
    entropy: Entropy,
) -> Result<KeyKeeper, StartError> {
    let sealer = sealer(config, record, &entropy).await?;
    Ok(
        KeyKeeper::new(record.clone(), sealer, entropy, key_schedule(config))
            .with_algs(&config.keys.algs),
    )
}

fn settings(config: &Config) -> Settings {
    let password = &config.password;
    Settings {
        issuer: config.issuer.as_str().to_owned(),
        session: config.session.limits,
        max_sessions: config.session.max_per_user,
        features: Features {
            check_iframe: config.session.check_iframe,
            registration: config.registration.who != WhoRegisters::Nobody,
            metadata_documents: config.metadata_documents.whose != WhoseDocuments::Nobodys,
            ..config.protocol
        },
        remembered: config.session.remembered,
        offline: Limits {
            idle_timeout: config.grants.offline_idle_timeout,
            lifetime: config.grants.offline_lifetime,
        },
        password: PasswordSettings {
            parameters: Parameters {
                memory_kib: password.memory_kib,
                iterations: password.iterations,
                parallelism: password.parallelism,
            },
            concurrency: password.concurrency,
            queue: password.queue,
        },
        bounds: config.bounds(),
        keys: key_schedule(config),
        claims: config.claims.clone(),
        outage_tolerance: config.database_outage_tolerance,
        give_up_after: config.delivery.give_up_after,
        registration: registration(&config.registration, config.protocol),
        metadata_documents: documents(&config.metadata_documents),
    }
}

fn registration(settings: &Registration, features: Features) -> Option<RegistrationSettings> {
    let open = match settings.who {
        WhoRegisters::Nobody => return None,
        WhoRegisters::WithToken => false,
        WhoRegisters::Anybody => true,
    };
    Some(RegistrationSettings {
        open,
        policy: Policy {
            require_pkce: settings.require_pkce,
            scopes: settings.scopes.clone(),
            front_channel_tokens: features.front_channel_tokens,
        },
        max_clients: settings.max_clients,
    })
}

fn documents(settings: &MetadataDocuments) -> Option<DocumentSettings> {
    let any_host = match settings.whose {
        WhoseDocuments::Nobodys => return None,
        WhoseDocuments::OfListedHosts => false,
        WhoseDocuments::OfAnyHost => true,
    };
    Some(DocumentSettings {
        any_host,
        hosts: settings.hosts.clone(),
        policy: Policy {
            require_pkce: true,
            scopes: settings.scopes.clone(),
            front_channel_tokens: false,
        },
        max_clients: settings.max_clients,
    })
}

fn outbound(config: &Config) -> Result<Outbound, StartError> {
    Outbound::new(outbound::Settings {
        total_timeout: config.delivery.timeout,
        allowed: Arc::new(config.delivery.allow.clone()),
        authorities: config.delivery.ca_pem.as_deref().map(Arc::from),
        ..outbound::Settings::default()
    })
    .map_err(other)
}

/// Reads what a client's sector lists, for a command that works beside a running server.
pub async fn check_sector(config: &Config, client: &Client) -> Result<(), StartError> {
    let outbound = outbound(config)?;
    provider::check_sector(&outbound, client)
        .await
        .map_err(other)
}

/// The hot state, and what lies apart from it. In this process each share has memory of its own. In
/// Redis they have it together, which is bounded by what one address may store.
fn hot_state(config: &Config, clock: &Clock, entropy: &Entropy) -> (HotStore, Shares) {
    if let Some(redis) = &config.redis {
        let store = RedisStore::new(redis_settings(redis), clock.clone(), entropy.clone());
        let shares = Shares {
            waiting: HotStore::Redis(store.metered_apart()),
            used_proofs: HotStore::Redis(store.clone()),
            used_assertions: HotStore::Redis(store.clone()),
        };
        return (HotStore::Redis(store), shares);
    }
    let bytes = config.hot.memory_bytes / 32;
    let shares = Shares {
        waiting: memory(clock, bytes * 8),
        used_proofs: memory(clock, bytes * 3),
        used_assertions: memory(clock, bytes),
    };
    (memory(clock, bytes * 20), shares)
}

fn redis_settings(redis: &Redis) -> RedisSettings {
    let login = |username: &Option<String>, password: &Option<Secret>| Login {
        username: username.clone(),
        password: password.as_ref().map(|secret| secret.expose().to_owned()),
    };
    let server = |(host, port): &(String, u16)| Address {
        host: host.clone(),
        port: *port,
    };
    RedisSettings {
        servers: redis.servers.iter().map(server).collect(),
        topology: match &redis.topology {
            config::Topology::Single => Topology::Single,
            config::Topology::Cluster => Topology::Cluster,
            config::Topology::Sentinel {
                master,
                username,
                password,
            } => Topology::Sentinel {
                master: master.clone(),
                login: login(username, password),
            },
        },
        tls: redis.tls,
        ca_pem: redis.ca_pem.clone(),
        database: redis.database,
        login: login(&redis.username, &redis.password),
        key_prefix: redis.key_prefix.clone(),
        timeout: redis.timeout,
    }
}

/// A hot state in this process must be the only one on its record.
async fn hold(record: &Record, clock: &Clock, address: SocketAddr) -> Result<Lease, StartError> {
    let holder = Holder {
        pid: std::process::id(),
        started: clock.now(),
        listen: address.to_string(),
    };
    record.hold(holder).await.map_err(|error| match error {
        held @ LeaseError::Held { .. } => StartError::InUse {
            by: held.to_string(),
        },
        LeaseError::Record(error) => other(error),
    })
}

fn memory(clock: &Clock, bytes: u64) -> HotStore {
    HotStore::Memory(MemoryStore::new(clock.clone(), bytes))
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

fn other(error: impl std::fmt::Display) -> StartError {
    StartError::Other(error.to_string())
}
