//! Every key there is. The defaults here are the ones that are read, and a test holds
//! `docs/configuration.md` to this table: neither can drift from the other.

use std::time::Duration;

use super::duration::show;
use crate::protocol::access_token;
use crate::protocol::key_rotation::KEY_SET_CACHED;

/// A key of the configuration.
pub(super) struct Key {
    /// Its name: section and key, joined by a dot.
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) kind: Kind,
    /// What holds if it is absent.
    pub(super) default: Fallback,
}

/// What a key takes.
pub(super) enum Kind {
    /// A text; the word says which.
    Text(&'static str),
    /// A duration within bounds.
    Duration(Duration, Duration),
    /// A whole number within bounds, and its unit.
    Number(u64, u64, &'static str),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any number of texts; the words say which.
    List(&'static str),
}

/// What holds if a key is absent.
pub(super) enum Fallback {
    /// This text, read as if it had been written.
    Text(&'static str),
    /// Something that depends on other values, in words.
    Derived(&'static str),
}

impl Key {
    /// The environment variable that overrides it.
    pub(super) fn variable(&self) -> String {
        format!("LANYARD__{}", self.name.to_uppercase().replace('.', "__"))
    }

    /// What it takes, in words.
    pub(super) fn takes(&self) -> String {
        match self.kind {
            Kind::Text(word) => word.to_owned(),
            Kind::Duration(least, most) => {
                format!("duration ({} to {})", show(least), show(most))
            }
            Kind::Number(least, most, unit) => format!("{unit} ({least} to {most})"),
            Kind::Choice(words) => format!("`{}`", words.join("`, `")),
            Kind::List(words) => format!("list of {words}"),
        }
    }

    /// What holds if it is absent, in words.
    pub(super) fn default_words(&self) -> String {
        match self.default {
            Fallback::Text(text) => format!("`{text}`"),
            Fallback::Derived(words) => words.to_owned(),
        }
    }
}

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

const fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// A session. Browsers keep a cookie for 400 days at most.
const SESSION: Kind = Kind::Duration(seconds(MINUTE), seconds(400 * DAY));
/// A grant, which needs no browser.
const GRANT: Kind = Kind::Duration(seconds(MINUTE), seconds(3_650 * DAY));

/// Off or on.
const SWITCH: Kind = Kind::Choice(&["off", "on"]);

/// How long a node may live on what it knew. A tombstone lives for an hour, and must outlive that.
const OUTAGE: Kind = Kind::Duration(seconds(5), seconds(5 * MINUTE));

/// How long a key is known before it signs. Twice as long as apps may keep the key set, at least.
const PUBLISHED: Kind = Kind::Duration(seconds(2 * KEY_SET_CACHED.as_secs()), seconds(365 * DAY));

macro_rules! keys {
    ($($id:ident = $name:literal, $kind:expr, $default:expr;)*) => {
        $(pub(super) const $id: Key = Key { name: $name, kind: $kind, default: $default };)*

        /// All of them, in the order of the reference.
        pub(super) const KEYS: &[Key] = &[$($id),*];
    };
}

keys! {
    ISSUER = "issuer", Kind::Text("origin"), Fallback::Text("http://localhost:8080");
    DATA = "data", Kind::Text("folder"), Fallback::Text("./data");
    LISTEN = "server.listen", Kind::Text("address and port"),
        Fallback::Derived("loopback, port 8080 or that of a local http issuer");
    TRUSTED_PROXIES = "server.trusted_proxies", Kind::List("addresses and networks"),
        Fallback::Derived("none");
    TLS_CERTIFICATE = "server.tls_certificate", Kind::Text("file"), Fallback::Derived("none");
    TLS_KEY = "server.tls_key", Kind::Text("file"), Fallback::Derived("none");
    REQUEST_TIMEOUT = "server.request_timeout", Kind::Duration(seconds(1), seconds(MINUTE)),
        Fallback::Text("10s");
    KEEP_ALIVE = "server.keep_alive", Kind::Duration(seconds(1), seconds(60 * MINUTE)),
        Fallback::Text("150s");
    MAX_CONNECTIONS = "server.max_connections", Kind::Number(16, 1_000_000, "connections"),
        Fallback::Text("10000");
    STOP_DELAY = "server.stop_delay", Kind::Duration(seconds(0), seconds(10)),
        Fallback::Text("0s");
    DATABASE_URL = "database.url", Kind::Text("`sqlite:PATH` or `postgres://…`"),
        Fallback::Derived("`lanyard.db` in the data folder");
    DATABASE_PASSWORD = "database.password", Kind::Text("password"), Fallback::Derived("none");
    DATABASE_PASSWORD_FILE = "database.password_file", Kind::Text("file"),
        Fallback::Derived("none");
    DATABASE_MAX_CONNECTIONS = "database.max_connections", Kind::Number(2, 1_000, "connections"),
        Fallback::Text("16");
    DATABASE_STATEMENT_TIMEOUT = "database.statement_timeout",
        Kind::Duration(millis(100), seconds(30)), Fallback::Text("2s");
    DATABASE_OUTAGE_TOLERANCE = "database.outage_tolerance", OUTAGE, Fallback::Text("30s");
    REDIS_URL = "redis.url", Kind::Text("`redis://…` or `rediss://…`"), Fallback::Derived("none");
    REDIS_TOPOLOGY = "redis.topology", Kind::Choice(&["single", "sentinel", "cluster"]),
        Fallback::Text("single");
    REDIS_PASSWORD = "redis.password", Kind::Text("password"), Fallback::Derived("none");
    REDIS_PASSWORD_FILE = "redis.password_file", Kind::Text("file"), Fallback::Derived("none");
    SENTINEL_MASTER = "redis.sentinel_master", Kind::Text("name"), Fallback::Derived("none");
    SENTINEL_USERNAME = "redis.sentinel_username", Kind::Text("name"), Fallback::Derived("none");
    SENTINEL_PASSWORD = "redis.sentinel_password", Kind::Text("password"),
        Fallback::Derived("none");
    SENTINEL_PASSWORD_FILE = "redis.sentinel_password_file", Kind::Text("file"),
        Fallback::Derived("none");
    REDIS_CA_FILE = "redis.ca_file", Kind::Text("file"),
        Fallback::Derived("the authorities of the system");
    REDIS_KEY_PREFIX = "redis.key_prefix", Kind::Text("text"), Fallback::Text("lanyard:");
    REDIS_TIMEOUT = "redis.timeout", Kind::Duration(millis(20), seconds(5)),
        Fallback::Text("250ms");
    MASTER_KEY = "secrets.master_key", Kind::Text("32 bytes"),
        Fallback::Derived("`master.key` in the data folder");
    MASTER_KEY_FILE = "secrets.master_key_file", Kind::Text("file"), Fallback::Derived("none");
    ROTATE_EVERY = "keys.rotate_every", Kind::Duration(seconds(HOUR), seconds(3_650 * DAY)),
        Fallback::Text("90d");
    PUBLISH_AHEAD = "keys.publish_ahead", PUBLISHED, Fallback::Text("7d");
    EXTRA_ALGORITHMS = "keys.extra_algorithms", Kind::List("algorithms"),
        Fallback::Derived("none");
    TOKENS_MAX_LIFETIME = "tokens.max_lifetime",
        Kind::Duration(seconds(MINUTE), access_token::LONGEST), Fallback::Text("1h");
    IDLE_TIMEOUT = "session.idle_timeout", SESSION, Fallback::Text("2h");
    LIFETIME = "session.lifetime", SESSION, Fallback::Text("12h");
    REMEMBER_ME_IDLE_TIMEOUT = "session.remember_me_idle_timeout", SESSION, Fallback::Text("14d");
    REMEMBER_ME_LIFETIME = "session.remember_me_lifetime", SESSION, Fallback::Text("30d");
    COOKIE_SAME_SITE = "session.cookie_same_site", Kind::Choice(&["lax", "none"]),
        Fallback::Text("lax");
    CHECK_IFRAME = "session.check_iframe", Kind::Choice(&["off", "on"]), Fallback::Text("off");
    MAX_SESSIONS = "session.max_sessions_per_user", Kind::Number(0, 10_000, "sessions"),
        Fallback::Text("0");
    OFFLINE_IDLE_TIMEOUT = "grants.offline_idle_timeout", GRANT, Fallback::Text("30d");
    OFFLINE_LIFETIME = "grants.offline_lifetime", GRANT, Fallback::Text("90d");
    FRONT_CHANNEL_TOKENS = "protocol.front_channel_tokens", SWITCH, Fallback::Text("off");
    REQUEST_URI = "protocol.request_uri", SWITCH, Fallback::Text("off");
    UNSIGNED_REQUEST_OBJECTS = "protocol.unsigned_request_objects", SWITCH,
        Fallback::Text("off");
    REQUIRE_PUSHED_REQUESTS = "protocol.require_pushed_requests", SWITCH, Fallback::Text("off");
    REQUIRE_DPOP_NONCE = "protocol.require_dpop_nonce", SWITCH, Fallback::Text("on");
    PASSWORD_MEMORY = "password.memory_kib", Kind::Number(8, 1_048_576, "KiB"),
        Fallback::Text("19456");
    PASSWORD_ITERATIONS = "password.iterations", Kind::Number(1, 100, "passes"),
        Fallback::Text("2");
    PASSWORD_PARALLELISM = "password.parallelism", Kind::Number(1, 64, "lanes"),
        Fallback::Text("1");
    PASSWORD_CONCURRENCY = "password.concurrency", Kind::Number(1, 256, "hashes"),
        Fallback::Derived("one per processor core");
    PASSWORD_QUEUE = "password.queue", Kind::Number(0, 10_000, "sign-ins"), Fallback::Text("64");
    LOG_FORMAT = "log.format", Kind::Choice(&["human", "json"]), Fallback::Text("human");
    LOG_LEVEL = "log.level", Kind::Text("log filter"), Fallback::Text("info");
    METRICS_LISTEN = "metrics.listen", Kind::Text("address and port, or `off`"),
        Fallback::Text("127.0.0.1:9464");
    DELIVERY_TIMEOUT = "delivery.timeout", Kind::Duration(seconds(1), seconds(MINUTE)),
        Fallback::Text("5s");
    DELIVERY_GIVE_UP = "delivery.give_up_after",
        Kind::Duration(seconds(MINUTE), seconds(14 * DAY)), Fallback::Text("24h");
    DELIVERY_ALLOW = "delivery.allow", Kind::List("networks and hosts"),
        Fallback::Derived("any private address");
    DELIVERY_CA_FILE = "delivery.ca_file", Kind::Text("file"),
        Fallback::Derived("the authorities of the system");
    REGISTRATION = "registration.open_to", Kind::Choice(&["nobody", "token_holders", "anybody"]),
        Fallback::Text("nobody");
    REGISTRATION_PKCE = "registration.require_pkce", Kind::Choice(&["on", "off"]),
        Fallback::Text("on");
    REGISTRATION_SCOPES = "registration.scopes", Kind::List("scopes"),
        Fallback::Derived("`openid`, `profile`, `email`, `offline_access`");
    REGISTRATION_MAX = "registration.max_clients", Kind::Number(1, 1_000_000, "clients"),
        Fallback::Text("1000");
    DOCUMENTS = "metadata_documents.open_to", Kind::Choice(&["nobody", "listed_hosts", "any_host"]),
        Fallback::Text("nobody");
    DOCUMENTS_HOSTS = "metadata_documents.hosts", Kind::List("hosts"), Fallback::Derived("none");
    DOCUMENTS_SCOPES = "metadata_documents.scopes", Kind::List("scopes"),
        Fallback::Derived("`openid`, `profile`, `email`, `offline_access`");
    DOCUMENTS_MAX = "metadata_documents.max_clients", Kind::Number(1, 1_000_000, "clients"),
        Fallback::Text("1000");
    HOT_MEMORY = "hot.memory_mib", Kind::Number(8, 1_048_576, "MiB"), Fallback::Text("128");
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &str = include_str!("../../docs/configuration.md");

    fn row(key: &Key) -> String {
        format!(
            "| `{}` | {} | {} | `{}` |",
            key.name,
            key.takes(),
            key.default_words(),
            key.variable()
        )
    }

    #[test]
    fn the_reference_has_a_row_for_each_key_and_no_other() {
        for key in KEYS {
            let row = row(key);
            assert!(
                REFERENCE.contains(&row),
                "docs/configuration.md lacks: {row}"
            );
        }
        let rows = REFERENCE
            .lines()
            .filter(|line| line.starts_with("| `"))
            .count();
        assert_eq!(rows, KEYS.len());
    }

    #[test]
    fn variables() {
        assert_eq!(ISSUER.variable(), "LANYARD__ISSUER");
        assert_eq!(REDIS_URL.variable(), "LANYARD__REDIS__URL");
        assert_eq!(IDLE_TIMEOUT.variable(), "LANYARD__SESSION__IDLE_TIMEOUT");
    }
}
