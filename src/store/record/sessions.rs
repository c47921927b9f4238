//! Rows of sessions: how they begin, change, and are found. How they end is in `ending`.

use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::jobs::Durability;
use super::rows::{Columns as _, to_json, to_millis};
use super::{Record, RecordError, ends_position, mass_cover, reference, session_terms};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId, Sid};
use crate::session::ending::Reason;
use crate::session::network::Networks;
use crate::session::session::Session;

/// What became of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// The session is there.
    Begun {
        /// It is known live as of this position of the ends log.
        position: i64,
        /// The person's oldest sessions, which are one too many each: the caller ends them.
        over: Vec<SessionId>,
    },
    /// The person is disabled or gone, or what they proved is no more their password.
    Refused,
}

/// What became of a re-authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The session has its new secret.
    Renewed {
        /// It is known live as of this position of the ends log.
        position: i64,
    },
    /// It ended before, or what was proved is no more the person's password.
    Ended,
}

/// Selects sessions with all their columns.
macro_rules! select_sessions {
    ($more:literal, $tail:expr) => {
        concat!(
            "SELECT s.id AS id, s.user_id AS user_id, s.began_at AS began_at, ",
            "s.auth_time AS auth_time, s.acr AS acr, s.amr AS amr, ",
            "s.last_seen_at AS last_seen_at, s.idle_timeout AS idle_timeout, ",
            "s.expires_at AS expires_at, s.remembered AS remembered, s.secret AS secret, ",
            "s.previous_secret AS previous_secret, s.previous_until AS previous_until, ",
            "s.address AS address, s.user_agent AS user_agent, s.ended_at AS ended_at, ",
            "s.reason AS reason",
            $more,
            " FROM sessions s ",
            $tail
        )
    };
}
pub(super) use select_sessions;

/// Moves the last activity forward, never back, and both deadlines with it. `$1` is the moment,
/// `$2` the session; touches no row if it ended.
const SEEN: &str = "UPDATE sessions SET \
     last_seen_at = CASE WHEN last_seen_at < $1 THEN $1 ELSE last_seen_at END, \
     deadline_at = CASE WHEN $1 + idle_timeout >= expires_at THEN expires_at \
     WHEN last_seen_at < $1 THEN $1 + idle_timeout ELSE deadline_at END \
     WHERE id = $2 AND ended_at IS NULL";

impl Record {
    /// Begins a session, if its person is enabled. The person's row is locked for it, so that
    /// disabling or signing out a person and a sign-in cannot pass each other unseen.
    pub async fn begin_session(&self, session: &Session) -> Result<SignIn, RecordError> {
        self.begin_session_within(session, None, None).await
    }

    /// The same for somebody who proved the password of this hash, if it is theirs still and no
    /// temporary one: one that was changed while it was checked must begin nothing any more. Where
    /// a person may have only so many sessions, they are counted under the lock of the person's
    /// row: of two sign-ins at once the second counts the first.
    pub async fn begin_session_within(
        &self,
        session: &Session,
        proved: Option<&str>,
        most: Option<u32>,
    ) -> Result<SignIn, RecordError> {
        let params = (session.clone(), proved.map(ToOwned::to_owned), most);
        self.write(
            Durability::Normal,
            params,
            |conn, (session, proved, most)| {
                Box::pin(begin(conn, session, proved.as_deref(), *most))
            },
        )
        .await
    }

    /// Writes what a re-authentication changed: secrets, `auth_time`, `acr`, `amr`, activity,
    /// limits; under the same condition.
    pub async fn renew_session(
        &self,
        session: &Session,
        proved: Option<&str>,
    ) -> Result<Renewed, RecordError> {
        let params = (session.clone(), proved.map(ToOwned::to_owned));
        self.write(Durability::Normal, params, |conn, (session, proved)| {
            Box::pin(renew(conn, session, proved.as_deref()))
        })
        .await
    }

