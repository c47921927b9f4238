//! The hot state in Redis: one server, a master behind Sentinel, or a cluster.
//!
//! A root is one hash, so that everything of it lies in one slot and is read by one command and
//! committed by one script. Connections: one for requests, one for bulk work, so that a fan-out
//! does not stand in front of people, and one that listens for hints. A call has one deadline for
//! all its tries; its outcome is known, or it is [`Unknown`]. A commit whose answer was lost is
//! asked again under the same attempt id, which the script recognises.

mod follow;
mod identity;
mod link;
mod probe;
mod remedy;
mod scripts;
mod settings;
mod topology;
mod watch;
mod wire;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind};
use tokio::sync::{Notify, OnceCell};

pub use settings::{Address, Login, RedisSettings, Topology};

use super::meter::Meter;
use super::{Commit, Gate, Identity, Name, Outcome, Slot};
use crate::clock::Clock;
use crate::entropy::{Entropy, Root};
use crate::store::Unknown;
use link::{Admitted, Door, Link};
use topology::{Map, Master};
use wire::Keys;

/// How often one call may be sent: the first time, and again after a redirection, a lost
/// connection or a lost script.
const TRIES: usize = 4;
/// How long a node's sign of life is kept: real time, as it is about processes.
const SIGN_OF_LIFE: Duration = Duration::from_secs(6);

/// Which connection a call goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Lane {
    Requests,
    Bulk,
}

/// The hot state in Redis. Clones share it.
#[derive(Clone)]
pub struct RedisStore {
    inner: Arc<Inner>,
    lane: Lane,
    meter: Arc<Meter>,
}

struct Inner {
    clock: Clock,
    map: Map,
    door: Arc<Door>,
    links: Mutex<HashMap<(Address, Lane), Arc<Link>>>,
    heard: Arc<Notify>,
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisStore(…)")
    }
}

impl RedisStore {
    /// A store that connects when it is first asked. Inside a runtime, whose tasks it uses.
    pub fn new(settings: RedisSettings, clock: Clock, entropy: Entropy) -> Self {
        let door = Door {
            keys: Keys::new(&settings.key_prefix),
            settings: settings.clone(),
            entropy,
            gate: OnceCell::new(),
            runtime: tokio::runtime::Handle::current(),
        };
        let inner = Arc::new(Inner {
            clock,
            map: Map::new(settings),
            door: Arc::new(door),
            links: Mutex::default(),
            heard: Arc::new(Notify::new()),
        });
        tokio::spawn(watch::run(Arc::downgrade(&inner)));
        tokio::spawn(follow::run(
            Arc::downgrade(&inner),
            Arc::clone(&inner.heard),
        ));
        Self {
            inner,
            lane: Lane::Requests,
            meter: Arc::default(),
        }
    }

    /// The same store by the connection for bulk work.
    #[must_use]
    pub fn bulk(&self) -> Self {
        Self {
            lane: Lane::Bulk,
            ..self.clone()
        }
    }

    /// The same store with a count of its own.
    #[must_use]
    pub fn metered_apart(&self) -> Self {
        Self {
            meter: Arc::default(),
            ..self.clone()
        }
    }

    /// Who admits connections from now on; then admits one to every master. Fails with the
    /// remedy, if there is one.
    pub async fn open(&self, gate: Arc<dyn Gate>) -> Result<(), Unknown> {
        let inner = &self.inner;
        // Asked again, it is the same gate.
        let _ = inner.door.gate.set(gate);
        inner.map.refresh(&inner.map.masters()).await?;
        for master in inner.map.masters().iter() {
            let link = inner.link(&master.address, self.lane);
            link.admitted(&inner.door, master).await?;
        }
        self.try_rights().await
    }

    /// Where it is, in words for an operator.
    pub fn place(&self) -> String {
        self.inner.door.settings.place()
    }

    /// The servers that are connected and admitted.
    pub fn in_use(&self) -> Vec<Identity> {
        let links = self.inner.links_of(&self.inner.map.masters());
        let mut known: Vec<Identity> = Vec::new();
        for admitted in links.iter().filter_map(|(_, link)| link.present()) {
            if !known.contains(&admitted.identity) {
                known.push(admitted.identity);
            }
        }
        known
    }

    /// Lets a server go: it must be admitted again before its next use.
    pub fn doubt(&self, identity: &Identity) {
        for (_, link) in self.inner.links_of(&self.inner.map.masters()) {
            if let Some(admitted) = link.present()
                && admitted.identity == *identity
            {
                link.broken(&admitted);
            }
        }
    }

