//! A Redis master and its replica.

use redis::sentinel::{SentinelClient, SentinelServerType};

use crate::support::parts::Failover;

#[tokio::test]
async fn the_replica_takes_over_with_everything() {
    let mut pair = Failover::start().await;
    let before = pair.master.port();
    pair.master.command(&["SET", "key", "value"]).await;
    pair.fail_over().await;
    assert_ne!(pair.master.port(), before);
    assert_eq!(pair.master.command(&["GET", "key"]).await, "value");
    // The client asks the sentinel who is master now.
    let addresses = vec![pair.sentinel_url()];
    let name = pair.name().to_owned();
    let mut client =
        SentinelClient::build(addresses, name, None, SentinelServerType::Master).unwrap();
    let mut connection = client.get_async_connection().await.unwrap();
    let mut set = redis::cmd("SET");
    set.arg("key").arg("by way of the sentinel");
    set.query_async::<()>(&mut connection).await.unwrap();
    let kept = pair.master.command(&["GET", "key"]).await;
    assert_eq!(kept, "by way of the sentinel");
}

#[tokio::test]
async fn what_was_acknowledged_last_is_lost_if_replication_was_held_back() {
    let mut pair = Failover::start().await;
    pair.master.command(&["SET", "before", "1"]).await;
    pair.master.command(&["WAIT", "1", "1000"]).await;
    pair.hold_replication_back().await;
    assert_eq!(pair.master.command(&["SET", "tail", "1"]).await, "OK");
    pair.promote_losing_tail().await;
    assert_eq!(pair.master.command(&["EXISTS", "before"]).await, "1");
    assert_eq!(pair.master.command(&["EXISTS", "tail"]).await, "0");
    assert_eq!(pair.master.command(&["SET", "after", "1"]).await, "OK");
    assert!(!pair.replica.answers().await, "the old master is dead");
}
