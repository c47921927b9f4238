//! A connection to one master, and its admission: nothing is asked of a server before its role,
//! run id, replication id, eviction policy and canary are read and the house has compared them
//! with what it knows. A hidden restart, failover, flush or restore would otherwise be believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use tokio::sync::{OnceCell, Semaphore, watch};

use super::identity::Facts;
use super::remedy;
use super::scripts;
use super::settings::RedisSettings;
use super::topology::{Master, connect, unknown};
use super::wire::Keys;
use crate::entropy::Entropy;
use crate::store::Unknown;
use crate::store::hot::{Gate, Identity};

/// A handshake that takes longer is given up, and begun again by whoever asks next.
const HANDSHAKE: Duration = Duration::from_secs(2);
/// After a failed handshake nobody tries again for this long: a server that is down must not be
/// hammered by every request.
const PAUSE: Duration = Duration::from_millis(100);
/// Calls that may wait for one connection. Beyond that a caller is told at once.
const WAITING: usize = 4_096;

/// What an admission needs.
pub(super) struct Door {
    pub(super) settings: RedisSettings,
    pub(super) keys: Keys,
    pub(super) entropy: Entropy,
    /// Set once the house stands; contract tests do without.
    pub(super) gate: OnceCell<Arc<dyn Gate>>,
    /// Where connections are driven: a worker of the HTTP server would take them along when it
    /// stops.
    pub(super) runtime: tokio::runtime::Handle,
}

/// An admitted connection.
#[derive(Clone)]
pub(super) struct Admitted {
    pub(super) conn: MultiplexedConnection,
    pub(super) identity: Identity,
    serial: u64,
}

enum State {
    Idle,
    Opening,
    Open(Box<Admitted>),
    Failed(Instant, String),
}

/// A connection to a master, opened when it is needed.
pub(super) struct Link {
    state: watch::Sender<State>,
    pub(super) places: Semaphore,
    serial: AtomicU64,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            state: watch::Sender::new(State::Idle),
            places: Semaphore::new(WAITING),
            serial: AtomicU64::new(0),
        }
    }
}

impl Link {
    /// The connection. Waits for a handshake as long as the caller lets it.
    pub(super) async fn admitted(
        self: &Arc<Self>,
        door: &Arc<Door>,
        master: &Master,
    ) -> Result<Admitted, Unknown> {
        let mut watching = self.state.subscribe();
        loop {
            match &*watching.borrow_and_update() {
                State::Open(admitted) => return Ok(Admitted::clone(admitted)),
                State::Failed(at, why) if at.elapsed() < PAUSE => {
                    return Err(Unknown(why.clone()));
                }
                State::Idle | State::Opening | State::Failed(..) => {}
            }
            self.open(door, master);
            let gone = |_| Unknown("the connection to Redis is closed".to_owned());
            watching.changed().await.map_err(gone)?;
        }
    }

    /// The connection, if there is one.
    pub(super) fn present(&self) -> Option<Admitted> {
        match &*self.state.borrow() {
            State::Open(admitted) => Some(Admitted::clone(admitted)),
            _ => None,
        }
    }

    /// Drops a connection that failed; whoever comes next opens another.
    pub(super) fn broken(&self, admitted: &Admitted) {
        self.state.send_if_modified(|state| {
            let same = matches!(state, State::Open(open) if open.serial == admitted.serial);
            if same {
                *state = State::Idle;
            }
            same
        });
    }

    /// Begins a handshake unless one runs. In a task of its own: a request that gives up must not
    /// take it along.
    fn open(self: &Arc<Self>, door: &Arc<Door>, master: &Master) {
        let mut begun = false;
        self.state.send_if_modified(|state| {
            begun = match state {
                State::Idle => true,
                State::Failed(at, _) => at.elapsed() >= PAUSE,
                State::Opening | State::Open(_) => false,
            };
            if begun {
                *state = State::Opening;
            }
            // Nobody waits for this one.
            false
        });
        if !begun {
            return;
        }
        let (link, door_of_task, master) = (Arc::clone(self), Arc::clone(door), master.clone());
        door.runtime.spawn(async move {
            let serial = link.serial.fetch_add(1, Ordering::Relaxed);
            let handshake = door_of_task.admit(&master, serial);
            let outcome = tokio::time::timeout(HANDSHAKE, handshake).await;
            link.state.send_replace(match outcome {
                Ok(Ok(admitted)) => State::Open(Box::new(admitted)),
                Ok(Err(Unknown(why))) => State::Failed(Instant::now(), why),
                Err(_) => State::Failed(
                    Instant::now(),
                    "Redis did not finish the handshake".to_owned(),
                ),
            });
        });
    }
}

impl Door {
    async fn admit(&self, master: &Master, serial: u64) -> Result<Admitted, Unknown> {
        let settings = &self.settings;
        let (login, database) = (&settings.login, settings.database);
        let mut conn =
            connect(settings, &master.address, login, database, settings.timeout).await?;
        let (facts, identity) = self.recognise(&mut conn, master).await?;
        if let Some(warning) = facts.warning() {
            tracing::warn!(server = %master.address, "{warning}");
        }
        if let Some(gate) = self.gate.get() {
            gate.admit(&identity).await?;
        }
        for script in scripts::all() {
            script.load_async(&mut conn).await.map_err(unknown)?;
        }
        tracing::debug!(server = %master.address, "admitted to Redis");
        Ok(Admitted {
            conn,
            identity,
            serial,
        })
    }

    async fn unspoken(&self, master: &Master, error: redis::RedisError) -> Unknown {
        let Master { address, .. } = master;
        let login = &self.settings.login;
        match remedy::of_connecting(&self.settings, address, login, &error).await {
            Some(why) => Unknown(format!("Redis at {address} (redis.url): {why}")),
            None => unknown(error),
        }
    }

    /// Who the server is now.
    pub(super) async fn recognise(
        &self,
        conn: &mut MultiplexedConnection,
        master: &Master,
    ) -> Result<(Facts, Identity), Unknown> {
        let info: String = match redis::cmd("INFO").query_async(conn).await {
            Ok(info) => info,
            // Where nobody signs in, these are the first words.
            Err(error) => return Err(self.unspoken(master, error).await),
        };
        let facts = Facts::parse(&info, &self.settings.topology)?;
        if let Some(refusal) = facts.refusal(&self.settings.topology) {
            if facts.is_misconfigured() {
                tracing::error!(server = %master.address, "{refusal}");
            }
            return Err(Unknown(format!("Redis at {}: {refusal}", master.address)));
        }
        let key = master.canary(&self.keys);
        let key = key.ok_or_else(|| Unknown(format!("{} holds no slots", master.address)))?;
        let canary: String = scripts::SIGN
            .key(key)
            .arg(self.entropy.alphanumeric(22))
            .invoke_async(conn)
            .await
            .map_err(unknown)?;
        let identity = facts.identity(&master.shard, &canary);
        Ok((facts, identity))
    }
}
