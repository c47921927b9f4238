//! The servers that a house of several nodes is made of, beside the nodes.

/// A PostgreSQL server for tests: a URL of a role that may create schemas in its database.
#[expect(clippy::unused_async, reason = "one that starts a server waits")]
pub(crate) async fn postgres_url() -> String {
    let url = std::env::var_os("LANYARD_TEST_POSTGRES");
    url.and_then(|url| url.into_string().ok())
        .expect("LANYARD_TEST_POSTGRES is not set: postgres://USER@HOST/DATABASE of a test server")
}

/// A Redis server whose databases tests may write to, under prefixes of their own.
pub(crate) async fn redis_url() -> String {
    std::env::var("LANYARD_TEST_REDIS").expect("LANYARD_TEST_REDIS names a Redis server")
}
