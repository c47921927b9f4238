//! What is particular to PostgreSQL: how it is reached, and what bounds every connection.
//!
//! TLS is as the URL says, in libpq's words: `sslmode=disable`, `allow`, `prefer` (the default:
//! TLS if the server offers it, and no proof of who it is), `require` (TLS, but anybody's),
//! `verify-ca` and `verify-full` (the certificate must be good for the host's name, judged by
//! `sslrootcert=FILE` or the roots that come with the driver). Over a network that others share,
//! only `verify-full` keeps a password and the record from whoever stands in between.
//!
//! Connections keep settings and locks of their own: a pooler in between must give each of ours a
//! server connection for its whole life (`PgBouncer`: `pool_mode = session`).

use std::borrow::Cow;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, ConnectOptions as _, Connection as _};
use url::Url;

use super::address::shown;
use super::{RecordError, RecordSettings};

/// Nobody waits longer for a connection, be it a free one or a new one.
const CONNECTION_WAIT: Duration = Duration::from_secs(2);
/// What stood idle for longer is looked at before it is used: the server may have gone meanwhile.
const FRESH: Duration = Duration::from_secs(1);

/// The parameters that a URL may have. The driver passes others over, with their values in the log.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

const MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// Where the database is, and how it is spoken to.
#[derive(Clone, Debug)]
pub(super) struct Server {
    options: AnyConnectOptions,
    session: String,
    /// The address without what must stay secret.
    shown: String,
    writers: u32,
    readers: u32,
}

impl Server {
    pub(super) fn new(settings: &RecordSettings) -> Result<Self, RecordError> {
        let shown = shown(&settings.url);
        let blocked = |why: String| RecordError::new(format!("{shown}: {why}"));
        let url = named(&settings.url).map_err(blocked)?;
        // Read once more by the driver: here for the sake of its words.
        PgConnectOptions::from_str(url.as_str()).map_err(|error| blocked(words(&error)))?;
        let options = AnyConnectOptions::from_str(url.as_str())
            .map_err(|error| blocked(words(&error)))?
            .disable_statement_logging();
        // Readers cannot take what writers need, nor the other way round.
        let writers = (settings.connections / 2).max(1);
        Ok(Self {
            options,
            session: session(settings.statement_timeout),
            writers,
            readers: settings.connections.saturating_sub(writers).max(1),
            shown,
        })
    }

    /// A connection outside of the pools.
    pub(super) async fn connect(&self) -> Result<AnyConnection, RecordError> {
        let blocked = |why: &str| RecordError::new(format!("{}: {why}", self.shown));
        let connecting = async {
            let mut conn = self.options.connect().await?;
            set_up(&mut conn, self.session.clone()).await?;
            Ok::<_, sqlx::Error>(conn)
        };
        match tokio::time::timeout(CONNECTION_WAIT, connecting).await {
            Ok(Ok(conn)) => Ok(conn),
            Ok(Err(error)) => Err(blocked(&words(&error))),
            Err(_) => Err(blocked("the database did not answer")),
        }
    }

    pub(super) fn writers(&self) -> AnyPool {
        self.pool(self.writers)
    }

    pub(super) fn readers(&self) -> AnyPool {
        self.pool(self.readers)
    }