    /// What the servers say of themselves, a line for each master.
    pub async fn servers(&self) -> Result<Vec<String>, Unknown> {
        let inner = &self.inner;
        let mut lines = Vec::new();
        for master in inner.map.masters().iter() {
            let link = inner.link(&master.address, self.lane);
            let mut conn = link.admitted(&inner.door, master).await?.conn;
            let (facts, _) = inner.door.recognise(&mut conn, master).await?;
            lines.push(format!("{}: {facts}", master.address));
        }
        Ok(lines)
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// See [`super::HotStore::read`].
    pub async fn read(&self, root: &Root, names: &[Name]) -> Result<Vec<Slot>, Unknown> {
        self.meter.read();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let keys = &self.inner.door.keys;
        let call = wire::read(keys, root, names);
        let fields: Vec<Option<Vec<u8>>> = self.ask(&keys.root(root), &call).await?;
        let now = self.inner.clock.now();
        Ok(fields
            .into_iter()
            .map(|field| wire::found(field, now))
            .collect())
    }

    /// See [`super::HotStore::commit`].
    pub async fn commit(&self, root: &Root, commit: &Commit) -> Result<Outcome, Unknown> {
        self.meter.commit();
        let keys = &self.inner.door.keys;
        let (now, wall) = (self.inner.clock.now(), Clock::System.now());
        let call = wire::commit(keys, root, commit, now, wall);
        let committed: bool = self.ask(&keys.root(root), &call).await?;
        Ok(if committed {
            Outcome::Committed
        } else {
            Outcome::Conflict
        })
    }

    /// See [`super::HotStore::count`].
    pub async fn count(&self, key: &str, window: Duration) -> Result<u64, Unknown> {
        self.meter.count();
        let key = self.inner.door.keys.counter(key);
        let mut call = scripts::call(&scripts::RAISE, &[&key]);
        call.arg(self.inner.clock.now().as_millis())
            .arg(wire::millis(window))
            .arg(wire::millis(wire::LINGER));
        // Counted twice is better than not at all: a repeat needs no attempt id.
        self.ask(&key, &call).await
    }

    /// See [`super::HotStore::counted`].
    pub async fn counted(&self, key: &str) -> Result<u64, Unknown> {
        self.meter.count();
        let key = self.inner.door.keys.counter(key);
        let mut call = redis::cmd("GET");
        call.arg(&key);
        let value: Option<String> = self.ask(&key, &call).await?;
        Ok(wire::counted(value.as_deref(), self.inner.clock.now()))
    }

    /// See [`super::HotStore::uncount`].
    pub async fn uncount(&self, key: &str) -> Result<(), Unknown> {
        self.meter.count();
        let key = self.inner.door.keys.counter(key);
        let mut call = scripts::call(&scripts::LOWER, &[&key]);
        call.arg(self.inner.clock.now().as_millis());
        let _: u64 = self.ask(&key, &call).await?;
        Ok(())
    }

    /// See [`super::HotStore::forget`].
    pub async fn forget(&self, key: &str) -> Result<(), Unknown> {
        self.meter.count();
        let key = self.inner.door.keys.counter(key);
        let mut call = redis::cmd("DEL");
        call.arg(&key);
        let _: u64 = self.ask(&key, &call).await?;
        Ok(())
    }

    /// See [`super::HotStore::hint`].
    pub async fn hint(&self) -> Result<(), Unknown> {
        let channel = self.inner.door.keys.channel();
        let mut call = redis::cmd("PUBLISH");
        call.arg(&channel).arg("");
        let _: u64 = self.ask(channel.as_bytes(), &call).await?;
        Ok(())
    }

    /// See [`super::HotStore::hinted`].
    pub async fn hinted(&self) {
        self.inner.heard.notified().await;
    }

    /// See [`super::HotStore::sign_of_life`].
    pub async fn sign_of_life(&self, node: &str) -> Result<(), Unknown> {
        let key = self.inner.door.keys.node(node);
        let mut call = redis::cmd("SET");
        call.arg(&key)
            .arg("")
            .arg("PX")
            .arg(wire::millis(SIGN_OF_LIFE));
        let _: String = self.ask(&key, &call).await?;
        Ok(())
    }

    /// See [`super::HotStore::lives`].
    pub async fn lives(&self, node: &str) -> Result<bool, Unknown> {
        let key = self.inner.door.keys.node(node);
        let mut call = redis::cmd("EXISTS");
        call.arg(&key);
        self.ask(&key, &call).await
    }

    /// Sends a call to the master of a key, within the time that a call may take.
    async fn ask<T: FromRedisValue>(&self, key: &[u8], call: &Cmd) -> Result<T, Unknown> {
        let within = self.inner.door.settings.timeout;
        match tokio::time::timeout(within, self.inner.ask(self.lane, key, call)).await {
            Ok(answer) => answer,
            Err(_) => Err(Unknown(format!(
                "Redis did not answer within {} ms",
                within.as_millis()
            ))),
        }
    }
}

/// What to do about a call that failed.
enum Remedy {
    /// Ask again who is master, then there.
    AskAround,
    /// Ask this one, once.
    Elsewhere(Address),
    /// Load the scripts, then again.
    LoadScripts,
    /// Nothing; the connection is good.
    None,
}

impl Inner {
    async fn ask<T: FromRedisValue>(
        &self,
        lane: Lane,
        key: &[u8],
        call: &Cmd,
    ) -> Result<T, Unknown> {
        let mut last = Unknown("Redis is not known".to_owned());
        let mut elsewhere: Option<Address> = None;
        for _ in 0..TRIES {
            let masters = self.map.masters();
            let Some(master) = self.map.master(key) else {
                self.map.refresh(&masters).await?;
                if self.map.master(key).is_none() {
                    return Err(Unknown("no master holds this part of Redis".to_owned()));
                }
                continue;
            };
            let asking = elsewhere.take();
            let (master, asking) = match &asking {
                Some(address) => (self.master_at(address).unwrap_or(master), true),
                None => (master, false),
            };
            let link = self.link(&master.address, lane);
            let admitted = match link.admitted(&self.door, &master).await {
                Ok(admitted) => admitted,
                Err(error) => {
                    last = error;
                    self.map.refresh(&masters).await?;
                    if Arc::ptr_eq(&masters, &self.map.masters()) {
                        return Err(last);
                    }
                    continue;
                }
            };
            let Ok(_place) = link.places.try_acquire() else {
                return Err(Unknown("too many calls wait for Redis".to_owned()));
            };
            match send(&admitted, call, asking).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    last = topology::unknown(error.clone());
                    match remedy(&error) {
                        Remedy::None => return Err(last),
                        Remedy::LoadScripts => load_scripts(&admitted).await?,
                        Remedy::Elsewhere(address) => elsewhere = Some(address),
                        Remedy::AskAround => {
                            if error.is_io_error() || is_demoted(&error) {
                                link.broken(&admitted);
                            }
                            self.map.refresh(&masters).await?;
                        }
                    }
                }
            }
        }
        Err(last)
    }

    fn master_at(&self, address: &Address) -> Option<Master> {
        let masters = self.map.masters();
        masters
            .iter()
            .find(|master| master.address == *address)
            .cloned()
    }

    fn link(&self, address: &Address, lane: Lane) -> Arc<Link> {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(links.entry((address.clone(), lane)).or_default())
    }

    /// The links that there are to these masters.
    fn links_of(&self, masters: &[Master]) -> Vec<(Master, Arc<Link>)> {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let found = links.iter().filter_map(|((address, _), link)| {
            let master = masters.iter().find(|master| master.address == *address)?;
            Some((master.clone(), Arc::clone(link)))
        });
        found.collect()
    }

    /// Keeps only the links to these addresses.
    fn forget_links(&self, keep: impl Fn(&Address) -> bool) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|(address, _), _| keep(address));
    }
}

