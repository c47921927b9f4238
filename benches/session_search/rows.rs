//! The rows of a large house, made by one text of SQL in both databases.

use std::fmt::Write as _;

use lanyard::clock::Timestamp;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

/// The moment at which the house is looked at.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
/// All sessions began within so many days before it.
const DAYS: i64 = 30;
/// Four digits of this alphabet are as many references.
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const MOST: i64 = 32 * 32 * 32 * 32;
const DAY: i64 = 86_400_000;

/// How large the house is.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) sessions: i64,
    pub(crate) people: i64,
}

impl Size {
    pub(crate) fn new(sessions: i64) -> Self {
        assert!((1..=MOST).contains(&sessions), "from 1 to {MOST} sessions");
        Self {
            sessions,
            people: (sessions / 20).max(1),
        }
    }
}

/// When the session began that is so many hundred thousandths down the list.
pub(crate) fn began_at(down: i64) -> i64 {
    NOW.as_millis() - DAYS * DAY * down / 100_000
}

/// A session that is there.
pub(crate) fn reference() -> String {
    let place = 3 * 7_919 % MOST;
    let digit = |power: u32| {
        let digit = usize::try_from(place / 32_i64.pow(power) % 32).unwrap();
        LETTERS.get(digit..=digit).unwrap()
    };
    let digits: String = [3, 2, 1, 0].into_iter().map(digit).collect();
    format!("MMMM-{digits}-MMMM")
}

/// Browsers, each with its share of a hundred.
const DEVICES: [(&str, &str, i64); 6] = [
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36",
        "Chrome on Windows",
        45,
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Safari/604.1",
        "Safari on iPhone",
        25,
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Firefox on Linux",
        10,
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Firefox on Windows",
        10,
    ),
    (
        "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
        "Firefox on Android",
        9,
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64) Chrome/140 Safari/537.36 OPR/120.0",
        "Opera on Linux",
        1,
    ),
];

/// Makes everything.
pub(crate) async fn make(url: &str, size: Size) {
    let mut conn = AnyConnection::connect(url).await.unwrap();
    let (bytes, tidy) = if url.starts_with("sqlite") {
        // Nothing analyses a file of SQLite.
        ("BLOB", "SELECT 1")
    } else {
        ("BYTEA", "VACUUM ANALYZE")
    };
    for statement in statements(size, bytes) {
        run(&mut conn, &statement).await;
    }
    run(&mut conn, tidy).await;
    run(&mut conn, "DROP TABLE bench").await;
    conn.close().await.unwrap();
}