    /// Writes activity: only forward, only of sessions that live.
    pub async fn touch(&self, batch: &[(SessionId, Timestamp)]) -> Result<(), RecordError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut batch: Vec<_> = batch.iter().map(|(id, at)| (id.encode(), *at)).collect();
        // Rows are locked in one order everywhere, so that two batches cannot wait for each other.
        batch.sort();
        self.write(Durability::Normal, batch, |conn, batch| {
            Box::pin(async move {
                for (id, at) in batch {
                    seen(conn, id, *at).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The session with this public reference.
    pub async fn session_by_reference(&self, text: &str) -> Result<Option<SessionId>, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query("SELECT id FROM sessions WHERE reference = $1");
        let row = conn
            .ask(|conn| {
                query
                    .bind(text.trim().to_ascii_uppercase())
                    .fetch_optional(conn)
            })
            .await?;
        row.map(|row| row.session_id("id")).transpose()
    }

    /// The session and client that a `sid` belongs to, and whether that part has ended.
    pub async fn session_of_sid(
        &self,
        sid: &Sid,
    ) -> Result<Option<(SessionId, ClientId, bool)>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT session_id, client_id, ended_at FROM participants WHERE sid = $1";
        let query = sqlx::query(sql).bind(sid.as_str());
        let Some(row) = conn.ask(|conn| query.fetch_optional(conn)).await? else {
            return Ok(None);
        };
        let ended = row.time_or_null("ended_at")?.is_some();
        Ok(Some((
            row.session_id("session_id")?,
            ClientId::new(row.text("client_id")?),
            ended,
        )))
    }

    /// Whether a session has ended, or never was.
    pub async fn session_over(&self, id: SessionId) -> Result<bool, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT ended_at FROM sessions WHERE id = $1";
        let row = conn
            .ask(|conn| sqlx::query(sql).bind(id.encode()).fetch_optional(conn))
            .await?;
        match row {
            Some(row) => Ok(row.time_or_null("ended_at")?.is_some()),
            None => Ok(true),
        }
    }

    /// Live sessions that seem to have run out, for the sweeper. Activity reaches the record
    /// late: the idle deadline gets `slack` more, the absolute one never moves.
    pub async fn expired(
        &self,
        now: Timestamp,
        slack: Duration,
        limit: i64,
    ) -> Result<Vec<(SessionId, Reason)>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT id, expires_at FROM sessions \
             WHERE ended_at IS NULL AND deadline_at <= $1 \
             AND (expires_at <= $1 OR last_seen_at + idle_timeout <= $2) \
             ORDER BY deadline_at LIMIT $3";
        let query = sqlx::query(sql)
            .bind(now.as_millis())
            .bind((now - slack).as_millis())
            .bind(limit);
        let rows = conn.ask(|conn| query.fetch_all(conn)).await?;
        rows.iter()
            .map(|row| {
                let over = row.time("expires_at")? <= now;
                let reason = if over { Reason::Lifetime } else { Reason::Idle };
                Ok((row.session_id("id")?, reason))
            })
            .collect()
    }
}

async fn begin(
    conn: &mut AnyConnection,
    session: &Session,
    proved: Option<&str>,
    most: Option<u32>,
) -> Result<SignIn, RecordError> {
    if !sign_in(conn, session, proved).await? {
        return Ok(SignIn::Refused);
    }
    let sql = "INSERT INTO sessions (id, reference, user_id, began_at, auth_time, acr, amr, \
         last_seen_at, idle_timeout, expires_at, deadline_at, remembered, secret, \
         previous_secret, previous_until, address, user_agent, began_position) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, value \
         FROM counters WHERE name = 'ends' RETURNING began_position";
    let previous = session.previous_secret;
    let row = sqlx::query(sql)
        .bind(session.id.encode())
        .bind(reference(session.id))
        .bind(session.user.as_str())
        .bind(session.began.as_millis())
        .bind(session.auth_time.as_millis())
        .bind(session.acr.as_str())
        .bind(to_json(&session.amr)?)
        .bind(session.last_seen.as_millis())
        .bind(to_millis(session.idle_timeout))
        .bind(session.expires.as_millis())
        .bind(session.deadline().as_millis())
        .bind(i64::from(session.remembered))
        .bind(session.secret.as_bytes().to_vec())
        .bind(previous.map(|(hash, _)| hash.as_bytes().to_vec()))
        .bind(previous.map(|(_, until)| until.as_millis()))
        .bind(session.address.as_str())
        .bind(session.user_agent.as_str())
        .fetch_one(&mut *conn)
        .await?;
    // Not a later one: an end of everything that comes now covers this session.
    let position = row.integer("began_position")?;
    session_terms::write(
        &mut *conn,
        &reference(session.id),
        session.began,
        &session.address,
        &session.user_agent,
    )
    .await?;
    let over = match most {
        Some(most) => over(conn, session, most).await?,
        None => Vec::new(),
    };
    Ok(SignIn::Begun { position, over })
}

/// The live sessions of a person beyond the newest so many. The one that has just begun is the
/// newest, whatever the clocks of other nodes say.
async fn over(
    conn: &mut AnyConnection,
    session: &Session,
    most: u32,
) -> Result<Vec<SessionId>, RecordError> {
    let sql = "SELECT id FROM sessions WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL \
         AND deadline_at > $3 ORDER BY began_at DESC, id LIMIT 10000 OFFSET $4";
    let rows = sqlx::query(sql)
        .bind(session.user.as_str())
        .bind(session.id.encode())
        .bind(session.began.as_millis())
        .bind(i64::from(most.saturating_sub(1)))
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| row.session_id("id")).collect()
}

