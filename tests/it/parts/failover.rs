//! A Redis master and its replica.

use crate::support::parts::Failover;

#[tokio::test]
async fn the_replica_takes_over_with_everything() {
    let mut pair = Failover::start().await;
    let before = pair.master.port();
    pair.master.command(&["SET", "key", "value"]).await;
    pair.fail_over().await;
    assert_ne!(pair.master.port(), before);
    assert_eq!(pair.master.command(&["GET", "key"]).await, "value");
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