async fn send<T: FromRedisValue>(
    admitted: &Admitted,
    call: &Cmd,
    asking: bool,
) -> Result<T, RedisError> {
    let mut conn = admitted.conn.clone();
    if asking {
        // A slot on its way to another master (Redis Cluster specification, "ASK redirection").
        let mut both = redis::pipe();
        both.cmd("ASKING").ignore().add_command(call.clone());
        let (answer,): (T,) = both.query_async(&mut conn).await?;
        return Ok(answer);
    }
    call.query_async(&mut conn).await
}

async fn load_scripts(admitted: &Admitted) -> Result<(), Unknown> {
    let mut conn = admitted.conn.clone();
    for script in scripts::all() {
        script
            .load_async(&mut conn)
            .await
            .map_err(topology::unknown)?;
    }
    Ok(())
}

/// The master became a replica behind our back.
fn is_demoted(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

/// A call that was sent may have been done: it is repeated only because a repeat changes nothing
/// (reads; commits, by their attempt id).
fn remedy(error: &RedisError) -> Remedy {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::NoScript) => Remedy::LoadScripts,
        ErrorKind::Server(ServerErrorKind::Ask) => match error.redirect_node() {
            Some((to, _)) => address(to).map_or(Remedy::AskAround, Remedy::Elsewhere),
            None => Remedy::AskAround,
        },
        ErrorKind::Io if error.is_timeout() => Remedy::None,
        ErrorKind::Io | ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::ReadOnly) => {
            Remedy::AskAround
        }
        _ => Remedy::None,
    }
}

fn address(text: &str) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    Some(Address {
        host: host.to_owned(),
        port: port.parse().ok()?,
    })
}
