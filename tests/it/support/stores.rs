//! On which stores the stories are told: `LANYARD_TEST_STORES` says, and the whole suite runs on
//! each. Where Redis is, every house has two nodes behind one address.

use lanyard::entropy::Entropy;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use super::parts;

/// A key for houses whose stores are shared, which must be given one.
const MASTER_KEY: &str = "bGFueWFyZCB0ZXN0cyBzZWFsIHdpdGggdGhpcyBrZXk";

/// What the stores are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stores {
    /// SQLite, and the hot state in process.
    Embedded,
    /// SQLite and Redis.
    RedisSqlite,
    /// PostgreSQL and Redis.
    RedisPostgres,
}

/// Configuration, without the leading `LANYARD__`.
pub(crate) type Variables = Vec<(&'static str, String)>;

impl Stores {
    /// Those of this run.
    pub(crate) fn of_this_run() -> Self {
        let word = std::env::var_os("LANYARD_TEST_STORES").unwrap_or_default();
        match word.to_str() {
            Some("" | "embedded") => Self::Embedded,
            Some("redis+sqlite") => Self::RedisSqlite,
            Some("redis+postgres") => Self::RedisPostgres,
            _ => panic!("LANYARD_TEST_STORES is embedded, redis+sqlite or redis+postgres"),
        }
    }

    /// How many nodes a house has.
    pub(crate) fn nodes(self) -> usize {
        if self == Self::Embedded { 1 } else { 2 }
    }

    /// A part of its own of the servers that all tests share.
    pub(crate) async fn variables(self) -> Variables {
        match self {
            Self::Embedded => Vec::new(),
            Self::RedisSqlite => on_redis(&parts::redis_url().await),
            Self::RedisPostgres => {
                let mut variables = on_redis(&parts::redis_url().await);
                variables.extend(on_postgres(&parts::postgres_url().await).await);
                variables
            }
        }
    }

    /// The same for somebody who cannot wait.
    pub(crate) fn variables_now(self) -> Variables {
        let ask = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(self.variables())
        };
        std::thread::spawn(ask).join().unwrap()
    }
}

/// A hot state of its own in a server.
pub(crate) fn on_redis(url: &str) -> Variables {
    let prefix = format!("{}:", Entropy::System.alphanumeric(12));
    vec![
        ("REDIS__URL", url.to_owned()),
        ("REDIS__KEY_PREFIX", prefix),
        // This machine is busy with many tests at once.
        ("REDIS__TIMEOUT", "2s".to_owned()),
        ("SECRETS__MASTER_KEY", MASTER_KEY.to_owned()),
    ]
}

/// A record of its own in a server.
pub(crate) async fn on_postgres(url: &str) -> Variables {
    let schema = format!("t{}", Entropy::System.alphanumeric(20)).to_lowercase();
    vec![
        ("DATABASE__URL", make_schema(url, &schema).await),
        // Many houses share the server's connections.
        ("DATABASE__MAX_CONNECTIONS", "6".to_owned()),
        ("SECRETS__MASTER_KEY", MASTER_KEY.to_owned()),
    ]
}

/// Makes a schema; answers with the URL that leads into it.
pub(crate) async fn make_schema(url: &str, schema: &str) -> String {
    sqlx::any::install_default_drivers();
    let mut conn = AnyConnection::connect(url).await.unwrap();
    let sql = AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}options=-csearch_path%3D{schema}&application_name={schema}")
}