async fn run(conn: &mut AnyConnection, statement: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(conn).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// A table of numbers with what is derived from them, and from that all others.
fn statements(size: Size, bytes: &str) -> Vec<String> {
    let now = NOW.as_millis();
    let mut all = vec![
        "DELETE FROM session_terms".to_owned(),
        numbers(size),
        people(size.people),
        names("'person' || SUBSTR(id, 3)", bytes),
        names("'given family' || SUBSTR(id, 3)", bytes),
        names("'family' || SUBSTR(id, 3)", bytes),
    ];
    for client in ["wiki", "shop", "blog", "rare"] {
        all.push(format!(
            "INSERT INTO clients (client_id, metadata, enabled, registered_by, client_name, \
             backchannel_logout_uri, created_at, updated_at) VALUES ('{client}', \
             '{{\"client_id\":\"{client}\",\"client_name\":\"The {client}\",\"redirect_uris\":[],\
             \"grant_types\":[],\"token_endpoint_auth_method\":\"none\"}}', 1, \
             'administrator', 'The {client}', 'https://{client}.example/bc', 0, 0)"
        ));
    }
    all.push(sessions(now, bytes));
    for (term, of) in [
        ("'device:' || device", "1 = 1"),
        ("'net:' || address", "1 = 1"),
        ("'net:' || wide", "1 = 1"),
        ("'net:' || widest", "1 = 1"),
        ("'client:rare'", "i % 2000 = 5"),
        ("'client:wiki'", "i % 10 < 3"),
        ("'client:shop'", "i % 10 < 3"),
        // Opera is never at the blog: two wide conditions that no session meets.
        ("'client:blog'", "i % 10 < 3 AND device <> 'Opera on Linux'"),
    ] {
        all.push(format!(
            "INSERT INTO session_terms (term, began_at, reference) \
             SELECT {term}, began, reference FROM bench WHERE {of}"
        ));
    }
    for (place, client) in ["wiki", "shop", "blog"].into_iter().enumerate() {
        all.push(format!(
            "INSERT INTO participants (sid, session_id, client_id, joined_at, ended_at, reason) \
             SELECT '{client}' || id, id, '{client}', began + {place}, ended, \
             CASE WHEN ended IS NULL THEN NULL ELSE 'user' END FROM bench WHERE i % 10 < 3"
        ));
    }
    all.push(
        "INSERT INTO notices (sid, session_id, client_id, user_id, include_sub, created_at, \
         state, attempts, next_at, last_attempt_at, settled_at) SELECT p.sid, p.session_id, \
         p.client_id, b.user_id, 0, b.ended, 'delivered', 1, b.ended, b.ended, b.ended \
         FROM participants p JOIN bench b ON b.id = p.session_id WHERE b.ended IS NOT NULL"
            .to_owned(),
    );
    all.extend(audit());
    all
}

/// One row for each session; `h` is the number, scattered.
fn numbers(size: Size) -> String {
    let Size { sessions, people } = size;
    let step = DAYS * DAY / sessions;
    let now = NOW.as_millis();
    let first = now - DAYS * DAY;
    let digit =
        |power: i64| format!("SUBSTR('{LETTERS}', CAST((h / {power} % 32) + 1 AS INTEGER), 1)");
    let digits = [32 * 32 * 32, 32 * 32, 32, 1].map(digit).join(" || ");
    // Powers of 32 would take every device to its own addresses: other remainders.
    let (mut devices, mut until) = (String::new(), 0);
    for (_, device, share) in DEVICES {
        until += share;
        let _ = write!(devices, "WHEN h / 7 % 100 < {until} THEN '{device}' ");
    }
    format!(
        "CREATE TABLE bench AS WITH RECURSIVE n (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL \
         SELECT i + 1 FROM n WHERE i < {sessions} - 1), \
         s AS (SELECT i, (i * 7919) % {MOST} AS h FROM n), \
         d AS (SELECT i, h, 'MMMM-' || {digits} || '-MMMM' AS reference, \
         'AAAAAAAAAAAAAAAAA' || {digits} || 'A' AS id, \
         {first} + i * {step} AS began, \
         SUBSTR('00000' || (h % {people}), LENGTH('' || (h % {people})) + 1, 5) AS person, \
         CASE {devices} END AS device, \
         CASE WHEN h % 10 < 7 THEN '10.' || (h / 10 % 64) || '.0.0/16' \
         ELSE '2001:db8::/32' END AS wide, \
         CASE WHEN h % 10 < 7 THEN '10.0.0.0/8' ELSE '2001::/16' END AS widest, \
         CASE WHEN h % 10 < 7 THEN '10.' || (h / 10 % 64) || '.' || (h / 640 % 200) || '.0/24' \
         ELSE '2001:db8:' || (1 + h / 10 % 9000) || '::/48' END AS address, \
         CASE WHEN i % 5 = 4 THEN {now} - 2 * {DAY} + h % {DAY} * 2 END AS ended FROM s) \
         SELECT i, h, reference, id, began, 'u_' || person AS user_id, device, wide, widest, \
         address, CASE WHEN ended < began THEN began ELSE ended END AS ended FROM d"
    )
}

fn people(people: i64) -> String {
    format!(
        "INSERT INTO users (id, username, profile, admin, enabled, created_at, updated_at) \
         WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {people} - 1), \
         d AS (SELECT SUBSTR('00000' || i, LENGTH('' || i) + 1, 5) AS p FROM n) \
         SELECT 'u_' || p, 'person' || p, '{{\"name\":\"Given Family' || p || '\"}}', \
         0, 1, 0, 0 FROM d"
    )
}

/// Casts to bytes differ: of plain ASCII without a backslash PostgreSQL makes itself.
fn names(name: &str, bytes: &str) -> String {
    format!(
        "INSERT INTO person_names (name, user_id) SELECT CAST({name} AS {bytes}), id FROM users"
    )
}

fn sessions(now: i64, bytes: &str) -> String {
    let month = 30 * DAY;
    let mut agents = String::new();
    for (agent, device, _) in DEVICES {
        let _ = write!(agents, "WHEN '{device}' THEN '{agent}' ");
    }
    format!(
        "INSERT INTO sessions (id, reference, user_id, began_at, auth_time, acr, amr, \
         last_seen_at, idle_timeout, expires_at, deadline_at, remembered, secret, address, \
         user_agent, ended_at, reason) SELECT id, reference, user_id, began, began, \
         'urn:lanyard:acr:pwd', '[\"pwd\"]', {now}, {month}, began + {month} + {month}, \
         {now} + {DAY} + h % {DAY}, 1, CAST('0123456789abcdef0123456789abcdef' AS {bytes}), \
         address, CASE device {agents} END, ended, \
         CASE WHEN ended IS NULL THEN NULL WHEN i % 2 = 0 THEN 'user' ELSE 'idle' END FROM bench"
    )
}

/// Every sign-in; a tenth as many failures; every end.
fn audit() -> [String; 3] {
    let insert = "INSERT INTO audit (id, at, actor, action, target, session, person) SELECT ";
    [
        format!(
            "{insert} 's' || id, began, 'person:' || user_id, 'sign_in', 'person:' || user_id, \
             reference, user_id FROM bench"
        ),
        format!(
            "{insert} 'f' || id, began, 'system', 'sign_in_failed', 'account:' || (h % 1000), \
             NULL, NULL FROM bench WHERE i % 10 = 0"
        ),
        format!(
            "{insert} 'e' || id, ended, 'system', 'session.end', '', reference, user_id \
             FROM bench WHERE ended IS NOT NULL"
        ),
    ]
}
