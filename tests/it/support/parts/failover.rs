//! A Redis master with a replica, and the sentinel that changes the one for the other.

use std::mem;
use std::time::Duration;

use super::{RedisServer, comes_to};

/// What the sentinel calls the master.
const NAME: &str = "lanyard";
/// A sentinel looks after a deposed master every ten seconds.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Failover {
    /// Whoever is master now.
    pub(crate) master: RedisServer,
    pub(crate) replica: RedisServer,
    /// One, with a quorum of one: it decides at once, and agreement is not what tests are about.
    sentinel: RedisServer,
}

impl Failover {
    pub(crate) const NAME: &str = NAME;

    pub(crate) async fn start() -> Self {
        let master = RedisServer::start().await;
        let port = master.port().to_string();
        let address = format!("127.0.0.1 {port}");
        let replica = RedisServer::start_with(&[("replicaof", &address)]).await;
        // A sentinel that comes before the replica looks for it again after ten seconds.
        linked(&replica).await;
        let monitored = format!("monitor {NAME} {address} 1");
        let sentinel = RedisServer::start_sentinel(&[
            ("sentinel", &monitored),
            ("sentinel", &format!("down-after-milliseconds {NAME} 2000")),
            ("sentinel", &format!("failover-timeout {NAME} 4000")),
        ])
        .await;
        let known = comes_to(PATIENCE, || async {
            let replicas = sentinel.command(&["SENTINEL", "REPLICAS", NAME]).await;
            replicas.contains("master-link-status\nok")
        });
        assert!(known.await, "the sentinel does not find the replica");
        Self {
            master,
            replica,
            sentinel,
        }
    }

    /// Where the sentinel answers.
    pub(crate) fn sentinel_url(&self) -> String {
        self.sentinel.url()
    }

    /// From now on, what the master acknowledges does not reach the replica. To be promoted, a
    /// replica may not have been alone for more than 20 seconds.
    pub(crate) async fn hold_replication_back(&self) {
        // A stopped replica would still read what the system has received for it. One that has
        // no right to sign in receives nothing.
        for (name, value) in [("masteruser", "nobody"), ("masterauth", "wrong")] {
            self.replica.command(&["CONFIG", "SET", name, value]).await;
        }
        let kill = ["CLIENT", "KILL", "TYPE", "MASTER"];
        self.replica.command(&kill).await;
        let cut = comes_to(PATIENCE, || async {
            let role = role_of(&self.replica).await;
            !role.contains("connected") && replicas_of(&self.master).await == 0
        });
        assert!(cut.await, "the replica stays connected");
    }

    /// The master dies, and the replica takes its place with what it has: what was acknowledged
    /// since [`Failover::hold_replication_back`] is lost.
    pub(crate) async fn promote_losing_tail(&mut self) {
        self.master.kill();
        self.promote().await;
        for name in ["masteruser", "masterauth"] {
            self.master.command(&["CONFIG", "SET", name, ""]).await;
        }
    }

    /// The two change places, and nothing is lost if nobody writes meanwhile.
    pub(crate) async fn fail_over(&mut self) {
        let acknowledged = self.master.command(&["ROLE"]).await;
        let offset = acknowledged.lines().nth(1).unwrap().to_owned();
        let told = comes_to(PATIENCE, || async {
            let role = role_of(&self.replica).await;
            number(role.lines().nth(4)) >= number(Some(&offset))
        });
        assert!(told.await, "the replica stays behind");
        self.promote().await;
        linked(&self.replica).await;
    }

    /// Returns when the sentinel names the new master, which then is [`Failover::master`].
    async fn promote(&mut self) {
        // It refuses while it does not know enough of the replica.
        let began = comes_to(PATIENCE, || async {
            let forced = ["SENTINEL", "FAILOVER", NAME];
            self.sentinel.attempt(&forced).await.is_ok()
        });
        assert!(began.await, "the sentinel does not begin");
        let chosen = format!("127.0.0.1\n{}", self.replica.port());
        let named = comes_to(PATIENCE, || async {
            let asked = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
            self.sentinel.command(&asked).await == chosen
                && role_of(&self.replica).await.starts_with("master")
        });
        assert!(named.await, "the sentinel names no new master");
        mem::swap(&mut self.master, &mut self.replica);
    }
}

/// Nothing while it changes sides: it then drops its clients.
async fn role_of(server: &RedisServer) -> String {
    server.attempt(&["ROLE"]).await.unwrap_or_default()
}

fn number(digits: Option<&str>) -> i64 {
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(-1)
}

async fn replicas_of(master: &RedisServer) -> usize {
    // "master", the offset, and three words for each replica.
    (master.command(&["ROLE"]).await.lines().count() - 2) / 3
}

/// Waits until a replica has the data of its master and goes on following it.
pub(super) async fn linked(replica: &RedisServer) {
    let linked = comes_to(PATIENCE, || async {
        let role = role_of(replica).await;
        role.starts_with("slave") && role.contains("\nconnected\n")
    });
    assert!(linked.await, "the replica does not find its master");
}
