//! Clients in sessions. A first join and an end cannot both win unseen: both take the session's
//! row, and a join demands that it has not ended.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::dialect::{Dialect, Pair, pair};
use super::grants::{document, grant_is_over, select_grants};
use super::jobs::Durability;
use super::mass_cover::{self, part_is_covered};
use super::rows::Columns as _;
use super::{Record, RecordError, consents, ends_position, left_part, session_terms, sessions};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId, Sid, UserId};
use crate::session::grant::Grant;
use crate::session::participant::Participant;

/// What became of a join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Join {
    /// The client is a new participant; known live as of this position of the ends log.
    Joined(Participant, i64),
    /// It was one already, under another `sid` than the one offered.
    Existing(Participant, i64),
    /// The session ended.
    Ended,
    /// The consent that it rests on is gone.
    NoConsent,
    /// The client is disabled, or gone.
    NoClient,
    /// Somebody signed the client out of this session, and the person was not asked since.
    MustAsk,
}

/// A join that is asked for.
#[derive(Clone, Debug)]
pub struct Joining {
    /// Of which session.
    pub session: SessionId,
    /// By which client.
    pub client: ClientId,
    /// Its name for the session, if it is new there.
    pub sid: Sid,
    /// Whose consent it rests on; none for a client that needs none.
    pub consent_of: Option<UserId>,
    /// Whether the person was asked, and so wants the client in the session.
    pub asked: bool,
    /// When.
    pub now: Timestamp,
}

impl Record {
    /// Makes a client a participant of a live session.
    pub async fn join(&self, joining: Joining) -> Result<Join, RecordError> {
        self.write(Durability::Normal, joining, |conn, joining| {
            Box::pin(join(conn, joining))
        })
        .await
    }
}

const REFRESHED: &str = "UPDATE participants SET refreshed_at = $1 \
     WHERE sid = $2 AND (refreshed_at IS NULL OR refreshed_at < $1)";

