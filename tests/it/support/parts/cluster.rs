//! A Redis Cluster of three masters.

use std::time::Duration;

use super::super::installation::free_port;
use super::failover::linked;
use super::{RedisServer, comes_to};

const PATIENCE: Duration = Duration::from_secs(20);
/// Which third of the 16384 slots each master has.
const SLOTS: [(&str, &str); 3] = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];

pub(crate) struct RedisCluster {
    pub(crate) masters: Vec<RedisServer>,
    replica: Option<RedisServer>,
}

impl RedisCluster {
    pub(crate) async fn start() -> Self {
        let mut masters = Vec::new();
        for ((first, last), epoch) in SLOTS.into_iter().zip(1..) {
            let node = node().await;
            let slots = ["CLUSTER", "ADDSLOTSRANGE", first, last];
            node.command(&slots).await;
            // Nodes that start with one epoch would first have to agree on others.
            let epoch = ["CLUSTER", "SET-CONFIG-EPOCH", &epoch.to_string()];
            node.command(&epoch).await;
            masters.push(node);
        }
        let cluster = Self {
            masters,
            replica: None,
        };
        for other in &cluster.masters[1..] {
            cluster.meet(other).await;
        }
        cluster.whole().await;
        cluster
    }

    /// Where the nodes answer.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.masters.iter().map(RedisServer::url).collect()
    }

    /// Gives the first master a replica.
    pub(crate) async fn add_replica(&mut self) {
        let node = node().await;
        self.meet(&node).await;
        let id = self.masters[0].command(&["CLUSTER", "MYID"]).await;
        let follows = comes_to(PATIENCE, || async {
            let follow = ["CLUSTER", "REPLICATE", &id];
            node.attempt(&follow).await.is_ok()
        });
        assert!(follows.await, "the new node does not hear of the first");
        linked(&node).await;
        self.replica = Some(node);
    }

    /// The first master dies, and its replica takes its slots without asking anybody.
    pub(crate) async fn take_over(&mut self) {
        let replica = self.replica.take().expect("there is no replica");
        self.masters[0].kill();
        self.masters[0] = replica;
        let take = ["CLUSTER", "FAILOVER", "TAKEOVER"];
        self.masters[0].command(&take).await;
        self.whole().await;
    }

    /// Introduces a node to the first master.
    async fn meet(&self, other: &RedisServer) {
        let first = &self.masters[0];
        let bus = other.command(&["CONFIG", "GET", "cluster-port"]).await;
        let (_, bus) = bus.split_once('\n').unwrap();
        let port = other.port().to_string();
        let meet = ["CLUSTER", "MEET", "127.0.0.1", &port, bus];
        first.command(&meet).await;
    }

    /// Waits until every master serves, and all agree whose the slots are.
    async fn whole(&self) {
        let whole = comes_to(PATIENCE, || async {
            for master in &self.masters {
                let info = master.command(&["CLUSTER", "INFO"]).await;
                let slots = master.command(&["CLUSTER", "SLOTS"]).await;
                let first = format!("0\n5460\n127.0.0.1\n{}\n", self.masters[0].port());
                if !info.contains("cluster_state:ok") || !slots.contains(&first) {
                    return false;
                }
            }
            true
        });
        assert!(whole.await, "the cluster does not come together");
    }
}

async fn node() -> RedisServer {
    let bus = free_port().to_string();
    RedisServer::start_with(&[
        ("cluster-enabled", "yes"),
        ("cluster-port", &bus),
        ("cluster-node-timeout", "2000"),
    ])
    .await
}
