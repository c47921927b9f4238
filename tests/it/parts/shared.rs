//! The servers that tests share.

use sqlx::{Connection as _, PgConnection};

use crate::support::parts::{postgres_url, redis_url};

/// Each test has a runtime of its own: what they share outlives the one that started it.
#[test]
fn two_tests_are_given_the_same_servers() {
    let first = ask();
    assert_eq!(ask(), first);
}

fn ask() -> (String, String) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (redis, postgres) = (redis_url().await, postgres_url().await);
        let client = redis::Client::open(redis.clone()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let ping = redis::cmd("PING");
        let answer: String = ping.query_async(&mut connection).await.unwrap();
        assert_eq!(answer, "PONG");
        let mut connection = PgConnection::connect(&postgres).await.unwrap();
        connection.ping().await.unwrap();
        (redis, postgres)
    })
}
