//! One server of each kind for all tests of this process that keep to rooms of their own in it.

use tokio::sync::OnceCell;

use super::{PostgresServer, RedisServer};

static REDIS: OnceCell<RedisServer> = OnceCell::const_new();
static POSTGRES: OnceCell<PostgresServer> = OnceCell::const_new();

/// The server that `LANYARD_TEST_REDIS` names, or one that the first who asks starts.
pub(crate) async fn redis_url() -> String {
    match named("LANYARD_TEST_REDIS") {
        Some(url) => url,
        None => REDIS.get_or_init(RedisServer::start).await.url(),
    }
}

/// The server that `LANYARD_TEST_POSTGRES` names, or one that the first who asks starts.
pub(crate) async fn postgres_url() -> String {
    match named("LANYARD_TEST_POSTGRES") {
        Some(url) => url,
        None => POSTGRES.get_or_init(PostgresServer::start).await.url(),
    }
}

fn named(variable: &str) -> Option<String> {
    std::env::var_os(variable).map(|url| url.into_string().unwrap())
}