/// Notes a sign-in, and by that locks the person's row: false if they may not, or if what they
/// proved is no more their password.
async fn sign_in(
    conn: &mut AnyConnection,
    session: &Session,
    proved: Option<&str>,
) -> Result<bool, RecordError> {
    let sql = "UPDATE users SET last_signed_in_at = $1 WHERE id = $2 AND enabled = 1 \
         AND ($3 IS NULL OR (password = $3 AND must_change_password = 0))";
    let query = sqlx::query(sql)
        .bind(session.auth_time.as_millis())
        .bind(session.user.as_str())
        .bind(proved);
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

async fn renew(
    conn: &mut AnyConnection,
    session: &Session,
    proved: Option<&str>,
) -> Result<Renewed, RecordError> {
    if !sign_in(conn, session, proved).await? {
        return Ok(Renewed::Ended);
    }
    let sql = "UPDATE sessions SET auth_time = $1, acr = $2, amr = $3, last_seen_at = $4, \
         idle_timeout = $5, expires_at = $6, deadline_at = $7, remembered = $8, secret = $9, \
         previous_secret = $10, previous_until = $11 WHERE id = $12 AND ended_at IS NULL";
    let previous = session.previous_secret;
    let query = sqlx::query(sql)
        .bind(session.auth_time.as_millis())
        .bind(session.acr.as_str())
        .bind(to_json(&session.amr)?)
        .bind(session.last_seen.as_millis())
        .bind(to_millis(session.idle_timeout))
        .bind(session.expires.as_millis())
        .bind(session.deadline().as_millis())
        .bind(i64::from(session.remembered))
        .bind(session.secret.as_bytes().to_vec())
        .bind(previous.map(|(hash, _)| hash.as_bytes().to_vec()))
        .bind(previous.map(|(_, until)| until.as_millis()))
        .bind(session.id.encode());
    if query.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(Renewed::Ended);
    }
    let position = ends_position(conn).await?;
    // Asked after the position is known: what ended everything before it is seen.
    let covered = mass_cover::of_session(conn, &session.id.encode()).await?;
    Ok(match covered {
        Some(_) => Renewed::Ended,
        None => Renewed::Renewed { position },
    })
}

/// Notes activity, and by that locks the row of a live session; false if it ended.
pub(super) async fn seen(
    conn: &mut AnyConnection,
    id: &str,
    at: Timestamp,
) -> Result<bool, RecordError> {
    let query = sqlx::query(SEEN).bind(at.as_millis()).bind(id);
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

pub(super) fn session(row: &AnyRow) -> Result<Session, RecordError> {
    let previous = row
        .hash_or_null("previous_secret")?
        .zip(row.time_or_null("previous_until")?);
    Ok(Session {
        id: row.session_id("id")?,
        user: crate::entropy::UserId::new(row.text("user_id")?),
        began: row.time("began_at")?,
        auth_time: row.time("auth_time")?,
        acr: row.text("acr")?,
        amr: row.words("amr")?,
        last_seen: row.time("last_seen_at")?,
        idle_timeout: row.duration("idle_timeout")?,
        expires: row.time("expires_at")?,
        remembered: row.flag("remembered")?,
        secret: row.hash("secret")?,
        previous_secret: previous,
        networks: Networks::of(&row.text("address")?),
        address: row.text("address")?,
        user_agent: row.text("user_agent")?,
    })
}