impl Record {
    /// Notes when clients refreshed their tokens. Also of what ended: what a grant of
    /// `offline_access` does later belongs to the story.
    pub async fn note_refreshes(&self, batch: &[(Sid, Timestamp)]) -> Result<(), RecordError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut batch = batch.to_vec();
        // Rows are locked in one order everywhere.
        batch.sort();
        self.write(Durability::Normal, batch, |conn, batch| {
            Box::pin(async move {
                for (sid, at) in batch {
                    let query = sqlx::query(REFRESHED).bind(at.as_millis());
                    query.bind(sid.as_str()).execute(&mut *conn).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

async fn join(conn: &mut AnyConnection, joining: &Joining) -> Result<Join, RecordError> {
    let Joining {
        client, sid, now, ..
    } = joining;
    let session = &joining.session.encode();
    if !sessions::seen(conn, session, *now).await? {
        return Ok(Join::Ended);
    }
    if !client_is_enabled(conn, client).await? {
        return Ok(Join::NoClient);
    }
    if let Some(user) = &joining.consent_of
        && !consents::stands(conn, user, client).await?
    {
        return Ok(Join::NoConsent);
    }
    // Read first: what ends everything after this is seen by what follows.
    let position = ends_position(conn).await?;
    if mass_cover::of_session(conn, session).await?.is_some() {
        return Ok(Join::Ended);
    }
    let grants = bound_grants(conn, session).await?;
    let known = live(conn, session, &grants).await?;
    let existing = known
        .into_iter()
        .find(|participant| participant.client == *client);
    if let Some(participant) = existing {
        return Ok(Join::Existing(participant, position));
    }
    end_covered(conn, session, client, *now).await?;
    // The row of the part that ended is the mark, so that no hot state has to keep one; and this
    // join clears it by being newer.
    if !joining.asked
        && let Some(left) = left_part::newest(conn, session, client).await?
        && left.reason.asks_before_return()
    {
        return Ok(Join::MustAsk);
    }
    let sql = "INSERT INTO participants (sid, session_id, client_id, joined_at, joined_position) \
         VALUES ($1, $2, $3, $4, $5)";
    sqlx::query(sql)
        .bind(sid.as_str())
        .bind(session.as_str())
        .bind(client.as_str())
        .bind(now.as_millis())
        .bind(position)
        .execute(&mut *conn)
        .await?;
    session_terms::write_client(conn, session, client).await?;
    let participant = Participant {
        client: client.clone(),
        sid: sid.clone(),
        joined: *now,
        grants: Vec::new(),
        consented: Vec::new(),
    };
    Ok(Join::Joined(participant, position))
}

/// Marks the part that a client had here as over, if an end of all that it has covers it and its
/// row has not been worked off: two cannot be there at once. Its notice is owed with that.
async fn end_covered(
    conn: &mut AnyConnection,
    session: &str,
    client: &ClientId,
    now: Timestamp,
) -> Result<(), RecordError> {
    let owe = concat!(
        "INSERT INTO notices (sid, session_id, client_id, user_id, include_sub, created_at, \
         state, attempts, next_at) SELECT p.sid, p.session_id, p.client_id, s.user_id, 0, $3, \
         'due', 0, $3 FROM participants p JOIN sessions s ON s.id = p.session_id \
         JOIN clients c ON c.client_id = p.client_id WHERE p.session_id = $1 \
         AND p.client_id = $2 AND p.ended_at IS NULL AND c.backchannel_logout_uri IS NOT NULL AND ",
        part_is_covered!(),
        " ON CONFLICT (sid) DO NOTHING"
    );
    let end = "UPDATE participants SET ended_at = $3, reason = (SELECT m.reason FROM mass_ends m \
         WHERE m.kind = 'client' AND m.key = $2 ORDER BY m.position DESC LIMIT 1) \
         WHERE session_id = $1 AND client_id = $2 AND ended_at IS NULL AND EXISTS \
         (SELECT 1 FROM mass_ends m WHERE m.kind = 'client' AND m.key = $2)";
    for sql in [owe, end] {
        let query = sqlx::query(sql).bind(session).bind(client.as_str());
        query.bind(now.as_millis()).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Whether a client may join, which it may not be kept from until this transaction is over: a node
/// may not have heard yet that it was disabled. Joins do not wait for each other here.
async fn client_is_enabled(
    conn: &mut AnyConnection,
    client: &ClientId,
) -> Result<bool, RecordError> {
    const ENABLED: Pair = pair!(
        "SELECT enabled FROM clients WHERE client_id = $1",
        " FOR SHARE",
        ""
    );
    let query = sqlx::query(Dialect::of(conn).text(ENABLED)).bind(client.as_str());
    match query.fetch_optional(conn).await? {
        Some(row) => row.flag("enabled"),
        None => Ok(false),
    }
}

/// Live participants of a session, in the order in which they joined.
pub(super) async fn live(
    conn: &mut AnyConnection,
    session: &str,
    grants: &[Grant],
) -> Result<Vec<Participant>, RecordError> {
    let sql = concat!(
        "SELECT p.sid AS sid, p.client_id AS client_id, p.joined_at AS joined_at \
         FROM participants p WHERE p.session_id = $1 AND p.ended_at IS NULL AND NOT ",
        part_is_covered!(),
        " ORDER BY p.joined_at, p.sid"
    );
    let rows = sqlx::query(sql).bind(session).fetch_all(conn).await?;
    rows.iter().map(|row| participant(row, grants)).collect()
}

/// Participants of a session that ended, in the order in which they joined.
pub(super) async fn ended(
    conn: &mut AnyConnection,
    session: &str,
) -> Result<Vec<(ClientId, Sid)>, RecordError> {
    let sql = concat!(
        "SELECT p.sid AS sid, p.client_id AS client_id FROM participants p \
         WHERE p.session_id = $1 AND (p.ended_at IS NOT NULL OR ",
        part_is_covered!(),
        ") ORDER BY p.joined_at, p.sid"
    );
    let rows = sqlx::query(sql).bind(session).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            Ok((
                ClientId::new(row.text("client_id")?),
                Sid::new(row.text("sid")?),
            ))
        })
        .collect()
}

/// Live session-bound grants, oldest first. Only those whose participant lives and that are not
/// in the ends log: a late flush may have written a row after the end.
pub(super) async fn bound_grants(
    conn: &mut AnyConnection,
    session: &str,
) -> Result<Vec<Grant>, RecordError> {
    let sql = select_grants!(
        "JOIN participants p ON p.sid = g.sid \
         WHERE g.session_id = $1 AND g.offline = 0 AND g.ended_at IS NULL \
         AND p.session_id = g.session_id AND p.ended_at IS NULL AND NOT ",
        part_is_covered!(),
        " AND NOT EXISTS (SELECT 1 FROM ends e WHERE e.kind = 'grant' AND e.key = g.id) \
         ORDER BY g.began_at, g.id"
    );
    let rows = sqlx::query(sql).bind(session).fetch_all(conn).await?;
    rows.iter().map(document).collect()
}

fn participant(row: &AnyRow, grants: &[Grant]) -> Result<Participant, RecordError> {
    let sid = Sid::new(row.text("sid")?);
    let own = grants
        .iter()
        .filter(|grant| grant.sid == sid)
        .map(|grant| grant.id)
        .collect();
    Ok(Participant {
        client: ClientId::new(row.text("client_id")?),
        sid,
        joined: row.time("joined_at")?,
        grants: own,
        consented: Vec::new(),
    })
}
