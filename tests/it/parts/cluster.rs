//! A Redis Cluster.

use redis::cluster::ClusterClient;

use crate::support::parts::RedisCluster;

#[tokio::test]
async fn its_client_finds_every_key_also_after_a_master_died() {
    let mut cluster = RedisCluster::start().await;
    cluster.add_replica().await;
    let write = |cluster: &RedisCluster, value: &str| {
        let client = ClusterClient::new(cluster.urls()).unwrap();
        let mut connection = client.get_connection().unwrap();
        for key in ["a", "b", "c", "d", "e", "f"] {
            let mut set = redis::cmd("SET");
            set.arg(key).arg(value);
            set.query::<()>(&mut connection).unwrap();
        }
    };
    write(&cluster, "before");
    for master in &cluster.masters {
        assert_ne!(master.command(&["DBSIZE"]).await, "0");
    }
    let dead = cluster.masters[0].port();
    cluster.take_over().await;
    assert_ne!(cluster.masters[0].port(), dead);
    write(&cluster, "after");
}