    /// Connections are opened when first needed.
    fn pool(&self, connections: u32) -> AnyPool {
        let session = self.session.clone();
        AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(CONNECTION_WAIT)
            .test_before_acquire(false)
            .before_acquire(|conn, meta| {
                Box::pin(async move {
                    if meta.idle_for > FRESH {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |conn, _| Box::pin(set_up(conn, session.clone())))
            .connect_lazy_with(self.options.clone())
    }
}

/// The URL, with a name by which administrators of the database know whose connection it is.
fn named(url: &str) -> Result<Url, String> {
    let mut url = Url::parse(url).map_err(|error| error.to_string())?;
    let unknown = url
        .query_pairs()
        .find(|(name, _)| !PARAMETERS.contains(&&**name) && !name.starts_with("options["));
    if let Some((name, _)) = unknown {
        return Err(format!("the parameter {name} is not known here"));
    }
    // The driver would quote what it does not know: it may be a password in the wrong place.
    let unknown = |(name, mode): &(Cow<'_, str>, Cow<'_, str>)| {
        matches!(&**name, "sslmode" | "ssl-mode") && !MODES.contains(&&**mode)
    };
    if url.query_pairs().any(|pair| unknown(&pair)) {
        return Err(format!("sslmode is one of {}", MODES.join(", ")));
    }
    if !url
        .query_pairs()
        .any(|(name, _)| name == "application_name")
    {
        url.query_pairs_mut()
            .append_pair("application_name", "lanyard");
    }
    Ok(url)
}

async fn set_up(conn: &mut AnyConnection, session: String) -> Result<(), sqlx::Error> {
    let done = sqlx::raw_sql(AssertSqlSafe(session)).execute(conn).await;
    done.map(drop)
}

/// What bounds a connection. A lock is given up before the statement that waits for it, so that
/// the reason is known; a transaction that its process forgot is rolled back. A commit is durable
/// where it was made, whatever the server's default is; one that demands more stays.
fn session(statement_timeout: Duration) -> String {
    let statement = statement_timeout.as_millis().max(1);
    let lock = (statement * 3 / 4).max(1);
    let idle = statement * 2;
    format!(
        "SET statement_timeout = {statement}; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = {idle}; \
         SELECT set_config('synchronous_commit', 'on', false) \
         WHERE current_setting('synchronous_commit') = 'off'"
    )
}

fn words(error: &sqlx::Error) -> String {
    match error {
        // Only the message: the details of PostgreSQL quote values.
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgSslMode;

    use super::*;

    fn server(url: &str) -> Result<Server, RecordError> {
        sqlx::any::install_default_drivers();
        Server::new(&RecordSettings::postgres(url.to_owned()))
    }

    #[test]
    fn tls_is_as_the_url_says() {
        for (word, expected) in [
            ("", PgSslMode::Prefer),
            ("?sslmode=disable", PgSslMode::Disable),
            ("?sslmode=prefer", PgSslMode::Prefer),
            ("?sslmode=require", PgSslMode::Require),
            ("?sslmode=verify-ca&sslrootcert=ca.pem", PgSslMode::VerifyCa),
            ("?sslmode=verify-full", PgSslMode::VerifyFull),
        ] {
            let url = named(&format!("postgres://lanyard@db/lanyard{word}")).unwrap();
            let options = PgConnectOptions::from_str(url.as_str()).unwrap();
            let same = format!("{:?}", options.get_ssl_mode()) == format!("{expected:?}");
            assert!(same, "{word}");
            server(url.as_str()).unwrap();
        }
    }

    #[test]
    fn a_bad_url_is_refused_without_its_secrets() {
        for (url, part) in [
            ("postgres://u:hunter2@db:0x1/l", "port"),
            ("postgres://u:hunter2@db/l?sslmode=hunter2", "sslmode"),
            ("postgres://u:hunter2@db/l?passwd=hunter2", "passwd"),
            ("postgres://u:hunter2@", "host"),
        ] {
            let text = server(url).unwrap_err().to_string();
            assert!(!text.contains("hunter2"), "{text}");
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_lock_is_given_up_before_its_statement() {
        let text = session(Duration::from_secs(2));
        for part in [
            "statement_timeout = 2000;",
            "lock_timeout = 1500;",
            "idle_in_transaction_session_timeout = 4000;",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn connections_are_shared_between_writers_and_readers() {
        for (all, writers, readers) in [(16, 8, 8), (3, 1, 2), (1, 1, 1), (0, 1, 1)] {
            let settings = RecordSettings {
                connections: all,
                ..RecordSettings::postgres("postgres://db/l".to_owned())
            };
            sqlx::any::install_default_drivers();
            let server = Server::new(&settings).unwrap();
            assert_eq!(
                (server.writers, server.readers),
                (writers, readers),
                "{all}"
            );
        }
    }
}
